"""The desks: lists of what waits for somebody, 到期, and doing one thing with several matters."""

from datetime import date
from typing import Annotated

from pydantic import Field

from server.protocol.base import Message, Moment
from server.protocol.cases import DeadlineView
from server.protocol.flow import UnitOrder, Words

MOST_AT_ONCE = 100
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
After = Annotated[str, Field(max_length=200)]
"""Where a page ended; empty: from the beginning."""


class DeskView(Message):
    """One list of a desk, without its rows."""

    key: str
    name: str
    waits: str
    empty: str
    count: int
    more: bool
    """There are more than `count`."""
    bulk: tuple[str, ...]
    shown: bool
    """False: nothing is in it, and it does not belong to what this role always sees."""


class KeptPromise(Message):
    """What a leader undertook, as a row tells it."""

    id: str
    who: str
    what: str
    by: str
    confirmed: bool


class WorkRow(Message):
    """One matter in a list."""

    key: str
    """Unique in its list."""
    id: int
    """Of the case; 0: a reception of which no case came yet."""
    version: int
    case_no: str
    title: str
    petitioner: str
    people: int
    place: str
    state: str
    channel: str
    organization: str
    unit: str
    since: date | Moment
    who: str
    """Who has to act."""
    who_id: int | None = None
    """The organization whose limit it is."""
    what: str
    """And what they have to do."""
    said: str = ""
    """The reason that goes with it: of an objection, an extension, a return."""
    basis: str = ""
    """Article and length of the limit, in short."""
    deadline: DeadlineView | None = None
    officer: str = ""
    urged: int = 0
    written: int = 0
    """Letters of a supervisor about it."""
    returned: int = 0
    reception_id: str = ""
    promises: tuple[KeptPromise, ...] = ()


class WorkPage(Message):
    """A page of a list."""

    rows: tuple[WorkRow, ...]
    next: str = ""
    """What to ask for the page after it; empty: there is none."""


class DuePart(Message):
    """One part of 到期."""

    key: str
    name: str
    count: int
    more: bool
    page: WorkPage


class NamedId(Message):
    id: int | str
    name: str


class Due(Message):
    parts: tuple[DuePart, ...]
    units: tuple[NamedId, ...]
    rules: tuple[NamedId, ...]


class BulkItem(Message):
    """A matter as the officer saw it."""

    id: Id
    version: Id


class BulkOrder(Message):
    """One thing to do with several matters."""

    action: Annotated[str, Field(pattern="^(assign|receive|officer|urge)$")]
    items: Annotated[tuple[BulkItem, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
    units: tuple[UnitOrder, ...] = Field((), max_length=20)
    reason: Words = ""
    officer_id: Id | None = None


class BulkRow(Message):
    """What becomes, or became, of one of them."""

    id: int
    case_no: str = ""
    title: str = ""
    done: bool
    words: str
    """What was done, or why not."""


class BulkResult(Message):
    rows: tuple[BulkRow, ...]


class OfficerOrder(Message):
    """Who in the unit works on its share."""

    user_id: Id
