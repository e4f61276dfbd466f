"""The kiosk's own copy of a talk: from page to agent, from agent to office.  See copies.md."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from server.protocol.base import Identifier, Message, Moment, Seconds, Sha256
from server.protocol.checks import DiskAsked, Listen, Look, LoopAsked, PageIs, Photographed
from server.protocol.devices import (
    HandsetAsked,
    Hold,
    KeepSitting,
    PrintAsked,
    PrinterAsked,
    ReadCard,
    ReaderAsked,
    SittingAsked,
)
from server.protocol.health import MOST_EVENTS, Event, Health
from server.protocol.papers import ForgetPapers, KeepPaper, OrderPapers, PapersAsked, SendPapers

PIECE_BYTES = 512 * 1024
"""Most bytes of one uploaded piece."""
LARGEST_CHUNK = 8 * 1024 * 1024
"""Most bytes of what the page's recorder hands over at once (normally one second)."""
LONGEST_UNDERSTOOD = 4_000_000
"""Characters of a sound that the page asks about."""
MOST_HELD = 500
"""Most copies told of in one report."""
PIECE_HASH_HEADER = "X-Piece-SHA256"

Secret = Annotated[str, Field(min_length=16, max_length=100)]


# --- page to office ---


class AgentDoor(Message):
    """Where the page finds the kiosk's own program, and what it shows there."""

    url: str
    secret: str


class Uploading(Message):
    """What the agent of this kiosk has still to send."""

    copies: int
    """0 also where no agent was heard of lately: nothing is said that is not known."""
    share: float = Field(0, ge=0, le=1)
    """How much of it is at the office."""


# --- page to agent ---


class Open(Message):
    """First message of a connection: go on with this copy, or begin it."""

    type: Literal["open"] = "open"
    secret: str
    copy_id: Identifier
    reception_id: Identifier
    participant_id: Identifier
    begun_at: Moment
    """By the recording's clock (signalling.md, "What time it is"), as far as the page knows it."""
    position: Seconds | None
    """Media time at which the recorder began; null: the page has not been told that the talk runs."""
    mime: str = Field("video/webm", max_length=100)


class OpenAlone(Message):
    """First message of a connection: go on with this sitting alone (alone.py), or begin it."""

    type: Literal["open_alone"] = "open_alone"
    secret: str
    sitting_id: Identifier
    begun_at: Moment


class Understand(Message):
    """First and only message: what is said in this sound?  Asked of a recogniser on this computer."""

    type: Literal["understand"] = "understand"
    secret: str
    sound: str = Field(max_length=LONGEST_UNDERSTOOD)
    """A sound file of a browser's recorder, base64."""


class End(Message):
    """The last chunk was sent."""

    type: Literal["end"] = "end"


class PadAsked(Message):
    """First and only message: is there a fingerprint pad?"""

    type: Literal["pad"] = "pad"
    secret: str


class Press(Message):
    """First and only message: somebody puts a finger on the pad now."""

    type: Literal["press"] = "press"
    secret: str


PageMessage = Annotated[
    Open | OpenAlone | Understand | End | PadAsked | Press | Look | Listen | LoopAsked | Photographed | DiskAsked | PageIs | Hold | KeepSitting
    | SittingAsked | ReaderAsked | ReadCard | PrinterAsked | PrintAsked | HandsetAsked | PapersAsked | KeepPaper | OrderPapers | SendPapers | ForgetPapers,
    Field(discriminator="type"),
]
page_message: TypeAdapter[PageMessage] = TypeAdapter(PageMessage)


# --- agent to page ---


class Kept(Message):
    """All chunks before number `next` are on disk, synced."""

    type: Literal["kept"] = "kept"
    next: int
    number: str = ""
    """Of a sitting alone: what stands on its slip."""
    room: int | None = None
    """Of a sitting alone: so many bytes more are taken."""


class Understood(Message):
    """What a recogniser on this computer heard; empty: nothing."""

    type: Literal["understood"] = "understood"
    words: str


class PadIs(Message):
    """There is a pad of this name."""

    type: Literal["pad_is"] = "pad_is"
    device: str


class Print(Message):
    """A PNG of the finger, base64."""

    type: Literal["print"] = "print"
    image: str
    device: str


class Refused(Message):
    """The agent does not take (any more of) it: `secret_wrong`, `full`, `over`, `wrong_order`, `too_large`, `bad_message`;
    `no_office` (whom to seal for is not known yet); of a pad: `no_pad`, `no_print`, `pad_busy`; of checks (checks.py):
    `unusable`; of a recogniser: `no_recogniser`."""

    type: Literal["refused"] = "refused"
    code: str
    message: str


# --- agent to office ---


class EnrolAgent(Message):
    code: str = Field(max_length=200)


class ToldOffice(Message):
    """What the kiosk keeps of its office, so that it can work without it."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """X25519, 32 bytes, hex: what is kept is sealed for it (sealed.py)."""
    kiosk_id: int


class AgentKey(Message):
    """The agent's own key, told once."""

    token: str
    kiosk: str
    screens_key: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    """Ed25519 public key of the office, 32 bytes in hexadecimal: only screens signed with it are shown from now on."""
    office: ToldOffice


class HeldCopy(Message):
    id: Identifier
    bytes: int = Field(ge=0)
    reception_id: Identifier | None = None
    """Of a talk.  It is from here that the office knows that a copy of it is kept."""


class AgentReport(Message):
    """How the agent is doing; sent at its start, every 20 s, and when something changed."""

    secret: Secret
    held: tuple[HeldCopy, ...] = Field((), max_length=MOST_HELD)
    oldest: Moment | None = None
    """When the oldest copy that is held began."""
    full: bool = False
    health: Health | None = None
    log: Identifier = "none"
    """Name of the log that `events` are of: a computer that was set up anew begins another, and numbers from 1."""
    events: tuple[Event, ...] = Field((), max_length=MOST_EVENTS)
    """Oldest first; told again until the answer names them."""


class ReportAnswer(Message):
    office: ToldOffice
    unwanted: tuple[Identifier, ...] = ()
    """Copies of sittings in which nobody talked: to be deleted at once."""
    restart: str = ""
    """The name of an order, which begins with its kind (health.py): page, program or computer are to be opened or started
    again as soon as nobody is there, the room is to be looked at anew; reported back as Health.restarted."""
    events_to: int = 0
    """The office has all events up to this number."""
    screens: str = Field("", max_length=64)
    """The version of the screens that the kiosk should show; empty: the office cannot give any."""


class CopyOffset(Message):
    """How much of a copy the office has; `stored`: all of it, hashed and synced."""

    received: int
    stored: bool = False


class FinishCopy(Message):
    """All pieces are there."""

    size: int = Field(ge=1)
    sha256: Sha256
    begun_at: Moment
    position: Seconds | None
    """As in Open."""
