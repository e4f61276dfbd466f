"""Every query about the queue: who waits where, who is on duty, what happened, an office's own rules.

How lines stand is reckoned from everybody who waits in a hall, so these are for programs: who may see whose name is asked
where it is shown.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, exists, func, or_, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from server import clock
from server.domain.organizations import own_and_above
from server.domain.states import KioskKind, ReceptionState, StaffRole
from server.store.access import Actor, organizations_under, visible_kiosks, visible_receptions
from server.store.models import (
    Booking,
    Kiosk,
    Organization,
    QueueDuty,
    QueueEvent,
    QueuePlace,
    QueueRule,
    Reception,
    ReceptionDay,
    User,
)

MOST_WAITING = 500
"""Of one circle of halls; a county has some fifty kiosks, and one person sits at each."""
MOST_HALLS = 200
EVENTS = 100


def waiting(session: Session, halls: Collection[int], wanted: Collection[int]) -> Sequence[QueuePlace]:
    """Places of all who wait in these halls, or for one of these accounts."""
    query = select(QueuePlace).join(QueuePlace.reception).where(
        Reception.state == ReceptionState.WAITING,
        or_(Reception.organization_id.in_(halls), QueuePlace.wanted_id.in_(wanted)),
    )  # fmt: skip
    return session.scalars(_with_people(query.order_by(Reception.asked_at).limit(MOST_WAITING))).all()


def _with_people(query: Select[QueuePlace]) -> Select[QueuePlace]:
    reception = contains_eager(QueuePlace.reception)
    people = (joinedload(QueuePlace.wanted), joinedload(QueuePlace.called_by))
    return query.options(reception.joinedload(Reception.kiosk), reception.joinedload(Reception.organization), *people)


def place_of(session: Session, reception_id: str) -> QueuePlace | None:
    """Somebody's place as it is now; it is read anew, whatever this transaction knew of it."""
    query = select(QueuePlace).join(QueuePlace.reception).where(QueuePlace.reception_id == reception_id)
    return session.scalar(_with_people(query).execution_options(populate_existing=True))


def change(session: Session, place: QueuePlace, version: int, **values: Any) -> bool:
    """Change the place of somebody who waits if nobody changed it since `version`; False: somebody did, or it is over."""
    waits = exists().where(Reception.id == place.reception_id, Reception.state == ReceptionState.WAITING)
    query = update(QueuePlace).where(QueuePlace.reception_id == place.reception_id, QueuePlace.version == version, waits)
    result = session.execute(query.values(version=version + 1, **values).execution_options(synchronize_session=False))
    session.expire(place)
    return isinstance(result, CursorResult) and result.rowcount == 1


def events_of(session: Session, reception_id: str) -> Sequence[QueueEvent]:
    """What happened to somebody who waits, the first first."""
    query = select(QueueEvent).where(QueueEvent.reception_id == reception_id)
    return session.scalars(query.order_by(QueueEvent.id).limit(EVENTS)).all()


# --- who is on duty ------------------------------------------------------------------------------------------------


def _today() -> ColumnElement[bool]:
    """Duty ends with the office's day: who forgot to say so is not reckoned with on the next."""
    midnight = clock.today_in_office().replace(hour=0, minute=0, second=0, microsecond=0)
    return QueueDuty.since >= midnight


def end_old_duties(session: Session, user_id: int) -> None:
    """Close what an account left open on an earlier day; when it really ended nobody knows."""
    query = update(QueueDuty).where(QueueDuty.user_id == user_id, QueueDuty.until.is_(None), ~_today())
    session.execute(query.values(until=QueueDuty.since).execution_options(synchronize_session=False))


def on_duty(session: Session, halls: Collection[int]) -> Sequence[QueueDuty]:
    """Who calls people of these halls now."""
    query = select(QueueDuty).where(QueueDuty.organization_id.in_(halls), QueueDuty.until.is_(None), _today())
    return session.scalars(query.options(joinedload(QueueDuty.user)).order_by(QueueDuty.user_id)).all()


def duties_of(session: Session, users: Collection[int]) -> Sequence[QueueDuty]:
    """The halls that these accounts serve now."""
    query = select(QueueDuty).where(QueueDuty.user_id.in_(users), QueueDuty.until.is_(None), _today())
    return session.scalars(query.options(joinedload(QueueDuty.organization), joinedload(QueueDuty.user)).order_by(QueueDuty.id)).all()


