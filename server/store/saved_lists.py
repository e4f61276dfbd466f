"""Queries over kept lists."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from server.store.access import Actor
from server.store.models import SavedList


def of(session: Session, actor: Actor) -> Sequence[SavedList]:
    """The actor's own, and what colleagues of the office share, by name."""
    shared = (SavedList.organization_id == actor.organization_id) & SavedList.shared
    query = select(SavedList).where(or_(SavedList.user_id == actor.user_id, shared)).options(joinedload(SavedList.user))
    return session.scalars(query.order_by(SavedList.name, SavedList.id).limit(200)).all()


def own(session: Session, actor: Actor, list_id: int) -> SavedList | None:
    """One that the actor keeps."""
    return session.scalars(select(SavedList).where(SavedList.id == list_id, SavedList.user_id == actor.user_id)).one_or_none()


def count_own(session: Session, actor: Actor) -> int:
    """How many the actor keeps."""
    return session.scalar(select(func.count()).where(SavedList.user_id == actor.user_id)) or 0
