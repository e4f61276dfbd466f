"""Queries over reception days and bookings, and the conditional changes of their states."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    case,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from server.domain.bookings import OPEN, BookingDeed, BookingState
from server.domain.organizations import own_and_above
from server.domain.reception_days import PUBLIC_KINDS, DayState
from server.domain.states import CaseState, KioskKind, StaffRole
from server.store.access import Actor, organizations_under, shared_alias, visible_bookings
from server.store.models import (
    Booking,
    BookingEvent,
    Kiosk,
    Organization,
    Reception,
    ReceptionDay,
    ReceptionDuty,
    StoredCase,
    User,
)

_OFFICE = shared_alias(Organization)
MOST_DAYS = 300
MOST_OFFICES = 300
MOST_LEADERS = 200
PAGE_ROWS = 100
MOST_EXPECTED = 100

# --- days ---------------------------------------------------------------------------------------------------------


def _days() -> Select[ReceptionDay]:
    return select(ReceptionDay).options(joinedload(ReceptionDay.leader), joinedload(ReceptionDay.organization))


def offices_with_days(session: Session, first: date, last: date) -> Sequence[Organization]:
    """Offices with public days between these, at most MOST_OFFICES."""
    planned = select(ReceptionDay.organization_id).where(
        ReceptionDay.on_day.between(first, last), ReceptionDay.state == DayState.PLANNED, ReceptionDay.kind.in_(PUBLIC_KINDS)
    )
    query = select(Organization).where(Organization.id.in_(planned)).order_by(Organization.path).limit(MOST_OFFICES)
    return session.scalars(query).all()


def _public(organization_ids: Collection[int] | Select[int], first: date, last: date) -> Select[ReceptionDay]:
    query = _days().join(User, User.id == ReceptionDay.leader_id).where(
        ReceptionDay.organization_id.in_(organization_ids), ReceptionDay.on_day.between(first, last),
        ReceptionDay.state == DayState.PLANNED, ReceptionDay.kind.in_(PUBLIC_KINDS), User.active,
    )  # fmt: skip
    return query.order_by(ReceptionDay.on_day, ReceptionDay.begins, ReceptionDay.id).limit(MOST_DAYS)


def public_days(session: Session, organization_ids: Collection[int], first: date, last: date) -> Sequence[ReceptionDay]:
    """Days of these offices that anybody may book, in order; those of leaders whose account is closed are left out."""
    return session.scalars(_public(organization_ids, first, last)).all()


def fitting_days(
    session: Session, organization_ids: Select[int], words: Collection[str], first: date, last: date
) -> Sequence[ReceptionDay]:
    """Those among them of whose leader's charge or whose office's name one of the words is part; none without a word."""
    fits = [text.contains(word, autoescape=True) for word in words if word for text in (ReceptionDay.charge, _OFFICE.name)]
    query = _public(organization_ids, first, last).join(_OFFICE, _OFFICE.id == ReceptionDay.organization_id)
    return session.scalars(query.where(or_(false(), *fits))).all()


def days_between(session: Session, organization_ids: Collection[int], first: date, last: date) -> Sequence[ReceptionDay]:
    """Days of these organizations in order, whatever became of them."""
    query = _days().where(ReceptionDay.organization_id.in_(organization_ids), ReceptionDay.on_day.between(first, last))
    return session.scalars(query.order_by(ReceptionDay.on_day, ReceptionDay.begins, ReceptionDay.id).limit(MOST_DAYS)).all()


def day_of_actor(session: Session, actor: Actor, day_id: int) -> ReceptionDay | None:
    """A day of the actor's organization or one below."""
    query = _days().where(ReceptionDay.id == day_id, ReceptionDay.organization_id.in_(organizations_under(actor)))
    return session.scalar(query)


