"""Takes the media node's journal into the store, entry by entry, each exactly once (protocol/media_control.md)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from server.domain.states import ReceptionState
from server.protocol import media_control as journal
from server.protocol.base import Role, TrackKind
from server.protocol.canonical import fingerprint
from server.protocol.recording import Gap, Manifest, Segment
from server.protocol.transcript import Utterance
from server.reception.talk import lecture_journal
from server.store import receptions as store
from server.store.models import (
    Participant,
    Reception,
    StoredGap,
    StoredHold,
    StoredLine,
    StoredMark,
    StoredPresence,
    StoredSegment,
    StoredShare,
    StoredUtterance,
)

SHORTEST_GAP_S = 0.2
"""Shorter holes in the sound cost no word; they stay in the manifest."""
NOT_RECOGNISED = "recognition_missing"
"""Cause of a stretch whose recorded sound was not recognised yet."""
NOTHING_UNDERSTOOD = "nothing_understood"
"""Cause of a stretch with a voice in it that was recorded and recognised, but no words came of it."""
PETITIONER_ON_HOLD = "petitioner_on_hold"
"""Cause of a stretch that nobody is recorded in: the officers talked among themselves."""
ENDINGS = frozenset({"", "ended", "finished", "closed", "end"})
"""Reasons of `recognition_until` that are no break: everything up to there is decided."""


class JournalHole(Exception):
    """An entry came before the one it follows: the journal must be followed again from the last one taken in."""


def take_in(session: Session, entry: journal.Entry) -> bool:
    """Take one entry in; False: it was taken in before, or its reception is not ours.  Raises JournalHole."""
    if lecture_journal.is_lecture(entry.reception_id):
        return _of_lecture(session, entry)
    reception = session.get(Reception, entry.reception_id)
    if reception is None or entry.seq <= reception.journal_seq:
        return False
    if entry.seq > reception.journal_seq + 1:
        raise JournalHole
    if not store.advance_journal(session, reception.id, entry.seq):
        return False
    session.refresh(reception)
    _note_presence(session, reception, entry)
    handler = HANDLERS.get(type(entry.fact))
    if handler is not None and not _too_late(reception, entry.fact):
        handler(session, reception, entry.fact)
    session.flush()
    return True


def _of_lecture(session: Session, entry: journal.Entry) -> bool:
    taken = lecture_journal.take_in(session, entry)
    if taken is None:
        raise JournalHole
    return taken


def _note_presence(session: Session, reception: Reception, entry: journal.Entry) -> None:
    """Who sat in the room from when to when; whoever is seated again without having left stays seated."""
    if not isinstance(entry.fact, journal.SeatTaken | journal.SeatLeft):
        return
    stay = store.open_presence(session, reception.id, entry.fact.participant_id)
    if isinstance(entry.fact, journal.SeatTaken):
        if stay is None:
            stay = StoredPresence(reception_id=reception.id, participant_id=entry.fact.participant_id, since=entry.at)
            session.add(stay)
    elif stay is not None:
        stay.until, stay.reason = max(entry.at, stay.since), entry.fact.reason[:40]


def _too_late(reception: Reception, fact: journal.Fact) -> bool:
    """Whether the fact tells of recognition, and the manifest was taken before it came.

    The manifest's taking marks that closing no longer waits for the journal: it recognises what was not decided by
    then from the recording, and live words that come after that would be there twice.
    """
    told = isinstance(fact, RECOGNITION) or (
        isinstance(fact, journal.GapFound) and fact.gap.cause == NOTHING_UNDERSTOOD
    )
    return told and bool(reception.manifest_sha256)


def _opened(session: Session, reception: Reception, fact: journal.Opened) -> None:
    """A node process took the room over from one that died: what that one had not decided is open."""
    if fact.generation > 1 and reception.started_at is not None:
        for participant in reception.participants:
            _break_off(session, participant)


def _line_lost(session: Session, reception: Reception, fact: journal.LineLost) -> None:
    """Whatever the line said may have been words: what follows is open until somebody is heard again."""
    if reception.started_at is not None:
        for participant in reception.participants:
            _break_off(session, participant)


def _seat_taken(session: Session, reception: Reception, fact: journal.SeatTaken) -> None:
    _ensure_participant(session, reception, fact.participant_id, fact.role)


def _started(session: Session, reception: Reception, fact: journal.RecordingStarted) -> None:
    if reception.started_at is None:
        reception.started_at = fact.started_at


def _segment_closed(session: Session, reception: Reception, fact: journal.SegmentClosed) -> None:
    add_segment(session, reception, fact.segment)


def add_segment(session: Session, reception: Reception, segment: Segment) -> None:
    """Store a closed file and its holes; one that is known stays as it is."""
    if session.get(StoredSegment, segment.id) is not None:
        return
    _ensure_participant(session, reception, segment.participant_id, segment.role)
    values = segment.model_dump(include={"id", "participant_id", "file", "start", "seconds", "size", "sha256"})
    source = segment.source.value if segment.source.shared else None
    values |= {"kind": segment.kind.value, "source": source, "codec": segment.codec[:40], "closed": segment.closed}
    session.add(StoredSegment(reception_id=reception.id, **values))
    for gap in segment.gaps:
        own = gap.model_copy(update={"participant_id": segment.participant_id, "kind": segment.kind})
        add_gap(session, reception.id, own)


def _gap_found(session: Session, reception: Reception, fact: journal.GapFound) -> None:
    add_gap(session, reception.id, fact.gap)
    if fact.gap.cause == NOTHING_UNDERSTOOD and fact.gap.participant_id is not None:
        participant = _ensure_participant(session, reception, fact.gap.participant_id)
        _resume(session, participant, fact.gap.start)
        participant.recognised_until = max(participant.recognised_until, fact.gap.end)


def add_gap(session: Session, reception_id: str, gap: Gap) -> None:
    """Store a hole in somebody's sound, once.  Holes in pictures stay in the manifest: no sentence is lost in them;
    so do each one's own holes while the petitioner was on hold: one gap tells of all."""
    told_for_all = gap.cause == PETITIONER_ON_HOLD and gap.participant_id is not None
    if gap.kind == TrackKind.VIDEO or told_for_all or gap.end - gap.start < SHORTEST_GAP_S:
        return
    key = (gap.participant_id, round(gap.start, 3), round(gap.end, 3), gap.cause[:40])
    known = {(g.participant_id, round(g.start, 3), round(g.end, 3), g.cause) for g in store.gaps_of(session, reception_id)}
    if key not in known:
        participant_id, start, end, cause = key
        session.add(
            StoredGap(reception_id=reception_id, participant_id=participant_id, start=start, end=end, cause=cause)
        )
        session.flush()


