"""Receptions on site as pages see them.  See office.md."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import NO_NUL, Identifier, Message, Moment
from server.protocol.kiosks import JoinTicket
from server.protocol.receptions import Participant

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Kind = Literal["on_site", "village", "appointed"]
Name = Annotated[str, Field(min_length=1, max_length=50, pattern=NO_NUL)]


class NewPerson(Message):
    """Somebody else in the room, so that their words can be told to be theirs."""

    name: Name
    part: Literal["companion", "joint", "interpreter", "clerk"]


class RoomPerson(Participant):
    """Somebody who sits in the room, or sat there."""

    left_at: Moment | None
    """When they went, if they have not come back."""


class Whereabouts(Message):
    """Somebody left the room, came back, or did not leave after all."""

    what: Literal["left", "back", "stayed"]
    at: Moment | None = None
    """When; none: now."""


class NewOnSite(Message):
    """A reception in one room: of somebody who comes now, who was booked, or who waits at a kiosk."""

    kind: Kind
    leader_id: Number
    place: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""
    name: Annotated[str, Field(max_length=50, pattern=NO_NUL)] = ""
    """Empty where a booking or a number tells it."""
    phone: Annotated[str, Field(pattern=r"^(|1\d{10}|0\d{2,3}-?\d{7,8})$")] = ""
    matter: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""
    people: Annotated[tuple[NewPerson, ...], Field(max_length=10)] = ()
    booking_id: Number | None = None
    reception_id: Identifier | None = None
    """Of whoever has a number and waits."""


class Agreed(Message):
    """What the petitioner said when the notice was read to them; empty where that is told already."""

    words: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""


class OnSiteSeat(Message):
    """The ticket of the room's microphone."""

    ticket: JoinTicket
    participant_id: Identifier


class OnSiteTalkView(Message):
    """One reception on site."""

    reception_id: Identifier
    number: str
    state: str
    kind: str
    kind_words: str
    place: str
    leader: str
    petitioner: str
    matter: str
    booked: str
    queued: bool
    notice: str
    """To be read aloud."""
    agreed_words: str
    agreed_at: Moment | None
    agreed_before: str
    asked_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    people: tuple[RoomPerson, ...]
    """Everybody in the room."""
    microphone: Identifier
    """The seat that the room's microphone has."""
    query_code: str
    record_id: Identifier | None
    may_hold: bool
    """Whether the caller may open it and take it to its end."""
    may_tell: bool
    """Whether the caller may still say who was in the room."""


class OnSiteBooking(Message):
    """Somebody who was booked for today and has not been received."""

    booking_id: int
    version: int
    name: str
    matter: str
    kind: Kind
    kind_words: str
    leader_id: int
    leader: str
    time: str
    place: str


class OnSiteLeader(Message):
    id: int
    name: str
    title: str
    organization: str


class OnSiteToday(Message):
    """What the office's page of receptions on site shows."""

    day: date
    talks: tuple[OnSiteTalkView, ...]
    """Those that are open, and today's."""
    booked: tuple[OnSiteBooking, ...]
    leaders: tuple[OnSiteLeader, ...]
