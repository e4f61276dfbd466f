"""预约: a petitioner or a clerk asks for a leader's slot, the office decides, and who comes sits down with it.

A slot is one person's from the moment it is asked for; two who want the last one are told apart by the lock on its day.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import masking
from server.domain.bookings import (
    BOOKING_STATE,
    DEEDS,
    EXPECTED,
    MOST_MOVES,
    NOT_THE_OFFICES,
    OPEN,
    BookingDeed,
    BookingState,
    moved_by_petitioner,
    standing,
    standing_words,
)
from server.domain.deadline_words import chinese_day
from server.domain.organizations import own_and_above
from server.domain.reception_days import (
    DAY_KIND,
    PUBLIC_KINDS,
    SHOWN_FOR,
    DayKind,
    DayState,
    Hours,
    channel_of,
)
from server.domain.states import NoticeKind, StaffRole
from server.errors import Conflict, InvalidInput, NotFound, TooOften, WrongState
from server.protocol.bookings import (
    BookingAsked,
    BookingAtKiosk,
    BookingMove,
    BookingNumbers,
    BookingOrder,
    BookingRow,
    BookingTold,
    ExpectedPerson,
)
from server.protocol.progress import ProgressQuery
from server.protocol.sittings import BookingKey
from server.reception import tries
from server.reception.callers import hashed, network_of
from server.reception.matter import notices
from server.reception.office import Office
from server.store import accounts, cases, units
from server.store import bookings as store
from server.store import notices as notice_store
from server.store.access import Actor
from server.store.models import Booking, BookingEvent, Reception, ReceptionDay
from server.store.querycodes import new_query_code
from server.store.records import note_access

MOST_ASKED = 5
"""Bookings from one network in 15 minutes: nobody takes all slots of a day from home."""
MOST_ASKED_AT_KIOSK = 10
"""The same at one kiosk, where one person comes after the other."""
WRONG = "没有查到。请把预约码和手机号最后 4 位再核对一遍。"
TAKEN = "这个时间刚刚有人约了，请另选一个。"
FULL = "这一天约满了，请另选一天。"
LONGEST_WHY = 200
PETITIONER = "信访人"


# --- by the petitioner --------------------------------------------------------------------------------------------


def ask_in_public(office: Office, asked: BookingAsked, address: str) -> BookingTold:
    """Somebody books from home.  Raises TooOften after five from one network in 15 minutes, else as `_ask`."""
    source = hashed(office.settings, "booking", network_of(address))
    often = TooOften("从您这里刚约了好几个，请过 15 分钟再约，或者到接谈室请工作人员帮您约。")
    return _ask_oneself(office, asked, asked.place_id, source, MOST_ASKED, often)


def ask_at_kiosk(office: Office, actor: Actor, asked: BookingAsked) -> BookingTold:
    """Somebody at a kiosk books another day; for a talk by video they will sit there.  Raises as `ask_in_public`."""
    source = hashed(office.settings, "booking made at kiosk", str(actor.kiosk_id))
    often = TooOften("这台机器上刚约了好几个，请过 15 分钟再约，或者请工作人员帮您约。")
    return _ask_oneself(office, asked, actor.organization_id, source, MOST_ASKED_AT_KIOSK, often)


def _ask_oneself(
    office: Office, asked: BookingAsked, place_id: int | None, source: str, most: int, often: TooOften
) -> BookingTold:
    """Book unless `most` came from this source lately."""
    with office.store.write() as session:
        if cases.wrong_tries(session, source, clock.now() - tries.WINDOW) >= most:
            raise often
        booking = _ask(session, asked, PETITIONER, None, place_id)
        tries.count(session, source)
        return told(booking)


def look_up(office: Office, query: ProgressQuery, address: str) -> BookingTold:
    """A booking by its code and the last digits of its number.  NotFound, the same for both being wrong; TooOften."""
    source, code = tries.sources(office, query, address)
    with office.store.read() as session:
        tries.require_left(session, source, code)
        booking = _opened(session, query)
        if booking is not None:
            return told(booking)
    raise tries.missed(office, source, code, WRONG)


def cancel_in_public(office: Office, query: ProgressQuery, address: str) -> BookingTold:
    """The petitioner cancels; raises as `look_up`, and WrongState where there is nothing left to cancel."""
    source, code = tries.sources(office, query, address)
    with office.store.write() as session:
        tries.require_left(session, source, code)
        booking = _opened(session, query)
        if booking is not None:
            if booking.state not in OPEN:
                raise WrongState("这个预约已经不用取消了。")
            do_with(session, None, booking, BookingDeed.CANCEL, booking.version, why="您自己取消的")
            return told(booking)
    raise tries.missed(office, source, code, WRONG)


def move_in_public(office: Office, asked: BookingMove, address: str) -> BookingTold:
    """The petitioner takes another slot of the same office, and gives theirs back.

    Raises as `look_up`; NotFound and Conflict where the new slot is gone; WrongState where the booking cannot be moved, or not
    any more: its time has come, or it was moved three times.
    """
    return _moved(office, asked, *tries.sources(office, asked, address))


def move_at_kiosk(office: Office, actor: Actor, asked: BookingMove) -> BookingTold:
    """The same at a kiosk, where they will sit for a talk by video.  Raises as `move_in_public`; TooOften after ten wrong tries
    in 15 minutes there."""
    source = _source_of(office, actor)
    return _moved(office, asked.model_copy(update={"place_id": actor.organization_id}), source, source)


def _source_of(office: Office, actor: Actor) -> str:
    """Under what tries at codes are counted at a kiosk."""
    return hashed(office.settings, "booking at kiosk", str(actor.kiosk_id))


def _moved(office: Office, asked: BookingMove, source: str, code: str) -> BookingTold:
    with office.store.write() as session:
        tries.require_left(session, source, code)
        booking = _opened(session, asked)
        if booking is not None:
            _move(session, booking, asked)
            return told(booking)
    raise tries.missed(office, source, code, WRONG)


def _move(session: Session, booking: Booking, asked: BookingMove) -> None:
    if booking.state not in OPEN:
        raise WrongState("这个预约改不了时间了。还要谈的，请再约一次。")
    if _begun(booking):
        raise WrongState("已经到约好的时间了，改不了。来不了的，请打电话告诉接谈室。")
    if store.moves_by_petitioner(session, booking.id, PETITIONER) >= MOST_MOVES:
        raise WrongState(f"已经改过 {MOST_MOVES} 次了。还要改，请打电话给接谈室，工作人员帮您改。")
    day = store.locked_day(session, asked.day_id)
    bookable = day is not None and day.state == DayState.PLANNED and day.kind in PUBLIC_KINDS
    if day is None or not bookable or day.organization_id != booking.organization_id or not _within_public_time(day):
        raise NotFound("没有这个接访日，可能刚刚取消了，请看看别的日子。")
    if (day.id, asked.slot) == (booking.day_id, booking.slot):
        raise WrongState("现在约的就是这个时间，不用改。")
    place_id = asked.place_id or booking.place_id
    if place_id not in (None, booking.place_id) and not _sits_there(session, day, place_id, None):
        raise InvalidInput("请从单子里选一个接谈室。", fields=["place_id"])
    slot = _slot(session, day, asked.slot)
    same_leader = booking.day is not None and booking.day.leader_id == day.leader_id
    deed = moved_by_petitioner(BookingState(booking.state), same_leader=same_leader)
    do_with(session, None, booking, deed, booking.version, day_id=day.id, slot=slot, place_id=place_id, why="")
    if deed is BookingDeed.REBOOK:
        _tell_clerks(session, booking)


def _begun(booking: Booking) -> bool:
    day = booking.day
    return day is not None and booking.slot is not None and hours_of(day).starts(day.on_day, booking.slot) <= clock.now()


def _within_public_time(day: ReceptionDay) -> bool:
    return clock.today() <= day.on_day <= clock.today() + SHOWN_FOR


def _opened(session: Session, query: ProgressQuery | BookingKey) -> Booking | None:
    booking = store.by_code(session, query.code)
    return booking if booking is not None and booking.phone[-4:] == query.phone_last4 else None


def told(booking: Booking) -> BookingTold:
    """What the petitioner reads: no name and no words of theirs."""
    day = booking.day
    return BookingTold(
        code=booking.code, state=booking.state, words=_words(booking), office=booking.organization.name,
        office_id=booking.organization_id,
        day=chinese_day(day.on_day) if day else "", time=_time(booking), leader=_leader(day),
        kind=DAY_KIND[DayKind(day.kind)] if day else "", place=_place(booking), why=booking.why,
        may_cancel=booking.state in OPEN, may_move=booking.state in OPEN and not _begun(booking),
    )  # fmt: skip


def _words(booking: Booking) -> str:
    where = _place(booking)
    return {
        BookingState.ASKED: "收到了。工作人员看过以后定下来，请过一天再来查。" if booking.day_id else f"时间还没有定，由{booking.organization.name}给您排，请过一天再来查。",
        BookingState.APPROVED: f"排好了，请按时来{f'：{where}' if where else ''}。带上身份证和材料，到了报预约码。",
        BookingState.ARRIVED: "您已经来了。",
        BookingState.NO_SHOW: "那天没有等到您。还要谈的，请再约一次。",
        BookingState.CANCELLED: "取消了。还要谈的，请再约一次。",
    }[BookingState(booking.state)]


def _time(booking: Booking) -> str:
    return hours_of(booking.day).slot(booking.slot) if booking.day and booking.slot is not None else ""


def hours_of(day: ReceptionDay) -> Hours:
    """When the slots of a day are."""
    return Hours(day.begins, day.slot_minutes, day.slots)


def _leader(day: ReceptionDay | None) -> str:
    return f"{day.leader.name}（{day.leader.title}）" if day and day.leader.title else day.leader.name if day else ""


def _place(booking: Booking) -> str:
    """Where to go: the room for a talk by video, else the place of the day."""
    day = booking.day
    if day is None:
        return ""
    if day.kind == DayKind.VIDEO:
        return booking.room.name if booking.room else day.place or booking.organization.name
    return day.place or booking.organization.name


# --- asking -------------------------------------------------------------------------------------------------------


def ask_at_desk(session: Session, actor: Actor, asked: BookingAsked) -> BookingRow:
    """A clerk books for somebody who stands there or calls: any published day, and 约访 of the clerk's own office."""
    booking = _ask(session, asked, actor.name, actor, asked.place_id or actor.organization_id)
    return row(actor, booking, made=True)


