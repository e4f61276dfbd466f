"""Which leader or department can decide what a booking is about: proposed from its category, decided by the clerk."""

from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server.domain import reception_days as rules
from server.domain.bookings import DEED_SAID, category_in, fits
from server.domain.routes import Category
from server.protocol.bookings import BookingEventView, BookingView
from server.reception import bookings, choices, reception_days
from server.store import bookings as store
from server.store import units
from server.store.access import Actor
from server.store.models import Booking
from server.store.records import note_access

MOST_DEPARTMENTS = 5


def view(session: Session, actor: Actor, own_routes: Path | None, booking: Booking) -> BookingView:
    """A booking with its history, and with days and departments that fit what it is about."""
    guide = choices.guide(own_routes)
    proposed = category_in(booking.matter, tuple(one.name for one in guide.categories))
    name = booking.category or proposed
    words = _words(guide.category(name)) if name else ()
    today = clock.today()
    found = reception_days.shown(session, store.days_between(session, [booking.organization_id], today, today + rules.SHOWN_FOR))
    days = [day for day in found if day.may_change and day.free]
    higher = reception_days.shown(session, store.public_days(session, bookings.above(booking), today, today + rules.SHOWN_FOR))
    superior = [day for day in higher if day.free]
    fitting = {day.id for day in (*days, *superior) if fits(day.charge, words)}
    note_access(session, actor, "open", "booking", str(booking.id), clock.now())
    return BookingView(
        **bookings.row(actor, booking).model_dump(),
        proposed_category=proposed,
        fitting_days=tuple(sorted(days, key=lambda day: (day.id not in fitting, day.on_day, day.id))),
        superior_days=tuple(sorted(superior, key=lambda day: (day.id not in fitting, day.on_day, day.id))),
        fitting=tuple(sorted(fitting)),
        departments=_departments(session, actor, words),
        events=_events(session, booking),
    )


def _events(session: Session, booking: Booking) -> tuple[BookingEventView, ...]:
    """What was done with it, each with the time that it had from then on."""
    found = store.events_of(session, booking.id)
    days = store.days_by_id(session, {one.day_id for one in found if one.day_id is not None})
    return tuple(
        BookingEventView(
            at=one.at, author=one.author, what=DEED_SAID.get(one.kind, one.kind), why=one.why,
            when=bookings.when_words(days.get(one.day_id or 0), one.slot),
        )
        for one in found
    )  # fmt: skip


def _words(category: Category) -> tuple[str, ...]:
    return (category.name, category.kind, category.area)


def _departments(session: Session, actor: Actor, words: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in words:
        if word:
            found |= dict.fromkeys(unit.name for unit, _ in units.find(session, actor, None, word, MOST_DEPARTMENTS))
    return tuple(found)[:MOST_DEPARTMENTS]
