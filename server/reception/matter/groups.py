"""类案: like cases of many people, put together by a person, led by one unit, with measures for all of them.

Every case stays a matter of its own, with its own clocks; an accusation is never put into a group, because a group is read
by more people than it may be (条例 art. 30).
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.states import CaseState, StaffRole
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.alike import (
    Group,
    GroupAdd,
    GroupCaseRow,
    GroupChange,
    GroupEventView,
    GroupLeave,
    GroupRow,
    MeasureDone,
    MeasureView,
    NewGroup,
    NewMeasure,
)
from server.reception.matter import cases as filed
from server.reception.matter import flow
from server.store import accounts
from server.store import flow as moves
from server.store import groups as store
from server.store import units as units_store
from server.store.access import Actor
from server.store.models import CaseGroup, GroupCase, GroupEvent, GroupMeasure, StoredCase, StoredCaseEvent

SAID = {
    "made": "建立类案", "renamed": "改名", "lead": "定牵头单位", "closed": "一起解决了，销号", "opened": "重新挂起来",
    "added": "归进来一件", "left": "退出一件", "measure": "定一条措施", "done": "措施办好了",
}  # fmt: skip


def require(session: Session, actor: Actor, group_id: int) -> CaseGroup:
    """The group; raises NotFound where it is not or the actor may not see it."""
    group = store.find(session, actor, group_id)
    if group is None:
        raise NotFound
    return group


def _changeable(actor: Actor, group: CaseGroup) -> bool:
    return actor.role in flow.OFFICERS and group.organization.path.startswith(actor.organization_path)


def _reportable(actor: Actor, group: CaseGroup) -> bool:
    lead = group.lead_unit
    led = lead is not None and actor.role in (*flow.OFFICERS, StaffRole.HANDLER) and lead.path.startswith(actor.organization_path)
    return _changeable(actor, group) or led


def _require_changeable(session: Session, actor: Actor, group_id: int) -> CaseGroup:
    group = require(session, actor, group_id)
    if not _changeable(actor, group):
        raise NotAllowed
    return group


# --- making and changing -----------------------------------------------------------------------------------------


def make(session: Session, actor: Actor, new: NewGroup) -> CaseGroup:
    """Found a group with these cases in it."""
    _check_unit(session, actor, new.lead_unit_id)
    group = CaseGroup(
        organization_id=actor.organization_id, organization=accounts.organization(session, actor.organization_id), name=new.name.strip(),
        lead_unit_id=new.lead_unit_id, version=1, author=actor.name, made_at=clock.now(),
    )  # fmt: skip
    session.add(group)
    session.flush()
    _note(session, actor, group, "made", new.reason)
    for case_id in dict.fromkeys(new.case_ids):
        case = filed.require_case(session, actor, case_id)
        _put_in(session, actor, group, case, case.version, new.reason)
    return group


def _check_unit(session: Session, actor: Actor, unit_id: int | None) -> None:
    """A group goes to no unit that its matters could not go to: what leads it reads its name, its measures and its history."""
    if unit_id is not None and units_store.reachable(session, actor, unit_id) is None:
        raise InvalidInput("没有这个单位。", fields=["lead_unit_id"])


def change(session: Session, actor: Actor, group_id: int, order: GroupChange) -> CaseGroup:
    """Another name, another lead unit, solved, or taken up again; 409 where somebody else changed it first."""
    group = _require_changeable(session, actor, group_id)
    _check_unit(session, actor, order.lead_unit_id)
    if not store.move(session, group, order.version):
        raise Conflict("别人刚刚改过这个类案，请看过再改。")
    if order.name.strip():
        group.name = order.name.strip()
        _note(session, actor, group, "renamed", order.reason)
    if order.lead_unit_id is not None:
        group.lead_unit_id = order.lead_unit_id
        session.flush()
        session.refresh(group, ["lead_unit"])
        _note(session, actor, group, "lead", f"{group.lead_unit.name if group.lead_unit else ''}；{order.reason}"[:500])
    if order.close is not None:
        _close(session, actor, group, order.close, order.reason)
    return group


def _close(session: Session, actor: Actor, group: CaseGroup, close: bool, reason: str) -> None:
    if close == (group.closed_on is not None):
        raise WrongState("这个类案已经是这样了。")
    group.closed_on, group.outcome = (clock.today(), reason) if close else (None, "")
    _note(session, actor, group, "closed" if close else "opened", reason)


def add(session: Session, actor: Actor, group_id: int, order: GroupAdd) -> CaseGroup:
    """Put a case into the group.  Raises WrongState where it is in another one or the group is closed."""
    group = _require_changeable(session, actor, group_id)
    case = filed.require_case(session, actor, order.case_id)
    _put_in(session, actor, group, case, order.version, order.reason)
    return group


def _put_in(session: Session, actor: Actor, group: CaseGroup, case: StoredCase, version: int, reason: str) -> None:
    if not flow.of_office(actor, case):
        raise NotAllowed
    if group.closed_on is not None:
        raise WrongState("这个类案已经销号。要再归进来，先重新挂起来。")
    if case.accusation:
        raise InvalidInput("揭发控告不归到类案里，免得反映的人和事传开（第三十条）。", fields=["case_id"])
    if case.state == CaseState.MERGED:
        raise WrongState("这件已经并到别的件里了，请归它并到的那一件。")
    if store.membership(session, case.id) is not None:
        raise WrongState("这件已经在一个类案里，先退出来。")
    _move(session, case, version)
    session.add(GroupCase(group_id=group.id, case_id=case.id, added_at=clock.now()))
    _case_note(session, actor, case, "grouped", f"{group.name}；{reason}")
    _note(session, actor, group, "added", f"{case.case_no}；{reason}"[:500], case.id)


def leave(session: Session, actor: Actor, group_id: int, case_id: int, order: GroupLeave) -> CaseGroup:
    """Take a case out of the group."""
    group = _require_changeable(session, actor, group_id)
    case = filed.require_case(session, actor, case_id)
    member = store.membership(session, case.id)
    if member is None or member.group_id != group.id:
        raise WrongState("这件不在这个类案里。")
    _move(session, case, order.version)
    member.left_at = clock.now()
    _case_note(session, actor, case, "ungrouped", f"{group.name}；{order.reason}")
    number = "" if case.accusation else case.case_no
    _note(session, actor, group, "left", f"{number}；{order.reason}"[:500], case.id)
    return group


def _move(session: Session, case: StoredCase, version: int) -> None:
    if case.version != version or not moves.move(session, case, version, CaseState(case.state)):
        raise flow.told(session, case)


# --- measures ----------------------------------------------------------------------------------------------------


def add_measure(session: Session, actor: Actor, group_id: int, new: NewMeasure) -> CaseGroup:
    """A measure for all cases of the group."""
    group = _require_changeable(session, actor, group_id)
    _check_unit(session, actor, new.unit_id)
    session.add(GroupMeasure(
        group_id=group.id, text=new.text, unit_id=new.unit_id, due_on=new.due_on, author=actor.name, at=clock.now()
    ))  # fmt: skip
    _note(session, actor, group, "measure", new.text)
    return group


def finish_measure(session: Session, actor: Actor, group_id: int, measure_id: int, done: MeasureDone) -> CaseGroup:
    """What came of a measure; by the office or the unit that leads."""
    group = require(session, actor, group_id)
    if not _reportable(actor, group):
        raise NotAllowed
    measure = session.get(GroupMeasure, measure_id)
    if measure is None or measure.group_id != group.id:
        raise NotFound
    if measure.done_on is not None:
        raise WrongState("这条措施已经办好了。")
    measure.done_on, measure.outcome = clock.today(), done.outcome
    _note(session, actor, group, "done", f"{measure.text}；{done.outcome}"[:500])
    return group


# --- what it looks like ------------------------------------------------------------------------------------------


def rows(session: Session, actor: Actor) -> list[GroupRow]:
    """Groups that the actor may read."""
    return [GroupRow.model_validate(_row(one)) for one in store.listed(session, actor)]


def _row(group: CaseGroup) -> dict[str, object]:
    return {
        "id": group.id, "name": group.name, "organization": group.organization.name,
        "lead_unit": group.lead_unit.name if group.lead_unit else "", "made_at": group.made_at, "closed_on": group.closed_on,
    }  # fmt: skip


def units(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Id and name of organizations that can lead a group."""
    return store.units(session, actor)


