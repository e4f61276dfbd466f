"""Closing a reception, in steps that may each run twice: files checked, missing speech recognised, draft built.

jobs/workflows.py strings them together durably.  Whatever cannot be had ends as a gap in the record, never as a
reception that cannot be closed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from server.domain.states import CLOSED_RECORD, ReceptionState, RecognitionState
from server.errors import InvalidInput, Unavailable
from server.protocol.base import TrackKind
from server.protocol.recording import Gap
from server.protocol.transcript import Utterance, Word
from server.reception.kiosk import answers
from server.reception.office import Office
from server.reception.record import hotwords, records, transcriber
from server.reception.record.ingest import (
    NOT_RECOGNISED,
    NOTHING_UNDERSTOOD,
    SHORTEST_GAP_S,
    add_gap,
    stored_utterance,
)
from server.store import files
from server.store import receptions as store
from server.store.models import Participant, Reception, StoredGap, StoredSegment, StoredUtterance

log = structlog.get_logger()

LATE = "recognition_late"
"""Recognised only after the record was signed: kept with its history, but not in it."""
FAILED = "recognition_failed"
"""The transcriber could not read this stretch of the recording."""
TRUNCATED = "truncated"
RECORDING_MISSING = "recording_missing"
RECORDING_LOST = "recording_lost"
"""Nothing at all was kept of a talk."""

LENGTH_TOLERANCE_S = 0.5
WORD_MARGIN_S = 0.1
"""A stretch that ends where an utterance starts is cut this much earlier, so that no part of a word is in it."""
AT_ONCE_S = 30.0
"""Sound that is recognised before the draft is built; more than that is added to the draft later."""
AT_ONCE_WAIT_S = 3.0
LATER_WAIT_S = 600.0
PIECE_S = 300.0
"""Longest sound sent to the transcriber at once."""
SMALL_PIECE_S = 30.0
"""The same where something in the sound cannot be recognised: that much of it is left out."""
SHORTEST_PIECE_S = 10.0
"""The next piece starts at least this much later, however it is cut."""
CUT_MARGIN_S = 1.0
"""What ends so close before the end of a piece may be cut by it."""
ONSET_S = 0.3
"""Sound before the first word that belongs to it."""
MOST_FAILURES = 3
READY_WAIT_S = 3.0
STILL_RUNNING = "还有一段录音正在转写，转好会自动补进来。"


@dataclass(frozen=True)
class Outcome:
    """How recognising a stretch went."""

    state: RecognitionState
    message: str = ""
    retry: bool = False


def check_files(office: Office, reception_id: str) -> None:
    """Note as gaps what the recorded files no longer hold."""
    recordings = office.settings.recordings_dir
    with office.store.read() as session:
        segments = store.segments_of(session, reception_id)
    gaps = [gap for segment in segments if (gap := _file_gap(recordings, segment)) is not None]
    with office.store.write() as session:
        for gap in gaps:
            add_gap(session, reception_id, gap)
        _note_lost(session, reception_id, bool(segments))


def _file_gap(recordings: Path, segment: StoredSegment) -> Gap | None:
    if segment.kind != TrackKind.AUDIO:
        return None
    try:
        files.check(recordings, segment)
    except files.RecordingMissing:
        return _segment_gap(segment, 0.0, RECORDING_MISSING)
    except files.RecordingDamaged:
        return _segment_gap(segment, files.readable_seconds(recordings, segment), TRUNCATED)
    return None


def _segment_gap(segment: StoredSegment, from_s: float, cause: str) -> Gap | None:
    end = segment.start + segment.seconds
    start = min(segment.start + from_s, end)
    if end - start < SHORTEST_GAP_S:
        return None
    return Gap(participant_id=segment.participant_id, start=start, end=end, cause=cause)


def _note_lost(session: Session, reception_id: str, any_file: bool) -> None:
    reception = session.get_one(Reception, reception_id)
    if any_file or reception.started_at is None or reception.ended_at is None:
        return
    length = (reception.ended_at - reception.started_at).total_seconds()
    if length > 0:
        add_gap(session, reception_id, Gap(start=0, end=length, cause=RECORDING_LOST))


def find_unrecognised(office: Office, reception_id: str) -> None:
    """Note every stretch of recorded sound that nobody has recognised; finds nothing new the second time."""
    with office.store.write() as session:
        reception = session.get_one(Reception, reception_id)
        gaps = store.gaps_of(session, reception_id)
        for participant in reception.participants:
            _find_for(session, participant, store.segments_of(session, reception_id), gaps)


def _find_for(
    session: Session, participant: Participant, segments: Sequence[StoredSegment], gaps: Sequence[StoredGap]
) -> None:
    sound = [s for s in segments if s.participant_id == participant.id and s.kind == TrackKind.AUDIO]
    for gap in gaps:
        if gap.participant_id == participant.id and gap.cause == NOT_RECOGNISED and gap.end <= gap.start:
            participant.recognised_until = min(participant.recognised_until, gap.start)
            session.delete(gap)
    for segment in sound:
        start = max(segment.start, participant.recognised_until)
        end = segment.start + segment.seconds
        if end - start >= SHORTEST_GAP_S:
            session.add(_open(participant, start, end))
    ends = [segment.start + segment.seconds for segment in sound]
    participant.recognised_until = max([participant.recognised_until, *ends])


def _open(participant: Participant, start: float, end: float) -> StoredGap:
    return StoredGap(
        reception_id=participant.reception_id,
        participant_id=participant.id,
        start=round(start, 3),
        end=round(end, 3),
        cause=NOT_RECOGNISED,
    )


def unrecognised(session: Session, reception_id: str) -> list[StoredGap]:
    """Stretches that wait for recognition, in the order of time."""
    return [gap for gap in store.gaps_of(session, reception_id) if gap.cause == NOT_RECOGNISED]


def recognise_at_once(office: Office, reception_id: str) -> Outcome:
    """Recognise the little that is missing before the draft is built; what takes longer is left for later."""
    with office.store.read() as session:
        open_gaps = unrecognised(session, reception_id)
    if sum(gap.end - gap.start for gap in open_gaps) > AT_ONCE_S:
        return Outcome(RecognitionState.RUNNING, STILL_RUNNING, retry=True)
    for gap in open_gaps:
        try:
            recognise_gap(office, gap, AT_ONCE_WAIT_S)
        except Unavailable as error:
            return Outcome(RecognitionState.WAITING, error.message, retry=True)
    return Outcome(RecognitionState.DONE)


def recognise_later(office: Office, reception_id: str) -> Outcome:
    """Go on recognising and add the lines to the record; says whether to try again."""
    with office.store.read() as session:
        open_gaps = unrecognised(session, reception_id)
    outcome = _recognise_each(office, reception_id, open_gaps)
    with office.store.write() as session:
        _tell_record(session, reception_id, outcome)
    return outcome


def _recognise_each(office: Office, reception_id: str, open_gaps: Sequence[StoredGap]) -> Outcome:
    """Try every stretch; one that fails while the transcriber works does not keep the others from their turn."""
    message = ""
    for gap in open_gaps:
        try:
            recognise_gap(office, gap, LATER_WAIT_S, small=bool(_failures[_place(gap)]))
            _failures.pop(_place(gap), None)
        except Unavailable as error:
            message = error.message
            if not transcriber.ready(office.settings, timeout=READY_WAIT_S):
                return Outcome(RecognitionState.WAITING, message, retry=True)
            _failed(office, gap.id)
    with office.store.read() as session:
        left = bool(unrecognised(session, reception_id))
    return Outcome(RecognitionState.WAITING, message, retry=True) if left else Outcome(RecognitionState.DONE)


_failures: Counter[tuple[str, str, float]] = Counter()
"""How often a stretch failed while the transcriber worked, since this program was started."""


def _place(gap: StoredGap) -> tuple[str, str, float]:
    return gap.reception_id, gap.participant_id or "", gap.start


def _failed(office: Office, gap_id: int) -> None:
    """Count the failure at the gap's start; at the third the next small piece is left out for good."""
    with office.store.write() as session:
        gap = session.get(StoredGap, gap_id)
        if gap is None or gap.cause != NOT_RECOGNISED:
            return
        place = _place(gap)
        _failures[place] += 1
        if _failures[place] >= MOST_FAILURES:
            del _failures[place]
            log.warning("stretch given up, the transcriber fails at it", reception=gap.reception_id)
            until = _end_of_small_piece(session, gap)
            _leave_out(session, gap, gap.start, until, FAILED)
            _shorten(session, gap, until)