def _recognised(session: Session, reception: Reception, fact: journal.Recognised) -> None:
    utterance = fact.utterance
    participant = _ensure_participant(session, reception, utterance.participant_id)
    if session.get(StoredUtterance, utterance.id) is None:
        session.add(stored_utterance(reception.id, utterance, source="live"))
    _resume(session, participant, utterance.start)
    participant.recognised_until = max(participant.recognised_until, utterance.end)


STORED_MEASURES = {
    "avg_logprob", "no_speech_prob", "compression_ratio", "doubt", "concealed_s", "recovered_s", "model", "unboosted",
}  # fmt: skip


def stored_utterance(reception_id: str, utterance: Utterance, *, source: str) -> StoredUtterance:
    """A row for an utterance exactly as it was recognised."""
    words = [[word.start, word.end, word.text, word.probability] for word in utterance.words]
    measures = utterance.model_dump(mode="json", include=STORED_MEASURES)
    return StoredUtterance(
        id=utterance.id,
        reception_id=reception_id,
        participant_id=utterance.participant_id,
        start=utterance.start,
        end=utterance.end,
        text=utterance.text,
        words=words,
        measures=measures | {"source": source},
    )


def _recognition_until(session: Session, reception: Reception, fact: journal.RecognitionUntil) -> None:
    participant = _ensure_participant(session, reception, fact.participant_id)
    _resume(session, participant, max(fact.until, participant.recognised_until))
    participant.recognised_until = max(participant.recognised_until, fact.until)
    if fact.reason not in ENDINGS:
        _break_off(session, participant)


def _break_off(session: Session, participant: Participant) -> None:
    """From here on this person's sound is not decided; `_resume` finds where it is again."""
    if _open_break(session, participant) is None:
        at = participant.recognised_until
        session.add(_missing(participant, at, at))
        session.flush()


def _resume(session: Session, participant: Participant, at: float) -> None:
    """Recognition goes on at `at`: close an open break there."""
    gap = _open_break(session, participant)
    if gap is None or at <= gap.start:
        return
    gap.end = at


def _missing(participant: Participant, start: float, end: float) -> StoredGap:
    return StoredGap(
        reception_id=participant.reception_id, participant_id=participant.id, start=start, end=end, cause=NOT_RECOGNISED
    )


def _open_break(session: Session, participant: Participant) -> StoredGap | None:
    for gap in store.gaps_of(session, participant.reception_id):
        if gap.participant_id == participant.id and gap.cause == NOT_RECOGNISED and gap.end <= gap.start:
            return gap
    return None


