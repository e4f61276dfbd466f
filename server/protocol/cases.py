"""A filed case, its deadlines, events and documents.  Paths: office.md."""

from typing import Annotated

from pydantic import Field

from server.protocol.base import Message, Moment
from server.protocol.flow import (
    AskedExtension,
    AssignmentView,
    CaseRating,
    LetterView,
    PreparedUnit,
    RequestView,
    StepOffer,
)
from server.protocol.records import Record
from server.protocol.signing import TimestampView


class DeadlineView(Message):
    name: str
    due: str
    """ISO date of the last day."""
    weekday: str
    days_left: int
    article: str
    starts: str
    counted: str
    """Chinese sentences for the citizen."""
    left_out: tuple[str, ...] = ()
    """One sentence for each run of days that did not count, and for each make-up workday that did."""
    extension: str
    notes: tuple[str, ...] = ()
    """What may still change about the date."""
    calendar_known: bool = True
    """False: the official holidays of a year that decides about it are not known yet."""
    overdue: bool
    """Somebody owes it and is late; a right that was not used in time is nobody's delay."""
    stands_still: bool = False
    """A pause goes on: the last day is what it would be if it ended today."""
    starts_on: str = ""
    """ISO date of the starting event."""


class CaseDeadline(DeadlineView):
    """One limit of a case that is not met yet."""

    rule: str
    organization_id: int | None
    """Whose duty it is; null: the petitioner's own."""


class MergedInto(Message):
    """The matter in which a merged one is handled, where the actor may read it."""

    id: int
    case_no: str


class CaseRow(Message):
    id: int
    case_no: str
    title: str
    petitioner: str
    purpose: str
    state: str
    filed_at: Moment
    organization: str
    channel: str
    unit: str
    """The main unit's name; empty: nobody's yet."""
    deadline: DeadlineView | None
    excerpt: str = ""
    """Where a search found it."""
    merged_into: MergedInto | None = None


class CaseEvent(Message):
    at: Moment
    author: str
    kind: str
    what: str
    why: str = ""
    unit: str = ""
    """Where the author works; empty: not told."""
    details: tuple[str, ...] = ()
    """Further facts, each a short Chinese phrase."""
    about: tuple[str, ...] = ()
    """`units`: about who is responsible; `letters`: a letter was issued or delivered."""


class Supplement(Message):
    id: int
    at: Moment
    author: str
    reason: str
    text: str
    finding_id: int | None = None
    """The reviewer's finding that it answers."""


class NewSupplement(Message):
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    text: Annotated[str, Field(min_length=1, max_length=10_000)]
    finding_id: int | None = None
    """The reviewer's finding that it answers; one of this case, told to this clerk."""


class CaseDocument(Message):
    name: str
    url: str
    sha256: str
    size: int


class CasePersonView(Message):
    id: int
    name: str
    phone: str
    id_number: str
    """Both masked, unless they were opened."""
    address: str


class Case(CaseRow):
    version: int
    stage: str
    """CaseState of domain/states.py."""
    category: str
    place: str
    accused_unit: str = ""
    """被反映单位, in the words of whoever wrote it down."""
    hidden_from: tuple[str, ...] | None = None
    """Of an accusation, for the office: the units that do not see it for that (条例第三十条), found by these words."""
    purpose_value: str
    """Purpose of domain/states.py; empty: not chosen yet."""
    litigation: bool
    simple: bool
    received_on: str
    """ISO date."""
    source_ref: str
    """The matter's number where it came from."""
    people: int
    received_by: str = ""
    """The leader who received whoever came to the office; of a talk the record says who."""
    deadlines: tuple[CaseDeadline, ...]
    """Limits that are not met yet, the nearest first."""
    extension: AskedExtension | None
    """Asked for and not decided."""
    mediation: str = ""
    """访调对接: who mediates or mediated, since when, how the petitioner agreed, and what came of it; empty: nobody."""
    statement: str
    """What was written, of a matter that did not come by a talk."""
    record: Record | None
    may_hear: bool
    """Whether the actor may hear the recording; a handling unit reads the record only."""
    persons: tuple[CasePersonView, ...]
    assignments: tuple[AssignmentView, ...]
    letters: tuple[LetterView, ...]
    offers: tuple[StepOffer, ...]
    ratings: tuple[CaseRating, ...] = ()
    requests: tuple[RequestView, ...] = ()
    """Only for the office, which takes them on."""
    events: tuple[CaseEvent, ...]
    supplements: tuple[Supplement, ...]
    documents: tuple[CaseDocument, ...]
    changed: tuple[str, ...] = ()
    """What stands in the filed record otherwise than when it was first handed over for reading, a sentence each."""
    signed: tuple[str, ...] = ()
    """Who signed the filed version and how, or did not, in words."""
    record_sha256: str
    """SHA-256 of the canonical JSON of the filed record."""
    manifest_sha256: str
    timestamps: tuple[TimestampView, ...] = ()
    """Of the filed record and of its recording; none where no authority is asked."""
    intact: bool
    """The stored record still has its hash."""
    prepared: tuple[PreparedUnit, ...] = ()
    """Only for the office: whom the leader's promises name and who has no share yet."""
