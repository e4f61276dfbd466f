"""What a reception's folder says about the time before this process: read from its journal, mended where needed."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from server.media import closing, journal, webm
from server.protocol import chain
from server.protocol.base import Role, Source
from server.protocol.media_control import (
    Closed,
    Entry,
    GapFound,
    HoldChanged,
    HungUp,
    Opened,
    Recognised,
    RecognitionUntil,
    RecordingStarted,
    SeatLeft,
    SeatTaken,
    SegmentClosed,
    ShareEnded,
    ShareStarted,
)
from server.protocol.recording import JOURNAL_NAME, Gap, Manifest, Segment, Share, is_recorded
from server.protocol.transcript import Utterance

log = structlog.get_logger(__name__)
RECENT = 40
TRUNCATED = "truncated"
CLUSTER_SECONDS = 0.5
"""Length of what is written at once: the least that a file without a whole cluster may have held."""
RECEIVERS = (Role.LEADER, Role.CLERK)
OFFICE = (*RECEIVERS, Role.ROOM)
"""Seats that the office itself takes."""
INTERRUPTED = ("media_restarted", "shutdown")
"""Reasons of leaving that nobody in the room chose."""


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
    interrupted: dict[str, str] = field(default_factory=dict)
    """Who sat here when a process of the node stopped and is not back yet, with the reason."""
    taken_at: dict[str, datetime] = field(default_factory=dict)
    """When each seat was taken last."""
    held: dict[str, float] = field(default_factory=dict)
    """Who is on hold, and since when."""
    past_holds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    shares: list[Share] = field(default_factory=list)
    shown: ShareStarted | None = None
    """The share that has not ended."""
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
            self.received |= fact.role in OFFICE
            self.taken_at[fact.participant_id] = entry.at
            self.interrupted.pop(fact.participant_id, None)
        elif isinstance(fact, SeatLeft):
            self._take_leave(fact, entry.at)
        elif isinstance(fact, RecordingStarted):
            self.started_at = fact.started_at
        elif isinstance(fact, HungUp):
            self.hung_up_at, self.hung_up_by = fact.at, fact.participant_id
        elif isinstance(fact, HoldChanged):
            self._take_hold(fact)
        elif isinstance(fact, ShareStarted):
            self.shown = fact
        elif isinstance(fact, ShareEnded):
            self._take_share(fact)
        else:
            self._take_result(fact)

    def _take_leave(self, fact: SeatLeft, at: datetime) -> None:
        self.seated.pop(fact.participant_id, None)
        self.last_left_at = at
        self.interrupted.pop(fact.participant_id, None)
        if fact.reason in INTERRUPTED:
            self.interrupted[fact.participant_id] = fact.reason

    def _take_hold(self, fact: HoldChanged) -> None:
        if fact.held:
            self.held.setdefault(fact.participant_id, fact.at)
            return
        since = self.held.pop(fact.participant_id, None)
        if since is not None:
            self.past_holds.setdefault(fact.participant_id, []).append((since, fact.at))

    def _take_share(self, fact: ShareEnded) -> None:
        shown, self.shown = self.shown, None
        if shown is not None:
            end = max(shown.at, fact.at)
            share = Share(participant_id=shown.participant_id, source=shown.source, start=shown.at, end=end)
            self.shares.append(share)

    @property
    def paused_since(self) -> float | None:
        """Since when the petitioner is on hold; None if not."""
        since = [at for who, at in self.held.items() if self.roles.get(who) is Role.PETITIONER]
        return min(since, default=None)

    def silence_of(self, participant_id: str) -> str | None:
        """Why nothing of this participant may be recorded now: cause of the gap; None if it may."""
        if self.paused_since is not None:
            return "petitioner_on_hold"
        return "on_hold" if participant_id in self.held else None

    def heard_by(self, participant_id: str) -> list[Utterance]:
        """The latest utterances without those that were spoken while this participant was on hold."""
        apart = [*self.past_holds.get(participant_id, ())]
        if participant_id in self.held:
            apart.append((self.held[participant_id], float("inf")))
        return [u for u in self.said if all(u.end <= start or u.start >= end for start, end in apart)]

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

    def tracks(self) -> dict[tuple[str, Source], tuple[Role, float]]:
        """Role and end of what is recorded, of every participant and source."""
        found: dict[tuple[str, Source], tuple[Role, float]] = {}
        for segment in self.segments.values():
            key = (segment.participant_id, segment.source)
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
    unclosed = [p for p in sorted(folder.glob("*")) if is_recorded(p.name) and p.name not in known]
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
    participant_id, _, part = stem.rpartition("-")
    source = next((one for one, name in closing.FILE_PART.items() if name == part), None)
    if source is None or not participant_id:
        log.error("unknown file in a recording folder")
        return None
    track = [s for s in segments if s.participant_id == participant_id and s.source == source]
    before = max((s.start + s.seconds for s in track if _number(s.id) < _number(path.stem)), default=0.0)
    start = _start_of(path, before)
    least = start + CLUSTER_SECONDS
    shared = source if source.shared else None
    otherwise = least if shared else max(least, *_ends(segments))
    end = min((s.start for s in track if s.start >= start), default=otherwise)
    return Gap(
        participant_id=participant_id, kind=source.kind, source=shared, start=start, end=end, cause=TRUNCATED
    )


def _number(segment_id: str) -> int:
    """Which file of its track it is."""
    number = segment_id.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _ends(segments: list[Segment]) -> list[float]:
    return [0.0, *(s.start + s.seconds for s in segments)]


def _start_of(path: Path, otherwise: float) -> float:
    try:
        return float(webm.describe(path)["start"])
    except (OSError, webm.BadFile, KeyError, TypeError, ValueError):
        return otherwise


def _tells(told: Gap, gap: Gap) -> bool:
    """Whether this gap is told already."""
    same = (told.participant_id, told.kind, told.source) == (gap.participant_id, gap.kind, gap.source)
    lost = told.cause in (TRUNCATED, closing.LOST)
    return same and lost and told.start - 0.01 <= gap.start < max(told.end, told.start + 0.01)
