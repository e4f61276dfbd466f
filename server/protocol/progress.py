"""What whoever holds a query code sends and gets.  Paths: office.md."""

from typing import Annotated

from pydantic import Field

from server.protocol.base import Message
from server.protocol.cases import DeadlineView
from server.protocol.flow import NewRating


class ProgressQuery(Message):
    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{6,20}$")]
    phone_last4: Annotated[str, Field(pattern=r"^\d{4}$")]


class ProgressStep(Message):
    at: str
    what: str
    done: bool
    note: str = ""


class RatingOffer(Message):
    """The office or the unit, as the petitioner may rate it."""

    body: str
    name: str
    given: bool = False
    """The petitioner rated it themselves; how is not told again, for others may know the code."""
    why_not: str = ""
    """Empty: it can be rated."""


class ReviewOffer(Message):
    """复查 or 复核, as the petitioner may ask for it."""

    name: str
    until: str
    """The last day, in Chinese; empty: it is not known yet."""
    asked: str = ""
    """On which day it was asked for."""
    why_not: str = ""
    """Empty: it can be asked for now."""


class OwnCopy(Message):
    """A document that the petitioner may take home."""

    name: str
    title: str


class Progress(Message):
    """No names and no content: what a citizen may see with code and digits alone."""

    number: str
    state: str
    office: str
    now: str = ""
    """Where it is, in one sentence."""
    steps: tuple[ProgressStep, ...]
    next_step: str
    deadline: DeadlineView | None
    ratings: tuple[RatingOffer, ...] = ()
    review: ReviewOffer | None = None
    copies: tuple[OwnCopy, ...] = ()
    copies_why_not: str = ""


class ProgressRating(ProgressQuery):
    """The petitioner rates the office or the unit."""

    rating: NewRating


class ProgressReview(ProgressQuery):
    """The petitioner asks for a review or re-examination."""

    words: Annotated[str, Field(max_length=2000)] = ""


class ProgressCopy(ProgressQuery):
    """The petitioner takes a document home; it holds what they said, so it asks for more than the code."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}\.pdf$")]
    id_last6: Annotated[str, Field(pattern=r"^[0-9A-Z]{6}$")]
