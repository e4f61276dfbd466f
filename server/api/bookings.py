"""Reception days, who has met them, and bookings: the public schedule for everybody, the rest for the office."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from server.api.deps import Administrator, Clerk, Db, LeaderOrClerk, OfficeDep, address_of
from server.domain.bookings import BookingDeed, BookingState
from server.protocol.base import NO_NUL, Day
from server.protocol.bookings import (
    BookingAsked,
    BookingCancel,
    BookingMove,
    BookingNumbers,
    BookingOrder,
    BookingRow,
    BookingTold,
    BookingView,
    DayOrder,
    DutyOrder,
    DutyRow,
    DutyView,
    ExpectedPerson,
    LevelOrder,
    NewDay,
    OfficeDay,
    PublicSchedule,
)
from server.protocol.progress import ProgressQuery
from server.reception.talk import bookings, matching, reception_days

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Asked = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
Category = Annotated[str, Query(max_length=100, pattern=NO_NUL)]
Place = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("/schedule")
def schedule(db: Db, office: Asked = None) -> PublicSchedule:
    """Leaders' reception days of the coming four weeks, for everybody."""
    return reception_days.public_schedule(db, office)


@router.post("/schedule/bookings", status_code=201)
def ask_in_public(asked: BookingAsked, request: Request, office: OfficeDep) -> BookingTold:
    """Book a slot from home; 409 where it is taken."""
    return bookings.ask_in_public(office, asked, address_of(request))


@router.post("/schedule/look")
def look(query: ProgressQuery, request: Request, office: OfficeDep) -> BookingTold:
    """A booking by its code and the last four digits of the telephone number."""
    return bookings.look_up(office, query, address_of(request))


@router.post("/schedule/cancel")
def cancel_in_public(query: BookingCancel, request: Request, office: OfficeDep) -> BookingTold:
    """The petitioner cancels; 409 where there is nothing left to cancel."""
    return bookings.cancel_in_public(office, query, address_of(request))


@router.post("/schedule/move")
def move_in_public(query: BookingMove, request: Request, office: OfficeDep) -> BookingTold:
    """The petitioner takes another slot; 409 where somebody has it or the booking cannot be moved any more."""
    return bookings.move_in_public(office, query, address_of(request))


@router.get("/reception-days")
def days(db: Db, actor: LeaderOrClerk, office: Place, first: Day, last: Day) -> dict[str, tuple[OfficeDay, ...]]:
    """Days of an organization between two days."""
    return {"days": reception_days.office_days(db, actor, office, first, last)}


@router.get("/reception-days/leaders")
def leaders(db: Db, actor: LeaderOrClerk) -> dict[str, list[dict[str, Any]]]:
    """Whose days the actor may enter, each with their organization."""
    found = reception_days.leaders(db, actor)
    return {
        "leaders": [
            {"id": one.id, "name": one.name, "title": one.title, "organization_id": one.organization_id, "organization": one.organization.name}
            for one in found
        ]
    }


@router.get("/reception-days/duty")
def duty(db: Db, actor: LeaderOrClerk, office: Place, day: Day) -> DutyView:
    """Who of an organization's leaders has met the rule in the period that a day is in."""
    return reception_days.duty_view(db, actor, office, day)


@router.post("/reception-days", status_code=201)
def enter(new: NewDay, db: Db, actor: LeaderOrClerk) -> OfficeDay:
    """Enter a day of a leader; 409 where the leader has one at that time."""
    return reception_days.enter(db, actor, new)


@router.post("/reception-days/{day_id}/cancel")
def cancel(day_id: Number, order: DayOrder, db: Db, actor: LeaderOrClerk) -> OfficeDay:
    """Cancel a day; who had a slot waits for another."""
    return reception_days.cancel(db, actor, day_id, order)


@router.post("/reception-days/{day_id}/held")
def held(day_id: Number, order: DayOrder, db: Db, actor: LeaderOrClerk) -> OfficeDay:
    """Note that the leader sat there on that day."""
    return reception_days.held(db, actor, day_id, order)


@router.get("/bookings")
def listed(db: Db, actor: LeaderOrClerk, state: BookingState = BookingState.ASKED, before: Asked = None) -> dict[str, Any]:
    """A hundred bookings in one state: those to be decided or to come by their time, the others the newest first."""
    rows, more = bookings.listed(db, actor, state, before)
    return {"rows": rows, "more": more}


@router.post("/bookings", status_code=201)
def ask_at_desk(asked: BookingAsked, db: Db, actor: Clerk) -> BookingRow:
    """A clerk books for somebody."""
    return bookings.ask_at_desk(db, actor, asked)


@router.get("/bookings/today")
def expected(db: Db, actor: LeaderOrClerk) -> dict[str, tuple[ExpectedPerson, ...]]:
    """Who was booked for today and has not sat down yet: with the leader who asks, or with anybody of a clerk's office."""
    return {"expected": bookings.expected(db, actor)}


@router.get("/bookings/{booking_id}")
def opened(booking_id: Number, db: Db, office: OfficeDep, actor: LeaderOrClerk, category: Category = "") -> BookingView:
    """A booking, its history, and days and departments that fit it, or `category` where it is told."""
    return matching.view(db, actor, office.settings.statutory_routes, bookings.one(db, actor, booking_id), category)


@router.post("/bookings/{booking_id}/numbers")
def numbers(booking_id: Number, db: Db, actor: LeaderOrClerk) -> BookingNumbers:
    """Telephone and code in full, which is written into the log of accesses."""
    return bookings.open_numbers(db, actor, booking_id)


@router.post("/bookings/{booking_id}/{deed}")
def do(booking_id: Number, deed: BookingDeed, order: BookingOrder, db: Db, actor: Clerk) -> BookingRow:
    """Approve, move, cancel, or note that somebody came or did not; 409 where somebody else was quicker."""
    return bookings.row(actor, bookings.do(db, actor, booking_id, deed, order))


@router.get("/admin/reception-duty/{organization_id}")
def duty_row(organization_id: Number, db: Db, actor: Administrator) -> DutyRow:
    """How often leaders of an organization receive: the rule of its level and its own."""
    return reception_days.duty_row(db, actor, organization_id)


@router.put("/admin/reception-duty/{organization_id}")
def set_duty(organization_id: Number, order: DutyOrder, db: Db, actor: Administrator) -> DutyRow:
    """Set it stricter; 422 says why it cannot be."""
    return reception_days.set_duty(db, actor, organization_id, order)


@router.delete("/admin/reception-duty/{organization_id}")
def drop_duty(organization_id: Number, db: Db, actor: Administrator) -> DutyRow:
    """The rule of the level holds again."""
    return reception_days.drop_duty(db, actor, organization_id)


@router.put("/admin/organizations/{organization_id}/level", status_code=204)
def set_level(organization_id: Number, order: LevelOrder, db: Db, actor: Administrator) -> None:
    """Say where an organization stands."""
    reception_days.set_level(db, actor, organization_id, order.level)