def _end_of_small_piece(session: Session, gap: StoredGap) -> float:
    first = next(iter(_segments_in(session, gap)), None)
    if first is None:
        return gap.end
    return min(max(first.start, gap.start) + SMALL_PIECE_S, first.start + first.seconds)


def recognise_gap(office: Office, gap: StoredGap, wait: float, *, small: bool = False) -> None:
    """Recognise one stretch, in `small` pieces or long ones, storing what was said piece by piece; raises Unavailable when the transcriber cannot
    work now, and goes on after the last stored piece the next time."""
    with office.store.read() as session:
        segments = _segments_in(session, gap)
        ends_at_word = _utterance_starts_at(session, gap)
    end = gap.end - (WORD_MARGIN_S if ends_at_word else 0.0)
    for segment in segments:
        try:
            _recognise_segment(office, segment, gap, end, wait, SMALL_PIECE_S if small else PIECE_S)
        except files.RecordingMissing:
            _note(office, gap, segment, RECORDING_MISSING)
        except files.RecordingDamaged:
            _note(office, gap, segment, TRUNCATED)
    with office.store.write() as session:
        current = session.get(StoredGap, gap.id)
        if current is not None and current.cause == NOT_RECOGNISED:
            _shorten(session, current, gap.end)


def _segments_in(session: Session, gap: StoredGap) -> list[StoredSegment]:
    return [segment for segment in store.segments_of(session, gap.reception_id) if _in_gap(segment, gap)]


