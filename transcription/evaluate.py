"""How good a transcript is, measured against a reference with the time of every character.

Matching: for each speaker on their own, all characters that were recognised (punctuation and spaces left out, in
order of time) are aligned with all characters that were spoken, by least edits; a character is never taken for one
spoken more than 5 s away.  Edits of both speakers together, by spoken characters, are the character error rate.  An
utterance's start is compared with the time of the spoken character which its first aligned character stands for.
"""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from server.protocol.transcript import Utterance

_FAR_S = 5.0
_NEAR_S = 0.5


@dataclass(frozen=True)
class Character:
    """A character and when it begins (media seconds)."""

    text: str
    at: float


@dataclass(frozen=True)
class Sentence:
    """A spoken sentence of the reference."""

    speaker: str
    start: float
    end: float
    text: str
    characters: tuple[Character, ...]


@dataclass(frozen=True)
class Score:
    """Rates as fractions, times in seconds."""

    cer: float
    characters: int
    edits: int
    utterances: int
    start_errors: tuple[float, ...]
    speaker_errors: int

    @property
    def start_error_p95_s(self) -> float:
        return percentile([abs(error) for error in self.start_errors], 95)

    @property
    def starts_within_half_second(self) -> float:
        """Share of utterances that begin within 0.5 s of the reference."""
        near = sum(abs(error) <= _NEAR_S for error in self.start_errors)
        return near / len(self.start_errors) if self.start_errors else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` per cent do not exceed; 0 for no values."""
    return float(np.percentile(np.asarray(values), share)) if values else 0.0


def counts(character: str) -> bool:
    """Whether a character counts: letters and digits of any script do."""
    return unicodedata.category(character)[0] in "LN"


def load_reference(path: Path) -> list[Sentence]:
    """Read a reference.json: utterances with speaker, text, start, end, characters [text, start, end]."""
    data = json.loads(path.read_text("utf-8"))
    return [_sentence(item) for item in data["utterances"]]


def _sentence(item: dict[str, object]) -> Sentence:
    raw: Sequence[Sequence[object]] = item["characters"]  # type: ignore[assignment]
    characters = tuple(Character(str(c[0]), float(str(c[1]))) for c in raw if counts(str(c[0])))
    return Sentence(
        str(item["speaker"]), float(str(item["start"])), float(str(item["end"])), str(item["text"]), characters
    )


def spoken_characters(utterance: Utterance) -> list[Character]:
    """Characters of an utterance with times: of their word, or spread evenly where there are no words."""
    if not utterance.words:
        text = [c for c in utterance.text if counts(c)]
        step = (utterance.end - utterance.start) / max(len(text), 1)
        return [Character(c, utterance.start + i * step) for i, c in enumerate(text)]
    return [character for word in utterance.words for character in _of_word(word.text, word.start, word.end)]


def _of_word(text: str, start: float, end: float) -> list[Character]:
    counted = [c for c in text if counts(c)]
    step = (end - start) / max(len(counted), 1)
    return [Character(c, start + i * step) for i, c in enumerate(counted)]


def align(heard: Sequence[Character], spoken: Sequence[Character]) -> tuple[int, list[int | None]]:
    """Least edits between two rows of characters, and for each heard one the index of its spoken one."""
    costs = _costs(heard, spoken)
    pairs: list[int | None] = [None] * len(heard)
    i, j = len(heard), len(spoken)
    while i and j:
        if costs[i, j] == costs[i - 1, j - 1] + _swap(heard[i - 1], spoken[j - 1]):
            pairs[i - 1] = j - 1 if _swap(heard[i - 1], spoken[j - 1]) < 2 else None
            i, j = i - 1, j - 1
        elif costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return int(costs[-1, -1]), pairs


def _costs(heard: Sequence[Character], spoken: Sequence[Character]) -> np.ndarray:
    """Edit distances of all prefixes, shape (heard + 1, spoken + 1)."""
    steps = np.arange(len(spoken) + 1)
    costs = np.zeros((len(heard) + 1, len(spoken) + 1), np.int32)
    costs[0] = steps
    texts = np.array([c.text for c in spoken], dtype=object)
    times = np.array([c.at for c in spoken])
    for i, character in enumerate(heard, 1):
        swap = np.where(texts == character.text, 0, 1)
        swap = np.where(np.abs(times - character.at) > _FAR_S, 2, swap)
        best = np.minimum(costs[i - 1, 1:] + 1, costs[i - 1, :-1] + swap)
        row = np.concatenate([[i], best]) - steps
        costs[i] = np.minimum.accumulate(row) + steps
    return costs


def _swap(heard: Character, spoken: Character) -> int:
    if abs(heard.at - spoken.at) > _FAR_S:
        return 2
    return 0 if heard.text == spoken.text else 1


def score(transcript: Sequence[tuple[str, Utterance]], reference: Sequence[Sentence]) -> Score:
    """Compare (speaker, utterance) pairs with the reference."""
    edits, starts = 0, list[float]()
    for speaker in sorted({s.speaker for s in reference} | {name for name, _ in transcript}):
        own = sorted((u for name, u in transcript if name == speaker), key=lambda u: u.start)
        spoken = [c for s in reference if s.speaker == speaker for c in s.characters]
        part, errors = _score_speaker(own, spoken)
        edits += part
        starts += errors
    characters = sum(len(s.characters) for s in reference)
    wrong = sum(_wrong_speaker(speaker, utterance, reference) for speaker, utterance in transcript)
    return Score(edits / max(characters, 1), characters, edits, len(transcript), tuple(starts), wrong)


def _score_speaker(own: Sequence[Utterance], spoken: Sequence[Character]) -> tuple[int, list[float]]:
    rows = [spoken_characters(u) for u in own]
    edits, pairs = align([c for row in rows for c in row], spoken)
    errors, first = [], 0
    for utterance, row in zip(own, rows, strict=True):
        found = next((p for p in pairs[first : first + len(row)] if p is not None), None)
        first += len(row)
        if found is not None:
            errors.append(utterance.start - spoken[found].at)
    return edits, errors


def _wrong_speaker(speaker: str, utterance: Utterance, reference: Sequence[Sentence]) -> bool:
    """Whether the middle of the utterance lies in somebody else's sentence and in none of the speaker's own."""
    middle = (utterance.start + utterance.end) / 2
    speaking = {s.speaker for s in reference if s.start - _NEAR_S <= middle <= s.end + _NEAR_S}
    return bool(speaking) and speaker not in speaking
