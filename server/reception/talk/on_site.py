"""现场接访、下访、约访: petitioner and leader sit in one room, one microphone hears all, and a clerk says who spoke.

What is recorded goes the same way as a talk by video, to draft, desk, signature and case.  Nothing is recorded before the
petitioner's words to the notice stand in the store.
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from server import clock
from server.domain.on_site import NOTICE, ON_SITE_KINDS, PART_ROLE, ROOM_NAME, Part
from server.domain.reception_days import DayKind
from server.domain.states import EDITABLE_RECORD, Channel, Consent, ReceptionState, StaffRole
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.base import Role
from server.protocol.on_site import (
    Agreed,
    NewOnSite,
    NewPerson,
    OnSiteBooking,
    OnSiteLeader,
    OnSiteSeat,
    OnSiteTalkView,
    OnSiteToday,
    RoomPerson,
    Whereabouts,
)
from server.reception.kiosk import sittings
from server.reception.office import Office
from server.reception.talk import bookings, calling, tickets
from server.settings import Settings
from server.store import bookings as booking_store
from server.store import invitations, receptions, records
from server.store import on_site as store
from server.store.access import Actor
from server.store.models import (
    Booking,
    OnSiteTalk,
    Participant,
    Reception,
    StoredPresence,
    User,
    VisitRecord,
)
from server.store.querycodes import new_query_code

OPEN = store.OPEN
MOST_PEOPLE = 12
NO_RECORD = ("", "")


# --- what the page shows ------------------------------------------------------------------------------------------


def today(session: Session, actor: Actor) -> OnSiteToday:
    """Receptions on site that are open and today's, who was booked for today, and who may receive."""
    midnight = clock.today_in_office().replace(hour=0, minute=0, second=0, microsecond=0)
    found = store.shown(session, actor, midnight)
    made = receptions.records_of(session, [one.reception_id for one in found])
    booked = booking_store.of_receptions(session, [one.reception_id for one in found])
    stays = store.last_stays(session, [one.reception_id for one in found])
    return OnSiteToday(
        day=clock.today(),
        talks=tuple(_view(actor, one, booked.get(one.reception_id), made.get(one.reception_id, NO_RECORD), stays) for one in found),
        booked=tuple(_booked(one) for one in store.booked_on(session, actor, clock.today())),
        leaders=tuple(
            OnSiteLeader(id=one.id, name=one.name, title=one.title, organization=one.organization.name)
            for one in store.leaders(session, actor)
        ),
    )  # fmt: skip


def _booked(one: Booking) -> OnSiteBooking:
    row = bookings.told(one)
    day = one.day
    assert day is not None  # asked for by its day
    return OnSiteBooking(
        booking_id=one.id, version=one.version, name=one.name, matter=one.matter, kind=day.kind, kind_words=row.kind,
        leader_id=day.leader_id, leader=row.leader, time=row.time, place=row.place,
    )  # fmt: skip


def view(session: Session, actor: Actor, reception_id: str) -> OnSiteTalkView:
    """One of them.  Raises NotFound."""
    reception, talk = _required(session, actor, reception_id)
    made = receptions.records_of(session, [reception.id]).get(reception.id, NO_RECORD)
    booked = booking_store.of_receptions(session, [reception.id]).get(reception.id)
    return _view(actor, talk, booked, made, store.last_stays(session, [reception.id]))


def _required(session: Session, actor: Actor, reception_id: str) -> tuple[Reception, OnSiteTalk]:
    reception = receptions.reception_of(session, actor, reception_id)
    talk = store.talk_of(session, reception_id) if reception is not None else None
    if reception is None or talk is None:
        raise NotFound("没有找到这一场现场接访。")
    return reception, talk


def _view(
    actor: Actor, talk: OnSiteTalk, booked: Booking | None, record: tuple[str, str], stays: Mapping[str, StoredPresence]
) -> OnSiteTalkView:
    reception = talk.reception
    people = tuple(_person(one, stays.get(one.id)) for one in reception.participants if one.role != Role.ROOM)
    return OnSiteTalkView(
        reception_id=reception.id, number=reception.number, state=reception.state, kind=talk.kind,
        kind_words=ON_SITE_KINDS[DayKind(talk.kind)], place=reception.venue, leader=receptions.shown_name(talk.leader),
        petitioner=reception.petitioner_name, matter=reception.matter, booked=bookings.booked_words(booked),
        queued=talk.queued, notice=talk.notice or NOTICE, agreed_words=talk.agreed_words, agreed_at=talk.agreed_at,
        agreed_before=talk.agreed_before, asked_at=reception.asked_at, started_at=reception.started_at,
        ended_at=reception.ended_at, people=people,
        microphone=_microphone(reception).id, query_code=reception.query_code, record_id=record[0] or None,
        may_hold=_may_hold(actor, talk) and reception.state in OPEN,
        may_tell=_may_hold(actor, talk) and _people_open(reception, record[1]),
    )  # fmt: skip