def locked_day(session: Session, day_id: int) -> ReceptionDay | None:
    """A day, locked until the transaction ends: whoever takes a slot of it or cancels it waits for each other."""
    query = select(ReceptionDay).where(ReceptionDay.id == day_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def lock_leader(session: Session, leader_id: int) -> None:
    """Let nobody else enter a day of this leader until the transaction ends."""
    session.execute(select(User.id).where(User.id == leader_id).with_for_update())


def overlapping(session: Session, leader_id: int, day: date) -> Sequence[ReceptionDay]:
    """The leader's days on this date that are not cancelled."""
    query = select(ReceptionDay).where(ReceptionDay.leader_id == leader_id, ReceptionDay.on_day == day)
    return session.scalars(query.where(ReceptionDay.state != DayState.CANCELLED)).all()


def change_day(session: Session, day: ReceptionDay, version: int, **values: Any) -> bool:
    """Change a planned day if it still has this version; of two callers one wins."""
    query = update(ReceptionDay).where(
        ReceptionDay.id == day.id, ReceptionDay.version == version, ReceptionDay.state == DayState.PLANNED
    )
    return _changed(session, query.values(version=version + 1, **values), day)


def taken_slots(session: Session, day_ids: Collection[int]) -> dict[int, set[int]]:
    """Slots that somebody has, by day."""
    found: dict[int, set[int]] = {day_id: set() for day_id in day_ids}
    query = select(Booking.day_id, Booking.slot).where(Booking.day_id.in_(day_ids), Booking.slot.is_not(None))
    for day_id, slot in session.execute(query):
        if day_id is not None and slot is not None:
            found[day_id].add(slot)
    return found


def rooms_under(session: Session, path: str) -> Sequence[Organization]:
    """Organizations at or below `path` with a kiosk to sit at, at most MOST_OFFICES."""
    with_kiosk = select(Kiosk.organization_id).where(Kiosk.active, Kiosk.kind == KioskKind.KIOSK)
    query = select(Organization).where(Organization.path.startswith(path, autoescape=True), Organization.id.in_(with_kiosk))
    return session.scalars(query.order_by(Organization.path).limit(MOST_OFFICES)).all()


def rooms_of(session: Session, office: Organization) -> Sequence[Organization]:
    """Where people sit down whom an office receives by video: at or below it, or at or below the nearest one above that has a
    kiosk, for a department has none."""
    steps = [part for part in office.path.split("/") if part]
    paths = ("/" + "/".join(steps[:depth]) + "/" for depth in range(len(steps), 0, -1))
    return next((found for path in paths if (found := rooms_under(session, path))), ())


# --- who has received -----------------------------------------------------------------------------------------------


def leaders_of(session: Session, organization_id: int) -> Sequence[User]:
    """Active leaders of one organization."""
    query = select(User).where(User.organization_id == organization_id, User.role == StaffRole.LEADER, User.active)
    return session.scalars(query.order_by(User.id).limit(MOST_LEADERS)).all()


def leaders_under(session: Session, actor: Actor) -> Sequence[User]:
    """Active leaders of the actor's organization and below."""
    query = select(User).join(User.organization).options(contains_eager(User.organization)).where(
        User.organization_id.in_(organizations_under(actor)), User.role == StaffRole.LEADER, User.active
    )  # fmt: skip
    return session.scalars(query.order_by(Organization.path, User.id).limit(MOST_LEADERS)).all()


def talks_of(session: Session, leader_ids: Collection[int], since: datetime, until: datetime) -> list[tuple[int, datetime]]:
    """When these leaders began talks, by leader."""
    query = select(Reception.receiver_id, Reception.started_at).where(
        Reception.receiver_id.in_(leader_ids), Reception.started_at >= since, Reception.started_at < until
    )
    return [(who, began) for who, began in session.execute(query) if who is not None and began is not None]


def received_on_site(session: Session, leader_ids: Collection[int], first: date, last: date) -> list[tuple[int, date]]:
    """Days on which these leaders received somebody whose matter was registered without a talk."""
    query = select(StoredCase.received_by_id, StoredCase.received_on).distinct().where(
        StoredCase.received_by_id.in_(leader_ids), StoredCase.received_on.between(first, last), StoredCase.state != CaseState.MERGED
    )  # fmt: skip
    return [(who, day) for who, day in session.execute(query) if who is not None]


def leaders_days(session: Session, leader_ids: Collection[int], first: date, last: date) -> list[tuple[int, date, str]]:
    """(leader, day, state) of their days in a period that are not cancelled."""
    query = select(ReceptionDay.leader_id, ReceptionDay.on_day, ReceptionDay.state).where(
        ReceptionDay.leader_id.in_(leader_ids), ReceptionDay.on_day.between(first, last), ReceptionDay.state != DayState.CANCELLED
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def duty_on_the_way(session: Session, path: str) -> ReceptionDuty | None:
    """What is set at an organization of this path or at the nearest one above it of the same level."""
    ids = own_and_above(path)
    own, other = aliased(Organization), aliased(Organization)
    query = (
        select(ReceptionDuty)
        .join(other, other.id == ReceptionDuty.organization_id)
        .join(own, own.id == ids[-1])
        .where(ReceptionDuty.organization_id.in_(ids), other.level == own.level)
        .order_by(func.length(other.path).desc())
    )
    return session.scalars(query.limit(1)).first()


# --- bookings -------------------------------------------------------------------------------------------------------


def by_code(session: Session, code: str) -> Booking | None:
    """The booking with this code, for whoever holds it and knows the digits of its telephone number."""
    query = select(Booking).where(Booking.code == code)
    return session.scalar(query.options(joinedload(Booking.day).joinedload(ReceptionDay.leader)))


def booking_of(session: Session, actor: Actor, booking_id: int) -> Booking | None:
    """A booking that the actor may see."""
    return session.scalar(_with_day(visible_bookings(actor)).where(Booking.id == booking_id))


def _with_day(query: Select[Booking]) -> Select[Booking]:
    leader = joinedload(Booking.day).joinedload(ReceptionDay.leader)
    return query.options(leader, joinedload(Booking.organization), joinedload(Booking.room))


def listed(session: Session, actor: Actor, state: BookingState, after: Booking | None, today: date) -> Sequence[Booking]:
    """Visible bookings in one state, one more than a page where there are more: those that something is to be done about
    by their time, whose day is over behind them; the others the newest first.  `after`: those behind this one."""
    query = _with_day(visible_bookings(actor)).where(Booking.state == state)
    if state in OPEN:
        key = _by_time(today)
        query = query.outerjoin(ReceptionDay, ReceptionDay.id == Booking.day_id).order_by(*key)
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*(literal(value) for value in _time_of(after, today))))
    else:
        query = query.order_by(Booking.id.desc())
        if after is not None:
            query = query.where(Booking.id < after.id)
    return session.scalars(query.limit(PAGE_ROWS + 1)).all()


