"""How a kiosk is doing, as its program tells the office: codes, times and numbers, no pictures and no sound.  See copies.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message, Moment

Code = Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]


MeasuredName = Literal["brightness", "contrast", "sharpness", "speech_db", "room_db", "hum_db"]


class Measured(Message):
    """One number behind what a check says: no picture and no sound can be had from it."""

    name: MeasuredName
    """brightness, contrast and sharpness as shares of 1; decibels below full scale; hum: above what is beside it."""
    value: float = Field(ge=-1000, le=1000, allow_inf_nan=False)


class Checked(Message):
    """When a device was last looked at, and what was wrong: codes of kiosk/checks, empty where it was in order."""

    at: Moment
    faults: tuple[Code, ...] = Field((), max_length=10)
    measured: tuple[Measured, ...] = Field((), max_length=10)


OrderKind = Literal["page", "program", "computer", "room"]
"""What is opened or started again; room: the camera was moved on purpose, the empty room is looked at anew."""


def order_kind(order: str) -> OrderKind:
    """By the beginning of an order's name, e.g. program-1f2e3d4c5b6a7988; any other name is for the page."""
    match order.partition("-")[0]:
        case "program":
            return "program"
        case "computer":
            return "computer"
        case "room":
            return "room"
    return "page"


EventCode = Literal[
    "program_started", "screens_changed", "screens_shown", "screens_taken_back", "screens_dead", "screens_unsound",
    "screens_refused", "browser_ended", "browser_stuck", "page_fault", "office_silent", "office_back", "key_revoked",
    "outbox_full",
]  # fmt: skip
"""What is told to the administrator: events of our own, no words of anybody."""
MOST_EVENTS = 50
"""Most in one report."""


class Event(Message):
    """Something that happened to the program; the same several times in a row is one."""

    number: int = Field(ge=1, le=2**53)
    at: Moment
    """The last time."""
    code: EventCode
    what: str = Field("", pattern=r"^[a-z0-9_.-]{0,64}$")
    """A version, an exit code, a file and line of ours."""
    count: int = Field(1, ge=1, le=2**31)


class Health(Message):
    """Of the kiosk's program."""

    version: str = Field("", max_length=40)
    started_at: Moment
    disk_free: int = Field(ge=0)
    """Bytes."""
    camera: Checked | None = None
    """None: not looked at since the program started."""
    microphone: Checked | None = None
    devices: Checked | None = None
    """Card reader, printers, button and hand-set together: codes of kiosk/devices/all.py; None: there are none."""
    page_seen_at: Moment | None = None
    """When the kiosk's page last asked whether there is something for it."""
    restarted: str = Field("", max_length=40)
    """The last order (ReportAnswer.restart) that was obeyed."""
    obeys: tuple[OrderKind, ...] = Field(("page",), max_length=4)
    """The kinds of orders that it can obey, as it was set up."""
    screens: str = Field("", max_length=64)
    """Version of the screens that are shown; empty: the page comes from the office."""
    screens_back: str = Field("", max_length=64)
    """A version that did not come up and was taken back, while the office has no newer one."""
    welcome_s: float | None = Field(None, ge=0, le=1e6, allow_inf_nan=False)
    """Seconds from the start of the program to the first screen on the display."""
