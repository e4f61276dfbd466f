"""Which words of a second recording are new: what was heard already is not said twice, and what was said twice stays.

Recognition places the same word of two recordings up to a second and more apart, most of all beside a gap, where one
of them hears silence.  So times alone do not tell; the order of what was said does.  Both are laid beside each other
as sequences of characters, and what the second has between those they share is new where the gap is.
"""

import re
import statistics
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from server.protocol.transcript import Word

EDGE_S = 0.15
"""A character whose middle lies so little outside the gap may have been cut by it."""
FARTHEST_S = 2.0
"""No character is the same as one that stands farther away (measured beside a gap: 0.97)."""
OTHERWISE_S = 0.8
"""Other characters so near, where both have one, are the same sound understood otherwise."""

# What an alignment is worth; in characters.
SAME = 2.0
SAME_APART = 1.2
"""So much less when they stand very far apart; the first tenths of a second count most."""
NEW = 1.0
NEW_PER_S = 3.0
"""New characters are looked for half a second beside the gap, and no farther."""
OTHERWISE = 0.5
PASSED = 0.3
"""The copy has a character that the recording has not, where there is no gap."""
BEGUN = 0.7
"""Shared and new characters come in runs: beginning one costs."""
MISSED = 1.0
"""Something the recording heard is not in the copy, which heard the same time."""
SHIFT_FROM = 3
"""So many shared characters on each side of the gap tell that all of the copy is placed too late or too early."""
SHIFT_AGREES_S = 0.4


@dataclass(frozen=True)
class _Sign:
    """One character that is spoken (or one number or foreign word), its time and its place in its word."""

    text: str
    at: float
    word: int
    first: int
    behind: int


class _Step(IntEnum):
    """What was done last: a character is in both, is new, is new if what follows is, or of no interest."""

    BOTH = 0
    NEW = 1
    EDGE = 2
    """Still outside the gap."""
    PASSED = 3


_Place = tuple[int, int, _Step]
"""So many of the heard and of the known are behind, and what was done last."""


def fresh_words(known: Sequence[Word], heard: Sequence[Word], start: float, end: float) -> list[Word | None]:
    """For each word of `heard`: itself where it is new between `start` and `end` and not in `known`, its new part where
    a part is new, else None.

    Both in the order of time, with some seconds around the gap: those tell which words are the same ones.
    """
    old, new = _signs(known), _signs(heard)
    fresh = _Alignment(old, new, start, end).fresh()
    found: list[Word | None] = []
    for number, word in enumerate(heard):
        mine = [sign for sign in new if sign.word == number]
        kept = [sign for sign in mine if sign in fresh]
        if not mine:
            found.append(word if found and found[-1] else None)  # punctuation goes with the word before it
        else:
            found.append(_part(word, mine, kept))
    return found


def _part(word: Word, signs: Sequence[_Sign], kept: Sequence[_Sign]) -> Word | None:
    """The word from its first to its last new character."""
    if not kept or len(kept) == len(signs):
        return word if kept else None
    first = 0 if kept[0] == signs[0] else kept[0].first
    behind = len(word.text) if kept[-1] == signs[-1] else kept[-1].behind
    half = (word.end - word.start) / len(signs) / 2
    return word.model_copy(update={"start": kept[0].at - half, "end": kept[-1].at + half, "text": word.text[first:behind]})


def _signs(words: Sequence[Word]) -> list[_Sign]:
    found = []
    for number, word in enumerate(words):
        spoken = [m for m in re.finditer(r"[A-Za-z0-9]+|.", word.text) if unicodedata.category(m[0][0])[0] in "LN"]
        step = (word.end - word.start) / max(len(spoken), 1)
        for i, part in enumerate(spoken):
            found.append(_Sign(part[0].casefold(), word.start + step * (i + 0.5), number, part.start(), part.end()))
    return found


