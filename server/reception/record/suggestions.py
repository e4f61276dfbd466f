"""What comes of two passes that heard something else: a better draft while nobody works on it, suggestions for a clerk.

A record that a clerk has begun to correct is never changed by it, a signed one not even given suggestions: there the
other readings are kept with its history.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from server import clock
from server.domain import linewords, passes
from server.domain.passes import Difference, Heard
from server.domain.states import CLOSED_RECORD, RecordState, SecondPassState, SuggestionState
from server.protocol.drafting import DraftInput, DraftLine, Speaker
from server.protocol.records import SecondPassView, Suggestion
from server.protocol.transcript import Utterance, Word
from server.reception.record import deciding, naming, revisions
from server.reception.record.drafts import as_message, fill_from_speech, insert_by_time, speakers_of, talk_of
from server.store import accusations, records
from server.store import second_pass as store
from server.store.access import Actor
from server.store.models import (
    Line,
    SecondPass,
    SecondUtterance,
    StoredSegment,
    StoredSuggestion,
    StoredUtterance,
    VisitRecord,
)
from transcription import drafting
from transcription.drafting.written import written_text

DOUBT = "passes_differ"
_PASSES: Mapping[int, Literal[0, 1, 2]] = {0: 0, 1: 1, 2: 2}
NOT_HEARD = 0.5
"""So much of a difference's time has to be in the second pass's sound, or it is none."""


@dataclass(frozen=True)
class Readings:
    """Both passes over one recording, and where they differ."""

    first: Mapping[str, Utterance]
    second: Mapping[str, Utterance]
    differences: Sequence[Difference]
    speakers: tuple[Speaker, ...]

    def of(self, utterance_id: str) -> list[Difference]:
        """The differences within one utterance of the first pass."""
        return [one for one in self.differences if one.utterance == utterance_id]

    def better(self) -> set[Difference]:
        """Differences at which the second pass's reading is to stand."""
        return {one for one in self.differences if one.second_is_better}

    def utterance(self, utterance_id: str, taken: Iterable[Difference]) -> Utterance:
        """An utterance of the first pass with the second's reading at these places."""
        told = self.first[utterance_id]
        own = [one for one in taken if one.utterance == utterance_id]
        if not own:
            return told
        words = passes.reading(_heard(told).words, own)
        text = "".join(word.text for word in words)
        return told.model_copy(update={"text": text, "words": _as_words(words) if told.words else ()})

    def lines(self, utterances: Iterable[Utterance]) -> tuple[DraftLine, ...]:
        """What the draft makes of these utterances."""
        given = DraftInput(speakers=self.speakers, utterances=tuple(utterances))
        return drafting.build_draft(given).lines


def _heard(told: Utterance) -> Heard:
    words = [linewords.TimedWord(word.start, word.end, word.text, word.probability) for word in told.words]
    spelled = passes.spelling_words(told.text, words, told.start, told.end)
    return Heard(told.id, told.participant_id, told.start, told.end, told.text, spelled)


def _as_words(words: Iterable[linewords.TimedWord]) -> tuple[Word, ...]:
    return tuple(Word(start=w.start, end=w.end, text=w.text, probability=w.probability) for w in words)


def _alike(one: str, other: str) -> bool:
    return passes.spoken(written_text(one)) == passes.spoken(written_text(other))


def readings(session: Session, done: SecondPass, sound: Sequence[StoredSegment]) -> Readings:
    """Lay both passes beside each other; what was heard in the kiosk's copy, what is an echo of somebody else, and
    where the second pass had no sound, is no difference."""
    known = records.utterances(session, done.reception_id)
    first = {one.id: as_message(one) for one in known}
    said = drafting.without_echoes(tuple(first.values()))
    again = [as_message(one) for one in store.utterances(session, done.reception_id)]
    no_echoes = {one.id for one in drafting.without_echoes((*said, *again))}
    second = {one.id: one for one in again if one.id in no_echoes}
    found = passes.differences(
        [_heard(one) for one in first.values()], [_heard(one) for one in second.values()], _alike
    )
    own = {one.id for one in known if one.copy_id is None} & {one.id for one in said}
    kept = [one for one in found if not one.utterance or (one.utterance in own and _was_heard(one, done, sound))]
    return Readings(first, second, kept, speakers_of(session, done.reception_id))


