"""Every query of the desks (待办、到期、督办): a page of what waits for somebody, and how much there is, never counted far.

Each list walks an index in its order and stops at the page's end, so that its price does not grow with the store.  What
lies under an organization that has few others below it is taken from each in turn and merged (`_merged`); under many,
from the index over all organizations, most of which is theirs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import Session, defer, joinedload

from server.domain.desks import Desk, DueGroup, days_of
from server.domain.flow import STEPS, Step
from server.domain.letterkinds import SUPERVISION_LETTERS
from server.domain.progress_words import ASKED
from server.domain.states import (
    AssignmentPart,
    AssignmentState,
    CaseState,
    PromiseState,
    ReceptionState,
    StaffRole,
)
from server.store.access import Actor, organizations_under, reads_case, visible_receptions
from server.store.models import (
    Organization,
    PetitionerRequest,
    Reception,
    StoredAssignment,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    StoredExtension,
    StoredLetter,
    StoredPromise,
    User,
)

PAGE_ROWS = 30
MOST_COUNTED = 100
FEW = 24
"""So many organizations are asked one by one."""
GOING_ON = (CaseState.ASSIGNED, CaseState.ACCEPTED)
UNSETTLED = (CaseState.REGISTERED, *GOING_ON, CaseState.REPLIED, CaseState.REVIEWING, CaseState.REEXAMINING)
LONG_AGO = date(1900, 1, 1)
"""No matter is older; a range is what makes SQLite walk an index over all organizations."""
RIGHTS = ("object_to_assignment",)
"""Limits of something that a unit may do and need not."""
TOLD = ("urged", *SUPERVISION_LETTERS, Step.SEND_BACK, Step.OBJECT, Step.FEED_BACK, Step.WITHDRAW, Step.UPHOLD_OBJECTION)
"""Events that a row tells of."""

T = TypeVar("T")
Within = Callable[[Any], ColumnElement[bool]]
"""Which organizations: a condition on a column that holds one."""
Place = date | int | str
"""Where a row stands in its list; kept by the page, which asks for what comes after it."""


@dataclass(frozen=True)
class Stream:
    """Rows of a list in the order of an index: `rows` has the columns of `by` and the case's id."""

    rows: Any
    """Select[...]."""
    by: tuple[Any, ...]
    """One or two columns; the last is the id of what the list is of."""
    newest_first: bool = False

    def after(self, places: Sequence[Place]) -> "Stream":
        here, mark = (tuple_(*self.by), tuple_(*places)) if len(self.by) > 1 else (self.by[0], places[0])
        return replace(self, rows=self.rows.where(here < mark if self.newest_first else here > mark))


@dataclass(frozen=True)
class Hit:
    """One row of a list: where it stands, and its case; the last of `places` is the id of what the list is of."""

    places: tuple[Place, ...]
    case_id: int


def page(session: Session, streams: Sequence[Stream], after: Sequence[Place] = (), most: int = PAGE_ROWS) -> list[Hit]:
    """The first rows of a list, or those behind `after`."""
    found = session.execute(_merged([one.after(after) if after else one for one in streams], most))
    return [Hit(tuple(row[:-1]), row[-1]) for row in found]


def count(session: Session, streams: Sequence[Stream]) -> int:
    """How many rows a list has, at most MOST_COUNTED."""
    merged = _merged(streams, MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(merged)) or 0


def _merged(streams: Sequence[Stream], most: int) -> Select[Any]:
    """The first rows of several streams that have one order."""
    parts = [_first(one.rows, one.by, one.newest_first, most) for one in streams]
    if len(parts) == 1:
        return parts[0]
    every = union(*(select(part.subquery()) for part in parts)).subquery()
    return _first(select(every), tuple(every.c)[:-1], streams[0].newest_first, most)


def _first(rows: Select[Any], by: Sequence[Any], newest_first: bool, most: int) -> Select[Any]:
    return rows.order_by(*(one.desc() if newest_first else one for one in by)).limit(most)


# --- which organizations -----------------------------------------------------------------------------------------


def _own(actor: Actor) -> Within:
    return lambda column: column == actor.organization_id


