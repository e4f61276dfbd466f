"""Every query of the desks (待办、到期、督办): a page of what waits for somebody, and how much there is, never counted far.

Each list walks an index in its order and stops at the page's end, so that its price does not grow with the store.  What
lies under an organization that has few others below it is taken from each in turn and merged (`_merged`); under many,
from the index over all organizations, most of which is theirs.

A statement is made once for whoever asks and kept, with the day and the place in the list left open: to make one takes
several times as long as SQLite needs to answer it.  All the counts of a desk are one statement, and so are the parts of 到期,
whose rows are counted as they are read.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Row,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from server.domain.desks import Desk, DueGroup, days_of
from server.domain.flow import GOING_ON, STEPS, Step
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
from server.store.access import (
    ACTORS,
    Actor,
    organizations_under,
    reads_case,
    reads_given,
    reads_registered,
    shared_alias,
    visible_receptions,
)
from server.store.among import among
from server.store.engine import once_per_reading
from server.store.flow import undecided
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
UNITS_TOLD = 50
"""So many that a list can be narrowed to are named."""
UNSETTLED = (CaseState.REGISTERED, *GOING_ON, CaseState.REPLIED, CaseState.REVIEWING, CaseState.REEXAMINING)
LONG_AGO = date(1900, 1, 1)
"""No matter is older; a range is what makes SQLite walk an index over all organizations."""
RIGHTS = ("object_to_assignment",)
"""Limits of something that a unit may do and need not."""
TOLD = ("urged", *SUPERVISION_LETTERS, Step.SEND_BACK, Step.OBJECT, Step.FEED_BACK, Step.WITHDRAW, Step.UPHOLD_OBJECTION)
"""Events that a row tells of."""

OF_SEVERAL = (Desk.ALL_LATE, Desk.REPEATED, Desk.UNCONTACTED)
"""Lists of what is with the organizations below, too."""

T = TypeVar("T")
Day = date | BindParameter[date]
Below = tuple[int, ...]
"""The actor's own organization and those below it; none: they are many."""
TODAY = bindparam("today", type_=Date)
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

    def beyond(self) -> "Stream":
        """The rows behind a place that is given with the question, as `_place` names its parts."""
        marks = [bindparam(f"place_{number}", type_=column.type) for number, column in enumerate(self.by)]
        here, mark = (tuple_(*self.by), tuple_(*marks)) if len(self.by) > 1 else (self.by[0], marks[0])
        return replace(self, rows=self.rows.where(here < mark if self.newest_first else here > mark))


@dataclass(frozen=True)
class Hit:
    """One row of a list: where it stands, and its case; the last of `places` is the id of what the list is of."""

    places: tuple[Place, ...]
    case_id: int


@dataclass(frozen=True)
class Narrowed:
    """What 到期 is narrowed to: duties of one unit, of one limit."""

    unit_id: int | None = None
    rule: str = ""


def _place(after: Sequence[Place]) -> dict[str, Place]:
    return {f"place_{number}": place for number, place in enumerate(after)}


# --- asked by whoever shows a list ---------------------------------------------------------------------------------


def page(session: Session, actor: Actor, desk: Desk, today: date, after: Sequence[Place] = (), most: int = PAGE_ROWS) -> list[Hit]:
    """The first rows of a list, or those behind `after`."""
    query = _page(actor, desk, _reach(session, actor, (desk,)), bool(after), most)
    return _hits(session, query, {"today": today, **_place(after)})


def counts(session: Session, actor: Actor, desks: Sequence[Desk], today: date) -> dict[Desk, int]:
    """How many rows each of these lists has, at most MOST_COUNTED."""
    if not desks:
        return {}
    found = session.execute(_counts(actor, tuple(desks), _reach(session, actor, desks)), {"today": today}).one()
    return dict(zip(desks, found, strict=True))


def due_page(
    session: Session, actor: Actor, group: DueGroup, today: date, narrowed: Narrowed, after: Sequence[Place], most: int
) -> list[Hit]:
    """Rows of one part of 到期 behind `after`."""
    query = _due_page(actor, group, below(session, actor), narrowed, bool(after), most)
    return _hits(session, query, {**_days(today), **_place(after)})


