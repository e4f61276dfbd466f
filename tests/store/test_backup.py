"""Backups, made while somebody writes, and restored elsewhere."""

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import inspect, text
from typer.testing import CliRunner

from server import admin, clock, signing_key
from server.backup import databases, making, progress, sealing
from server.protocol import chain
from server.protocol.base import Role, TrackKind
from server.protocol.recording import Manifest, Segment
from server.reception.record import signing
from server.settings import Settings
from server.store import migrate
from server.store.engine import Store
from server.store.models import AccessEntry
from tests.databases import ON_POSTGRESQL
from tests.records.office import TALK, World, draft, open_world, sign

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="these are of files; the tests on PostgreSQL have a server of their own")
PASSPHRASE = "a long pass phrase"
SOUND = os.urandom(300_000)
CLOSED = "p1-audio-001.webm"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A cheap key and a fixed clock."""
    monkeypatch.setattr(sealing, "COST", 2)
    clock.set_source(lambda: TALK + timedelta(hours=1))
    yield
    clock.set_source(None)


def fill(world: World) -> World:
    """A filed case, the jobs' store, keys, settings, a printed letter and a recording that still goes on."""
    record_id = draft(world)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=True)
    data = world.office.settings.data_dir
    data.mkdir(exist_ok=True)
    with sqlite3.connect(data / "jobs.sqlite") as jobs:
        jobs.execute("CREATE TABLE workflows (name TEXT)")
        jobs.execute("INSERT INTO workflows VALUES ('close')")
    record(data / "recordings" / "r1", world.office.settings)
    for name, content in {
        "documents/1/record-aa.pdf": b"letter", "letter-templates/record.docx": b"template", "models/large/model.bin": b"large",
        "archives/work-3/x.webm": b"half", "signing/rec/ab.webm": b"film", "copies/r1/c1.webm": b"copy", "copies/r1/c2.part": b"half", "peaks/s1": b"again",
        "serve.lock": b"",
    }.items():  # fmt: skip
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    return world


def record(folder: Path, settings: Settings) -> None:
    folder.mkdir(parents=True)
    (folder / CLOSED).write_bytes(SOUND)
    segment = Segment(
        id="p1-audio-001", participant_id="p1", role=Role.PETITIONER, kind=TrackKind.AUDIO, codec="audio/opus",
        file=CLOSED, start=0, seconds=1, size=len(SOUND), sha256=hashlib.sha256(SOUND).hexdigest(),
    )  # fmt: skip
    first = chain.linked(segment, 1, chain.start("r1"))
    manifest = signing_key.load(settings).sign(Manifest(reception_id="r1", segments=(first,), chain=first.chain))
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    (folder / "journal.jsonl").write_bytes(b'{"n":1}\n{"n":2}\n{"n":')
    (folder / "p1-audio-002.webm").write_bytes(b"still open")


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A data folder that was filled once."""
    folder = tmp_path_factory.mktemp("filled")
    clock.set_source(lambda: TALK + timedelta(hours=1))
    fill(open_world(folder)).office.store.close()
    clock.set_source(None)
    return folder


@pytest.fixture
def world(filled, tmp_path):
    shutil.copytree(filled, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    made = open_world(tmp_path / "data")
    yield made
    made.office.store.close()


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Callable[..., Result]:
    """Runs `jietan admin …` with a data folder (and database) of one's choice."""
    (tmp_path / "jietan.toml").write_text("web_port = 9\n")
    (tmp_path / "backups").mkdir()
    monkeypatch.setenv("JIETAN_CONFIG", str(tmp_path / "jietan.toml"))

    def run(*words: object, data: str = "data", url: str = "", jobs: str = "", typed: str = "") -> Result:
        monkeypatch.setenv("JIETAN_DATA_DIR", str(tmp_path / data))
        monkeypatch.setenv("JIETAN_DATABASE_URL", url)
        monkeypatch.setenv("JIETAN_JOBS_DATABASE_URL", jobs)
        monkeypatch.setenv("JIETAN_SECRET", "s" * 32 if data == "data" else "")
        return CliRunner().invoke(admin.app, [str(word) for word in words], input=typed)

    return run


def told(result: Result) -> dict[str, object]:
    """The one line of JSON on standard output."""
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