def _mark_set(session: Session, reception: Reception, fact: journal.MarkSet) -> None:
    session.add(
        StoredMark(reception_id=reception.id, participant_id=fact.participant_id, at=fact.at, note=fact.note[:500])
    )


def _hold_changed(session: Session, reception: Reception, fact: journal.HoldChanged) -> None:
    """Whoever is put on hold twice waits once."""
    known = (hold for hold in store.holds_of(session, reception.id) if hold.participant_id == fact.participant_id)
    waiting = next((hold for hold in known if hold.end is None), None)
    if fact.held and waiting is None:
        session.add(StoredHold(reception_id=reception.id, participant_id=fact.participant_id, start=fact.at, end=None))
    elif not fact.held and waiting is not None:
        waiting.end = max(waiting.start, fact.at)


def _share_started(session: Session, reception: Reception, fact: journal.ShareStarted) -> None:
    _ensure_participant(session, reception, fact.participant_id)
    session.add(
        StoredShare(
            reception_id=reception.id, participant_id=fact.participant_id, source=fact.source.value, start=fact.at,
            end=None,
        )
    )  # fmt: skip


def _share_ended(session: Session, reception: Reception, fact: journal.ShareEnded) -> None:
    for share in store.shares_of(session, reception.id):
        if share.end is None and share.participant_id == fact.participant_id:
            share.end = max(share.start, fact.at)


def _line_measured(session: Session, reception: Reception, fact: journal.LineMeasured) -> None:
    values = fact.numbers.model_dump() | {"start": fact.start, "end": fact.end, "word": fact.word.value}
    session.add(StoredLine(reception_id=reception.id, participant_id=fact.participant_id, **values))


def _hung_up(session: Session, reception: Reception, fact: journal.HungUp) -> None:
    open_states = (ReceptionState.WAITING, ReceptionState.RUNNING)
    if store.change_state(session, reception.id, open_states, ReceptionState.CLOSING, ended_at=fact.at):
        session.refresh(reception)


def _closed(session: Session, reception: Reception, fact: journal.Closed) -> None:
    take_manifest(session, reception, fact.manifest)


def take_manifest(session: Session, reception: Reception, manifest: Manifest) -> None:
    """Keep the manifest with its hash, and every segment and gap in it that is not known yet."""
    if reception.manifest_sha256:
        return
    for segment in manifest.segments:
        add_segment(session, reception, segment)
    for gap in manifest.gaps:
        # One of these that is not known comes from a stretch that will be recognised from the recording.
        if gap.cause != NOTHING_UNDERSTOOD:
            add_gap(session, reception.id, gap)
    # Exactly what was signed: a field that a later version added must not slip in.
    _take_shares(session, reception, manifest)
    reception.manifest = manifest.model_dump(mode="json", exclude_unset=True)
    reception.manifest_sha256 = fingerprint(reception.manifest)
    reception.started_at = reception.started_at or manifest.started_at
    reception.ended_at = manifest.ended_at or reception.ended_at
    reception.seconds = manifest.seconds


def _take_shares(session: Session, reception: Reception, manifest: Manifest) -> None:
    """The manifest has the last word: a line of the journal may have been lost."""
    for known in store.shares_of(session, reception.id):
        session.delete(known)
    for share in manifest.shares:
        values = share.model_dump(include={"participant_id", "start", "end"})
        session.add(StoredShare(reception_id=reception.id, source=share.source.value, **values))


def _ensure_participant(
    session: Session, reception: Reception, participant_id: str, role: Role = Role.OBSERVER
) -> Participant:
    """The participant; the journal is never refused because of one that the office does not know."""
    participant = session.get(Participant, participant_id)
    if participant is None:
        position = len(reception.participants)
        participant = Participant(
            id=participant_id, reception_id=reception.id, position=position, role=role, name="", recognised_until=0
        )
        session.add(participant)
        session.flush()
    return participant


RECOGNITION = (journal.Opened, journal.Recognised, journal.RecognitionUntil)
HANDLERS: dict[type, Callable[[Session, Reception, Any], None]] = {
    journal.LineLost: _line_lost,
    journal.Opened: _opened,
    journal.SeatTaken: _seat_taken,
    journal.RecordingStarted: _started,
    journal.SegmentClosed: _segment_closed,
    journal.GapFound: _gap_found,
    journal.Recognised: _recognised,
    journal.RecognitionUntil: _recognition_until,
    journal.MarkSet: _mark_set,
    journal.HoldChanged: _hold_changed,
    journal.ShareStarted: _share_started,
    journal.ShareEnded: _share_ended,
    journal.LineMeasured: _line_measured,
    journal.HungUp: _hung_up,
    journal.Closed: _closed,
}