def due_pages(session: Session, actor: Actor, today: date, narrowed: Narrowed, most: int) -> dict[DueGroup, list[Hit]]:
    """The first rows of every part of 到期: so many that their number need not be asked for."""
    found: dict[DueGroup, list[Hit]] = {group: [] for group in DueGroup}
    for group, *places, case_id in session.execute(_due_pages(actor, below(session, actor), narrowed, most), _days(today)):
        found[DueGroup(group)].append(Hit(tuple(places), case_id))
    return {group: sorted(hits, key=lambda hit: hit.places) for group, hits in found.items()}


def below(session: Session, actor: Actor) -> Below:
    """The actor's own organization and those below it, where they are at most FEW."""
    under = units_below(session, actor)
    return tuple(sorted(one.id for one in under)) if len(under) <= FEW else ()


@lru_cache(ACTORS)
def kinds(actor: Actor, desk: Desk) -> tuple[type, ...]:
    """Of what the place of a row in this list is made."""
    return tuple(column.type.python_type for column in streams(actor, desk, (), TODAY)[0].by)


def _reach(session: Session, actor: Actor, desks: Sequence[Desk]) -> Below:
    return below(session, actor) if any(desk in OF_SEVERAL for desk in desks) else ()


def _hits(session: Session, query: Select[Any], asked: Mapping[str, Place]) -> list[Hit]:
    return [Hit(tuple(row[:-1]), row[-1]) for row in session.execute(query, asked)]


def _days(today: date) -> dict[str, date]:
    """First and last day of every part of 到期, by the names that `_between` gives them."""
    found: dict[str, date] = {}
    for group in DueGroup:
        first, last = days_of(group, today)
        found |= {f"{group}_first": first or LONG_AGO, f"{group}_last": last}
    return found


# --- statements that are kept --------------------------------------------------------------------------------------


@lru_cache(ACTORS)
def _page(actor: Actor, desk: Desk, below: Below, further: bool, most: int) -> Select[Any]:
    return _merged(streams(actor, desk, below, TODAY), most, further)


@lru_cache(ACTORS)
def _counts(actor: Actor, desks: tuple[Desk, ...], below: Below) -> Any:
    return select(*(_count(streams(actor, desk, below, TODAY)).label(desk) for desk in desks))


@lru_cache(ACTORS)
def _due_page(actor: Actor, group: DueGroup, below: Below, narrowed: Narrowed, further: bool, most: int) -> Select[Any]:
    return _merged(due(actor, group, below, _between(group), narrowed), most, further)


@lru_cache(ACTORS)
def _due_pages(actor: Actor, below: Below, narrowed: Narrowed, most: int) -> Any:
    parts = ((group, _due_page(actor, group, below, narrowed, False, most).subquery()) for group in DueGroup)
    return union_all(*(select(literal(group.value).label("part"), *part.c) for group, part in parts))


def _between(group: DueGroup) -> tuple[Day | None, Day]:
    """As `days_of`, left open."""
    first, last = (bindparam(f"{group}_{end}", type_=Date) for end in ("first", "last"))
    return (None if days_of(group, LONG_AGO)[0] is None else first), last


def _count(streams: Sequence[Stream]) -> ScalarSelect[int]:
    merged = _merged(streams, MOST_COUNTED).subquery()
    return select(func.count()).select_from(merged).scalar_subquery()


def _merged(streams: Sequence[Stream], most: int, further: bool = False) -> Select[Any]:
    """The first rows of several streams that have one order, or those behind a place."""
    parts = [_first(one.rows, one.by, one.newest_first, most) for one in (one.beyond() if further else one for one in streams)]
    if len(parts) == 1:
        return parts[0]
    every = union(*(select(part.subquery()) for part in parts)).subquery()
    return _first(select(every), tuple(every.c)[:-1], streams[0].newest_first, most)