def _was_heard(one: Difference, done: SecondPass, sound: Sequence[StoredSegment]) -> bool:
    """Whether the second pass had this person's sound of that time."""
    own = [(s.start, s.start + s.seconds) for s in sound if s.participant_id == one.participant]
    missed = [(start, end) for who, start, end in done.left_out if who == one.participant]
    had = sum(_shared(one, span) for span in own) - sum(_shared(one, span) for span in missed)
    return had >= NOT_HEARD * (one.end - one.start)


def _shared(one: Difference, span: tuple[float, float]) -> float:
    return max(0.0, min(one.end, span[1]) - max(one.start, span[0]))


# --- into the record ---------------------------------------------------------------------------------------------


def propose(session: Session, record: VisitRecord, found: Readings) -> None:
    """See to the record as far as its state lets it; to be done once, with the end of the second pass."""
    record = records.lock(session, record.id, clock.now())
    lines = [line for line in records.lines(session, record.id) if not line.deleted]
    untouched = _is_untouched(session, record)
    standing = found.better() if untouched else set()
    if untouched:
        _improve(session, record, lines, found, standing)
    readings_ = list(_readings(lines, found, standing, by_line=untouched))
    if record.state in CLOSED_RECORD:
        _keep_with_history(session, record, readings_)
    else:
        _suggest(session, record, readings_)
        naming.suggest(session, record, lines)


def _is_untouched(session: Session, record: VisitRecord) -> bool:
    """Whether nobody has begun to correct it."""
    by_hand = any(one.user_id is not None for one in records.revisions(session, record.id))
    return record.state == RecordState.DRAFT and not by_hand


def _improve(
    session: Session, record: VisitRecord, lines: Sequence[Line], found: Readings, taken: set[Difference]
) -> None:
    """The draft once more, from the better readings: its lines where they are, then its form."""
    changed = {one.utterance for one in taken}
    for line in lines:
        if changed & set(line.utterance_ids):
            _improve_line(session, record, line, found, taken)
    _improve_form(session, record, found, taken)


def _improve_line(
    session: Session, record: VisitRecord, line: Line, found: Readings, taken: set[Difference]
) -> None:
    now = _as_one(found, line.utterance_ids, taken)
    if now.text == line.text:
        return
    before = {"text": line.text}
    line.text, line.recognised, line.words = now.text, now.recognised, linewords.to_store(now.words)
    line.version += 1
    revisions.add(session, record, "reheard", line_id=line.id, before=before, after={"text": line.text})


def _improve_form(session: Session, record: VisitRecord, found: Readings, taken: set[Difference]) -> None:
    """Fields that were taken from speech, and those nothing has filled."""
    told = sorted((found.utterance(one, taken) for one in found.first), key=lambda one: (one.start, one.id))
    draft = drafting.build_draft(DraftInput(speakers=found.speakers, utterances=tuple(told)))
    spoken = {field.field: field for field in draft.fields}
    for entry in records.form(session, record.id).values():
        if entry.version != 1 or entry.source not in ("", "speech"):
            continue
        before, now = entry.value, spoken.get(entry.field)
        entry.value, entry.source, entry.utterance_ids = "", "", []
        if now is not None:
            fill_from_speech(entry, now.value, now.utterance_ids)
        if entry.value != before:
            after = {"value": entry.value}
            revisions.add(session, record, "field", field=entry.field, before={"value": before}, after=after)
    accusations.keep_in_step(session, record)


@dataclass(frozen=True)
class _Reading:
    """One difference as a place in a line, read otherwise; no line: one that the record does not have."""

    difference: Difference
    line: Line | None
    first: int
    last: int
    text: str
    words: Sequence[linewords.TimedWord]
    pass_number: int
    utterance_id: str | None = None


