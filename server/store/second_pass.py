"""Queries about hearing a recording again and about what that proposes; for programs, which act for nobody."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server.domain.states import (
    SecondPassState,
    SuggestionState,
)
from server.store import receptions
from server.store.models import SecondPass, SecondUtterance, StoredSuggestion


def of_reception(session: Session, reception_id: str) -> SecondPass | None:
    """The second pass over a reception's recording, as it is in the database now."""
    return session.get(SecondPass, reception_id, populate_existing=True)


def unfinished(session: Session) -> list[str]:
    """Receptions whose second pass may go on: nothing of the first is missing any more."""
    query = receptions.wholly_recognised(SecondPass).where(SecondPass.state != SecondPassState.DONE)
    return list(session.scalars(query.order_by(SecondPass.asked_at)))


def utterances(session: Session, reception_id: str) -> Sequence[SecondUtterance]:
    """What the second pass heard, in order of start."""
    query = select(SecondUtterance).where(SecondUtterance.reception_id == reception_id)
    return session.scalars(query.order_by(SecondUtterance.start, SecondUtterance.id)).all()


class Unboosted(NamedTuple):
    """What the second pass heard, and what it heard there without expecting any words; media seconds."""

    start: float
    end: float
    text: str
    plain: str


def heard_unboosted(
    session: Session, reception_id: str, start: float = 0.0, end: float = float("inf")
) -> list[Unboosted]:
    """Where the second pass kept what it heard without expecting any words, in order of start; of what touches the time
    from `start` to `end` (media seconds)."""
    one, plain = SecondUtterance, SecondUtterance.measures["unboosted"].as_string()
    query = select(one.start, one.end, one.text, plain)
    query = query.where(one.reception_id == reception_id, one.start <= end, one.end >= start, plain != "")
    return [Unboosted(*row) for row in session.execute(query.order_by(one.start, one.id))]


def open_suggestions(
    session: Session, record_id: str, line_ids: Iterable[str] | None = None, *, new_lines: bool = False
) -> Sequence[StoredSuggestion]:
    """Suggestions that nobody has decided, in order of time; of these lines only, where given (`new_lines`: and of lines
    that the record does not have)."""
    query = select(StoredSuggestion).where(
        StoredSuggestion.record_id == record_id, StoredSuggestion.state == SuggestionState.OPEN
    )
    if line_ids is not None:
        own = StoredSuggestion.line_id.in_(list(line_ids))
        query = query.where(or_(own, StoredSuggestion.line_id.is_(None)) if new_lines else own)
    return session.scalars(query.order_by(StoredSuggestion.start, StoredSuggestion.id)).all()


def add_suggestion(session: Session, record_id: str, **what: Any) -> StoredSuggestion:
    """Propose another reading."""
    row = StoredSuggestion(record_id=record_id, state=SuggestionState.OPEN, decided_by="", **what)
    session.add(row)
    return row


def decided(session: Session, record_id: str) -> dict[str, int]:
    """How many of a record's suggestions were taken and how many dismissed, by state; open ones are not counted."""
    query = select(StoredSuggestion.state, func.count()).where(
        StoredSuggestion.record_id == record_id, StoredSuggestion.state != SuggestionState.OPEN
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(StoredSuggestion.state))}
