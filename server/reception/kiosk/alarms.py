"""The emergency button of a kiosk: the staff of its place and of those above are told at once, and it is logged."""

from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.domain.organizations import own_and_above
from server.domain.states import NoticeKind, StaffRole
from server.errors import NotAllowed
from server.reception.kiosk.kiosks import where
from server.reception.matter import notices
from server.store import accounts, receptions
from server.store import notices as notice_store
from server.store.models import AccessEntry

log = structlog.get_logger()

TOLD = (StaffRole.CLERK, StaffRole.LEADER, StaffRole.ADMINISTRATOR)
AGAIN = timedelta(minutes=1)
"""Whoever presses again and again is told of once a minute; every press is logged."""


def ring(session: Session, kiosk_id: int) -> None:
    """Somebody pressed the button; raises NotAllowed for a kiosk that is not in use."""
    kiosk = accounts.kiosk_with_organization(session, kiosk_id)
    if kiosk is None:
        raise NotAllowed
    now = clock.now()
    session.add(AccessEntry(at=now, user_id=None, kiosk_id=kiosk_id, action="alarm", thing="kiosk", thing_id=str(kiosk_id)))
    receptions.call_help(session, kiosk_id, now)
    log.warning("emergency button", kiosk=kiosk_id)
    places = own_and_above(kiosk.organization.path)
    words = f"{where(kiosk)}按了紧急按钮，请马上派人去看，或者打电话给那边。"
    told = notice_store.told_since(session, NoticeKind.ALARM, words, now - AGAIN)
    to = [user for user in notice_store.officers(session, places, TOLD) if user.id not in told]
    notices.announce(session, to, NoticeKind.ALARM, words, about=where(kiosk))