def _by_time(today: date) -> tuple[Any, ...]:
    """Those without a day first, then by day and minute of the day."""
    minute = func.coalesce(ReceptionDay.begins + Booking.slot * ReceptionDay.slot_minutes, 0)
    over = case((ReceptionDay.on_day < today, 1), else_=0)
    return over, func.coalesce(ReceptionDay.on_day, literal(date.min)), minute, Booking.id


def _time_of(booking: Booking, today: date) -> tuple[int, date, int, int]:
    """The same of one booking."""
    day = booking.day
    if day is None:
        return 0, date.min, 0, booking.id
    minute = 0 if booking.slot is None else day.begins + booking.slot * day.slot_minutes
    return int(day.on_day < today), day.on_day, minute, booking.id


def open_of_day(session: Session, day_id: int, states: Collection[BookingState]) -> Sequence[Booking]:
    """Bookings of a day in these states, by slot."""
    query = select(Booking).where(Booking.day_id == day_id, Booking.state.in_(states))
    return session.scalars(query.order_by(Booking.slot)).all()


def expected_on(
    session: Session, actor: Actor, day: date, states: Collection[BookingState], *more: ColumnElement[bool]
) -> Sequence[Booking]:
    """Visible bookings of a day in these states that nobody has sat down with yet, by time; at most MOST_EXPECTED."""
    query = visible_bookings(actor).join(ReceptionDay, ReceptionDay.id == Booking.day_id).where(
        ReceptionDay.on_day == day, ReceptionDay.state != DayState.CANCELLED, Booking.slot.is_not(None),
        Booking.reception_id.is_(None), Booking.state.in_(states), *more,
    )  # fmt: skip
    day_and_leader = contains_eager(Booking.day).joinedload(ReceptionDay.leader)
    query = query.options(day_and_leader, joinedload(Booking.organization), joinedload(Booking.room))
    minute = ReceptionDay.begins + Booking.slot * ReceptionDay.slot_minutes
    return session.scalars(query.order_by(minute, Booking.id).limit(MOST_EXPECTED)).all()


def change_booking(session: Session, booking: Booking, version: int, sources: Collection[BookingState], **values: Any) -> bool:
    """Change a booking if it still has this version and one of these states; of two callers one wins."""
    query = update(Booking).where(Booking.id == booking.id, Booking.version == version, Booking.state.in_(sources))
    return _changed(session, query.values(version=version + 1, **values), booking)


def _changed(session: Session, query: Any, thing: ReceptionDay | Booking) -> bool:
    changed = cast(CursorResult[Any], session.execute(query.execution_options(synchronize_session=False))).rowcount == 1
    session.refresh(thing)
    return changed


def events_of(session: Session, booking_id: int) -> Sequence[BookingEvent]:
    """What was done with a booking, oldest first."""
    return session.scalars(select(BookingEvent).where(BookingEvent.booking_id == booking_id).order_by(BookingEvent.id)).all()


def moves_by_petitioner(session: Session, booking_id: int, author: str) -> int:
    """How often whoever booked has moved it."""
    moved = BookingEvent.kind.in_((BookingDeed.MOVE, BookingDeed.REBOOK))
    query = select(func.count()).where(BookingEvent.booking_id == booking_id, BookingEvent.author == author, BookingEvent.user_id.is_(None), moved)
    return session.scalar(query) or 0


def days_by_id(session: Session, ids: Collection[int]) -> dict[int, ReceptionDay]:
    """Days with their leaders."""
    return {day.id: day for day in session.scalars(_days().where(ReceptionDay.id.in_(ids)))}


def at_place(session: Session, code: str, path: str) -> Booking | None:
    """A booking that may arrive at an organization of this path: made for it, for its office or for one below or above."""
    ids = own_and_above(path)
    found = by_code(session, code)
    if found is None or found.organization_id in ids or found.place_id in ids:
        return found
    return None


def of_receptions(session: Session, reception_ids: Collection[str]) -> dict[str, Booking]:
    """The bookings that receptions began with, by reception."""
    query = select(Booking).where(Booking.reception_id.in_(reception_ids))
    found = session.scalars(query.options(joinedload(Booking.day).joinedload(ReceptionDay.leader)))
    return {one.reception_id: one for one in found if one.reception_id is not None}
