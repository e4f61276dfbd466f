"""The pieces of the film: where everybody stands, where every second of sound lands, and a disk that is full."""

import fcntl
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from server.archive import layout, sound
from server.archive.canvas import Canvas
from server.archive.disk import Disk
from server.archive.film import Film, Scenes
from server.archive.plan import BUSY, DISK_FULL, PLAN, RESULT, Seat, Source, VideoPlan
from server.archive.words import Words
from server.protocol.base import TrackKind
from tests.archive.recorded import write_segment

ROLES = ("信访人", "接访领导", "联合接访人员", "翻译", "接谈员")


def source(folder: Path, seat: str, kind: TrackKind, start: float, seconds: float, **what: Any) -> Source:
    name = f"{seat}-{kind}-{start}"
    closed = write_segment(folder, name, "audio/opus" if kind is TrackKind.AUDIO else "video/VP8", seconds)
    return Source(
        id=name.replace(".", "_"), seat_id=seat, kind=kind, file=folder / f"{name}.webm", start=start, seconds=closed.seconds,
        size=closed.size, sha256=closed.sha256, **what,
    )  # fmt: skip


def plan(*sources: Source, seconds: float, seats: int = 2, **what: Any) -> VideoPlan:
    people = tuple(Seat(id=f"s{number}", role=ROLES[number], name="何守田") for number in range(seats))
    return VideoPlan(heading="接谈室", started_at=None, seconds=seconds, seats=people, sources=sources, **what)


@pytest.mark.parametrize("document", [None, "s0"])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_nobody_covers_anybody(count: int, document: str | None) -> None:
    seats = [f"s{number}" for number in range(count)]
    boxes = [tile.box for tile in layout.tiles(seats, document)]
    assert len(boxes) == count + (document is not None)
    used = np.zeros((layout.HEIGHT, layout.WIDTH), np.uint8)
    for box in boxes:
        assert box.y >= layout.TOP
        assert not any(side % 2 for side in (box.x, box.y, box.width, box.height))
        used[box.y : box.y + box.height + layout.LABEL, box.x : box.x + box.width] += 1
        assert min(box.width, box.height) > 60
    assert used.max() == 1
    assert used.sum() == sum(box.width * (box.height + layout.LABEL) for box in boxes)
    if document is not None:
        assert boxes[0].width > 2 * boxes[1].width


