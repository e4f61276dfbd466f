"""`jietan models`: whatever happens on the way, only a whole model that can be loaded gets onto the shelf."""

import asyncio
import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import huggingface_hub
import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.patience import PATIENCE_S
from tests.transcription.conftest import MODEL, settings
from tests.transcription.hub import COMMIT, Behaviour, serving
from transcription.measuring import running
from transcription.models import archives, cli, hub
from transcription.models.shelf import NEEDED, WANTED, ModelError, Shelf, sha256

SIZE = (MODEL / "model.bin").stat().st_size
Shell = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def shell(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs `jietan models …` over an empty folder of models."""
    monkeypatch.setenv("JIETAN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JIETAN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("JIETAN_TRANSCRIBER_MODELS_DIR", str(root))
    monkeypatch.delenv("JIETAN_TRANSCRIBER_MODEL", raising=False)
    monkeypatch.setattr(hub, "PAUSE_S", 0.0)
    return lambda *words: CliRunner().invoke(cli.app, list(words))


@pytest.fixture
def hubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    """A hub that `jietan models download` asks; no mirror."""
    with serving(MODEL) as (address, behaviour):
        monkeypatch.setenv("JIETAN_TRANSCRIBER_HUB_URL", address)
        yield behaviour


def same_as_model(folder: Path) -> bool:
    return all((folder / name).read_bytes() == (MODEL / name).read_bytes() for name in NEEDED)


# --- download -----------------------------------------------------------------------------------------------------


def test_a_published_model_is_fetched_checked_and_chosen(shell: Shell, root: Path, hubs: Behaviour) -> None:
    done = shell("download", "office/small")
    assert done.exit_code == 0, done.output
    assert "model.bin: 100 % of 8.4 MB" in done.stderr
    assert same_as_model(root / "small")
    assert not (root / "small" / "CARD.md").exists(), "nothing but what is needed"
    assert shell("use", "small").exit_code == 0
    listed = shell("list").output
    assert listed.startswith("* small  8.6 MB")
    assert "office/small@0123456789ab" in listed
    again = shell("download", "office/small")
    assert (again.exit_code, "already" in again.output) == (1, True)


def test_a_download_that_breaks_off_goes_on_where_it_was(shell: Shell, root: Path, hubs: Behaviour) -> None:
    hubs.breaks_after = SIZE // 2 + 1
    assert shell("download", "office/small").exit_code == 0
    assert hubs.ranges == ["", f"bytes={SIZE // 2 + 1}-"]
    assert hubs.sent == SIZE
    assert same_as_model(root / "small")


def test_a_partial_download_is_no_model_and_the_next_call_goes_on(shell: Shell, root: Path, hubs: Behaviour) -> None:
    hubs.breaks_after = SIZE // 8
    done = shell("download", "office/small", "--name", "new")
    assert (done.exit_code, f"broke off after {SIZE // 8 * 3} of {SIZE} bytes" in done.stderr) == (1, True)
    assert shell("list").output == ""
    assert shell("use", "new").exit_code == 1
    hubs.breaks_after = 0
    hubs.ranges.clear()
    assert shell("download", "office/small", "--name", "new").exit_code == 0
    assert hubs.ranges == [f"bytes={SIZE // 8 * 3}-"]
    assert shell("list").output.startswith("  new ")


def test_wrong_bytes_never_become_a_model(
    shell: Shell, root: Path, hubs: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubs.wrong_bytes = True
    done = shell("download", "office/small")
    assert (done.exit_code, "another hash" in done.stderr) == (1, True)
    assert shell("list").output == ""
    with serving(MODEL) as (mirror, behaviour):
        monkeypatch.setenv("JIETAN_TRANSCRIBER_MIRROR_URL", mirror)
        assert shell("download", "office/small").exit_code == 0
        assert behaviour.sent == SIZE, "the mirror's bytes were taken"
    assert same_as_model(root / "small")


def test_what_the_hub_has_not_is_told_and_the_mirror_asked(
    shell: Shell, hubs: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubs.missing = True
    done = shell("download", "office/small")
    assert (done.exit_code, "does not have it (404)" in done.stderr) == (1, True)
    assert "knows no model" in shell("download", "no-such-name").stderr
    monkeypatch.setenv("JIETAN_TRANSCRIBER_HUB_URL", "http://127.0.0.1:9")
    assert "cannot be reached" in shell("download", "office/small").stderr
    with serving(MODEL) as (mirror, _):
        monkeypatch.setenv("JIETAN_TRANSCRIBER_MIRROR_URL", mirror)
        assert shell("download", "office/small").exit_code == 0


def test_the_hub_of_these_tests_is_one_to_the_official_client_too() -> None:
    with serving(MODEL) as (address, _):
        told = huggingface_hub.HfApi(endpoint=address).model_info("office/small", revision="main", files_metadata=True)
    assert told.sha == COMMIT
    assert told.siblings is not None
    weights = next(one for one in told.siblings if one.rfilename == "model.bin")
    assert weights.lfs is not None
    assert (weights.size, weights.lfs.sha256) == (SIZE, sha256(MODEL / "model.bin"))
    official = huggingface_hub.hf_hub_url("office/small", "model.bin", revision=COMMIT, endpoint="https://hub.example")
    assert official == f"https://hub.example/office/small/resolve/{COMMIT}/model.bin"


# --- import -------------------------------------------------------------------------------------------------------


def packed(path: Path, folder: str = "") -> Path:
    names = [name for name in WANTED if (MODEL / name).is_file()]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.write(MODEL / name, f"{folder}{name}")
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
            for name in names:
                tar.add(MODEL / name, f"{folder}{name}")
    return path


@pytest.mark.parametrize(("file", "folder"), [("a.tar.gz", "small/"), ("b.tar", "./"), ("c.zip", "")])
def test_an_archive_is_imported(shell: Shell, root: Path, tmp_path: Path, file: str, folder: str) -> None:
    done = shell("import", str(packed(tmp_path / file, folder)))
    assert done.exit_code == 0, done.output
    assert same_as_model(root / file[0])
    assert shell("verify").output.endswith(f"{file[0]}: whole, and can be loaded\n")


def test_a_folder_is_imported_but_not_by_its_links(shell: Shell, root: Path, tmp_path: Path) -> None:
    assert shell("import", str(MODEL), "--name", "small").exit_code == 0
    assert same_as_model(root / "small")
    linked = tmp_path / "linked"
    linked.mkdir()
    for name in NEEDED:
        (linked / name).symlink_to(MODEL / name)
    assert "is a link" in shell("import", str(linked)).stderr


def _tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))


def _file(name: str, data: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def _link(name: str, to: str) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, to
    return member, b""


def _huge_header(path: Path) -> None:
    member = tarfile.TarInfo("model.bin")
    member.size = 17 << 30
    path.write_bytes(member.tobuf() + bytes(1024))


def _zip(path: Path, *members: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members:
            archive.writestr(name, data)


def _zip_link(path: Path) -> None:
    entry = zipfile.ZipInfo("model.bin")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")


def _half(path: Path) -> None:
    data = packed(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("file", "make", "why"),
    [
        ("a.tar", lambda p: _tar(p, _file("../config.json")), "leads out"),
        ("a.tar", lambda p: _tar(p, _file("/etc/config.json")), "leads out"),
        ("a.tar", lambda p: _tar(p, _link("model.bin", "/etc/passwd")), "is a link"),
        ("a.tar", lambda p: _tar(p, *(_file(n) for n in ("config.json", "model.bin"))), "tokenizer.json missing"),
        ("a.tar", lambda p: _tar(p, _file("README.md")), "config.json, model.bin, tokenizer.json missing"),
        ("a.tar", lambda p: _tar(p, _file("a/model.bin"), _file("b/model.bin")), "more than one model"),
        ("a.tar", lambda p: _tar(p, *(_file(n) for n in (*NEEDED, "model.bin"))), "is in it twice"),
        ("a.tar", lambda p: _tar(p, *(_file(n) for n in NEEDED)), "faster-whisper cannot use it"),
        ("a.tar", _huge_header, "too much for a speech model"),
        ("a.tar.gz", _half, "damaged or not complete"),
        ("a.zip", lambda p: _zip(p, ("../../config.json", b"x")), "leads out"),
        ("a.zip", lambda p: _zip(p, ("x\\..\\..\\config.json", b"x")), "leads out"),
        ("a.zip", lambda p: _zip(p, ("model.bin", bytes(90 << 20))), "far more than a model"),
        ("a.zip", lambda p: _zip(p, *((f"{n}", b"") for n in range(1001))), "more than 1000 files"),
        ("a.zip", _zip_link, "is a link"),
        ("a.zip", lambda p: p.write_bytes(b"PK\3\4 nothing"), "neither a .tar"),
        ("a.zip", lambda p: None, "is not there"),
    ],
)
def test_a_bad_archive_is_refused_and_leaves_nothing(
    shell: Shell, root: Path, tmp_path: Path, file: str, make: Callable[[Path], object], why: str
) -> None:
    make(tmp_path / file)
    done = shell("import", str(tmp_path / file))
    assert done.exit_code == 1
    assert why in done.stderr
    assert shell("list").output == ""
    assert not list(tmp_path.rglob("config.json"))


def test_an_archive_that_says_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    member = archives._Member(archives._inside("model.bin"), 3, lambda: io.BytesIO(b"four"))
    with pytest.raises(ModelError, match="size"), (tmp_path / "out").open("wb") as out:
        archives._copy_exactly(member.open(), out, member)


# --- verify, use --------------------------------------------------------------------------------------------------


def test_a_changed_model_is_found_and_cannot_be_chosen(shell: Shell, root: Path) -> None:
    shell("import", str(MODEL), "--name", "small")
    weights = root / "small" / "model.bin"
    data = bytearray(weights.read_bytes())
    data[SIZE // 2] ^= 1
    weights.write_bytes(data)
    (root / "small" / "tokenizer.json").unlink()
    done = shell("verify", "small")
    assert (done.exit_code, done.output) == (1, "small: model.bin was changed; tokenizer.json is missing\n")
    assert "is damaged" in shell("use", "small").stderr
    assert "there is no model other (there is: small)" in shell("use", "other").stderr
    assert "is no name" in shell("use", "../small").stderr


def test_the_setting_goes_before_the_choice(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("import", str(MODEL), "--name", "small")
    monkeypatch.setenv("JIETAN_TRANSCRIBER_MODEL", "/somewhere/else")
    assert "goes first" in shell("use", "small").stderr
    assert shell("list").output.endswith("* /somewhere/else  (the setting transcriber_model)\n")


async def test_a_running_transcriber_changes_over_by_itself_and_keeps_what_works(root: Path) -> None:
    shelf = Shelf(root)
    for name in ("first", "second", "third"):
        with shelf.workplace(name) as folder:
            shutil.copytree(MODEL, folder, dirs_exist_ok=True)
            shelf.place(folder, name, "test")
    async with running(settings(model="", models_dir=str(root))) as (address, service):
        await _shows(address, "", "model_missing")
        shelf.use("first")
        await _shows(address, "first", "ready")
        with service.engine._decoding():  # type: ignore[attr-defined]
            shelf.use("second")
            await asyncio.sleep(0.3)
            assert service.engine.name == "first", "not while something is decoded"
        await _shows(address, "second", "ready")
        shelf.use("third")
        (root / "third" / "tokenizer.json").unlink()
        await asyncio.sleep(0.3)
        await _shows(address, "second", "ready")


async def _shows(address: str, model: str, state: str) -> None:
    """Wait until the transcriber says so."""
    async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient() as client:
        while True:
            told = (await client.get(f"http://{address}/healthz")).json()
            if (told["model"], told["state"]) == (model, state):
                return
            await asyncio.sleep(0.02)
