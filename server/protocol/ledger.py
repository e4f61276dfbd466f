"""积案台账 and 典型案例 as pages see them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import NO_NUL, Message, Moment

Words = Annotated[str, Field(max_length=500, pattern=NO_NUL)]


class LedgerOrder(Message):
    """Something done with an entry (domain/ledger.py); what it does not need stays empty."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    """The entry's version that the officer saw; 0: the matter is not on the ledger yet."""
    words: Words = ""
    risk: Annotated[str, Field(pattern="^(|high|medium|low)$")] = ""
    risk_reason: Words = ""
    leader_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class LedgerOffer(Message):
    deed: str
    name: str
    needs: tuple[str, ...]


class LedgerEvent(Message):
    at: Moment
    author: str
    what: str
    words: str


class LedgerRow(Message):
    case_id: int
    case_no: str
    title: str
    petitioner: str
    organization: str
    unit: str
    case_state: str
    state: str
    state_words: str
    risk: str
    risk_words: str
    risk_reason: str
    reason: str
    leader: str
    measures: str
    last_words: str
    changed_at: Moment
    listed_on: date
    days: int
    """On the ledger, until today or until it was struck off."""
    closed_on: date | None


class LedgerLeader(Message):
    id: int
    name: str
    title: str


class LedgerView(Message):
    """A matter's place on the ledger; `row` null: it is not on it."""

    case_id: int
    case_no: str
    title: str
    version: int
    row: LedgerRow | None
    events: tuple[LedgerEvent, ...]
    offers: tuple[LedgerOffer, ...]
    leaders: tuple[LedgerLeader, ...]
    """Who can be the responsible leader."""


class ModelText(Message):
    """What a model case says."""

    category: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
    situation: Annotated[str, Field(min_length=1, max_length=20_000, pattern=NO_NUL)]
    handling: Annotated[str, Field(max_length=20_000, pattern=NO_NUL)] = ""
    result: Annotated[str, Field(max_length=20_000, pattern=NO_NUL)] = ""
    lesson: Annotated[str, Field(max_length=20_000, pattern=NO_NUL)] = ""


class ModelOrder(Message):
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class ModelEdit(ModelOrder):
    text: ModelText


class NewModel(Message):
    case_id: Annotated[int, Field(ge=1, le=2**31 - 1)]


class CoverDecision(ModelOrder):
    decision: Literal["cover", "keep", ""]
    instead: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""


class NewCover(ModelOrder):
    text: Annotated[str, Field(min_length=1, max_length=300, pattern=NO_NUL)]
    instead: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""


class CoverView(Message):
    id: int
    kind: str
    text: str
    instead: str
    decision: str
    decided_by: str


class ModelRow(Message):
    id: int
    state: str
    state_words: str
    title: str
    category: str
    organization: str
    excerpt: str
    approved_at: Moment | None


class ModelView(Message):
    """A model case.  `draft`, `covers`, `case_id` only for who works on it; `shown`: as everybody reads it."""

    id: int
    version: int
    state: str
    state_words: str
    organization: str
    shown: ModelText
    draft: ModelText | None = None
    covers: tuple[CoverView, ...] = ()
    case_id: int | None = None
    case_no: str = ""
    made_by: str = ""
    approved_by: str = ""
    approved_at: Moment | None = None
    may: tuple[str, ...] = ()
    """edit, ready, publish, send_back, withdraw"""
