"""Queries over sittings alone that arrived."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.store.models import AloneSitting


def sitting(session: Session, sitting_id: str) -> AloneSitting | None:
    """A sitting by the kiosk's name for it."""
    return session.get(AloneSitting, sitting_id)


def of_reception(session: Session, reception_id: str) -> AloneSitting | None:
    """The sitting that became this reception; None: it was no sitting alone."""
    return session.scalar(select(AloneSitting).where(AloneSitting.reception_id == reception_id))
