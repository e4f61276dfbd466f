"""Queries over what happened to kiosks' programs."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.protocol.health import Event
from server.store.models import KioskEvent

MOST_KEPT = 500
"""Of each kiosk; the oldest go."""


def add(session: Session, kiosk_id: int, log: str, events: Sequence[Event]) -> None:
    """Keep those that are not here yet."""
    numbers = [event.number for event in events]
    query = select(KioskEvent.number).where(KioskEvent.kiosk_id == kiosk_id, KioskEvent.log == log)
    known = set(session.scalars(query.where(KioskEvent.number.in_(numbers))))
    session.add_all(
        KioskEvent(kiosk_id=kiosk_id, log=log, **event.model_dump()) for event in events if event.number not in known
    )
    session.flush()
    _forget(session, kiosk_id)


def _forget(session: Session, kiosk_id: int) -> None:
    own = KioskEvent.kiosk_id == kiosk_id
    query = select(KioskEvent.id).where(own).order_by(KioskEvent.id.desc()).offset(MOST_KEPT).limit(1)
    oldest = session.scalar(query)
    if oldest is not None:
        session.execute(delete(KioskEvent).where(own, KioskEvent.id <= oldest))


def newest(session: Session, kiosk_id: int, most: int) -> Sequence[KioskEvent]:
    """Of a kiosk, the newest first."""
    query = select(KioskEvent).where(KioskEvent.kiosk_id == kiosk_id)
    return session.scalars(query.order_by(KioskEvent.id.desc()).limit(most)).all()
