"""Every query about promises that were confirmed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, joinedload, selectinload

from server.domain.commitments import CommitmentState
from server.domain.figures import Share
from server.domain.states import PromiseState
from server.store.access import Actor, organizations_under, reads_case, visible_commitments
from server.store.models import Commitment, Organization, StoredCase, StoredPromise, User, VisitRecord

PAGE_ROWS = 50
MOST_CHOICES = 300


@dataclass(frozen=True)
class Wanted:
    """What a page of the ledger asks for; None and "": all."""

    state: str = ""
    leader_id: int | None = None
    unit_id: int | None = None
    office_id: int | None = None
    """Where the talk was held."""
    late_on: date | None = None
    """Only open ones whose day was before this one."""


def of_reception(session: Session, reception_id: str) -> Sequence[Commitment]:
    """All of a talk, in the order of the talk; whoever asks has looked whether the actor may."""
    query = select(Commitment).where(Commitment.reception_id == reception_id).options(joinedload(Commitment.unit))
    return session.scalars(query.order_by(Commitment.start, Commitment.id)).all()


def one(session: Session, actor: Actor, commitment_id: int) -> Commitment | None:
    """A promise that the actor may read, as it is now."""
    return session.scalars(_with_names(visible_commitments(actor).where(Commitment.id == commitment_id))).one_or_none()


def left(session: Session, reception_ids: Collection[str]) -> dict[str, int]:
    """How many promises of the drafts of these talks nobody has decided in the one step at the end."""
    kept = select(Commitment.id).where(Commitment.reception_id == StoredPromise.reception_id, Commitment.promise_id == StoredPromise.id)
    query = select(StoredPromise.reception_id, func.count()).where(
        StoredPromise.reception_id.in_(reception_ids), StoredPromise.state != PromiseState.STRUCK, ~StoredPromise.set_aside, ~kept.exists()
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(StoredPromise.reception_id))}


def to_remind(session: Session, today: date, rows: int) -> Sequence[Commitment]:
    """Those without a deadline whose next look is due; locked where the database can."""
    query = select(Commitment).where(Commitment.remind_on <= today).options(selectinload(Commitment.promised_by), selectinload(Commitment.reception))
    return session.scalars(query.order_by(Commitment.remind_on).limit(rows).with_for_update(skip_locked=True)).all()


def _with_names(query: Select[Commitment]) -> Select[Commitment]:
    return query.options(
        joinedload(Commitment.unit), joinedload(Commitment.organization), joinedload(Commitment.promised_by),
        joinedload(Commitment.reception),
    )  # fmt: skip


def _chosen(query: Select[Commitment], wanted: Wanted) -> Select[Commitment]:
    if wanted.state:
        query = query.where(Commitment.state == wanted.state)
    if wanted.leader_id is not None:
        query = query.where(Commitment.promised_by_id == wanted.leader_id)
    if wanted.unit_id is not None:
        query = query.where(Commitment.unit_id == wanted.unit_id)
    if wanted.office_id is not None:
        query = query.where(Commitment.organization_id == wanted.office_id)
    if wanted.late_on is not None:
        query = query.where(Commitment.state == CommitmentState.OPEN, Commitment.due_on < wanted.late_on)
    return query


def page(session: Session, actor: Actor, wanted: Wanted, after: tuple[Any, ...]) -> Sequence[Commitment]:
    """Those behind a place (due_on, id; none: the first ones), one more than a page where there are more: what is open by its day,
    so that the overdue stand first; what has ended, or all of it, by the latest day."""
    query = _with_names(_chosen(visible_commitments(actor), wanted))
    place = tuple_(Commitment.due_on, Commitment.id)
    if wanted.state == CommitmentState.OPEN or wanted.late_on is not None:
        query = query.order_by(Commitment.due_on, Commitment.id)
        query = query.where(place > after) if after else query
    else:
        query = query.order_by(Commitment.due_on.desc(), Commitment.id.desc())
        query = query.where(place < after) if after else query
    return session.scalars(query.limit(PAGE_ROWS + 1)).all()


def counts(session: Session, actor: Actor, wanted: Wanted, today: date) -> dict[str, int]:
    """How many are in each state, and under "late" how many of the open ones are over their day."""
    found = _chosen(visible_commitments(actor), wanted).with_only_columns(
        Commitment.state, func.count(), func.sum(case((Commitment.due_on < today, 1), else_=0))
    )
    told: dict[str, int] = {}
    for state, number, over in session.execute(found.group_by(Commitment.state)):
        told[state] = number
        if state == CommitmentState.OPEN:
            told["late"] = int(over or 0)
    return told


def records_of(session: Session, reception_ids: Collection[str]) -> dict[str, str]:
    """Record of each talk that has one."""
    query = select(VisitRecord.reception_id, VisitRecord.id).where(VisitRecord.reception_id.in_(reception_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def readable_cases(session: Session, actor: Actor, case_ids: Collection[int]) -> set[int]:
    """Those of these cases that the actor may open."""
    return set(session.scalars(select(StoredCase.id).where(StoredCase.id.in_(case_ids), reads_case(actor))))


def move(session: Session, commitment: Commitment, version: int, **values: object) -> bool:
    """Change it if it is open and still as it was seen; False: somebody was quicker."""
    where = (Commitment.id == commitment.id, Commitment.version == version, Commitment.state == CommitmentState.OPEN)
    query = update(Commitment).where(*where).values(version=version + 1, **values)
    moved = session.execute(query.returning(Commitment.id).execution_options(synchronize_session=False)).first()
    session.refresh(commitment)
    return moved is not None


def leaders(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Leaders at and under the actor's organization who have promised something, at most 300."""
    promised = select(Commitment.id).where(Commitment.promised_by_id == User.id).exists()
    query = select(User.id, User.name).where(User.organization_id.in_(organizations_under(actor)), promised)
    return [(number, name) for number, name in session.execute(query.order_by(User.name, User.id).limit(MOST_CHOICES))]


