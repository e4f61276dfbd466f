"""One thing done with several matters: what would become of each, and then each in a transaction of its own.

The preview does what the doing does and takes it back, so that the two cannot differ.
"""

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.desks import Bulk
from server.domain.flow import Step
from server.domain.states import OPEN_ASSIGNMENT, AssignmentState, NoticeKind, StaffRole
from server.errors import Conflict, InvalidInput, JietanError, NotAllowed, NotFound, WrongState
from server.protocol.flow import StepOrder
from server.protocol.work import BulkItem, BulkOrder, BulkResult, BulkRow
from server.reception.matter import cases, flow, notices
from server.store import accounts, desks
from server.store import flow as store
from server.store.access import Actor
from server.store.engine import Store
from server.store.models import StoredAssignment, StoredCase, StoredCaseEvent

URGERS = (StaffRole.LEADER, StaffRole.CLERK, StaffRole.SUPERVISOR)
MAY: Mapping[Bulk, tuple[StaffRole, ...]] = {
    Bulk.ASSIGN: (StaffRole.LEADER, StaffRole.CLERK),
    Bulk.RECEIVE: (StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER),
    Bulk.OFFICER: (StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER),
    Bulk.URGE: URGERS,
}


class _TakenBack(Exception):
    """Ends a transaction of the preview without a trace."""


def preview(office: Store, actor: Actor, order: BulkOrder) -> BulkResult:
    """Row by row what would be done, or why not; nothing is changed."""
    return _each(office, actor, order, keep=False)


def do(office: Store, actor: Actor, order: BulkOrder) -> BulkResult:
    """Row by row what was done, or why not; a row that cannot be done leaves the others as they are."""
    return _each(office, actor, order, keep=True)


def _each(office: Store, actor: Actor, order: BulkOrder, *, keep: bool) -> BulkResult:
    action = Bulk(order.action)
    if actor.role not in MAY[action]:
        raise NotAllowed
    _require(action, order)
    items = {one.id: one for one in order.items}.values()
    return BulkResult(rows=tuple(_one(office, actor, action, order, item, keep=keep) for item in items))


def _require(action: Bulk, order: BulkOrder) -> None:
    if action is Bulk.ASSIGN and not order.units:
        raise InvalidInput("请选单位。", fields=["units"])
    if action is Bulk.OFFICER and order.officer_id is None:
        raise InvalidInput("请选经办人。", fields=["officer_id"])
    if action is Bulk.URGE and not order.reason.strip():
        raise InvalidInput("请写一句催什么。", fields=["reason"])


def _one(office: Store, actor: Actor, action: Bulk, order: BulkOrder, item: BulkItem, *, keep: bool) -> BulkRow:
    row = BulkRow(id=item.id, done=False, words=NotFound.message)
    try:
        with office.write() as session:
            case = cases.require_case(session, actor, item.id)
            row = BulkRow(id=case.id, case_no=case.case_no, title=case.title, done=False, words="")
            row = row.model_copy(update={"done": True, "words": _DO[action](session, actor, case, order, item)})
            if not keep:
                raise _TakenBack
    except _TakenBack:
        pass
    except JietanError as error:
        return row.model_copy(update={"done": False, "words": error.message})
    return row


# --- what is done with one ---------------------------------------------------------------------------------------


def _assign(session: Session, actor: Actor, case: StoredCase, order: BulkOrder, item: BulkItem) -> str:
    flow.take(session, actor, case, Step.ASSIGN, StepOrder(version=item.version, units=order.units))
    names = [accounts.organization(session, unit.organization_id).name for unit in order.units]
    return f"交给{'、'.join(names)}"


def _receive(session: Session, actor: Actor, case: StoredCase, order: BulkOrder, item: BulkItem) -> str:
    share = _own_share(session, actor, case, (AssignmentState.SENT,))
    flow.take(session, actor, case, Step.RECEIVE, StepOrder(version=item.version, assignment_id=share.id))
    return "签收"


def _officer(session: Session, actor: Actor, case: StoredCase, order: BulkOrder, item: BulkItem) -> str:
    share = _own_share(session, actor, case, OPEN_ASSIGNMENT)
    return f"由{give_to(session, actor, case, share, order.officer_id or 0)}办"


def _own_share(
    session: Session, actor: Actor, case: StoredCase, states: tuple[AssignmentState, ...]
) -> StoredAssignment:
    own = [one for one in store.standing_assignments(session, case.id) if one.organization_id == actor.organization_id]
    fitting = [one for one in own if one.state in states]
    if not fitting:
        state = f"本单位这一份现在是“{terms.ASSIGNMENT_STATE[AssignmentState(own[0].state)]}”。" if own else "没有交给本单位。"
        raise WrongState(state)
    return fitting[0]


