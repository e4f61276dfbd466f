"""接访日: offices enter when their leaders receive people, everybody reads it, and who has met the rule is shown."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from server import clock
from server.domain import reception_days as rules
from server.domain.bookings import OPEN, BookingDeed
from server.domain.organizations import own_and_above
from server.domain.reception_days import DAY_KIND, DAY_STATE, DayKind, DayState, Duty, Hours
from server.domain.states import OrganizationLevel, StaffRole
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.bookings import (
    DayOrder,
    DayView,
    DutyOrder,
    DutyRow,
    DutyView,
    KioskDay,
    LeaderDuty,
    NewDay,
    OfficeDay,
    OfficeView,
    PublicSchedule,
    SlotView,
)
from server.reception.account import accounts
from server.reception.talk import bookings
from server.reception.talk.bookings import hours_of
from server.store import accounts as account_store
from server.store import bookings as store
from server.store.access import Actor
from server.store.models import Organization, ReceptionDay, ReceptionDuty, User
from server.store.records import note_access

MOST_AT_KIOSK = 12
"""Days that a kiosk offers: who wants a later one is helped by a clerk, or looks at home."""
NOT_SET = Duty(words="没有规定次数", source="")


def today() -> date:
    return clock.today()


# --- what everybody reads -----------------------------------------------------------------------------------------


def public_schedule(session: Session, organization_id: int | None) -> PublicSchedule:
    """Days of an office from today on for four weeks; without an office, of the only one there is.  NotFound for none."""
    first, last = today(), today() + rules.SHOWN_FOR
    offices = store.offices_with_days(session, first, last)
    place = _asked_office(session, offices, organization_id)
    found = store.public_days(session, [place.id], first, last) if place is not None else []
    rooms = store.rooms_of(session, place) if any(day.kind == DayKind.VIDEO for day in found) and place else ()
    return PublicSchedule(
        offices=tuple(office_view(one) for one in offices),
        office=office_view(place) if place else None,
        days=tuple(DayView(**fields) for fields in _seen(session, found)),
        rooms=tuple(office_view(one) for one in rooms),
    )


def kiosk_days(session: Session, actor: Actor, office_id: int | None) -> tuple[KioskDay, ...]:
    """The next days with a free slot, of the office that a kiosk belongs to and of those above it, or of one of these; at
    most MOST_AT_KIOSK."""
    on_the_way = own_and_above(actor.organization_path)
    offices = [one for one in on_the_way if office_id in (None, one)]
    found = store.public_days(session, offices, today(), today() + rules.SHOWN_FOR)
    rows = [KioskDay(**fields, office=day.organization.name) for day, fields in zip(found, _seen(session, found), strict=True)]
    return tuple(one for one in rows if one.free)[:MOST_AT_KIOSK]


def _asked_office(session: Session, offices: Sequence[Organization], organization_id: int | None) -> Organization | None:
    if organization_id is None:
        return offices[0] if len(offices) == 1 else None
    found = account_store.organization_or_none(session, organization_id)
    if found is None:
        raise NotFound("没有这个单位。")
    return found


def office_view(one: Organization) -> OfficeView:
    return OfficeView(id=one.id, name=one.name)


def _seen(session: Session, days: Sequence[ReceptionDay]) -> list[dict[str, object]]:
    taken = store.taken_slots(session, [day.id for day in days])
    now = clock.now()
    return [_fields(day, hours_of(day).free(day.on_day, taken[day.id], now)) for day in days]


def _fields(day: ReceptionDay, free: Sequence[int]) -> dict[str, object]:
    hours = hours_of(day)
    return {
        "id": day.id, "on_day": day.on_day, "kind": day.kind, "kind_words": DAY_KIND[DayKind(day.kind)],
        "hours": f"{rules.in_words(hours.begins)}–{rules.in_words(hours.ends)}", "leader": day.leader.name,
        "title": day.leader.title, "charge": day.charge, "place": day.place,
        "free": tuple(SlotView(slot=number, time=hours.slot(number)) for number in free),
    }  # fmt: skip


# --- what the office does -----------------------------------------------------------------------------------------


def office_days(session: Session, actor: Actor, organization_id: int, first: date, last: date) -> tuple[OfficeDay, ...]:
    """Days of an organization of the actor's between two days, at most a year of them."""
    place = accounts.own_organization(session, actor, organization_id)
    if not first <= last <= first + rules.PLANNED_FOR:
        raise InvalidInput("起止的日子不对，最多看一年。")
    return shown(session, store.days_between(session, [place.id], first, last))


