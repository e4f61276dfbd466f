"""Takes what the media node tells of lectures into the store: when they began and ended, and their manifest.

Seats, gaps and files stay in the node's journal and in the manifest: a lecture is no reception and has no record.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from server.domain.lectures import OPEN, LectureState
from server.protocol import media_control as journal
from server.protocol.canonical import fingerprint
from server.protocol.recording import Manifest
from server.protocol.signalling import LECTURE
from server.store import lectures as store
from server.store.models import Lecture


def is_lecture(reception_id: str) -> bool:
    """Whether this is the id of a lecture."""
    return reception_id.startswith(LECTURE)


def take_in(session: Session, entry: journal.Entry) -> bool | None:
    """Take one entry in; False: it was taken in before, or the lecture is not ours or over; None: one before it is
    missing."""
    lecture = session.get(Lecture, entry.reception_id)
    if lecture is None or entry.seq <= lecture.journal_seq or lecture.state not in (*OPEN, LectureState.CLOSING):
        return False
    if not store.advance_journal(session, lecture.id, entry.seq):
        return None
    session.refresh(lecture)
    handler = HANDLERS.get(type(entry.fact))
    if handler is not None:
        handler(session, lecture, entry.fact)
    session.flush()
    return True


def _started(session: Session, lecture: Lecture, fact: journal.RecordingStarted) -> None:
    begun = store.change_state(session, lecture.id, (LectureState.PLANNED,), LectureState.RUNNING, started_at=fact.started_at)
    if begun:
        session.refresh(lecture)


def _hung_up(session: Session, lecture: Lecture, fact: journal.HungUp) -> None:
    if store.change_state(session, lecture.id, OPEN, LectureState.CLOSING, ended_at=fact.at):
        session.refresh(lecture)


HANDLERS: dict[type, Callable[[Session, Lecture, Any], None]] = {
    journal.RecordingStarted: _started,
    journal.HungUp: _hung_up,
}


def take_manifest(session: Session, lecture_id: str, found: dict[str, Any] | None) -> bool:
    """The recording is closed, and so is the lecture; whether anything was recorded."""
    lecture = session.get_one(Lecture, lecture_id)
    if found is not None and not lecture.manifest_sha256:
        manifest = Manifest.model_validate(found)
        lecture.manifest = manifest.model_dump(mode="json", exclude_unset=True)
        lecture.manifest_sha256 = fingerprint(lecture.manifest)
        lecture.started_at = lecture.started_at or manifest.started_at
        lecture.ended_at = lecture.ended_at or manifest.ended_at
        lecture.seconds = manifest.seconds
        session.flush()
    store.change_state(session, lecture_id, (LectureState.CLOSING,), LectureState.ENDED)
    session.refresh(lecture)
    return bool(lecture.manifest and lecture.manifest.get("segments"))