def _urge(session: Session, actor: Actor, case: StoredCase, order: BulkOrder, item: BulkItem) -> str:
    return f"催{'、'.join(urge(session, actor, case, order.reason.strip()))}"


_DO: Mapping[Bulk, Callable[[Session, Actor, StoredCase, BulkOrder, BulkItem], str]] = {
    Bulk.ASSIGN: _assign,
    Bulk.RECEIVE: _receive,
    Bulk.OFFICER: _officer,
    Bulk.URGE: _urge,
}


# --- 经办人 -------------------------------------------------------------------------------------------------------


def give_to(session: Session, actor: Actor, case: StoredCase, share: StoredAssignment, user_id: int) -> str:
    """Make somebody of the unit responsible for its share; returns their name.

    Raises NotAllowed for others than the unit, WrongState where nothing is to come from it any more, InvalidInput where
    that account is not one of the unit's officers.
    """
    if not share.organization.path.startswith(actor.organization_path) or actor.role not in MAY[Bulk.OFFICER]:
        raise NotAllowed
    if share.state not in OPEN_ASSIGNMENT:
        raise WrongState(f"这一份现在是“{terms.ASSIGNMENT_STATE[AssignmentState(share.state)]}”，不用再定经办人。")
    found = next((one for one in desks.officers_of(session, share.organization_id) if one.id == user_id), None)
    if found is None:
        raise InvalidInput("经办人要是这个单位的人。", fields=["user_id"])
    if share.officer_id == found.id:
        raise WrongState(f"已经是{found.name}在办。")
    share.officer_id = found.id
    _note(session, actor, case, "officer", f"{share.organization.name}：{found.name}", {"user_id": found.id})
    return found.name


def set_officer(session: Session, actor: Actor, case_id: int, assignment_id: int, user_id: int) -> StoredCase:
    """Make somebody responsible for a share of this case; raises as `give_to` does, NotFound where there is none."""
    case = cases.require_case(session, actor, case_id)
    share = next((one for one in store.standing_assignments(session, case.id) if one.id == assignment_id), None)
    if share is None:
        raise NotFound
    give_to(session, actor, case, share, user_id)
    session.flush()
    session.refresh(share, ["officer"])
    return case


# --- 催办 ---------------------------------------------------------------------------------------------------------


def urge(session: Session, actor: Actor, case: StoredCase, reason: str) -> list[str]:
    """Remind whoever has to act, once a day, and tell their officers; returns the units' names.

    Raises NotAllowed for others than the office, a supervisor or somebody above a unit, WrongState where nobody else has to act.
    """
    waiting = {one.organization_id for one in desks.duties_of(session, [case.id]).get(case.id, [])} | {
        one.organization_id for one in store.standing_assignments(session, case.id) if one.state in OPEN_ASSIGNMENT
    }
    others = [one for one in waiting if one and one != actor.organization_id]
    if not case.organization.path.startswith(actor.organization_path):
        others = [one for one in others if accounts.organization_in(session, one, actor.organization_path)]
        if not others:
            raise NotAllowed("登记这件事的机构、单位的上级和督查督办人员才能催办。")
    names = desks.organization_names(session, others)
    if not names:
        raise WrongState("现在没有别的单位要办的，不用催。")
    if _urged_today(session, case):
        raise Conflict("今天已经催过了，明天再催。")
    for one in names:
        notices.tell(session, accounts.organization(session, one), NoticeKind.URGED, case, f"{actor.name}催办：{reason}")
    _note(session, actor, case, "urged", f"{'、'.join(names.values())}：{reason}"[:500], {"units": sorted(names)})
    return list(names.values())


def _urged_today(session: Session, case: StoredCase) -> bool:
    urged = [one for one in desks.told_of(session, [case.id]).get(case.id, []) if one.kind == "urged"]
    return bool(urged) and clock.day_in_office(urged[-1].at) == clock.today()


def _note(session: Session, actor: Actor, case: StoredCase, kind: str, why: str, details: dict[str, object]) -> None:
    session.add(
        StoredCaseEvent(
            case_id=case.id, at=clock.now(), author=actor.name, kind=kind, why=why, user_id=actor.user_id,
            organization_id=actor.organization_id, details=details,
        )
    )  # fmt: skip
