"""What the kiosk's page shows to the kiosk's own program to be judged, and what it answers.  See copies.md.

Pictures and sound go over 127.0.0.1 only, are looked at and forgotten; the office gets words and numbers.
"""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message

LARGEST_PICTURE = 4_000_000
"""Most characters of one picture in base64."""
Share = Annotated[float, Field(ge=0, le=1)]


class Shown(Message):
    """A picture of the camera: a JPEG in base64."""

    at: float
    """Seconds on the page's own clock."""
    jpeg: str = Field(max_length=LARGEST_PICTURE)


class Look(Message):
    """First and only message: is the camera in order, and how does somebody sit."""

    type: Literal["look"] = "look"
    secret: str
    pictures: tuple[Shown, ...] = Field(max_length=6)
    """Empty: the page could not open the camera."""
    nobody: bool = False
    """Nobody should be there: the room's outlines are compared with those it had when it was in order."""


class Listen(Message):
    """First and only message: is the microphone in order, and can somebody be made out."""

    type: Literal["listen"] = "listen"
    secret: str
    sound: str = Field(max_length=1_300_000)
    """Mono, 16 kHz, 16 bit little-endian, in base64; half a second to half a minute.  Empty: the microphone did not open."""
    speaking: bool = False
    """Somebody is known to speak."""
    loop: bool = False
    """The loudspeaker played the rising tone while it was recorded."""


class LoopAsked(Message):
    """First and only message: the tone for the loudspeaker."""

    type: Literal["loop"] = "loop"
    secret: str


class Photographed(Message):
    """First and only message: a shot of the document camera."""

    type: Literal["paper"] = "paper"
    secret: str
    jpeg: str = Field(max_length=LARGEST_PICTURE)
    straighten: bool = True
    """False: only where the page lies, for the live view."""
    whole: bool = False
    """Where no whole page is found, the photograph as it is does."""


class DiskAsked(Message):
    """First and only message: is there room on this computer's disk."""

    type: Literal["disk"] = "disk"
    secret: str


class PageIs(Message):
    """First and only message, every half minute: the page is there; is there something for it?"""

    type: Literal["page"] = "page"
    secret: str
    restarted: str = Field("", max_length=40)
    """The last order to open itself again that it obeyed."""


class Fault(Message):
    code: str
    words: str


class Seen(Message):
    """Of `look`."""

    type: Literal["seen"] = "seen"
    faults: tuple[Fault, ...]
    framing: Fault


class HeardIs(Message):
    """Of `listen`: `words` for the room meter."""

    type: Literal["heard"] = "heard"
    faults: tuple[Fault, ...]
    words: str
    speech_db: float
    room_db: float
    loop_s: float | None = None
    """After how long the tone was heard; None: it was not played or not heard."""


class Tone(Message):
    """Of `loop`: as `Listen.sound`."""

    type: Literal["tone"] = "tone"
    sound: str


class PaperIs(Message):
    """Of `paper`."""

    type: Literal["paper_is"] = "paper_is"
    faults: tuple[Fault, ...]
    readable: bool = False
    """The faults only keep the page from being straightened: asked for once more as `whole`, the photograph may do as it is."""
    corners: tuple[tuple[Share, Share], ...] = ()
    """Top left, top right, bottom right, bottom left, as shares of width and height; empty: no page."""
    page: str = ""
    """The straightened page, a JPEG in base64; empty: not asked for, or the shot is not to be kept.  With faults: the whole
    photograph, in which no whole page was found."""


class DiskIs(Message):
    """Of `disk`."""

    type: Literal["disk_is"] = "disk_is"
    faults: tuple[Fault, ...]


class PageOrder(Message):
    """Of `page`."""

    type: Literal["page_order"] = "page_order"
    restart: str
    """Open yourself again as soon as nobody is there, and tell this name then; empty: nothing is to be done."""


Check = Look | Listen | LoopAsked | Photographed | DiskAsked
"""What a page may ask of the checks."""
