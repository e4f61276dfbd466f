"""What the office asks of the archive's worker, and what comes back: JSON files in the worker's folder."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from server.protocol.base import FileStart, Identifier, Message, Moment, Seconds, TrackKind

PLAN, RESULT, LOCK = "plan.json", "result.json", "lock"
BUSY, DISK_FULL, DISK_ERROR = 3, 5, 6
"""Exit codes of a worker: another one has the folder; nothing more fits; the disk fails."""


class Seat(Message):
    """Somebody whose picture and voice are shown."""

    id: Identifier
    role: str
    """In Chinese."""
    name: str


class Source(Message):
    """A recorded file."""

    id: Identifier
    seat_id: Identifier
    kind: TrackKind
    document: bool = False
    """A paper or a screen, not a person."""
    file: Path
    start: FileStart
    seconds: Seconds
    size: int
    sha256: str
    only: tuple[Seconds, Seconds] | None = None
    """A piece of the kiosk's own copy: what it has between these moments fills a gap."""

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def begins(self) -> float:
        """Media time of the first moment that is used."""
        return self.only[0] if self.only else self.start

    def has(self, moment: float) -> bool:
        """Whether what the file has at a moment is used."""
        return self.only is None or self.only[0] <= moment < self.only[1]


class Notice(Message):
    """A sentence that stands in the picture for a while."""

    start: Seconds
    end: Seconds
    text: str


class Caption(Message):
    """A subtitle; none overlaps the next."""

    start: Seconds
    end: Seconds
    text: str


class VideoPlan(Message):
    """One film of a whole reception."""

    kind: Literal["video"] = "video"
    heading: str
    """Where it was, in the picture's top left corner."""
    started_at: Moment | None
    """When media time was 0."""
    seconds: Seconds
    audio_only: bool = False
    """The petitioner agreed to sound alone."""
    seats: tuple[Seat, ...]
    sources: tuple[Source, ...]
    notices: tuple[Notice, ...] = ()
    captions: tuple[Caption, ...] = ()
    font_dir: str = ""
    reserve_mb: int = 0
    """Disk that must stay free for recordings."""
    part_seconds: float = Field(60.0, gt=0)
    """What is lost at most when the worker is killed."""


class Packed(Message):
    """A file that goes into the bundle; `size` and `sha256` where it is known what they must be."""

    name: str
    file: Path
    size: int | None = None
    sha256: str = ""


class Written(Message):
    """A text that goes into the bundle."""

    name: str
    text: str


class Voice(Message):
    """A sound file of the bundle that its page plays, where there is no film."""

    name: str
    start: FileStart
    seconds: Seconds


class Encoded(Message):
    """A small file of bytes that goes into the bundle."""

    name: str
    base64: str


class BundlePlan(Message):
    """One ZIP with everything of a case's recording, or what its petitioner takes away, and a page that plays and checks it."""

    kind: Literal["bundle"] = "bundle"
    folder: str
    """The folder that everything lies in, in the ZIP."""
    about: tuple[tuple[str, str], ...]
    """What the page says about the case: (label, words)."""
    captions: tuple[Caption, ...] = ()
    manifest: dict[str, Any]
    """The recording's, as JSON; empty where there is none."""
    public_key: str = ""
    """The key that recordings are signed with, in base64."""
    signing_key: Path | None = None
    """The private half, where this machine has it: it signs the list of files too."""
    files: tuple[Packed, ...]
    texts: tuple[Written, ...]
    encoded: tuple[Encoded, ...] = ()
    partly: bool = False
    """Only some of what the manifest names is in it."""
    voice: tuple[Voice, ...] = ()
    reserve_mb: int = 0


Plan = Annotated[VideoPlan | BundlePlan, Field(discriminator="kind")]
plan_adapter: TypeAdapter[Plan] = TypeAdapter(Plan)


class Result(Message):
    """A finished file in the worker's folder."""

    file: str
    size: int
    sha256: str
    notes: tuple[str, ...] = ()
    """Chinese sentences: what could not be put in."""
