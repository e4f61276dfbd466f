"""Reading back and signing: what the petitioner's screens show and send, at the kiosk and on a phone (office.md)."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Identifier, Message, Moment, Seconds
from server.protocol.receptions import Attendee, Participant
from server.protocol.records import PlayableSegment
from server.protocol.strokes import Aspect, Strokes

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
LONGEST_SAID = 400
LARGEST_SOUND = 700_000
"""Characters of a data URL: 15 s of speech take about 100,000."""


class ReadWord(Message):
    start: Seconds
    end: Seconds
    text: str


class ReadingLine(Message):
    """One line as the person reads it."""

    id: Identifier
    position: float
    kind: Literal["question", "answer", "note"]
    participant_id: Identifier | None
    start: Seconds
    end: Seconds
    text: str
    words: tuple[ReadWord, ...] = ()
    by_hand: bool = False
    """Written by the staff: nobody was heard saying it."""
    corrected: bool = False
    """The staff changed what was recognised."""
    before: str | None = None
    """What stood here when the record was first handed over, where that was something else."""
    added: bool = False
    """Was not in the record when it was first handed over."""
    objection: str = ""
    """What is still to be corrected here, as the person said it."""
    version: int


class ReadingGap(Message):
    cause: str
    text: str


class ReadingPromise(Message):
    who: str
    what: str
    by: str


class ReadingField(Message):
    """A field of the registration form that is about the person and the matter; numbers of the person are masked."""

    field: str
    label: str
    words: str
    before: str | None = None
    """What stood here when the record was first handed over, where that was something else."""


class ReadingState(Message):
    """What a screen asks for again and again while it waits."""

    state: Literal["reading", "correcting", "settled"]
    """reading: it can be read and signed; correcting: something is being put right, the rest can be read on;
    settled: signed or refused."""
    version: int


class Clip(Message):
    """A film that was taken in."""

    sha256: Sha256


class ReadingSigner(Message):
    """Somebody of the petitioner's side who reads and signs."""

    number: int
    name: str
    role: Literal["petitioner", "representative"]
    done: Literal["", "handwritten", "fingerprint", "paper", "refused", "unable"]
    """How, under the present version; empty: not yet."""


class Reading(ReadingState):
    """The record for whoever reads and signs it: nothing of the staff's work on it, and no other record."""

    record_id: Identifier
    reception_id: Identifier
    sha256: str
    """Of the canonical record that is read; empty while it is being corrected."""
    participants: tuple[Participant, ...]
    own: Identifier
    """The petitioner's seat."""
    attendance: tuple[Attendee, ...]
    lines: tuple[ReadingLine, ...]
    segments: tuple[PlayableSegment, ...]
    """Sound only."""
    gaps: tuple[ReadingGap, ...]
    promises: tuple[ReadingPromise, ...]
    form: tuple[ReadingField, ...]
    """What is filled in; the signature is under it, too."""
    signers: tuple[ReadingSigner, ...]
    signer: int | None
    """The one whose link this is; None: at a kiosk, where each takes their turn."""


class Dispute(Message):
    """What the person says is not right about a line, told at once; at least one of reason, said and sound."""

    line_id: Identifier
    version: int
    """Of the line that was read; 409 `line_changed` when it is not that any more."""
    piece: Annotated[str, Field(max_length=2000)] = ""
    """The part of the line that was before them; empty: all of it."""
    reason: Annotated[str, Field(max_length=100)] = ""
    said: Annotated[str, Field(max_length=LONGEST_SAID)] = ""
    """What should stand there."""
    sound: Annotated[str, Field(max_length=LARGEST_SOUND, pattern=r"^(data:audio/(webm|mp4|ogg)[;=a-z0-9.]{0,40};base64,[A-Za-z0-9+/=]+)?$")] = ""
    """The same as it was spoken, for the clerk to hear."""


class Withdrawal(Message):
    """The line is right after all."""

    line_id: Identifier
    piece: Annotated[str, Field(max_length=2000)] = ""


class Disputed(Message):
    """The line after an objection was noted or withdrawn."""

    line_id: Identifier
    version: int
    at: Moment
    state: Literal["reading", "correcting", "settled"]


class Signature(Message):
    """A name drawn under exactly the record with this hash."""

    signer: Annotated[int, Field(ge=0, le=20)] = 0
    """Number in Reading.signers."""
    strokes: Strokes
    aspect: Aspect
    clip_sha256: Sha256 | Literal[""] = ""
    """Of the film of it that was sent before, where the person agreed to one."""
    sha256: Sha256


class Fingerprint(Message):
    """A finger on the kiosk's pad, for whoever does not write: a picture that is attached and compared with nothing."""

    signer: Annotated[int, Field(ge=0, le=20)] = 0
    image: Annotated[str, Field(max_length=400_000, pattern=r"^data:image/png;base64,[A-Za-z0-9+/=]+$")]
    device: Annotated[str, Field(max_length=100)] = ""
    sha256: Sha256


class Refused(Message):
    """The person does not sign, or cannot."""

    signer: Annotated[int, Field(ge=0, le=20)] = 0
    way: Literal["refused", "unable"] = "refused"
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    witness: Annotated[str, Field(max_length=64)] = ""
    """Who saw it; of somebody who cannot sign it is needed."""
    sha256: Sha256


class OpenLink(Message):
    """What a telephone shows for a link: code (capitals and digits) and the last four digits of the number."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{6,20}$")]
    phone_last4: Annotated[str, Field(pattern=r"^\d{4}$")]


class ReaderPlace(Message):
    """Where the record stands for whoever reads it by a link."""

    record_id: Identifier
    reception_id: Identifier
    whom: str
    office: str
    step: Literal["preparing", "read", "done"]
    """preparing: the clerk has taken it back; done: signed or refused."""
    query_code: str = ""
    case_no: str = ""
    expires_at: Moment