def shown(session: Session, days: Sequence[ReceptionDay]) -> tuple[OfficeDay, ...]:
    """Days as their office sees them."""
    taken = store.taken_slots(session, [day.id for day in days])
    return tuple(
        OfficeDay(
            **fields, leader_id=day.leader_id, version=day.version, state=day.state, state_words=DAY_STATE[DayState(day.state)], why=day.why,
            slots=day.slots, booked=len(taken[day.id]), may_change=day.state == DayState.PLANNED,
        )
        for day, fields in zip(days, _seen(session, days), strict=True)
    )  # fmt: skip


def enter(session: Session, actor: Actor, new: NewDay) -> OfficeDay:
    """Enter a day of a leader of the actor's organization or one below; InvalidInput says what is wrong with it."""
    leader = account_store.user_in(session, new.leader_id, actor.organization_path)
    if leader is None or leader.role != StaffRole.LEADER or not leader.active:
        raise InvalidInput("请选本单位的接访领导。", fields=["leader_id"])
    hour, minute = (int(part) for part in new.begins.split(":"))
    hours = Hours(hour * 60 + minute, new.slot_minutes, new.slots)
    if problem := rules.day_problem(new.on_day, hours, today()):
        raise InvalidInput(problem, fields=["slots" if "第二天" in problem else "on_day"])
    if new.kind == DayKind.VILLAGE and not new.place.strip():
        raise InvalidInput("下访请写到哪个村。", fields=["place"])
    store.lock_leader(session, leader.id)
    for other in store.overlapping(session, leader.id, new.on_day):
        if hours.begins < hours_of(other).ends and other.begins < hours.ends:
            raise Conflict("这位领导这天的这个时间已经排了，请看过再排。", code="day_taken")
    day = ReceptionDay(
        organization_id=leader.organization_id, leader_id=leader.id, on_day=new.on_day, kind=new.kind, begins=hours.begins,
        slots=new.slots, slot_minutes=new.slot_minutes, place=new.place.strip(), charge=new.charge.strip(),
        state=DayState.PLANNED, version=1, author=actor.name, made_at=clock.now(),
    )  # fmt: skip
    session.add(day)
    session.flush()
    return shown(session, [day])[0]


def _own_day(session: Session, actor: Actor, day_id: int) -> ReceptionDay:
    if store.day_of_actor(session, actor, day_id) is None:
        raise NotFound("没有这个接访日。")
    day = store.locked_day(session, day_id)
    if day is None:
        raise NotFound("没有这个接访日。")
    return day


def cancel(session: Session, actor: Actor, day_id: int, order: DayOrder) -> OfficeDay:
    """Cancel a planned day: whoever had a slot waits for another and reads why.  Conflict where somebody was quicker."""
    if not order.why.strip():
        raise InvalidInput("请写为什么取消，约好的人会看到。", fields=["why"])
    day = _own_day(session, actor, day_id)
    waiting = store.open_of_day(session, day.id, OPEN)
    _require_changed(store.change_day(session, day, order.version, state=DayState.CANCELLED, why=order.why.strip()))
    for one in waiting:
        bookings.do_with(session, actor, one, BookingDeed.RELEASE, one.version, why=order.why.strip(), day_id=None)
    return shown(session, [day])[0]


def held(session: Session, actor: Actor, day_id: int, order: DayOrder) -> OfficeDay:
    """Note that the leader received people, or sat there for them, on this day; WrongState before it comes."""
    day = _own_day(session, actor, day_id)
    if day.on_day > today():
        raise WrongState("这一天还没有到。")
    _require_changed(store.change_day(session, day, order.version, state=DayState.HELD))
    return shown(session, [day])[0]


def _require_changed(changed: bool) -> None:
    if not changed:
        raise Conflict("别人刚刚改过这一天，请看过再办。")


def leaders(session: Session, actor: Actor) -> Sequence[User]:
    """Whose days the actor may enter."""
    return store.leaders_under(session, actor)


# --- who has met the rule -----------------------------------------------------------------------------------------


