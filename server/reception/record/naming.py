"""Names and places that the form and the office know, beside sentences in which something was written that sounds like one.

Nothing is put in by itself: what is proposed here is decided by a clerk like another reading of the second pass, and comes
with those (reception/suggestions.py).
"""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from server.domain import linewords
from server.reception.record import hotwords
from server.store import second_pass as store
from server.store.models import Line, StoredSuggestion, VisitRecord
from transcription.doubts import WEAK
from transcription.drafting.names import KnownNames, Place

KNOWN_NAME = "known_name"
NO_PASS = 0
"""Nobody heard it like that."""


def suggest(session: Session, record: VisitRecord, lines: Iterable[Line]) -> None:
    """Propose known names for what was heard and no hand has changed; to be done once."""
    known = KnownNames(hotwords.known_for(session, record.reception))
    others: dict[str | None, list[StoredSuggestion]] = {}
    for one in store.open_suggestions(session, record.id):
        others.setdefault(one.line_id, []).append(one)
    for line in lines:
        if line.recognised and line.participant_id and not line.edited_by:
            words = linewords.retime(linewords.from_store(line.words), line.text, line.start, line.end)
            for place in known.sounding_like(line.text, _unsure(line.text, words)):
                if not any(_has(one, place) for one in others.get(line.id, ())):
                    _add(session, record, line, words, place)
    session.flush()


def _unsure(text: str, words: Sequence[linewords.TimedWord]) -> list[bool]:
    """Of each character, whether it was not heard well; of an engine that tells no words nothing is known."""
    return [word.probability < WEAK for word in words for _ in word.text] or [False] * len(text)


def _has(one: StoredSuggestion, place: Place) -> bool:
    """Whether another reading of this place already has the name."""
    overlap = one.first < place.last and place.first < one.last
    return overlap and place.name in one.line_text[: one.first] + one.text + one.line_text[one.last :]


def _add(session: Session, record: VisitRecord, line: Line, words: Sequence[linewords.TimedWord], place: Place) -> None:
    heard = linewords.part(words, place.first, place.last)
    start, end = (heard[0].start, heard[-1].end) if heard else (line.start, line.end)
    named = [linewords.TimedWord(start, end, place.name, min(word.probability for word in heard))] if heard else []
    store.add_suggestion(
        session, record.id, line_id=line.id, line_text=line.text, first=place.first, last=place.last, text=place.name,
        words=linewords.to_store(named), utterance_id=None, participant_id=line.participant_id, start=start, end=end,
        pass_number=NO_PASS, reason=KNOWN_NAME,
    )  # fmt: skip
