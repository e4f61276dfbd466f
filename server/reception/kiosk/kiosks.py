"""Kiosks: enrolling the computer in an interview room, and calling for help from it."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.errors import InvalidInput, Unavailable
from server.protocol.fleet import KioskPlace
from server.protocol.kiosks import Enrolment, NewKiosk
from server.reception.account.accounts import digest, new_token, own_organization
from server.reception.office import Office
from server.store import accounts as store
from server.store import copies, receptions
from server.store.access import Actor
from server.store.models import Kiosk, LogInSession, OneTimeLink
from server.store.records import note_access

log = structlog.get_logger()

ENROL = "enrol"
ENROL_HOURS = 72
KEY_DAYS = 3650
KICK_WAIT_S = 2.0
HELP_MINUTES = 10
"""A call that nobody ended goes out after so long."""


def where(kiosk: Kiosk) -> str:
    """Which kiosk it is, for whoever has to go there."""
    place = kiosk.organization.name
    name = kiosk.name if kiosk.name.startswith(place) else f"{place}的{kiosk.name}"
    return name + (f"（{kiosk.room}）" if kiosk.room else "")


def place(session: Session, actor: Actor) -> KioskPlace:
    """What the slips of the kiosk that asks say of the office."""
    kiosk = store.kiosk_with_organization(session, actor.kiosk_id) if actor.kiosk_id else None
    return KioskPlace(phone=kiosk.phone if kiosk else "")


def create_kiosk(session: Session, actor: Actor, asked: NewKiosk) -> Kiosk:
    """Add a kiosk to one of the administrator's organizations."""
    organization = own_organization(session, actor, asked.organization_id)
    kiosk = Kiosk(organization=organization, name=asked.name.strip(), created_at=clock.now())
    session.add(kiosk)
    session.flush()
    note_access(session, actor, "create", "kiosk", str(kiosk.id), clock.now())
    return kiosk


def enrolment(session: Session, kiosk: Kiosk, base_url: str) -> Enrolment:
    """A fresh one-time link for a kiosk; its old keys and links stop working."""
    store.drop_kiosk_sessions(session, kiosk.id)
    store.drop_kiosk_links(session, kiosk.id)
    copies.drop_agent(session, kiosk.id)
    code = new_token()
    expires = clock.now() + timedelta(hours=ENROL_HOURS)
    link = OneTimeLink(token_sha256=digest(code), purpose=ENROL, kiosk_id=kiosk.id, expires_at=expires)
    session.add(link)
    return Enrolment(kiosk_id=kiosk.id, url=f"{base_url}/kiosk/enrol?code={code}", code=code)


def enrol(session: Session, code: str) -> tuple[Kiosk, str]:
    """Use a link: the kiosk and its key for the cookie; raises InvalidInput for a link that no longer works."""
    now = clock.now()
    link = store.use_link(session, digest(code), ENROL, now)
    kiosk = store.kiosk_with_organization(session, link.kiosk_id) if link and link.kiosk_id else None
    if kiosk is None:
        raise InvalidInput("这个接入码已经用过或过期了，请管理员再给一个新的。", code="link_used")
    token = new_token()
    session.add(
        LogInSession(
            token_sha256=digest(token), kiosk_id=kiosk.id, created_at=now, expires_at=now + timedelta(days=KEY_DAYS)
        )
    )
    return kiosk, token


def send_out(office: Office, seats: Sequence[tuple[str, str]]) -> None:
    """End these seats (reception id, participant id) in the media node; without the node nobody is in a room."""
    for reception_id, participant_id in seats:
        try:
            office.media.kick(reception_id, participant_id, timeout=KICK_WAIT_S)
        except Unavailable:
            log.warning("seat not ended, the media node is away", reception=reception_id)


def call_help(session: Session, actor: Actor) -> None:
    """A member of staff is wanted at this kiosk."""
    receptions.call_help(session, actor.kiosk_id or 0, clock.now())


def calls(session: Session, actor: Actor) -> list[str]:
    """Names of the kiosks where somebody is wanted now."""
    return receptions.help_calls(session, actor, clock.now() - timedelta(minutes=HELP_MINUTES))