def _ask(session: Session, asked: BookingAsked, author: str, actor: Actor | None, place_id: int | None) -> Booking:
    """Take a slot of a planned day.  Raises NotFound for no such day, Conflict where the slot or the day is taken."""
    day = store.locked_day(session, asked.day_id)
    own = actor is not None and store.day_of_actor(session, actor, asked.day_id) is not None
    if day is None or day.state != DayState.PLANNED or not (own or day.kind in PUBLIC_KINDS):
        raise NotFound("没有这个接访日，可能刚刚取消了，请看看别的日子。")
    if place_id is not None and not _sits_there(session, day, place_id, actor):
        raise InvalidInput("请从单子里选一个接谈室。", fields=["place_id"])
    booking = Booking(
        organization_id=day.organization_id, organization=day.organization, place_id=place_id, code=new_query_code(),
        name=asked.name.strip(), phone=asked.phone, matter=asked.matter.strip(), state=BookingState.ASKED, version=1, day=day,
        slot=_slot(session, day, asked.slot), asked_at=clock.now(),
    )  # fmt: skip
    session.add(booking)
    session.flush()
    _note(session, booking, actor, author, "asked", "")
    if actor is None or actor.organization_id != booking.organization_id:
        _tell_clerks(session, booking)
    return booking


def _tell_clerks(session: Session, booking: Booking) -> None:
    """Those of its office that somebody waits for it to be approved; of the nearest one above where it has none."""
    offices = reversed(own_and_above(booking.organization.path))
    clerks = next((found for one in offices if (found := notice_store.officers(session, [one], [StaffRole.CLERK]))), ())
    when = when_words(booking.day, booking.slot)
    words = f"有人约了{when}，等您安排。" if when else f"有人约了接访，等{booking.organization.name}排时间。"
    notices.announce(session, clerks, NoticeKind.BOOKING, words)


