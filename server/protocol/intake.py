"""What other systems send and get when they register matters (intake.md; schema: intake.schema.json)."""

from typing import Annotated

from pydantic import Field

from server.protocol.base import Message, Moment
from server.protocol.flow import MatterContent


class IntakeMatter(MatterContent):
    """A matter of the key's channel."""

    source_ref: Annotated[str, Field(min_length=1, max_length=100)]
    """Its number in the other system; sent a second time, it adds nothing."""


class IntakeState(Message):
    """How far a matter is: its number and state, nothing of a person."""

    source_ref: str
    case_no: str
    state: str
    """CaseState, e.g. accepted."""
    state_name: str
    """The same in Chinese."""


class IntakeAnswer(IntakeState):
    added: bool
    """False: it was there before."""


class NewIntakeKey(Message):
    """What an administrator says to get a key."""

    organization_id: int
    channel: Annotated[str, Field(pattern="^(on_site|letter|online|mailbox|hotline)$")]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    """Which system gets it."""


class IntakeKeyView(Message):
    id: int
    organization: str
    channel: str
    """In Chinese."""
    name: str
    author: str
    made_at: Moment
    used_at: Moment | None
    revoked_at: Moment | None


class MadeIntakeKey(Message):
    """Told once; only the key's hash is kept."""

    id: int
    url: str
    key: str
