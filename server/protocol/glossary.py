"""The office's glossary, as pages send and get it.  Paths: office.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Message, Moment

WordKind = Literal["person", "place", "unit", "term"]
WordState = Literal["proposed", "trying", "on", "off", "rolled_back"]


class NewWord(Message):
    """A word for the glossary of the clerk's office."""

    word: Annotated[str, Field(min_length=1, max_length=40)]
    kind: WordKind


class ChangedWord(Message):
    """What is to hold of a word of the glossary: on (it is tried first) or off, and what it names."""

    state: Literal["on", "off"]
    kind: WordKind


class GlossarySentence(Message):
    """A corrected sentence of a signed record."""

    record_id: str
    recognised: str
    text: str


class GlossaryEntry(Message):
    """A word of the glossary; of a proposal, the sentences it comes from."""

    id: int
    word: str
    kind: WordKind
    state: WordState
    decided_by: str
    at: Moment
    note: str
    sentences: tuple[GlossarySentence, ...] = ()


class SentWord(Message):
    """A correction of a line goes to the glossary's proposals."""

    line_id: Identifier
    word: Annotated[str, Field(max_length=20)] = ""
    """Empty: what was changed in the line."""


class SentWords(Message):
    words: tuple[str, ...]
    text: str
    """Chinese sentence: what came of it."""