def _sits_there(session: Session, day: ReceptionDay, place_id: int, actor: Actor | None) -> bool:
    """In a room for the day's office; who books at a desk may name any place of their own office or below it."""
    own = actor is not None and accounts.organization_in(session, place_id, actor.organization_path) is not None
    return own or any(one.id == place_id for one in store.rooms_of(session, day.organization))


def _slot(session: Session, day: ReceptionDay, wished: int | None) -> int:
    """The slot that was wished for, or the first that is free; Conflict where somebody else has it."""
    free = hours_of(day).free(day.on_day, store.taken_slots(session, [day.id])[day.id], clock.now())
    if not free:
        raise Conflict(FULL, code="day_full")
    if wished is not None and wished not in free:
        raise Conflict(TAKEN, code="slot_taken")
    return free[0] if wished is None else wished


def _note(session: Session, booking: Booking, actor: Actor | None, author: str, kind: str, why: str) -> None:
    session.add(
        BookingEvent(
            booking_id=booking.id, at=clock.now(), author=author, user_id=actor.user_id if actor else None, kind=kind, why=why,
            day_id=booking.day_id, slot=booking.slot,
        )
    )  # fmt: skip
    session.flush()


# --- what the office does -----------------------------------------------------------------------------------------


def one(session: Session, actor: Actor, booking_id: int) -> Booking:
    """A booking; NotFound where the actor may not see it."""
    booking = store.booking_of(session, actor, booking_id)
    if booking is None:
        raise NotFound("没有这个预约。")
    return booking


