"""Reading links, signatures and time stamps of a record.  Paths: office.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message, Moment
from server.protocol.strokes import Aspect, Strokes


class NewReadingLink(Message):
    """For reading and signing on a telephone of one's own."""

    whom: Annotated[str, Field(max_length=50)] = ""
    """Empty: the petitioner."""
    phone_last4: Annotated[str, Field(pattern=r"^(\d{4})?$")] = ""
    """Empty: of the petitioner's number."""


class ReadingLinkView(Message):
    """Shown once."""

    whom: str
    code: str
    url: str
    phone_last4: str
    expires_at: Moment


class Refusal(Message):
    """As a clerk writes down that somebody does not sign, or cannot."""

    whom: Annotated[str, Field(max_length=64)] = ""
    """Name of the reader; empty: the first who has not signed yet."""
    way: Literal["refused", "unable"] = "refused"
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    witness: Annotated[str, Field(max_length=64)] = ""


class PaperSignature(Message):
    """As a clerk writes down that a reader signed the printed sheet."""

    whom: Annotated[str, Field(max_length=64)] = ""
    """Name of the reader; empty: the first who has not signed yet."""
    check: Annotated[str, Field(pattern=r"^ *([0-9A-Fa-f] *){4,16}$", max_length=40)]
    """The check code at the foot of that sheet, or how it begins."""


class SignatureView(Message):
    """How somebody signed, or that they did not."""

    name: str
    role: Literal["petitioner", "representative", "receiver", "recorder"]
    way: Literal["handwritten", "fingerprint", "paper", "confirmed", "refused", "unable"]
    words: str
    """Chinese sentence."""
    at: Moment
    place: Literal["kiosk", "phone", "desk"]
    present: bool
    """Under the version that stands now; others are of earlier ones."""
    clip_url: str = ""
    """Where the film of it is, if there is one."""


class TimestampView(Message):
    """When an outside authority saw a record or the list of its recording's files."""

    kind: Literal["record", "manifest"]
    at: Moment | None
    """None: it is still to be had."""
    authority: str


class Signatures(Message):
    """Who signs a record and who has, for the staff."""

    sha256: str
    """Of the version that is with the petitioner, or was signed; empty while it is corrected."""
    waiting: tuple[str, ...]
    """Readers who have not signed the present version."""
    signatures: tuple[SignatureView, ...]
    may_sign_as: Literal["", "receiver", "recorder"] = ""
    """What the caller may sign it as, and has not yet."""
    timestamps: tuple[TimestampView, ...] = ()
    """Of that version and of its recording; none where no authority is asked."""


class StaffSignature(Message):
    """The leader or the recorder signs the same version: with a drawn name, or by being logged in."""

    strokes: Strokes = ()
    """Empty: confirmed by the account."""
    aspect: Aspect = 0.5
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reopen(Message):
    reason: Annotated[str, Field(min_length=1, max_length=500)]
