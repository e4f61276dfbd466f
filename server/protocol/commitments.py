"""领导答复 that were confirmed, as pages see them (server/protocol/office.md, Commitments)."""

from datetime import date
from typing import Annotated

from pydantic import Field

from server.protocol.base import Day, Message
from server.protocol.figures import ShareView
from server.protocol.work import NamedId

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
PromiseId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]


class CommitmentCard(Message):
    """One promise of a talk: as it was heard with what is proposed, or as it was confirmed (`id` is set)."""

    promise_id: str
    version: int
    """Of the promise; 0: nobody has decided about it."""
    id: int | None
    said: str
    start: float
    who: str
    by: str
    """In the words that were said."""
    what: str
    unit_id: int | None
    """Null: none, or more than one, goes by these words."""
    due_on: date | None
    """Null: no day was said."""
    typed: bool = False
    on_record: bool = True
    """Of one that is confirmed: it stands on the record that the petitioner reads and signs."""


class CommitmentSheet(Message):
    """All that a leader confirms at the end of a talk."""

    reception_id: str
    number: str
    petitioner: str
    matter: str
    today: date
    cards: tuple[CommitmentCard, ...]
    units: tuple[NamedId, ...]
    """The first is the office itself."""
    days_off: dict[str, str]
    """Days from today on that nobody works on, with the reason."""
    growing: bool
    """Words are still coming in."""
    may_confirm: bool
    late: str = ""
    """Where what is confirmed now does not stand any more, in Chinese; empty while it comes into record and slip."""


class CommitmentOrder(Message):
    promise_id: PromiseId
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    unit_id: Number
    what: Annotated[str, Field(min_length=1, max_length=1000)]
    due_on: date


class ConfirmCommitments(Message):
    """Everything in one step; sent again it changes nothing more."""

    items: tuple[CommitmentOrder, ...] = Field((), max_length=30)
    struck: tuple[PromiseId, ...] = Field((), max_length=100)
    """What was heard as a promise and is none."""
    assign: bool = True
    """The units get it as soon as the record is filed; else the clerk is shown it, prepared."""


class CommitmentEnd(Message):
    version: Number
    words: Annotated[str, Field(min_length=1, max_length=500)]
    day: Day | None = None
    """When it was done; null: today."""


class CommitmentRow(Message):
    id: int
    version: int
    what: str
    said: str
    start: float
    unit: str
    leader: str
    leader_title: str
    mine: bool
    due_on: date
    days_left: int
    late: bool
    state: str
    state_words: str
    words: str
    ended_by: str
    ended_on: date | None
    reception_id: str
    record_id: str | None
    """Only for those who may open the record."""
    case_id: int | None
    """Only for those who may open the case."""
    petitioner: str
    talked_on: date
    may_finish: bool
    may_withdraw: bool


class CommitmentCounts(Message):
    done: int
    open: int
    late: int
    withdrawn: int


class CommitmentPage(Message):
    """`next`: ask again with after=next; empty: that was all."""

    rows: tuple[CommitmentRow, ...]
    next: str
    counts: CommitmentCounts
    leaders: tuple[NamedId, ...]
    units: tuple[NamedId, ...]
    office: str = ""
    """Where only talks of one office were asked for: its name."""


class KeptView(Message):
    """Promises kept in time of one leader or office."""

    id: int
    name: str
    share: ShareView


class CommitmentFigures(Message):
    name: str
    formula: str
    period: str
    words: str
    share: ShareView
    leaders: tuple[KeptView, ...]
    organizations: tuple[KeptView, ...]
