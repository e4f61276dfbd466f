"""The one WebSocket by which the web program steers a media node and reads its journals.  See media_control.md."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from server.protocol.base import Identifier, Kept, Message, Moment, Role, Seconds, Source, TrackKind
from server.protocol.recording import Gap, Manifest, Segment
from server.protocol.signalling import Candidate, LineNumbers, LineWord
from server.protocol.transcript import SeatLanguage, Utterance

MAX_TRICKLED = 32
"""Candidates in one message."""

MAX_WORDS = 100
"""Words to expect in one reception; so many syllables fill a model's prompt."""
MAX_WORD = 40

# --- journal: recordings/<reception_id>/journal.jsonl, one entry a line, in the order of `seq` from 1 -----


class Opened(Message):
    """The node has this room (again).  `generation` counts the node processes that held it, from 1."""

    kind: Literal["opened"] = "opened"
    generation: int


class SeatTaken(Message):
    kind: Literal["seat_taken"] = "seat_taken"
    participant_id: Identifier
    role: Role


class SeatLeft(Message):
    """`reason`: left, hung_up, network_lost, replaced, kicked, token_expired, media_restarted, shutdown."""

    kind: Literal["seat_left"] = "seat_left"
    participant_id: Identifier
    reason: str


class RecordingStarted(Message):
    """Media time 0 is `started_at`."""

    kind: Literal["recording_started"] = "recording_started"
    started_at: Moment


class SegmentClosed(Message):
    kind: Literal["segment_closed"] = "segment_closed"
    segment: Segment


class GapFound(Message):
    kind: Literal["gap"] = "gap"
    gap: Gap


class Recognised(Message):
    kind: Literal["recognised"] = "recognised"
    utterance: Utterance


class RecognitionUntil(Message):
    """This participant's sound is decided up to `until`; written when recognition breaks off or ends, so that
    what was not heard can be recognised later from the recording."""

    kind: Literal["recognition_until"] = "recognition_until"
    participant_id: Identifier
    until: Seconds
    reason: str = ""


class MarkSet(Message):
    kind: Literal["mark"] = "mark"
    participant_id: Identifier
    at: Seconds
    note: Kept


class HoldChanged(Message):
    """Somebody was put on hold or taken back by `by`; it holds over a lost line and a restart of the node."""

    kind: Literal["hold"] = "hold"
    participant_id: Identifier
    held: bool
    at: Seconds
    by: Identifier | None = None
    """Null: it ended because they went for good."""


class ShareStarted(Message):
    """From `at` on everybody is shown this participant's document or screen, and it is recorded."""

    kind: Literal["share_started"] = "share_started"
    participant_id: Identifier
    source: Source
    at: Seconds


class ShareEnded(Message):
    kind: Literal["share_ended"] = "share_ended"
    participant_id: Identifier
    source: Source
    at: Seconds


class LineMeasured(Message):
    """How a seat's line did over a stretch: the worst word, the worst of loss, delay and jitter, mean rates, and the
    frozen time of the stretch."""

    kind: Literal["line"] = "line"
    participant_id: Identifier
    start: Seconds
    end: Seconds
    word: LineWord
    numbers: LineNumbers


class HungUp(Message):
    """Somebody ended the reception in the room; the office closes it."""

    kind: Literal["hung_up"] = "hung_up"
    participant_id: Identifier | None
    at: Moment


class LineLost(Message):
    """Stands for a line of the journal that cannot be read any more, so that `seq` goes on without a hole."""

    kind: Literal["line_lost"] = "line_lost"


class Closed(Message):
    """Last entry: the manifest is complete."""

    kind: Literal["closed"] = "closed"
    manifest: Manifest


Fact = Annotated[
    Opened
    | SeatTaken
    | SeatLeft
    | RecordingStarted
    | SegmentClosed
    | GapFound
    | Recognised
    | RecognitionUntil
    | MarkSet
    | HoldChanged
    | ShareStarted
    | ShareEnded
    | LineMeasured
    | HungUp
    | LineLost
    | Closed,
    Field(discriminator="kind"),
]


class Entry(Message):
    """One line of a journal."""

    reception_id: Identifier
    seq: int = Field(ge=1)
    at: Moment
    fact: Fact


# --- web -> node: requests, each with a number that its reply repeats ---------------------------------------