def _first(rows: Select[Any], by: Sequence[Any], newest_first: bool, most: int) -> Select[Any]:
    return rows.order_by(*(one.desc() if newest_first else one for one in by)).limit(most)


# --- which organizations -----------------------------------------------------------------------------------------


def _own(actor: Actor) -> Within:
    return lambda column: column == actor.organization_id


def _each(actor: Actor, below: Below) -> list[Within]:
    """The actor's own organization and those below it, one by one where they are few.

    Where they are many the condition is one that no index answers, so that the list's own order is walked.
    """
    if not below:
        return [lambda column: func.coalesce(column, 0).in_(organizations_under(actor))]
    return [_only(one) for one in below]


def _only(organization_id: int) -> Within:
    return lambda column: column == organization_id


# --- streams of cases, shares, letters, deadlines ----------------------------------------------------------------


def _literal(state: str) -> ColumnElement[str]:
    """A state written into the query: SQLite takes an index of some rows only where it sees that they are those."""
    return literal_column(f"'{state}'", String)


def _cases(actor: Actor, *conditions: Any, by: Any = StoredCase.received_on, newest_first: bool = False) -> Stream:
    """Matters that are registered at the actor's organization or below, as the conditions say."""
    rows = select(by, StoredCase.id, StoredCase.id.label("case_id")).where(*conditions, reads_registered(actor))
    return Stream(rows, (by, StoredCase.id), newest_first)


def _of(actor: Actor, kind: Any, *conditions: Any, reads: Callable[[Actor], ColumnElement[bool]] = reads_case) -> Stream:
    """Shares, letters or extensions, the longest waiting first."""
    rows = select(kind.id, kind.case_id).join(StoredCase, StoredCase.id == kind.case_id)
    return Stream(rows.where(*conditions, reads(actor)), (kind.id,))


def _duties(actor: Actor, *conditions: Any) -> Stream:
    """Open deadlines of whoever but the petitioner, the nearest first."""
    one = StoredDeadline
    rows = select(one.due_on, one.id, one.case_id).join(StoredCase, StoredCase.id == one.case_id)
    still = (one.done_at.is_(None), one.dropped_at.is_(None), one.organization_id.is_not(None))
    return Stream(rows.where(*still, *conditions, reads_case(actor)), (one.due_on, one.id))


def _registered(actor: Actor, *conditions: Any) -> list[Stream]:
    own = _own(actor)(StoredCase.organization_id)
    return [_cases(actor, own, StoredCase.state == CaseState.REGISTERED, *conditions)]


def _shares(actor: Actor, state: AssignmentState, *conditions: Any) -> list[Stream]:
    """Of the actor's own unit."""
    share = StoredAssignment
    own = (_own(actor)(share.organization_id), share.state == state, share.going_on, StoredCase.state.in_(GOING_ON))
    return [_of(actor, share, *own, *conditions, reads=reads_given)]


def _arrived(actor: Actor, below: Below, today: Day) -> list[Stream]:
    return _registered(actor, ~StoredCase.came_back)


def _came_back(actor: Actor, below: Below, today: Day) -> list[Stream]:
    return _registered(actor, StoredCase.came_back)


def _requests(actor: Actor, below: Below, today: Day) -> list[Stream]:
    """What petitioners asked for by query code and the office has not taken on."""
    asked = PetitionerRequest
    takes = or_(*(and_(asked.step == step, StoredCase.state.in_(STEPS[step].sources)) for step in ASKED))
    return [_of(actor, asked, _own(actor)(asked.organization_id), asked.taken_at.is_(None), takes)]


def _objections(actor: Actor, below: Below, today: Day) -> list[Stream]:
    objected = StoredAssignment.state == _literal(AssignmentState.OBJECTED)
    own = (_own(actor)(StoredCase.organization_id), StoredCase.state.in_(GOING_ON))
    return [_of(actor, StoredAssignment, objected, *own, reads=reads_registered)]