def listed(session: Session, actor: Actor, state: BookingState, before: int | None) -> tuple[list[BookingRow], bool]:
    """A hundred bookings in one state, those behind `before` where it is told, and whether there are more."""
    last = store.booking_of(session, actor, before) if before is not None else None
    found = store.listed(session, actor, state, last, clock.today())
    return [row(actor, booking) for booking in found[: store.PAGE_ROWS]], len(found) > store.PAGE_ROWS


def do(session: Session, actor: Actor, booking_id: int, deed: BookingDeed, order: BookingOrder) -> Booking:
    """What a clerk decides.  Raises NotFound, InvalidInput for what the deed lacks, Conflict where somebody was quicker or
    the slot is taken, WrongState where the deed is not open."""
    booking = one(session, actor, booking_id)
    rule = DEEDS[deed]
    if deed not in may(actor, booking):
        raise WrongState("现在不能这样办，请刷新看看。")
    if rule.needs_why and not order.why.strip():
        raise InvalidInput("请写为什么，约的人会看到。", fields=["why"])
    values: dict[str, object] = {} if order.category is None else {"category": order.category.strip()}
    if deed is BookingDeed.REFER:
        values |= _elsewhere(session, actor, booking, order)
    elif rule.needs_slot:
        values |= _chosen_slot(session, actor, booking, order)
    do_with(session, actor, booking, deed, order.version, order.why.strip() or None, **values)
    if deed is BookingDeed.REFER:
        _tell_clerks(session, booking)
    return booking


def _chosen_slot(session: Session, actor: Actor, booking: Booking, order: BookingOrder) -> dict[str, object]:
    """The slot it gets: its own where no other was chosen."""
    if order.day_id is None and booking.day_id is None:
        raise InvalidInput("请先选哪一天。", fields=["day_id"])
    day_id = order.day_id or booking.day_id or 0
    keeps = day_id == booking.day_id and order.slot in (None, booking.slot)
    day = store.locked_day(session, day_id)
    if day is None or store.day_of_actor(session, actor, day_id) is None or day.state != DayState.PLANNED:
        raise NotFound("没有这个接访日，可能刚刚取消了，请另选。")
    if keeps and (span := _span(booking)) is not None and span[1] <= clock.now():
        raise Conflict("约的时间已经过了，请另选一个时间。", code="slot_past")
    slot = booking.slot if keeps else _slot(session, day, order.slot)
    return {"day_id": day_id, "slot": slot, "organization_id": day.organization_id}


def above(booking: Booking) -> list[int]:
    """Offices above the one that the booking is with."""
    return own_and_above(booking.organization.path)[:-1]


def _elsewhere(session: Session, actor: Actor, booking: Booking, order: BookingOrder) -> dict[str, object]:
    """A slot that another office has published, or that office without one, to give it a time: one above the booking's, or one
    that the actor's office may give a matter to."""
    if order.day_id is None:
        return _to_office(session, actor, booking, order.organization_id)
    day = store.locked_day(session, order.day_id)
    published = day is not None and day.state == DayState.PLANNED and day.kind in PUBLIC_KINDS
    if day is None or not published or not _passes_on(session, actor, booking, day.organization_id) or not _within_public_time(day):
        raise NotFound("没有这个接访日，可能刚刚取消了，请另选。")
    return {"day_id": day.id, "slot": _slot(session, day, order.slot), "organization_id": day.organization_id}