def _in_gap(segment: StoredSegment, gap: StoredGap) -> bool:
    own = segment.participant_id == gap.participant_id and segment.kind == TrackKind.AUDIO
    return own and segment.start < gap.end and segment.start + segment.seconds > gap.start


def _utterance_starts_at(session: Session, gap: StoredGap) -> bool:
    return store.utterance_starts_near(session, gap.reception_id, gap.participant_id or "", gap.end)


def _note(office: Office, gap: StoredGap, segment: StoredSegment, cause: str) -> None:
    with office.store.write() as session:
        current = session.get(StoredGap, gap.id)
        if current is not None:
            _leave_out(session, current, max(gap.start, segment.start), segment.start + segment.seconds, cause)


@dataclass(frozen=True)
class Stretch:
    """Sound of one segment that is sent at once; `last`: it ends where the gap's or the segment's sound ends."""

    start: float
    end: float
    last: bool


def _recognise_segment(
    office: Office, segment: StoredSegment, gap: StoredGap, end: float, wait: float, piece_s: float
) -> None:
    piece_by_piece(
        max(gap.start, segment.start), min(end, segment.start + segment.seconds), piece_s,
        hear=lambda stretch: _recognise_piece(office, segment, gap, stretch, wait),
        leave_out=lambda stretch: _store_failed(office, gap, stretch),
    )  # fmt: skip


def piece_by_piece(
    start: float,
    end: float,
    longest: float,
    *,
    hear: Callable[[Stretch], float],
    leave_out: Callable[[Stretch], float],
    careful_s: float = 0.0,
) -> None:
    """Hear sound from `start` to `end`, at most `longest` seconds at once, the first `careful_s` in small pieces.

    Both functions return where the next piece starts.  A piece that cannot be read (InvalidInput) is cut smaller, so
    that as little as possible is left out.
    """
    careful_until = start + careful_s
    while end - start >= SHORTEST_GAP_S:
        size = SMALL_PIECE_S if start < careful_until else longest
        stretch = Stretch(start, min(start + size, end), start + size >= end)
        try:
            start = hear(stretch)
        except InvalidInput:
            if stretch.end - start <= SMALL_PIECE_S:
                start = leave_out(stretch)
            else:
                careful_until = stretch.end


def _recognise_piece(
    office: Office, segment: StoredSegment, gap: StoredGap, stretch: Stretch, wait: float
) -> float:
    """Recognise and store one piece; returns where the next one starts."""
    piece = files.cut_sound(office.settings.recordings_dir, segment, stretch.start, stretch.end)
    heard = transcriber.HeardSound(())
    if piece is not None:
        language = language_of(office, gap.participant_id)
        words = words_of(office, gap.reception_id)
        heard = transcriber.transcribe(office.settings, piece.data, timeout=wait, language=language, hotwords=words)
    by = piece.start if piece is not None else stretch.start
    after = stretch.end if stretch.last else next_start(heard, by, stretch)
    kept = [_placed(u, by, gap, n) for n, u in enumerate(heard.utterances) if u.start + by < after]
    unheard = [(start + by, end + by) for start, end in heard.unheard if start + by < after]
    with office.store.write() as session:
        _store_heard(session, gap, kept, unheard, stretch.start, after)
    return after


def language_of(office: Office, participant_id: str | None) -> str:
    """What is spoken on a seat."""
    with office.store.read() as session:
        participant = session.get(Participant, participant_id) if participant_id else None
        return participant.language if participant else "zh"


def words_of(office: Office, reception_id: str) -> tuple[str, ...]:
    """What may be said in a reception."""
    with office.store.read() as session:
        return hotwords.of_reception(session, reception_id)


