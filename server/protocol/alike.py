"""Like matters, what hangs together with a case, and groups of like cases."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Day, Message, Moment
from server.protocol.cases import CaseRow

Words = Annotated[str, Field(min_length=1, max_length=500)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class LookedForPerson(Message):
    name: Annotated[str, Field(max_length=50)] = ""
    phone: Annotated[str, Field(max_length=20)] = ""
    id_number: Annotated[str, Field(max_length=30)] = ""
    address: Annotated[str, Field(max_length=200)] = ""


class LookedFor(Message):
    """A matter that is being registered, as far as it is typed."""

    persons: tuple[LookedForPerson, ...] = Field((), max_length=20)
    title: Annotated[str, Field(max_length=200)] = ""
    statement: Annotated[str, Field(max_length=50_000)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    category: Annotated[str, Field(max_length=100)] = ""


class Alike(Message):
    """A matter that may be the same or alike, and why; the strength is that of the match."""

    case_id: int
    version: int
    case_no: str
    title: str
    petitioner: str
    state: str
    """In Chinese."""
    channel: str
    received_on: date
    organization: str
    unit: str
    strength: Literal["strong", "middle", "weak"]
    strength_words: str
    same_person: bool
    reasons: tuple[str, ...]
    may: tuple[str, ...] = ()
    """Deeds (domain/joins.py) that this actor may do with it, seen from the case that was asked about."""
    may_group: bool = False
    """The actor may put it into a group; it is in none."""


class LinkOrder(Message):
    """A decision about a case and another one."""

    version: Number
    """Of the case, as the officer saw it."""
    other_id: Number | None = None
    other_version: Number | None = None
    reason: Words
    move_units: bool = False
    """Merging: units that the other case does not have go on there as supporting units."""
    title: Annotated[str, Field(max_length=60)] = ""
    """These, when splitting: of the new case."""
    statement: Annotated[str, Field(max_length=50_000)] = ""
    purpose: Annotated[str, Field(max_length=20)] = ""
    category: Annotated[str, Field(max_length=100)] = ""
    place: Annotated[str, Field(max_length=200)] = ""


class LinkedCase(Message):
    """A case that hangs together with this one."""

    case_id: int
    version: int
    case_no: str
    title: str
    state: str
    received_on: date
    how: Literal["repeat_of", "repeated_by", "merged_into", "merged_in", "split_from", "split_off"]
    words: str
    why: str = ""
    """Why a person said so, of an earlier one that this repeats."""


class GroupRef(Message):
    id: int
    name: str
    closed: bool


class Links(Message):
    """What hangs together with a case, and what an officer may decide."""

    version: int
    linked: tuple[LinkedCase, ...]
    more: bool
    """Some were left out."""
    repeat: bool
    """It repeats an earlier one, which the actor may not be allowed to read."""
    may_split: bool
    may_undo: tuple[tuple[str, str], ...]
    """Deeds on this case itself that undo what was done last: value and words."""
    may_group: bool
    group: GroupRef | None
    groups: tuple[GroupRef, ...]
    """Open groups that the case can be added to."""


class NewGroup(Message):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    lead_unit_id: Number | None = None
    reason: Words
    case_ids: tuple[Number, ...] = Field((), max_length=50)


class GroupChange(Message):
    """What is changed of a group; what is left out stays."""

    version: Number
    reason: Words
    name: Annotated[str, Field(max_length=60)] = ""
    lead_unit_id: Number | None = None
    close: bool | None = None
    """True: solved, with what came of it in `reason`; false: taken up again."""


class GroupAdd(Message):
    case_id: Number
    version: Number
    """Of the case."""
    reason: Words


class GroupLeave(Message):
    version: Number
    reason: Words


class NewMeasure(Message):
    text: Words
    unit_id: Number | None = None
    due_on: Day | None = None


class MeasureDone(Message):
    outcome: Words


class MeasureView(Message):
    id: int
    text: str
    unit: str
    due_on: date | None
    late: bool
    done_on: date | None
    outcome: str
    author: str
    at: Moment


class GroupEventView(Message):
    at: Moment
    author: str
    what: str
    why: str


class GroupCaseRow(Message):
    version: int
    last: str
    """What was done last in the case."""
    last_at: Moment | None
    row: CaseRow


class GroupRow(Message):
    id: int
    name: str
    organization: str
    lead_unit: str
    made_at: Moment
    closed_on: date | None


class Group(GroupRow):
    version: int
    outcome: str
    measures: tuple[MeasureView, ...]
    events: tuple[GroupEventView, ...]
    states: tuple[tuple[str, int], ...]
    """Per state how many of the cases that the actor may read."""
    cases: tuple[GroupCaseRow, ...]
    next_after: int | None
    """For the next page."""
    may_change: bool
    may_report: bool
    """May tell what came of a measure."""