def _person(one: Participant, stay: StoredPresence | None) -> RoomPerson:
    return RoomPerson(id=one.id, role=Role(one.role), name=one.name, left_at=stay.until if stay is not None else None)


def _microphone(reception: Reception) -> Participant:
    return next(one for one in reception.participants if one.role == Role.ROOM)


def _may_hold(actor: Actor, talk: OnSiteTalk) -> bool:
    """Any clerk of the office: another one's computer may have to take its place; of the leaders the one it is about."""
    return actor.role is StaffRole.CLERK or actor.user_id == talk.leader_id


# --- before it ----------------------------------------------------------------------------------------------------


def begin(session: Session, actor: Actor, new: NewOnSite) -> OnSiteTalkView:
    """Enter one: of somebody who comes now, who was booked for today, or who waits with a number.

    Raises InvalidInput for what is missing, NotFound and Conflict where a booking or number is gone, WrongState.
    """
    leader = next((one for one in store.leaders(session, actor) if one.id == new.leader_id), None)
    if leader is None or (actor.role is StaffRole.LEADER and leader.id != actor.user_id):
        raise InvalidInput("请选这一场接访的领导。", fields=["leader_id"])
    place = new.place.strip()
    if new.kind == DayKind.VILLAGE and not place:
        raise InvalidInput("下访请写到哪个村。", fields=["place"])
    if new.reception_id is not None:
        reception = _waiting(session, actor, new.reception_id, leader.id)
    else:
        reception = _made(session, actor, new, _booking(session, actor, new))
    reception.place = place or ROOM_NAME
    talk = OnSiteTalk(
        reception_id=reception.id, kind=new.kind, leader_id=leader.id, queued=new.reception_id is not None, author=actor.name,
        made_at=clock.now(), leader=leader, reception=reception,
    )  # fmt: skip
    session.add(talk)
    _seat_all(reception, actor, leader, new.people)
    session.flush()
    return view(session, actor, reception.id)


def _waiting(session: Session, actor: Actor, reception_id: str, leader_id: int) -> Reception:
    """Whoever waits with a number, called in their turn."""
    reception = receptions.reception_of(session, actor, reception_id)
    if reception is None:
        raise NotFound("没有找到这个号。")
    if reception.state != ReceptionState.WAITING or store.talk_of(session, reception_id) is not None:
        raise WrongState(calling.GONE, code="not_waiting")
    if invitations.anybody_came(session, reception.id):
        raise WrongState("已经有人从外面进来听了。请他们先离开，再当面谈：屋里没有屏幕让信访人看见谁在听。", code="somebody_listens")
    calling.call_for(session, actor, reception, leader_id)
    return reception


def _booking(session: Session, actor: Actor, new: NewOnSite) -> Booking | None:
    if new.booking_id is None:
        return None
    found = bookings.one(session, actor, new.booking_id)
    if found.reception_id is not None:
        raise Conflict("这个预约已经用过了。")
    if found.day is None or found.day.on_day != clock.today():
        raise WrongState("这个预约不是今天的。要今天谈，请先给他改到今天。")
    return found


def _made(session: Session, actor: Actor, new: NewOnSite, booking: Booking | None) -> Reception:
    name = new.name.strip() or (booking.name if booking else "")
    if not name:
        raise InvalidInput("请写信访人的姓名。", fields=["name"])
    room = store.room_of(session, actor.organization_id, ROOM_NAME)
    number = receptions.next_number(session, f"on site:{actor.organization_id}:{clock.today().isoformat()}")
    reception = Reception(
        id=f"r{secrets.token_hex(10)}", organization_id=actor.organization_id, kiosk_id=room.id, kiosk=room,
        number=f"现{number:02d}", state=ReceptionState.WAITING, consent=Consent.AUDIO_ONLY, channel=Channel.ON_SITE,
        matter=new.matter.strip(), petitioner_name=name, petitioner_phone=new.phone, query_code=new_query_code(),
        asked_at=clock.now(), left_kiosk_at=clock.now(),
    )  # fmt: skip
    reception.participants.append(sittings.seat(Role.PETITIONER, name, 0))
    session.add(reception)
    session.flush()
    if booking is not None:
        bookings.sits_down(session, booking, reception)
    return reception


