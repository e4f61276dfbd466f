"""预约: states of a booking, what can be done in each, and which day fits what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BookingState(StrEnum):
    """Where a booking stands."""

    ASKED = "asked"
    APPROVED = "approved"
    ARRIVED = "arrived"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


BOOKING_STATE = {
    BookingState.ASKED: "等着安排",
    BookingState.APPROVED: "排好了",
    BookingState.ARRIVED: "来了",
    BookingState.NO_SHOW: "没有来",
    BookingState.CANCELLED: "取消了",
}
OPEN = (BookingState.ASKED, BookingState.APPROVED)


class BookingDeed(StrEnum):
    """What is done with a booking."""

    APPROVE = "approve"
    MOVE = "move"
    ARRIVE = "arrive"
    NO_SHOW = "no_show"
    REFER = "refer"
    """It is for a leader of another office, above or beside, or for a department to give a time: that office approves it."""
    LATE = "late"
    """They came after all."""
    CANCEL = "cancel"
    RELEASE = "release"
    """Its day was cancelled: it waits for another."""
    REBOOK = "rebook"
    """The petitioner chose a time that the office has to approve."""


NOT_THE_OFFICES = (BookingDeed.RELEASE, BookingDeed.REBOOK)
"""Deeds that are no clerk's to choose."""


DEED_SAID: Mapping[str, str] = {
    "asked": "来约",
    BookingDeed.APPROVE: "排好了",
    BookingDeed.MOVE: "改了时间",
    BookingDeed.ARRIVE: "来了",
    BookingDeed.NO_SHOW: "没有来",
    BookingDeed.REFER: "转给能定的单位，等着安排",
    BookingDeed.LATE: "来晚了，不算没有来",
    BookingDeed.CANCEL: "取消了",
    BookingDeed.RELEASE: "接访日取消了，另排",
    BookingDeed.REBOOK: "改了时间，等着安排",
    "given_back": "来了，当时没有谈成",
}


@dataclass(frozen=True)
class DeedRule:
    """From which states to which, and what the booking needs for it."""

    sources: tuple[BookingState, ...]
    to: BookingState
    needs_slot: bool = False
    needs_why: bool = False
    frees_slot: bool = False


DEEDS: Mapping[BookingDeed, DeedRule] = {
    BookingDeed.APPROVE: DeedRule((BookingState.ASKED,), BookingState.APPROVED, needs_slot=True),
    BookingDeed.MOVE: DeedRule((BookingState.APPROVED,), BookingState.APPROVED, needs_slot=True, needs_why=True),
    BookingDeed.REFER: DeedRule(OPEN, BookingState.ASKED, needs_why=True),
    BookingDeed.ARRIVE: DeedRule((BookingState.APPROVED,), BookingState.ARRIVED),
    BookingDeed.NO_SHOW: DeedRule((BookingState.APPROVED,), BookingState.NO_SHOW),
    BookingDeed.LATE: DeedRule((BookingState.NO_SHOW,), BookingState.ARRIVED),
    BookingDeed.CANCEL: DeedRule(OPEN, BookingState.CANCELLED, needs_why=True, frees_slot=True),
    BookingDeed.RELEASE: DeedRule(OPEN, BookingState.ASKED, frees_slot=True),
    BookingDeed.REBOOK: DeedRule(OPEN, BookingState.ASKED, needs_slot=True),
}


class Standing(StrEnum):
    """Where somebody who was booked for today stands until they sit down."""

    AHEAD = "ahead"
    LATE = "late"
    MISSED = "missed"
    """Their time is over, and nobody has said yet what became of it."""
    HERE = "here"
    NO_SHOW = "no_show"


EXPECTED = (BookingState.APPROVED, BookingState.ARRIVED, BookingState.NO_SHOW)
"""States of a booking of today that whoever receives wants to know of while nobody has sat down with it."""


def standing(state: BookingState, begins: datetime, ends: datetime, now: datetime) -> Standing:
    """Of a booking in one of EXPECTED for this time."""
    if state is not BookingState.APPROVED:
        return Standing.HERE if state is BookingState.ARRIVED else Standing.NO_SHOW
    if now < begins:
        return Standing.AHEAD
    return Standing.LATE if now < ends else Standing.MISSED


def standing_words(stands: Standing, begins: datetime, now: datetime) -> str:
    """The same as the screen says it."""
    if stands is Standing.LATE:
        minutes = int((now - begins).total_seconds() // 60)
        return f"晚了 {minutes} 分钟，还没到" if minutes else "时间到了，还没到"
    return {
        Standing.AHEAD: "还没到时间", Standing.MISSED: "时间过了，没有到", Standing.HERE: "到了，还没坐下", Standing.NO_SHOW: "没有来",
    }[stands]  # fmt: skip


MOST_MOVES = 3
"""So often a petitioner may move one booking: a slot that is given back late is nobody's any more."""


def moved_by_petitioner(state: BookingState, *, same_leader: bool) -> BookingDeed:
    """What it is when a petitioner moves a booking: what the office approved for this leader stays approved."""
    return BookingDeed.MOVE if state is BookingState.APPROVED and same_leader else BookingDeed.REBOOK


def category_in(matter: str, names: tuple[str, ...]) -> str:
    """The category whose name stands in the matter's words, the longest such; empty where none does."""
    return max((name for name in names if name in matter), key=len, default="")


def fits(charge: str, words: tuple[str, ...]) -> bool:
    """Whether what a leader is in charge of names the category, its kind or its area."""
    return any(word and word in charge for word in words)
