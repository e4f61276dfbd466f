"""每日评查: records heard again by a colleague.  Paths: office.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Message, Moment, Seconds
from server.protocol.records import Record

FindingKindName = Literal["wrong_word", "missing", "invented", "wrong_speaker", "form", "other"]


class NewFinding(Message):
    """What a reviewer found in a filed record."""

    kind: FindingKindName
    line_id: Identifier | None = None
    words: Annotated[str, Field(min_length=1, max_length=500)]
    """What was said, or how it should be."""


class Finding(Message):
    id: int
    kind: FindingKindName
    label: str
    line_id: Identifier | None
    line: str
    """The line's text as it was filed; empty: it is about no line."""
    words: str
    at: Moment
    seen: bool
    supplement_id: int | None


class ReviewRow(Message):
    """A filed record that was drawn for a second pair of ears."""

    id: int
    case_id: int
    case_no: str
    title: str
    office: str
    day: str
    """ISO date on which it was filed."""
    seconds: Seconds
    clerk: str
    """Who corrected it; empty while it is open, so that nobody chooses by the person."""
    reviewer: str
    state: Literal["open", "taken", "finished"]
    findings: tuple[Finding, ...] = ()


class Reviews(Message):
    """What there is for a clerk: to hear, being heard by them, and what colleagues found in their own records."""

    open: tuple[ReviewRow, ...]
    mine: tuple[ReviewRow, ...]
    returned: tuple[ReviewRow, ...]
    unseen: int


class Review(ReviewRow):
    record: Record


class FindingCounts(Message):
    """Of offices, never of persons: reviews finished, and findings by kind."""

    days: int
    kinds: tuple[tuple[FindingKindName, str], ...]
    offices: tuple[tuple[str, int, dict[FindingKindName, int]], ...]
    hidden_offices: int
    least_clerks: int
