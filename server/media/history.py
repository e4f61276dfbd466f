"""What a reception's folder says about the time before this process: read from its journal, mended where needed."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from server.media import closing, journal, webm
from server.protocol import chain
from server.protocol.base import Role, TrackKind
from server.protocol.media_control import (
    Closed,
    Entry,
    GapFound,
    HungUp,
    Opened,
    Recognised,
    RecognitionUntil,
    RecordingStarted,
    SeatLeft,
    SeatTaken,
    SegmentClosed,
)
from server.protocol.recording import JOURNAL_NAME, Gap, Manifest, Segment
from server.protocol.transcript import Utterance

log = structlog.get_logger(__name__)
RECENT = 40
TRUNCATED = "truncated"
CLUSTER_SECONDS = 0.5
"""Length of what is written at once: the least that a file without a whole cluster may have held."""
RECEIVERS = (Role.LEADER, Role.CLERK)


@dataclass
class History:
    """The state that a journal's entries add up to; times in seconds are media time."""

    last_seq: int = 0
    generation: int = 0
    started_at: datetime | None = None
    hung_up_at: datetime | None = None
    hung_up_by: str | None = None
    last_left_at: datetime | None = None
    received: bool = False
    """Somebody of the office sat in the room."""
    closed: Manifest | None = None
    segments: dict[str, Segment] = field(default_factory=dict)
    last_link: tuple[int, str] | None = None
    """Number and hash of the last link of the segments' chain."""
    gaps: list[Gap] = field(default_factory=list)
    seated: dict[str, Role] = field(default_factory=dict)
    decided: dict[str, float] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    """Of everybody who ever sat."""
    lost_files: list[Gap] = field(default_factory=list)
    """What files that cannot be mended stand for; not told yet."""
    said: deque[Utterance] = field(default_factory=lambda: deque(maxlen=RECENT))
    """The latest utterances, oldest first: what somebody who comes (back) in is shown."""

    def take(self, entry: Entry) -> None:
        """Add one entry."""
        self.last_seq = entry.seq
        fact = entry.fact
        if isinstance(fact, Opened):
            self.generation = fact.generation
        elif isinstance(fact, SeatTaken):
            self.seated[fact.participant_id] = self.roles[fact.participant_id] = fact.role
            self.received |= fact.role in RECEIVERS
        elif isinstance(fact, SeatLeft):
            self.seated.pop(fact.participant_id, None)
            self.last_left_at = entry.at
        elif isinstance(fact, RecordingStarted):
            self.started_at = fact.started_at
        elif isinstance(fact, HungUp):
            self.hung_up_at, self.hung_up_by = fact.at, fact.participant_id
        else:
            self._take_result(fact)

    def _take_result(self, fact: object) -> None:
        if isinstance(fact, SegmentClosed):
            self._take_segment(fact.segment)
        elif isinstance(fact, GapFound):
            self.gaps.append(fact.gap)
        elif isinstance(fact, Recognised):
            self.said.append(fact.utterance)
            self._decide(fact.utterance.participant_id, fact.utterance.end)
        elif isinstance(fact, RecognitionUntil):
            self._decide(fact.participant_id, fact.until)
        elif isinstance(fact, Closed):
            self.closed = fact.manifest

    def _take_segment(self, segment: Segment) -> None:
        self.segments[segment.id] = segment
        if segment.number > (self.last_link or (0, ""))[0]:
            self.last_link = segment.number, segment.chain

    def linked(self, segment: Segment, reception_id: str) -> Segment:
        """The segment as the next link of the recording's chain."""
        number, previous = self.last_link or (0, chain.start(reception_id))
        return chain.linked(segment, number + 1, previous)

    def _decide(self, participant_id: str, until: float) -> None:
        self.decided[participant_id] = max(until, self.decided.get(participant_id, 0.0))

    @property
    def recorded_until(self) -> float:
        """Where the last file ends."""
        return max((s.start + s.seconds for s in self.segments.values()), default=0.0)

    @property
    def reached(self) -> float:
        """The latest media time that anything is known of."""
        return max(self.recorded_until, *self.decided.values(), *(gap.end for gap in self.gaps), 0.0)

    def tracks(self) -> dict[tuple[str, TrackKind], tuple[Role, float]]:
        """Role and end of what is recorded, of every participant and kind."""
        found: dict[tuple[str, TrackKind], tuple[Role, float]] = {}
        for segment in self.segments.values():
            key = (segment.participant_id, segment.kind)
            end = segment.start + segment.seconds
            found[key] = (segment.role, max(end, found[key][1] if key in found else 0.0))
        return found


def load(folder: Path) -> tuple[History, list[Segment]]:
    """Read a folder and mend it: the journal's cut line, and files whose writer died (returned, not yet in the
    history; what cannot be mended is in `lost_files`).  Blocks; raises OSError."""
    path = folder / JOURNAL_NAME
    journal.cut_partial_line(path)
    history = History()
    entries, last_seq = journal.read(path)
    for entry in entries:
        history.take(entry)
    history.last_seq = last_seq
    if history.closed is not None:
        return history, []
    known = {segment.file for segment in history.segments.values()}
    unclosed = [p for p in sorted(folder.glob("*.webm")) if p.name not in known]
    mended = {path: closing.repair(path) for path in unclosed}
    repaired = [segment for segment in mended.values() if segment is not None]
    _note_lost(history, repaired, [path for path, segment in mended.items() if segment is None])
    return history, repaired


def _note_lost(history: History, repaired: list[Segment], paths: list[Path]) -> None:
    segments = [*history.segments.values(), *repaired]
    gaps = [gap for path in paths if (gap := _lost(path, segments)) is not None]
    history.lost_files = [gap for gap in gaps if not any(_tells(told, gap) for told in history.gaps)]


def _lost(path: Path, segments: list[Segment]) -> Gap | None:
    """The stretch that a file without one whole cluster stands for, as well as that can be known."""
    stem, _, _ = path.stem.rpartition("-")
    participant_id, _, kind = stem.rpartition("-")
    if kind not in tuple(TrackKind) or not participant_id:
        log.error("unknown file in a recording folder")
        return None
    track = [s for s in segments if s.participant_id == participant_id and s.kind == kind]
    before = max((s.start + s.seconds for s in track if s.id < path.stem), default=0.0)
    start = _start_of(path, before)
    least = start + CLUSTER_SECONDS
    end = min((s.start for s in track if s.start >= start), default=max(least, *_ends(segments)))
    return Gap(participant_id=participant_id, kind=TrackKind(kind), start=start, end=end, cause=TRUNCATED)


def _ends(segments: list[Segment]) -> list[float]:
    return [0.0, *(s.start + s.seconds for s in segments)]


def _start_of(path: Path, otherwise: float) -> float:
    try:
        return float(webm.describe(path)["start"])
    except (OSError, webm.BadFile, KeyError, TypeError, ValueError):
        return otherwise


def _tells(told: Gap, gap: Gap) -> bool:
    """Whether this gap is told already."""
    same = (told.participant_id, told.kind) == (gap.participant_id, gap.kind)
    lost = told.cause in (TRUNCATED, closing.LOST)
    return same and lost and told.start - 0.01 <= gap.start < max(told.end, told.start + 0.01)