def _readings(
    lines: Sequence[Line], found: Readings, standing: set[Difference], *, by_line: bool
) -> Iterable[_Reading]:
    """Every difference at its place in the record; where a clerk wrote something else meanwhile there is none."""
    told = [found.utterance(one, standing) for one in found.first]
    groups = [tuple(line.utterance_ids) for line in lines] if by_line else [x.utterance_ids for x in found.lines(told)]
    group_of = {one: group for group in groups for one in group}
    for one in found.differences:
        if not one.utterance:
            yield from _new_line(one, found)
        elif one.utterance in group_of:
            yield from _in_line(one, group_of[one.utterance], lines, found, standing)


def _new_line(one: Difference, found: Readings) -> Iterable[_Reading]:
    own = next((told for told in found.second.values() if _is_all_of(one, told)), None)
    if own is not None:
        text = "".join(line.text for line in found.lines([own]))
        yield _Reading(one, None, 0, 0, text, (), 2, own.id)


def _is_all_of(one: Difference, told: Utterance) -> bool:
    return (told.participant_id, told.start, told.end) == (one.participant, one.start, one.end)


def _in_line(
    one: Difference, group: Sequence[str], lines: Sequence[Line], found: Readings, standing: set[Difference]
) -> Iterable[_Reading]:
    now = _as_one(found, group, standing)
    other = _as_one(found, group, standing ^ {one})
    first, last, end = linewords.differing(now.text, other.text)
    words = linewords.part(other.words, first, end)
    for line in lines:
        place = linewords.find_stretch(now.text, first, last, line.text) if one.utterance in line.utterance_ids else None
        if place is not None:
            number = 1 if one in standing else 2
            yield _Reading(one, line, *place, other.text[first:end], words, number)
            return


@dataclass(frozen=True)
class _Whole:
    """The text of one line in one reading."""

    text: str
    recognised: str
    words: Sequence[linewords.TimedWord]


def _as_one(found: Readings, group: Sequence[str], taken: set[Difference]) -> _Whole:
    """What the utterances of one line say together, as a line has it."""
    made = found.lines(one for one in (found.utterance(x, taken) for x in group) if one.text)
    words = [linewords.TimedWord(w.start, w.end, w.text, w.probability) for line in made for w in line.words]
    return _Whole("".join(line.text for line in made), "".join(line.recognised for line in made), words)


def _suggest(session: Session, record: VisitRecord, found: Iterable[_Reading]) -> None:
    for one in found:
        if one.line is not None and DOUBT not in one.line.doubt:
            one.line.doubt = [*one.line.doubt, DOUBT]
        store.add_suggestion(
            session, record.id, line_id=one.line.id if one.line else None, line_text=one.line.text if one.line else "",
            first=one.first, last=one.last, text=one.text, words=linewords.to_store(one.words),
            utterance_id=one.utterance_id, participant_id=one.difference.participant, start=one.difference.start,
            end=one.difference.end, pass_number=one.pass_number, reason=one.difference.kind,
        )  # fmt: skip
    session.flush()


def _keep_with_history(session: Session, record: VisitRecord, found: Iterable[_Reading]) -> None:
    for one in found:
        before = {"text": one.line.text if one.line else ""}
        text = one.line.text[: one.first] + one.text + one.line.text[one.last :] if one.line else one.text
        after = {"text": text, "start": one.difference.start, "participant_id": one.difference.participant}
        line_id = one.line.id if one.line else None
        if record.state == RecordState.FILED:
            records.append_late_revision(
                session, record.id, revisions.RECOGNITION, after, clock.now(), kind="late_reading", before=before
            )
        else:
            revisions.add(session, record, "late_reading", line_id=line_id, before=before, after=after)


# --- shown -------------------------------------------------------------------------------------------------------


def progress(done: SecondPass | None) -> SecondPassView | None:
    """How far hearing again is, in words; None: it is not done."""
    if done is None:
        return None
    over = done.state == SecondPassState.DONE
    share = 1.0 if over else max(0.0, min(done.heard / done.seconds, 1.0)) if done.seconds else 0.0
    return SecondPassView(state=done.state, share=share, differences=done.differences, text=_words(done, share))