def units(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Organizations at and under the actor's that have a promise to keep, at most 300."""
    given = select(Commitment.id).where(Commitment.unit_id == Organization.id).exists()
    query = select(Organization.id, Organization.name).where(Organization.id.in_(organizations_under(actor)), given)
    return [(number, name) for number, name in session.execute(query.order_by(Organization.path).limit(MOST_CHOICES))]


def office_name(session: Session, actor: Actor, office_id: int) -> str:
    """Of an organization at or under the actor's; empty for any other."""
    query = select(Organization.name).where(Organization.id == office_id, Organization.id.in_(organizations_under(actor)))
    return session.scalar(query) or ""


def kept(
    session: Session, actor: Actor, by: str, since: datetime, until: datetime, today: date, path: str = ""
) -> list[tuple[int, str, Share]]:
    """Promises made in that time that have come to their day, per leader or per office ("leader", "organization"), of the
    actor's organization and below, or only of those at and under `path`.

    One that was taken back before its day is left out; one that was taken back later was not kept.
    """
    who, column = (User, Commitment.promised_by_id) if by == "leader" else (Organization, Commitment.organization_id)
    ended = _come_to_their_day(actor, since, until, today, path)
    query = ended.join(who, who.id == column).with_only_columns(who.id, who.name, func.sum(_kept_in_time()), func.count())
    found = session.execute(query.group_by(who.id, who.name).order_by(who.name, who.id).limit(MOST_CHOICES))
    return [(number, name, Share(int(part), whole)) for number, name, part, whole in found]


def _come_to_their_day(actor: Actor, since: datetime, until: datetime, today: date, path: str) -> Select[Commitment]:
    whole = or_(
        and_(Commitment.state == CommitmentState.DONE),
        and_(Commitment.state == CommitmentState.OPEN, Commitment.due_on < today),
        and_(Commitment.state == CommitmentState.WITHDRAWN, Commitment.ended_on > Commitment.due_on),
    )
    here = select(Organization.id).where(Organization.path.startswith(path or actor.organization_path, autoescape=True))
    return visible_commitments(actor).where(
        Commitment.organization_id.in_(organizations_under(actor)), Commitment.organization_id.in_(here),
        Commitment.promised_at >= since, Commitment.promised_at < until, whole,
    )  # fmt: skip


def _kept_in_time() -> ColumnElement[int]:
    return case((and_(Commitment.state == CommitmentState.DONE, Commitment.ended_on <= Commitment.due_on), 1), else_=0)


def kept_by_reception(
    session: Session, actor: Actor, since: datetime, until: datetime, today: date, path: str, leader_id: int | None
) -> list[tuple[str, Share]]:
    """The promises that `kept` counts, by the reception in which they were made, the latest promises first."""
    ended = _come_to_their_day(actor, since, until, today, path)
    if leader_id is not None:
        ended = ended.where(Commitment.promised_by_id == leader_id)
    query = ended.with_only_columns(Commitment.reception_id, func.sum(_kept_in_time()), func.count())
    last = func.max(Commitment.promised_at)
    found = session.execute(query.group_by(Commitment.reception_id).order_by(last.desc(), Commitment.reception_id))
    return [(reception_id, Share(int(part), whole)) for reception_id, part, whole in found]


def offered_units(session: Session, path: str) -> Sequence[Organization]:
    """The organization of this path and those below it, at most 300, in the order of the tree."""
    query = select(Organization).where(Organization.path.startswith(path, autoescape=True))
    return session.scalars(query.order_by(Organization.path).limit(MOST_CHOICES)).all()