def _below(session: Session, actor: Actor) -> list[Within]:
    """The actor's own organization and those below it, one by one where they are few.

    Where they are many the condition is one that no index answers, so that the list's own order is walked.
    """
    ids = session.scalars(organizations_under(actor).order_by(Organization.id).limit(FEW + 1)).all()
    if len(ids) > FEW:
        return [lambda column: func.coalesce(column, 0).in_(organizations_under(actor))]
    return [_only(one) for one in ids]


def _only(organization_id: int) -> Within:
    return lambda column: column == organization_id


# --- streams of cases, shares, letters, deadlines ----------------------------------------------------------------


def _literal(state: str) -> ColumnElement[str]:
    """A state written into the query: SQLite takes an index of some rows only where it sees that they are those."""
    return literal_column(f"'{state}'", String)


def _cases(actor: Actor, *conditions: Any, by: Any = StoredCase.received_on, newest_first: bool = False) -> Stream:
    rows = select(by, StoredCase.id, StoredCase.id.label("case_id")).where(*conditions, reads_case(actor))
    return Stream(rows, (by, StoredCase.id), newest_first)


def _of(actor: Actor, kind: Any, *conditions: Any) -> Stream:
    """Shares, letters or extensions, the longest waiting first."""
    rows = select(kind.id, kind.case_id).join(StoredCase, StoredCase.id == kind.case_id)
    return Stream(rows.where(*conditions, reads_case(actor)), (kind.id,))


def _duties(actor: Actor, *conditions: Any) -> Stream:
    """Open deadlines of whoever but the petitioner, the nearest first."""
    one = StoredDeadline
    rows = select(one.due_on, one.id, one.case_id).join(StoredCase, StoredCase.id == one.case_id)
    still = (one.done_at.is_(None), one.dropped_at.is_(None), one.organization_id.is_not(None))
    return Stream(rows.where(*still, *conditions, reads_case(actor)), (one.due_on, one.id))


def _was_given() -> ColumnElement[bool]:
    return exists().where(StoredAssignment.case_id == StoredCase.id)


def _registered(actor: Actor, *conditions: Any) -> list[Stream]:
    own = _own(actor)(StoredCase.organization_id)
    return [_cases(actor, own, StoredCase.state == CaseState.REGISTERED, *conditions)]


def _shares(actor: Actor, state: AssignmentState, *conditions: Any) -> list[Stream]:
    """Of the actor's own unit."""
    share = StoredAssignment
    return [_of(actor, share, _own(actor)(share.organization_id), share.state == state, StoredCase.state.in_(GOING_ON), *conditions)]


def _arrived(session: Session, actor: Actor, today: date) -> list[Stream]:
    return _registered(actor, ~_was_given())


def _came_back(session: Session, actor: Actor, today: date) -> list[Stream]:
    return _registered(actor, _was_given())


def _requests(session: Session, actor: Actor, today: date) -> list[Stream]:
    """What petitioners asked for by query code and the office has not taken on."""
    asked = PetitionerRequest
    takes = or_(*(and_(asked.step == step, StoredCase.state.in_(STEPS[step].sources)) for step in ASKED))
    return [_of(actor, asked, _own(actor)(asked.organization_id), asked.taken_at.is_(None), takes)]


def _objections(session: Session, actor: Actor, today: date) -> list[Stream]:
    objected = StoredAssignment.state == _literal(AssignmentState.OBJECTED)
    return [_of(actor, StoredAssignment, objected, _own(actor)(StoredCase.organization_id), StoredCase.state.in_(GOING_ON))]


def _extensions(session: Session, actor: Actor, today: date) -> list[Stream]:
    own = _own(actor)
    decides = or_(own(StoredCase.organization_id), own(StoredCase.unit_id))
    return [_of(actor, StoredExtension, StoredExtension.granted.is_(None), StoredCase.state == CaseState.ACCEPTED, decides)]


def _feedback(session: Session, actor: Actor, today: date) -> list[Stream]:
    share, own = StoredAssignment, _own(actor)(StoredCase.organization_id)
    told = exists().where(share.case_id == StoredCase.id, share.state == AssignmentState.FED_BACK)
    return [_cases(actor, own, StoredCase.state == state, told) for state in GOING_ON]


def _to_receive(session: Session, actor: Actor, today: date) -> list[Stream]:
    return _shares(actor, AssignmentState.SENT)


def _to_accept(session: Session, actor: Actor, today: date) -> list[Stream]:
    main = StoredAssignment.part == AssignmentPart.MAIN
    return _shares(actor, AssignmentState.RECEIVED, main, StoredCase.state == CaseState.ASSIGNED)


