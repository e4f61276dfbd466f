"""Messages of the page before a talk, and of a receiver's own talks.  See office.md."""

from datetime import date

from server.protocol.alike import Alike
from server.protocol.base import Identifier, Message, Moment
from server.protocol.flow import RouteView
from server.protocol.papers import PapersView


class BriefFact(Message):
    """Something that was said, under its name."""

    name: str
    value: str


class BriefLimit(Message):
    """A limit that runs once the matter is registered."""

    name: str
    limit: str
    """E.g. 15 天."""
    starts: str
    """What it is counted from."""
    article: str
    due_on: date | None
    """If the matter is registered today; null: it begins later."""


class Answer(Message):
    """A letter that this person got in an earlier matter."""

    on: date
    case_id: int
    title: str
    name: str
    unit: str
    number: str
    text: str
    """What its author wrote into it."""
    url: str
    """Of the letter; empty: its words were not kept."""


class Brief(Message):
    """One page before a talk; what was not said is empty."""

    reception_id: Identifier
    matter: str
    requests: str
    facts: tuple[BriefFact, ...]
    category: str
    alike: tuple[Alike, ...]
    answers: tuple[Answer, ...]
    routes: tuple[RouteView, ...]
    limits: tuple[BriefLimit, ...]
    papers: tuple[PapersView, ...]
    """What the person showed at the kiosk so far."""


class OwnPromise(Message):
    """One thing promised in a talk and what became of it."""

    what: str
    unit: str
    due_on: date
    state: str
    state_words: str
    late: bool
    words: str
    """How it was done, or why it could not be."""


class OwnReception(Message):
    """A talk that the caller held."""

    id: Identifier
    number: str
    petitioner: str
    kiosk: str
    matter: str
    state: str
    started_at: Moment
    seconds: float
    record_id: Identifier | None
    record_state: str
    case_id: int | None
    case_state: str
    """In Chinese; empty before there is a case."""
    promises: tuple[OwnPromise, ...]
    unconfirmed: int = 0
    """Promises of the draft that the caller, a leader, has not confirmed yet."""


class OwnReceptions(Message):
    """A page of them, the newest first, with what all of them together come to."""

    rows: tuple[OwnReception, ...]
    next: str
    """What to ask the next page with; empty: there is none."""
    talks: int
    """In the last twelve months."""
    promises_done: int
    promises_open: int
    promises_late: int
    rated: int
    """Ratings of the office in matters that came from these talks, in the last twelve months."""
    content: int | None
    """满意 and 基本满意 among them; null while so few rated that one of them could be known by it."""
    said: int
    """How many rated the talk itself at the kiosk, right after their slip."""
    pleased: int | None
    """满意 and 基本满意 among them; null as for `content`."""