def next_start(heard: transcriber.HeardSound, by: float, stretch: Stretch) -> float:
    """A little before the piece's end, or where something is said that the end may cut: that is heard again, whole."""
    spans = sorted([(u.start + by, u.end + by) for u in heard.utterances] + [(s + by, e + by) for s, e in heard.unheard])
    if not spans or spans[-1][1] < stretch.end - CUT_MARGIN_S:
        return stretch.end - CUT_MARGIN_S
    before = max((end for _, end in spans[:-1]), default=stretch.start)
    start = min(max(spans[-1][0] - ONSET_S, before), spans[-1][0])
    return start if start - stretch.start >= SHORTEST_PIECE_S else stretch.end


def _placed(item: transcriber.HeardUtterance, by: float, gap: StoredGap, number: int) -> Utterance:
    """The utterance at its place in the recording; its id is the same however often this is done."""
    words = tuple(
        Word(start=w.start + by, end=w.end + by, text=w.text, probability=w.probability) for w in item.words
    )
    place = round(by * 1000)
    return Utterance(
        id=f"{(gap.participant_id or '')[:40]}-r{place}-{number}",
        participant_id=gap.participant_id or "",
        start=item.start + by,
        end=item.end + by,
        text=item.text,
        words=words,
        **{**item.measures, "doubt": tuple(item.measures.get("doubt") or ()), "model": item.measures.get("model") or ""},
    )


def _store_heard(
    session: Session,
    gap: StoredGap,
    heard: Sequence[Utterance],
    unheard: Sequence[tuple[float, float]],
    start: float,
    end: float,
) -> None:
    """What was heard from `start` to `end` in, the gap shortened, lines into the record: all or nothing."""
    current = session.get(StoredGap, gap.id)
    if current is None or current.cause != NOT_RECOGNISED:
        return
    new = [u for u in heard if session.get(StoredUtterance, u.id) is None]
    rows = [stored_utterance(gap.reception_id, utterance, source="recording") for utterance in new]
    session.add_all(rows)
    session.flush()
    for span in unheard:
        _leave_out(session, current, *span, NOTHING_UNDERSTOOD)
    record = store.record_of(session, gap.reception_id)
    if record is not None and rows:
        if record.state in CLOSED_RECORD:
            _leave_out(session, current, start, end, LATE)
        records.add_recognised(session, record, rows)
    _shorten(session, current, end)


def _store_failed(office: Office, gap: StoredGap, stretch: Stretch) -> float:
    """The transcriber cannot read this piece: it stays a gap; returns where the next one starts."""
    with office.store.write() as session:
        current = session.get(StoredGap, gap.id)
        if current is not None and current.cause == NOT_RECOGNISED:
            _leave_out(session, current, stretch.start, stretch.end, FAILED)
            _shorten(session, current, stretch.end)
    return stretch.end


def _leave_out(session: Session, gap: StoredGap, start: float, end: float, cause: str) -> None:
    """A gap for the part of `gap` from `start` to `end`; one of the same cause that ends there grows instead."""
    end = min(end, gap.end)
    for known in store.gaps_of(session, gap.reception_id):
        same = (known.participant_id, known.cause) == (gap.participant_id, cause)
        if same and cause != NOTHING_UNDERSTOOD and abs(known.end - start) <= SHORTEST_GAP_S:
            known.end = max(known.end, round(end, 3))
            return
    add_gap(session, gap.reception_id, Gap(participant_id=gap.participant_id, start=start, end=end, cause=cause))


def _shorten(session: Session, gap: StoredGap, start: float) -> None:
    """Before `start` nothing is missing any more."""
    if gap.end - start >= SHORTEST_GAP_S:
        gap.start = max(gap.start, round(start, 3))
    else:
        session.delete(gap)
    session.flush()


def _tell_record(session: Session, reception_id: str, outcome: Outcome) -> None:
    record = store.record_of(session, reception_id)
    if record is not None and record.state not in CLOSED_RECORD and (
        (record.recognition, record.recognition_message) != (outcome.state, outcome.message)
    ):
        record.recognition = outcome.state
        record.recognition_message = outcome.message
        if outcome.state == RecognitionState.DONE:
            answers.fill(session, record)


def build_draft(office: Office, reception_id: str, outcome: Outcome) -> None:
    """Make the draft and close the reception; the second time nothing is left to do."""
    with office.store.write() as session:
        reception = session.get_one(Reception, reception_id)
        record = store.record_of(session, reception_id)
        if record is None:
            record = records.create_draft(session, reception)
            record.recognition = outcome.state
            record.recognition_message = outcome.message
            session.flush()
            if outcome.state == RecognitionState.DONE:
                answers.fill(session, record)
        store.change_state(session, reception_id, (ReceptionState.CLOSING,), ReceptionState.CLOSED)

