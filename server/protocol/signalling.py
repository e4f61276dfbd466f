"""Messages between a client (browser or native) and the media node.  See signalling.md."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from server.protocol.base import Identifier, Kept, Message, Moment, Role, Seconds, Source, TrackKind
from server.protocol.transcript import SeatLanguage, Utterance

MAX_MESSAGE_BYTES = 65_536
SLOTS = 5
"""Participants a client can see at once: it offers this many pairs of receiving sections."""
MAX_PARTICIPANTS = 5
MAX_OBSERVERS = 3
LECTURE = "lecture-"
"""The id of every lecture begins with this, that of no reception does: by it a node knows which of the two it holds."""
MAX_HANDS = 20
"""Raised at the same time in a lecture."""
ShareSource = Literal[Source.DOCUMENT, Source.SCREEN]
ALIVE_EVERY = 2.0
"""Longest silence of the node on a socket, in seconds."""


class Shown(StrEnum):
    """How much of somebody's picture a viewer gets."""

    FULL = "full"
    REDUCED = "reduced"
    """Fewer frames."""
    STOPPED = "stopped"
    """None for now: the line, either one's, has room for sound only."""
    UNPLAYABLE = "unplayable"
    """None: the viewer's offer does not have the codec that the picture comes in (an encoder's H.264)."""


class SeatClaims(Message):
    """What a join token says (JWT, HS256 with the key derived for `seat`); good for one use and 60 s."""

    reception_id: Identifier
    participant_id: Identifier
    role: Role
    name: Annotated[str, Field(max_length=64)]
    """Shown to the others; never logged."""
    office: Annotated[str, Field(max_length=100)] = ""
    """In a lecture: the office that the seat belongs to, shown to the others."""
    publishes: bool = True
    video: bool = True
    """False where the petitioner agreed to sound only."""
    may_end: bool = False
    camera: Identifier | None = None
    """The encoder in this room (media_control.md) that stands in for the seat's own camera while it sends."""
    camera_sound: bool = False
    """The encoder's sound, too, stands in for the seat's own microphone."""
    language: SeatLanguage = "zh"
    """What is spoken on this seat when it is taken; `set_language` (media_control.md) changes it afterwards."""
    node: int = 0
    """The media node that the reception lives on; any other refuses the token."""
    jti: str
    iat: float
    exp: float
    until: float | None = None
    """When the seat itself ends (Unix time), however often somebody comes back; absent: 12 h after `iat`."""

    @property
    def may_publish(self) -> bool:
        """Observers send nothing, whatever their token says."""
        return self.publishes and self.role is not Role.OBSERVER

    @property
    def may_hold(self) -> bool:
        """Whether this seat may put others on hold: who may end the reception, except the one that it is about."""
        return self.may_end and self.role is not Role.PETITIONER


# --- client -> node --------------------------------------------------------------------------------------

class Join(Message):
    """First message, within 10 s.  `token` from the office, or `resume` from the last `joined`."""

    type: Literal["join"] = "join"
    token: Annotated[str, Field(max_length=4096)]
    line: Annotated[str, Field(max_length=64)] = ""
    """Id of the media line that this client still holds (from `answer`); empty: none."""


class Offer(Message):
    """The client's only offer on this socket: sections in the order microphone (sendonly), camera (sendonly),
    document (video, sendonly; its track may come later), then SLOTS pairs of audio and video (recvonly), then the
    document that somebody shows (video, recvonly).  The shape without the two document sections is taken too.
    A new network means a new socket and a new offer."""

    type: Literal["offer"] = "offer"
    sdp: Annotated[str, Field(max_length=60_000)]


class Candidate(Message):
    """A trickled ICE candidate; null candidate: no more."""

    type: Literal["candidate"] = "candidate"
    candidate: Annotated[str, Field(max_length=1024)] | None
    sdp_mid: Annotated[str, Field(max_length=16)] | None = None
    sdp_m_line_index: int | None = None


class Mute(Message):
    """The client's own microphone or camera is switched off or on.

    Reason `line`: its line has no room for a picture now, so only sound comes; nobody has switched anything off.
    Reason `device`: it was pulled out or failed, or is there again.
    """

    type: Literal["mute"] = "mute"
    kind: TrackKind
    muted: bool
    reason: Literal["", "line", "device"] = ""


class Mark(Message):
    """Remember this moment."""

    type: Literal["mark"] = "mark"
    note: Annotated[Kept, Field(max_length=500)] = ""


class Share(Message):
    """Show everybody what this client sends in its document section from now on; null: no more.

    One document at a time is shown: the newest one; whose was shown before gets `share_ended`.
    """

    type: Literal["share"] = "share"
    source: ShareSource | None


