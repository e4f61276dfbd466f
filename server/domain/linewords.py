"""Words of a line with their times, and how they follow the text when a clerk changes it.

A word is [start, end, text, probability] as in the store, with a fifth `true` where a hand typed it: its time is what
its neighbours leave.  After `retime` the words spell the text exactly.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import Any, NamedTuple

ALIGN_LIMIT = 2000
"""Longest stretch (characters) that is aligned; SequenceMatcher is quadratic at worst.  Longer ones get one
interval: right on the whole, coarse within."""


class TimedWord(NamedTuple):
    """One word; seconds of media time."""

    start: float
    end: float
    text: str
    probability: float
    typed: bool = False
    """By hand: nobody heard it at just this time."""


def from_store(words: Sequence[Sequence[Any]]) -> list[TimedWord]:
    """Words as the store keeps them."""
    return [TimedWord(float(w[0]), float(w[1]), str(w[2]), float(w[3]), len(w) > 4 and bool(w[4])) for w in words]


def to_store(words: Sequence[TimedWord]) -> list[list[Any]]:
    """Words as plain lists for a JSON column."""
    return [list(word) if word.typed else list(word[:4]) for word in words]


def spelled(words: Sequence[TimedWord]) -> str:
    """The text that the words spell."""
    return "".join(word.text for word in words)


def cut(word: TimedWord, first: int, last: int) -> TimedWord:
    """Characters first..last of a word, its time shared out evenly."""
    per = (word.end - word.start) / max(1, len(word.text))
    start, end = round(word.start + per * first, 3), round(word.start + per * last, 3)
    return word._replace(start=start, end=end, text=word.text[first:last])


def part(words: Sequence[TimedWord], first: int, last: int) -> list[TimedWord]:
    """The words between two character positions of the text they spell; words at the ends are cut."""
    found, at = [], 0
    for word in words:
        begin, end = max(first, at), min(last, at + len(word.text))
        if begin < end:
            whole = begin == at and end == at + len(word.text)
            found.append(word if whole else cut(word, begin - at, end - at))
        at += len(word.text)
    return found


def retime(words: Sequence[TimedWord], text: str, start: float, end: float) -> list[TimedWord]:
    """Words for an edited text: what is unchanged keeps its times, what was typed gets the interval that the
    words around it leave; punctuation goes to the word before it.  No words in, none out."""
    if not words or not text:
        return []
    old = spelled(words)
    result: list[TimedWord] = []
    for tag, a0, a1, b0, b1 in _changes(old, text):
        if tag == "equal":
            result += part(words, a0, a1)
        elif b0 < b1:
            _put(result, text[b0:b1], _interval(words, a0, a1, start, end))
    return result


def all_heard(words: Sequence[TimedWord], recognised: Sequence[TimedWord], start: float, end: float) -> list[TimedWord]:
    """What was heard from start to end: the words of a line as it stands, without what a hand typed, and in the holes
    between them the recognised words that once stood there."""
    kept = [word for word in words if not word.typed]
    gone = [
        cut(word, first, last)
        for word in recognised
        for first, last in _stretches(
            [start <= middle <= end and not any(one.start <= middle <= one.end for one in kept) for middle in _middles(word)]
        )
    ]
    if any(later.start < earlier.start for earlier, later in pairwise(kept)):
        return kept
    return sorted([*kept, *gone], key=lambda word: word.start)


def _middles(word: TimedWord) -> list[float]:
    """The middle of each character's time."""
    per = (word.end - word.start) / max(1, len(word.text))
    return [word.start + per * (i + 0.5) for i in range(len(word.text))]


def _stretches(wanted: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where true ones stand together: from the first to after the last."""
    for is_wanted, places in groupby(range(len(wanted)), key=wanted.__getitem__):
        if is_wanted:
            first, *rest = places
            yield first, (rest[-1] if rest else first) + 1


def common_ends(old: str, new: str) -> tuple[int, int]:
    """How many characters both begin with, and how many of the rest both end with."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def differing(now: str, other: str) -> tuple[int, int, int]:
    """(first, last, end): characters first..last of `now` are first..end in `other`; figures are not cut."""
    first, tail = common_ends(now, other)
    while first and _figure(now[first - 1]) and (_figure(now[first : first + 1]) or _figure(other[first : first + 1])):
        first -= 1
    while tail and _figure(now[-tail]) and (_figure(now[-tail - 1 :][:1]) or _figure(other[-tail - 1 :][:1])):
        tail -= 1
    return first, len(now) - tail, len(other) - tail


def _figure(character: str) -> bool:
    return character != "" and character in "0123456789."


def _changes(old: str, new: str) -> Iterator[tuple[str, int, int, int, int]]:
    """Opcodes from old to new, like SequenceMatcher's, at bounded cost."""
    head, tail = common_ends(old, new)
    old_end, new_end = len(old) - tail, len(new) - tail
    if head:
        yield "equal", 0, head, 0, head
    yield from _middle(old[head:old_end], new[head:new_end], head)
    if tail:
        yield "equal", old_end, len(old), new_end, len(new)


def _middle(old: str, new: str, offset: int) -> Iterator[tuple[str, int, int, int, int]]:
    if max(len(old), len(new)) > ALIGN_LIMIT:
        yield "replace", offset, offset + len(old), offset, offset + len(new)
        return
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield tag, offset + a0, offset + a1, offset + b0, offset + b1


def _interval(words: Sequence[TimedWord], first: int, last: int, start: float, end: float) -> tuple[float, float]:
    """Time of the characters first..last; of an empty stretch, the hole between its neighbours."""
    inside = part(words, first, last)
    if inside:
        return inside[0].start, inside[-1].end
    before, after = part(words, 0, first), part(words, first, sum(len(word.text) for word in words))
    left = before[-1].end if before else start
    right = after[0].start if after else end
    return left, max(left, right)


def _put(result: list[TimedWord], text: str, interval: tuple[float, float]) -> None:
    if result and all(unicodedata.category(character)[0] in "PZ" for character in text):
        result[-1] = result[-1]._replace(text=result[-1].text + text)
    else:
        result.append(TimedWord(interval[0], interval[1], text, 1.0, typed=True))


def find_stretch(old: str, first: int, last: int, new: str) -> tuple[int, int] | None:
    """Where the characters first..last of `old` are in `new`; None when they, or what stood around an empty stretch,
    are not there any more as they were."""
    for tag, a0, a1, b0, b1 in _changes(old, new):
        if tag != "equal" or first < a0 or last > a1:
            continue
        inside = first < last or (
            (a0 < first or (first, b0) == (0, 0)) and (last < a1 or (last, b1) == (len(old), len(new)))
        )
        if inside:
            return b0 + first - a0, b0 + last - a0
    return None


def position_in(other: str, text: str, at: int) -> int:
    """Where in `other` the place before character `at` of `text` is (for cutting what was recognised)."""
    for tag, a0, a1, b0, b1 in _changes(other, text):
        if b0 <= at <= b1 and (tag == "equal" or at < b1):
            return a0 + min(at - b0, a1 - a0)
    return len(other)
