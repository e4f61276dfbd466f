"""Which leader or department can decide what a booking is about: proposed from its category, decided by the clerk."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server.domain import reception_days as rules
from server.domain.bookings import DEED_SAID, fits
from server.domain.routes import Category
from server.protocol.bookings import BookingEventView, BookingView, ElsewhereDay, OfficeDay
from server.reception.matter import choices
from server.reception.talk import bookings, matter_words, reception_days
from server.store import bookings as store
from server.store import units
from server.store.access import Actor
from server.store.models import Booking, ReceptionDay
from server.store.records import note_access

MOST_DEPARTMENTS = 5
MOST_OTHERS = 60


def view(session: Session, actor: Actor, own_routes: Path | None, booking: Booking, category: str = "") -> BookingView:
    """A booking with its history, and with days, offices and departments that fit what it is about, or `category`."""
    guide = choices.guide(own_routes)
    proposed = matter_words.category(booking.matter, matter_words.said(booking.matter, booking.name), guide)
    name = category or booking.category or proposed
    words = _words(guide.category(name)) if name else ()
    own, superior = _own_days(session, booking), _elsewhere(session, _public_above(session, booking))
    known = {day.id for day in (*own, *superior)}
    beside = _elsewhere(session, store.fitting_days(session, units.ids_in_reach(actor), words, *_ahead()))
    department = [day for day in beside if day.id not in known]
    fitting = {day.id for day in (*own, *superior) if fits(day.charge, words)} | {day.id for day in department}
    others = units.with_clerks(session, actor, bookings.above(booking), words, MOST_OTHERS)
    note_access(session, actor, "open", "booking", str(booking.id), clock.now())
    return BookingView(
        **bookings.row(actor, booking).model_dump(),
        proposed_category=proposed,
        fitting_days=tuple(sorted(own, key=lambda day: (day.id not in fitting, day.on_day, day.id))),
        superior_days=tuple(sorted(superior, key=lambda day: (day.id not in fitting, day.on_day, day.id))),
        department_days=tuple(department),
        fitting=tuple(sorted(fitting)),
        others=tuple(reception_days.office_view(one) for one in others if one.id != booking.organization_id),
        departments=_departments(session, actor, words),
        events=_events(session, booking),
    )


def _ahead() -> tuple[date, date]:
    return clock.today(), clock.today() + rules.SHOWN_FOR


def _own_days(session: Session, booking: Booking) -> list[OfficeDay]:
    found = store.days_between(session, [booking.organization_id], *_ahead())
    return [day for day in reception_days.shown(session, found) if day.may_change and day.free]


def _public_above(session: Session, booking: Booking) -> Sequence[ReceptionDay]:
    return store.public_days(session, bookings.above(booking), *_ahead())


def _elsewhere(session: Session, days: Sequence[ReceptionDay]) -> list[ElsewhereDay]:
    """Those of another office's days that have a free slot."""
    seen = zip(days, reception_days.shown(session, days), strict=True)
    return [ElsewhereDay(**shown.model_dump(), office=day.organization.name) for day, shown in seen if shown.free]


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