def _seat_all(reception: Reception, actor: Actor, leader: User, others: Iterable[NewPerson]) -> None:
    """Everybody in the room has a place of their own, so that words can be told to be theirs; the microphone has one, too."""
    _add(reception, Role.LEADER, leader.name, leader.id)
    if actor.role is StaffRole.CLERK:
        _add(reception, Role.CLERK, actor.name, actor.user_id)
    for one in others:
        _add(reception, PART_ROLE[Part(one.part)], one.name.strip())
    _add(reception, Role.ROOM, reception.place)


def _add(reception: Reception, role: Role, name: str, user_id: int | None = None) -> Participant:
    position = max((one.position for one in reception.participants), default=-1) + 1
    reception.participants.append(added := sittings.seat(role, name, position, user_id))
    return added


def add_person(session: Session, actor: Actor, reception_id: str, new: NewPerson) -> OnSiteTalkView:
    """Somebody else is in the room, or was, as the clerk hears when they correct.

    Raises NotFound, NotAllowed, Conflict for a name that is there, WrongState once the record was handed over.
    """
    reception, record = _with_people_open(session, actor, reception_id)
    name = new.name.strip()
    if not name:
        raise InvalidInput("请写姓名。", fields=["name"])
    if any(one.name == name for one in reception.participants):
        raise Conflict("这个人已经在里面了。", code="known_person")
    if len(reception.participants) > MOST_PEOPLE:
        raise WrongState("人太多了，一场最多写 12 个人。")
    added = _add(reception, PART_ROLE[Part(new.part)], name)
    session.flush()
    if reception.joined_at is not None:
        since = reception.joined_at if record is not None or reception.state not in OPEN else clock.now()
        session.add(StoredPresence(reception_id=reception.id, participant_id=added.id, since=since))
        session.flush()
    return view(session, actor, reception_id)


def _with_people_open(session: Session, actor: Actor, reception_id: str) -> tuple[Reception, VisitRecord | None]:
    """One whose people may still be told otherwise; raises NotFound, NotAllowed, WrongState."""
    reception, talk = _required(session, actor, reception_id)
    record = records.of_reception(session, reception.id)
    if not _may_hold(actor, talk):
        raise NotAllowed("谁在屋里，由接谈员和接访的领导来写。")
    if not _people_open(reception, record.state if record is not None else ""):
        raise WrongState("笔录已经交出去了，不能再改谁在屋里。要改，请先“重新打开”。")
    return reception, record


def whereabouts(session: Session, actor: Actor, reception_id: str, seat: str, told: Whereabouts) -> OnSiteTalkView:
    """Somebody left the room before the end, came back, or did not leave after all: the record says who was there when.

    Raises as `add_person`, and InvalidInput for a time outside the talk.
    """
    reception, _ = _with_people_open(session, actor, reception_id)
    stay = store.last_stays(session, [reception.id]).get(seat)
    if seat not in {one.id for one in reception.participants if one.role != Role.ROOM}:
        raise NotFound("没有找到这个人。")
    if stay is None:
        raise WrongState("还没有开始谈。")
    if (stay.until is None) != (told.what == "left"):
        raise WrongState("刚刚有人记过了，请看过再记。")
    if told.what == "left":
        stay.until, stay.reason = _moment(reception, told.at, stay.since), "left"
    elif told.what == "stayed":
        stay.until, stay.reason = None, ""
    else:
        since = _moment(reception, told.at, stay.until or stay.since)
        session.add(StoredPresence(reception_id=reception.id, participant_id=seat, since=since))
    session.flush()
    return view(session, actor, reception_id)


def _moment(reception: Reception, told: datetime | None, earliest: datetime) -> datetime:
    """When somebody came or went; who tells it tells minutes."""
    at = clock.now() if told is None and reception.ended_at is None else told
    latest = reception.ended_at or clock.now()
    if at is None or not earliest.replace(second=0, microsecond=0) <= at <= latest:
        raise InvalidInput("请写几点，要在这一场开始以后、结束以前。", fields=["at"])
    return max(at, earliest)


def _people_open(reception: Reception, record_state: str) -> bool:
    return record_state in EDITABLE_RECORD if record_state else reception.state != ReceptionState.ABANDONED


def cancel(session: Session, actor: Actor, reception_id: str) -> None:
    """It is not held after all: a booking can be used again, who waited stands where they stood.  WrongState once it began."""
    reception, talk = _required(session, actor, reception_id)
    _require_holder(actor, talk)
    session.refresh(reception, with_for_update={"of": Reception})
    if reception.state != ReceptionState.WAITING:
        raise WrongState("已经开始了，请点“谈完了”。")
    if talk.queued:
        _back_to_queue(session, actor, reception, talk)
        return
    now = clock.now()
    receptions.change_state(session, reception.id, (ReceptionState.WAITING,), ReceptionState.ABANDONED, ended_at=now)
    booking = booking_store.of_receptions(session, [reception.id]).get(reception.id)
    if booking is not None:
        reception.query_code = new_query_code()
        session.flush()
        bookings.give_back(session, actor, booking)


