"""Where two passes over the same recording heard something else.

What was said is laid beside each other per person, character by character, as near in time as the passes place it:
they hear the same sound, but cut it and time it a little differently.  Punctuation is nobody's mishearing, and what is
only written in another form (36800 and 三万六千八百) is no difference either; the caller says what is.
"""

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from server.domain.linewords import TimedWord, part

Alike = Callable[[str, str], bool]
"""Whether two readings of one utterance differ in nothing but their written form."""

FARTHEST_S = 2.0
"""Characters farther apart are not the same ones (two passes place a word up to half a second apart)."""
OTHERWISE_S = 0.8
"""Other characters so near are the same sound understood otherwise."""
SAME = 2.0
SAME_PER_S = 0.5
OTHERWISE = 0.6
OTHERWISE_PER_S = 0.5
ALONE = -0.1
MUCH_SURER = 0.2
"""The second pass's reading stands unless the first is surer of its own by more (deploy/decisions/0010-second-pass.md)."""
BELIEVED = 0.6
"""A new line is proposed only from words that are that probable in the mean (wrong words have a median of 0.6)."""
TOGETHER = 1
"""Differences with no more characters between them are one."""


class Kind(StrEnum):
    """Who heard something there."""

    BOTH = "both"
    FIRST = "only_first"
    SECOND = "only_second"


@dataclass(frozen=True)
class Heard:
    """What one pass heard at once from one person; the words spell `text`."""

    id: str
    participant: str
    start: float
    end: float
    text: str
    words: tuple[TimedWord, ...]


@dataclass(frozen=True)
class Difference:
    """A place where the passes differ.

    `first` to `last`: characters of the first pass's utterance (`utterance`), equal where it heard nothing;
    `heard`: the second pass's words for them.  No utterance: the first pass heard nothing at all there.
    """

    kind: Kind
    participant: str
    utterance: str
    first: int
    last: int
    heard: tuple[TimedWord, ...]
    start: float
    end: float
    probability: float
    """Of the first pass's words there, in the mean; 0 where it heard nothing."""

    @property
    def text(self) -> str:
        """What the second pass heard."""
        return "".join(word.text for word in self.heard)

    @property
    def second_is_better(self) -> bool:
        """Both heard something, and the first is not much surer of it."""
        return self.kind is Kind.BOTH and mean_probability(self.heard) > self.probability - MUCH_SURER


@dataclass(frozen=True)
class _Sign:
    """A spoken character with its time and its place: which utterance, which character of its text."""

    text: str
    at: float
    owner: int
    place: int


def mean_probability(words: Sequence[TimedWord]) -> float:
    """Per character; 0 for nothing."""
    letters = sum(len(word.text) for word in words)
    return sum(word.probability * len(word.text) for word in words) / letters if letters else 0.0


def spelling_words(text: str, words: Sequence[TimedWord], start: float, end: float) -> tuple[TimedWord, ...]:
    """The words if they spell the text; else, and where an engine gives none, one for each character."""
    if words and "".join(word.text for word in words) == text:
        return tuple(words)
    step = (end - start) / max(len(text), 1)
    sure = mean_probability(words)
    return tuple(TimedWord(start + step * i, start + step * (i + 1), c, sure) for i, c in enumerate(text))


def differences(first: Sequence[Heard], second: Sequence[Heard], alike: Alike) -> list[Difference]:
    """Where the second pass heard something else than the first, in order of time."""
    found: list[Difference] = []
    for participant in dict.fromkeys(one.participant for one in (*first, *second)):
        found += _Person(participant, _of(first, participant), _of(second, participant), alike).differences()
    return sorted(found, key=lambda one: one.start)


def _of(heard: Iterable[Heard], participant: str) -> list[Heard]:
    return sorted((one for one in heard if one.participant == participant), key=lambda one: one.start)


def reading(words: Sequence[TimedWord], taken: Iterable[Difference]) -> tuple[TimedWord, ...]:
    """The words of an utterance with the second pass's reading at these places of it."""
    length = sum(len(word.text) for word in words)
    found, at = list[TimedWord](), 0
    for one in sorted(taken, key=lambda one: (one.first, one.last)):
        found += [*part(words, at, one.first), *one.heard]
        at = one.last
    return (*found, *part(words, at, length))


