"""Queries over receptions on site, and the rows that they need."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from server import clock
from server.domain.bookings import BookingState
from server.domain.organizations import own_and_above
from server.domain.reception_days import DayKind
from server.domain.states import KioskKind, ReceptionState, StaffRole
from server.store.access import Actor, organizations_under, visible_receptions
from server.store.bookings import expected_on
from server.store.models import (
    Booking,
    Kiosk,
    OnSiteTalk,
    Organization,
    Reception,
    ReceptionDay,
    StoredPresence,
    User,
)

MOST_SHOWN = 100
MOST_LEADERS = 200
OPEN = (ReceptionState.WAITING, ReceptionState.RUNNING)


def talk_of(session: Session, reception_id: str) -> OnSiteTalk | None:
    """How a reception is held on site; None: it is not.  Who may see it is asked with the reception."""
    return session.scalar(select(OnSiteTalk).where(OnSiteTalk.reception_id == reception_id).options(joinedload(OnSiteTalk.leader)))


def kinds_of(session: Session, reception_ids: Collection[str]) -> dict[str, str]:
    """Of these receptions, those on site with their kind."""
    query = select(OnSiteTalk.reception_id, OnSiteTalk.kind).where(OnSiteTalk.reception_id.in_(reception_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def shown(session: Session, actor: Actor, since: datetime) -> Sequence[OnSiteTalk]:
    """Visible ones that are open or were made since then, the newest first."""
    here = visible_receptions(actor).with_only_columns(Reception.id)
    recent = or_(OnSiteTalk.made_at >= since, Reception.state.in_(OPEN))
    query = select(OnSiteTalk).join(OnSiteTalk.reception).where(Reception.id.in_(here), recent, Reception.state != ReceptionState.ABANDONED)
    people = contains_eager(OnSiteTalk.reception).options(
        joinedload(Reception.kiosk), joinedload(Reception.receiver), selectinload(Reception.participants)
    )
    return session.scalars(query.options(people, joinedload(OnSiteTalk.leader)).order_by(OnSiteTalk.made_at.desc()).limit(MOST_SHOWN)).all()


def booked_on(session: Session, actor: Actor, day: date) -> Sequence[Booking]:
    """Visible bookings of this day that nobody has received yet, but those for a talk by video, by time."""
    return expected_on(session, actor, day, (BookingState.APPROVED, BookingState.ARRIVED), ReceptionDay.kind != DayKind.VIDEO)


def leaders(session: Session, actor: Actor) -> Sequence[User]:
    """Leaders who may receive people of the actor's organization: its own, those below and those above."""
    above = own_and_above(actor.organization_path)
    related = or_(User.organization_id.in_(organizations_under(actor)), User.organization_id.in_(above))
    query = select(User).join(User.organization).options(contains_eager(User.organization))
    wanted = query.where(User.role == StaffRole.LEADER, User.active, related)
    return session.scalars(wanted.order_by(Organization.path.desc(), User.id).limit(MOST_LEADERS)).all()


def room_of(session: Session, organization_id: int, name: str) -> Kiosk:
    """The row that stands for an organization's own room, made where there is none."""
    query = select(Kiosk).where(Kiosk.organization_id == organization_id, Kiosk.kind == KioskKind.ROOM)
    found = session.scalars(query.order_by(Kiosk.id).limit(1)).first()
    if found is None:
        found = Kiosk(organization_id=organization_id, name=name, kind=KioskKind.ROOM, created_at=clock.now())
        session.add(found)
        session.flush()
    return found


def told_present(session: Session, reception_id: str) -> set[str]:
    """Seats that somebody was seen or told to be in."""
    query = select(StoredPresence.participant_id).where(StoredPresence.reception_id == reception_id)
    return set(session.scalars(query))


def last_stays(session: Session, reception_ids: Collection[str]) -> dict[str, StoredPresence]:
    """Of everybody who was told to be in these rooms the latest stay, by seat."""
    query = select(StoredPresence).where(StoredPresence.reception_id.in_(reception_ids))
    found = session.scalars(query.order_by(StoredPresence.since, StoredPresence.id))
    return {one.participant_id: one for one in found}