def _back_to_queue(session: Session, actor: Actor, reception: Reception, talk: OnSiteTalk) -> None:
    for one in [seat for seat in reception.participants if seat.role != Role.PETITIONER]:
        reception.participants.remove(one)
        session.delete(one)
    reception.place = ""
    session.delete(talk)
    session.flush()
    calling.give_back(session, actor, reception)


# --- holding it ---------------------------------------------------------------------------------------------------


def _require_holder(actor: Actor, talk: OnSiteTalk) -> None:
    if not _may_hold(actor, talk):
        raise NotAllowed("这一场由接谈员或者接访的领导来录。")


def start(session: Session, actor: Actor, settings: Settings, reception_id: str, agreed: Agreed) -> OnSiteSeat:
    """The room's microphone: the first time with what the petitioner said to the notice, later to come back in.

    Raises NotFound, NotAllowed, InvalidInput while nobody told that, WrongState when it is over or the leader is in another talk.
    """
    reception, talk = _required(session, actor, reception_id)
    _require_holder(actor, talk)
    session.refresh(reception, with_for_update={"of": Reception})
    if talk.agreed_at is None:
        _agree(actor, talk, agreed)
    if reception.state == ReceptionState.WAITING:
        _run(session, actor, reception, talk)
    if reception.state != ReceptionState.RUNNING:
        raise WrongState("这一场已经结束了。", code="reception_over")
    _seat_holder(session, actor, reception)
    tickets.place(session, settings, reception)
    seat = _microphone(reception)
    return OnSiteSeat(ticket=tickets.ticket(settings, reception, seat), participant_id=seat.id)


def _agree(actor: Actor, talk: OnSiteTalk, agreed: Agreed) -> None:
    words = agreed.words.strip()
    if not words:
        raise InvalidInput("先把告知念给信访人听，再照原话记下他怎么说的。他同意了，才能开始录音。", fields=["words"])
    talk.notice, talk.agreed_words, talk.agreed_at, talk.agreed_before = NOTICE, words, clock.now(), actor.name


def _run(session: Session, actor: Actor, reception: Reception, talk: OnSiteTalk) -> None:
    calling.require_free(session, talk.leader_id, "这位领导")
    if talk.queued:
        calling.call_for(session, actor, reception, talk.leader_id)
    now = clock.now()
    if receptions.take_over(session, reception.id, talk.leader_id, now):
        reception.channel, reception.consent = Channel.ON_SITE, Consent.AUDIO_ONLY
        reception.left_kiosk_at = reception.left_kiosk_at or now
        session.flush()
        session.refresh(reception)
        if talk.queued:
            calling.joined(session, actor, reception)
        _all_present(session, reception)


def _seat_holder(session: Session, actor: Actor, reception: Reception) -> None:
    """A clerk whose computer takes the place of another one's hears what is said: they are in the room, and the record says so."""
    if actor.role is StaffRole.CLERK and not any(one.user_id == actor.user_id for one in reception.participants):
        added = _add(reception, Role.CLERK, actor.name, actor.user_id)
        session.flush()
        session.add(StoredPresence(reception_id=reception.id, participant_id=added.id, since=clock.now()))
        session.flush()


def _all_present(session: Session, reception: Reception) -> None:
    known = store.told_present(session, reception.id)
    session.add_all(
        StoredPresence(reception_id=reception.id, participant_id=one.id, since=reception.joined_at)
        for one in reception.participants
        if one.role != Role.ROOM and one.id not in known
    )
    session.flush()


def end(office: Office, actor: Actor, reception_id: str) -> None:
    """End it and start closing; ending it again changes nothing.  Raises NotFound, NotAllowed, WrongState before it began."""
    with office.store.write() as session:
        reception, talk = _required(session, actor, reception_id)
        _require_holder(actor, talk)
        if reception.state == ReceptionState.WAITING:
            raise WrongState("还没有开始，不谈了请点“不谈了”。")
        running = (ReceptionState.RUNNING,)
        receptions.change_state(session, reception.id, running, ReceptionState.CLOSING, ended_at=clock.now())
        session.refresh(reception)
        closing = reception.state == ReceptionState.CLOSING
    if closing:
        office.jobs.close_reception(reception_id)