def _working(session: Session, actor: Actor, today: date) -> list[Stream]:
    in_work = or_(StoredAssignment.part != AssignmentPart.MAIN, StoredCase.state == CaseState.ACCEPTED)
    return _shares(actor, AssignmentState.RECEIVED, in_work)


def _sent_back(session: Session, actor: Actor, today: date) -> list[Stream]:
    return _shares(actor, AssignmentState.SENT_BACK)


def _undelivered(session: Session, actor: Actor, today: date) -> list[Stream]:
    letter = StoredLetter
    lying = (letter.delivered_on.is_(None), letter.to_organization_id.is_(None))
    return [_of(actor, letter, _own(actor)(letter.organization_id), *lying, StoredCase.state.in_(STEPS[Step.DELIVER].sources))]


def _late(session: Session, actor: Actor, today: date) -> list[Stream]:
    return [_duties(actor, _own(actor)(StoredDeadline.organization_id), StoredDeadline.due_on < today, _is_owed())]


def _is_owed() -> ColumnElement[bool]:
    """That nobody objected in time is not late: it was the unit's right, and the matter stays theirs."""
    return StoredDeadline.rule.not_in(RIGHTS)


def _all_late(session: Session, actor: Actor, today: date) -> list[Stream]:
    return due(session, actor, DueGroup.OVERDUE, today)


def _repeated(session: Session, actor: Actor, today: date) -> list[Stream]:
    unsettled = func.coalesce(StoredCase.state, "").in_(UNSETTLED)
    again = (StoredCase.repeat_of_id.is_not(None), StoredCase.received_on >= LONG_AGO, unsettled)
    return [_cases(actor, one(StoredCase.organization_id), *again, newest_first=True) for one in _below(session, actor)]


def _returned(session: Session, actor: Actor, today: date) -> list[Stream]:
    """Few anywhere at a time: all of them are walked."""
    back = StoredAssignment.state == _literal(AssignmentState.SENT_BACK)
    return [_of(actor, StoredAssignment, back, StoredCase.state.in_(GOING_ON))]


def _uncontacted(session: Session, actor: Actor, today: date) -> list[Stream]:
    silent = (StoredCase.concluded_on.is_not(None), StoredCase.contacted_on.is_(None), StoredCase.concluded_on >= LONG_AGO)
    return [
        _cases(actor, one(StoredCase.organization_id), *silent, by=StoredCase.concluded_on, newest_first=True)
        for one in _below(session, actor)
    ]


def _receptions(session: Session, actor: Actor, today: date) -> list[Stream]:
    """What the leader heard; 0 where no case came of it yet."""
    case_id = select(StoredCase.id).where(StoredCase.reception_id == Reception.id).correlate(Reception).scalar_subquery()
    mine = visible_receptions(actor).where(Reception.receiver_id == actor.user_id, Reception.state == ReceptionState.CLOSED)
    rows = mine.with_only_columns(Reception.asked_at, Reception.id, func.coalesce(case_id, 0))
    return [Stream(rows, (Reception.asked_at, Reception.id), newest_first=True)]


_STREAMS: Mapping[Desk, Callable[[Session, Actor, date], list[Stream]]] = {
    Desk.ARRIVED: _arrived,
    Desk.CAME_BACK: _came_back,
    Desk.REQUESTS: _requests,
    Desk.OBJECTIONS: _objections,
    Desk.EXTENSIONS: _extensions,
    Desk.FEEDBACK: _feedback,
    Desk.TO_RECEIVE: _to_receive,
    Desk.TO_ACCEPT: _to_accept,
    Desk.WORKING: _working,
    Desk.SENT_BACK: _sent_back,
    Desk.UNDELIVERED: _undelivered,
    Desk.LATE: _late,
    Desk.RECEPTIONS: _receptions,
    Desk.ALL_LATE: _all_late,
    Desk.REPEATED: _repeated,
    Desk.RETURNED: _returned,
    Desk.UNCONTACTED: _uncontacted,
}


def streams(session: Session, actor: Actor, desk: Desk, today: date) -> list[Stream]:
    """The list `desk` as this actor has it."""
    return _STREAMS[desk](session, actor, today)


