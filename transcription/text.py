"""Text passes over words, as generators: they tidy spacing, the recognised words survive."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

import opencc

from server.protocol.transcript import Word

CHINESE = frozenset({"zh", "yue"})
_SPACES = re.compile(r"\s+")
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")


def single_spaces(words: Iterable[Word]) -> Iterator[Word]:
    """Runs of white space become one space; words of nothing else go."""
    for word in words:
        text = _SPACES.sub(" ", word.text)
        if text.strip():
            yield word.model_copy(update={"text": text})


def no_spaces_beside_wide(words: Iterable[Word]) -> Iterator[Word]:
    """No space next to a Chinese character, none at the beginning; Latin words keep theirs."""
    before = ""
    for word in words:
        text = word.text
        if not before or _WIDE.match(text.strip()[0]) or _WIDE.match(before):
            text = text.lstrip()
        if _WIDE.match(text.strip()[-1]):
            text = text.rstrip()
        before = text.strip()[-1]
        yield word.model_copy(update={"text": text})


def simplified(words: Iterable[Word]) -> Iterator[Word]:
    """Traditional characters, which models write now and then, as simplified ones; which one depends on the words
    around it, so all are looked at together.  Source: OpenCC, t2s."""
    known = list(words)
    text = "".join(word.text for word in known)
    converted = simplified_text(text)
    if converted == text or len(converted) != len(text):
        yield from known
        return
    at = 0
    for word in known:
        yield word.model_copy(update={"text": converted[at : at + len(word.text)]})
        at += len(word.text)


def simplified_text(text: str) -> str:
    """The same for text whose words are not known."""
    return str(_converter().convert(text))


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def tidy(words: Iterable[Word], language: str = "zh") -> tuple[Word, ...]:
    """All passes in their order; of other languages than Chinese the characters stay."""
    tidied = no_spaces_beside_wide(single_spaces(words))
    return tuple(simplified(tidied) if language in CHINESE else tidied)


def tidy_text(text: str, language: str = "zh") -> str:
    """The same for text whose words are not known."""
    spaced = _SPACES.sub(" ", text).strip()
    narrow = re.sub(rf"(?<={_WIDE.pattern}) | (?={_WIDE.pattern})", "", spaced)
    return simplified_text(narrow) if language in CHINESE else narrow
