"""Text passes over words, as generators: they tidy spacing, the recognised words survive."""

import re
from collections.abc import Iterable, Iterator

from server.protocol.transcript import Word

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


def tidy(words: Iterable[Word]) -> tuple[Word, ...]:
    """All passes in their order."""
    return tuple(no_spaces_beside_wide(single_spaces(words)))


def tidy_text(text: str) -> str:
    """The same for text whose words are not known."""
    spaced = _SPACES.sub(" ", text).strip()
    return re.sub(rf"(?<={_WIDE.pattern}) | (?={_WIDE.pattern})", "", spaced)
