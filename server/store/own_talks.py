"""Every query about the talks that one account held."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from server.domain.ratings import PLEASED, RatedBody
from server.store.access import Actor, visible_cases, visible_receptions
from server.store.models import Commitment, Reception, StoredCase, StoredRating
from server.store.ratings import of_sittings

PAGE_ROWS = 20


def page(session: Session, actor: Actor, after: tuple[Any, ...]) -> Sequence[Reception]:
    """The talks behind a place (asked_at, id; none: the first ones) that the actor held and may still read, the newest first; one
    more than a page where there are more."""
    query = visible_receptions(actor).where(Reception.receiver_id == actor.user_id, Reception.started_at.is_not(None))
    if after:
        query = query.where(tuple_(Reception.asked_at, Reception.id) < after)
    query = query.options(joinedload(Reception.kiosk)).order_by(Reception.asked_at.desc(), Reception.id.desc())
    return session.scalars(query.limit(PAGE_ROWS + 1)).all()


def promises_of(session: Session, reception_ids: Collection[str]) -> dict[str, list[Commitment]]:
    """What was promised in these talks, by talk."""
    query = select(Commitment).where(Commitment.reception_id.in_(reception_ids)).options(joinedload(Commitment.unit))
    found: dict[str, list[Commitment]] = {}
    for one in session.scalars(query.order_by(Commitment.due_on, Commitment.id)):
        found.setdefault(one.reception_id, []).append(one)
    return found


def cases_of(session: Session, actor: Actor, reception_ids: Collection[str]) -> dict[str, StoredCase]:
    """The cases of these talks that the actor may read, by talk."""
    query = visible_cases(actor).where(StoredCase.reception_id.in_(reception_ids))
    return {one.reception_id: one for one in session.scalars(query) if one.reception_id is not None}


def talks_since(session: Session, user_id: int, since: datetime) -> int:
    """How many talks an account held."""
    held = select(func.count()).where(Reception.receiver_id == user_id, Reception.asked_at >= since, Reception.started_at.is_not(None))
    return session.scalar(held) or 0


def said_since(session: Session, user_id: int, since: datetime) -> tuple[int, int]:
    """How many said at the end of an account's talks how satisfied they were, and how many of them were pleased."""
    return of_sittings(session, select(Reception.id).where(Reception.receiver_id == user_id, Reception.asked_at >= since))


def ratings_since(session: Session, user_id: int, since: datetime) -> tuple[int, int]:
    """Ratings of the office in matters that came from an account's talks, and how many of them were pleased."""
    pleased = func.coalesce(func.sum(case((StoredRating.score.in_(PLEASED), 1), else_=0)), 0)
    query = (
        select(func.count(), pleased)
        .select_from(Reception)
        .join(StoredCase, StoredCase.reception_id == Reception.id)
        .join(StoredRating, StoredRating.case_id == StoredCase.id)
        .where(Reception.receiver_id == user_id, Reception.asked_at >= since, StoredRating.body == RatedBody.OFFICE)
    )
    rated, good = session.execute(query).one()
    return int(rated), int(good)
