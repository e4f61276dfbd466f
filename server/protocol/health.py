"""How a kiosk is doing, as its program tells the office: codes, times and numbers, no pictures and no sound.  See copies.md."""

from typing import Annotated

from pydantic import Field

from server.protocol.base import Message, Moment

Code = Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]


class Checked(Message):
    """When a device was last looked at, and what was wrong: codes of kiosk/checks, empty where it was in order."""

    at: Moment
    faults: tuple[Code, ...] = Field((), max_length=10)


class Health(Message):
    """Of the kiosk's program."""

    version: str = Field("", max_length=40)
    started_at: Moment
    disk_free: int = Field(ge=0)
    """Bytes."""
    camera: Checked | None = None
    """None: not looked at since the program started."""
    microphone: Checked | None = None
    page_seen_at: Moment | None = None
    """When the kiosk's page last asked whether there is something for it."""
    restarted: str = Field("", max_length=40)
    """The last order to open the page again that the page obeyed."""
