"""The office's glossary: what clerks keep in it, and what their corrections propose for it."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.orm import Session

from server import clock
from server.domain import corrections
from server.domain.hotwords import LONGEST
from server.domain.states import WordKind, WordState
from server.errors import InvalidInput, NotFound
from server.protocol.glossary import (
    ChangedWord,
    GlossaryEntry,
    GlossarySentence,
    NewWord,
    SentWord,
    SentWords,
)
from server.reception.record.records import require
from server.store import glossary as store
from server.store import records
from server.store.access import Actor
from server.store.models import GlossaryEvidence, GlossaryWord, Line, StoredRevision, VisitRecord

ENOUGH = 2
"""Corrected sentences that propose a word."""
MOST_EVIDENCE = 5
"""More sentences with the same word teach nothing new."""
MOST_CORRECTIONS = 50
"""Corrected lines of one record that are looked at."""
_BY_CLERK = ("text", "take")


def listed(session: Session, actor: Actor) -> list[GlossaryEntry]:
    """The words of the actor's office, proposals with the sentences they come from."""
    words = store.of_organization(session, actor.organization_id)
    proposed = [one.word for one in words if one.state == WordState.PROPOSED]
    sentences = store.sentences(session, actor, actor.organization_id, proposed)
    return [_entry(one, sentences.get(one.word, ())) for one in words]


def _entry(one: GlossaryWord, sentences: Iterable[tuple[str, str, str]] = ()) -> GlossaryEntry:
    return GlossaryEntry(
        id=one.id, word=one.word, kind=WordKind(one.kind).value, state=WordState(one.state).value, decided_by=one.decided_by, at=one.at,
        note=one.note,
        sentences=tuple(GlossarySentence(record_id=r, recognised=heard, text=text) for r, heard, text in sentences),
    )  # fmt: skip


def add(session: Session, actor: Actor, asked: NewWord) -> GlossaryEntry:
    """Put a word into the glossary of the actor's office, to be tried and then expected by recognition; raises InvalidInput."""
    word = "".join(asked.word.split())
    if not word.isalnum() or not corrections.SHORTEST <= len(word) <= LONGEST:
        raise _wrong_word("请写 2 到 20 个字的名字、地名或者单位，不带标点。")
    if store.word(session, actor.organization_id, word) is not None:
        raise _wrong_word("词表里已经有这个词了。")
    added = GlossaryWord(organization_id=actor.organization_id, word=word, kind=asked.kind, state=WordState.TRYING, note="")
    _decided(added, actor)
    session.add(added)
    session.flush()
    return _entry(added)


def _wrong_word(message: str) -> InvalidInput:
    return InvalidInput(message, fields={"word": message})


def change(session: Session, actor: Actor, word_id: int, asked: ChangedWord) -> GlossaryEntry:
    """Have a word tried to be switched on, or switch it off, and say what it names; raises NotFound."""
    found = store.word_by_id(session, actor.organization_id, word_id)
    if found is None:
        raise NotFound("词表里没有这个词。")
    found.state = WordState.TRYING if asked.state == "on" else WordState.OFF
    found.kind, found.note = asked.kind, ""
    _decided(found, actor)
    session.flush()
    return _entry(found)


def _decided(word: GlossaryWord, actor: Actor) -> None:
    word.decided_by, word.user_id, word.at = actor.name, actor.user_id, clock.now()


def send(session: Session, actor: Actor, record_id: str, asked: SentWord) -> SentWords:
    """Propose what a clerk put right in a line, or the word they chose in it; raises NotFound and InvalidInput.

    Accusations propose nothing: their words would be read by others.  Nor do names of those who sit there.
    """
    record = require(session, actor, record_id)
    line = records.line(session, record.id, asked.line_id)
    if line is None or line.deleted:
        raise NotFound("没有找到这一句，可能和别的句子连在一起了。")
    if record.accusation:
        raise InvalidInput("揭发控告的话不进词表，免得别人看到。")
    names = {seat.name for seat in records.participants(session, record.reception_id) if seat.name}
    words = [word for word in _wanted(line, asked.word) if word not in names]
    if not words:
        raise InvalidInput("这一句里没有改对的词。在场人的名字不用进词表；别的词，先选中，再按一次。")
    known = store.known(session, record.organization_id, words)
    _keep(session, record, {word: {line.id} for word in words})
    for word in words:
        if word not in known:
            session.add(_proposed(record.organization_id, word))
    return SentWords(words=tuple(words), text=_sent(words, known))


