"""What a draft of a dialogue should hold, and how much of it one does: precision and recall of fields.

A dialogue's labels.json names, by the numbers of the reference's utterances (from 0):

    {"fields": {"name": {"value": "何德顺"}, "people": {"value": "二十六个农民工", "also": ["二十六个"]},
                "facts": {"utterances": [7, 8], "optional": [13]}},
     "promises": [{"utterance": 26, "who": "镇政府", "what": "拿出处理意见", "by": "五个工作日内",
                   "count": 5, "unit": "workday", "optional": false}]}

A short field has one value (`also`: others as right); a field of sentences has the utterances it must rest on, and
`optional` ones that are right either way.  `who` is empty where the speaker undertakes it, `by` where no time was said.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.protocol.drafting import Draft, DraftField, DraftLine, Promise
from transcription.evaluate import Sentence, counts


@dataclass(frozen=True)
class ShortLabel:
    """A field with one value."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class SentenceLabel:
    """A field of whole sentences, by numbers of the reference's utterances."""

    utterances: frozenset[int]
    optional: frozenset[int]


@dataclass(frozen=True)
class PromiseLabel:
    """What was undertaken in one of the reference's utterances."""

    utterance: int
    who: str
    what: str
    by: str
    count: int | None
    unit: str | None
    optional: bool


@dataclass(frozen=True)
class Labels:
    """The labels of one dialogue."""

    fields: Mapping[str, ShortLabel | SentenceLabel]
    promises: tuple[PromiseLabel, ...]


@dataclass(frozen=True)
class FieldScore:
    """What was right, wrong and missing: names of fields, with an utterance's number for fields of sentences."""

    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __add__(self, other: "FieldScore") -> "FieldScore":
        return FieldScore(self.right + other.right, self.wrong + other.wrong, self.missing + other.missing)

    @property
    def precision(self) -> float:
        """Share of what the draft holds that is right; 1 where it holds nothing."""
        given = len(self.right) + len(self.wrong)
        return len(self.right) / given if given else 1.0

    @property
    def recall(self) -> float:
        """Share of what it should hold that it holds; 1 where it should hold nothing."""
        wanted = len(self.right) + len(self.missing)
        return len(self.right) / wanted if wanted else 1.0


def load_labels(path: Path) -> Labels:
    """Read a labels.json; ValueError where a field has neither a value nor utterances."""
    data = json.loads(path.read_text("utf-8"))
    return Labels(
        {name: _label(name, item) for name, item in data["fields"].items()},
        tuple(
            PromiseLabel(
                item["utterance"], item["who"], item["what"], item["by"],
                item.get("count"), item.get("unit"), item.get("optional", False),
            )
            for item in data["promises"]
        ),
    )  # fmt: skip


def _label(name: str, item: Mapping[str, Any]) -> ShortLabel | SentenceLabel:
    if "value" in item:
        return ShortLabel((item["value"], *item.get("also", ())))
    if "utterances" in item:
        return SentenceLabel(frozenset(item["utterances"]), frozenset(item.get("optional", ())))
    raise ValueError(f"{name}: neither value nor utterances")


def score_fields(draft: Draft, labels: Labels, reference: Sequence[Sentence]) -> FieldScore:
    """Compare a draft's fields with the labels.

    A short value is right when its letters and digits are those of the label, whatever its punctuation.  In fields of
    sentences every spoken sentence that is cited counts as one; a cited utterance is the sentence of its speaker that
    it overlaps longest.  A value without evidence in the draft's lines is wrong.
    """
    places = spoken_places(draft, reference)
    found = {field.field: field for field in draft.fields}
    score = FieldScore(wrong=tuple(name for name in found if name not in labels.fields))
    for name, label in labels.fields.items():
        field = found.get(name)
        if isinstance(label, ShortLabel):
            score += _score_short(name, label, field, places)
        else:
            score += _score_sentences(name, label, field, places)
    return score


def _score_short(
    name: str, label: ShortLabel, field: DraftField | None, places: Mapping[str, int | None]
) -> FieldScore:
    if field is None:
        return FieldScore(missing=(name,))
    rests = bool(field.utterance_ids) and all(places.get(id_) is not None for id_ in field.utterance_ids)
    if rests and plain(field.value) in {plain(value) for value in label.values}:
        return FieldScore(right=(name,))
    return FieldScore(wrong=(name,), missing=(name,))


def _score_sentences(
    name: str, label: SentenceLabel, field: DraftField | None, places: Mapping[str, int | None]
) -> FieldScore:
    ids = field.utterance_ids if field else ()
    cited = {places.get(id_) for id_ in ids}
    nowhere = field is not None and (not ids or None in cited)
    numbers = {number for number in cited if number is not None}
    return FieldScore(
        _named(name, numbers & label.utterances),
        _named(name, numbers - label.utterances - label.optional) + ((name,) if nowhere else ()),
        _named(name, label.utterances - numbers),
    )


def _named(name: str, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(f"{name} {number}" for number in sorted(numbers))


def score_promises(draft: Draft, labels: Labels, reference: Sequence[Sentence]) -> FieldScore:
    """Compare a draft's promises with the labels: right where sentence, who, what and by when all are."""
    places = spoken_places(draft, reference)
    wanted = {label.utterance: label for label in labels.promises}
    score, met = FieldScore(), set[int]()
    for promise in draft.promises:
        number = next((places[id_] for id_ in promise.utterance_ids if places.get(id_) is not None), None)
        label = wanted.get(number) if number is not None else None
        name = f"promise {number}"
        if label is None or number in met or not _same_promise(promise, label):
            score += FieldScore(wrong=(name,))
        elif label.optional:
            met.add(label.utterance)
        else:
            met.add(label.utterance)
            score += FieldScore(right=(name,))
    missing = sorted(n for n, label in wanted.items() if n not in met and not label.optional)
    return score + FieldScore(missing=tuple(f"promise {number}" for number in missing))


def _same_promise(promise: Promise, label: PromiseLabel) -> bool:
    said = [plain(part) for part in (promise.who, promise.what, promise.by)]
    wanted = [plain(part) for part in (label.who, label.what, label.by)]
    return said == wanted and (promise.count, promise.unit) == (label.count, label.unit)


def plain(text: str) -> str:
    """Letters and digits only, full-width ones as the usual ones."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if counts(c))


def spoken_places(draft: Draft, reference: Sequence[Sentence]) -> dict[str, int | None]:
    """Utterance id → number of the reference's utterance that its line overlaps longest, or None."""
    return {id_: _place(line, reference) for line in draft.lines for id_ in line.utterance_ids}


def _place(line: DraftLine, reference: Sequence[Sentence]) -> int | None:
    overlaps = [
        (min(line.end, sentence.end) - max(line.start, sentence.start), -number)
        for number, sentence in enumerate(reference)
        if sentence.speaker == line.participant_id
    ]
    longest, number = max(overlaps, default=(0.0, 0))
    return -number if longest > 0 else None
