"""The administrator's kiosks, and how each is doing."""

from typing import Literal

from pydantic import Field

from server.protocol.base import Message, Moment
from server.protocol.health import OrderKind
from server.protocol.kiosks import KioskCopies

PartState = Literal["ok", "fault", "unknown"]


class Part(Message):
    """One part of a kiosk as it was last checked."""

    state: PartState
    at: Moment | None = None
    words: tuple[str, ...] = ()
    """What is wrong, for the office."""
    measured: tuple[str, ...] = ()
    """The numbers behind it, in words."""


class Alert(Message):
    words: str
    serious: bool
    """Nobody can be received there until it is mended."""


class KioskState(Message):
    kiosk_id: int
    kiosk: str
    organization: str
    room: str
    """Where it stands, as the administrator wrote it."""
    phone: str
    """What people call from home: on their slips."""
    state: Literal["online", "late", "never"]
    """Of the kiosk's program: late: it reported, and has not for a while; never: no program ever did."""
    seen_at: Moment | None
    talking: bool
    camera: Part
    microphone: Part
    line: Part
    """In the last talk."""
    disk: Part
    devices: Part
    """Card reader, printers, emergency button, hand-set."""
    disk_free: int | None
    """Bytes; None: not known."""
    version: str
    screens: str
    """Version of the screens it shows; empty: they come from the office, or it was never told."""
    screens_are: Literal["unknown", "office", "current", "older", "taken_back"]
    """Against the office's own; taken_back: the newest did not come up there."""
    welcome_s: float | None
    """Seconds from the start of its program to the first screen."""
    started_at: Moment | None
    """When its program started."""
    page_seen_at: Moment | None
    copies: KioskCopies
    alerts: tuple[Alert, ...]
    obeys: tuple[OrderKind, ...]
    """The orders that can be given to it."""
    order: OrderKind | None
    """The one that waits to be obeyed."""
    restart: Literal["none", "asked", "done"]
    """Of the last order."""
    restart_at: Moment | None
    """When it was asked for, or done."""


class KioskRoom(Message):
    """Where a kiosk stands, and what people call from home."""

    room: str = Field(max_length=60, pattern=r"^[^\x00-\x1f]*$")
    phone: str | None = Field(None, max_length=40, pattern=r"^[0-9+() 转、，,/-]*$")
    """Left out: as it was."""


class KioskPlace(Message):
    """What the kiosk's slips say of the office."""

    phone: str


class ShownEvent(Message):
    at: Moment
    words: str
    what: str
    """A version, a number, a place in the program; may be empty."""
    count: int


class KioskEvents(Message):
    """What happened to a kiosk's program, the newest first."""

    events: tuple[ShownEvent, ...]


class Fleet(Message):
    kiosks: tuple[KioskState, ...]
