"""What every message of the shared contract has in common."""

import math
import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)


class Message(BaseModel):
    """A message between programs: unknown fields are refused, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Media time: seconds from the start of the reception's recording."""

AnySeconds = Annotated[float, Field(allow_inf_nan=False)]
"""Media time as something tells it: engines that count backwards from a pause, and clocks that were set, tell of moments before 0."""


def in_talk(start: float, end: float) -> tuple[float, float]:
    """From when to when in Seconds, whatever was told: not before the recording's start, and no end before its beginning."""
    first = max(0.0, start)
    return first, max(first, end)


FileStart = AnySeconds
"""Media time of a file's first moment; before 0 where a copy's picture began before the recording did."""

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
    PlainSerializer(lambda t: t.isoformat(), return_type=str, when_used="json"),
]
"""A point in time, always with its UTC offset; like a Day far enough from the ends of the calendar to count on."""

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 1, 1))]
"""Far enough from the ends of the calendar to count on."""

Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""Safe as a path component and in a URL."""


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

NO_NUL = r"^[^\x00]*$"
"""Pattern of text that every database keeps: PostgreSQL has no NUL in text."""


_UNKEPT = re.compile("[\x00\ud800-\udfff]")


def kept(text: str) -> str:
    """The text without what no database keeps: NUL, and halves of characters (surrogates), which JSON can hold."""
    return _UNKEPT.sub("", text)


Kept = Annotated[str, AfterValidator(kept)]
"""Text that goes into the store with much else that must not be refused for the sake of one character nobody sees."""


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Measure = Annotated[float | None, BeforeValidator(_known)]
"""A number that is None where it is none: models tell NaN, which JSON and PostgreSQL have not."""


class Role(StrEnum):
    """The part somebody plays in a reception (shown words: domain/terms.py)."""

    PETITIONER = "petitioner"
    LEADER = "leader"
    CLERK = "clerk"
    JOINT = "joint"
    INTERPRETER = "interpreter"
    OBSERVER = "observer"
    ROOM = "room"
    """No person: the one microphone of a room in which all sit together (现场接访); who spoke is not known from it."""


class TrackKind(StrEnum):
    """Kind of a media track, as in WebRTC's MediaStreamTrack."""

    AUDIO = "audio"
    VIDEO = "video"


class Source(StrEnum):
    """What a seat's track shows or lets hear; a seat has at most one track of each at a time."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    DOCUMENT = "document"
    """A second camera that looks at papers."""
    SCREEN = "screen"

    @classmethod
    def of(cls, kind: str) -> "Source":
        """What a track of this kind comes from where nothing else is said."""
        return cls.MICROPHONE if kind == TrackKind.AUDIO else cls.CAMERA

    @property
    def kind(self) -> TrackKind:
        return TrackKind.AUDIO if self is Source.MICROPHONE else TrackKind.VIDEO

    @property
    def shared(self) -> bool:
        """Whether it is shown now and then only, to everybody."""
        return self in (Source.DOCUMENT, Source.SCREEN)


Text = Annotated[str, Field(max_length=10_000)]
Line = Annotated[str, Field(max_length=200)]


class ErrorBody(Message):
    """Every error answer is {"error": ErrorBody}."""

    code: str
    message: str
    """Chinese, says what to do."""
    reference: str = ""
    """For an unexpected error: the number under which the log has it."""
    details: dict[str, Any] = {}
