"""Every query about films and export bundles of cases.  Who may see them is decided by the case (access.py)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.domain.states import ArchiveKind, ArchiveState
from server.store.models import StoredArchive

UNFINISHED = (ArchiveState.WAITING, ArchiveState.RUNNING)


def latest(session: Session, case_id: int, kind: ArchiveKind) -> StoredArchive | None:
    """The last one that was asked for."""
    query = select(StoredArchive).where(StoredArchive.case_id == case_id, StoredArchive.kind == kind)
    return session.scalars(query.order_by(StoredArchive.id.desc()).limit(1)).one_or_none()


def ready(session: Session, case_id: int, kind: ArchiveKind) -> StoredArchive | None:
    """The last one that is there."""
    query = select(StoredArchive).where(
        StoredArchive.case_id == case_id, StoredArchive.kind == kind, StoredArchive.state == ArchiveState.READY
    )
    return session.scalars(query.order_by(StoredArchive.id.desc()).limit(1)).one_or_none()


def move(session: Session, archive_id: int, old: Iterable[ArchiveState], new: ArchiveState, **values: Any) -> bool:
    """Change the state if it still is one of `old`; False when it is not."""
    query = update(StoredArchive).where(StoredArchive.id == archive_id, StoredArchive.state.in_(list(old)))
    return session.execute(query.values(state=new, **values).returning(StoredArchive.id)).first() is not None


def set_progress(session: Session, archive_id: int, progress: float) -> bool:
    """Keep how far it is; False when it is no longer being made."""
    return move(session, archive_id, [ArchiveState.RUNNING], ArchiveState.RUNNING, progress=progress)


def unfinished(session: Session) -> Sequence[int]:
    """Ids of all that wait or are being made, oldest first."""
    query = select(StoredArchive.id).where(StoredArchive.state.in_(UNFINISHED))
    return session.scalars(query.order_by(StoredArchive.id)).all()


def outdated(session: Session, now: datetime) -> Sequence[StoredArchive]:
    """What is there and should not be any more."""
    query = select(StoredArchive).where(
        StoredArchive.state == ArchiveState.READY, StoredArchive.expires_at.is_not(None), StoredArchive.expires_at <= now
    )
    return session.scalars(query).all()


def others_ready(session: Session, archive: StoredArchive) -> Sequence[StoredArchive]:
    """Older ones of the same kind that are still there."""
    query = select(StoredArchive).where(
        StoredArchive.case_id == archive.case_id,
        StoredArchive.kind == archive.kind,
        StoredArchive.state == ArchiveState.READY,
        StoredArchive.id != archive.id,
    )
    return session.scalars(query).all()