def _extensions(actor: Actor, below: Below, today: Day) -> list[Stream]:
    own = _own(actor)
    decides = or_(own(StoredCase.organization_id), own(StoredCase.unit_id))
    return [_of(actor, StoredExtension, undecided(), StoredCase.state == CaseState.ACCEPTED, decides)]


def _feedback(actor: Actor, below: Below, today: Day) -> list[Stream]:
    own = _own(actor)(StoredCase.organization_id)
    return [_cases(actor, own, StoredCase.state == state, StoredCase.came_back) for state in GOING_ON]


def _to_receive(actor: Actor, below: Below, today: Day) -> list[Stream]:
    return _shares(actor, AssignmentState.SENT)


def _to_accept(actor: Actor, below: Below, today: Day) -> list[Stream]:
    main = StoredAssignment.part == AssignmentPart.MAIN
    return _shares(actor, AssignmentState.RECEIVED, main, StoredCase.state == CaseState.ASSIGNED)


def _working(actor: Actor, below: Below, today: Day) -> list[Stream]:
    in_work = or_(StoredAssignment.part != AssignmentPart.MAIN, StoredCase.state == CaseState.ACCEPTED)
    return [*_shares(actor, AssignmentState.RECEIVED, in_work), *_shares(actor, AssignmentState.ANEW)]


def _sent_back(actor: Actor, below: Below, today: Day) -> list[Stream]:
    return _shares(actor, AssignmentState.SENT_BACK)


def _undelivered(actor: Actor, below: Below, today: Day) -> list[Stream]:
    letter = StoredLetter
    lying = (letter.delivered_on.is_(None), letter.to_organization_id.is_(None))
    return [_of(actor, letter, _own(actor)(letter.organization_id), *lying, StoredCase.state.in_(STEPS[Step.DELIVER].sources))]


def _late(actor: Actor, below: Below, today: Day) -> list[Stream]:
    return [_duties(actor, _own(actor)(StoredDeadline.organization_id), StoredDeadline.due_on < today, _is_owed())]


def _is_owed() -> ColumnElement[bool]:
    """That nobody objected in time is not late: it was the unit's right, and the matter stays theirs."""
    return StoredDeadline.rule.not_in(RIGHTS)


def _all_late(actor: Actor, below: Below, today: Day) -> list[Stream]:
    """The same as the first part of 到期."""
    return [_duties(actor, where, _is_owed(), StoredDeadline.due_on < today) for where in _concerned(actor, below)]


def _repeated(actor: Actor, below: Below, today: Day) -> list[Stream]:
    unsettled = func.coalesce(StoredCase.state, "").in_(UNSETTLED)
    again = (StoredCase.repeat_of_id.is_not(None), StoredCase.received_on >= LONG_AGO, unsettled)
    return [_cases(actor, one(StoredCase.organization_id), *again, newest_first=True) for one in _each(actor, below)]


def _returned(actor: Actor, below: Below, today: Day) -> list[Stream]:
    """Few anywhere at a time: all of them are walked."""
    back = StoredAssignment.state == _literal(AssignmentState.SENT_BACK)
    return [_of(actor, StoredAssignment, back, StoredCase.state.in_(GOING_ON))]


def _uncontacted(actor: Actor, below: Below, today: Day) -> list[Stream]:
    silent = (StoredCase.concluded_on.is_not(None), StoredCase.contacted_on.is_(None), StoredCase.concluded_on >= LONG_AGO)
    return [
        _cases(actor, one(StoredCase.organization_id), *silent, by=StoredCase.concluded_on, newest_first=True)
        for one in _each(actor, below)
    ]


def _receptions(actor: Actor, below: Below, today: Day) -> list[Stream]:
    """What the leader heard; 0 where no case came of it yet."""
    case_id = select(StoredCase.id).where(StoredCase.reception_id == Reception.id).correlate(Reception).scalar_subquery()
    mine = visible_receptions(actor).where(Reception.receiver_id == actor.user_id, Reception.state == ReceptionState.CLOSED)
    rows = mine.with_only_columns(Reception.asked_at, Reception.id, func.coalesce(case_id, 0))
    return [Stream(rows, (Reception.asked_at, Reception.id), newest_first=True)]


