"""Which words of a second recording are new: what was heard already is not said twice."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from server.protocol.transcript import Word

SAME_WITHIN_S = 0.8
"""Recognition places the same word of two recordings differently by so much at most (measured: 0.4)."""
EDGE_S = 0.15
"""A word that begins so little outside the gap may have been cut by it."""


@dataclass(frozen=True)
class _Sign:
    """One character that is spoken, its time, and the word it belongs to."""

    text: str
    at: float
    word: int


def fresh_words(known: Sequence[Word], heard: Sequence[Word], start: float, end: float) -> list[Word]:
    """Words of `heard` that lie between `start` and `end` and are not in `known`, which may reach into it a little.

    Both in the order of time.  The same characters in the same order at about the same time are the same words.
    """
    old, new = _signs(known), _signs(heard)
    said = _matched(old, new)
    letters = Counter(sign.word for sign in new)
    found: list[Word] = []
    for i, word in enumerate(heard):
        if not letters[i]:
            kept = bool(found) and i > 0 and found[-1] is heard[i - 1]  # punctuation goes with the word before it
        else:
            kept = start - EDGE_S <= _middle(word) <= end + EDGE_S and said[i] * 2 <= letters[i]
        if kept:
            found.append(word)
    return found


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _signs(words: Sequence[Word]) -> list[_Sign]:
    found = []
    for number, word in enumerate(words):
        letters = [c for c in word.text if unicodedata.category(c)[0] in "LN"]
        step = (word.end - word.start) / max(len(letters), 1)
        found += [_Sign(c, word.start + step * (i + 0.5), number) for i, c in enumerate(letters)]
    return found


def _matched(old: Sequence[_Sign], new: Sequence[_Sign]) -> Counter[int]:
    """How many characters of each new word are old."""
    found: Counter[int] = Counter()
    matcher = SequenceMatcher(None, [s.text for s in old], [s.text for s in new], autojunk=False)
    for block in matcher.get_matching_blocks():
        for i in range(block.size):
            if abs(old[block.a + i].at - new[block.b + i].at) <= SAME_WITHIN_S:
                found[new[block.b + i].word] += 1
    return found
