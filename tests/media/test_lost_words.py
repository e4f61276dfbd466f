"""What used to lose words: files that do not close, late packets, a hasty farewell, a clock that is set, bad lines."""

import asyncio
import errno
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from server import clock
from server.media import closing, history, journal, recorder, rtp, webm
from server.media.closing import Store
from server.media.inputs import AudioInput, TapInput
from server.media.node import Node
from server.media.recorder import TrackRecorder
from server.media.tap import Events, Tap
from server.media.timeline import Timeline
from server.media.transcribers import Access, Transcribers
from server.media.writer import Overloaded, Writer
from server.protocol.base import Role, Source
from server.protocol.media_control import (
    CloseRoom,
    Entry,
    Follow,
    GapFound,
    Opened,
    RecordingStarted,
)
from server.protocol.recording import Gap, Segment
from server.protocol.signalling import HangUp, Leave
from server.protocol.transcript import LiveEnd, LiveFinished
from server.settings import Settings
from tests.media import encoded
from tests.media.client import until
from tests.media.conftest import Make
from tests.media.office import Office
from tests.patience import PATIENCE_S

SECONDS = 3.0


# --- files that do not close ------------------------------------------------------------------------------------


class Recording:
    """One track that records into a folder; keeps what is told of it."""

    def __init__(self, folder: Path) -> None:
        self.segments: list[Segment] = []
        self.gaps: list[Gap] = []
        self.writer, self.closer = Writer(), ThreadPoolExecutor(1)
        self.store = Store(folder, self.writer, self.closer, 600)
        events = recorder.Events(self.segments.append, self.gaps.append, lambda code: None)
        self.track = TrackRecorder(self.store, events, "p1", Role.PETITIONER, Source.MICROPHONE)
        self.path = folder / "p1-audio-001.webm"

    def talk(self) -> None:
        for block in encoded.opus(SECONDS):
            self.track.audio(block.at, block.data, block.at, lost=False)
        self.track.end("left")

    @property
    def told(self) -> list[tuple[float, float, str]]:
        return [(round(g.start, 1), round(g.end, 1), g.cause) for g in self.gaps]


@pytest.fixture
async def recording(tmp_path: Path) -> AsyncIterator[Recording]:
    made = Recording(tmp_path)
    yield made
    await made.writer.close()
    made.closer.shutdown()