def due(
    session: Session, actor: Actor, group: DueGroup, today: date, *, unit_id: int | None = None, rule: str = ""
) -> list[Stream]:
    """Duties of one part of 到期: of the actor's units, and of whoever has to act in a matter that their office registered."""
    one, (first, last) = StoredDeadline, days_of(group, today)
    when = [one.due_on <= last, *([one.due_on >= first] if first else []), *([one.rule == rule] if rule else [])]
    if group is DueGroup.OVERDUE:
        when.append(_is_owed())
    if unit_id is not None:
        return [_duties(actor, one.organization_id == unit_id, *when)]
    parts = _below(session, actor)
    columns = [one.organization_id] if actor.role is StaffRole.HANDLER else [one.organization_id, one.office_id]
    if len(parts) == 1:
        return [_duties(actor, or_(*(parts[0](column) for column in columns)), *when)]
    return [_duties(actor, part(column), *when) for column in columns for part in parts]


# --- what the rows of a page tell --------------------------------------------------------------------------------


def cases_by_id(session: Session, ids: Collection[int]) -> dict[int, StoredCase]:
    """Cases of a page with their office and main unit, without what was written."""
    query = select(StoredCase).where(StoredCase.id.in_(ids)).options(
        joinedload(StoredCase.organization), joinedload(StoredCase.unit), defer(StoredCase.statement)
    )  # fmt: skip
    return {one.id: one for one in session.scalars(query)}


def by_id(session: Session, kind: type[T], ids: Collection[Any]) -> dict[Any, T]:
    """Rows of a table that has one key."""
    found = session.scalars(select(kind).where(kind.id.in_(ids)))  # type: ignore[attr-defined]
    return {one.id: one for one in found}  # type: ignore[attr-defined]


def shares_of(session: Session, case_ids: Collection[int]) -> dict[int, list[StoredAssignment]]:
    """Per case the shares that stand, oldest first."""
    share = StoredAssignment
    query = select(share).where(share.case_id.in_(case_ids), share.state != AssignmentState.WITHDRAWN).order_by(share.id)
    query = query.options(joinedload(share.organization), joinedload(share.officer))
    return _per_case(session.scalars(query).all())


def duties_of(session: Session, case_ids: Collection[int]) -> dict[int, list[StoredDeadline]]:
    """Per case what somebody still has to do, the nearest first."""
    one = StoredDeadline
    query = select(one).where(
        one.case_id.in_(case_ids), one.done_at.is_(None), one.dropped_at.is_(None), one.organization_id.is_not(None)
    )
    return _per_case(session.scalars(query.order_by(one.due_on, one.id)).all())


def told_of(session: Session, case_ids: Collection[int]) -> dict[int, list[StoredCaseEvent]]:
    """Per case the events that a row tells of, oldest first."""
    one = StoredCaseEvent
    query = select(one).where(one.case_id.in_(case_ids), one.kind.in_(TOLD)).order_by(one.id)
    return _per_case(session.scalars(query.options(defer(one.details))).all())


def _per_case(rows: Sequence[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for one in rows:
        found.setdefault(one.case_id, []).append(one)  # type: ignore[attr-defined]
    return found


def promises_of(session: Session, reception_ids: Collection[str]) -> dict[str, list[StoredPromise]]:
    """Per reception what was undertaken, without what was struck."""
    one = StoredPromise
    found: dict[str, list[StoredPromise]] = {}
    query = select(one).where(one.reception_id.in_(reception_ids), one.state != PromiseState.STRUCK)
    for promise in session.scalars(query.order_by(one.start, one.id)):
        found.setdefault(promise.reception_id, []).append(promise)
    return found


def organization_names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Names by id."""
    query = select(Organization.id, Organization.name).where(Organization.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)}


def units_below(session: Session, actor: Actor, most: int) -> Sequence[Organization]:
    """The actor's own organization and those below it, in the order of the tree."""
    query = select(Organization).where(Organization.id.in_(organizations_under(actor)))
    return session.scalars(query.order_by(Organization.path).limit(most)).all()


def officers_of(session: Session, organization_id: int) -> Sequence[User]:
    """Who can be given a share of this unit."""
    able = (StaffRole.HANDLER, StaffRole.CLERK, StaffRole.LEADER)
    query = select(User).where(User.organization_id == organization_id, User.active, User.role.in_(able))
    return session.scalars(query.order_by(User.name, User.id)).all()
