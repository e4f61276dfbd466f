"""What officers are told, and what an officer says about where else they want it."""

from datetime import date
from typing import Annotated

from pydantic import Field

from server.protocol.base import Message, Moment


class NoticeView(Message):
    id: int
    kind: str
    label: str
    words: str
    at: Moment
    read: bool
    case_id: int | None
    case_no: str


class Notices(Message):
    notices: tuple[NoticeView, ...]
    unread: int
    more: bool
    """There are older ones."""


class ReadOrder(Message):
    """What was read: one, or all up to that one."""

    up_to: Annotated[int, Field(ge=1, le=2**31 - 1)]
    only: bool = False


class Contact(Message):
    """Where notices go besides the page; empty: nowhere."""

    mail: Annotated[str, Field(max_length=200)] = ""
    phone: Annotated[str, Field(max_length=20)] = ""


class ContactView(Contact):
    mail_offered: bool
    """The office has set e-mail up."""
    sms_offered: bool


class SupervisionOrder(Message):
    """三函: a letter of a supervisor to a unit about one matter."""

    kind: Annotated[str, Field(pattern="^(supervision|risk_warning|accountability)$")]
    unit_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    text: Annotated[str, Field(min_length=1, max_length=10_000)]
    due: date
    """Until when the unit has to answer."""


class SupervisionAnswer(Message):
    text: Annotated[str, Field(min_length=1, max_length=500)]


class SupervisionUnit(Message):
    id: int
    name: str
    text: str
    """What the letter to it could say: what is late, what was returned, that nobody spoke to the petitioner."""


class SupervisionDraft(Message):
    units: tuple[SupervisionUnit, ...]
    due: date
    latest: date