_STREAMS: Mapping[Desk, Callable[[Actor, Below, Day], list[Stream]]] = {
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


def streams(actor: Actor, desk: Desk, below: Below, today: Day) -> list[Stream]:
    """The list `desk` as this actor has it."""
    return _STREAMS[desk](actor, below, today)


def due(actor: Actor, group: DueGroup, below: Below, days: tuple[Day | None, Day], narrowed: Narrowed) -> list[Stream]:
    """Duties of one part of 到期: of the actor's units, and of whoever has to act in a matter that their office registered."""
    one, (first, last) = StoredDeadline, days
    when = [one.due_on <= last, *([one.due_on >= first] if first is not None else [])]
    when += [one.rule == narrowed.rule] if narrowed.rule else []
    when += [_is_owed()] if group is DueGroup.OVERDUE else []
    if narrowed.unit_id is not None:
        return [_duties(actor, one.organization_id == narrowed.unit_id, *when)]
    return [_duties(actor, where, *when) for where in _concerned(actor, below)]


def _concerned(actor: Actor, below: Below) -> list[ColumnElement[bool]]:
    """Whose duties are the actor's to see, as conditions of a stream each."""
    one, parts = StoredDeadline, _each(actor, below)
    columns = [one.organization_id] if actor.role is StaffRole.HANDLER else [one.organization_id, one.office_id]
    if len(parts) == 1:
        return [or_(*(parts[0](column) for column in columns))]
    return [part(column) for column in columns for part in parts]


# --- what the rows of a page tell --------------------------------------------------------------------------------


_KIND: Mapping[type[Any], Select[Any]] = {
    PetitionerRequest: select(PetitionerRequest).where(among(PetitionerRequest.id, "ids")),
    StoredExtension: select(StoredExtension).where(among(StoredExtension.id, "ids")),
    StoredLetter: select(StoredLetter).where(among(StoredLetter.id, "ids")),
    Reception: select(Reception).where(among(Reception.id, "ids")),
}
_OFFICE, _UNIT = shared_alias(Organization), shared_alias(Organization)
_CASES = (
    select(
        StoredCase.id, StoredCase.organization_id, _OFFICE.path, _OFFICE.name, _UNIT.name, StoredCase.version, StoredCase.case_no,
        StoredCase.title, StoredCase.petitioner, StoredCase.people, StoredCase.place, StoredCase.state, StoredCase.channel,
        StoredCase.received_on,
    )
    .join(_OFFICE, _OFFICE.id == StoredCase.organization_id).outerjoin(_UNIT, _UNIT.id == StoredCase.unit_id)
    .where(among(StoredCase.id, "ids"))
)  # fmt: skip
_SHARES = (
    select(StoredAssignment.case_id, StoredAssignment.id, StoredAssignment.state, StoredAssignment.part, StoredAssignment.given_at,
           Organization.name, User.name)
    .join(Organization, Organization.id == StoredAssignment.organization_id).outerjoin(User, User.id == StoredAssignment.officer_id)
    .where(among(StoredAssignment.case_id, "ids"), StoredAssignment.state != AssignmentState.WITHDRAWN)
    .order_by(StoredAssignment.id)
)  # fmt: skip
_DUTIES = (
    select(
        StoredDeadline.case_id, StoredDeadline.id, StoredDeadline.organization_id, Organization.name, StoredDeadline.rule,
        StoredDeadline.starts_on, StoredDeadline.due_on, StoredDeadline.days, StoredDeadline.unit, StoredDeadline.local_source,
        StoredDeadline.extended_days, StoredDeadline.extended_on,
    )
    .join(Organization, Organization.id == StoredDeadline.organization_id)
    .where(among(StoredDeadline.case_id, "ids"), StoredDeadline.done_at.is_(None), StoredDeadline.dropped_at.is_(None))
    .order_by(StoredDeadline.due_on, StoredDeadline.id)
)  # fmt: skip
_EVENTS = (
    select(StoredCaseEvent.case_id, StoredCaseEvent.kind, StoredCaseEvent.at, StoredCaseEvent.why)
    .where(among(StoredCaseEvent.case_id, "ids"), StoredCaseEvent.kind.in_(TOLD)).order_by(StoredCaseEvent.id)
)  # fmt: skip
_NAMES = select(Organization.id, Organization.name).where(among(Organization.id, "ids"))


class ToldCase(NamedTuple):
    """What a row tells of its matter.  These are read as they lie: to make objects of them took longer than to ask."""

    id: int
    organization_id: int
    path: str
    """Of the organization."""
    organization: str
    unit: str | None
    """The main one."""
    version: int
    case_no: str
    title: str
    petitioner: str
    people: int
    place: str
    state: str
    channel: str
    received_on: date


class ToldShare(NamedTuple):
    """What a row tells of a unit's share."""

    case_id: int
    id: int
    state: str
    part: str
    given_at: datetime
    organization: str
    officer: str | None


class ToldDuty(NamedTuple):
    """What a row tells of a deadline: with what counts it (`clocks.Running`)."""

    case_id: int
    id: int
    organization_id: int
    organization: str
    rule: str
    starts_on: date
    due_on: date
    days: int | None
    unit: str
    local_source: str
    extended_days: int
    extended_on: date | None


class ToldEvent(NamedTuple):
    """What a row tells of something that happened."""

    case_id: int
    kind: str
    at: datetime
    why: str


def cases_by_id(session: Session, ids: Collection[int]) -> dict[int, ToldCase]:
    """Cases of a page with their office and main unit, and what a row tells of them."""
    return {row[0]: ToldCase._make(row) for row in session.execute(_CASES, {"ids": ids})}


def by_id(session: Session, kind: type[Any], ids: Collection[Any]) -> dict[Any, Any]:
    """Requests, extensions, letters or receptions."""
    return {one.id: one for one in session.scalars(_KIND[kind], {"ids": ids})}


def shares_of(session: Session, case_ids: Collection[int]) -> dict[int, list[ToldShare]]:
    """Per case the shares that stand, oldest first."""
    return _per_case(session, _SHARES, case_ids, ToldShare._make)


def duties_of(session: Session, case_ids: Collection[int]) -> dict[int, list[ToldDuty]]:
    """Per case what somebody still has to do, the nearest first."""
    return _per_case(session, _DUTIES, case_ids, ToldDuty._make)


def told_of(session: Session, case_ids: Collection[int]) -> dict[int, list[ToldEvent]]:
    """Per case the events that a row tells of, oldest first."""
    return _per_case(session, _EVENTS, case_ids, ToldEvent._make)


def _per_case(session: Session, query: Select[*tuple[Any, ...]], case_ids: Collection[int], made: Callable[[Any], T]) -> dict[int, list[T]]:
    """Rows of these cases, whose first column is the case's id."""
    found: dict[int, list[T]] = {}
    for row in session.execute(query, {"ids": case_ids}):
        found.setdefault(row[0], []).append(made(row))
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
    if not ids:
        return {}
    return {row.id: row.name for row in session.execute(_NAMES, {"ids": ids})}


@once_per_reading
def units_below(session: Session, actor: Actor) -> Sequence[Row[int, str]]:
    """Ids and names of the actor's own organization and those below it, in the order of the tree, at most UNITS_TOLD."""
    return session.execute(_units_below(actor)).all()


@lru_cache(ACTORS)
def _units_below(actor: Actor) -> Select[int, str]:
    query = select(Organization.id, Organization.name).where(Organization.id.in_(organizations_under(actor)))
    return query.order_by(Organization.path).limit(UNITS_TOLD)


def officers_of(session: Session, organization_id: int) -> Sequence[User]:
    """Who can be given a share of this unit."""
    able = (StaffRole.HANDLER, StaffRole.CLERK, StaffRole.LEADER)
    query = select(User).where(User.organization_id == organization_id, User.active, User.role.in_(able))
    return session.scalars(query.order_by(User.name, User.id)).all()
