"""How alike two matters are, and why: the same person, and words that both have.

The strength is of the match, never of a person, and nothing follows from it by itself: a person decides whether one
matter repeats another.  Texts are compared by overlapping pairs of characters, each weighing more the fewer matters
have it (inverse document frequency, Spärck Jones 1972), as a cosine of the two sets.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from server.domain.searchtokens import RUN
from server.domain.telephones import digits
from server.protocol.numbers import money

FUNCTION = frozenset("的了在是我你他她它们和就不也都这那有个一着到说要没去会来上下给把被让为与及对等还又很吗呢吧啊于之其从向")
"""Characters that say how words hang together; pairs with them say little about what a matter is about."""
MOST_REMEMBERED = 200_000
"""Pairs whose weight is kept: about 20 MB."""
MOST_CHARACTERS = 8000
"""Of a text that are compared: the rest of a long record says the same things again."""
SHARED_SHOWN = 4
LONGEST_SHOWN = 12
ALIKE_SOME, ALIKE_MUCH = 0.2, 0.42
"""From these cosines on texts are taken to be about something alike, or about the same."""
SAME_SUM = 0.1
"""Added where both name the same sum of money, in whatever way it is written."""
NEAR = 4
"""Places that begin alike for so many characters lie near each other: 石桥镇柳湾村 and 石桥镇柳河."""
LEAST_PAIRS = 12
"""A shorter text is not said to be contained in another: nearly everything is."""

Strength = Literal["strong", "middle", "weak"]


@dataclass(frozen=True)
class Weights:
    """How much a pair of characters says, from the number of sampled matters that have it."""

    counts: Mapping[str, int] = field(default_factory=dict)
    documents: int = 0
    _squares: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    def share(self, pair: str) -> float:
        """Of all matters that have it, 0 to 1."""
        return self.counts.get(pair, 0) / max(1, self.documents)

    def __call__(self, pair: str) -> float:
        said = sum(character in FUNCTION for character in pair)
        return math.log((self.documents + 20) / (self.counts.get(pair, 0) + 1)) * (1.0, 0.4, 0.1)[said]

    def mass(self, pairs: Iterable[str]) -> float:
        """The sum of the squared weights; those that were counted before are remembered."""
        known, total = self._squares, 0.0
        for pair in pairs:
            square = known.get(pair)
            if square is None:
                if len(known) >= MOST_REMEMBERED:
                    known.clear()
                square = known[pair] = self(pair) ** 2
            total += square
        return total


@dataclass(frozen=True)
class Person:
    """One of those who bring a matter."""

    name: str = ""
    phone: str = ""
    id_number: str = ""
    address: str = ""


@dataclass(frozen=True)
class Told:
    """What is compared of a matter."""

    persons: tuple[Person, ...] = ()
    text: str = ""
    place: str = ""
    category: str = ""

    @cached_property
    def runs(self) -> tuple[str, ...]:
        """Stretches of letters or of Chinese characters."""
        return tuple(RUN.findall("\n".join((self.text, self.place, self.category))[:MOST_CHARACTERS]))

    @cached_property
    def pairs(self) -> frozenset[str]:
        return pairs_of(self.runs)

    @cached_property
    def sums(self) -> dict[int, str]:
        """Sums of money by their value, in the words used."""
        return {one.yuan: one.words for one in money(self.text[:MOST_CHARACTERS]) if one.yuan >= 100}


@dataclass(frozen=True)
class Likeness:
    """How much speaks for two matters being the same or alike."""

    new: Told
    known: Told
    weights: Weights = field(repr=False)
    person: tuple[str, ...]
    """Why the same person brings both."""
    text: float
    """0 to 1."""
    points: int

    @property
    def strength(self) -> Strength:
        return "strong" if self.points >= 3 else "middle" if self.points == 2 else "weak"

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Whole phrases for the screen; put together only for what is shown."""
        return (*self.person, *_about(self.new, self.known, self.weights))


def pairs_of(runs: Iterable[str]) -> frozenset[str]:
    """Overlapping pairs of the Chinese runs, and the other runs (words, numbers) whole where they have 2 signs."""
    found: set[str] = set()
    for run in runs:
        if run[0].isascii():
            found |= {run.lower()} if len(run) >= 2 else set()
        else:
            found |= {run[i : i + 2] for i in range(len(run) - 1)}
    return frozenset(found)


