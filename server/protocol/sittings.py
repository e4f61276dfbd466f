"""What a kiosk sends and gets while somebody sits at it.  Paths: office.md."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Kept, Message
from server.protocol.queueing import Standing


class BookingKey(Message):
    """What opens a booking at a kiosk: its code and the last digits of its telephone number."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{6,20}$")]
    phone_last4: Annotated[str, Field(pattern=r"^\d{4}$")]


class SaidCard(Message):
    """What an identity card said at the kiosk and its holder confirmed."""

    number: Annotated[str, Field(pattern=r"^[0-9A-Z]{6,18}$")]
    """Also of a permanent residence or residence permit, which have letters."""
    sex: Literal["male", "female", ""] = ""
    ethnic_group: Annotated[Kept, Field(max_length=20)] = ""
    address: Annotated[Kept, Field(max_length=200)] = ""


class NewSitting(Message):
    consent: Literal["audio_video", "audio_only"]
    name: Annotated[str, Field(min_length=1, max_length=50)]
    phone: Annotated[str, Field(pattern=r"^(1\d{10}|0\d{2,3}-?\d{7,8}|)$")] = ""
    """Empty: the petitioner has none."""
    matter: Annotated[str, Field(max_length=200)] = ""
    """In one sentence what it is about, if they wish to say."""
    booking: BookingKey | None = None
    """Of a booking for today: the sitting is the talk that was booked, with its matter, number and code."""
    card: SaidCard | None = None
    """Where a card was read; it fills the record's form."""
    earlier: BookingKey | None = None
    """Code and digits of an earlier matter that this goes on with."""


class RecordToRead(Message):
    """Where an own record stands that was asked for by code and digits."""

    state: Literal["opened", "preparing", "done"]
    """opened: this kiosk shows it now; preparing: the clerk still works on it; done: signed or refused."""
    words: str


class SlipPromise(Message):
    """What a leader undertook, on the petitioner's slip."""

    unit: str
    what: str
    due_on: date


class Sitting(Message):
    """All that the kiosk's screens need; read again every two seconds and after every step."""

    reception_id: Identifier
    step: Literal["waiting", "talk", "preparing", "read", "sign", "slip", "ended"]
    """waiting: nobody has joined; talk: a receiver is there; preparing: the draft is being made or corrected;
    read: the clerk confirmed, the petitioner reads; sign: (client side after read); slip: signed or refused;
    ended: abandoned or cleared."""
    number: str
    """Queue number of the day, e.g. A07."""
    ahead: int
    receiver: str = ""
    """Name and post of the leader who joined."""
    participant_id: Identifier
    consent: Literal["audio_video", "audio_only"]
    record_id: Identifier | None = None
    query_code: str
    case_no: str = ""
    next_step: str = ""
    """Chinese sentence for the slip: what happens next and by when."""
    promises: tuple[SlipPromise, ...] = ()
    """On the slip: what the leader undertook."""
    may_rate: bool = False
    """With the slip: nobody has said yet how satisfied they are with the talk."""
    may_print: bool = False
    """With the slip: the record can be had on paper (GET /api/kiosk/sitting/record.pdf)."""
    phone_last4: str = ""
    preparing_message: str = ""
    standing: Standing | None = None
    """While waiting: the place in the line, why, and for how long."""
    locked: bool = False
    """Nobody has touched the kiosk for a while since the talk ended: code, numbers and record are not shown."""
    unlock_with: Literal["", "phone", "number"] = ""
    """What opens a locked kiosk: the last four digits of the phone, without a phone the queue number's digits."""
    unlock_tries_left: int = 0


class SittingScore(Message):
    """How satisfied somebody is with the talk, and what they add; supervisors alone read that."""

    score: Annotated[str, Field(pattern="^(satisfied|basically|dissatisfied)$")]
    words: Annotated[Kept, Field(max_length=500)] = ""
