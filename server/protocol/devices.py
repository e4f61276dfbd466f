"""An identity card at the kiosk's reader, and what the page has in hand: page and the kiosk's own program.  See copies.md.

The card's data goes over 127.0.0.1 only and is kept nowhere by the program; no vendor's server sees it.
"""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Message, Moment

LARGEST_HELD = 20_000
"""Most characters that a page has in hand."""


# --- page to agent, one message a connection ---


class ReaderAsked(Message):
    """Is there a card reader?  Answered at once with ReaderIs, else refused: `no_reader`."""

    type: Literal["reader"] = "reader"
    secret: str


class ReadCard(Message):
    """Wait for a card.  Answered with CardRead, else refused: `no_reader`; `no_card`: nobody put one there in time;
    `card_unreadable`: take it away and put it there again."""

    type: Literal["card"] = "card"
    secret: str
    wait_s: float = Field(20, ge=0, le=60)


class Hold(Message):
    """Keep this in memory for a page that is opened again, until the person goes or for half an hour; never on the disk.
    Answered with Held."""

    type: Literal["hold"] = "hold"
    secret: str
    text: str | None = Field(None, max_length=LARGEST_HELD)
    """None: nothing is changed, only asked for; empty: it is forgotten."""


class SittingStood(Message):
    """How the sitting at this kiosk stood when a page last knew: nothing of a person but the day's number."""

    reception_id: Identifier
    participant_id: Identifier
    step: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    """As in the office's Sitting."""
    number: str = Field("", max_length=20)
    consent: Literal["audio_video", "audio_only"]
    started_at: Moment | None = None
    """Of a talk: when its recording began."""
    ahead_ms: float = Field(0, allow_inf_nan=False)
    """Of a talk: by how much the recording's clock is ahead of this computer's."""
    held: bool = False
    """Of a talk: the officers talk among themselves, and nothing is recorded."""


class KeepSitting(Message):
    """How the sitting stands, for a page that is opened again while the office does not answer.  Answered with SittingIs."""

    type: Literal["keep_sitting"] = "keep_sitting"
    secret: str
    sitting: SittingStood | None
    """None: nobody sits here any more."""


class SittingAsked(Message):
    """How did the sitting stand?  Answered with SittingIs."""

    type: Literal["sitting_asked"] = "sitting_asked"
    secret: str


class PrinterAsked(Message):
    """Is the printer in order?  Answered with PrinterIs, else refused: `no_printer`: none is set up."""

    type: Literal["printer"] = "printer"
    secret: str
    printer: Literal["slip", "paper"] = "slip"


class PrintAsked(Message):
    """Print this.  Answered with PrinterIs once it is printed or cannot be, at the latest after half a minute; refused:
    `no_printer`, `unusable` for what is no PDF."""

    type: Literal["print"] = "print"
    secret: str
    printer: Literal["slip", "paper"] = "slip"
    pdf: str = Field(max_length=8_000_000)
    """In base64."""


class HandsetAsked(Message):
    """Is the hand-set lifted?  Answered with HandsetIs as soon as it is not as `known` says, at the latest after `wait_s`;
    refused: `no_handset`."""

    type: Literal["handset"] = "handset"
    secret: str
    known: bool | None = None
    wait_s: float = Field(0, ge=0, le=60)


# --- agent to page ---


class ReaderIs(Message):
    """There is a reader of this name."""

    type: Literal["reader_is"] = "reader_is"
    device: str


class CardRead(Message):
    """What the card says."""

    type: Literal["card_read"] = "card_read"
    name: str = Field(max_length=50)
    number: Annotated[str, Field(pattern=r"^[0-9A-Z]{6,18}$")]
    sex: Literal["male", "female", ""] = ""
    ethnic_group: str = Field("", max_length=20)
    address: str = Field("", max_length=200)
    device: str = ""


class PrinterIs(Message):
    """How the printer is, or what became of what was to be printed."""

    type: Literal["printer_is"] = "printer_is"
    state: Literal["ready", "printed", "waits", "trouble"]
    words: str = ""
    """Of trouble: what is wrong, and what to do."""


class HandsetIs(Message):
    type: Literal["handset_is"] = "handset_is"
    lifted: bool
    output: str = ""
    """Words in the name of the browser's output that it is; empty: one that calls itself so."""


class Held(Message):
    """What is kept for the page; empty: nothing."""

    type: Literal["held"] = "held"
    text: str = ""


class SittingIs(Message):
    """None: nobody sat here, or no page has said a word of it for too long."""

    type: Literal["sitting_is"] = "sitting_is"
    sitting: SittingStood | None = None
    for_s: float = 0
    """It is forgotten after so long, unless a page tells it again."""


InHand = Hold | KeepSitting | SittingAsked
"""What a page has in hand, kept for the next one."""
DeviceMessage = ReaderAsked | ReadCard | PrinterAsked | PrintAsked | HandsetAsked
