"""Reception days and bookings as pages see them.  See office.md."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import NO_NUL, Message, Moment
from server.protocol.progress import ProgressQuery

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
SlotNumber = Annotated[int, Field(ge=0, le=99)]


class NewDay(Message):
    """A reception day of a leader; its office is the leader's."""

    leader_id: Number
    on_day: date
    kind: Literal["video", "on_site", "village", "appointed"]
    begins: Annotated[str, Field(pattern=r"^([01]?\d|2[0-3]):[0-5]\d$")]
    slots: Annotated[int, Field(ge=1, le=40)]
    slot_minutes: Annotated[int, Field(ge=5, le=240)]
    place: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""
    charge: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""
    """What the leader is in charge of."""


class DayOrder(Message):
    version: Version
    why: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class SlotView(Message):
    slot: int
    time: str


class DayView(Message):
    """A day as anybody may see it."""

    id: int
    on_day: date
    kind: str
    kind_words: str
    hours: str
    leader: str
    title: str
    charge: str
    place: str
    free: tuple[SlotView, ...]


class KioskDay(DayView):
    """The same at a kiosk, which shows days of several offices."""

    office: str


class OfficeDay(DayView):
    """The same for its office."""

    leader_id: int
    version: int
    state: str
    state_words: str
    why: str
    slots: int
    booked: int
    may_change: bool


class ElsewhereDay(OfficeDay):
    """A day of another office, to which a booking can be passed on."""

    office: str


class OfficeView(Message):
    id: int
    name: str


class PublicSchedule(Message):
    """Offices that have days ahead; the days of the one that was asked for, and where one may sit for a video talk."""

    offices: tuple[OfficeView, ...]
    office: OfficeView | None
    days: tuple[DayView, ...]
    rooms: tuple[OfficeView, ...]


class LeaderDuty(Message):
    """What one leader has done in the period."""

    leader_id: int
    name: str
    title: str
    days: tuple[date, ...]
    """Days on which they received people."""
    ahead: tuple[date, ...]
    """Days that are still planned in the period."""
    missing: int


class DutyView(Message):
    """Who has met what the rule asks; `times` 0: nothing is counted."""

    organization: OfficeView
    level: str
    words: str
    source: str
    times: int
    period: str
    leaders: tuple[LeaderDuty, ...]


class DutyRow(Message):
    """What an administrator sees and sets."""

    organization_id: int
    organization: str
    level: str
    law: str
    law_source: str
    times: int
    period: str
    source: str
    own: bool


class DutyOrder(Message):
    times: Annotated[int, Field(ge=1, le=31)]
    period: Literal["month", "quarter", "half", "year"]
    source: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class LevelOrder(Message):
    level: Literal["", "city", "county", "township", "department"]


class BookingAsked(Message):
    """Somebody asks for a slot of a day; without a slot they take the first that is free."""

    day_id: Number
    slot: SlotNumber | None = None
    name: Annotated[str, Field(min_length=1, max_length=50, pattern=NO_NUL)]
    phone: Annotated[str, Field(pattern=r"^(1\d{10}|0\d{2,3}-?\d{7,8})$")]
    matter: Annotated[str, Field(min_length=2, max_length=200, pattern=NO_NUL)]
    place_id: Number | None = None
    """Where they will sit for a talk by video."""


class BookingTold(Message):
    """A booking as its petitioner sees it: no name and no words of theirs."""

    code: str
    state: str
    words: str
    """Chinese sentence: how it stands and what to do."""
    office: str
    office_id: int
    day: str
    time: str
    leader: str
    kind: str
    place: str
    why: str
    may_cancel: bool
    may_move: bool


class BookingAtKiosk(Message):
    """A booking for today, as the kiosk shows it to whoever typed its code."""

    name: str
    matter: str
    time: str
    leader: str
    later: BookingTold | None = None
    """Where it is not for today and any was asked for: how it stands, and the others are empty."""


class BookingCancel(ProgressQuery):
    """The petitioner cancels."""


class BookingMove(ProgressQuery):
    """The petitioner takes another slot."""

    day_id: Number
    slot: SlotNumber
    place_id: Number | None = None
    """Where they will sit for a talk by video; the one that was chosen before where none is given."""


class BookingOrder(Message):
    """What the office does with a booking; what the deed does not need stays empty."""

    version: Version
    day_id: Number | None = None
    slot: SlotNumber | None = None
    organization_id: Number | None = None
    """To whom it is passed on without a day: they give it a time."""
    category: Annotated[str, Field(max_length=100, pattern=NO_NUL)] | None = None
    why: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class BookingEventView(Message):
    at: Moment
    author: str
    what: str
    why: str
    when: str = ""
    """For when it was booked from then on, and with whom; empty: for no time."""


class BookingNumbers(Message):
    """What opens a booking, and with which whoever booked is called."""

    phone: str
    code: str


class BookingRow(Message):
    id: int
    version: int
    code: str
    """Told to whoever has just made the booking; empty in lists."""
    state: str
    state_words: str
    name: str
    phone: str
    """Masked in lists."""
    matter: str
    category: str
    asked_at: Moment
    office: str
    where: str
    """Where they are to go."""
    day_id: int | None
    on_day: date | None
    slot: int | None
    time: str
    leader: str
    kind_words: str
    reception_id: str | None
    may: tuple[str, ...]
    """Deeds that are open to whoever asks."""


class ExpectedPerson(Message):
    """Somebody who was booked for today and has not sat down yet."""

    booking_id: int
    name: str
    matter: str
    begins: str
    """9:30"""
    time: str
    leader: str
    kind_words: str
    where: str
    on_site: bool
    """They sit down in one room with the leader, not at a kiosk."""
    standing: Literal["ahead", "late", "missed", "here", "no_show"]
    standing_words: str


class BookingView(BookingRow):
    proposed_category: str
    fitting_days: tuple[OfficeDay, ...]
    """Days with a free slot, those first whose leader is in charge of what it is about."""
    superior_days: tuple[ElsewhereDay, ...]
    """The same of offices above, to whose leaders it can be passed on."""
    department_days: tuple[ElsewhereDay, ...]
    """Days of departments and townships in reach to which it can be passed on; only such as fit."""
    fitting: tuple[int, ...]
    """Ids of those among all that fit."""
    others: tuple[OfficeView, ...]
    """Offices to which it can be passed on without a day, those first that fit."""
    departments: tuple[str, ...]
    """Departments whose name says that it is theirs."""
    events: tuple[BookingEventView, ...]