def _words(done: SecondPass, share: float) -> str:
    if done.state == SecondPassState.DONE:
        return f"复听完成，有 {done.differences} 处不同" if done.differences else "复听完成，两遍听得一样"
    if done.message:
        return done.message
    return f"正在复听 {share:.0%}…" if done.state == SecondPassState.RUNNING else "录音还要复听一遍"


# --- a clerk decides ---------------------------------------------------------------------------------------------


def views(open_ones: Iterable[StoredSuggestion], texts: Mapping[str, str]) -> list[Suggestion]:
    """Suggestions that can be decided, where they lie now; `texts`: of their lines that stand, by id."""
    found = []
    for one in open_ones:
        text = texts.get(one.line_id) if one.line_id else ""
        place = _place(one, text) if text is not None else None
        if text is not None and place is not None:
            found.append(Suggestion.model_construct(
                id=one.id, line_id=one.line_id, first=place[0], last=place[1], stands=text[slice(*place)], text=one.text,
                pass_number=_PASSES[one.pass_number], participant_id=one.participant_id, start=one.start,
                end=one.end,
            ))  # fmt: skip
    return found


def _place(one: StoredSuggestion, text: str) -> tuple[int, int] | None:
    if one.line_id is None:
        return 0, 0
    return linewords.find_stretch(one.line_text, one.first, one.last, text)


def place_in(one: StoredSuggestion, line: Line) -> tuple[int, int] | None:
    """Where in the line's text the suggestion belongs; None: what stood there is not there any more."""
    return _place(one, line.text)


def put_in(one: StoredSuggestion, line: Line, place: tuple[int, int]) -> None:
    """Take the suggestion's text and words into the line."""
    words = linewords.retime(linewords.from_store(line.words), line.text, line.start, line.end)
    text = line.text[: place[0]] + one.text + line.text[place[1] :]
    if words:
        new = [*linewords.part(words, 0, place[0]), *linewords.from_store(one.words)]
        words = linewords.retime([*new, *linewords.part(words, place[1], len(line.text))], text, line.start, line.end)
    line.text, line.words = text, linewords.to_store(words)


def put_line_in(session: Session, record: VisitRecord, one: StoredSuggestion) -> Line:
    """Take a new line into the record: what the second pass heard becomes an utterance of the reception."""
    heard = session.get_one(SecondUtterance, one.utterance_id)
    told = StoredUtterance(
        id=heard.id, reception_id=heard.reception_id, participant_id=heard.participant_id, start=heard.start,
        end=heard.end, text=heard.text, words=heard.words, measures={**heard.measures, "source": "second"},
    )  # fmt: skip
    session.add(told)
    session.flush()
    (line,) = drafting.build_draft(talk_of(session, record.reception_id, [told])).lines
    return insert_by_time(session, record, line)


def decide(session: Session, actor: Actor, one: StoredSuggestion, state: SuggestionState) -> None:
    """Note who decided it, and that its line is no more in doubt once nothing of it is open."""
    deciding.decide(session, actor, one, state)
    if one.line_id is not None:
        settle_doubt(session, one.record_id, one.line_id)


def settle_doubt(session: Session, record_id: str, line_id: str) -> None:
    """A line about which nothing is open is not in doubt because of the passes."""
    line = records.line(session, record_id, line_id)
    if line is not None and DOUBT in line.doubt and not store.open_suggestions(session, record_id, [line_id]):
        line.doubt = [code for code in line.doubt if code != DOUBT]


def dismiss_all(session: Session, actor: Actor, record_id: str, line_id: str) -> None:
    """A clerk heard the line and found it right."""
    for one in store.open_suggestions(session, record_id, [line_id]):
        decide(session, actor, one, SuggestionState.DISMISSED)


def follow(session: Session, record_id: str, old_id: str, lines: Sequence[Line]) -> None:
    """After a line was split or joined: its suggestions belong to whichever of these lines has their place."""
    for one in store.open_suggestions(session, record_id, [old_id]):
        line = next((line for line in lines if place_in(one, line) is not None), None)
        if line is not None:
            one.line_id = line.id