class Hold(Message):
    """Put somebody on hold or take them back (needs may_hold).

    Who is on hold hears and sees nobody and is not heard, seen, recorded or recognised.  While the petitioner is,
    nothing of anybody is recorded or recognised.
    """

    type: Literal["hold"] = "hold"
    participant_id: Identifier
    held: bool


class Stats(Message):
    """What the client measured since it last said so, about every two seconds; shown and kept, trusted for nothing."""

    type: Literal["stats"] = "stats"
    round_trip_ms: Annotated[float, Field(ge=0, le=60_000)] | None = None
    frozen_s: Annotated[float, Field(ge=0, le=60)] | None = None
    """Seconds in which a picture that should have moved stood still."""
    level: Annotated[float, Field(ge=0, le=1)] | None = None
    """Own microphone: linear, as in RTCAudioSourceStats.audioLevel (W3C webrtc-stats)."""


class AskTime(Message):
    """What time is it at the node?  Answered by `time` at once."""

    type: Literal["ask_time"] = "ask_time"
    sent: Annotated[float, Field(ge=0, le=1e12)]
    """When it was asked, by a clock of the client's own; comes back as it is."""


class Hand(Message):
    """A viewer of a lecture raises a hand or lowers it; who has the floor gives it back by lowering it."""

    type: Literal["hand"] = "hand"
    raised: bool


class Floor(Message):
    """The speaker of a lecture lets this viewer be heard and seen by all; null: nobody any more.

    One viewer at a time.  Who has the floor makes a new socket and a new offer, in which microphone and camera are sent.
    """

    type: Literal["floor"] = "floor"
    participant_id: Identifier | None


class LowerHand(Message):
    """The speaker of a lecture lowers a viewer's hand without letting them speak."""

    type: Literal["lower_hand"] = "lower_hand"
    participant_id: Identifier


class Leave(Message):
    """This participant goes; the others stay."""

    type: Literal["leave"] = "leave"


class HangUp(Message):
    """The reception is over for everyone (needs may_end)."""

    type: Literal["hang_up"] = "hang_up"


ClientMessage = Annotated[
    Join | Offer | Candidate | Mute | Mark | Share | Hold | Stats | AskTime | Hand | Floor | LowerHand | Leave | HangUp,
    Field(discriminator="type"),
]


# --- node -> client --------------------------------------------------------------------------------------

class Seat(Message):
    """One participant as everybody sees it."""

    participant_id: Identifier
    role: Role
    name: str
    connected: bool
    """Media flows; false while the line is down or before the first packet."""
    audio_muted: bool = False
    video_muted: bool = False
    lost: tuple[TrackKind, ...] = ()
    """What was pulled out or failed, so that nothing comes of it."""
    held: bool = False
    supplied: tuple[TrackKind, ...] = ()
    """What an encoder in the room sends in place of this client, which then need not send it."""
    picture: Shown = Shown.FULL
    """How much of the seat's picture this receiver gets; for the receiver itself: whether it sends its own."""
    small_sound: bool = False
    """For the receiver itself: somebody's line has no room for any picture of it, so its sound should be small, too."""
    slot: int | None = None
    """Which of the receiver's own slots carries this seat; null for the receiver itself and for observers."""


class Document(Message):
    """Whose document or screen the document section carries; nothing while this client itself shows it."""

    participant_id: Identifier
    source: ShareSource


class Room(Message):
    """The whole state of the room as this client should show it; sent after every change."""

    type: Literal["room"] = "room"
    state: Literal["waiting", "running", "ended"]
    """`running` from the moment that petitioner and receiver both send sound: recording starts there."""
    recording: bool
    """False too while the petitioner is on hold."""
    recording_trouble: str = ""
    """Chinese sentence if something is wrong with the recording, else empty."""
    started_at: Moment | None = None
    paused: bool = False
    """The petitioner is on hold: nothing is recorded until they are taken back."""
    document: Document | None = None
    """What is shown to everybody; null also for whoever is on hold."""
    seats: tuple[Seat, ...]
    """Everybody who is there, observers and those on hold too."""


class Viewer(Message):
    """Somebody in a lecture who asks to speak or does."""

    participant_id: Identifier
    name: str
    office: str


class OfficePresent(Message):
    """An office in a lecture and how many of its seats are there."""

    name: str
    seats: int


class Lecture(Message):
    """The state of a lecture, the same for everybody; sent after a change, at most about once a second.

    Slot 0 of every client carries the speaker, slot 1 whoever has the floor.
    """

    type: Literal["lecture"] = "lecture"
    state: Literal["waiting", "running", "ended"]
    """`running` from the moment that the speaker sends sound: recording starts there."""
    recording: bool
    recording_trouble: str = ""
    """For the speaker: Chinese sentence if something is wrong with the recording, else empty."""
    started_at: Moment | None = None
    speaker: Viewer | None = None
    """Null while the speaker is not there."""
    speaking: bool = False
    """The speaker's sound or picture comes."""
    floor: Viewer | None = None
    document: Document | None = None
    viewers: int
    offices: tuple[OfficePresent, ...]
    """Whose seats are there, by name."""
    hands: tuple[Viewer, ...] = ()
    """In the order in which they were raised."""


