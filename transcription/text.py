"""Text passes over words, as generators: they tidy spacing, the recognised words survive."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

import opencc

from server.protocol.transcript import Word
from transcription.languages import AUTO

CHINESE = frozenset({"zh", "yue"})
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_JAPANESE_OR_KOREAN = re.compile(r"[\u3040-\u30ff\u1100-\u11ff\uac00-\ud7a3]")
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
    tidied = tuple(no_spaces_beside_wide(single_spaces(words)))
    return tuple(simplified(tidied)) if _is_chinese("".join(word.text for word in tidied), language) else tidied


def tidy_text(text: str, language: str = "zh") -> str:
    """The same for text whose words are not known."""
    spaced = _SPACES.sub(" ", text).strip()
    narrow = re.sub(rf"(?<={_WIDE.pattern}) | (?={_WIDE.pattern})", "", spaced)
    return simplified_text(narrow) if _is_chinese(narrow, language) else narrow


def _is_chinese(text: str, language: str) -> bool:
    """Where the model finds the language itself, a text with Chinese characters and neither kana nor Hangul is."""
    if language == AUTO:
        return bool(_HAN.search(text)) and not _JAPANESE_OR_KOREAN.search(text)
    return language in CHINESE
