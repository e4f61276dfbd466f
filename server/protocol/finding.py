"""Looking for cases, and lists that are kept."""

from datetime import date
from typing import Annotated

from pydantic import Field

from server.protocol.base import Message


class NumberToFind(Message):
    """A whole telephone or ID number."""

    number: Annotated[str, Field(min_length=6, max_length=30)]


class KeptQuery(Message):
    """Words and filters of a kept list, by the names that the address has.  There is none for a petitioner's name: a
    list keeps matters in sight, not people."""

    q: Annotated[str, Field(max_length=100)] = ""
    place: Annotated[str, Field(max_length=50)] = ""
    category: Annotated[str, Field(max_length=50)] = ""
    unit: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    office: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    since: date | None = None
    until: date | None = None
    state: Annotated[str, Field(max_length=20)] = ""
    channel: Annotated[str, Field(max_length=20)] = ""
    purpose: Annotated[str, Field(max_length=20)] = ""


class NewList(Message):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    query: KeptQuery
    shared: bool = False
    """With the colleagues of the office."""


class SharedOrNot(Message):
    shared: bool


class KeptList(Message):
    id: int
    name: str
    query: KeptQuery
    shared: bool
    own: bool
    by: str
    """Who keeps it."""