def rows(url: str) -> dict[str, list[str]]:
    """Every row of every table, also those that are no models."""
    store = Store(url)
    with store.engine.connect() as connection:
        names = inspect(connection).get_table_names()
        found = {name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")).all())) for name in names}
    store.close()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def busy(request):
    """Writes two rows in each transaction until told to stop; returns how many there are."""

    def start(store: Store) -> Callable[[], int]:
        stopping, begun, count = threading.Event(), threading.Event(), [0]

        def write() -> None:
            while not stopping.is_set():
                with store.write() as session:
                    for _ in range(2):
                        session.add(AccessEntry(at=clock.now(), action="pair", thing="x", thing_id=str(count[0])))
                        session.flush()
                count[0] += 1
                begun.set()

        thread = threading.Thread(target=write)
        thread.start()
        request.addfinalizer(lambda: (stopping.set(), thread.join()))
        assert begun.wait(60)
        return lambda: count[0]

    return start


def assert_whole_transactions(url: str, before: int, after: int) -> None:
    """Both rows of each transaction from before the backup, and none begun after it."""
    store = Store(url)
    with store.read() as session:
        both, each = session.execute(PAIRS).one()
    store.close()
    assert both == 2 * each
    assert before <= each <= after + 1


def assert_same_rows(old: str, new: str) -> None:
    """In every table but the one that somebody writes to all the time."""
    wanted, found = rows(old), rows(new)
    assert wanted.pop("access_log")
    assert found.pop("access_log")
    assert found == wanted
    assert len(wanted["cases"]) == len(wanted["search_texts"]) == 1


PAIRS = text("SELECT count(*), count(DISTINCT thing_id) FROM access_log WHERE action = 'pair'")


def test_a_restored_office_has_every_row_and_every_file(shell, world, busy, tmp_path):
    written = busy(world.office.store)
    before = written()
    made = shell("backup", tmp_path / "backups/one")
    after = written()
    summary = told(made)
    assert (summary["encrypted"], summary["open_segments"], summary["damaged"]) == (False, 1, [])
    assert "没有加密" in made.stderr
    restored = told(shell("restore", tmp_path / "backups/one", data="new"))
    assert restored["files"] == summary["files"]
    new = Settings(data_dir=tmp_path / "new")
    assert_same_rows(world.office.settings.store_url, new.store_url)
    assert_whole_transactions(new.store_url, before, after)
    with sqlite3.connect(tmp_path / "new/jobs.sqlite") as jobs:
        assert jobs.execute("SELECT name FROM workflows").fetchall() == [("close",)]
    files = contents(tmp_path / "new")
    assert {name for name in files if not name.endswith((".sqlite", "-wal", "-shm"))} == {
        "secret.key", "recording-signing.pem", "recording-signing.pub.pem", "documents/1/record-aa.pdf", "copies/r1/c1.webm", "signing/rec/ab.webm",
        "letter-templates/record.docx", "recordings/r1/journal.jsonl", "recordings/r1/manifest.json", f"recordings/r1/{CLOSED}",
        "restored-settings/jietan.toml",
    }  # fmt: skip
    assert files["recordings/r1/journal.jsonl"] == b'{"n":1}\n{"n":2}\n'
    assert files[f"recordings/r1/{CLOSED}"] == SOUND
    assert files["recording-signing.pem"] == world.office.settings.signing_key_path.read_bytes()
    assert new.key("seat") == world.office.settings.key("seat")
    assert_private(tmp_path / "new", tmp_path / "backups/one")


def assert_private(*folders: Path) -> None:
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_copy_made_while_somebody_writes_is_of_one_moment(world, tmp_path, monkeypatch):
    """A row before every step of the copy: it has those from before it began, and neither waits for the other."""
    monkeypatch.setattr(databases, "PAGES", 20)
    store, source = world.office.store, databases.sqlite_path(world.office.settings.store_url)
    written = []

    def write(_size: int = 0) -> None:
        with store.write() as session:
            session.add(AccessEntry(at=clock.now(), action="read", thing="record", thing_id=str(len(written))))
        written.append(1)
        assert len(written) < 200, "it starts again whenever somebody writes"

    write()
    databases.copy_sqlite(source, tmp_path / "copy.sqlite", write)
    assert len(written) > 5
    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        assert copy.execute("SELECT thing_id FROM access_log WHERE action = 'read'").fetchall() == [("0",)]
    databases.check_sqlite(tmp_path / "copy.sqlite")


@pytest.mark.slow
def test_on_postgresql(shell, new_database, busy, tmp_path, monkeypatch):
    """The same with PostgreSQL's own programs, encrypted, and only into an empty database."""
    url, empty, jobs, empty_jobs = (new_database() for _ in range(4))
    world = fill(open_world(tmp_path / "data", url))
    queue = Store(jobs)
    with queue.write() as session:
        session.execute(text("CREATE SCHEMA dbos CREATE TABLE workflows (name TEXT)"))
        session.execute(text("INSERT INTO dbos.workflows VALUES ('close')"))
    queue.close()
    written = busy(world.office.store)
    before = written()
    told(shell("backup", tmp_path / "backups/one", "--encrypt", url=url, jobs=jobs, typed=PASSPHRASE + "\n"))
    after = written()
    again = ("restore", tmp_path / "backups/one")
    told(shell(*again, data="new", url=empty, jobs=empty_jobs, typed=PASSPHRASE + "\n"))
    assert_same_rows(url, empty)
    assert_whole_transactions(empty, before, after)
    queue = Store(empty_jobs)
    with queue.read() as session:
        assert session.scalars(text("SELECT name FROM dbos.workflows")).all() == ["close"]
    queue.close()
    assert "不是空的" in refused(shell(*again, data="again", url=empty, jobs=empty_jobs, typed=PASSPHRASE + "\n"))
    assert "另一种数据库" in refused(shell(*again, data="again", typed=PASSPHRASE + "\n"))
    together = tmp_path / "backups/together"
    told(shell("backup", together, url=empty, jobs=empty))
    assert "jobs_database_url" in refused(shell("restore", together, data="again", url=empty_jobs))
    shutil.rmtree(together)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "postgresql-client" in refused(shell("backup", tmp_path / "backups/two", url=url))
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["one"]
    assert not list(tmp_path.glob("again*"))
    world.office.store.close()


def test_recordings_that_did_not_change_take_no_room(shell, world, tmp_path):
    told(shell("backup", tmp_path / "backups/one"))
    second = told(shell("backup", tmp_path / "backups/two"))
    assert second["linked_bytes"] == len(SOUND) + len(b"letter") + len(b"copy") + len(b"film")
    files = [tmp_path / "backups" / name / "files/data/recordings/r1" / CLOSED for name in ("one", "two")]
    assert files[0].stat().st_ino == files[1].stat().st_ino
    assert told(shell("backup", tmp_path / "backups/three", "--full"))["linked_bytes"] == 0
    shutil.rmtree(tmp_path / "backups/one")
    told(shell("restore", tmp_path / "backups/two", data="new"))
    third = told(shell("backup", tmp_path / "backups/four", data="new"))
    assert third["linked_bytes"] == second["linked_bytes"]


def test_a_recording_that_changed_is_told_and_kept(shell, world, tmp_path):
    told(shell("backup", tmp_path / "backups/one"))
    (tmp_path / "data/recordings/r1" / CLOSED).write_bytes(b"other")
    made = shell("backup", tmp_path / "backups/two")
    assert told(made)["damaged"] == [f"recordings/r1/{CLOSED}"]
    assert "清单里登记的不一样" in made.stderr
    told(shell("restore", tmp_path / "backups/one", data="new"))
    assert (tmp_path / "new/recordings/r1" / CLOSED).read_bytes() == SOUND
    (tmp_path / "data/recordings/r1" / CLOSED).unlink()
    assert told(shell("backup", tmp_path / "backups/three"))["missing"] == [f"recordings/r1/{CLOSED}"]


def test_an_encrypted_backup_shows_nothing_without_its_passphrase(shell, world, tmp_path):
    assert "至少" in refused(shell("backup", tmp_path / "backups/one", "--encrypt", typed="short\n"))
    first = told(shell("backup", tmp_path / "backups/one", "--encrypt", typed=PASSPHRASE + "\n"))
    assert first["encrypted"]
    everything = b"".join(contents(tmp_path / "backups/one").values())
    for secret in (b"s" * 32, "何守田".encode(), SOUND[:64], b"PRIVATE KEY"):
        assert secret not in everything
    second = told(shell("backup", tmp_path / "backups/two", "--encrypt", typed=PASSPHRASE + "\n"))
    assert second["linked_bytes"] > len(SOUND)
    assert told(shell("backup", tmp_path / "backups/three", "--encrypt", typed="another one\n"))["linked_bytes"] == 0
    assert "口令不对" in refused(shell("restore", tmp_path / "backups/two", data="new", typed="wrong phrase\n"))
    told(shell("restore", tmp_path / "backups/two", data="new", typed=PASSPHRASE + "\n"))
    assert rows(Settings(data_dir=tmp_path / "new").store_url) == rows(world.office.settings.store_url)
    assert not (tmp_path / "data/.backup").exists()


@pytest.mark.parametrize("typed", ["", PASSPHRASE + "\n"])
@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "manifest"])
def test_a_backup_that_is_not_whole_is_refused_and_nothing_restored(shell, world, tmp_path, harm, typed):
    one = tmp_path / "backups/one"
    told(shell("backup", one, *(["--encrypt"] if typed else []), typed=typed))
    sealed = one / "manifest.sealed"
    hurt = one / "files/data/recordings/r1" / CLOSED
    if harm == "manifest":
        hurt = sealed if typed else one / "manifest.json"
    content = hurt.read_bytes()
    if harm == "gone":
        hurt.unlink()
    else:
        half = len(content) // 2
        changed = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        hurt.write_bytes(content[:-20] if harm == "cut" else changed)
    for words in (["restore", one], ["restore", one, "--check"]):
        why = refused(shell(*words, data="new", typed=typed))
        assert ("清单" if harm == "manifest" else CLOSED) in why
    assert not list(tmp_path.glob("new*"))
    hurt.write_bytes(content)
    assert told(shell("restore", one, "--check", data="new", typed=typed))["whole"]
    assert not list(tmp_path.glob("new*"))


