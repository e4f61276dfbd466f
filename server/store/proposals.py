"""Queries about what a language model was asked, and about what is proposed for the form; for programs, which act for nobody."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.domain.states import QuestionState, SuggestionState
from server.store import receptions
from server.store.models import ModelQuestion, StoredProposal

OF_LINE = "line"
"""In the place of a model's name: the sentence that the field quotes was corrected, and this is the new wording."""


def question(session: Session, reception_id: str) -> ModelQuestion | None:
    """What a model was asked about a reception, as it is in the database now."""
    return session.get(ModelQuestion, reception_id, populate_existing=True)


def unanswered(session: Session) -> list[str]:
    """Receptions about which a model is still to be asked: all of them is recognised, or nobody waits for that any more."""
    query = receptions.wholly_recognised(ModelQuestion).where(ModelQuestion.state == QuestionState.WAITING)
    return list(session.scalars(query.order_by(ModelQuestion.asked_at)))


def undecided(session: Session, record_id: str) -> Sequence[StoredProposal]:
    """Proposals that nobody has decided."""
    query = select(StoredProposal).where(
        StoredProposal.record_id == record_id, StoredProposal.state == SuggestionState.OPEN
    )
    return session.scalars(query.order_by(StoredProposal.id)).all()


def of_lines(session: Session, record_id: str, field: str | None = None) -> list[StoredProposal]:
    """New wordings that nobody has decided, of one field where it is given."""
    return [one for one in undecided(session, record_id) if one.model == OF_LINE and field in (None, one.field)]


def takers(session: Session, record_id: str) -> dict[str, str]:
    """Who took a model's proposal, by field."""
    query = select(StoredProposal.field, StoredProposal.decided_by).where(
        StoredProposal.record_id == record_id, StoredProposal.state == SuggestionState.TAKEN, StoredProposal.model != OF_LINE
    )
    return {row.field: row.decided_by for row in session.execute(query.order_by(StoredProposal.id))}
