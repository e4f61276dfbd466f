"""语音自助登记: a sitting in which somebody tells their matter to the kiosk alone.  See copies.md.

A sitting is a sealed file of pieces (sealed.py).  A piece is one of the messages below as JSON, a line feed, and the
bytes that it carries (sound, a photograph; else none).  Times are seconds since the sitting began, by the page's clock.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from server.protocol.base import Identifier, Kept, Message, Moment, Seconds
from server.protocol.copies import Sha256
from server.protocol.sittings import SaidCard
from server.protocol.strokes import Aspect, Strokes

LONGEST_HEAD = 2_000_000
"""Bytes of a piece's message: a signature is the longest."""
LARGEST_PHOTO = 6_000_000
MOST_PHOTOS = 40

Words = Annotated[Kept, Field(max_length=20_000)]


class Question(Message):
    """One thing that the kiosk asks; data/alone.toml says what its fields mean."""

    id: Identifier
    title: Annotated[str, Field(max_length=20)]
    say: Annotated[str, Field(max_length=200)]
    hint: Annotated[str, Field(max_length=100)] = ""
    field: str = ""
    papers: bool = False
    needed: bool = False


class Questions(Message):
    """All that the kiosk asks, in order."""

    version: Annotated[str, Field(max_length=40)]
    questions: tuple[Question, ...]


# --- pieces ---------------------------------------------------------------------------------------------------------


class Begun(Message):
    """First piece: what was agreed to, and what the slip says."""

    type: Literal["begun"] = "begun"
    begun_at: Moment
    number: Annotated[Kept, Field(min_length=1, max_length=10)]
    query_code: Annotated[str, Field(pattern=r"^[346789ACDEFGHJKMNPQRTUVWXY]{10}$")]
    consent: Literal["audio_video", "audio_only"]
    notice: Annotated[Kept, Field(max_length=40)]
    """Version of the notice that was shown and spoken."""
    agreed_at: Moment
    questions: Annotated[Kept, Field(max_length=40)]
    """Version of the questions."""


class Person(Message):
    """Who it is, as far as it was typed or a card said it; the last one counts."""

    type: Literal["person"] = "person"
    name: Annotated[Kept, Field(max_length=50)] = ""
    phone: Annotated[str, Field(pattern=r"^[0-9-]{0,20}$")] = ""
    card: SaidCard | None = None
    """Where one was read."""


class Asked(Message):
    """The kiosk asked; again where it was asked again."""

    type: Literal["asked"] = "asked"
    at: Seconds
    question: Identifier
    words: Annotated[Kept, Field(max_length=200)]


class Sound(Message):
    """What one run of the page's recorder gave in about a second, in order; with its bytes."""

    type: Literal["sound"] = "sound"
    question: Identifier
    take: Annotated[int, Field(ge=0, le=9999)]
    """Counts the runs of the sitting."""
    at: Seconds
    """When this run began."""
    mime: Annotated[str, Field(max_length=100)]


class Stopped(Message):
    """A run of the recorder is over."""

    type: Literal["stopped"] = "stopped"
    take: Annotated[int, Field(ge=0, le=9999)]
    at: Seconds


class Typed(Message):
    """An answer that was typed."""

    type: Literal["typed"] = "typed"
    question: Identifier
    at: Seconds
    words: Words


class Shown(Message):
    """What was understood at once of an answer, as it was shown; only a help for the person, never the record's words."""

    type: Literal["shown"] = "shown"
    question: Identifier
    at: Seconds
    words: Words


class Photo(Message):
    """A paper that was photographed; with its bytes, a JPEG."""

    type: Literal["photo"] = "photo"
    question: Identifier
    at: Seconds


class Lost(Message):
    """Something that could not be recorded from when to when; `end` None: until the end."""

    type: Literal["lost"] = "lost"
    what: Literal["camera", "microphone", "disk"]
    start: Seconds
    end: Seconds | None = None


class Signed(Message):
    """A signature under what was shown, word for word."""

    type: Literal["signed"] = "signed"
    at: Seconds
    name: Annotated[Kept, Field(max_length=50)]
    summary: Words
    strokes: Strokes
    aspect: Aspect


class Ended(Message):
    """Last piece; a file without it was cut off."""

    type: Literal["ended"] = "ended"
    at: Seconds
    how: Literal["signed", "unsigned", "left"]
    """`left`: the person went away in the middle."""


Piece = Annotated[
    Begun | Person | Asked | Sound | Stopped | Typed | Shown | Photo | Lost | Signed | Ended, Field(discriminator="type")
]
_piece: TypeAdapter[Piece] = TypeAdapter(Piece)
CARRIES_BYTES = (Sound, Photo)


class NoPiece(ValueError):
    """These bytes are no piece of a sitting."""


def pack(message: Message, data: bytes = b"") -> bytes:
    """A piece as bytes."""
    return message.model_dump_json().encode() + b"\n" + data


def unpack(piece: bytes) -> tuple[Piece, bytes]:
    """The message of a piece, and the bytes that it carries; raises NoPiece."""
    head, line_feed, data = piece.partition(b"\n")
    if not line_feed or len(head) > LONGEST_HEAD:
        raise NoPiece
    try:
        message = _piece.validate_json(head)
    except ValidationError as error:
        raise NoPiece from error
    if bool(data) != isinstance(message, CARRIES_BYTES) or (isinstance(message, Photo) and len(data) > LARGEST_PHOTO):
        raise NoPiece
    return message, data


# --- agent to office ------------------------------------------------------------------------------------------------


class FinishSitting(Message):
    """All pieces of a sitting are there."""

    size: int = Field(ge=1)
    sha256: Sha256
    begun_at: Moment
    now: Moment
    """What the kiosk's clock says now: one that is wrong is put right by the office's."""
    number: Annotated[Kept, Field(max_length=10)] = ""


# --- office to its pages --------------------------------------------------------------------------------------------


class AloneView(Message):
    """What a sitting alone brought beside its recording."""

    number: str
    arrived_at: Moment
    ending: str
    """In words."""
    missing: tuple[str, ...]
    """Sentences: what could not be kept."""
    notice: str
    agreed_at: Moment | None
    signed_name: str
    signed_at: Moment | None
    summary: str
    """What stood above the signature."""
    signature: str
    """PNG as a data URL; empty: not signed."""