def signs(heard: Sequence[Heard]) -> list[_Sign]:
    """Every character that is spoken, in order; foreign words and figures by character, too."""
    found = []
    for owner, one in enumerate(heard):
        place = 0
        for word in one.words:
            step = (word.end - word.start) / max(len(word.text), 1)
            for i, character in enumerate(word.text):
                if unicodedata.category(character)[0] in "LN":
                    found.append(_Sign(character.casefold(), word.start + step * (i + 0.5), owner, place + i))
            place += len(word.text)
    return found


@dataclass(frozen=True)
class _Change:
    """Signs a0 to a1 of the first pass stand beside b0 to b1 of the second."""

    a0: int
    a1: int
    b0: int
    b1: int


class _Person:
    """Both passes over one person's sound."""

    def __init__(self, participant: str, first: Sequence[Heard], second: Sequence[Heard], alike: Alike) -> None:
        self._participant, self._first, self._second, self._alike = participant, first, second, alike
        self._a, self._b = signs(first), signs(second)
        self._pairs = _aligned(self._a, self._b)
        self._known = {self._b[j].owner for _, j in self._pairs}

    def differences(self) -> Iterator[Difference]:
        for change in self._changes():
            for owner, a0, a1, b0, b1 in self._by_utterance(change):
                yield from self._difference(owner, a0, a1, b0, b1)
        yield from self._new()

    def _changes(self) -> Iterator[_Change]:
        """Stretches between the pairs of equal signs, those with hardly anything between them as one."""
        equal = [(i, j) for i, j in self._pairs if self._a[i].text == self._b[j].text]
        a, b = 0, 0
        open_: _Change | None = None
        for i, j in [*equal, (len(self._a), len(self._b))]:
            if i > a or j > b:
                if open_ is not None and self._close(open_, a, b):
                    open_ = _Change(open_.a0, i, open_.b0, j)
                else:
                    if open_ is not None:
                        yield open_
                    open_ = _Change(a, i, b, j)
            a, b = i + 1, j + 1
        if open_ is not None:
            yield open_

    def _close(self, before: _Change, a: int, b: int) -> bool:
        """Whether a change that begins at a, b goes on where the one before it ended."""
        near = a - before.a1 <= TOGETHER and b - before.b1 <= TOGETHER
        between = self._a[before.a1 : a + 1]
        return near and len({sign.owner for sign in [*self._a[before.a0 : before.a1], *between]}) <= 1

    def _by_utterance(self, change: _Change) -> Iterator[tuple[int, int, int, int, int]]:
        """(utterance of the first pass, a0, a1, b0, b1): a change cut where the first pass begins another utterance."""
        mine = [(owner, len(list(group))) for owner, group in groupby(s.owner for s in self._a[change.a0 : change.a1])]
        theirs = [j for j in range(change.b0, change.b1) if self._b[j].owner in self._known]
        if not mine:
            owner = self._beside(change, theirs)
            if owner is not None:
                yield owner, change.a0, change.a0, theirs[0], theirs[-1] + 1
            return
        a0, rest = change.a0, theirs
        for number, (owner, count) in enumerate(mine):
            last = a0 + count - 1
            until = (self._a[last].at + self._a[last + 1].at) / 2 if number + 1 < len(mine) else float("inf")
            own = [j for j in rest if self._b[j].at < until]
            rest = rest[len(own) :]
            yield owner, a0, a0 + count, *((own[0], own[-1] + 1) if own else (change.b0, change.b0))
            a0 += count

    def _beside(self, change: _Change, theirs: Sequence[int]) -> int | None:
        """The utterance into which something falls that only the second pass heard."""
        if not theirs:
            return None
        at = self._b[theirs[0]].at
        near = [i for i in (change.a0 - 1, change.a0) if 0 <= i < len(self._a)]
        return self._a[min(near, key=lambda i: abs(self._a[i].at - at))].owner if near else None

    def _difference(self, owner: int, a0: int, a1: int, b0: int, b1: int) -> Iterator[Difference]:
        utterance = self._first[owner]
        heard = self._words(b0, b1)
        first, last = self._places(owner, a0, a1)
        if not heard and not spoken(utterance.text[:first] + utterance.text[last:]):
            first, last = 0, len(utterance.text)  # all of it, with its full stop
        text = "".join(word.text for word in heard)
        if self._alike(utterance.text, utterance.text[:first] + text + utterance.text[last:]):
            return
        own = part(utterance.words, first, last)
        kind = Kind.SECOND if first == last else Kind.BOTH if heard else Kind.FIRST
        times = own or heard
        yield Difference(
            kind, self._participant, utterance.id, first, last, heard,
            times[0].start, max(times[-1].end, times[0].start), mean_probability(own),
        )  # fmt: skip

    def _places(self, owner: int, a0: int, a1: int) -> tuple[int, int]:
        """Characters of the utterance; where the first pass heard nothing, the place where it would stand."""
        if a0 < a1:
            return self._a[a0].place, self._a[a1 - 1].place + 1
        before = self._a[a0 - 1] if a0 and self._a[a0 - 1].owner == owner else None
        place = before.place + 1 if before else 0
        return place, place

    def _words(self, b0: int, b1: int) -> tuple[TimedWord, ...]:
        """The second pass's words from one sign to another; over the edge of an utterance, of both."""
        found: list[TimedWord] = []
        for owner, group in groupby(self._b[b0:b1], key=lambda sign: sign.owner):
            own = list(group)
            found += part(self._second[owner].words, own[0].place, own[-1].place + 1)
        return tuple(found)

    def _new(self) -> Iterator[Difference]:
        """What only the second pass heard, whole utterances of it."""
        spoken = {sign.owner for sign in self._b} - self._known
        for one in (self._second[owner] for owner in sorted(spoken)):
            if mean_probability(one.words) >= BELIEVED:
                yield Difference(Kind.SECOND, self._participant, "", 0, 0, one.words, one.start, one.end, 0.0)


