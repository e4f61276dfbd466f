"""A disk that fills up: said in time; full, the talk goes on; with space again, so does the recording."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server import signing_key
from server.domain.verification import verify
from server.media.disk import Space
from server.media.node import Node
from server.protocol.media_control import CloseRoom
from server.protocol.recording import MANIFEST_NAME, Manifest
from server.settings import Settings
from server.store import files
from tests.media.client import Client, until
from tests.media.conftest import ScriptedTranscriber
from tests.media.office import Office

MB = 1_000_000


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return Space(tmp_path, reserve=500 * MB, minutes=60, written=lambda: 0)


def test_space_for_so_many_minutes_is_said_before_it_matters(space: Space) -> None:
    for number in range(80):
        # 1 MB a second: three rooms of two.
        space.note(number * 5.0, (3950 - number * 5) * MB, written=number * 5 * MB)
        assert not (space.low and number < 70), number
    assert space.low
    assert space.minutes == pytest.approx(3555 / 60, rel=0.02)
    assert "大约还能录 50 分钟" in space.words


def test_what_others_write_fills_the_disk_too(space: Space) -> None:
    for number in range(30):
        space.note(number * 5.0, 9000 * MB - number * 50 * MB, written=0)
    assert space.minutes == pytest.approx(7550 / 10 / 60, rel=0.1)
    assert space.low


def test_an_idle_disk_below_its_reserve_is_low_without_a_time(space: Space) -> None:
    space.note(0.0, 400 * MB, written=0)
    assert (space.low, space.minutes) == (True, None)
    assert space.words == "磁盘空间快满了。录音还在继续，请找管理员。"


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.5, "一分钟内就会录不下"), (7.9, "还能录 7 分钟"), (59, "还能录 50 分钟"), (130, "还能录 2 小时")]
)
def test_the_time_is_said_coarsely(tmp_path: Path, minutes: float, words: str) -> None:
    space = Space(tmp_path, reserve=0, minutes=1e9, written=lambda: 0)
    space.note(0.0, 0, 0)
    space._rate = 1 * MB
    space.free = int(minutes * 60 * MB)
    assert words in space.words


def test_a_disk_that_does_not_answer_keeps_the_last_figures(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    space = Space(folder, 0, 0, lambda: 0)
    before = space.free
    folder.rmdir()
    space.look(5.0)
    assert space.free == before > 0


# --- a real small file system ------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "jietan", where], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a file system is not permitted here")
    yield where
    subprocess.run(["umount", "--lazy", where], check=True)


@pytest.fixture
async def node_on_it(small_disk: Path, settings: Settings) -> AsyncIterator[Node]:
    signing_key.load(settings)
    node = Node(settings.model_copy(update={"data_dir": small_disk}))
    await node.start()
    yield node
    await node.stop()


async def _seat(node: Node, settings: Settings, participant: str, role: str) -> Client:
    client = Client(f"ws://127.0.0.1:{node.port}/signal", settings.key("seat"), participant, role)
    await client.join()
    return await client.publish()


async def test_a_full_file_system(
    node_on_it: Node, small_disk: Path, settings: Settings, transcriber: ScriptedTranscriber
) -> None:
    petitioner = await _seat(node_on_it, settings, "p1", "petitioner")
    leader = await _seat(node_on_it, settings, "l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await until(lambda: len(leader.captions) >= 2, "captions")
    ballast = small_disk / "ballast"
    _fill(ballast)
    await until(lambda: "磁盘满了" in petitioner.room.recording_trouble, "told to everybody")
    heard = len(leader.captions)
    await until(lambda: len(leader.captions) > heard + 1, "the talk goes on")
    full = node_on_it.hub.rooms["r1"]._recording.now
    await until(lambda: node_on_it.hub.rooms["r1"]._recording.now > full + 1.5, "more than a second that is not written")
    ballast.unlink()
    await until(lambda: "磁盘满了" not in leader.room.recording_trouble, "recording again")
    full_again = node_on_it.hub.rooms["r1"]._recording.now
    await until(lambda: node_on_it.hub.rooms["r1"]._recording.now > full_again + 1.5, "some more recorded")
    _fill(ballast)
    async with Office(node_on_it.port, settings) as office:
        refused = await office.ask(CloseRoom(id=1, reception_id="r1"))
        assert (refused.ok, refused.error) == (False, "failed"), "nothing is said to be complete that is not on the disk"
        ballast.unlink()
        manifest = Manifest.model_validate((await office.ask(CloseRoom(id=2, reception_id="r1"))).result)
    for client in (petitioner, leader):
        await client.close()
    folder = node_on_it.hub.folder("r1")
    written = Manifest.model_validate_json((folder / MANIFEST_NAME).read_bytes())
    assert written == manifest
    key = signing_key.load(node_on_it.hub.settings).public
    assert verify(manifest.model_dump(mode="json"), files.hashes(folder), key) == []
    _check(manifest)


def _fill(path: Path) -> None:
    """To the last byte."""
    with path.open("ab", buffering=0) as file:
        for size in (65_536, 4096, 1):
            while True:
                try:
                    if not file.write(bytes(size)):
                        break
                except OSError:
                    break


def _check(manifest: Manifest) -> None:
    """Every second is in a file or told as missing, and what is missing is told as a full disk's."""
    for participant in ("p1", "l1"):
        gaps = [g for g in manifest.gaps if (g.participant_id, g.kind) == (participant, "audio")]
        recorded = sum(s.seconds for s in manifest.segments if (s.participant_id, s.kind) == (participant, "audio"))
        missing = sum(g.end - g.start for g in gaps)
        assert {g.cause for g in gaps} == {"disk_full"}
        assert missing > 1.0
        assert recorded + missing == pytest.approx(manifest.seconds, abs=1.0)
