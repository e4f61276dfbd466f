"""Every query about ratings."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from server.domain.ratings import RATABLE, RatedBody
from server.store.models import StoredCase, StoredRating


def of_case(session: Session, case_id: int) -> Sequence[StoredRating]:
    """Ratings of a case, at most one of each body."""
    return session.scalars(select(StoredRating).where(StoredRating.case_id == case_id).order_by(StoredRating.body)).all()


def could_be_rated(body: RatedBody) -> ColumnElement[bool]:
    """The condition on StoredCase for the denominator of 参评率, the same that lets a rating in (reception/ratings.py)."""
    counts = and_(~StoredCase.litigation, StoredCase.repeat_of_id.is_(None), StoredCase.merged_into_id.is_(None))
    there = [] if body is RatedBody.OFFICE else [StoredCase.unit_id.is_not(None)]
    return and_(counts, StoredCase.state.in_(sorted(RATABLE[body])), *there)