def test_a_stream_has_every_piece_in_its_place():
    lock = sealing.new_lock(PASSPHRASE)
    for size in (0, 1, sealing.PIECE, sealing.PIECE + 1, 2 * sealing.PIECE):
        plain = os.urandom(size)
        sealed = b"".join(sealing.seal(lock, [plain[:7], plain[7:]]))
        assert b"".join(sealing.unseal(lock, [sealed])) == plain
    first, second = (sealing.SALT + number * (sealing.PIECE + sealing.TAG) for number in (1, 2))
    whole = sealing.SALT
    for harmed in (
        sealed[:first],
        sealed[:whole] + sealed[first:second] + sealed[whole:first],
        sealed[:first] + sealed[whole:],
        sealed[:10],
        b"",
    ):
        with pytest.raises(sealing.Unopened):
            list(sealing.unseal(lock, [harmed]))


def test_only_into_an_empty_place(shell, world, tmp_path):
    told(shell("backup", tmp_path / "backups/one"))
    assert "不是空的" in refused(shell("restore", tmp_path / "backups/one"))
    (tmp_path / "new").mkdir()
    told(shell("restore", tmp_path / "backups/one", data="new"))
    place = tmp_path / "elsewhere.sqlite"
    told(shell("restore", tmp_path / "backups/one", data="third", url=f"sqlite:///{place}"))
    assert rows(f"sqlite:///{place}") == rows(world.office.settings.store_url)
    assert "已经有了" in refused(shell("restore", tmp_path / "backups/one", data="fourth", url=f"sqlite:///{place}"))
    assert not list(tmp_path.glob("fourth*"))


