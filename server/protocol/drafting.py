"""What drafting is given and what it returns: pure data, so that it can be tested from files."""

from typing import Literal

from server.protocol.base import Identifier, Message, Role, Seconds
from server.protocol.transcript import Utterance, Word


class Speaker(Message):
    """Who has a seat; `name` is as given at the kiosk or in the account."""

    id: Identifier
    role: Role
    name: str


class DraftInput(Message):
    """A finished transcript: utterances in order of start."""

    speakers: tuple[Speaker, ...]
    utterances: tuple[Utterance, ...]


class DraftLine(Message):
    """A line of the record.  `text` and `words` say the same; nothing is in it that is not in its utterances.

    `recognised` is what its utterances say, to the letter; `text` is that with numbers in written form.
    """

    kind: Literal["question", "answer", "note"]
    participant_id: Identifier | None
    start: Seconds
    end: Seconds
    text: str
    recognised: str
    words: tuple[Word, ...]
    utterance_ids: tuple[Identifier, ...]
    doubt: tuple[str, ...] = ()


class DraftField(Message):
    """A form field taken from speech; always with at least one utterance it rests on."""

    field: str
    """A value of server.domain.states.FormField."""
    value: str
    utterance_ids: tuple[Identifier, ...]


class Promise(Message):
    """What the receiving side undertook, in the words that were said.

    `who`: a unit or person as named, empty where the speaker's own side undertakes it.  `by`: the time as said, empty
    where none was; `count` and `unit` say it exactly where it is a number of hours, days and the like.
    """

    who: str
    what: str
    by: str = ""
    count: int | None = None
    unit: Literal["hour", "day", "workday", "week", "month"] | None = None
    text: str
    """The sentence that says it."""
    utterance_ids: tuple[Identifier, ...]


class Draft(Message):
    lines: tuple[DraftLine, ...]
    fields: tuple[DraftField, ...]
    promises: tuple[Promise, ...] = ()
