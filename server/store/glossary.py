"""Queries over an office's glossary and the corrections that propose words for it."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.domain.states import WordState
from server.store.access import Actor, visible_records
from server.store.models import GlossaryEvidence, GlossaryWord, Line, Organization, VisitRecord

MOST_WORDS = 500
"""Words of one office that are listed."""
MOST_ON = 30
"""Words that are given to recognition: those decided last."""


def of_organization(session: Session, organization_id: int) -> Sequence[GlossaryWord]:
    """An office's words, those decided last first."""
    query = select(GlossaryWord).where(GlossaryWord.organization_id == organization_id)
    return session.scalars(query.order_by(GlossaryWord.at.desc(), GlossaryWord.id.desc()).limit(MOST_WORDS)).all()


def words_on(session: Session, organization: Organization) -> Sequence[str]:
    """Words that recognition at this office expects: its own and those of the offices above it."""
    above = [int(part) for part in organization.path.split("/") if part]
    query = select(GlossaryWord.word).where(
        GlossaryWord.organization_id.in_(above), GlossaryWord.state == WordState.ON
    )
    return session.scalars(query.order_by(GlossaryWord.at.desc(), GlossaryWord.id.desc()).limit(MOST_ON)).all()


def word(session: Session, organization_id: int, wanted: str) -> GlossaryWord | None:
    """A word of an office's glossary."""
    query = select(GlossaryWord).where(
        GlossaryWord.organization_id == organization_id, GlossaryWord.word == wanted
    )
    return session.scalar(query)


def word_by_id(session: Session, organization_id: int, word_id: int) -> GlossaryWord | None:
    """The same by its number."""
    found = session.get(GlossaryWord, word_id)
    return found if found is not None and found.organization_id == organization_id else None


def known(session: Session, organization_id: int, words: Collection[str]) -> set[str]:
    """Which of these words the glossary has, in whatever state."""
    query = select(GlossaryWord.word).where(GlossaryWord.organization_id == organization_id)
    return set(session.scalars(query.where(GlossaryWord.word.in_(words))))


def lines_with(session: Session, organization_id: int, words: Collection[str]) -> dict[str, int]:
    """In how many corrected lines each of these words was found."""
    query = select(GlossaryEvidence.word, func.count()).where(GlossaryEvidence.organization_id == organization_id)
    rows = session.execute(query.where(GlossaryEvidence.word.in_(words)).group_by(GlossaryEvidence.word))
    return {row[0]: row[1] for row in rows}


def sentences(
    session: Session, actor: Actor, organization_id: int, words: Collection[str]
) -> dict[str, list[tuple[str, str, str]]]:
    """(record id, what was recognised, what the clerk wrote) of the lines that propose each word, as far as the actor may
    read their records."""
    readable = visible_records(actor).with_only_columns(VisitRecord.id)
    query = (
        select(GlossaryEvidence.word, Line.record_id, Line.recognised, Line.text)
        .join(Line, Line.id == GlossaryEvidence.line_id)
        .where(
            GlossaryEvidence.organization_id == organization_id,
            GlossaryEvidence.word.in_(words),
            GlossaryEvidence.record_id.in_(readable),
        )
    )
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in session.execute(query.order_by(Line.record_id, Line.position)):
        found.setdefault(row[0], []).append((row[1], row[2], row[3]))
    return found
