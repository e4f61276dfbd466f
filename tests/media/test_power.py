"""Power loss: what was synced is all that is left, and that is everything but the last second."""

import asyncio
import os
import random
import stat
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import pytest

from server.media import history, recorder, rtp, webm
from server.media.closing import Store
from server.media.codecs.vp8 import vp8_header
from server.media.inputs import AudioInput, VideoInput
from server.media.journal import Journal, read
from server.media.recorder import TrackRecorder
from server.media.timeline import Timeline
from server.media.writer import Writer
from server.protocol.base import Role, Source, TrackKind
from server.protocol.media_control import MarkSet
from server.protocol.recording import JOURNAL_NAME, Gap, Segment
from tests.media import encoded

TICK = 0.25
MOST_LOST = 1.0


class Disk:
    """What a disk holds for certain (fsync(2)): contents of synced files, names of synced folders."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.contents: dict[int, bytes] = {}
        self.names: dict[int, dict[str, int]] = {}
        self._sync = os.fsync
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, number: int) -> None:
        self._sync(number)
        state = os.fstat(number)
        path = Path(f"/proc/self/fd/{number}").resolve()
        if stat.S_ISDIR(state.st_mode):
            self.names[state.st_ino] = {entry.name: entry.inode() for entry in os.scandir(path)}
        else:
            self.contents[state.st_ino] = path.read_bytes()

    def after_power_loss(self, folder: Path, into: Path, rng: random.Random | None = None) -> Path:
        """What is found of a folder afterwards; with `rng` some more of what was written, torn and with zeros."""
        into.mkdir()
        for name, inode in self.names.get(folder.stat().st_ino, {}).items():
            data = self.contents.get(inode, b"")
            path = folder / name
            if rng is not None and path.exists() and path.stat().st_ino == inode:
                more = path.read_bytes()[len(data) :]
                data += more[: rng.randint(0, len(more))] + bytes(rng.choice((0, 1, 700)))
            (into / name).write_bytes(data)
        return into


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


class Talk:
    """One person's sound and picture being recorded, on a clock of its own."""

    def __init__(self, folder: Path, segment_seconds: float = 600) -> None:
        self.folder = folder
        self.segments: list[Segment] = []
        self.gaps: list[Gap] = []
        self.writer, self.closer = Writer(), ThreadPoolExecutor(1)
        self.store = Store(folder, self.writer, self.closer, segment_seconds)
        self.trouble: list[str] = []
        self.asked: list[str] = []
        events = recorder.Events(self.segments.append, self.gaps.append, self.trouble.append)
        self.tracks = {
            TrackKind.AUDIO: TrackRecorder(self.store, events, "p1", Role.PETITIONER, Source.MICROPHONE),
            TrackKind.VIDEO: TrackRecorder(self.store, events, "p1", Role.PETITIONER, Source.CAMERA),
        }
        self.times = {TrackKind.AUDIO: Timeline(rtp.AUDIO_CLOCK), TrackKind.VIDEO: Timeline(rtp.VIDEO_CLOCK)}
        as_it_is = lambda moment: moment  # noqa: E731
        self.audio = AudioInput(self.tracks[TrackKind.AUDIO], self.times[TrackKind.AUDIO], as_it_is)
        self.video = VideoInput(
            self.tracks[TrackKind.VIDEO], self.times[TrackKind.VIDEO], as_it_is, lambda: self.asked.append("key frame")
        )  # fmt: skip

    def sound(self, number: int, data: bytes, at: float) -> None:
        packet = rtp.Packet(number, number * 960, False, data, at)
        self.times[TrackKind.AUDIO].arrived(packet.timestamp, at)
        self.audio(packet)

    def picture(self, number: int, data: bytes, at: float) -> None:
        payload = b"\x10" + data
        packet = rtp.Packet(number, number * 9000, True, payload, at, vp8_header(payload))
        self.times[TrackKind.VIDEO].arrived(packet.timestamp, at)
        self.video(packet)

    def tick(self, now: float) -> None:
        for sink, track in ((self.audio, self.tracks[TrackKind.AUDIO]), (self.video, self.tracks[TrackKind.VIDEO])):
            sink.tick(now)
            track.tick(now)

    async def end(self) -> None:
        for sink in (self.audio, self.video):
            sink.flush()
        for track in self.tracks.values():
            track.end("left")
        await self.store.closed()


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    (tmp_path / "r1").mkdir()
    made = Talk(tmp_path / "r1", segment_seconds=6)
    yield made
    await made.writer.close()
    made.closer.shutdown()


