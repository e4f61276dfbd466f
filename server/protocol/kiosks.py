"""Kiosks and their cameras: enrolling, locking, tickets for the media node.  Paths: office.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Line, Message, Moment


class NewKiosk(Message):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    organization_id: int
    """The township where it stands."""


class Enrolment(Message):
    """A kiosk's one-time link."""

    kiosk_id: int
    url: str
    code: str


class AgentCode(Message):
    """A one-time code for a kiosk's copy program."""

    kiosk_id: int
    code: str


class KioskCopies(Message):
    """Whether a kiosk keeps copies of its talks, and what waits there to be sent."""

    state: Literal["none", "keeps", "silent", "full"]
    """none: no program was ever enrolled; silent: it has not reported for a while; full: its disk is full."""
    waiting: int = 0
    waiting_bytes: int = 0
    oldest: Moment | None = None
    seen_at: Moment | None = None


class NewCamera(Message):
    """An encoder is to be a kiosk's camera."""

    sound: bool = False
    """It brings the sound, too."""


class CameraKey(Message):
    """Where a kiosk's encoder connects (WHIP) and its bearer token, which is told this once."""

    kiosk_id: int
    url: str
    token: str


class Enrol(Message):
    code: Line


class Unlock(Message):
    answer: Annotated[str, Field(pattern=r"^\s*[A-Za-z]?\d{1,4}\s*$")]


class Heard(Message):
    """What was understood from a short spoken answer; never stored."""

    text: str
    digits: str = ""
    """Digits in it, for a telephone number."""


class JoinTicket(Message):
    token: str
    signalling_url: str
    participant_id: Identifier
