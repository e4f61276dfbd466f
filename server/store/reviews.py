"""Every query about 每日评查: what is drawn, who hears it, what they found."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from server.store.access import Actor, organizations_under, visible_cases
from server.store.models import (
    Organization,
    ReviewDay,
    StoredCase,
    StoredFinding,
    StoredReview,
    StoredRevision,
    StoredSupplement,
    User,
    VisitRecord,
)

MOST_ROWS = 200


def days_drawn(session: Session, first: date) -> set[date]:
    """Days from `first` on that were drawn from."""
    return set(session.scalars(select(ReviewDay.day).where(ReviewDay.day >= first)))


def filed_between(session: Session, start: datetime, end: datetime) -> dict[int, list[int]]:
    """Cases filed in that time, by office."""
    query = select(StoredCase.organization_id, StoredCase.id).where(StoredCase.filed_at >= start, StoredCase.filed_at < end, StoredCase.record_id.is_not(None))
    found: dict[int, list[int]] = {}
    for organization_id, case_id in session.execute(query.order_by(StoredCase.id)):
        found.setdefault(organization_id, []).append(case_id)
    return found


def _visible(actor: Actor) -> Select[StoredReview]:
    readable = visible_cases(actor).with_only_columns(StoredCase.id)
    return (
        select(StoredReview)
        .where(StoredReview.case_id.in_(readable))
        .options(joinedload(StoredReview.reviewer), joinedload(StoredReview.case).joinedload(StoredCase.organization))
    )


def _departed() -> Select[int]:
    """Whose account was closed: what waits for them waits for a colleague."""
    return select(User.id).where(User.active.is_(False))


def _free() -> ColumnElement[bool]:
    """Taken by nobody who could still finish it."""
    return or_(StoredReview.reviewer_id.is_(None), and_(StoredReview.finished_at.is_(None), StoredReview.reviewer_id.in_(_departed())))


def _answered_by(actor: Actor) -> ColumnElement[bool]:
    """The clerk who corrected the record; once they have no account any more, every clerk of its office."""
    left_behind = and_(VisitRecord.organization_id == actor.organization_id, VisitRecord.clerk_id.in_(_departed()))
    return or_(VisitRecord.clerk_id == actor.user_id, left_behind)


def answers(session: Session, actor: Actor, record_id: str) -> bool:
    """Whether findings in this record are for the actor."""
    return session.scalar(select(VisitRecord.id).where(VisitRecord.id == record_id, _answered_by(actor))) is not None


def open_for(session: Session, actor: Actor) -> Sequence[StoredReview]:
    """Drawn, free, readable for the actor, and no work of theirs; oldest day first."""
    worked = exists().where(StoredRevision.record_id == VisitRecord.id, StoredRevision.user_id == actor.user_id)
    own = exists().where(
        VisitRecord.id == StoredCase.record_id, StoredCase.id == StoredReview.case_id, or_(VisitRecord.clerk_id == actor.user_id, worked)
    )
    query = _visible(actor).where(_free(), ~own)
    return session.scalars(query.order_by(StoredReview.day, StoredReview.id).limit(MOST_ROWS)).all()


def of_reviewer(session: Session, actor: Actor) -> Sequence[StoredReview]:
    """Those that the actor took: unfinished ones first, then the latest."""
    query = _visible(actor).where(StoredReview.reviewer_id == actor.user_id)
    order = (StoredReview.finished_at.is_not(None), StoredReview.finished_at.desc(), StoredReview.id)
    return session.scalars(query.order_by(*order).limit(MOST_ROWS)).all()


def returned_to(session: Session, actor: Actor) -> Sequence[StoredReview]:
    """Finished ones with findings that are for the actor; the latest first."""
    theirs = exists().where(VisitRecord.id == StoredCase.record_id, StoredCase.id == StoredReview.case_id, _answered_by(actor))
    found = exists().where(StoredFinding.review_id == StoredReview.id)
    query = _visible(actor).where(StoredReview.finished_at.is_not(None), theirs, found)
    return session.scalars(query.order_by(StoredReview.finished_at.desc()).limit(MOST_ROWS)).all()


def find(session: Session, actor: Actor, review_id: int) -> StoredReview | None:
    """The review if the actor may read its case."""
    return session.scalars(_visible(actor).where(StoredReview.id == review_id)).one_or_none()


def take(session: Session, review_id: int, user_id: int) -> bool:
    """Whoever is first has it."""
    query = update(StoredReview).where(StoredReview.id == review_id, _free())
    return bool(session.execute(query.values(reviewer_id=user_id).returning(StoredReview.id)).first())


def findings(session: Session, review_ids: Sequence[int]) -> dict[int, list[StoredFinding]]:
    """By review, in the order in which they were noted."""
    query = select(StoredFinding).where(StoredFinding.review_id.in_(review_ids)).order_by(StoredFinding.id)
    found: dict[int, list[StoredFinding]] = {}
    for one in session.scalars(query):
        found.setdefault(one.review_id, []).append(one)
    return found


def supplements_to(session: Session, finding_ids: Sequence[int]) -> dict[int, int]:
    """Supplement by the finding that it answers."""
    query = select(StoredSupplement.finding_id, StoredSupplement.id).where(StoredSupplement.finding_id.in_(finding_ids))
    return {finding: supplement for finding, supplement in session.execute(query) if finding is not None}


def finding_of(session: Session, finding_id: int) -> tuple[StoredFinding, StoredReview] | None:
    """A finding with its review."""
    query = select(StoredFinding, StoredReview).join(StoredReview, StoredReview.id == StoredFinding.review_id)
    return session.execute(query.where(StoredFinding.id == finding_id)).one_or_none()


def finished_counts(session: Session, actor: Actor, since: datetime) -> list[tuple[str, int, int]]:
    """(office, its id, reviews finished since then) at and under the actor's office."""
    query = (
        select(Organization.name, Organization.id, func.count())
        .join(StoredReview, StoredReview.organization_id == Organization.id)
        .where(Organization.id.in_(organizations_under(actor)), StoredReview.finished_at >= since)
        .group_by(Organization.id, Organization.name, Organization.path)
        .order_by(Organization.path)
    )
    return list(session.execute(query))


def finding_counts(session: Session, since: datetime) -> dict[tuple[int, str], int]:
    """Findings of reviews finished since then, by office and kind."""
    query = (
        select(StoredReview.organization_id, StoredFinding.kind, func.count())
        .join(StoredReview, StoredReview.id == StoredFinding.review_id)
        .where(StoredReview.finished_at >= since)
        .group_by(StoredReview.organization_id, StoredFinding.kind)
    )
    return {(office, kind): count for office, kind, count in session.execute(query)}


def clerks_reviewed(session: Session, since: datetime) -> dict[int, set[int]]:
    """Whose records were reviewed in each office: only to tell how many they are."""
    query = (
        select(StoredReview.organization_id, VisitRecord.clerk_id)
        .join(StoredCase, StoredCase.id == StoredReview.case_id)
        .join(VisitRecord, VisitRecord.id == StoredCase.record_id)
        .where(StoredReview.finished_at >= since)
        .distinct()
    )
    found: dict[int, set[int]] = {}
    for office, clerk in session.execute(query):
        if clerk is not None:
            found.setdefault(office, set()).add(clerk)
    return found
