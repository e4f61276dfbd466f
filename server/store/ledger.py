"""Queries over 积案台账."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from server.domain.ledger import EVENT
from server.domain.organizations import own_and_above
from server.domain.states import StaffRole
from server.store.access import Actor, visible_cases
from server.store.models import HardCase, Organization, StoredCase, StoredCaseEvent, User

PAGE_ROWS = 50


def find(session: Session, case_id: int) -> HardCase | None:
    """A matter's entry; whoever asks has looked whether the actor may read the case."""
    query = select(HardCase).where(HardCase.case_id == case_id).options(joinedload(HardCase.leader))
    return session.scalars(query).one_or_none()


def page(
    session: Session, actor: Actor, states: Sequence[str], risk: str, leader_id: int | None, before: int | None
) -> Sequence[HardCase]:
    """Entries of cases that the actor may read, the newest cases first: one more than a page where there are more."""
    readable = visible_cases(actor).with_only_columns(StoredCase.id).where(StoredCase.id == HardCase.case_id)
    query = select(HardCase).join(HardCase.case).where(readable.correlate(HardCase).exists(), HardCase.state.in_(states))
    if risk:
        query = query.where(HardCase.risk == risk)
    if leader_id is not None:
        query = query.where(HardCase.leader_id == leader_id)
    if before is not None:
        query = query.where(HardCase.case_id < before)
    case = contains_eager(HardCase.case)
    query = query.options(
        case.joinedload(StoredCase.organization), case.joinedload(StoredCase.unit), joinedload(HardCase.leader)
    )
    return session.scalars(query.order_by(HardCase.case_id.desc()).limit(PAGE_ROWS + 1)).all()


def move(session: Session, entry: HardCase, version: int) -> bool:
    """Raise the entry's version if it is still as the officer saw it; False: somebody was quicker."""
    query = update(HardCase).where(HardCase.case_id == entry.case_id, HardCase.version == version).values(version=version + 1)
    moved = session.execute(query.returning(HardCase.case_id).execution_options(synchronize_session=False)).first()
    session.refresh(entry, ["version"])
    return moved is not None


def events(session: Session, case_id: int) -> Sequence[StoredCaseEvent]:
    """What was done with a matter on the ledger, oldest first."""
    query = select(StoredCaseEvent).where(StoredCaseEvent.case_id == case_id, StoredCaseEvent.kind.startswith(EVENT, autoescape=True))
    return session.scalars(query.order_by(StoredCaseEvent.id)).all()


def leaders(session: Session, path: str) -> Sequence[User]:
    """Leaders of the organizations at, under and above `path`."""
    above = own_and_above(path)
    query = select(User).join(User.organization).where(User.role == StaffRole.LEADER, User.active)
    under = Organization.path.startswith(path, autoescape=True)
    return session.scalars(query.where(under | Organization.id.in_(above)).order_by(Organization.path, User.id).limit(200)).all()