def _wanted(line: Line, chosen: str) -> list[str]:
    word = "".join(chosen.split())
    if not word:
        return corrections.corrected_words(line.recognised, line.text)
    if not word.isalnum() or not corrections.SHORTEST <= len(word) <= LONGEST or word not in line.text:
        raise _wrong_word("请在这一句里选 2 到 20 个字的一个词，不带标点。")
    return [word]


def _sent(words: Sequence[str], known: Collection[str]) -> str:
    fresh = "、".join(f"“{word}”" for word in words if word not in known)
    there = "、".join(f"“{word}”" for word in words if word in known)
    return "".join((f"{fresh}送到词表了，在那里定用不用。" if fresh else "", f"{there}词表里已经有了，这一句也记上了。" if there else ""))


# --- what corrections propose -----------------------------------------------------------------------------------


def learn(session: Session, record: VisitRecord) -> None:
    """Keep what the clerk put right in a record that was just signed, and propose what was put right in several sentences.

    The work depends on the record alone, not on how many there are.  Accusations teach nothing: their words would be read
    by others.  Nor do names of those who sat there: every reception knows its own.
    """
    if record.accusation:
        return
    names = {seat.name for seat in records.participants(session, record.reception_id) if seat.name}
    places = [
        (line_id, words)
        for line_id, before, after in _corrected(session, record)
        for words in corrections.candidates(before, after)
        if not names & words
    ]
    known = store.known(session, record.organization_id, {word for _, words in places for word in words})
    found: dict[str, set[str]] = {}
    for line_id, words in places:
        # Where the glossary has the word, what stands around it is no other.
        for word in words & known or words:
            found.setdefault(word, set()).add(line_id)
    _keep(session, record, found)
    _propose(session, record.organization_id, set(found) - known)


def _corrected(session: Session, record: VisitRecord) -> list[tuple[str, str, str]]:
    """(line, text before its first correction, text that was signed) of the lines that clerks changed."""
    before: dict[str, str] = {}
    for revision in records.revisions(session, record.id):
        if _changes_text(revision) and revision.line_id:
            before.setdefault(revision.line_id, str(revision.before["text"]))
    lines = {line.id: line for line in records.line_rows(session, record.id)}
    standing = [(key, text, lines[key].text) for key, text in before.items() if key in lines and not lines[key].deleted]
    return [one for one in standing if one[1] != one[2]][:MOST_CORRECTIONS]


def _changes_text(revision: StoredRevision) -> bool:
    return revision.kind in _BY_CLERK and revision.user_id is not None and "text" in revision.before


def _keep(session: Session, record: VisitRecord, found: dict[str, set[str]]) -> None:
    there = store.lines_with(session, record.organization_id, found)
    for word, line_ids in found.items():
        fresh = sorted(line_ids - store.evidence_lines(session, record.organization_id, word, line_ids))
        for line_id in fresh[: max(MOST_EVIDENCE - there.get(word, 0), 0)]:
            session.add(GlossaryEvidence(
                organization_id=record.organization_id, word=word, line_id=line_id, record_id=record.id
            ))  # fmt: skip
    session.flush()


def _propose(session: Session, organization_id: int, words: set[str]) -> None:
    """The longest stretches that several sentences share."""
    counts = store.lines_with(session, organization_id, words)
    for word in corrections.longest({word for word in words if counts.get(word, 0) >= ENOUGH}):
        session.add(_proposed(organization_id, word))
    session.flush()


def _proposed(organization_id: int, word: str) -> GlossaryWord:
    return GlossaryWord(
        organization_id=organization_id, word=word, kind=WordKind(corrections.kind_of(word)), state=WordState.PROPOSED,
        at=clock.now(), note="", decided_by="",
    )  # fmt: skip