def lock_user(session: Session, user_id: int) -> None:
    """Of two calls by one account at once, from two windows, the second sees what the first did."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update())


def called_by(session: Session, user_id: int) -> Sequence[QueuePlace]:
    """Those who were called by this account and have not begun to talk."""
    query = select(QueuePlace).join(QueuePlace.reception)
    wanted = query.where(QueuePlace.called_by_id == user_id, Reception.state == ReceptionState.WAITING)
    return session.scalars(_with_people(wanted)).all()


def talking_since(session: Session, users: Collection[int]) -> dict[int, datetime]:
    """Since when each of these accounts has been in a talk."""
    query = select(Reception.receiver_id, Reception.joined_at).where(
        Reception.state == ReceptionState.RUNNING, Reception.receiver_id.in_(users)
    )
    return {user: since for user, since in session.execute(query) if user is not None and since is not None}


def talk_of(session: Session, user_id: int) -> Reception | None:
    """The talk that this account is in."""
    query = select(Reception).where(Reception.receiver_id == user_id, Reception.state == ReceptionState.RUNNING)
    return session.scalar(query.order_by(Reception.joined_at).limit(1))


def talks_in(session: Session, hall_id: int) -> list[tuple[str, str]]:
    """(number, kiosk or room) of the talks that are going on in a hall; none of those that began without a number."""
    where = func.coalesce(func.nullif(Reception.place, ""), Kiosk.name)
    query = select(Reception.number, where).join(Kiosk, Kiosk.id == Reception.kiosk_id).where(Kiosk.kind == KioskKind.KIOSK)
    here = query.where(Reception.organization_id == hall_id, Reception.state == ReceptionState.RUNNING)
    return [(row[0], row[1]) for row in session.execute(here.order_by(Reception.joined_at))]


def lengths(session: Session, halls: Collection[int], since: datetime, limit: int) -> list[float]:
    """How many seconds the latest talks in these halls took, from joining to ending."""
    query = select(Reception.joined_at, Reception.ended_at).where(
        Reception.organization_id.in_(halls), Reception.ended_at > since, Reception.joined_at.is_not(None)
    )
    rows = session.execute(query.order_by(Reception.ended_at.desc()).limit(limit))
    return [(ended - joined).total_seconds() for joined, ended in rows if joined is not None and ended is not None]


def halls_under(session: Session, actor: Actor) -> Sequence[Organization]:
    """Organizations of the actor's own and below that have kiosks."""
    kiosks = visible_kiosks(actor).with_only_columns(Kiosk.organization_id).where(Kiosk.active)
    query = select(Organization).where(Organization.id.in_(kiosks)).order_by(Organization.path).limit(MOST_HALLS)
    return session.scalars(query).all()


def readable(session: Session, actor: Actor, reception_ids: Collection[str]) -> set[str]:
    """Those of these talks that the actor may read."""
    query = visible_receptions(actor).with_only_columns(Reception.id).where(Reception.id.in_(reception_ids))
    return set(session.scalars(query)) if reception_ids else set()


def hall_under(session: Session, actor: Actor, hall_id: int) -> Organization | None:
    """One organization of the actor's own or below."""
    return session.scalar(select(Organization).where(Organization.id == hall_id, Organization.id.in_(organizations_under(actor))))


def receivers_of(session: Session, reception: Reception) -> Sequence[User]:
    """Leaders and clerks who may see the hall, of its organization and those above, and the leader with whom the person booked."""
    ids = own_and_above(reception.organization.path)
    booked = select(ReceptionDay.leader_id).join(Booking, Booking.day_id == ReceptionDay.id).where(Booking.reception_id == reception.id)
    query = select(User).where(
        User.active, or_(User.organization_id.in_(ids), User.id.in_(booked)), User.role.in_((StaffRole.LEADER, StaffRole.CLERK))
    )
    return session.scalars(query.order_by(User.role.desc(), User.id).limit(MOST_HALLS)).all()


# --- an office's own rules -----------------------------------------------------------------------------------------


def rules_of(session: Session, organizations: Collection[int]) -> Sequence[QueueRule]:
    """What these organizations set for themselves."""
    return session.scalars(select(QueueRule).where(QueueRule.organization_id.in_(organizations))).all()
