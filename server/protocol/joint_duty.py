"""Messages about 联合接访值班.  See office.md."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from server.protocol.base import Day, Message
from server.protocol.receptions import InvitationState
from server.protocol.transcript import SeatLanguage

DutyKindName = Literal["department", "lawyer", "mediator", "interpreter"]
DutyWayName = Literal["on_duty", "on_call"]
Short = Annotated[str, Field(max_length=60)]


class DutyOrder(Message):
    """Somebody on the list: with an account (`user_id`), else by name; then a link is made for them when they are asked."""

    kind: DutyKindName
    way: DutyWayName = "on_duty"
    user_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    name: Annotated[str, Field(max_length=30)] = ""
    unit: Short = ""
    """Where they come from; stands in the record beside the name."""
    phone: Annotated[str, Field(max_length=30)] = ""
    language: SeatLanguage = "zh"
    weekdays: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(min_length=1, max_length=7)] = (0, 1, 2, 3, 4)
    """0 is Monday."""
    begins: Annotated[int, Field(ge=0, le=1439)] = 540
    """Minute of the day."""
    ends: Annotated[int, Field(ge=1, le=1440)] = 1020
    first_on: Day | None = None
    last_on: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError("结束的时间要在开始以后。")
        if self.first_on and self.last_on and self.last_on < self.first_on:
            raise ValueError("最后一天要在第一天以后。")
        return self


class DutyRow(Message):
    """Somebody on the list."""

    id: int
    kind: DutyKindName
    kind_words: str
    way: DutyWayName
    way_words: str
    user_id: int | None
    """Null: they have no account and come by a link."""
    name: str
    unit: str
    phone: str
    language: SeatLanguage
    weekdays: tuple[int, ...]
    begins: int
    ends: int
    first_on: date | None
    last_on: date | None
    when: str
    """In words."""
    now: bool
    """Whether these are their hours."""
    organization: str
    """Whose list it is."""
    own: bool
    """The caller's own unit's list: may be changed."""


class DutyList(Message):
    rows: tuple[DutyRow, ...]
    may_change: bool


class DutyOffer(Message):
    """Somebody who can be asked into a talk, those whose hours it is first."""

    id: int
    kind_words: str
    way_words: str
    name: str
    unit: str
    phone: str
    account: bool
    """Their page rings; without an account a link is made."""
    when: str
    now: bool
    asked: InvitationState | None = None
    """How far the invitation to this talk is; null: not asked."""


class DutyOffers(Message):
    offers: tuple[DutyOffer, ...]
