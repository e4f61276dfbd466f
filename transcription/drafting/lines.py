"""The record's lines: one utterance is one line, except a sentence that the segmenter had to cut.  Numbers are in
written form, with what was heard underneath."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from server.protocol.base import Role
from server.protocol.drafting import DraftLine, Speaker
from server.protocol.transcript import Utterance
from transcription.drafting.written import written, written_text

Kind = Literal["question", "answer", "note"]

_CONTINUES_WITHIN_S = 0.5
_SENTENCE_ENDS = "。！？!?….；;"
_KINDS: dict[Role, Kind] = {
    Role.PETITIONER: "answer",
    Role.LEADER: "question",
    Role.CLERK: "question",
    Role.JOINT: "question",
}


def lines(speakers: Iterable[Speaker], utterances: Iterable[Utterance]) -> tuple[DraftLine, ...]:
    """All utterances as lines in order of start."""
    return tuple(_written(line) for line in spoken_lines(speakers, utterances))


def spoken_lines(speakers: Iterable[Speaker], utterances: Iterable[Utterance]) -> Iterator[DraftLine]:
    """The same with nothing but what was heard: numbers stay as they were said."""
    kinds = {speaker.id: _KINDS.get(speaker.role, "note") for speaker in speakers}
    ordered = sorted(utterances, key=lambda u: (u.start, u.end, u.id))
    yield from _joined(_line(u, kinds) for u in ordered)


def _line(utterance: Utterance, kinds: Mapping[str, Kind]) -> DraftLine:
    return DraftLine(
        kind=kinds.get(utterance.participant_id, "note"),
        participant_id=utterance.participant_id,
        start=utterance.start,
        end=utterance.end,
        text=utterance.text,
        recognised=utterance.text,
        words=utterance.words,
        utterance_ids=(utterance.id,),
        doubt=utterance.doubt,
    )


def _joined(single: Iterable[DraftLine]) -> Iterator[DraftLine]:
    before: DraftLine | None = None
    for line in single:
        if before is not None and _continues(before, line):
            before = _join(before, line)
            continue
        if before is not None:
            yield before
        before = line
    if before is not None:
        yield before


def _continues(before: DraftLine, line: DraftLine) -> bool:
    """Cut in mid-sentence: same person at once, no end of a sentence, and words known for both or neither."""
    return (
        before.participant_id == line.participant_id
        and line.start - before.end < _CONTINUES_WITHIN_S
        and before.text[-1:] not in _SENTENCE_ENDS
        and bool(before.words) == bool(line.words)
    )


def _join(before: DraftLine, line: DraftLine) -> DraftLine:
    return before.model_copy(
        update={
            "end": max(before.end, line.end),
            "text": before.text + line.text,
            "recognised": before.recognised + line.recognised,
            "words": before.words + line.words,
            "utterance_ids": before.utterance_ids + line.utterance_ids,
            "doubt": tuple(dict.fromkeys(before.doubt + line.doubt)),
        }
    )


def _written(line: DraftLine) -> DraftLine:
    """The line with its numbers in written form; what was heard stays in `recognised`."""
    words = written(line.words)
    text = "".join(word.text for word in words) if words else written_text(line.text)
    return line.model_copy(update={"text": text, "words": words})
