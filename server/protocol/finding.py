"""Looking for cases, and lists that are kept."""

from typing import Annotated

from pydantic import Field

from server.protocol.base import NO_NUL, Day, Message


class NumberToFind(Message):
    """A whole telephone or ID number."""

    number: Annotated[str, Field(min_length=6, max_length=30, pattern=NO_NUL)]


class KeptQuery(Message):
    """Words and filters of a kept list, by the names that the address has.  There is none for a petitioner's name: a
    list keeps matters in sight, not people."""

    q: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""
    place: Annotated[str, Field(max_length=50, pattern=NO_NUL)] = ""
    category: Annotated[str, Field(max_length=50, pattern=NO_NUL)] = ""
    unit: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    office: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    since: Day | None = None
    until: Day | None = None
    state: Annotated[str, Field(max_length=20, pattern=NO_NUL)] = ""
    channel: Annotated[str, Field(max_length=20, pattern=NO_NUL)] = ""
    purpose: Annotated[str, Field(max_length=20, pattern=NO_NUL)] = ""


class NewList(Message):
    name: Annotated[str, Field(min_length=1, max_length=40, pattern=NO_NUL)]
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
