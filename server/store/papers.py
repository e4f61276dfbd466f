"""Queries over papers that were photographed at kiosks."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.domain.states import PapersState
from server.store.access import Actor, visible_papers
from server.store.models import StoredPapers

MOST_SETS = 100
"""Of one reception that are listed."""


def get(session: Session, papers_id: str) -> StoredPapers | None:
    """A set by its name, whoever sent it."""
    return session.get(StoredPapers, papers_id)


def of_reception(session: Session, reception_id: str) -> Sequence[StoredPapers]:
    """Sets of a sitting that are here, in the order of time; the caller has checked that the actor may read the sitting."""
    query = select(StoredPapers).where(StoredPapers.reception_id == reception_id, StoredPapers.state == PapersState.STORED)
    return session.scalars(query.order_by(StoredPapers.shown_at, StoredPapers.id).limit(MOST_SETS)).all()


def handed_over(session: Session, reception_id: str) -> Sequence[StoredPapers]:
    """Sets of a sitting, also those that are still on their way."""
    query = select(StoredPapers).where(StoredPapers.reception_id == reception_id)
    return session.scalars(query.order_by(StoredPapers.shown_at, StoredPapers.id).limit(MOST_SETS)).all()


def find(session: Session, actor: Actor, papers_id: str) -> StoredPapers | None:
    """A set that is here, if the actor may see it."""
    query = visible_papers(actor).where(StoredPapers.id == papers_id, StoredPapers.state == PapersState.STORED)
    return session.scalar(query)