def loud(samples: np.ndarray) -> np.ndarray:
    """Whether each tenth of a second has a tone in it."""
    tenths = samples[: len(samples) // 4800 * 4800].reshape(-1, 4800)
    return np.sqrt((tenths**2).mean(axis=1)) > 0.02


def test_every_tenth_of_a_second_of_sound_lands_where_it_was_said(tmp_path: Path) -> None:
    files = [source(tmp_path, "s0", TrackKind.AUDIO, start, 1.0) for start in (0.5, 3.0, 6.2)]
    filling = source(tmp_path, "s0", TrackKind.AUDIO, 4.0, 2.0, only=(4.6, 5.2))
    mixed = np.concatenate(list(sound.mixed((*files, filling), 8.0, pytest.fail)))
    assert len(mixed) == 8 * sound.RATE
    heard = loud(mixed)
    for tenth in range(80):
        at = tenth / 10
        inside = [0.5 <= at < 1.5, 3.0 <= at < 4.0, 4.6 <= at < 5.2, 6.2 <= at < 7.2]
        edge = any(abs(at - moment) < 0.11 for moment in (0.5, 1.5, 3.0, 4.0, 4.6, 5.2, 6.2, 7.2))
        assert edge or heard[tenth] == any(inside), at


def test_voices_together_are_never_cut_off_and_a_quiet_one_stays_as_it_is(tmp_path: Path) -> None:
    one = source(tmp_path, "s0", TrackKind.AUDIO, 0.0, 1.0)
    alone = np.concatenate(list(sound.mixed([one], 1.0, pytest.fail)))
    many = [one.model_copy(update={"seat_id": f"s{number}"}) for number in range(5)]
    together = np.concatenate(list(sound.mixed(many, 1.0, pytest.fail)))
    assert np.abs(together).max() < 1
    assert np.abs(together).max() > 2 * np.abs(alone).max()


def test_a_clock_that_runs_fast_is_followed_without_holes() -> None:
    """0.1 % in 20 ms frames for a minute: 60 ms that plain counting would be off at the end."""
    voice = sound.Voice([], pytest.fail)
    ones = np.ones((1, 960), np.float32)
    frame = av.AudioFrame.from_ndarray(ones, format="fltp", layout="mono")
    origin = Source(id="a", seat_id="s0", kind=TrackKind.AUDIO, file=Path("x"), start=0, seconds=60, size=0, sha256="")
    spoken = (sound.Recorded(number * 0.02 * 1.001, frame, origin) for number in itertools.count())
    voice._frames = spoken
    heard = np.concatenate([voice.take(sound.RATE) for _ in range(60)])
    assert heard.min() > 0.99
    assert abs(next(spoken).at * sound.RATE - voice._end) < 2 * sound.SOFT_STEP


def test_a_document_is_large_while_it_is_shown(tmp_path: Path) -> None:
    people = [source(tmp_path, f"s{number}", TrackKind.VIDEO, 0.0, 3.0) for number in (0, 1)]
    paper = source(tmp_path, "s0", TrackKind.VIDEO, 1.0, 1.0, document=True)
    made = plan(*people, paper, seconds=3.0)
    scenes = Scenes(made, 0.0, 3.0, pytest.fail)
    canvas = Canvas(made, Words(""))
    for moment, shown in ((0.5, 2), (1.5, 3), (2.5, 2)):
        tiles, pictures = scenes.at(moment)
        assert (len(tiles), tiles[0].document) == (shown, shown == 3)
        assert all(picture is not None for picture in pictures)
        drawn = canvas.draw(moment, tiles, pictures, ["一句", "两句", "三句"])
        assert (drawn.width, drawn.height, drawn.format.name) == (1280, 720, "yuv420p")


def test_a_missing_picture_is_a_plain_tile_and_a_broken_file_is_told(tmp_path: Path) -> None:
    whole = source(tmp_path, "s0", TrackKind.VIDEO, 0.0, 1.0)
    broken = source(tmp_path, "s1", TrackKind.VIDEO, 0.0, 4.0)
    broken.file.write_bytes(b"no film")
    told: list[Source] = []
    scenes = Scenes(plan(whole, broken, seconds=4.0), 0.0, 4.0, told.append)
    assert [picture is None for picture in scenes.at(0.5)[1]] == [False, True]
    assert [picture is None for picture in scenes.at(3.9)[1]] == [True, True]
    assert told == [broken]


def test_a_picture_and_sound_from_the_middle_on_are_those_of_the_beginning(tmp_path: Path) -> None:
    """A part begins at a key frame before it: the same picture is shown as without parts."""
    video = source(tmp_path, "s0", TrackKind.VIDEO, 0.0, 4.0)
    from_start = Scenes(plan(video, seconds=4.0), 0.0, 4.0, pytest.fail)
    for number in range(30):
        expected = from_start.at(number / 10)[1][0]
    late = Scenes(plan(video, seconds=4.0), 2.9, 4.0, pytest.fail).at(2.9)[1][0]
    assert (expected.to_ndarray() == late.to_ndarray()).all()


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a file system of its own needs the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_in_the_middle_is_told(tmp_path: Path, small_disk: Path) -> None:
    sources = [source(tmp_path, seat, TrackKind.AUDIO, 0.0, 30.0) for seat in ("s0", "s1")]
    (small_disk / PLAN).write_text(plan(*sources, seconds=30.0).model_dump_json())
    with subprocess.Popen([sys.executable, "-m", "server.archive.worker", str(small_disk)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as worker:
        assert worker.wait(120) == DISK_FULL
    assert not (small_disk / RESULT).exists()


def test_a_second_worker_leaves_the_folder_to_the_first(tmp_path: Path) -> None:
    (tmp_path / PLAN).write_text(plan(seconds=1.0).model_dump_json())
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with subprocess.Popen([sys.executable, "-m", "server.archive.worker", str(tmp_path)], stdin=subprocess.PIPE) as worker:
            assert worker.wait(60) == BUSY


def test_sound_alone_makes_a_film_too(tmp_path: Path) -> None:
    made = plan(source(tmp_path, "s0", TrackKind.AUDIO, 0.0, 2.0), seconds=2.0, audio_only=True, part_seconds=1.0)
    film = Film(made, tmp_path, Disk(tmp_path, 0), lambda done: None).make()
    with av.open(str(film)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "subtitle"]
        assert sum(1 for _ in container.decode(video=0)) == 10
