"""Hearing a whole recording again after the talk, piece by piece (server/jobs/workflows.py strings it together).

What the second pass hears is kept beside the first and never mixed with it.  What comes of the differences:
reception/suggestions.py.
"""

import time
from collections import Counter
from collections.abc import Sequence

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import RecognitionState, SecondPassState
from server.errors import Unavailable
from server.protocol.base import TrackKind
from server.reception.office import Office
from server.reception.record import hotwords, suggestions, transcriber
from server.reception.record.closing import (
    READY_WAIT_S,
    SMALL_PIECE_S,
    Outcome,
    Stretch,
    language_of,
    next_start,
    piece_by_piece,
)
from server.store import files, receptions
from server.store import second_pass as store
from server.store.models import SecondPass, SecondUtterance, StoredSegment

log = structlog.get_logger()

PIECE_S = 60.0
"""Longest sound sent at once: so much is heard again after a crash."""
WAIT_S = 3600.0
"""A piece waits for the streams of all talks."""
MOST_FAILURES = 3


def plan(office: Office, reception_id: str) -> bool:
    """Note that a recording is to be heard again; False: there is no sound, or it is not wanted."""
    if not office.settings.second_pass:
        return False
    with office.store.write() as session:
        seconds = sum(segment.seconds for segment in _sound(session, reception_id))
        if seconds and store.of_reception(session, reception_id) is None:
            session.add(SecondPass(
                reception_id=reception_id, state=SecondPassState.WAITING, message="", seconds=seconds, heard=0.0,
                heard_until={}, left_out=[], differences=0, asked_at=clock.now(),
            ))  # fmt: skip
    return seconds > 0


def _sound(session: Session, reception_id: str) -> list[StoredSegment]:
    return [found for found in receptions.segments_of(session, reception_id) if found.kind == TrackKind.AUDIO]


def hear(office: Office, reception_id: str) -> Outcome:
    """Go on hearing after the last stored piece; says whether to try again."""
    with office.store.read() as session:
        done = store.of_reception(session, reception_id)
        segments = _sound(session, reception_id)
        words = hotwords.of_reception(session, reception_id)
    if done is None or done.state == SecondPassState.DONE:
        return Outcome(RecognitionState.DONE)
    for segment in segments:
        began = time.monotonic()
        try:
            _hear_segment(office, segment, words)
        except Unavailable as error:
            _wait(office, segment, error, kept_waiting=time.monotonic() - began >= WAIT_S)
            return Outcome(RecognitionState.WAITING, error.message, retry=True)
    return Outcome(RecognitionState.DONE)


def _hear_segment(office: Office, segment: StoredSegment, words: Sequence[str]) -> None:
    end = segment.start + segment.seconds

    def hear(stretch: Stretch) -> float:
        try:
            return _hear_piece(office, segment, stretch, words)
        except (files.RecordingMissing, files.RecordingDamaged):
            return _leave_out(office, segment, stretch.start, end)

    start = _begin(office, segment)
    piece_by_piece(
        start, end, PIECE_S, hear=hear,
        leave_out=lambda stretch: _leave_out(office, segment, stretch.start, stretch.end),
        careful_s=SMALL_PIECE_S if _failures[segment.id, start] else 0.0,
    )  # fmt: skip


def _begin(office: Office, segment: StoredSegment) -> float:
    """Where hearing a segment goes on."""
    with office.store.write() as session:
        done = session.get_one(SecondPass, segment.reception_id)
        done.state, done.message = SecondPassState.RUNNING, ""
        return float(done.heard_until.get(segment.id, segment.start))


def _hear_piece(office: Office, segment: StoredSegment, stretch: Stretch, words: Sequence[str]) -> float:
    """Hear and store one piece; returns where the next one starts."""
    piece = files.cut_sound(office.settings.recordings_dir, segment, stretch.start, stretch.end)
    heard = transcriber.HeardSound(())
    if piece is not None:
        heard = transcriber.transcribe(
            office.settings, piece.data, timeout=WAIT_S, hotwords=words, careful=True,
            language=language_of(office, segment.participant_id),
        )
    by = piece.start if piece is not None else stretch.start
    after = stretch.end if stretch.last else next_start(heard, by, stretch)
    with office.store.write() as session:
        for number, item in enumerate(heard.utterances):
            if item.start + by < after:
                session.add(_stored(segment, item, by, number))
        _note_position(session, segment, after)
    return after


def _stored(segment: StoredSegment, item: transcriber.HeardUtterance, by: float, number: int) -> SecondUtterance:
    return SecondUtterance(
        id=f"{segment.id[:44]}-p{round(by * 1000)}-{number}",
        reception_id=segment.reception_id,
        participant_id=segment.participant_id,
        start=item.start + by,
        end=item.end + by,
        text=item.text,
        words=[[word.start + by, word.end + by, word.text, word.probability] for word in item.words],
        measures=item.measures,
    )


def _note_position(session: Session, segment: StoredSegment, until: float) -> None:
    done = session.get_one(SecondPass, segment.reception_id)
    done.heard += until - float(done.heard_until.get(segment.id, segment.start))
    done.heard_until = {**done.heard_until, segment.id: round(until, 3)}


def _leave_out(office: Office, segment: StoredSegment, start: float, end: float) -> float:
    """This stretch cannot be heard again; returns where the next one starts."""
    with office.store.write() as session:
        done = session.get_one(SecondPass, segment.reception_id)
        done.left_out = [*done.left_out, [segment.participant_id, round(start, 3), round(end, 3)]]
        _note_position(session, segment, end)
    return end


_failures: Counter[tuple[str, float]] = Counter()
"""How often a stretch failed while the transcriber worked, since this program was started."""


def _wait(office: Office, segment: StoredSegment, error: Unavailable, *, kept_waiting: bool) -> None:
    """Note why it cannot go on now; a stretch at which a working transcriber fails again and again is left out."""
    with office.store.write() as session:
        done = session.get_one(SecondPass, segment.reception_id)
        done.state, done.message = SecondPassState.WAITING, error.message
        start = float(done.heard_until.get(segment.id, segment.start))
    if kept_waiting or error.code.startswith("model_") or not transcriber.ready(office.settings, timeout=READY_WAIT_S):
        return
    _failures[segment.id, start] += 1
    if _failures.get((segment.id, start), 0) >= MOST_FAILURES:
        del _failures[segment.id, start]
        log.warning("stretch not heard again, the transcriber fails at it", reception=segment.reception_id)
        _leave_out(office, segment, start, min(start + SMALL_PIECE_S, segment.start + segment.seconds))


def conclude(office: Office, reception_id: str) -> None:
    """Lay both passes beside each other and see to the record; done once, it does nothing more."""
    with office.store.read() as session:
        done = store.of_reception(session, reception_id)
        if done is None or done.state == SecondPassState.DONE:
            return
        readings = suggestions.readings(session, done, _sound(session, reception_id))
    with office.store.write() as session:
        done = store.of_reception(session, reception_id)
        record = receptions.record_of(session, reception_id)
        if done is None or done.state == SecondPassState.DONE or record is None:
            return
        suggestions.propose(session, record, readings)
        done.differences = len(readings.differences)
        done.state, done.message, done.finished_at = SecondPassState.DONE, "", clock.now()
    log.info("recording heard again", reception=reception_id, differences=len(readings.differences))