class _Alignment:
    """The known and the heard laid beside each other, best by dynamic programming."""

    def __init__(self, old: Sequence[_Sign], new: Sequence[_Sign], start: float, end: float) -> None:
        near = (new[0].at - FARTHEST_S, new[-1].at + FARTHEST_S) if new else (0.0, 0.0)
        self._old = [sign for sign in old if near[0] <= sign.at <= near[1]]
        self._new, self._start, self._end = new, start, end
        self._shift = 0.0

    def fresh(self) -> set[_Sign]:
        """What is new."""
        way = self._way()
        self._shift = self._shift_of(way)
        if self._shift:
            way = self._way()
        return {self._new[i - 1] for i, _, step in way if step in (_Step.NEW, _Step.EDGE)}

    def _shift_of(self, way: Sequence[_Place]) -> float:
        """By how much all of the copy is placed too late, as both sides of the gap tell alike; else 0."""
        middle = (self._start + self._end) / 2
        sides: tuple[list[float], list[float]] = ([], [])
        for i, j, step in way:
            if step == _Step.BOTH and self._old[j - 1].text == self._new[i - 1].text:
                sides[self._old[j - 1].at > middle].append(self._new[i - 1].at - self._old[j - 1].at)
        if min(map(len, sides)) < SHIFT_FROM:
            return 0.0
        before, after = map(statistics.median, sides)
        return (before + after) / 2 if abs(before - after) <= SHIFT_AGREES_S else 0.0

    def _way(self) -> list[_Place]:
        """The places of the best way, in order."""
        best: dict[_Place, float] = {(0, 0, _Step.PASSED): 0.0}
        came: dict[_Place, _Place] = {}
        for i in range(len(self._new) + 1):
            for j in self._beside(i):
                for place in ((i, j, step) for step in _Step if (i, j, step) in best):
                    for reached, worth in self._steps(place):
                        if best[place] + worth > best.get(reached, float("-inf")):
                            best[reached], came[reached] = best[place] + worth, place
        last = ((len(self._new), len(self._old), step) for step in _Step if step != _Step.EDGE)
        way: list[_Place] = [max(last, key=lambda place: best.get(place, float("-inf")))]
        while way[-1] in came:
            way.append(came[way[-1]])
        return way[::-1]

    def _beside(self, i: int) -> range:
        """How many of the known may be behind when `i` of the heard are: far in time from each other need not be tried."""
        near = self._new[max(i - 1, 0)].at - 2 * FARTHEST_S if self._new else 0.0
        far = self._new[min(i, len(self._new) - 1)].at + 2 * FARTHEST_S if self._new else 0.0
        times = [sign.at for sign in self._old]
        return range(bisect_left(times, near), len(times) + 1 if i >= len(self._new) else bisect_right(times, far) + 1)

    def _steps(self, place: _Place) -> Iterator[tuple[_Place, float]]:
        """Where one can go from a place, and what it is worth."""
        i, j, last = place
        if i < len(self._new):
            in_run = last in (_Step.NEW, _Step.EDGE)
            step = _Step.NEW if last == _Step.NEW or self._outside(self._new[i]) <= EDGE_S else _Step.EDGE
            yield (i + 1, j, step), self._worth_as_new(i, j) - (0.0 if in_run else BEGUN)
        if last == _Step.EDGE:
            return
        if i < len(self._new):
            yield (i + 1, j, _Step.PASSED), -PASSED
        if j < len(self._old):
            heard_then = self._new and self._new[0].at <= self._old[j].at <= self._new[-1].at
            yield (i, j + 1, _Step.PASSED), -MISSED if heard_then else 0.0
        if i < len(self._new) and j < len(self._old):
            both = self._worth_as_both(self._old[j], self._new[i])
            yield (i + 1, j + 1, _Step.BOTH), both - (0.0 if last == _Step.BOTH else BEGUN)

    @staticmethod
    def _worth_as_both(old: _Sign, new: _Sign) -> float:
        apart = abs(old.at - new.at)
        if old.text == new.text and apart <= FARTHEST_S:
            return SAME - SAME_APART * apart / (apart + 1.0)
        return OTHERWISE - apart if apart <= OTHERWISE_S else float("-inf")

    def _worth_as_new(self, i: int, j: int) -> float:
        """It is said in the gap, and stands between what the recording has before the gap and after it."""
        before = self._old[j - 1].at - self._end if j else 0.0
        after = self._start - self._old[j].at if j < len(self._old) else 0.0
        misplaced = max(0.0, max(before, after) - EDGE_S)
        return NEW - NEW_PER_S * max(0.0, self._outside(self._new[i]) - EDGE_S) - misplaced

    def _outside(self, sign: _Sign) -> float:
        """Seconds from the gap, 0 in it."""
        times = (sign.at, sign.at - self._shift)
        return min(max(0.0, self._start - at, at - self._end) for at in times)