def duty_of(session: Session, place: Organization) -> Duty:
    """What holds for the leaders of an organization: its own stricter rule, one above of the same level, or that of its level."""
    own = store.duty_on_the_way(session, place.path)
    if own is not None:
        period: rules.DutyPeriod = own.period  # type: ignore[assignment]
        return Duty(words=rules.duty_words(own.times, period), source=own.source, times=own.times, period=period)
    return rules.DUTIES.get(place.level, NOT_SET)


def duty_view(session: Session, actor: Actor, organization_id: int, day: date) -> DutyView:
    """Of each leader of an organization: days received and planned in the period that `day` is in, and what is missing."""
    place = accounts.own_organization(session, actor, organization_id)
    duty = duty_of(session, place)
    period = duty.period_of(day)
    people = store.leaders_of(session, place.id)
    received, ahead = _days_of(session, [one.id for one in people], period.first, period.last)
    return DutyView(
        organization=office_view(place), level=place.level, words=duty.words, source=duty.source, times=duty.times,
        period=period.words,
        leaders=tuple(
            LeaderDuty(
                leader_id=one.id, name=one.name, title=one.title, days=tuple(sorted(received[one.id])),
                ahead=tuple(sorted(ahead[one.id])), missing=duty.missing(len(received[one.id])),
            )
            for one in people
        ),
    )  # fmt: skip


Days = dict[int, set[date]]


def _days_of(session: Session, leader_ids: Sequence[int], first: date, last: date) -> tuple[Days, Days]:
    """Days on which each leader received people, and those still planned from today on: a day counts once."""
    received: Days = {one: set() for one in leader_ids}
    ahead: Days = {one: set() for one in leader_ids}
    for leader_id, moment in store.talks_of(session, leader_ids, rules.moment_of(first, 0), clock.end_of_day(last)):
        received[leader_id].add(clock.day_in_office(moment))
    for leader_id, day in store.received_on_site(session, leader_ids, first, last):
        received[leader_id].add(day)
    planned = store.leaders_days(session, leader_ids, first, last)
    for leader_id, day, state in planned:
        if state == DayState.HELD:
            received[leader_id].add(day)
    for leader_id, day, state in planned:
        if state == DayState.PLANNED and day >= today() and day not in received[leader_id]:
            ahead[leader_id].add(day)
    return received, ahead


def duty_row(session: Session, actor: Actor, organization_id: int) -> DutyRow:
    """The rule of an organization's level and what it set for itself."""
    place = accounts.own_organization(session, actor, organization_id)
    law, holds = rules.DUTIES.get(place.level, NOT_SET), duty_of(session, place)
    own = session.get(ReceptionDuty, place.id)
    return DutyRow(
        organization_id=place.id, organization=place.name, level=place.level, law=law.words, law_source=law.source,
        times=holds.times, period=holds.period, source=holds.source, own=own is not None,
    )  # fmt: skip


def set_duty(session: Session, actor: Actor, organization_id: int, order: DutyOrder) -> DutyRow:
    """Set how often leaders receive; InvalidInput where it would be less than the rule, or names no document."""
    place = accounts.own_organization(session, actor, organization_id)
    if problem := rules.stricter_problem(place.level, order.times, order.period, order.source):
        raise InvalidInput(problem, fields=["source" if not order.source.strip() else "times"])
    session.merge(
        ReceptionDuty(organization_id=place.id, times=order.times, period=order.period, source=order.source.strip())
    )
    note_access(session, actor, "set_duty", "organization", str(place.id), clock.now())
    return duty_row(session, actor, place.id)


def drop_duty(session: Session, actor: Actor, organization_id: int) -> DutyRow:
    """The rule of the level holds again."""
    place = accounts.own_organization(session, actor, organization_id)
    own = session.get(ReceptionDuty, place.id)
    if own is not None:
        session.delete(own)
        session.flush()
        note_access(session, actor, "drop_duty", "organization", str(place.id), clock.now())
    return duty_row(session, actor, place.id)


def set_level(session: Session, actor: Actor, organization_id: int, level: str) -> None:
    """Say where an organization stands: which rule its leaders follow, and which target their video receptions have."""
    place = accounts.own_organization(session, actor, organization_id)
    if level and level not in list(OrganizationLevel):
        raise InvalidInput("没有这一级。", fields=["level"])
    place.level = level
    note_access(session, actor, "set_level", "organization", str(place.id), clock.now())
