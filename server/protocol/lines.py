"""How the lines of a talk did.  Paths: office.md."""

from server.protocol.base import Message, Moment, Seconds
from server.protocol.signalling import LineWord as LineWordName


class BadStretch(Message):
    """From when to when a line was poor or lost."""

    start: Seconds
    end: Seconds
    word: LineWordName
    text: str
    """Chinese sentence with the times of day."""


class LineReport(Message):
    """How one seat's line did over a whole talk: the worst of delay, loss and jitter, mean rates, all frozen time, and how
    loud its microphone was at its loudest (linear, 0 to 1)."""

    participant_id: str
    name: str
    word: LineWordName
    shares: dict[LineWordName, float]
    """Share of the time for each word."""
    text: str
    """Chinese sentence."""
    bad: tuple[BadStretch, ...]
    """The worst ones, in order of time."""
    more: int = 0
    """Further bad stretches that are not among them."""
    round_trip_ms: float | None = None
    loss_up: float | None = None
    loss_down: float | None = None
    jitter_ms: float | None = None
    up_kbps: float | None = None
    down_kbps: float | None = None
    frozen_s: float | None = None
    level: float | None = None


class LineBar(Message):
    """A piece of a line's course, with its worst moment."""

    start: Seconds
    end: Seconds
    word: LineWordName
    loss: float
    round_trip_ms: float | None


class KioskLine(Message):
    """How a kiosk's line did in its last talk that was measured, or does in the one that runs."""

    kiosk_id: int
    kiosk: str
    organization: str
    talked_at: Moment | None
    talking: bool
    """Somebody talks there now; what is measured comes every half minute."""
    report: LineReport | None
    """None: no talk was measured yet."""
    bars: tuple[LineBar, ...]
    others: tuple[LineReport, ...] = ()
    """The other seats of that talk, by their role and without names or ids."""
