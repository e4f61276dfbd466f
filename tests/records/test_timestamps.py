"""Time stamps of a real authority: OpenSSL's, behind a small HTTP server that answers well, wrongly or not at all."""

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from typer.testing import CliRunner

from server import admin, clock, signing_key
from server.archive.bundle import Bundle
from server.archive.disk import Disk
from server.archive.plan import BundlePlan
from server.domain.canonical import check_code
from server.domain.states import StampKind
from server.jobs import stamping as job
from server.jobs import workflows
from server.protocol.canonical import canonical_json, fingerprint
from server.protocol.recording import MANIFEST_NAME
from server.reception.matter import cases
from server.reception.paper import documents
from server.reception.paper.letters import letter_data
from server.reception.record import signing, stamping, timestamps
from server.settings import Settings
from server.store import timestamps as store
from server.store.models import Reception, StoredTimestamp, VisitRecord
from server.store.records import case_of
from tests.office import running, settings_for
from tests.ports import free_port
from tests.reception.conftest import until
from tests.records.office import TALK, World, draft, open_world, sign

R = "r1"
NAME = "某某时间戳服务中心"
CONFIG = f"""
[req]
distinguished_name = name
prompt = no
utf8 = yes
[name]
CN = {NAME}
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[stamping]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "config")


class Authority:
    """One of OpenSSL's own, with a root of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").write_text(CONFIG)
        (folder / "serial").write_text("01")
        self("req", "-x509", *NEW_KEY, "-keyout", "root.key", "-out", "root.pem", "-extensions", "root", "-days", "30")
        self("req", *NEW_KEY, "-keyout", "tsa.key", "-out", "tsa.csr")
        self("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30",
             "-extfile", "config", "-extensions", "stamping", "-out", "tsa.pem")  # fmt: skip

    def __call__(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, request: bytes) -> bytes:
        (self.folder / "request").write_bytes(request)
        self("ts", "-reply", "-queryfile", "request", "-signer", "tsa.pem", "-inkey", "tsa.key", "-config", "config", "-out", "answer")
        return (self.folder / "answer").read_bytes()


