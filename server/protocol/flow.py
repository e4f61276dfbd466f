"""What an officer says when they take a step, and what a matter's flow looks like to them."""

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from server.protocol.base import Day, Message, Moment

WORDS = 500
Words = Annotated[str, Field(max_length=WORDS)]


class UnitOrder(Message):
    """One unit that a matter is given to."""

    organization_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    kind: Annotated[str, Field(pattern="^(assign|pass_on)$")] = "assign"
    part: Annotated[str, Field(pattern="^(main|support|township)$")] = "main"
    task: Annotated[str, Field(max_length=2000)] = ""


class PreparedUnit(Message):
    """A unit that a leader's promise names and that has no share of the case yet."""

    organization_id: int
    name: str
    task: str


class StepOrder(Message):
    """A step with whatever it needs (domain/flow.py); what it does not need stays empty."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    """The case's version that the officer saw."""
    reason: Words = ""
    text: Annotated[str, Field(max_length=10_000)] = ""
    """What goes into the letter."""
    how: Annotated[str, Field(max_length=200)] = ""
    outcome: Words = ""
    by_whom: Annotated[str, Field(max_length=64)] = ""
    """Who explained a decision to the petitioner; empty: whoever writes it down.  Who mediates.  Of a request that is not taken up: who
    made it, where it was not the petitioner."""
    day: Day | None = None
    units: tuple[UnitOrder, ...] = Field((), max_length=20)
    assignment_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The share that the step is about; may be left out where the actor's unit has one only."""
    purpose: Annotated[str, Field(max_length=20)] = ""
    category: Annotated[str, Field(max_length=100)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    accused_unit: Words = ""
    """Whom the matter is against; empty: as it was written down before."""
    litigation: bool = False
    simple: bool = False
    route: Annotated[str, Field(max_length=200)] = ""
    days: Annotated[int, Field(ge=1, le=365)] | None = None
    pause: Annotated[str, Field(max_length=20)] = ""
    ground: Annotated[str, Field(pattern="^(late|not_theirs|)$")] = ""
    """Why a request for review is not taken up (GROUNDS of domain/flow.py)."""
    result: Annotated[str, Field(pattern="^(agreed|not_agreed|withdrawn|)$")] = ""
    """Of a mediation (MediationResult of domain/flow.py)."""
    score: Annotated[str, Field(pattern="^(satisfied|basically|dissatisfied|)$")] = ""
    """Of a follow-up call: how satisfied they said they are now."""


class StepOffer(Message):
    """A step that this actor may take now."""

    step: str
    name: str
    needs: tuple[str, ...]
    """Names of StepOrder that must be filled."""
    may: tuple[str, ...] = ()
    """Those that may be."""
    assignment_ids: tuple[int, ...] = ()
    """Shares that it can be about."""
    behalf: str = ""
    """Units below the actor's own for which it would be taken."""
    letter: str = ""
    """Name of the letter that it issues."""
    start: str = ""
    """A beginning for the letter's text; what stands in 〔〕 is to be written."""
    limit: str = ""
    """How long that may be which the step asks for or begins, e.g. 30 天; empty: nothing to be told of it."""


class AssignmentView(Message):
    id: int
    unit: str
    organization_id: int
    kind: str
    part: str
    state: str
    """All three in Chinese."""
    task: str
    officer: str
    given_at: Moment
    fed_back_at: Moment | None
    open: bool


class UnitView(Message):
    """An organization that a matter may be given to."""

    id: int
    name: str
    above: str
    """What it stands under."""
    township: bool


class AskedExtension(Message):
    """More days that a unit wants."""

    days: int
    reason: str
    asked_by: str
    asked_at: Moment


class CategoryView(Message):
    """A content category with the two levels above it and the statutory routes for it."""

    name: str
    area: str
    kind: str
    routes: tuple[int, ...]
    """Places in Choices.routes, the most special first."""


class RouteView(Message):
    what: str
    body: str
    law: str
    article: str
    source: str


class PauseView(Message):
    id: str
    name: str
    basis: str


class Choices(Message):
    """What is chosen from when a matter is registered and taken on; (stored value, label)."""

    channels: tuple[tuple[str, str], ...]
    purposes: tuple[tuple[str, str], ...]
    id_types: tuple[tuple[str, str], ...]
    categories: tuple[CategoryView, ...]
    routes: tuple[RouteView, ...]
    general: tuple[int, ...]
    """Routes for a category that is not in the list."""
    pauses: tuple[PauseView, ...]
    scores: tuple[tuple[str, str], ...]
    """How satisfied somebody says they are."""


class MatterCheck(Message):
    """What a clerk has typed so far of a matter's persons."""

    id_type: Annotated[str, Field(max_length=20)] = ""
    id_number: Annotated[str, Field(max_length=30)] = ""
    phone: Annotated[str, Field(max_length=20)] = ""


class LetterView(Message):
    id: int
    kind: str
    name: str
    to: str
    issued_at: Moment
    author: str
    delivered_on: date | None
    delivered_how: str
    number: str
    """文号; empty for a letter that was issued before letters had one."""
    urls: tuple[str, ...] = ()
    """Where it is fetched, as .pdf and .docx."""
    answer_url: str = ""
    """Where the actor's unit answers it; empty: nothing is owed, or not by them."""


class RequestView(Message):
    """What the petitioner asked for by query code and nobody has taken on yet."""

    step: str
    """The step that takes it on."""
    words: str
    asked_on: date


class MatterContent(Message):
    """Who says what in a matter that did not come by a talk."""

    received_on: Day
    name: Annotated[str, Field(min_length=1, max_length=50)]
    phone: Annotated[str, Field(max_length=20)] = ""
    id_type: Annotated[str, Field(max_length=20)] = ""
    id_number: Annotated[str, Field(max_length=30)] = ""
    address: Annotated[str, Field(max_length=200)] = ""
    people: Annotated[int, Field(ge=1, le=100_000)] = 1
    title: Annotated[str, Field(max_length=60)] = ""
    statement: Annotated[str, Field(min_length=1, max_length=50_000)]
    purpose: Annotated[str, Field(max_length=20)] = ""
    category: Annotated[str, Field(max_length=100)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    accused_unit: Annotated[str, Field(max_length=200)] = ""

    @field_validator("*", mode="before")
    @classmethod
    def _no_nul(cls, value: object) -> object:
        """PostgreSQL keeps no NUL in text (https://www.postgresql.org/docs/current/datatype-character.html)."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("NUL")
        return value


class NewMatter(MatterContent):
    """A matter that came by letter, online, from a leader's mailbox or a hotline."""

    channel: Annotated[str, Field(pattern="^(on_site|letter|online|mailbox|hotline)$")]
    source_ref: Annotated[str, Field(max_length=100)] = ""
    """Its number where it came from; the same number a second time adds nothing."""
    received_by_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The leader who received them on site."""


class CaseRating(Message):
    """Whether one body was rated for a case and by whom; never how."""

    body: str
    name: str
    """Of the office or the unit."""
    entered_by: str
    """EnteredBy of domain/ratings.py; empty: nobody yet."""
    words: str
    may_enter: bool
    """The actor may write down what the petitioner said."""


class NewRating(Message):
    """满意度评价 of one body (domain/ratings.py)."""

    body: Annotated[str, Field(pattern="^(office|unit)$")]
    score: Annotated[str, Field(pattern="^(satisfied|basically|dissatisfied)$")]
    words: Words = ""


class QueryCodeSent(Message):
    """What became of the last short message with a matter's query code; empty: none was sent."""

    sent: str


class QueryCodeOpened(QueryCodeSent):
    query_code: str
