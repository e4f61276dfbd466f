"""Queries over an office's glossary and the corrections that propose words for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from server.domain.organizations import own_and_above
from server.domain.states import RecordState, WordState
from server.protocol.base import Role, TrackKind
from server.store import accusations
from server.store.access import Actor, visible_records
from server.store.models import (
    GlossaryEvidence,
    GlossaryWord,
    Line,
    Organization,
    Participant,
    StoredSegment,
    VisitRecord,
)

MOST_WORDS = 500
"""Words of one office that are listed."""
MOST_ON = 30
"""Words that are given to recognition: those decided last."""


LATEST_RECORDS = 100
"""Signed records of an office whose sentences a word is tried on."""
MOST_CLIPS = 40
SHORTEST_S, LONGEST_S = 1.0, 15.0


@dataclass(frozen=True)
class Clip:
    """A sentence of a signed record, as the clerk left it, and where it was said; media seconds."""

    segment: StoredSegment
    start: float
    end: float
    text: str


def clips(session: Session, organization_id: int, word: str, *, with_it: bool) -> list[Clip]:
    """Sentences of the office's latest signed records, with the word or without it; accusations are left out, and the
    sentences that proposed the word: what it was found in cannot tell whether it helps elsewhere."""
    latest = (
        select(VisitRecord.id)
        .where(
            VisitRecord.organization_id == organization_id,
            VisitRecord.state.in_((RecordState.SIGNED, RecordState.FILED)),
            accusations.none(),
        )
        .order_by(VisitRecord.signed_at.desc())
        .limit(LATEST_RECORDS)
    )
    whole_room = exists().where(Participant.id == StoredSegment.participant_id, Participant.role == Role.ROOM).correlate(StoredSegment)
    proposed_it = exists().where(
        GlossaryEvidence.organization_id == organization_id, GlossaryEvidence.word == word, GlossaryEvidence.line_id == Line.id
    ).correlate(Line)  # fmt: skip
    has = Line.text.contains(word, autoescape=True)
    query = (
        select(StoredSegment, Line.start, Line.end, Line.text)
        .join(VisitRecord, VisitRecord.id == Line.record_id)
        .join(
            StoredSegment,
            (StoredSegment.reception_id == VisitRecord.reception_id)
            & or_(StoredSegment.participant_id == Line.participant_id, whole_room)
            & (StoredSegment.start <= Line.start)
            & (StoredSegment.start + StoredSegment.seconds >= Line.end),
        )
        .where(
            Line.record_id.in_(latest),
            Line.deleted.is_(False),
            Line.recognised != "",
            Line.end - Line.start >= SHORTEST_S,
            Line.end - Line.start <= LONGEST_S,
            StoredSegment.kind == TrackKind.AUDIO,
            has if with_it else ~has,
            ~proposed_it,
        )
        .order_by(VisitRecord.signed_at.desc(), Line.position)
        .limit(MOST_CLIPS)
    )
    return [Clip(row[0], row[1], row[2], row[3]) for row in session.execute(query)]


def trying(session: Session) -> Sequence[int]:
    """Words that wait to be tried."""
    return session.scalars(select(GlossaryWord.id).where(GlossaryWord.state == WordState.TRYING)).all()


def waiting(session: Session, organization_id: int) -> Sequence[int]:
    """Words of an office that wait for clips to be tried on."""
    query = select(GlossaryWord.id).where(
        GlossaryWord.organization_id == organization_id, GlossaryWord.state == WordState.TRYING, GlossaryWord.note != ""
    )
    return session.scalars(query.order_by(GlossaryWord.at)).all()


def to_try_again(session: Session, organization_id: int, before: datetime) -> int | None:
    """The word in use that was not tried for longest, if that was before then."""
    query = select(GlossaryWord.id).where(
        GlossaryWord.organization_id == organization_id, GlossaryWord.state == WordState.ON, GlossaryWord.at < before
    )
    return session.scalar(query.order_by(GlossaryWord.at).limit(1))


def of_organization(session: Session, organization_id: int) -> Sequence[GlossaryWord]:
    """An office's words, those decided last first."""
    query = select(GlossaryWord).where(GlossaryWord.organization_id == organization_id)
    return session.scalars(query.order_by(GlossaryWord.at.desc(), GlossaryWord.id.desc()).limit(MOST_WORDS)).all()


def words_on(session: Session, organization: Organization) -> Sequence[str]:
    """Words that recognition at this office expects: its own and those of the offices above it."""
    above = own_and_above(organization.path)
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


def evidence_lines(session: Session, organization_id: int, word: str, line_ids: Collection[str]) -> set[str]:
    """Which of these lines are known to propose the word."""
    query = select(GlossaryEvidence.line_id).where(
        GlossaryEvidence.organization_id == organization_id, GlossaryEvidence.word == word, GlossaryEvidence.line_id.in_(line_ids)
    )
    return set(session.scalars(query))


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
