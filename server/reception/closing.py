"""Closing a reception, in steps that may each run twice: files checked, missing speech recognised, draft built.

jobs/workflows.py strings them together durably.  Whatever cannot be had ends as a gap in the record, never as a
reception that cannot be closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from server.domain.states import ReceptionState, RecognitionState, RecordState
from server.errors import InvalidInput, Unavailable
from server.protocol.base import TrackKind
from server.protocol.recording import Gap
from server.protocol.transcript import Utterance, Word
from server.reception import records, transcriber
from server.reception.ingest import NOT_RECOGNISED, SHORTEST_GAP_S, add_gap, stored_utterance
from server.reception.office import Office
from server.store import files
from server.store import receptions as store
from server.store.models import Participant, Reception, StoredGap, StoredSegment, StoredUtterance

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
CLOSED_RECORD = (RecordState.SIGNED, RecordState.REFUSED, RecordState.FILED)
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
    return _recognise_all(office, open_gaps, AT_ONCE_WAIT_S)


def recognise_later(office: Office, reception_id: str) -> Outcome:
    """Go on recognising and add the lines to the record; says whether to try again."""
    with office.store.read() as session:
        open_gaps = unrecognised(session, reception_id)
    outcome = _recognise_all(office, open_gaps, LATER_WAIT_S)
    with office.store.write() as session:
        _tell_record(session, reception_id, outcome)
    return outcome


def _recognise_all(office: Office, open_gaps: Sequence[StoredGap], wait: float) -> Outcome:
    for gap in open_gaps:
        try:
            recognise_gap(office, gap, wait)
        except Unavailable as error:
            return Outcome(RecognitionState.WAITING, error.message, retry=True)
    return Outcome(RecognitionState.DONE)


def recognise_gap(office: Office, gap: StoredGap, wait: float) -> None:
    """Recognise one stretch and store what was said; raises Unavailable when the transcriber cannot work now."""
    with office.store.read() as session:
        segments = [s for s in store.segments_of(session, gap.reception_id) if _in_gap(s, gap)]
        ends_at_word = _utterance_starts_at(session, gap)
    heard: list[Utterance] = []
    cause = ""
    end = gap.end - (WORD_MARGIN_S if ends_at_word else 0.0)
    for segment in segments:
        try:
            heard += _recognise_segment(office, segment, gap, end, wait)
        except InvalidInput:
            cause = FAILED
        except files.RecordingMissing:
            cause = RECORDING_MISSING
        except files.RecordingDamaged:
            cause = TRUNCATED
    with office.store.write() as session:
        _store_heard(session, gap, heard, cause)


def _in_gap(segment: StoredSegment, gap: StoredGap) -> bool:
    own = segment.participant_id == gap.participant_id and segment.kind == TrackKind.AUDIO
    return own and segment.start < gap.end and segment.start + segment.seconds > gap.start


def _utterance_starts_at(session: Session, gap: StoredGap) -> bool:
    return store.utterance_starts_near(session, gap.reception_id, gap.participant_id or "", gap.end)


def _recognise_segment(
    office: Office, segment: StoredSegment, gap: StoredGap, end: float, wait: float
) -> list[Utterance]:
    start = max(gap.start, segment.start)
    end = min(end, segment.start + segment.seconds)
    found: list[Utterance] = []
    while end - start >= SHORTEST_GAP_S:
        piece = files.cut_sound(office.settings.recordings_dir, segment, start, min(start + PIECE_S, end))
        if piece is None:
            break
        heard = transcriber.transcribe(office.settings, piece.data, timeout=wait)
        found += [_placed(item, piece, gap, len(found) + number) for number, item in enumerate(heard)]
        start += PIECE_S
    return found


def _placed(item: transcriber.HeardUtterance, piece: files.Piece, gap: StoredGap, number: int) -> Utterance:
    """The utterance at its place in the recording; its id is the same however often this is done."""
    by = piece.start
    words = tuple(
        Word(start=w.start + by, end=w.end + by, text=w.text, probability=w.probability) for w in item.words
    )
    place = round(piece.start * 1000)
    return Utterance(
        id=f"{(gap.participant_id or '')[:40]}-r{place}-{number}",
        participant_id=gap.participant_id or "",
        start=item.start + by,
        end=item.end + by,
        text=item.text,
        words=words,
        **{**item.measures, "doubt": tuple(item.measures.get("doubt") or ()), "model": item.measures.get("model") or ""},
    )


def _store_heard(session: Session, gap: StoredGap, heard: Sequence[Utterance], cause: str) -> None:
    """Utterances in, gap out (or on with the cause for which it stays), lines into the record: all or nothing."""
    current = session.get(StoredGap, gap.id)
    if current is None or current.cause != NOT_RECOGNISED:
        return
    new = [u for u in heard if session.get(StoredUtterance, u.id) is None]
    rows = [stored_utterance(gap.reception_id, utterance, source="recording") for utterance in new]
    session.add_all(rows)
    session.flush()
    record = store.record_of(session, gap.reception_id)
    late = record is not None and record.state in CLOSED_RECORD
    if cause or (late and rows):
        current.cause = cause or LATE
    else:
        session.delete(current)
    if record is not None and rows:
        records.add_recognised(session, record, rows)


def _tell_record(session: Session, reception_id: str, outcome: Outcome) -> None:
    record = store.record_of(session, reception_id)
    if record is not None and record.state not in CLOSED_RECORD and (
        (record.recognition, record.recognition_message) != (outcome.state, outcome.message)
    ):
        record.recognition = outcome.state
        record.recognition_message = outcome.message


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
        store.change_state(session, reception_id, (ReceptionState.CLOSING,), ReceptionState.CLOSED)

