"""Text and queries as tokens that SQLite and PostgreSQL index alike.

Most Chinese words have two characters, which trigram indexes do not find.  So a run of Chinese characters
becomes its overlapping pairs and its last character alone; a run of letters or digits becomes one token.
Tokens are ASCII (u + five hexadecimal digits per character; w + the letters), so no tokenizer of a database
has a say in what a character is.
"""

import re
from functools import lru_cache

RUN = re.compile(r"[0-9A-Za-z]+|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
BOUNDARY = "z"
"""Stands between parts of a text, so that a phrase never crosses them."""
_PLACE = "o"


@lru_cache(1 << 16)
def _code(characters: str) -> str:
    return "".join(f"u{ord(character):05x}" for character in characters)


def _run_tokens(run: str, *, closed: bool) -> list[str]:
    """Tokens of one run; `closed`: its last character stands alone too."""
    if run[0].isascii():
        return ["w" + run.lower()]
    pairs = [_code(run[i : i + 2]) for i in range(len(run) - 1)]
    return [*pairs, _code(run[-1])] if closed or not pairs else pairs


def tokens(parts: list[str]) -> str:
    """What is stored for the parts of a text: tokens with one space between them."""
    found: list[str] = []
    for text in parts:
        for run in RUN.findall(text):
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
    runs = RUN.findall(term)
    found = [token for run in runs[:-1] for token in _run_tokens(run, closed=True)]
    return found + (_run_tokens(runs[-1], closed=False) if runs else [])


def phrases(query: str) -> list[list[str]]:
    """The phrases of a query, one per word set apart by spaces; words without a letter or character fall away."""
    return [found for term in query.split()[:8] if (found := phrase(term))]


def excerpt(texts: list[str], query: str, *, width: int = 60) -> str:
    """A stretch of the first text that holds a word of the query, with … where it was cut; else empty."""
    for term in query.split():
        for text in texts:
            at = text.lower().find(term.lower())
            if at >= 0:
                return _window(text, at, len(term), width)
    return ""


def _window(text: str, at: int, length: int, width: int) -> str:
    first = max(0, at - (width - length) // 3)
    last = min(len(text), first + max(width, length))
    return ("…" if first else "") + text[first:last].replace("\n", " ") + ("…" if last < len(text) else "")