class Joined(Message):
    """Answer to `join`."""

    type: Literal["joined"] = "joined"
    reception_id: Identifier
    participant_id: Identifier
    resume: str
    """A token for coming back on a new socket without asking the office; replaced at every join."""
    ice_servers: tuple[dict[str, object], ...] = ()
    line_stands: bool = False
    """The media line named in `join` is this seat's still: no offer is needed, media goes on over it."""
    now: Moment
    """As in `time`."""


class Answer(Message):
    """The node's answer; complete, the node does not trickle."""

    type: Literal["answer"] = "answer"
    sdp: str
    line: str = ""
    """Id of the media line that this answer makes."""


class Caption(Message):
    """Something recognised.  `final`: it is also stored, and stays as it is; what is not final may still change, and goes
    where it comes without text."""

    type: Literal["caption"] = "caption"
    final: bool
    utterance: Utterance


class Recognition(Message):
    """How recognition is doing, when it changes."""

    type: Literal["recognition"] = "recognition"
    state: Literal["on", "behind", "waiting"]
    reason: str = ""
    message: str = ""
    behind_s: Seconds = 0


class Marked(Message):
    """Somebody set a mark."""

    type: Literal["marked"] = "marked"
    participant_id: Identifier
    at: Seconds
    note: str


class ShareEnded(Message):
    """What this client shows is not shown any more."""

    type: Literal["share_ended"] = "share_ended"
    reason: Literal["stopped", "another", "held"]
    """`another`: somebody else shows something now."""


class Departed(Message):
    """Somebody is not in the room any more; everybody else is told."""

    type: Literal["departed"] = "departed"
    participant_id: Identifier
    role: Role
    name: str
    """Empty where the node does not know it any more."""
    reason: str
    """Stable code: left, kicked, network_lost, token_expired; replaced: they went on from elsewhere;
    media_restarted, shutdown: the node stopped, they are not back yet."""


class LineWord(StrEnum):
    """How a seat's line does, in one word."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    LOST = "lost"
    """Nothing comes at all."""


class LineNumbers(Message):
    """One seat's line; null: not known.  Up is from the client to the node."""

    round_trip_ms: float | None = None
    loss_up: float | None = None
    """Share of packets that did not come at the first try."""
    loss_down: float | None = None
    jitter_ms: float | None = None
    """Of the sound that comes from the seat; for an observer, who sends none, of what it receives."""
    up_kbps: float | None = None
    down_kbps: float | None = None
    frozen_s: float | None = None
    level: float | None = None


class SeatLine(Message):
    """A seat's line for one viewer; petitioners and guests get words only."""

    participant_id: Identifier
    word: LineWord
    numbers: LineNumbers | None = None


class Lines(Message):
    """How everybody's line does, about every two seconds."""

    type: Literal["lines"] = "lines"
    seats: tuple[SeatLine, ...]


class Alive(Message):
    """Nothing new; sent when a socket has been still for ALIVE_EVERY, so that a client knows a dead one."""

    type: Literal["alive"] = "alive"


class Time(Message):
    """Answer to `ask_time`."""

    type: Literal["time"] = "time"
    sent: float
    now: Moment
    """By the clock of the recording: the room's `started_at` plus the media time of this moment."""


class Wide(Message):
    """The node measured that this client's line has room for pictures again: its own may be tried now."""

    type: Literal["wide"] = "wide"


class Trouble(Message):
    """Something this client did cannot be done; `fatal`: the socket closes after it."""

    type: Literal["trouble"] = "trouble"
    code: str
    message: str
    fatal: bool = False


EndReason = Literal["hung_up", "office", "replaced", "left", "shutdown", "kicked", "network_lost", "token_expired"]


class Ended(Message):
    """This seat's part in the reception is over; for everybody where the reason is hung_up or office."""

    type: Literal["ended"] = "ended"
    reason: EndReason


NodeMessage = Annotated[
    Joined | Answer | Room | Lecture | Caption | Recognition | Marked | ShareEnded | Departed | Lines | Alive
    | Time | Wide | Trouble | Ended,
    Field(discriminator="type"),
]

client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
node_message: TypeAdapter[NodeMessage] = TypeAdapter(NodeMessage)


class CloseCode:
    """WebSocket close codes (RFC 6455 section 7.4.2: 4000-4999 are ours)."""

    PROTOCOL = 4400
    TOKEN = 4401
    REPLACED = 4409
    ENDED = 4410
    TOO_LARGE = 1009
