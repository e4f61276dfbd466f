"""Receptions as leaders and clerks see them: who is waiting, joining, notes, ending."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import titles
from server.domain.on_site import ON_SITE_KINDS
from server.domain.reception_days import DayKind
from server.domain.states import Channel, ReceptionState, StaffRole
from server.errors import Conflict, NotAllowed, NotFound, WrongState
from server.protocol.base import Role
from server.protocol.kiosks import JoinTicket
from server.protocol.receptions import Notes, ReceptionRow
from server.protocol.receptions import Participant as ParticipantView
from server.protocol.receptions import Reception as ReceptionView
from server.reception.kiosk import sittings
from server.reception.office import Office
from server.reception.talk import bookings, calling, tickets
from server.settings import Settings
from server.store import bookings as booking_store
from server.store import commitments, on_site, records
from server.store import receptions as store
from server.store.access import Actor
from server.store.models import LeaderNote, Participant, Reception

LIST_LIMIT = 200
EARLIER_LIMIT = 10


def listed(session: Session, actor: Actor, state: ReceptionState | None) -> list[ReceptionRow]:
    """Visible receptions in one state, or without a state all of today and all that are open; at most 200."""
    if state is not None:
        found = store.receptions_in(session, actor, state, LIST_LIMIT)
    else:
        found = store.receptions_since(session, actor, _start_of_day(), LIST_LIMIT)
    return rows(session, actor, found)


def _start_of_day() -> datetime:
    return clock.today_in_office().replace(hour=0, minute=0, second=0, microsecond=0)


def rows(session: Session, actor: Actor, found: Sequence[Reception]) -> list[ReceptionRow]:
    """Rows of a list, with one query for all their records and one for how they are held."""
    ids = [reception.id for reception in found]
    kept, kinds = store.records_of(session, ids), on_site.kinds_of(session, ids)
    own = [one.id for one in found if actor.role is StaffRole.LEADER and _mine(actor, one)]
    left = commitments.left(session, own) if own else {}
    told = _told(session, actor, found)
    now = clock.now()
    return [
        ReceptionRow(**_row(actor, one, kept.get(one.id), kinds.get(one.id, ""), now, told.get(one.id, "")), unconfirmed=left.get(one.id, 0))
        for one in found
    ]


def _told(session: Session, actor: Actor, found: Sequence[Reception]) -> dict[str, str]:
    """What talks were about of which nobody said so before: to whoever held them, who may read the record."""
    own = [one.id for one in found if not one.matter and _mine(actor, one)]
    return records.summaries_of(session, own) if own else {}


def _mine(actor: Actor, reception: Reception) -> bool:
    return actor.user_id is not None and reception.receiver_id == actor.user_id


def _row(actor: Actor, reception: Reception, record: tuple[str, str] | None, kind: str, now: datetime, told: str) -> dict[str, Any]:
    waited = (reception.joined_at or now) - reception.asked_at
    return {
        "id": reception.id,
        "number": reception.number,
        "state": reception.state,
        "petitioner": reception.petitioner_name,
        "kiosk": reception.venue,
        "matter": reception.matter or titles.short(told),
        "asked_at": reception.asked_at,
        "started_at": reception.started_at,
        "ended_at": reception.ended_at,
        "receiver": store.shown_name(reception.receiver),
        "record_id": record[0] if record else None,
        "record_state": record[1] if record else "",
        "mine": _mine(actor, reception),
        "on_site": ON_SITE_KINDS[DayKind(kind)] if kind else "",
        "waiting_minutes": max(0, int(waited.total_seconds() // 60)),
    }


def one(session: Session, actor: Actor, reception_id: str) -> Reception:
    """One reception; raises NotFound when there is none that the actor may see."""
    reception = store.reception_of(session, actor, reception_id)
    if reception is None:
        raise NotFound("没有找到这次接谈。")
    return reception


def view(session: Session, actor: Actor, reception: Reception) -> ReceptionView:
    """A reception with its people, earlier visits of the same person and the asking leader's own notes."""
    record = store.records_of(session, [reception.id]).get(reception.id)
    note = store.note_of(session, reception.id, actor.user_id or 0)
    told = _told(session, actor, [reception]).get(reception.id, "")
    people = tuple(ParticipantView(id=p.id, role=Role(p.role), name=p.name) for p in reception.participants)
    return ReceptionView(
        **_row(actor, reception, record, on_site.kinds_of(session, [reception.id]).get(reception.id, ""), clock.now(), told),
        consent=reception.consent,
        participants=people,
        notes=note.text if note else "",
        booked=bookings.booked_words(booking_store.of_receptions(session, [reception.id]).get(reception.id)),
        earlier=tuple(rows(session, actor, store.earlier_of(session, actor, reception, EARLIER_LIMIT))),
    )