def _to_office(session: Session, actor: Actor, booking: Booking, organization_id: int | None) -> dict[str, object]:
    if organization_id is None:
        raise InvalidInput("请先选转给哪个单位，或者哪位领导的哪一天。", fields=["day_id"])
    if not _passes_on(session, actor, booking, organization_id):
        raise NotFound("没有这个单位，请另选。")
    return {"day_id": None, "slot": None, "organization_id": organization_id}


def _passes_on(session: Session, actor: Actor, booking: Booking, organization_id: int) -> bool:
    other = organization_id != booking.organization_id
    return other and (organization_id in above(booking) or units.reachable(session, actor, organization_id) is not None)


def do_with(
    session: Session, actor: Actor | None, booking: Booking, deed: BookingDeed, version: int, why: str | None = None, **values: object
) -> None:
    """The conditional change and its event; Conflict where somebody else was quicker."""
    rule = DEEDS[deed]
    if rule.frees_slot:
        values["slot"] = None
    if why is not None:
        values["why"] = why
    if not store.change_booking(session, booking, version, rule.sources, state=rule.to, **values):
        raise Conflict("别人刚刚办过这个预约，请看过再办。")
    said = f"{booking.organization.name}：{why}"[:LONGEST_WHY] if deed is BookingDeed.REFER else why or ""
    _note(session, booking, actor, actor.name if actor else PETITIONER, deed, said)


def may(actor: Actor, booking: Booking) -> tuple[BookingDeed, ...]:
    """Deeds that are open to the actor: the office of the day decides, whoever they come to notes that they came."""
    if actor.role is not StaffRole.CLERK:
        return ()
    state, day = BookingState(booking.state), booking.day
    found = [deed for deed, rule in DEEDS.items() if state in rule.sources and deed not in NOT_THE_OFFICES]
    if not _begun(booking):
        found = [deed for deed in found if deed is not BookingDeed.NO_SHOW]
    if day is None or day.on_day != clock.today():
        found = [deed for deed in found if deed not in (BookingDeed.ARRIVE, BookingDeed.LATE)]
    decides = booking.organization.path.startswith(actor.organization_path)
    return tuple(deed for deed in found if decides or deed not in (BookingDeed.APPROVE, BookingDeed.MOVE, BookingDeed.REFER))


def open_numbers(session: Session, actor: Actor, booking_id: int) -> BookingNumbers:
    """Telephone and code of a booking in full; that they were looked at is written down: together they open it in the place of
    whoever booked."""
    booking = one(session, actor, booking_id)
    note_access(session, actor, "open_numbers", "booking", str(booking.id), clock.now())
    return BookingNumbers(phone=booking.phone, code=booking.code)


def row(actor: Actor, booking: Booking, *, made: bool = False) -> BookingRow:
    """A booking in a list; `made`: by whoever asks, just now."""
    day = booking.day
    return BookingRow(
        id=booking.id, version=booking.version, code=booking.code if made else "", state=booking.state,
        state_words=BOOKING_STATE[BookingState(booking.state)], name=booking.name,
        phone=booking.phone if made else masking.phone(booking.phone), matter=booking.matter, category=booking.category, asked_at=booking.asked_at, office=booking.organization.name,
        where=_place(booking) or booking.organization.name, day_id=booking.day_id, on_day=day.on_day if day else None,
        slot=booking.slot, time=_time(booking), leader=_leader(day), kind_words=DAY_KIND[DayKind(day.kind)] if day else "",
        reception_id=booking.reception_id, may=may(actor, booking),
    )  # fmt: skip


def expected(session: Session, actor: Actor) -> tuple[ExpectedPerson, ...]:
    """Who was booked for today and has not sat down yet, by time: with the leader who asks; of a clerk's office all."""
    own = [ReceptionDay.leader_id == actor.user_id] if actor.role is StaffRole.LEADER else []
    return tuple(_expected(one) for one in store.expected_on(session, actor, clock.today(), EXPECTED, *own))


def _expected(booking: Booking) -> ExpectedPerson:
    day, slot = booking.day, booking.slot
    assert day is not None  # asked for by day
    assert slot is not None  # and by slot
    now, hours = clock.now(), hours_of(day)
    begins = hours.starts(day.on_day, slot)
    stands = standing(BookingState(booking.state), begins, begins + timedelta(minutes=hours.slot_minutes), now)
    return ExpectedPerson(
        booking_id=booking.id, name=booking.name, matter=booking.matter, begins=hours.start(slot), time=hours.slot(slot),
        leader=_leader(day), kind_words=DAY_KIND[DayKind(day.kind)], where=_place(booking), on_site=day.kind != DayKind.VIDEO,
        standing=stands.value, standing_words=standing_words(stands, begins, now),
    )  # fmt: skip


