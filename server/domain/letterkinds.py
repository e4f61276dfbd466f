"""The letters of the work as data: their number, what they rest on, what they say about remedies (data/letters.toml)."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from server.domain.flow import LetterKind
from server.domain.limits import RULES

_TABLE = Path(__file__).parent / "data" / "letters.toml"
_PLACES = {"matter", "received", "petitioner", "case_no", "unit", "office", "due", *RULES}
TO_UNITS = (LetterKind.PASS_ON, LetterKind.ASSIGNMENT, LetterKind.HANDLE_ANEW, LetterKind.SUPERVISION, LetterKind.RISK_WARNING, LetterKind.ACCOUNTABILITY)
SUPERVISION_LETTERS = (LetterKind.SUPERVISION, LetterKind.RISK_WARNING, LetterKind.ACCOUNTABILITY)


@dataclass(frozen=True)
class LetterRule:
    """One kind of letter; the keys of data/letters.toml, which explains them."""

    short: str
    articles: tuple[str, ...]
    opening: str
    text: str
    names: tuple[str, ...]
    until: str
    remedies: tuple[str, ...]


def read(table: Mapping[str, Any]) -> dict[LetterKind, LetterRule]:
    """Every kind of letter; ValueError names the row and what is wrong with it."""
    return {kind: _row(kind, table.get(kind.value, {})) for kind in LetterKind}


def _row(kind: LetterKind, row: Mapping[str, Any]) -> LetterRule:
    names = {one.name for one in fields(LetterRule)}
    if set(row) != names:
        raise ValueError(f"letters.toml: {kind}: wants exactly {sorted(names)}")
    filled: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    made = LetterRule(**filled)
    for words in (made.opening, made.until, *made.remedies):
        if unknown := {place for _, place, _, _ in string.Formatter().parse(words) if place} - _PLACES:
            raise ValueError(f"letters.toml: {kind}: no such word: {sorted(unknown)[0]}")
    if unknown := set(made.names) - set(RULES):
        raise ValueError(f"letters.toml: {kind}: no such limit: {sorted(unknown)[0]}")
    return made


LETTERS = read(tomllib.loads(_TABLE.read_text("utf-8")))


def counter_name(kind: LetterKind, organization_id: int, year: int) -> str:
    """Name of the row in `counters` that hands out this office's numbers of this kind in a year."""
    return f"letter:{kind}:{organization_id}:{year}"


def letter_number(kind: LetterKind, office_code: str, year: int, number: int) -> str:
    """文号, e.g. LX受告〔2026〕3号."""
    return f"{office_code}{LETTERS[kind].short}〔{year}〕{number}号"
