"""Phrases of training data that models write over noise (phrases.toml): which of them count for a language."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from transcription.text import simplified_text


class Phrase(NamedTuple):
    """`text` as `letters_of` spells it; `source`: where it was seen."""

    text: str
    languages: frozenset[str]
    source: str


def letters_of(text: str) -> str:
    """Letters and digits alone, in small letters and simplified characters: what a phrase is compared by."""
    return "".join(c for c in simplified_text(text) if c.isalnum()).casefold()


@cache
def all_phrases() -> tuple[Phrase, ...]:
    """Every phrase of the file."""
    data = tomllib.loads(files("transcription").joinpath("phrases.toml").read_text("utf-8"))
    return tuple(
        Phrase(letters_of(text), frozenset(group["languages"]), group["source"])
        for group in data["group"]
        for text in group["phrases"]
    )


@cache
def phrases_for(language: str) -> tuple[str, ...]:
    """Those of a language; of one that has no list, or is not known, all of them."""
    own = tuple(phrase.text for phrase in all_phrases() if language in phrase.languages)
    return own or tuple(phrase.text for phrase in all_phrases())


def is_phrase(text: str, language: str) -> bool:
    """Whether the text is nothing but such a phrase."""
    return letters_of(text) in phrases_for(language)


def has_phrase(text: str, language: str) -> bool:
    """Whether such a phrase is in the text."""
    plain = letters_of(text)
    return any(phrase in plain for phrase in phrases_for(language))
