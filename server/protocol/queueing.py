"""The queue as pages see it: who waits, in which order and why, and what staff may do about it."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Message, Moment

Why = Annotated[str, Field(max_length=200)]
RuleId = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
HallId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Duty(Message):
    """The halls that the caller serves from now on; none: off duty."""

    halls: Annotated[tuple[HallId, ...], Field(max_length=50)]


class QueueOrder(Message):
    """One deed about somebody who waits."""

    version: Annotated[int, Field(ge=1)]
    """Of the place as the caller saw it."""
    why: Why = ""
    to_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """transfer: to whom; None: whoever is free."""
    claims: Annotated[tuple[RuleId, ...], Field(max_length=20)] = ()
    """claims: the rules that hold from now on."""


class SaidClaims(Message):
    """What a petitioner says of themselves at the kiosk."""

    claims: Annotated[tuple[RuleId, ...], Field(max_length=20)]


class QueueRuleView(Message):
    id: RuleId
    name: str
    who: str
    effect: str
    minutes: int
    absolute: bool
    active: bool
    said_by: Literal["petitioner", "staff", "booking"]
    source: str


class QueueRuleChange(Message):
    """What an organization sets for itself and those below it."""

    minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    active: bool = True
    source: Why


Interpreter = Literal["", "sign", "language"]
"""Of sign language, or of another language; empty: none was asked for."""


class SaidInterpreter(Message):
    """What the person says at the kiosk."""

    interpreter: Interpreter


class QueueRow(Message):
    reception_id: Identifier
    version: int
    number: str
    petitioner: str
    kiosk: str
    matter: str
    hall: str
    asked_at: Moment
    place: int
    """In the caller's line; 0: it is not the caller's to call."""
    why: str
    wait: str
    claims: tuple[RuleId, ...]
    interpreter: Interpreter = ""
    """The person asked for one: whoever calls them asks an interpreter in first."""
    wanted: str = ""
    called_by: str = ""
    called_at: Moment | None = None
    mine: bool = False
    """The caller called them."""
    skips: int = 0


class Hall(Message):
    id: int
    name: str
    on_duty: bool
    waiting: int
    display: str
    """Path of the page that shows the hall's numbers; empty where nobody waits: an office without a kiosk."""


class Receiver(Message):
    id: int
    name: str
    on_duty: bool


class Queue(Message):
    halls: tuple[Hall, ...]
    line: tuple[QueueRow, ...]
    """In order; first those whom the caller has called."""
    basis: str
    rules: tuple[QueueRuleView, ...]


class QueueEventView(Message):
    at: Moment
    author: str
    what: str
    why: str


class Standing(Message):
    """Where the person at a kiosk stands."""

    ahead: int
    called: bool
    caller: str
    why: str
    wait: str
    basis: str
    before: tuple[str, ...]
    """Numbers of the last few who are called before this one."""
    claims: tuple[RuleId, ...]
    interpreter: Interpreter = ""
    rules: tuple[QueueRuleView, ...]


class Shown(Message):
    number: str
    kiosk: str


class HallDisplay(Message):
    """A hall's screen: numbers and rooms, no names."""

    hall: str
    called: tuple[Shown, ...]
    talking: tuple[Shown, ...]
    next: tuple[str, ...]
    waiting: int
    seats: int
    rules: tuple[QueueRuleView, ...]
