"""Words that recognition should expect in one reception, as many as a model's prompt takes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PROMPT_TOKENS = 224
"""Whisper's prompt: half of its 448 positions.  faster-whisper cuts what is longer at the end, the least weighty."""
_TOKENS_PER_CHARACTER = 2
"""Of Whisper's vocabulary office words take 1.1 to 2 tokens a character, names in rare characters up to 3.3."""
SHORTEST, LONGEST = 2, 20
"""Characters of a word: one alone leads to nothing, a longer one is a sentence."""
_APART = re.compile(r"[\s、，,。；;：:（）()／/|·“”\"《》]+")
_PLACES = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:自治[区州县]|地区|街道|小区|社区|[省市县区旗乡镇村])")


@dataclass(frozen=True)
class Hotwords:
    """The words, the weightiest first, and about how many tokens of the prompt they take."""

    words: tuple[str, ...]
    tokens: int
    left_out: int = 0
    """How many found no room."""


def fitted(sources: Iterable[Sequence[str]], most: int = PROMPT_TOKENS) -> Hotwords:
    """The words of all sources, the weightiest source first, each word once, until the prompt is full."""
    wanted = words_of(sources)
    words, tokens = list[str](), 0
    for word in wanted:
        cost = _TOKENS_PER_CHARACTER * len(word) + 1
        if tokens + cost <= most:
            words.append(word)
            tokens += cost
    return Hotwords(tuple(words), tokens, len(wanted) - len(words))


def words_of(sources: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The words of all sources, the weightiest source first, each word once."""
    return tuple(dict.fromkeys(word for source in sources for text in source for word in words_in(text)))


def words_in(text: str) -> list[str]:
    """The parts of a name or list that can lead recognition: 王勇、李梅 → 王勇, 李梅."""
    return [part for part in _APART.split(text) if SHORTEST <= len(part) <= LONGEST]


def places_in(text: str) -> list[str]:
    """The places named one within the other in an address or an office's name: 临溪县石桥镇政府 → 临溪县, 石桥镇."""
    return [place for place in _PLACES.findall(text) if len(place) >= SHORTEST]
