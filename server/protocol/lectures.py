"""Lectures as the office's HTTP API tells of them (信访视频会议, one to many)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from server.protocol.base import NO_NUL, Message, Moment, Seconds

MOST_OFFICES = 500
TitleText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_NUL)]


class NewLecture(Message):
    """A lecture to be held."""

    title: TitleText
    planned_at: Moment
    speaker_id: int | None = Field(None, ge=1, le=2**31 - 1)
    """An account of the own office; null: whoever enters it speaks."""
    offices: Annotated[tuple[Annotated[int, Field(ge=1, le=2**31 - 1)], ...], Field(min_length=1, max_length=MOST_OFFICES)]
    """Who is invited: the own office or those below it."""


class Place(Message):
    """An office that can be invited; `depth` counts from the own one."""

    id: int
    name: str
    depth: int
    beside: bool = False
    """Above or beside the own one: it decides itself whether it comes; its leaders and clerks are told."""


class Person(Message):
    """Somebody who can speak."""

    id: int
    name: str


class LectureChoices(Message):
    """What can be chosen for a new lecture."""

    offices: tuple[Place, ...]
    speakers: tuple[Person, ...]


class LectureRow(Message):
    """One line of the list."""

    id: str
    title: str
    office: str
    """That holds it."""
    speaker: str
    planned_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    state: str
    """LectureState of domain/lectures.py."""
    state_words: str
    mine: bool
    """The caller speaks."""
    film: bool
    """It can be seen afterwards."""


class LectureRows(Message):
    """A page of the list, the newest first."""

    rows: tuple[LectureRow, ...]
    more: bool


class Film(Message):
    """The film of a lecture."""

    state: str
    """ArchiveState of domain/states.py."""
    progress: float
    messages: tuple[str, ...] = ()
    size: int = 0
    url: str = ""


class InvitedOffice(Message):
    """An office that is invited, and whether anybody of it ever came in."""

    name: str
    came: bool


class LectureView(Message):
    """One lecture for somebody who may see it."""

    row: LectureRow
    offices: tuple[InvitedOffice, ...]
    may_manage: bool
    """Cancel it, end it, have its film made."""
    may_screen: bool
    """Make a link for a screen in the own hall."""
    screen: bool
    """There is such a link."""
    seconds: Seconds = 0
    film: Film | None = None


class ScreenLink(Message):
    """The link for the screen in a hall; told this once."""

    url: str


class ScreenLecture(Message):
    """What a hall's screen shows before it joins."""

    title: str
    office: str
    speaker: str
    planned_at: Moment
    state: str
