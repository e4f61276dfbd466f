"""An identity card at the kiosk's reader, and what the page has in hand: page and the kiosk's own program.  See copies.md.

The card's data goes over 127.0.0.1 only and is kept nowhere by the program; no vendor's server sees it.
"""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message

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


class Held(Message):
    """What is kept for the page; empty: nothing."""

    type: Literal["held"] = "held"
    text: str = ""


DeviceMessage = ReaderAsked | ReadCard