# --- at the kiosk -------------------------------------------------------------------------------------------------


def look_at_kiosk(office: Office, actor: Actor, key: BookingKey, *, any_day: bool = False) -> BookingAtKiosk:
    """The booking of whoever stands at a kiosk; `any_day`: how one stands that is not for today, too.

    NotFound as `at_kiosk`; TooOften after ten wrong tries in 15 minutes there.
    """
    source = _source_of(office, actor)
    with office.store.read() as session:
        tries.require_left(session, source, source)
        try:
            booking = at_kiosk(session, actor, key)
            return BookingAtKiosk(name=booking.name, matter=booking.matter, time=_time(booking), leader=_leader(booking.day))
        except NotFound as missed:
            if any_day and (other := _opened(session, key)) is not None:
                return BookingAtKiosk(name="", matter="", time="", leader="", later=told(other))
            if cases.reception_by_code(session, key.code) or cases.by_query_code(session, key.code):
                raise  # the kiosk asks here first for every code: one of a matter is no wrong try
            words = missed.message
    raise tries.missed(office, source, source, words)


def at_kiosk(session: Session, actor: Actor, query: BookingKey) -> Booking:
    """The booking of whoever stands at the kiosk; NotFound, the same for every reason."""
    found = store.at_place(session, query.code, actor.organization_path)
    good = found is not None and found.phone[-4:] == query.phone_last4
    if found is None or not good or found.state not in (BookingState.APPROVED, BookingState.ARRIVED):
        raise NotFound("没有查到今天的预约。没有约也能谈，可以直接取号。")
    if found.day is None or found.day.on_day != clock.today() or found.reception_id is not None:
        raise NotFound("没有查到今天的预约。没有约也能谈，可以直接取号。")
    return found


def sits_down(session: Session, booking: Booking, reception: Reception) -> None:
    """The booking becomes this reception, which gets its matter, number and code; Conflict where it is used already."""
    reception.matter = reception.matter or booking.matter
    reception.petitioner_phone = reception.petitioner_phone or booking.phone
    reception.query_code = booking.code
    reception.channel = channel_of(booking.day.kind) if booking.day else reception.channel
    session.flush()
    values = {"reception_id": reception.id}
    sources = (BookingState.APPROVED, BookingState.ARRIVED)
    if not store.change_booking(session, booking, booking.version, sources, state=BookingState.ARRIVED, **values):
        raise Conflict("这个预约已经用过了。")
    _note(session, booking, None, PETITIONER, BookingDeed.ARRIVE, "")


def give_back(session: Session, actor: Actor, booking: Booking) -> None:
    """The reception that it began was not held: it can begin another."""
    if not store.change_booking(session, booking, booking.version, (BookingState.ARRIVED,), reception_id=None):
        raise Conflict("别人刚刚办过这个预约，请看过再办。")
    _note(session, booking, actor, actor.name, "given_back", "")


def booked_times(session: Session, found: Sequence[Reception]) -> dict[str, datetime]:
    """For which time those of these receptions that came to a booking were booked; none for who came when it was over."""
    asked = {one.id: one.asked_at for one in found}
    booked = store.of_receptions(session, asked)
    spans = {reception_id: _span(one) for reception_id, one in booked.items()}
    return {reception_id: span[0] for reception_id, span in spans.items() if span is not None and asked[reception_id] < span[1]}


def _span(booking: Booking) -> tuple[datetime, datetime] | None:
    """From when to when its slot is."""
    if booking.day is None or booking.slot is None:
        return None
    hours = hours_of(booking.day)
    began = hours.starts(booking.day.on_day, booking.slot)
    return began, began + timedelta(minutes=hours.slot_minutes)


def when_words(day: ReceptionDay | None, slot: int | None) -> str:
    """For when and with whom; empty where there is no slot."""
    return f"{chinese_day(day.on_day)} {hours_of(day).slot(slot)} {day.leader.name}" if day is not None and slot is not None else ""


def booked_words(booking: Booking | None) -> str:
    """Who was booked for when, for lists of receptions; empty for none."""
    return f"{_time(booking)} {_leader(booking.day)}".strip() if booking is not None else ""
