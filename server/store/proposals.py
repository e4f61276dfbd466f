"""Queries about what a language model was asked and proposed; for programs, which act for nobody."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.domain.states import QuestionState, ReceptionState, RecognitionState, SuggestionState
from server.store.models import ModelQuestion, Reception, StoredProposal, VisitRecord
from server.store.second_pass import CLOSED


def question(session: Session, reception_id: str) -> ModelQuestion | None:
    """What a model was asked about a reception, as it is in the database now."""
    return session.get(ModelQuestion, reception_id, populate_existing=True)


def unanswered(session: Session) -> list[str]:
    """Receptions about which a model is still to be asked: all of them is recognised, or nobody waits for that any more."""
    recognised = or_(VisitRecord.recognition == RecognitionState.DONE, VisitRecord.state.in_(CLOSED))
    query = (
        select(ModelQuestion.reception_id)
        .join(Reception, Reception.id == ModelQuestion.reception_id)
        .join(VisitRecord, VisitRecord.reception_id == Reception.id)
        .where(ModelQuestion.state == QuestionState.WAITING, Reception.state == ReceptionState.CLOSED, recognised)
    )
    return list(session.scalars(query.order_by(ModelQuestion.asked_at)))


def undecided(session: Session, record_id: str) -> Sequence[StoredProposal]:
    """Proposals that nobody has decided."""
    query = select(StoredProposal).where(
        StoredProposal.record_id == record_id, StoredProposal.state == SuggestionState.OPEN
    )
    return session.scalars(query.order_by(StoredProposal.id)).all()


def takers(session: Session, record_id: str) -> dict[str, str]:
    """Who took a proposal, by field."""
    query = select(StoredProposal.field, StoredProposal.decided_by).where(
        StoredProposal.record_id == record_id, StoredProposal.state == SuggestionState.TAKEN
    )
    return {row.field: row.decided_by for row in session.execute(query.order_by(StoredProposal.id))}


def proposal(session: Session, record_id: str, proposal_id: int) -> StoredProposal | None:
    """A proposal for this record, as it is in the database now."""
    query = select(StoredProposal).where(StoredProposal.id == proposal_id, StoredProposal.record_id == record_id)
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
