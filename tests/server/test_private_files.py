"""What the programs write is for their own user only."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.office import Office
from server import cli
from server.jobs.running import open_store
from server.media.journal import JOURNAL_NAME, Journal
from server.media.recorder import _File
from server.media.writer import Writer
from server.protocol.media_control import SeatLeft
from server.settings import Settings
from server.supervisor import own_data_dir


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """A shell whose umask lets everybody read; as it was again afterwards."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of a data folder that is not there yet."""
    monkeypatch.setenv("JIETAN_DATA_DIR", str(tmp_path / "data"))
    return Settings()


def test_the_store_is_private_and_so_is_its_folder(settings: Settings) -> None:
    cli._start("web")
    store = open_store(settings)
    with store.write():
        pass
    assert mode(settings.data_dir) == 0o700
    assert mode(settings.data_dir / "jietan.sqlite") == 0o600
    store.close()


async def test_recordings_and_the_journal_are_private(settings: Settings) -> None:
    cli._start("media")
    folder = settings.recordings_dir / "r1"
    folder.mkdir(parents=True)
    writer = Writer()
    journal = Journal(folder, "r1", writer, lambda _: None, 0)
    journal.append(SeatLeft(participant_id="p1", reason="left"))
    recording = _File(folder / "p1.webm", b"head", 0.0).append(b"cluster")
    await writer.close()
    recording.close()
    assert [mode(folder / name) for name in (JOURNAL_NAME, "p1.webm")] == [0o600, 0o600]
    assert [mode(path) for path in (settings.data_dir, settings.recordings_dir, folder)] == [0o700] * 3


@pytest.mark.parametrize("start", ["serve", "web"])
def test_a_folder_that_was_open_to_others_is_closed(settings: Settings, start: str) -> None:
    settings.data_dir.mkdir(mode=0o755)
    if start == "serve":
        with own_data_dir(settings.data_dir):
            pass
    else:
        open_store(settings).close()
    assert mode(settings.data_dir) == 0o700


async def test_the_key_of_a_kiosk_is_private_even_where_the_file_was_not(tmp_path: Path) -> None:
    file = tmp_path / "kiosk" / "key"
    file.parent.mkdir()
    file.touch(mode=0o644)
    async with Office("http://127.0.0.1:9") as office:
        office.keep_cookie(file)
    assert mode(file) == 0o600
