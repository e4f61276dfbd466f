"""Recording: one file per participant and kind and stretch, written as it came.  See protocol/recording.md."""

import asyncio
import contextlib
import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from server.media import closing, rtp, webm
from server.media.closing import NOTEWORTHY, Store
from server.media.codecs.base import Frame, Opening
from server.media.writer import Overloaded, Writer
from server.protocol.base import Role, Source, TrackKind
from server.protocol.recording import FILE_TYPES, Gap, Segment

log = structlog.get_logger(__name__)
CLUSTER_SECONDS = 0.25
"""What is not written yet is lost with the process (measured: with 0.5, half a second and more of it)."""
SYNC_WITHIN = 0.4
"""Seconds that a cluster may wait for its file to be synced: a power loss costs that much more, and no disk is asked
to sync a file more than a few times a second."""
REFUSED = "disk_full"
"""Why nothing is recorded while the disk takes nothing."""
FILL_AT_MOST = 2.0
"""A longer hole ends the file."""
STILL_AT_MOST = 12.0
"""The same for papers and screens: where nothing moves nothing is sent, but for an answer to a key frame request."""
RETRY_AFTER = 0.25
"""Seconds until a disk that took nothing is tried again."""
_FRAME = webm.FILL_MS / 1000
SOUND = Opening("audio/opus", webm.opus_track())


@dataclass
class Events:
    """Whom a recorder tells: all called in the event loop."""

    segment: Callable[[Segment], None]
    gap: Callable[[Gap], None]
    trouble: Callable[[str], None]
    """Stable code of what is wrong with writing; empty when it works again."""


