"""What a reception's folder says about the time before this process: read from its journal, mended where needed."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from server.media import journal, recorder
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

RECENT = 40
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
    gaps: list[Gap] = field(default_factory=list)
    seated: dict[str, Role] = field(default_factory=dict)
    decided: dict[str, float] = field(default_factory=dict)
    said: deque[Utterance] = field(default_factory=lambda: deque(maxlen=RECENT))
    """The latest utterances, oldest first: what somebody who comes (back) in is shown."""

    def take(self, entry: Entry) -> None:
        """Add one entry."""
        self.last_seq = entry.seq
        fact = entry.fact
        if isinstance(fact, Opened):
            self.generation = fact.generation
        elif isinstance(fact, SeatTaken):
            self.seated[fact.participant_id] = fact.role
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
            self.segments[fact.segment.id] = fact.segment
        elif isinstance(fact, GapFound):
            self.gaps.append(fact.gap)
        elif isinstance(fact, Recognised):
            self.said.append(fact.utterance)
            self._decide(fact.utterance.participant_id, fact.utterance.end)
        elif isinstance(fact, RecognitionUntil):
            self._decide(fact.participant_id, fact.until)
        elif isinstance(fact, Closed):
            self.closed = fact.manifest

    def _decide(self, participant_id: str, until: float) -> None:
        self.decided[participant_id] = max(until, self.decided.get(participant_id, 0.0))

    @property
    def recorded_until(self) -> float:
        """Where the last file ends."""
        return max((s.start + s.seconds for s in self.segments.values()), default=0.0)

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
    history).  Blocks; raises OSError."""
    path = folder / JOURNAL_NAME
    journal.cut_partial_line(path)
    history = History()
    for entry in journal.read(path):
        history.take(entry)
    known = {segment.file for segment in history.segments.values()}
    unclosed = [p for p in sorted(folder.glob("*.webm")) if p.name not in known]
    if history.closed is not None:
        return history, []
    repaired = [segment for segment in map(recorder.repair, unclosed) if segment is not None]
    return history, repaired