def refuse(path: object) -> webm.ClosedFile:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_file_that_could_not_be_closed_is_closed_later(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = webm.finalise
    monkeypatch.setattr(webm, "finalise", refuse)
    recording.talk()
    await until(lambda: recording.store.refused, "refused")
    assert not recording.segments
    monkeypatch.setattr(webm, "finalise", real)
    recording.store.retry(100.0)
    await until(lambda: recording.segments, "closed")
    assert (recording.segments[0].closed, recording.told) == ("clean", [])
    assert abs(recording.segments[0].seconds - SECONDS) < 0.05


async def test_file_on_a_full_disk_is_closed_without_cues_in_the_end(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webm, "_cues", lambda scan: refuse(scan))
    recording.talk()
    await recording.store.closed()
    (segment,) = recording.segments
    data = recording.path.read_bytes()
    assert (segment.closed, segment.size, segment.sha256) == ("repaired", len(data), hashlib.sha256(data).hexdigest())
    assert abs(segment.seconds - SECONDS) < 0.05
    assert not recording.gaps


def test_salvaged_file_plays_whole(tmp_path: Path) -> None:
    path, blocks = tmp_path / "a.webm", encoded.opus(2)
    head = webm.head(webm.opus_track(), {"id": "a"})
    halves = [webm.cluster(blocks[:50]), webm.cluster(blocks[50:])]
    path.write_bytes(head + b"".join(halves) + b"half a cue")
    assert abs(webm.salvage(path).seconds - 2.0) < 0.02
    with av.open(str(path)) as container:
        assert [bytes(p) for p in container.demux() if p.size] == [b.data for b in blocks]
    assert abs(webm.finalise(path).seconds - 2.0) < 0.02


async def test_file_that_never_closes_is_a_gap(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webm, "finalise", refuse)
    monkeypatch.setattr(webm, "salvage", refuse)
    recording.talk()
    await recording.store.closed(for_good=False)
    assert not recording.gaps, "the next process may still mend it"
    await recording.store.closed()
    assert (recording.segments, recording.told) == ([], [(0.0, SECONDS, "disk_error")])


@pytest.mark.parametrize("keep", [0.0, 0.5])
async def test_what_a_damaged_file_lost_is_a_gap(recording: Recording, keep: float) -> None:
    close = recorder._File.close

    def damage(file: recorder._File, writer: Writer) -> None:
        close(file, writer)
        data = recording.path.read_bytes()
        recording.path.write_bytes(data[: int(len(data) * keep)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder._File, "close", damage)
        recording.talk()
        await recording.store.closed()
    known = sum(s.seconds for s in recording.segments)
    (gap,) = recording.gaps
    assert (gap.cause, len(recording.segments)) == ("disk_error", int(keep > 0))
    assert abs(gap.start - known) < 0.01
    assert abs(gap.end - SECONDS) < 0.01


async def test_disk_that_fails_on_close_holds_nothing_up(recording: Recording) -> None:
    class Disk:
        def __init__(self, file: object) -> None:
            self._file = file

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

        def close(self) -> None:
            self._file.close()  # type: ignore[attr-defined]
            raise OSError(errno.EIO, "Input/output error")

    hand_over = recording.track._hand_to_closer

    def with_bad_disk(stretch: recorder._Stretch, done: "asyncio.Future[None]") -> None:
        stretch.file._file = Disk(stretch.file._file)  # type: ignore[assignment]
        hand_over(stretch, done)

    recording.track._hand_to_closer = with_bad_disk  # type: ignore[method-assign]
    recording.talk()
    await asyncio.wait_for(recording.store.closed(), PATIENCE_S)
    assert len(recording.segments) == 1


async def test_room_is_not_closed_before_every_file_is_told(recording: Recording) -> None:
    def overloaded(segment: Segment) -> None:
        raise Overloaded

    tell, recording.track._events.segment = recording.track._events.segment, overloaded
    recording.talk()
    with pytest.raises(closing.NotClosed):
        await recording.store.closed()
    recording.track._events.segment = tell
    await recording.store.closed()
    assert len(recording.segments) == 1


def write_journal(folder: Path, *facts: object) -> None:
    lines = [
        Entry(reception_id="r1", seq=n, at=datetime.now(UTC), fact=fact).model_dump_json()  # type: ignore[arg-type]
        for n, fact in enumerate(facts, 1)
    ]
    (folder / "journal.jsonl").write_text("".join(line + "\n" for line in lines))


def write_file(folder: Path, name: str, start: float, seconds: float) -> None:
    description = {
        "id": name, "participant_id": "p1", "role": "petitioner", "kind": "audio", "codec": "audio/opus", "start": start,
    }  # fmt: skip
    clusters = webm.cluster(encoded.opus(seconds)) if seconds else b""
    (folder / f"{name}.webm").write_bytes(webm.head(webm.opus_track(), description) + clusters)


def test_file_that_cannot_be_mended_is_found_and_told_once(tmp_path: Path) -> None:
    write_journal(tmp_path, Opened(generation=1))
    write_file(tmp_path, "p1-audio-001", 0.0, 2.0)
    write_file(tmp_path, "p1-audio-002", 2.0, 0.0)
    (tmp_path / "p1-audio-003.webm").write_bytes(b"no recording at all")
    write_file(tmp_path, "p1-audio-004", 9.0, 1.0)
    past, repaired = history.load(tmp_path)
    assert [s.id for s in repaired] == ["p1-audio-001", "p1-audio-004"]
    assert [(g.start, g.end, g.cause) for g in past.lost_files] == [(2.0, 9.0, "truncated")] * 2
    write_journal(tmp_path, Opened(generation=1), *(GapFound(gap=g) for g in past.lost_files))
    assert history.load(tmp_path)[0].lost_files == []


def test_file_is_mended_on_a_full_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(tmp_path, "p1-audio-001", 0.0, 2.0)
    monkeypatch.setattr(webm, "finalise", refuse)
    _, (segment,) = history.load(tmp_path)
    assert abs(segment.seconds - 2.0) < 0.05


# --- the tap ----------------------------------------------------------------------------------------------------


async def tap_without_line() -> Tap:
    """A tap whose connection is made by the test."""

    def nothing(*_: object) -> None: ...

    nobody = Transcribers([Access("ws://127.0.0.1:9/live", "key")])
    tap = Tap(nobody, "r1", "p1", Events(nothing, nothing, nothing, nothing, nothing))
    await tap.cancel()
    tap._task = asyncio.ensure_future(asyncio.sleep(0))
    return tap


class Line:
    """The sending side of a connection; `on_sound` is called when sound has gone over it."""

    def __init__(self, on_sound: Callable[[], None]) -> None:
        self.sent: list[str | bytes] = []
        self._on_sound = on_sound

    async def send(self, message: str | bytes) -> None:
        self.sent.append(message)
        await asyncio.sleep(0)
        if isinstance(message, bytes):
            self._on_sound()


async def test_farewell_goes_out_behind_the_last_word() -> None:
    tap, last_word = await tap_without_line(), b"\1\1" * 8000
    tap.push(0.0, bytes(16000))

    def hang_up() -> None:
        if not tap._ending:
            tap.push(0.5, last_word)
            tap._ending = True

    line = Line(hang_up)
    await asyncio.wait_for(tap._send(line, 0.0), PATIENCE_S)  # type: ignore[arg-type]
    assert line.sent == [bytes(16000), last_word, LiveEnd().model_dump_json()]


async def test_what_was_not_sent_is_not_decided() -> None:
    tap = await tap_without_line()
    tap.push(0.0, bytes(32000))
    tap.push(5.0, bytes(32000))

    class Broken(RuntimeError):
        pass

    def breaks() -> None:
        tap._ending = True
        raise Broken

    with pytest.raises(Broken):
        await tap._send(Line(breaks), 0.0)  # type: ignore[arg-type]
    tap._take(LiveFinished())
    assert await tap.finish(1.0) == 0.0
    assert tap.reason == "unfinished"


async def test_transcriber_that_is_done_too_early_has_not_heard_the_rest() -> None:
    tap = await tap_without_line()
    tap._take(LiveFinished())
    assert not tap._finished


class Heard(Tap):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.pieces: list[tuple[float, bytes]] = []

    def push(self, at: float, samples: bytes, repairs: object = ()) -> None:
        self.pieces.append((at, samples))


def heard(packets: list[rtp.Packet]) -> bytes:
    tap, timeline = Heard(), Timeline(rtp.AUDIO_CLOCK)
    into = TapInput(tap, timeline, lambda moment: moment)
    for packet in packets:
        timeline.arrived(packet.timestamp, packet.arrival)
        into(packet)
        into.tick(packet.arrival)
    into.flush()
    return b"".join(samples for _, samples in tap.pieces)


def test_words_that_arrive_late_are_recognised_in_full() -> None:
    on_time = [rtp.Packet(n, n * 960, False, b.data, n * 0.02) for n, b in enumerate(encoded.opus(4))]
    again = 0.02 * 125 + 0.4
    late = [rtp.Packet(p.seq, p.timestamp, p.marker, p.payload, again) for p in on_time[100:125]]
    before = [p for p in on_time[:100] + on_time[125:] if p.arrival < again]
    after = [p for p in on_time[125:] if p.arrival >= again]
    assert heard(before + late + after) == heard(on_time)


def test_sound_in_order_does_not_wait() -> None:
    tap, timeline = Heard(), Timeline(rtp.AUDIO_CLOCK)
    into = TapInput(tap, timeline, lambda moment: moment)
    for n, block in enumerate(encoded.opus(1)):
        timeline.arrived(n * 960, n * 0.02)
        into(rtp.Packet(n, n * 960, False, block.data, n * 0.02))
        assert len(tap.pieces) == n + 1


async def test_a_computer_that_is_far_too_slow_is_recorded_in_one_file(recording: Recording) -> None:
    """Its sound is dated long ago: nothing ends for that."""
    timeline = Timeline(rtp.AUDIO_CLOCK)
    into = AudioInput(recording.track, timeline, lambda moment: moment)
    for n, block in enumerate(encoded.opus(4)):
        arrival = n * 0.08
        timeline.arrived(n * 960, arrival)
        into(rtp.Packet(n, n * 960, False, block.data, arrival))
        recording.track.tick(arrival)
    recording.track.end("left")
    await recording.store.closed()
    assert len(recording.segments) == 1


@pytest.mark.parametrize("stood_still", [0.4, 3.0, 40.0])
async def test_who_stood_still_while_the_recording_began_is_heard_from_the_first_word(recording: Recording, stood_still: float) -> None:
    """A microphone whose clock stops seems to speak of the time before the recording at first."""
    before, began = 2.0, 2.0 + stood_still / 2
    tap, timeline, blocks = Heard(), Timeline(rtp.AUDIO_CLOCK), encoded.opus(4)
    media_time = lambda moment: moment - began  # noqa: E731
    inputs = [AudioInput(recording.track, timeline, media_time), TapInput(tap, timeline, media_time)]
    for n, block in enumerate(blocks):
        arrival = n * 0.02 + (stood_still if n >= before / 0.02 else 0.0)
        timeline.arrived(n * 960, arrival)
        for into in inputs:
            into(rtp.Packet(n, n * 960, False, block.data, arrival))
    for into in inputs:
        into.flush()
    recording.track.end("left")
    await recording.store.closed()
    with av.open(str(recording.path)) as container:
        written = [bytes(packet) for packet in container.demux() if packet.size]
    said = [block.data for block in blocks[100:]]
    assert [data for data in written if data in said] == said
    assert abs(sum(len(samples) for _, samples in tap.pieces) / 32_000 - 2.0) < 0.1
    for start in (recording.segments[0].start, tap.pieces[0][0]):
        assert abs(start - stood_still / 2) < 0.1


# --- the wall clock is set --------------------------------------------------------------------------------------


@pytest.fixture
def step() -> Iterator[Callable[[float], None]]:
    def by(seconds: float) -> None:
        clock.set_source(lambda: datetime.now(UTC) + timedelta(seconds=seconds))

    yield by
    clock.set_source(None)


@pytest.mark.parametrize("seconds", [60.0, -60.0])
@pytest.mark.parametrize("farewell", [HangUp, Leave])
async def test_clock_that_is_set_does_not_change_the_length_of_a_talk(
    seat: Make, node: Node, step: Callable[[float], None], seconds: float, farewell: type
) -> None:
    petitioner = await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await until(lambda: leader.captions, "somebody is heard")
    step(seconds)
    await petitioner.send(farewell())
    if farewell is Leave:
        await leader.send(farewell())
    room = node.hub.rooms["r1"]
    await until(lambda: not room.participants, "all gone")
    manifest = await node.hub.close_room("r1", "office")
    assert manifest.segments
    recorded = max(s.start + s.seconds for s in manifest.segments)
    assert recorded - 0.5 <= manifest.seconds < recorded + 10.0
    assert not [g for g in manifest.gaps if g.end - g.start > 30]


@pytest.mark.parametrize("seconds", [60.0, -60.0])
async def test_clock_that_is_set_during_a_restart(
    node: Node, settings: Settings, step: Callable[[float], None], seconds: float
) -> None:
    folder = settings.recordings_dir / "r1"
    folder.mkdir(parents=True)
    write_file(folder, "p1-audio-001", 0.0, 3.0)
    write_journal(folder, Opened(generation=1), RecordingStarted(started_at=datetime.now(UTC) - timedelta(seconds=20)))
    step(seconds)
    room = await node.hub.room("r1")
    at = room.media_time(asyncio.get_running_loop().time())
    gaps = [g for g in room.manifest().gaps if g.participant_id is None]
    if seconds > 0:
        assert (79 < at < 110, gaps) == (True, [])
    else:
        assert 3.0 < at < 30.0
        assert [(round(g.start, 1), g.cause) for g in gaps] == [(3.0, "media_restarted")]
        assert gaps[0].end <= at


# --- lines and endings that fail --------------------------------------------------------------------------------

LINE = '{"reception_id":"r1","seq":%d,"at":"2026-01-01T00:00:00+00:00","fact":{"kind":"opened","generation":1}}\n'


def test_damaged_line_in_the_middle_loses_nothing_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(LINE % 1 + "{damaged\n" + LINE % 3 + (LINE % 4)[:30])
    journal.cut_partial_line(path)
    entries, last_seq = journal.read(path)
    assert ([e.seq for e in entries], last_seq) == ([1, 3], 3)
    assert path.read_text().count("\n") == 3


def test_seq_of_a_damaged_last_line_is_not_given_away_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(LINE % 1 + LINE % 2 + "\0\0\0\n")
    past, _ = history.load(tmp_path)
    assert past.last_seq == 3


def test_reader_of_a_damaged_journal_sees_no_hole(tmp_path: Path) -> None:
    path, cursor = tmp_path / "journal.jsonl", journal.Cursor(0)
    path.write_text(LINE % 1 + "{damaged\n" + LINE % 3 + "damaged\n")
    assert [(e.seq, e.fact.kind) for e in cursor.advance(path)] == [(1, "opened"), (2, "line_lost"), (3, "opened")]
    with path.open("a") as file:
        file.write(LINE % 5 + LINE % 10_000 + LINE % 7)
    assert [(e.seq, e.fact.kind) for e in cursor.advance(path)] == [
        (4, "line_lost"), (5, "opened"), (6, "line_lost"), (7, "opened"),
    ]  # fmt: skip


async def test_journal_that_cannot_be_read_does_not_stop_the_others(
    node: Node, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.media import control

    monkeypatch.setattr(control, "AGAIN_AFTER", 0.5)
    for name in ("bad", "good"):
        await node.hub.room(name)
    path = settings.recordings_dir / "bad" / "journal.jsonl"
    await until(path.exists, "journal")
    real = journal.Cursor.advance

    def advance(cursor: journal.Cursor, of: Path, until: int | None = None) -> list[Entry]:
        if of == path:
            raise OSError(errno.EIO, "Input/output error")
        return real(cursor, of, until)

    monkeypatch.setattr(journal.Cursor, "advance", advance)
    async with Office(node.port, settings) as office:
        await office.ask(Follow(id=1, after={"bad": 0, "good": 0}))
        await until(lambda: {e.entry.reception_id for e in office.entries} == {"good"}, "the good one")
        monkeypatch.setattr(journal.Cursor, "advance", real)
        await until(lambda: {e.entry.reception_id for e in office.entries} == {"good", "bad"}, "both")


async def test_ending_that_failed_is_tried_again(
    seat: Make, node: Node, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    real: Callable[..., Awaitable[None]] = Store.closed

    async def fails(store: Store, *, for_good: bool = True) -> None:
        raise closing.NotClosed

    monkeypatch.setattr(Store, "closed", fails)
    async with Office(node.port, settings) as office:
        assert not (await office.ask(CloseRoom(id=1, reception_id="r1"))).ok
        assert '"kind":"closed"' not in (settings.recordings_dir / "r1" / "journal.jsonl").read_text()
        monkeypatch.setattr(Store, "closed", real)
        assert (await office.ask(CloseRoom(id=2, reception_id="r1"))).ok


async def test_tap_that_fails_does_not_stop_the_ending(
    seat: Make, node: Node, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")

    await until(lambda: {c.utterance.participant_id for c in leader.captions} == {"p1", "l1"}, "both are heard")

    async def fails(tap: Tap, timeout: float) -> float:
        await tap.cancel()
        raise RuntimeError

    monkeypatch.setattr(Tap, "finish", fails)
    manifest = await node.hub.close_room("r1", "office")
    assert {s.participant_id for s in manifest.segments} == {"p1", "l1"}
    lines = (settings.recordings_dir / "r1" / "journal.jsonl").read_text().splitlines()
    facts = [json.loads(line)["fact"] for line in lines]
    assert {f["participant_id"]: f["reason"] for f in facts if f["kind"] == "recognition_until"} == {
        "p1": "failed", "l1": "failed",
    }  # fmt: skip
