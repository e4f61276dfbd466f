"""Text passes over words, as generators: they tidy spacing, the recognised words survive."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import pairwise

import opencc

from server.protocol.transcript import Word
from transcription.languages import AUTO

CHINESE = frozenset({"zh", "yue"})
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_JAPANESE_OR_KOREAN = re.compile(r"[\u3040-\u30ff\u1100-\u11ff\uac00-\ud7a3]")
PAUSE_S = 0.35
"""Between two words of a sentence: half of the pause that ends an utterance."""
_MARK = re.compile(r"[，。？！；：、…,?!;]|\.$")
_SPACES = re.compile(r"\s+")
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")
_BESIDE_WIDE = re.compile(rf"(?<={_WIDE.pattern}) | (?={_WIDE.pattern})")
_WIDE_MARKS = str.maketrans(",?!;:.", "，？！；：。")
_NARROW_MARK = re.compile(rf"(?<={_WIDE.pattern})[,?!;:]|[,?!;:](?=\s*{_HAN.pattern})|(?<={_HAN.pattern})\.(?![\w.])")
"""Beside Chinese; 2.5, 3:30 and a.b are none."""


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


def wide_marks(words: Iterable[Word]) -> Iterator[Word]:
    """Punctuation beside Chinese in its Chinese form: many models write commas and stops of the Latin script."""
    return _converted(words, wide_marks_text)


def wide_marks_text(text: str) -> str:
    """The same for text whose words are not known."""
    return _NARROW_MARK.sub(lambda mark: mark[0].translate(_WIDE_MARKS), text)


def marks_at_pauses(words: Iterable[Word], *, ended: bool) -> Iterator[Word]:
    """A comma at each pause and a stop at the end, for a model that writes no punctuation at all; `ended`: a pause came then.
    Of other languages than Chinese nothing changes."""
    known = list(words)
    text = "".join(word.text for word in known)
    if not _HAN.search(text) or _MARK.search(text):
        yield from known
        return
    for word, after in pairwise(known):
        pause = after.start - word.end >= PAUSE_S
        yield word.model_copy(update={"text": word.text + "，"}) if pause else word
    yield known[-1].model_copy(update={"text": known[-1].text + _stop(text, ended=ended)})


def marks_at_end(text: str, *, ended: bool) -> str:
    """The same for text whose words are not known."""
    return text if not _HAN.search(text) or _MARK.search(text) else text + _stop(text, ended=ended)


def _stop(text: str, *, ended: bool) -> str:
    if not ended:
        return ""
    return "？" if text.endswith("吗") else "。"


def simplified(words: Iterable[Word]) -> Iterator[Word]:
    """Traditional characters, which models write now and then, as simplified ones.  Source: OpenCC, t2s."""
    return _converted(words, simplified_text)


def _converted(words: Iterable[Word], convert: Callable[[str], str]) -> Iterator[Word]:
    """The words with their characters converted one for one; what becomes of one depends on those around it, so all are
    looked at together."""
    known = list(words)
    text = "".join(word.text for word in known)
    converted = convert(text)
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
    """All passes in their order; of other languages than Chinese characters and marks stay."""
    spaced = tuple(single_spaces(words))
    if not _is_chinese("".join(word.text for word in spaced), language):
        return tuple(no_spaces_beside_wide(spaced))
    return tuple(simplified(no_spaces_beside_wide(wide_marks(spaced))))


def tidy_text(text: str, language: str = "zh") -> str:
    """The same for text whose words are not known."""
    spaced = _SPACES.sub(" ", text).strip()
    chinese = _is_chinese(spaced, language)
    narrow = _BESIDE_WIDE.sub("", wide_marks_text(spaced) if chinese else spaced)
    return simplified_text(narrow) if chinese else narrow


def _is_chinese(text: str, language: str) -> bool:
    """Where the model finds the language itself, a text with Chinese characters and neither kana nor Hangul is."""
    if language == AUTO:
        return bool(_HAN.search(text)) and not _JAPANESE_OR_KOREAN.search(text)
    return language in CHINESE