def compare(new: Told, known: Told, weights: Weights) -> Likeness | None:
    """Whether `known` is worth showing beside `new`, and why; None: it is not."""
    person, sure = _same_person(new, known)
    value = cosine(new, known, weights)
    if value >= ALIKE_SOME - SAME_SUM and new.sums and new.sums.keys() & known.sums.keys():
        value = min(1.0, value + SAME_SUM)
    points = (2 if sure else 1 if person else 0) + (2 if value >= ALIKE_MUCH else 1 if value >= ALIKE_SOME else 0)
    if not points:
        return None
    return Likeness(new, known, weights, tuple(person), round(value, 3), points)


def cosine(new: Told, known: Told, weights: Weights) -> float:
    """How alike the texts are, 0 to 1; a short one that is wholly within a long one counts more than half."""
    shared = weights.mass(new.pairs & known.pairs)
    one, other = weights.mass(new.pairs), weights.mass(known.pairs)
    if not shared:
        return 0.0
    within = shared / min(one, other) if min(len(new.pairs), len(known.pairs)) >= LEAST_PAIRS else 0.0
    return max(shared / math.sqrt(one * other), 0.6 * within)


# --- the same person ---------------------------------------------------------------------------------------------


def _same_person(new: Told, known: Told) -> tuple[list[str], bool]:
    """Reasons why somebody brings both, and whether a number says so."""
    several = len(new.persons) > 1 or len(known.persons) > 1
    numbers = _common(new, known, lambda one: one.id_number.strip().upper())
    phones = _common(new, known, lambda one: digits(one.phone))
    reasons = [f"同一个身份证号{_whose(numbers, several)}"] if numbers else []
    reasons += [f"同一个手机号{_whose(phones, several)}"] if phones else []
    if not reasons:
        reasons = _name_and_place(new, known)
        return reasons, False
    return reasons, True


def _common(new: Told, known: Told, number: Callable[[Person], str]) -> list[str]:
    theirs = {number(one) for one in known.persons} - {""}
    return [one.name for one in new.persons if number(one) in theirs]


def _whose(names: list[str], several: bool) -> str:
    return f"（{'、'.join(name for name in names if name)}）" if several and any(names) else ""


def _name_and_place(new: Told, known: Told) -> list[str]:
    for one in new.persons:
        for other in known.persons:
            if one.name.strip() and one.name.strip() == other.name.strip():
                where = _near(one.address, other.address) or _near(new.place, known.place)
                if where:
                    return [f"同名的人，都在{where}"]
    return []


def _near(one: str, other: str) -> str:
    """The place where both are, where one lies within the other or the two begin alike for four characters."""
    one, other = one.strip(), other.strip()
    if not one or not other:
        return ""
    if one in other or other in one:
        return min(one, other, key=len)
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return one[:same] if same >= NEAR else ""


# --- about the same ----------------------------------------------------------------------------------------------


def _about(new: Told, known: Told, weights: Weights) -> list[str]:
    said = shared_words(new, known, weights)
    reasons = [f"都说到 {'、'.join(said)}"] if said else []
    where = _near(new.place, known.place)
    if where and not any(where in one for one in said):
        reasons.append(f"事情都在{where}")
    if new.category.strip() and new.category.strip() == known.category.strip():
        reasons.append(f"同一类：{new.category.strip()}")
    return reasons


def shared_words(new: Told, known: Told, weights: Weights) -> list[str]:
    """The stretches of text that both have and that say most, sums of money in whatever way they are written."""
    sums = [words for value, words in new.sums.items() if value in known.sums]
    found = {}
    for run in new.runs:
        for words in _stretches(run, known):
            found[words] = sum(weights(pair) for pair in pairs_of([words]))
    best = sorted(found, key=lambda words: (-found[words], words))
    kept: list[str] = sums[:2]
    for words in best:
        if len(kept) >= SHARED_SHOWN:
            break
        if not any(words in one or one in words for one in kept):
            kept.append(words if len(words) <= LONGEST_SHOWN else words[: LONGEST_SHOWN - 1] + "…")
    return kept


def _stretches(run: str, known: Told) -> Iterable[str]:
    """The longest stretches of `run` that the known matter has, too, one after the other."""
    if run[0].isascii():
        return [run] if len(run) >= 3 and run.lower() in known.pairs else []
    found, text, at = [], "\n".join(known.runs), 0
    while at < len(run) - 1:
        end = at + 1
        while end < len(run) and run[at : end + 1] in text:
            end += 1
        if end - at >= 2:
            found.append(_trimmed(run[at:end]))
        at = max(end, at + 1)
    return [words for words in found if len(words) >= 2]


def _trimmed(words: str) -> str:
    while words and words[0] in FUNCTION:
        words = words[1:]
    while words and words[-1] in FUNCTION:
        words = words[:-1]
    return words
