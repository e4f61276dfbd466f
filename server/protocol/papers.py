"""Papers that somebody shows: photographed at the kiosk, kept by the kiosk's program, sent to the office.  See papers.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Message, Moment, Seconds, Sha256
from server.protocol.checks import LARGEST_PICTURE

MOST_PAGES = 20
"""Of one set."""
LARGEST_PAGE = 2_000_000
"""Bytes of one page, a JPEG of at most 150 dots an inch."""
LARGEST_SET = 20_000_000

PageId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


# --- page to agent, one message a connection ---


class PapersAsked(Message):
    """What of this sitting is here."""

    type: Literal["papers"] = "papers"
    secret: str
    reception_id: Identifier


class KeepPaper(Message):
    """This page is to be sent; it was straightened here (checks.py, PaperIs.page)."""

    type: Literal["keep_paper"] = "keep_paper"
    secret: str
    reception_id: Identifier
    jpeg: str = Field(max_length=LARGEST_PICTURE)


class OrderPapers(Message):
    """The pages in this order; what is left out is deleted."""

    type: Literal["order_papers"] = "order_papers"
    secret: str
    reception_id: Identifier
    pages: tuple[PageId, ...] = Field((), max_length=MOST_PAGES)


class SendPapers(Message):
    """All pages are one set from now on, on its way to the office."""

    type: Literal["send_papers"] = "send_papers"
    secret: str
    reception_id: Identifier
    position: Seconds | None = None
    """Media time at which the person handed it over; None: not during the talk."""


class ForgetPapers(Message):
    """The person goes: what was not sent is deleted."""

    type: Literal["forget_papers"] = "forget_papers"
    secret: str


PapersMessage = PapersAsked | KeepPaper | OrderPapers | SendPapers | ForgetPapers
"""What a page may ask of its papers."""


# --- agent to page ---


class KeptPage(Message):
    """A page that is here and not sent."""

    id: PageId
    small: str
    """A small JPEG of it, in base64."""


class PapersAre(Message):
    """Of each of these."""

    type: Literal["papers_are"] = "papers_are"
    pages: tuple[KeptPage, ...] = ()
    waiting: int = 0
    """Pages of this sitting on their way to the office."""
    arrived: int = 0
    """Pages of this sitting that the office has, as far as this run of the program knows."""


# --- agent to office ---


class PaperPage(Message):
    size: Annotated[int, Field(ge=1, le=LARGEST_PAGE)]
    sha256: Sha256


class AnnouncePapers(Message):
    """A set is to be sent: its pages in order.  What is sent is theirs, sealed for the office, a piece
    each (sealed.py)."""

    id: Identifier
    reception_id: Identifier
    pages: tuple[PaperPage, ...] = Field(min_length=1, max_length=MOST_PAGES)
    sent_at: Moment
    """When the person handed it over, by the kiosk's clock."""
    position: Seconds | None = None

    @property
    def size(self) -> int:
        return sum(page.size for page in self.pages)


# --- office to its pages ---


class PapersView(Message):
    """One set, as leaders and clerks see it."""

    id: Identifier
    pages: tuple[str, ...]
    """Addresses of the pages' pictures, in order."""
    pdf: str
    """Address of all of them as one file."""
    sha256: Sha256
    """Of that file."""
    shown_at: Moment
    position: Seconds | None
    """Media time; None: before or after the talk."""
    words: str
    """Chinese sentence: how many, and when."""


class PapersList(Message):
    papers: tuple[PapersView, ...]
