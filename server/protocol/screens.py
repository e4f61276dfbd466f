"""The kiosk's screens as its own program serves them: what a signed version is made of, and how page and program talk.

See copies.md, "The screens".
"""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Message, Moment
from server.protocol.canonical import canonical_json, fingerprint

SHELL = "/kiosk"
"""Path of the page that is all screens."""
VERSION_PLACE = b"@screens@"
"""Stands in the shell where its version is put when it is served: a file cannot hold its own hash."""
MOST_FILES = 2000
LARGEST_FILE = 16 << 20
LARGEST_VERSION = 64 << 20
PURPOSE = b"jietan kiosk screens 1\n"
"""Begins what is signed: the same key signs recordings, and neither can be taken for the other."""

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FilePath = Annotated[str, Field(max_length=200, pattern=r"^(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$")]
"""No part begins with a dot."""
WRITING_EXTENT = 1000
"""Side of the square that a character is written in."""
_Share = Annotated[int, Field(ge=0, le=WRITING_EXTENT)]
WrittenPoint = tuple[_Share, _Share]
"""x and y from the square's upper left corner."""
ScreenName = Annotated[str, Field(pattern=r"^[a-z_-]{0,30}$")]


class ScreenFile(Message):
    path: FilePath
    media_type: str = Field(max_length=100)
    size: int = Field(ge=0, le=LARGEST_FILE)
    sha256: Hash


class Screens(Message):
    """One version: every file with its hash, and the content security policy that the page is served with."""

    version: Hash
    """Fingerprint of files and policy: the same screens have the same version wherever they are made."""
    files: tuple[ScreenFile, ...] = Field(max_length=MOST_FILES)
    policy: str = Field(max_length=10_000)
    key: Hash
    """Name of the signing key (chain.key_name)."""
    signature: str = Field(max_length=100)
    """Ed25519 (RFC 8032) over `to_sign`, base64."""


class Reach(Message):
    """The page's line is gone: is the media node, or the office, there again?"""

    address: str = Field(max_length=500)
    """Of the node's signalling, ws:// or wss://; empty: the office."""
    within_s: float = Field(8.0, gt=0, le=8)
    """So long it is waited for."""


class PageBeat(Message):
    """The page is there and shows something; sent every few seconds."""

    version: str = Field(max_length=64)
    """Of the screens that the page is made of."""
    screen: ScreenName = ""
    """Which one is up; empty: none yet."""
    busy: bool
    """Somebody may be using it: it is not opened again now."""
    painted_ms: int | None = Field(None, ge=0, le=600_000)
    """Milliseconds from the opening of the page to the first screen."""
    faults: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")], ...] = Field((), max_length=5)
    """Where scripts failed since the last beat: file and line."""


class BrowserEnded(Message):
    """The kiosk's browser ended by itself."""

    ended: int = Field(ge=-255, le=255)
    """Its exit status; negative: a signal."""


class Door(Message):
    """Where the page finds the program's door for copies and devices, and what it shows there."""

    url: str
    secret: str


class AgentState(Message):
    """What the page is told: GET /agent/state, and in answer to every beat."""

    kiosk: str
    office: Literal["unknown", "answers", "silent", "revoked"]
    since: Moment
    """Since when that is so."""
    version: str
    """Of the screens that are served now."""
    reload: bool = False
    """The page is to open itself again: it is not made of these screens, or was asked to."""
    door: Door
    handwriting: bool = False
    """Whether characters written with a finger can be read here (POST /agent/handwriting)."""
    browser: str = Field("", max_length=40)
    """An order to open the browser again with nothing of what it knew; obeyed once.  Empty: none."""


class Written(Message):
    """One character as it was written: POST /agent/handwriting."""

    strokes: tuple[Annotated[tuple[WrittenPoint, ...], Field(min_length=1, max_length=400)], ...] = Field(max_length=64)
    """In the order they were written, each from its first point to its last."""


class Readings(Message):
    """What it may be, likeliest first."""

    characters: tuple[str, ...]


def version_of(files: tuple[ScreenFile, ...], policy: str) -> str:
    """The name of a version."""
    return fingerprint({"files": [file.model_dump(mode="json") for file in files], "policy": policy})


def to_sign(version: str) -> bytes:
    """What the signature is about: the version covers everything else."""
    return PURPOSE + canonical_json({"version": version})