def left(folder: Path) -> dict[TrackKind, float]:
    """Where each track ends that the next process finds; all that is before is there or told as a gap."""
    _, repaired = history.load(folder)
    ends = dict.fromkeys(TrackKind, 0.0)
    for segment in repaired:
        ends[segment.kind] = max(ends[segment.kind], segment.start + segment.seconds)
    return ends


def _lost(number: int) -> bool:
    """Sound packets that never come: single ones, and a run."""
    return number % 37 == 5 or 300 <= number < 310


async def test_power_loss_at_any_moment_costs_a_second_at_most(talk: Talk, disk: Disk, tmp_path: Path) -> None:
    rng = random.Random(4)
    moments = sorted(rng.sample(range(100, 900), 24))
    sounds, pictures = encoded.opus(2), encoded.vp8(2)
    for number in range(900):
        now = number * 0.02
        if not _lost(number):
            talk.sound(number, sounds[number % 100].data, now)
        if number % 5 == 0:
            talk.picture(number // 5, pictures[number // 5 % 20].data, now)
        if number % round(TICK / 0.02) == 0:
            talk.tick(now)
        await talk.writer.barrier()
        if number in moments:
            for torn in (None, rng):
                image = disk.after_power_loss(talk.folder, tmp_path / f"{number}-{torn is not None}", torn)
                for kind, end in left(image).items():
                    assert now - end <= MOST_LOST, (kind, number, torn is not None)
    await talk.end()


async def test_what_the_office_was_told_is_still_there_after_a_power_loss(disk: Disk, tmp_path: Path) -> None:
    folder = tmp_path / "r1"
    folder.mkdir()
    told: list[int] = []
    writer = Writer()
    journal = Journal(folder, "r1", writer, lambda _, seq: told.append(seq), 0)
    for number in range(1, 30):
        journal.append(MarkSet(participant_id="p1", at=number, note=""))
        if number % 3 == 0:
            await writer.barrier()
            image = disk.after_power_loss(folder, tmp_path / str(number))
            entries, _ = read(image / JOURNAL_NAME)
            assert told == [entry.seq for entry in entries] == list(range(1, number + 1))
    await writer.close()


async def test_a_closed_file_is_whole_after_a_power_loss(talk: Talk, disk: Disk, tmp_path: Path) -> None:
    for number, block in enumerate(encoded.opus(2)):
        talk.sound(number, block.data, number * 0.02)
    await talk.end()
    await talk.writer.barrier()  # as before the journal says that it is closed: the same thread writes both
    (segment,) = talk.segments
    image = disk.after_power_loss(talk.folder, tmp_path / "image")
    assert (image / segment.file).read_bytes() == (talk.folder / segment.file).read_bytes()


async def test_a_disk_that_cannot_sync_is_told_and_a_new_file_begins(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, refused = os.fsync, [True]

    def fsync(number: int) -> None:
        if refused[0] and stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(5, "Input/output error")
        sync(number)

    monkeypatch.setattr(os, "fsync", fsync)
    sounds = encoded.opus(2)
    for number in range(200):
        talk.sound(number, sounds[number % 100].data, number * 0.02)
        await talk.writer.barrier()
        await asyncio.sleep(0)
        if number == 60:
            refused[0] = False
    await talk.end()
    assert "disk_error" in talk.trouble
    assert talk.trouble[-1] == ""
    # The hole in the middle is told, whatever became of the first file.
    last = max(talk.segments, key=lambda s: s.start)
    covered = sum(g.end - g.start for g in talk.gaps) + sum(s.seconds for s in talk.segments)
    assert last.start + last.seconds == pytest.approx(4.0, abs=0.05)
    assert covered >= 3.9


async def _with_late_sound(talk: Talk) -> list[bytes]:
    """Speak 4 s of which three packets come 1.2 s late, and one never."""
    sounds = encoded.opus(2)
    sent = [sounds[number % 100].data for number in range(200)]
    late = {60, 61, 63}
    for number, data in enumerate(sent):
        now = number * 0.02
        if number - 60 in late:
            talk.sound(number - 60, sent[number - 60], now)
        if number not in late | {62}:
            talk.sound(number, data, now)
        if number % 12 == 0:
            talk.tick(now)
    return sent


async def test_sound_that_comes_after_it_was_given_up_is_put_in_its_place(talk: Talk) -> None:
    sent = await _with_late_sound(talk)
    await talk.end()
    (segment,) = talk.segments
    assert [(g.start, g.end) for g in segment.gaps] == [(pytest.approx(1.24, abs=0.005), pytest.approx(1.26, abs=0.005))]
    with av.open(str(talk.folder / segment.file)) as container:
        packets = [(float(p.pts * p.time_base), bytes(p)) for p in container.demux() if p.size]
    assert [data for _, data in packets] == [*sent[:62], webm.SILENCE, *sent[63:]]
    assert [at for at, _ in packets] == sorted(at for at, _ in packets)


async def test_late_sound_after_which_nothing_comes_is_in_the_file_too(talk: Talk) -> None:
    sounds = encoded.opus(2)
    sent = [sounds[number % 100].data for number in range(150)]
    for number, data in enumerate(sent):
        if number != 100:
            talk.sound(number, data, number * 0.02)
    talk.tick(3.5)
    await talk.writer.barrier()
    talk.sound(100, sent[100], 3.6)
    await talk.end()
    (segment,) = talk.segments
    assert segment.gaps == ()
    with av.open(str(talk.folder / segment.file)) as container:
        assert [bytes(p) for p in container.demux() if p.size] == sent


async def test_late_sound_is_in_its_place_in_a_file_whose_writer_died_too(talk: Talk) -> None:
    sent = await _with_late_sound(talk)
    await talk.writer.barrier()
    _, (segment,) = history.load(talk.folder)
    assert [(g.start, g.end) for g in segment.gaps] == [(pytest.approx(1.24, abs=0.005), pytest.approx(1.26, abs=0.005))]
    with av.open(str(talk.folder / segment.file)) as container:
        found = [bytes(p) for p in container.demux() if p.size]
    assert found == [*sent[:62], webm.SILENCE, *sent[63:]][: len(found)]
    assert len(found) > 180


@pytest.mark.parametrize("ppm", [200, -200])
async def test_a_file_keeps_time_though_the_device_drifts_and_nothing_is_added(talk: Talk, ppm: int) -> None:
    talk.store.segment_seconds = 600
    sounds = encoded.opus(2)
    sent = [sounds[number % 100].data for number in range(6000)]
    for number, data in enumerate(sent):
        talk.sound(number, data, number * 0.02 * (1 + ppm / 1e6))
        if number % 500 == 0:
            await talk.writer.barrier()
    await talk.end()
    (segment,) = talk.segments
    assert segment.gaps == ()
    with av.open(str(talk.folder / segment.file)) as container:
        packets = [(float(p.pts * p.time_base), bytes(p)) for p in container.demux() if p.size]
    assert [data for _, data in packets] == sent
    for number in range(0, 6000, 50):
        assert packets[number][0] + segment.start == pytest.approx(number * 0.02 * (1 + ppm / 1e6), abs=0.012)
    assert not any(data == webm.SILENCE for _, data in packets)


async def test_sound_whose_first_packets_were_late_gets_back_to_its_time(talk: Talk) -> None:
    talk.store.segment_seconds = 600
    sounds = encoded.opus(2)
    for number in range(200):
        late = max(0.0, 0.4 - number * 0.02)
        talk.sound(number, sounds[number % 100].data, number * 0.02 + late)
        await talk.writer.barrier()
    await talk.end()
    (segment,) = talk.segments
    assert (segment.start, segment.gaps) == (pytest.approx(0.4), ())
    assert segment.start + segment.seconds == pytest.approx(4.0, abs=0.01)
    with av.open(str(talk.folder / segment.file)) as container:
        packets = [(float(p.pts * p.time_base), bytes(p)) for p in container.demux() if p.size]
    assert [data for _, data in packets] == [sounds[number % 100].data for number in range(200)]
    assert packets[120][0] + segment.start == pytest.approx(2.4, abs=0.02)


async def test_a_picture_whose_file_was_ended_has_a_new_one_soon(talk: Talk) -> None:
    key, other = (frame.data for frame in encoded.vp8(2)[:2])
    talk.picture(0, key, 0.0)
    asked = len(talk.asked)
    talk.picture(1, other, 0.1)
    assert len(talk.asked) == asked
    talk.tracks[TrackKind.VIDEO].end("disk_full")
    talk.picture(2, other, 0.2)
    assert len(talk.asked) == asked + 1
    talk.picture(3, key, 0.3)
    talk.picture(4, other, 0.4)
    assert len(talk.asked) == asked + 1
    await talk.end()
    assert len(talk.segments) == 2
