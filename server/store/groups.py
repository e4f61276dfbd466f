"""Every query about groups of like cases (类案): who sees them, their cases, measures and history."""

from collections.abc import Sequence

from sqlalchemy import Select, false, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from server.domain.states import StaffRole
from server.protocol.alike import GroupRef
from server.store.access import Actor, organizations_under, visible_cases
from server.store.models import (
    CaseGroup,
    GroupCase,
    GroupEvent,
    GroupMeasure,
    Organization,
    StoredCase,
    StoredCaseEvent,
)

PAGE = 50
LISTED = 100
EVENTS = 100


def visible_groups(actor: Actor) -> Select[CaseGroup]:
    """Groups that the actor may read: leaders, clerks and supervisors, those of their organization and below; these and
    handling officers, those that a unit of theirs leads."""
    query = select(CaseGroup)
    leads = CaseGroup.lead_unit_id.in_(organizations_under(actor))
    if actor.role is StaffRole.HANDLER:
        return query.where(leads)
    if actor.role not in (StaffRole.LEADER, StaffRole.CLERK, StaffRole.SUPERVISOR):
        return query.where(false())
    return query.where(or_(CaseGroup.organization_id.in_(organizations_under(actor)), leads))


def find(session: Session, actor: Actor, group_id: int) -> CaseGroup | None:
    """The group if the actor may read it."""
    query = visible_groups(actor).where(CaseGroup.id == group_id)
    return session.scalars(query.options(joinedload(CaseGroup.organization), joinedload(CaseGroup.lead_unit))).one_or_none()


def listed(session: Session, actor: Actor) -> Sequence[CaseGroup]:
    """Groups, the open ones first, then the newest."""
    query = visible_groups(actor).order_by(CaseGroup.closed_on.is_not(None), CaseGroup.id.desc()).limit(LISTED)
    return session.scalars(query.options(joinedload(CaseGroup.organization), joinedload(CaseGroup.lead_unit))).all()


def open_refs(session: Session, actor: Actor) -> list[GroupRef]:
    """Groups that cases can be added to: open ones of the actor's organization and below."""
    query = visible_groups(actor).where(CaseGroup.closed_on.is_(None), CaseGroup.organization_id.in_(organizations_under(actor)))
    return [GroupRef(id=one.id, name=one.name, closed=False) for one in session.scalars(query.order_by(CaseGroup.id.desc()).limit(LISTED))]


def group_of(session: Session, actor: Actor, case_id: int) -> GroupRef | None:
    """The group that the case is in, if the actor may read it."""
    now = select(GroupCase.group_id).where(GroupCase.case_id == case_id, GroupCase.left_at.is_(None))
    one = session.scalars(visible_groups(actor).where(CaseGroup.id.in_(now))).one_or_none()
    return GroupRef(id=one.id, name=one.name, closed=one.closed_on is not None) if one else None


def membership(session: Session, case_id: int) -> GroupCase | None:
    """The group that the case is in now."""
    return session.scalars(select(GroupCase).where(GroupCase.case_id == case_id, GroupCase.left_at.is_(None))).one_or_none()


def standing_of(session: Session, case_ids: Sequence[int]) -> dict[int, int]:
    """Per case the group that it is in."""
    query = select(GroupCase.case_id, GroupCase.group_id).where(GroupCase.case_id.in_(case_ids), GroupCase.left_at.is_(None))
    return {row[0]: row[1] for row in session.execute(query)}


def move(session: Session, group: CaseGroup, version: int) -> bool:
    """Take the group on if it is still as the officer saw it; False: somebody was quicker."""
    query = update(CaseGroup).where(CaseGroup.id == group.id, CaseGroup.version == version).values(version=version + 1)
    moved = session.execute(query.returning(CaseGroup.id).execution_options(synchronize_session=False)).first()
    session.refresh(group, ["version"])
    return moved is not None


def _cases(actor: Actor, group_id: int) -> Select[StoredCase]:
    members = select(GroupCase.case_id).where(GroupCase.group_id == group_id, GroupCase.left_at.is_(None))
    return visible_cases(actor).where(StoredCase.id.in_(members))


def cases_of(session: Session, actor: Actor, group_id: int, after: int = 0) -> tuple[Sequence[StoredCase], int | None]:
    """A page of the group's cases that the actor may read, in the order of their ids, and where the next begins."""
    query = _cases(actor, group_id).where(StoredCase.id > after).order_by(StoredCase.id).limit(PAGE + 1)
    found = session.scalars(query.options(joinedload(StoredCase.organization), joinedload(StoredCase.unit))).all()
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def states_of(session: Session, actor: Actor, group_id: int) -> list[tuple[str, int]]:
    """Per state how many of the group's cases the actor may read."""
    query = _cases(actor, group_id).with_only_columns(StoredCase.state, func.count()).group_by(StoredCase.state)
    return [(row[0], row[1]) for row in session.execute(query)]


def last_events(session: Session, case_ids: Sequence[int]) -> dict[int, StoredCaseEvent]:
    """Per case what happened last."""
    newest = select(func.max(StoredCaseEvent.id)).where(StoredCaseEvent.case_id.in_(case_ids)).group_by(StoredCaseEvent.case_id)
    query = select(StoredCaseEvent).where(StoredCaseEvent.id.in_(newest))
    return {one.case_id: one for one in session.scalars(query)}


def units(session: Session, actor: Actor, *, most: int = 500) -> list[tuple[int, str]]:
    """Id and name of the actor's organization and those below it, in the order of the tree."""
    query = select(Organization.id, Organization.name).where(Organization.id.in_(organizations_under(actor)))
    return [(row[0], row[1]) for row in session.execute(query.order_by(Organization.path).limit(most))]


def measures(session: Session, group_id: int) -> Sequence[GroupMeasure]:
    """What is to be done for all, oldest first."""
    query = select(GroupMeasure).where(GroupMeasure.group_id == group_id).order_by(GroupMeasure.id).limit(200)
    return session.scalars(query.options(joinedload(GroupMeasure.unit))).all()


def events(session: Session, group_id: int) -> Sequence[GroupEvent]:
    """What happened to the group, newest first."""
    query = select(GroupEvent).where(GroupEvent.group_id == group_id).order_by(GroupEvent.id.desc()).limit(EVENTS)
    return session.scalars(query).all()
