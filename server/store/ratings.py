"""Every query about ratings."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from server.domain.ratings import PLEASED, RATABLE, RatedBody
from server.store.models import SittingRating, StoredCase, StoredRating


def of_case(session: Session, case_id: int) -> Sequence[StoredRating]:
    """Ratings of a case, at most one of each body."""
    return session.scalars(select(StoredRating).where(StoredRating.case_id == case_id).order_by(StoredRating.body)).all()


def with_words(session: Session, case_ids: Collection[int], bodies: Collection[RatedBody]) -> Sequence[StoredRating]:
    """Ratings of these bodies in these matters to which something was added."""
    query = select(StoredRating).where(StoredRating.case_id.in_(case_ids), StoredRating.body.in_(bodies), StoredRating.words != "")
    return session.scalars(query.order_by(StoredRating.case_id, StoredRating.body)).all()


def of_sitting(session: Session, reception_id: str) -> SittingRating | None:
    """What was said of a talk at its end."""
    return session.get(SittingRating, reception_id)


def of_sittings(session: Session, reception_ids: Select[str]) -> tuple[int, int]:
    """How many said of these talks how satisfied they were, and how many of them were pleased."""
    rated = func.count().label("rated")
    pleased = func.coalesce(func.sum(case((SittingRating.score.in_(PLEASED), 1), else_=0)), 0)
    found = session.execute(select(rated, pleased).where(SittingRating.reception_id.in_(reception_ids))).one()
    return int(found[0]), int(found[1])


def has_no(column: Any, nothing: Any = 0) -> ColumnElement[bool]:
    """IS NULL said so that no index of the column answers it: nearly every case is so, and SQLite walked all of them."""
    return func.coalesce(column, nothing) == nothing


def could_be_rated(body: RatedBody) -> ColumnElement[bool]:
    """The condition on StoredCase for the denominator of 参评率, the same that lets a rating in (reception/ratings.py)."""
    counts = and_(~StoredCase.litigation, has_no(StoredCase.repeat_of_id), has_no(StoredCase.merged_into_id))
    there = [] if body is RatedBody.OFFICE else [StoredCase.unit_id.is_not(None)]
    # Of most units nearly every case is in such a state: the period is what finds them, not an index of states.
    return and_(counts, func.coalesce(StoredCase.state, "").in_(sorted(RATABLE[body])), *there)