def _aligned(a: Sequence[_Sign], b: Sequence[_Sign]) -> list[tuple[int, int]]:
    """Pairs of signs that stand for the same sound, by dynamic programming over those near in time."""
    rows = _rows(a, b)
    came = [array("b", bytes(len(row))) for row in rows]  # 0: none, 1: both, 2: only a, 3: only b
    best: list[float] = []
    for i, row in enumerate(rows):
        above, first = best, rows[i - 1].start if i else 0
        best = [float("-inf")] * len(row)
        for n, j in enumerate(row):
            for step, worth in _ways(a, b, i, j, above, first, best, n):
                if worth > best[n]:
                    best[n], came[i][n] = worth, step
    return _traced(rows, came)


def _rows(a: Sequence[_Sign], b: Sequence[_Sign]) -> list[range]:
    """For each number of signs of `a` that are behind: how many of `b` may be."""
    times = [sign.at for sign in b]
    rows: list[range] = []
    low = 0
    for i in range(len(a) + 1):
        near = bisect_left(times, a[i - 1].at - 2 * FARTHEST_S) if i else 0
        far = bisect_right(times, a[i].at + 2 * FARTHEST_S) if i < len(a) else len(b)
        low = max(low, min(near, rows[-1].stop - 1) if rows else 0)
        rows.append(range(low, max(far, low) + 1))
    return rows


def _ways(
    a: Sequence[_Sign], b: Sequence[_Sign], i: int, j: int, above: Sequence[float], first: int, here: Sequence[float], n: int
) -> Iterator[tuple[int, float]]:
    """(how, worth) of every way to this place."""
    if i == 0 and j == 0:
        yield 0, 0.0
    if i and 0 <= j - first < len(above):
        yield 2, above[j - first] + ALONE
    if n:
        yield 3, here[n - 1] + ALONE
    if i and j and 0 <= j - 1 - first < len(above):
        yield 1, above[j - 1 - first] + _worth(a[i - 1], b[j - 1])


def _worth(a: _Sign, b: _Sign) -> float:
    apart = abs(a.at - b.at)
    if a.text == b.text and apart <= FARTHEST_S:
        return SAME - SAME_PER_S * apart
    return OTHERWISE - OTHERWISE_PER_S * apart if apart <= OTHERWISE_S else float("-inf")


def _traced(rows: Sequence[range], came: Sequence["array[int]"]) -> list[tuple[int, int]]:
    i, j = len(rows) - 1, rows[-1].stop - 1
    pairs = []
    while i or j:
        step = came[i][j - rows[i].start]
        if step == 1:
            pairs.append((i - 1, j - 1))
        i, j = i - (step in (1, 2)), j - (step in (1, 3))
    return pairs[::-1]


_WORDLESS = re.compile(r"[\W_]+")


def spoken(text: str) -> str:
    """The text without punctuation and spaces, in small letters."""
    return _WORDLESS.sub("", text).casefold()