def test_a_backup_is_whole_or_none(shell, world, tmp_path, monkeypatch):
    """What an interrupted one left is never taken for one, and is cleared by the next."""
    part = tmp_path / "backups/one.part"
    (part / "files/data").mkdir(parents=True)
    (part / "files/data/secret.key").write_text("left")
    (tmp_path / "data/.backup").mkdir()
    (tmp_path / "data/.backup/store.sqlite").write_text("left")
    assert "没有做完" in refused(shell("restore", part, data="new"))
    assert "没有备份清单" in refused(shell("restore", part / "files", data="new"))
    told(shell("backup", tmp_path / "backups/one"))
    assert not part.exists()
    assert not (tmp_path / "data/.backup").exists()
    assert "已经有了" in refused(shell("backup", tmp_path / "backups/one"))
    assert "里面" in refused(shell("backup", tmp_path / "data/backup"))
    assert "没有" in refused(shell("backup", tmp_path / "nowhere/one"))
    assert "没有数据库" in refused(shell("backup", tmp_path / "backups/two", url=f"sqlite:///{tmp_path}/none.sqlite"))
    with making.files.own_folder(tmp_path / "backups/three.part"):
        assert "另一个备份" in refused(shell("backup", tmp_path / "backups/three"))
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["one"]


def test_a_full_disk_is_told_in_words(shell, world, tmp_path, monkeypatch):
    monkeypatch.setattr(making.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    assert "磁盘放不下" in refused(shell("backup", tmp_path / "backups/one"))
    monkeypatch.undo()


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_fills_meanwhile_leaves_nothing(shell, world, tmp_path, monkeypatch):
    told(shell("backup", tmp_path / "backups/one"))
    monkeypatch.setattr(making.files.os, "fsync", full)
    assert "磁盘满了" in refused(shell("backup", tmp_path / "backups/two"))
    assert "磁盘满了" in refused(shell("restore", tmp_path / "backups/one", data="new"))
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["one"]
    assert not list(tmp_path.glob("new*"))


def test_older_tables_are_brought_up_to_date_and_newer_ones_refused(shell, world, tmp_path):
    head, older = migrate.revisions()[:2]
    for revision, name in (("9999", "newer"), (older, "older")):
        with world.office.store.engine.begin() as connection:
            if revision == older:
                connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
                migrate.downgrade(connection, older)
            else:
                connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert told(shell("backup", tmp_path / "backups" / name))["revision"] == revision
    why = refused(shell("restore", tmp_path / "backups/newer", data="new"))
    assert "9999" in why
    assert "升级" in why
    assert not list(tmp_path.glob("new*"))
    restored = told(shell("restore", tmp_path / "backups/older", data="new"))
    assert (restored["migrated_from"], restored["revision"]) == (older, head)


def test_how_far_it_is_goes_to_standard_error(shell, world, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    made = shell("backup", tmp_path / "backups/one")
    told(made)
    assert "备份：" in made.stderr
    assert " %" in made.stderr
