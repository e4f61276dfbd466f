"""Limits of an organization as its administrator sees and sets them."""

from typing import Annotated

from pydantic import Field

from server.protocol.base import Message, Moment


class LimitRow(Message):
    rule: str
    name: str
    article: str
    law: str
    """What the law gives, e.g. 60 天."""
    changeable: bool
    """False: a right of the petitioner, which nobody shortens."""
    value: int
    unit: str
    holds: str
    source: str
    """Document of the local limit that holds; empty: the law holds."""
    set_by: str
    own: bool
    """It was set at this very organization."""


class LimitChange(Message):
    at: Moment
    author: str
    name: str
    old: str
    new: str


class Limits(Message):
    organization_id: int
    organization: str
    limits: tuple[LimitRow, ...]
    changes: tuple[LimitChange, ...]


class LimitOrder(Message):
    value: Annotated[int, Field(ge=1, le=365)]
    unit: Annotated[str, Field(pattern="^(days|working_days|percent)$")]
    source: Annotated[str, Field(max_length=200)] = ""
    """The document it stands in."""
