"""What lies in a reception's recording folder.  See recording.md."""

from typing import Literal, NamedTuple

from pydantic import Field

from server.protocol.base import Identifier, Message, Moment, Role, Seconds, Source, TrackKind

MANIFEST_NAME = "manifest.json"
JOURNAL_NAME = "journal.jsonl"


class FileType(NamedTuple):
    """How files of a codec are named, described to browsers, and named inside (EBML DocType)."""

    suffix: str
    media_type: str
    document: str


WEBM = FileType(".webm", "video/webm", "webm")
MATROSKA = FileType(".mkv", "video/matroska", "matroska")
"""Media type of RFC 9559 section 27.3."""
FILE_TYPES = {"audio/opus": WEBM, "video/VP8": WEBM, "video/H264": MATROSKA}
"""By a segment's codec: WebM may hold free codecs only."""
SUFFIXES = (WEBM.suffix, MATROSKA.suffix)


def is_recorded(name: str) -> bool:
    """Whether a file in a recording folder is recorded sound or picture, by its name."""
    return name.endswith(SUFFIXES)


class Gap(Message):
    """A stretch of one participant's track (or of all, if participant_id is null) that was not recorded."""

    participant_id: Identifier | None = None
    kind: TrackKind | None = None
    source: Source | None = None
    """Null where `kind` says it: microphone, camera."""
    start: Seconds
    end: Seconds
    cause: str
    """Stable code: packet_loss, network_lost, left, media_restarted, disk_full, disk_error,
    muted_source, microphone_lost, camera_lost (pulled out or failed), truncated, nothing_understood, on_hold,
    petitioner_on_hold; of a sitting alone also cut_off."""


class Segment(Message):
    """One closed file of one track."""

    id: Identifier
    participant_id: Identifier
    role: Role
    kind: TrackKind
    source: Source = Source.CAMERA
    codec: str
    """MIME type as negotiated, e.g. audio/opus, video/VP8."""
    file: str
    """Name inside the recording folder."""
    start: Seconds
    seconds: Seconds
    size: int = Field(ge=0)
    sha256: str
    closed: Literal["clean", "repaired"] = "clean"
    """`repaired`: the writer died; the file was cut after its last whole cluster and closed later."""
    gaps: tuple[Gap, ...] = ()
    number: int = Field(0, ge=0)
    """Place in the chain, from 1 in the order of closing; 0: not in it (version 1)."""
    chain: str = ""
    """The chain's hash up to here (chain.py)."""


class Signature(Message):
    """The media node's, over everything else in the manifest (chain.signed_bytes)."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    key: str
    """Which key: SHA-256 of its public half, 64 hexadecimal digits."""
    value: str
    """64 bytes, base64."""


class Share(Message):
    """From when to when a paper or a screen was shown to everybody; its pictures are the participant's segments of
    that source."""

    participant_id: Identifier
    source: Source
    start: Seconds
    end: Seconds


class Manifest(Message):
    """All segments of a reception; written atomically whenever a segment closes."""

    version: Literal[1, 2] = 2
    """1: without chain and signature."""
    reception_id: Identifier
    started_at: Moment | None = None
    """When media time was 0."""
    ended_at: Moment | None = None
    seconds: Seconds = 0
    """Length of the talk: from the start of recording to hang-up."""
    segments: tuple[Segment, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Gaps between segments and those that touch everyone."""
    shares: tuple[Share, ...] = ()
    """In order of time; those that ended."""
    chain: str = ""
    """Hash of the last link; empty without one."""
    signature: Signature | None = None
