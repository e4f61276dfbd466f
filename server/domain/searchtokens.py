"""Text and queries as tokens that SQLite and PostgreSQL index alike.

Most Chinese words have two characters, which trigram indexes do not find.  So a run of Chinese characters
becomes its overlapping pairs and its last character alone; a run of letters or digits becomes one token, the same
whether they were typed full width (３６Ａ) or half (36a).
Tokens are ASCII (u + five hexadecimal digits per character; w + the letters), so no tokenizer of a database
has a say in what a character is.
"""

import re
from functools import lru_cache

_CHINESE = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(rf"[0-9A-Za-z]+|[{_CHINESE}]+")
_BETWEEN = rf"[^0-9A-Za-z{_CHINESE}]*"
_WIDE = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_HALF = {wide: wide - 0xFEE0 for wide in range(0xFF10, 0xFF5B) if _WIDE.match(chr(wide))}
BOUNDARY = "z"
"""Stands between parts of a text, so that a phrase never crosses them."""
_PLACE = "o"


MOST_TERMS = 8
MOST_LETTERS = 200
"""Of a run that is kept: nobody types more, and PostgreSQL keeps the length of a token modulo 2048."""


def half_width(text: str) -> str:
    """The text with its full-width letters and digits (３６Ａ) as half-width ones, character by character."""
    return text.translate(_HALF) if _WIDE.search(text) else text


def spellings(word: str) -> set[str]:
    """The word as it may stand in a text that keeps full-width letters and digits, for whoever takes Ａ and ａ for two letters."""
    half = half_width(word)
    return {word, half, *(_full_width(one) for one in (half, half.lower(), half.upper()))}


def _full_width(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() else one for one in text)


@lru_cache(1 << 16)
def _code(characters: str) -> str:
    return "".join(f"u{ord(character):05x}" for character in characters)


def _run_tokens(run: str, *, closed: bool) -> list[str]:
    """Tokens of one run; `closed`: its last character stands alone too."""
    if run[0].isascii():
        return ["w" + run[:MOST_LETTERS].lower()]
    pairs = [_code(run[i : i + 2]) for i in range(len(run) - 1)]
    return [*pairs, _code(run[-1])] if closed or not pairs else pairs


def tokens(parts: list[str]) -> str:
    """What is stored for the parts of a text: tokens with one space between them."""
    found: list[str] = []
    for text in parts:
        for run in RUN.findall(half_width(text)):
            found += _run_tokens(run, closed=True)
        found.append(BOUNDARY)
    return " ".join(found)


def place_token(organization_id: int) -> str:
    """Stands behind the tokens of a case for each organization that registered it or was given it; no text has it."""
    return f"{_PLACE}{organization_id}"


def pair_token(pair: str) -> str:
    """The token of a pair of Chinese characters, or of a word or number."""
    return "w" + pair.lower() if pair[0].isascii() else _code(pair)


def text_of(stored: str) -> str:
    """The letters and characters that stored tokens were made from; what stood between them is a space or a new line.

    A number stays beside the word after it, as in 36000元."""
    return "".join(map(_said, stored.split(" ")))


@lru_cache(maxsize=50_000)
def _said(token: str) -> str:
    """What a token adds to the text: the first of its two characters, for the second follows in the next token."""
    if token == BOUNDARY or not token:
        return "\n" if token else ""
    if token.startswith(_PLACE):
        return ""
    return " " + token[1:] if token.startswith("w") else chr(int(token[1:6], 16)) + (" " if len(token) == 6 else "")


def phrase(term: str) -> list[str]:
    """The tokens of one search word, in order; the last one is to be taken as a beginning."""
    runs = RUN.findall(half_width(term))
    found = [token for run in runs[:-1] for token in _run_tokens(run, closed=True)]
    return found + (_run_tokens(runs[-1], closed=False) if runs else [])


def phrases(query: str) -> list[list[str]]:
    """The phrases of a query, one per word set apart by spaces; words without a letter or character fall away."""
    return [found for term in query.split()[:MOST_TERMS] if (found := phrase(term))]


def excerpt(texts: list[str], query: str, *, width: int = 60) -> str:
    """A stretch of the first text that holds a word of the query, with … where it was cut; else empty."""
    for term in query.split()[:MOST_TERMS]:
        pattern = _pattern(term)
        for text in texts if pattern else ():
            if at := re.search(pattern, half_width(text), re.IGNORECASE):
                return _window(text, at.start(), at.end() - at.start(), width)
    return ""


def _pattern(term: str) -> str:
    """What a word matches in a text that has it: the marks between its runs may be others.  Empty: it has no run."""
    runs = RUN.findall(half_width(term))
    begins = "(?<![0-9A-Za-z])" if runs and runs[0].isascii() else ""
    return begins + _BETWEEN.join(runs)


def _window(text: str, at: int, length: int, width: int) -> str:
    first = max(0, at - (width - length) // 3)
    last = min(len(text), first + max(width, length))
    return ("…" if first else "") + text[first:last].replace("\n", " ") + ("…" if last < len(text) else "")