class _File:
    """A file in the writer thread; after the first error it takes nothing more."""

    def __init__(self, path: Path, head: bytes, start: float) -> None:
        self.good_until = start
        """Media time up to which everything was written."""
        self.path = path
        self._head = head
        self._file: BinaryIO | None = None
        self._end = 0
        self.failed = False

    @property
    def empty(self) -> bool:
        return not self._end

    def append(self, data: bytes) -> BinaryIO:
        """Write a whole cluster; raises OSError, and then nothing of it is left in the file."""
        if self._file is None:
            self._file = self.path.open("xb", buffering=0)
            data = self._head + data
        try:
            self._put(self._file, data)
        except OSError:
            self._file.truncate(self._end)
            raise
        self._end += len(data)
        return self._file

    def _put(self, file: BinaryIO, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = file.write(rest)
            if not written:
                raise OSError(errno.ENOSPC, "nothing written")
            rest = rest[written:]

    def close(self, writer: Writer) -> None:
        """Sync and close."""
        file, self._file = self._file, None
        if file is not None:
            writer.closing(file)
            with contextlib.suppress(OSError):
                file.close()


@dataclass
class _Stretch:
    """One file being recorded, as the event loop sees it; times are media time in seconds."""

    segment_id: str
    opening: Opening
    start: float
    file: _File
    end: float
    handed_over: float
    """Up to where clusters were given to the writer thread."""
    blocks: list[webm.Block] = field(default_factory=list)
    since: float = 0.0
    """Monotonic time of the first waiting block."""
    came: float = 0.0
    """Monotonic time of the last frame."""
    late: list[webm.Block] = field(default_factory=list)
    """What was given up and came after all, for the next cluster."""
    gaps: list[Gap] = field(default_factory=list)
    hole: Gap | None = None
    """What a disk did not take before this file; told once it takes this one, so that a disk that stays full for an
    hour is one gap and not thousands."""


class TrackRecorder:
    """All files of one participant's one track, over all of its connections."""

    def __init__(
        self, store: Store, events: Events, participant_id: str, role: Role, source: Source, cause: str = ""
    ) -> None:
        self.participant_id, self.role, self.source, self.kind = participant_id, role, source, source.kind
        self._withheld = self._was_withheld = ""
        self.covered_until: float | None = None
        """Media time up to which the track is recorded; None before its first file."""
        self.cause = cause
        """Why nothing is recorded at present."""
        self._store, self._events = store, events
        self._stretch: _Stretch | None = None
        self._not_before = 0.0
        self._hole_at_most = STILL_AT_MOST if source.shared else FILL_AT_MOST

    # -- frames in ---------------------------------------------------------------------------------------------

    def audio(self, at: float, payload: bytes, now: float, *, lost: bool) -> None:
        """Record an Opus packet that begins at media time `at`."""
        lasts = rtp.opus_seconds(payload)
        if not lasts or now < self._not_before:
            return
        at = self._continued(at)
        self._leave_long_hole(at)
        stretch = self._stretch_for(at, now, SOUND)
        self._fill(stretch, at, now, listed=lost)
        self._add(stretch, webm.Block(at - stretch.start, payload), at + lasts, now)
        self._was_withheld = ""
        if stretch.end - stretch.start >= self._store.segment_seconds:
            self.end("rotation")

    def late_audio(self, at: float, payload: bytes) -> None:
        """Put an Opus packet that begins at media time `at` where silence was put in its place."""
        stretch, lasts = self._stretch, rtp.opus_seconds(payload)
        gap = next((g for g in stretch.gaps if g.start - _FRAME / 2 <= at < g.end - _FRAME / 2), None) if stretch else None
        if stretch is None or gap is None or not lasts:
            return
        at = gap.start + max(0, round((at - gap.start) / _FRAME)) * _FRAME
        rest = [(gap.start, at), (at + lasts, gap.end)]
        place = stretch.gaps.index(gap)
        stretch.gaps[place : place + 1] = [self._gap(a, b, gap.cause) for a, b in rest if b - a > _FRAME / 2]
        stretch.late.append(webm.Block(at - stretch.start, payload))

    def needs_keyframe(self, now: float) -> bool:
        """Whether frames come and no file is open for them, as after a disk that was full."""
        return self._stretch is None and now >= self._not_before

    def video(self, at: float, frame: Frame) -> None:
        """Record a frame shown at media time `at`; a file begins at a key frame, and ends before one of another kind."""
        now, opening = frame.arrival, frame.opening
        if now < self._not_before:
            return
        at = self._continued(at)
        self._leave_long_hole(at)
        if opening is not None and self._stretch is not None and self._too_long_or_other(self._stretch, at, opening):
            self.end("rotation")
        stretch = self._stretch
        if stretch is None:
            if opening is None:
                return
            stretch = self._stretch_for(at, now, opening)
        if at - stretch.end > 1.0 and not self.source.shared:
            stretch.gaps.append(self._gap(stretch.end, at, self._hole_cause()))
        self._add(stretch, webm.Block(at - stretch.start, frame.data, frame.key), at + 0.04, now)
        self._was_withheld = ""

    def _too_long_or_other(self, stretch: _Stretch, at: float, opening: Opening) -> bool:
        other = (opening.mime, opening.parameters) != (stretch.opening.mime, stretch.opening.parameters)
        return other or at - stretch.start >= self._store.segment_seconds

    def _continued(self, at: float) -> float:
        """Never in front of what is recorded already.

        Sound may come a little before the end of what precedes it: its device may run fast, and a file's times run
        with the clock, not with the device; and where a connection's first packets were late, those that follow get
        back to their time within a second or two.  Nothing is left out for that, and no silence put in.
        """
        if self._stretch is None:
            return max(at, self.covered_until or 0.0)
        end = self._stretch.end
        overlap = min(max((end - at) / 10, 0.001), _FRAME / 2) if self.kind is TrackKind.AUDIO else 0.039
        return max(at, end - overlap)

    def _leave_long_hole(self, at: float) -> None:
        if self._stretch is not None and at - self._stretch.end > self._hole_at_most:
            self.end(self._hole_cause(long=True))

    def withhold(self, cause: str) -> None:
        """Why its owner sends nothing from now on; empty: it is on again, and what comes next tells how long it was not."""
        self._was_withheld, self._withheld = self._withheld or self._was_withheld, cause

    def _hole_cause(self, *, long: bool = False) -> str:
        if self._withheld or self._was_withheld:
            return self._withheld or self._was_withheld
        return "network_lost" if long else "packet_loss"

    def _fill(self, stretch: _Stretch, at: float, now: float, *, listed: bool) -> None:
        """Opus silence up to `at`; `listed`: as a gap, otherwise the sender chose to send nothing (DTX)."""
        if at - stretch.end > _FRAME and listed:
            stretch.gaps.append(self._gap(stretch.end, at, self._hole_cause()))
        while at - stretch.end > _FRAME - 0.005:
            block = webm.Block(stretch.end - stretch.start, webm.SILENCE, filled=listed)
            self._add(stretch, block, stretch.end + _FRAME, now)

    def _add(self, stretch: _Stretch, block: webm.Block, end: float, now: float) -> None:
        new_cluster = block.key and self.kind is TrackKind.VIDEO
        if stretch.blocks and (new_cluster or block.at - stretch.blocks[0].at >= CLUSTER_SECONDS - _FRAME):
            self._flush(stretch)
        if not stretch.blocks:
            stretch.since = now
        stretch.blocks.append(block)
        stretch.end, stretch.came = end, now

    # -- files -------------------------------------------------------------------------------------------------

    def _stretch_for(self, at: float, now: float, opening: Opening) -> _Stretch:
        """The open file, or a new one that starts here."""
        if self._stretch is None:
            hole = self._hole(at)
            if hole is not None and hole.cause != REFUSED:
                self._events.gap(hole)
                hole = None
            segment_id = self._store.next_id(f"{self.participant_id}-{closing.FILE_PART[self.source]}")
            form = FILE_TYPES[opening.mime]
            head = webm.head(opening.track, self._description(segment_id, at, opening.mime), form.document)
            file = _File(self._store.folder / f"{segment_id}{form.suffix}", head, at)
            self._stretch = _Stretch(segment_id, opening, at, file, at, at, since=now, hole=hole)
        return self._stretch

    def _description(self, segment_id: str, start: float, mime: str) -> dict[str, Any]:
        return {
            "id": segment_id,
            "participant_id": self.participant_id,
            "role": self.role.value,
            "kind": self.kind.value,
            "source": self.source.value,
            "codec": mime,
            "start": start,
        }

    def _hole(self, until: float) -> Gap | None:
        """What is missing between the last file and `until`, if that is worth telling."""
        if self.covered_until is None or until - self.covered_until <= NOTEWORTHY:
            return None
        return self._gap(self.covered_until, until, self.cause or "packet_loss")

    def _tell_hole(self, until: float) -> None:
        hole = self._hole(until)
        if hole is not None:
            self._events.gap(hole)

    def _taken(self, stretch: _Stretch) -> None:
        """The disk has a cluster of this file."""
        self._events.trouble("")
        hole, stretch.hole = stretch.hole, None
        if hole is not None:
            self._events.gap(hole)

    def _gap(self, start: float, end: float, cause: str) -> Gap:
        source = self.source if self.source.shared else None
        return Gap(
            participant_id=self.participant_id, kind=self.kind, source=source, start=start, end=max(start, end),
            cause=cause,
        )  # fmt: skip

    def _flush(self, stretch: _Stretch) -> None:
        """Hand the waiting blocks over as one cluster."""
        late = sorted(stretch.late, key=lambda block: block.at)
        clusters = [blocks for blocks in (stretch.blocks, late) if blocks]
        if not clusters:
            return
        stretch.blocks, stretch.late = [], []
        end = stretch.end

        def write() -> None:
            self._write(stretch, b"".join(map(webm.cluster, clusters)), end)

        if not self._store.writer.submit(write, droppable=True):
            self._failed(stretch, "disk_slow", stretch.handed_over)
            return
        stretch.handed_over = end

    def _write(self, stretch: _Stretch, data: bytes, end: float) -> None:
        """In the writer thread."""
        if stretch.file.failed:
            return
        before, new = stretch.file.good_until, stretch.file.empty
        try:
            file = stretch.file.append(data)
        except OSError as error:
            self._refused(stretch, before, error)
            return
        stretch.file.good_until = end
        self._store.writer.written += len(data)
        if new:
            self._store.writer.named(stretch.file.path.parent)
        refused, within = partial(self._refused, stretch, before), 0.0 if new else SYNC_WITHIN
        self._store.writer.touched(file, partial(self._taken, stretch), refused, within=within)

    def _refused(self, stretch: _Stretch, until: float, error: OSError) -> None:
        """In the writer thread: the disk did not take what follows `until`."""
        stretch.file.good_until = min(until, stretch.file.good_until)
        if stretch.file.failed:
            return
        stretch.file.failed = True
        code = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "disk_error"
        if stretch.hole is None:
            log.error("recording not written", code=code, error=error.errno)
        self._store.writer.tell(lambda: self._failed(stretch, code, until))

    def _failed(self, stretch: _Stretch, code: str, until: float) -> None:
        """What could not be written after `until` is a gap; a new file is tried soon."""
        self._events.trouble(code)
        since, hole = until, stretch.hole
        stretch.hole = None
        if hole is not None and until <= stretch.start:
            since = hole.start
        elif hole is not None:
            self._events.gap(hole)
        if self._stretch is not stretch:
            if stretch.end > since:
                self._events.gap(self._gap(since, stretch.end, REFUSED))
            return
        stretch.blocks = []
        stretch.end = until
        self.end(REFUSED)
        self.covered_until = since
        self._not_before = stretch.since + RETRY_AFTER

    def tick(self, now: float) -> None:
        """Write what has waited long enough; end a file for which nothing has come for too long.

        What comes from a computer that is far too slow is dated long ago, but it comes.
        """
        stretch = self._stretch
        if stretch is None:
            return
        if stretch.blocks and now - stretch.since >= CLUSTER_SECONDS:
            self._flush(stretch)
        if now - stretch.came > self._hole_at_most + 2.0:
            self.end(self._hole_cause(long=True))

    def end(self, cause: str) -> None:
        """Close the open file, if there is one; `cause`: why nothing follows."""
        stretch, self._stretch = self._stretch, None
        self.cause = cause
        if stretch is None:
            return
        self._flush(stretch)
        self.covered_until = stretch.end
        done = self._store.expect()
        try:
            self._store.writer.submit(lambda: self._hand_to_closer(stretch, done))
        except Overloaded:
            # Nobody would close the file: it stays open until this is called again.
            self._store.pending.discard(done)
            self._stretch = stretch
            raise

    def wait(self, at: float, cause: str) -> None:
        """Nothing is to be recorded from `at` on; what was missing until then for another reason is told."""
        waited = self._stretch is None and cause != self.cause and self.covered_until is not None
        if waited:
            self._tell_hole(at)
            self.covered_until = max(at, self.covered_until or 0.0)
        self.end(cause)

    def finish(self, media_end: float) -> None:
        """The talk is over: close the file and tell what is missing until its end."""
        open_file = self._stretch is not None
        self.end("" if open_file else self.cause)
        enough = self._hole_at_most if self.source.shared else 2 * NOTEWORTHY
        if self.covered_until is not None and media_end - self.covered_until > enough:
            self._events.gap(self._gap(self.covered_until, media_end, self.cause or "packet_loss"))
            self.covered_until = media_end

    def _hand_to_closer(self, stretch: _Stretch, done: "asyncio.Future[None]") -> None:
        """In the writer thread, after all of the file's clusters."""
        stretch.file.close(self._store.writer)
        written = self._gap(stretch.start, stretch.file.good_until, closing.LOST)
        self._store.close(closing.Ended(stretch.file.path, written, tuple(stretch.gaps), self._tell), done)

    def _tell(self, result: Segment | Gap) -> None:
        if isinstance(result, Segment):
            self._events.segment(result)
        else:
            self._events.gap(result)
