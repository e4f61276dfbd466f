"""Queries about time stamps; for programs, which act for nobody."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, undefer

from server.domain.states import StampKind
from server.store.models import StoredTimestamp


def note(session: Session, reception_id: str, kind: StampKind, sha256: str, now: datetime) -> None:
    """Have it asked for, once: the closing and the signing may note the same one at the same time."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"reception_id": reception_id, "kind": kind, "sha256": sha256, "noted_at": now, "next_at": now}
    session.execute(insert(StoredTimestamp).values(tries=0, why="", authority="", **values).on_conflict_do_nothing())


def due(session: Session, now: datetime) -> Sequence[int]:
    """Those that are to be asked for, the one that has waited longest first."""
    query = select(StoredTimestamp.id).where(StoredTimestamp.next_at <= now)
    return session.scalars(query.order_by(StoredTimestamp.next_at, StoredTimestamp.id)).all()


def any_due(session: Session, now: datetime) -> bool:
    """Whether there are any."""
    return session.scalar(select(StoredTimestamp.id).where(StoredTimestamp.next_at <= now).limit(1)) is not None


def wait_until(session: Session, next_at: datetime | None) -> None:
    """When all that are not there yet are to be asked for; None: not now."""
    session.execute(update(StoredTimestamp).where(StoredTimestamp.at.is_(None)).values(next_at=next_at))


def of_reception(session: Session, reception_id: str, sha256: Collection[str]) -> Sequence[StoredTimestamp]:
    """Of what has these hashes, the record's before the recording's."""
    query = select(StoredTimestamp).where(StoredTimestamp.reception_id == reception_id, StoredTimestamp.sha256.in_(sha256))
    return session.scalars(query.order_by(StoredTimestamp.kind.desc(), StoredTimestamp.id)).all()


def all_of_reception(session: Session, reception_id: str) -> Sequence[StoredTimestamp]:
    """All of one, with the answers."""
    query = select(StoredTimestamp).where(StoredTimestamp.reception_id == reception_id)
    return session.scalars(query.options(undefer(StoredTimestamp.answer)).order_by(StoredTimestamp.id)).all()


def failing(session: Session) -> Sequence[StoredTimestamp]:
    """Those that were asked for in vain and are asked for again, the oldest first."""
    query = select(StoredTimestamp).where(StoredTimestamp.next_at.is_not(None), StoredTimestamp.tries > 0)
    return session.scalars(query.order_by(StoredTimestamp.noted_at, StoredTimestamp.id)).all()