Answers = Callable[[bytes], bytes | int]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.headers["Content-Type"], self.headers["Authorization"], request))
        found = self.server.answers(request)
        status, body = (found, b"") if isinstance(found, int) else (200, found)
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """Where it is reached; `answers`: what becomes of a request."""

    def __init__(self, answers: Answers, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answers, self.asked = answers, list[tuple[str, str | None, bytes]]()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    made = Server(authority.stamp)
    yield made
    made.stop()


@pytest.fixture
def world(tmp_path: Path, authority: Authority, server: Server) -> World:
    return open_world(tmp_path, timestamp_url=f"http://127.0.0.1:{server.server_port}/", timestamp_roots=authority.roots)


@pytest.fixture
def record_id(world: World) -> str:
    return recorded(world)


def recorded(world: World) -> str:
    """The record of a talk whose recording was closed."""
    record_id = draft(world)
    with world.write() as session:
        reception = session.get_one(VisitRecord, record_id).reception
        reception.manifest = {"reception_id": reception.id, "version": 1, "petitioner": "何守田"}
        reception.manifest_sha256 = fingerprint(reception.manifest)
    return record_id


def note(world: World, record_id: str) -> None:
    with world.write() as session:
        stamping.note_record(session, world.office.settings, record_id)


def signed(world: World, record_id: str) -> None:
    """As the API does it."""
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    with world.write() as session:
        sign(session, world, record_id, file_at_once=True)
    note(world, record_id)


def closed(world: World) -> None:
    stamping.note_manifest(world.office, R)


def stored(world: World) -> Sequence[StoredTimestamp]:
    with world.read() as session:
        return store.all_of_reception(session, R)


def at(moment: datetime) -> None:
    clock.set_source(lambda: moment)


def killed(*_: object) -> None:
    """The program goes down."""
    raise workflows.Stopping


def test_recording_and_record_are_stamped_once_and_shown(world: World, record_id: str, server: Server) -> None:
    closed(world)
    assert stamping.get_due(world.office) == 1
    signed(world, record_id)
    note(world, record_id)
    closed(world)
    assert [stamping.get_due(world.office) for _ in range(2)] == [1, 0]
    with world.read() as session:
        case = case_of(session, record_id)
        assert case is not None
        assert [one.sha256 for one in stored(world)] == [case.manifest_sha256, case.record_sha256]
        record, manifest = cases.case_view(session, world.clerk, case).timestamps
        overview = signing.overview(session, world.clerk, record_id)
        printed = letter_data(documents.filed_of(session, case.id))["timestamps"]
    assert (record.kind, record.authority, manifest.kind) == ("record", NAME, "manifest")
    assert record.at is not None
    assert abs(datetime.now(UTC) - record.at) < timedelta(minutes=5)
    assert overview.timestamps == (record, manifest)
    assert printed[0] == f"笔录时间戳：{record.at.astimezone(clock.OFFICE_ZONE):%Y-%m-%d %H:%M:%S}　{NAME}"
    assert len(server.asked) == 2
    for kind, _login, request in server.asked:
        assert kind == "application/timestamp-query"
        assert len(request) < 80, "a hash and a number, nothing else"


def test_whoever_has_no_authority_sees_nothing(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    record_id = draft(world)
    signed(world, record_id)
    with world.read() as session:
        assert signing.overview(session, world.clerk, record_id).timestamps == ()
        assert timestamps.trouble(session, world.office.settings) == ""
    assert stored(world) == []


def changed(request: bytes, old: bytes) -> bytes:
    """The request with another hash, or another number."""
    assert request.count(old) == 1
    return request.replace(old, old[:-1] + bytes([old[-1] ^ 1]))


def nonce_of(request: bytes) -> bytes:
    """The last integer before what is asked for about certificates."""
    assert request.endswith(b"\x01\x01\xff")
    return request[-7:-3]


GRANTED_NOTHING = bytes.fromhex("30053003020100")
REFUSED = bytes.fromhex("30053003020102")


def test_a_wrong_answer_is_not_kept_but_told(
    world: World, record_id: str, server: Server, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    foreign = Authority(tmp_path_factory.mktemp("foreign"))
    closed(world)
    digest = bytes.fromhex(stored(world)[0].sha256)
    wrong: list[tuple[Answers, str]] = [
        (lambda request: authority.stamp(changed(request, nonce_of(request))), "回答的不是这一次的请求"),
        (lambda request: authority.stamp(changed(request, digest)), "盖的不是这份内容"),
        (foreign.stamp, "不是根证书认得的机构盖的，或者签名不对"),
        (lambda request: authority.stamp(request).replace(b"\x30", b"\x31", 1), "时间戳机构的回答读不懂"),
        (lambda _: b"<html>login</html>", "时间戳机构的回答读不懂"),
        (lambda _: b"", "时间戳机构的回答读不懂"),
        (lambda _: b"\x30" * 100_000, "时间戳机构的回答读不懂"),
        (lambda _: GRANTED_NOTHING, "时间戳机构的回答读不懂"),
        (lambda _: REFUSED, "时间戳机构没有受理"),
    ]
    with capture_logs() as logged:
        for server.answers, why in wrong:
            assert stamping.get_due(world.office) == 0
            (one,) = stored(world)
            assert (one.answer, one.at, one.why) == (None, None, why)
            with world.read() as session:
                told = timestamps.trouble(session, world.office.settings)
            assert told == f"有 1 个时间戳还没有取到，最早的从6月9日 10:41 等起：{why}。会自动再试；接谈、签字、归档不受影响。"
            server.answers = authority.stamp
            assert stamping.get_due(world.office) == 0, "not before its time"
            assert one.next_at is not None
            at(one.next_at)
    assert one.tries == len(wrong) == len(logged)
    assert "何守田" not in str(logged)
    assert stamping.get_due(world.office) == 1
    with world.read() as session:
        assert timestamps.trouble(session, world.office.settings) == ""


def test_a_server_that_fails_is_asked_again_with_growing_pauses(world: World, record_id: str, server: Server, authority: Authority) -> None:
    server.answers = lambda _: 500
    closed(world)
    with world.write() as session:
        store.note(session, R, StampKind.RECORD, "0" * 64, clock.now())
    pauses = []
    for _ in range(8):
        assert stamping.get_due(world.office) == 0
        (moment,) = {one.next_at for one in stored(world)}
        assert moment is not None
        pauses.append(round((moment - clock.now()).total_seconds() / 60))
        at(moment)
    assert pauses == [1, 5, 30, 120, 360, 720, 720, 720]
    assert len(server.asked) == len(pauses), "one question for both while it is away"
    assert {one.why for one in stored(world)} == {"时间戳机构没有受理（500）"}
    server.answers = authority.stamp
    assert stamping.get_due(world.office) == 1
    assert [one.why for one in stored(world)] == ["", "内容已经不是当时要盖的那一份"], "what is not there any more is not stamped"
    assert len(server.asked) == len(pauses) + 1


def test_an_authority_that_is_back_is_asked_at_once_after_a_start(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    world = open_world(
        tmp_path, timestamp_url=f"http://127.0.0.1:{port}/", timestamp_roots=authority.roots, timestamp_user="u", timestamp_password="p"
    )
    recorded(world)
    closed(world)
    assert stamping.get_due(world.office) == 0
    assert [one.why for one in stored(world)] == ["连不上时间戳机构"]
    server = Server(authority.stamp, port)
    try:
        assert stamping.get_due(world.office) == 0
        stamping.take_up(world.office.store, world.office.settings)
        with monkeypatch.context() as between:
            between.setattr(stamping, "_keep", killed)
            with pytest.raises(workflows.Stopping):
                stamping.get_due(world.office)
        assert stamping.get_due(world.office) == 1
    finally:
        server.stop()
    assert [login for _, login, _ in server.asked] == ["Basic dTpw"] * 2
    assert len(stored(world)) == 1


def test_without_an_authority_any_more_nothing_is_said_of_what_waits(world: World, record_id: str, server: Server) -> None:
    server.answers = lambda _: 503
    closed(world)
    stamping.get_due(world.office)
    with world.read() as session:
        assert [one.at for one in signing.overview(session, world.clerk, record_id).timestamps] == [None]
    stamping.take_up(world.office.store, Settings(data_dir=world.office.settings.data_dir))
    with world.read() as session:
        assert signing.overview(session, world.clerk, record_id).timestamps == ()
    at(TALK + timedelta(days=9))
    assert stamping.get_due(world.office) == 0


def verified(world: World, **other: object) -> list[str]:
    """In words; what is wrong with a mark behind it."""
    with world.read() as session:
        manifest = session.get_one(Reception, R).manifest or {}
    own = world.office.settings.model_copy(update=other)
    return [one.words + ("!" if one.wrong else "") for one in timestamps.verify(world.office.store, own, manifest)]


def test_they_are_verified_in_words(world: World, record_id: str, tmp_path: Path) -> None:
    closed(world)
    stamping.get_due(world.office)
    signed(world, record_id)
    manifest, record = verified(world)
    assert manifest.startswith("录音录像时间戳：2")
    assert manifest.endswith(f"　{NAME}。验过，对得上。")
    assert record == "笔录时间戳：还没有取到，会自动再试。"
    stamping.get_due(world.office)
    assert verified(world)[1].endswith("。验过，对得上。")
    assert all(words.endswith("。没有设置 timestamp_roots，没有验。") for words in verified(world, timestamp_roots=None))
    assert verified(world, timestamp_roots=tmp_path / "none") == ["时间戳没有验：设置 timestamp_roots 里的根证书读不出来。!"]
    with world.write() as session:
        session.get_one(Reception, R).manifest = {"reception_id": R, "version": 1, "petitioner": "何守地"}
        session.execute(update(StoredTimestamp).where(StoredTimestamp.kind == "record").values(at=TALK))
    manifest, record = verified(world)
    assert manifest.endswith("。对不上：盖的不是这份内容。!")
    assert record.endswith("。对不上：登记的时间或者机构改过。!")


def test_the_shell_says_so(world: World, record_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed(world)
    stamping.get_due(world.office)
    (tmp_path / MANIFEST_NAME).write_text(f'{{"reception_id": "{R}"}}')
    own = world.office.settings
    signing_key.load(own)
    for name in ("data_dir", "timestamp_roots", "database_url"):
        monkeypatch.setenv(f"JIETAN_{name}".upper(), str(getattr(own, name)))
    said = CliRunner().invoke(admin.app, ["verify", str(tmp_path)])
    assert said.exit_code == 1
    assert "。对不上：盖的不是这份内容。\n" in said.stdout


def commands(packing: timestamps.Packing) -> list[list[str]]:
    """What the bundle says how to verify it, by OpenSSL."""
    return [line.split() for line in packing.texts[-1].text.splitlines() if line.startswith("openssl ")]


def test_a_bundle_has_all_that_openssl_needs(world: World, record_id: str, tmp_path: Path) -> None:
    signed(world, record_id)
    stamping.get_due(world.office)
    with world.read() as session:
        case = case_of(session, record_id)
        assert case is not None
        found = timestamps.packed(session, world.office.settings, case, record=True)
        own = timestamps.packed(session, world.office.settings, case, record=False)
        manifest = canonical_json(session.get_one(Reception, case.talk_id).manifest)
    ((label, about),) = found.about
    assert label == "时间戳"
    assert about.startswith("笔录：2")
    assert about.endswith("（这是时间戳里写的，这个页面没有验。怎么验，见 timestamps/README.txt）")
    plan = BundlePlan(folder="LX-1", about=found.about, manifest={}, files=(), texts=found.texts, encoded=found.tokens)
    Bundle(plan, Disk(tmp_path, 0), lambda _: None).pack(tmp_path / "all.zip")
    shutil.unpack_archive(tmp_path / "all.zip", tmp_path / "out")
    folder = tmp_path / "out" / "LX-1"
    (folder / "recording").mkdir()
    (folder / "recording" / "manifest.json").write_bytes(manifest)
    record = (folder / "timestamps" / "record.json").read_bytes()
    assert check_code(hashlib.sha256(record).hexdigest()) == check_code(case.record_sha256)
    told = [commands(one) for one in (found, own)]
    assert [len(one) for one in told] == [2, 2]
    for command in (*told[0], *told[1]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert "Verification: OK" in done.stdout + done.stderr
    assert [one.name for one in own.texts] == ["timestamps/roots.pem", "timestamps/README.txt"]
    assert (folder / "timestamps" / "README.txt").read_text() == found.texts[-1].text
    (folder / "timestamps" / "record.json").write_bytes(record + b" ")
    assert subprocess.run(told[0][0], cwd=folder, capture_output=True).returncode != 0


@pytest.mark.nightly
def test_the_job_goes_on_where_the_program_was_killed(
    tmp_path: Path, authority: Authority, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.set_source(None)
    own = settings_for(tmp_path, timestamp_url=f"http://127.0.0.1:{server.server_port}/", timestamp_roots=authority.roots)
    down = threading.Event()

    def goes_down(*_: object) -> None:
        down.set()
        killed()

    with monkeypatch.context() as between:
        between.setattr(stamping, "_keep", goes_down)
        with running(own) as office:
            reception_id = office.sitting()["reception_id"]
            with office.office.store.write() as session:
                reception = session.get_one(Reception, reception_id)
                reception.manifest, reception.manifest_sha256 = {"version": 1}, fingerprint({"version": 1})
            stamping.note_manifest(office.office, reception_id)
            job.start_due(office.office)
            assert down.wait(60)
    with running(own) as office:

        def kept() -> bool:
            with office.office.store.read() as session:
                return [bool(one.answer) for one in store.all_of_reception(session, reception_id)] == [True]

        until(kept, "it is kept")
    assert len(server.asked) >= 2