def join(session: Session, actor: Actor, settings: Settings, reception_id: str) -> JoinTicket:
    """A ticket for the actor's seat; the first leader or clerk who asks becomes the receiver.

    Raises Conflict when somebody else is the receiver or others are before the person, WrongState when the reception is over.
    """
    reception = one(session, actor, reception_id)
    if on_site.talk_of(session, reception.id) is not None:
        raise WrongState("这一场是现场接访，由接谈室的电脑录音，请在“现场接访”里打开。", code="on_site")
    if actor.is_kiosk:
        participant = next(p for p in reception.participants if p.role == Role.PETITIONER)
    else:
        _receive(session, actor, reception)
        participant = _receiver_seat(session, actor, reception)
    if reception.state not in (ReceptionState.WAITING, ReceptionState.RUNNING):
        raise WrongState("这次接谈已经结束，不能再加入。", code="reception_over")
    tickets.place(session, settings, reception)
    return tickets.ticket(settings, reception, participant)


def _receive(session: Session, actor: Actor, reception: Reception) -> None:
    session.refresh(reception, with_for_update={"of": Reception})  # who presses twice is not told that somebody else was quicker
    if reception.receiver_id is None:
        calling.take(session, actor, reception)
    taken = store.take_over(session, reception.id, actor.user_id or 0, clock.now())
    session.refresh(reception)
    if taken:
        if reception.channel == Channel.ON_SITE:  # booked for another way: what it was is what it counts as
            reception.channel = Channel.VIDEO
        calling.joined(session, actor, reception)
        store.end_help(session, reception.kiosk_id)
    if reception.state == ReceptionState.ABANDONED:
        raise WrongState("群众已经离开，这次接谈取消了。", code="reception_over")
    if reception.receiver_id != actor.user_id:
        raise Conflict("这位群众已经有别人在接谈。", code="already_received")


def _receiver_seat(session: Session, actor: Actor, reception: Reception) -> Participant:
    participant = store.receiver_seat(session, reception.id, actor.user_id or 0)
    if participant is None:
        role = Role.LEADER if actor.role == StaffRole.LEADER else Role.CLERK
        participant = sittings.seat(role, actor.name, len(reception.participants), actor.user_id)
        participant.reception_id = reception.id
        session.add(participant)
        session.flush()
    return participant


def write_notes(session: Session, actor: Actor, reception_id: str, notes: Notes) -> None:
    """Keep the receiver's private notes; raises NotAllowed for anybody else."""
    reception = one(session, actor, reception_id)
    if reception.receiver_id != actor.user_id:
        raise NotAllowed("只有接谈的人能在这里记笔记。")
    now = clock.now()
    session.merge(LeaderNote(reception_id=reception.id, user_id=actor.user_id, text=notes.text, updated_at=now))


def end(office: Office, actor: Actor, reception_id: str) -> None:
    """End a reception and start closing it; ending it again changes nothing.

    Raises NotAllowed for whoever is not the receiver, WrongState while nobody has joined.
    """
    with office.store.write() as session:
        reception = one(session, actor, reception_id)
        _check_may_end(actor, reception)
        running = (ReceptionState.RUNNING,)
        store.change_state(session, reception.id, running, ReceptionState.CLOSING, ended_at=clock.now())
        session.refresh(reception)
        closing = reception.state == ReceptionState.CLOSING
    if closing:
        office.jobs.close_reception(reception_id)


def _check_may_end(actor: Actor, reception: Reception) -> None:
    if reception.state == ReceptionState.WAITING:
        raise WrongState("还没有开始接谈。")
    if not actor.is_kiosk and reception.receiver_id != actor.user_id:
        raise NotAllowed("只有接谈的人能结束这次接谈。")