def view(session: Session, actor: Actor, group_id: int, after: int = 0) -> Group:
    """The group with a page of its cases: those that the actor may read, with their state and what was done last."""
    group = require(session, actor, group_id)
    found, next_after = store.cases_of(session, actor, group.id, after)
    states = store.states_of(session, actor, group.id)
    return Group.model_validate({
        **_row(group), "version": group.version, "outcome": group.outcome,
        "measures": tuple(_measure(one) for one in store.measures(session, group.id)),
        "events": tuple(_event(one) for one in store.events(session, group.id)),
        "states": tuple((terms.CASE_STATE[CaseState(state)], number) for state, number in states),
        "cases": _case_rows(session, actor, found), "next_after": next_after,
        "may_change": _changeable(actor, group), "may_report": _reportable(actor, group),
    })  # fmt: skip


def _case_rows(session: Session, actor: Actor, found: Sequence[StoredCase]) -> tuple[GroupCaseRow, ...]:
    last = store.last_events(session, [case.id for case in found])
    made = []
    for case, row in zip(found, filed.rows_of(session, actor, found), strict=True):
        event = last.get(case.id)
        what = terms.CASE_EVENT.get(event.kind, event.kind) if event else ""
        made.append(GroupCaseRow(version=case.version, last=what, last_at=event.at if event else None, row=row))
    return tuple(made)


def _measure(one: GroupMeasure) -> MeasureView:
    late = one.done_on is None and one.due_on is not None and one.due_on < clock.today()
    return MeasureView(
        id=one.id, text=one.text, unit=one.unit.name if one.unit else "", due_on=one.due_on, late=late, done_on=one.done_on,
        outcome=one.outcome, author=one.author, at=one.at,
    )  # fmt: skip


def _event(one: GroupEvent) -> GroupEventView:
    return GroupEventView(at=one.at, author=one.author, what=SAID.get(one.kind, one.kind), why=one.why)


def _note(session: Session, actor: Actor, group: CaseGroup, kind: str, why: str, case_id: int | None = None) -> None:
    session.add(GroupEvent(
        group_id=group.id, at=clock.now(), author=actor.name, user_id=actor.user_id, kind=kind, why=why[:500], case_id=case_id
    ))  # fmt: skip
    session.flush()


def _case_note(session: Session, actor: Actor, case: StoredCase, kind: str, why: str) -> None:
    session.add(StoredCaseEvent(
        case_id=case.id, at=clock.now(), author=actor.name, kind=kind, why=why[:500], user_id=actor.user_id,
        organization_id=actor.organization_id,
    ))  # fmt: skip
    session.flush()