class Follow(Message):
    """Send journal entries: for each reception named, those after the given seq; for all others, new ones.
    Several follows replace each other."""

    type: Literal["follow"] = "follow"
    id: int
    after: dict[str, int] = {}


class CloseRoom(Message):
    """End the reception if it is not ended, close its recording, and answer with the manifest.  Idempotent;
    works from the folder alone when the node was restarted since."""

    type: Literal["close_room"] = "close_room"
    id: int
    reception_id: Identifier
    reason: str = "office"


class SetLanguage(Message):
    """What is spoken on a seat from now on; `not_found`: nobody sits there."""

    type: Literal["set_language"] = "set_language"
    id: int
    reception_id: Identifier
    participant_id: Identifier
    language: SeatLanguage


class ExpectWords(Message):
    """Names and places that may be said in a reception, the weightiest first; they replace those told before.
    `not_found`: there is no such room."""

    type: Literal["expect_words"] = "expect_words"
    id: int
    reception_id: Identifier
    words: Annotated[tuple[Annotated[str, Field(max_length=MAX_WORD)], ...], Field(max_length=MAX_WORDS)]


class Kick(Message):
    """Send somebody out and refuse every token of that seat issued until now; `not_found`: nobody sat there."""

    type: Literal["kick"] = "kick"
    id: int
    reception_id: Identifier
    participant_id: Identifier


class Status(Message):
    """Answer with NodeStatus."""

    type: Literal["status"] = "status"
    id: int


class CameraOffer(Message):
    """An encoder's WHIP offer (RFC 9725) for a kiosk's camera; answered with CameraAnswer.  Errors:
    offer_unusable, media_full."""

    type: Literal["camera_offer"] = "camera_offer"
    id: int
    camera_id: Identifier
    sdp: Annotated[str, Field(max_length=60_000)]


class CameraTrickle(Message):
    """Addresses at which an encoder can be reached, found after its offer (RFC 9725 section 4.3.2).  `not_found`: the
    camera has no such session."""

    type: Literal["camera_trickle"] = "camera_trickle"
    id: int
    camera_id: Identifier
    session: Annotated[str, Field(max_length=64)]
    candidates: Annotated[tuple[Candidate, ...], Field(max_length=MAX_TRICKLED)]


class CameraEnd(Message):
    """End an encoder's session; without one, whatever session the camera has.  `not_found`: there is none."""

    type: Literal["camera_end"] = "camera_end"
    id: int
    camera_id: Identifier
    session: Annotated[str, Field(max_length=64)] | None = None


ControlRequest = Annotated[
    Follow | CloseRoom | SetLanguage | ExpectWords | Kick | Status | CameraOffer | CameraTrickle | CameraEnd,
    Field(discriminator="type"),
]


# --- node -> web ----------------------------------------------------------------------------------------------


class Reply(Message):
    type: Literal["reply"] = "reply"
    id: int
    ok: bool
    error: str = ""
    """Stable code when not ok: not_found, failed, or that of the error a request names."""
    result: dict[str, Any] = {}


class JournalEntry(Message):
    type: Literal["entry"] = "entry"
    entry: Entry


ControlEvent = Annotated[Reply | JournalEntry, Field(discriminator="type")]


class CameraAnswer(Message):
    """The node's answer to an encoder; `ice_servers` as in signalling's `joined`."""

    session: str
    sdp: str
    ice_servers: tuple[dict[str, Any], ...] = ()


class CameraState(Message):
    """An encoder that has connected, and what it sends at present."""

    camera_id: Identifier
    sends: tuple[TrackKind, ...]


class NodeStatus(Message):
    """`video_codecs_created` counts every video encoder or decoder made in the node process since its start:
    forwarding needs none, so anything but 0 is a fault."""

    node: str
    started_at: Moment
    rooms: tuple[Identifier, ...]
    participants: int
    video_codecs_created: int
    disk_free_bytes: int
    disk_minutes: float | None = None
    """Until the disk is full at the present rate of writing; null while hardly anything is written."""
    disk_low: bool = False
    cameras: tuple[CameraState, ...] = ()


control_request: TypeAdapter[ControlRequest] = TypeAdapter(ControlRequest)
control_event: TypeAdapter[ControlEvent] = TypeAdapter(ControlEvent)
