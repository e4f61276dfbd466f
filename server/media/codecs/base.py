"""What the node has to know of a video codec."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from server.media import rtp
from server.media.ordering import OnOrdered

MAX_FRAME = 4_000_000
"""Bytes; a larger frame is taken for nonsense."""


class Opening(NamedTuple):
    """What a file that begins with a certain key frame says of its pictures."""

    mime: str
    track: bytes
    """Matroska track entry (webm.py)."""
    parameters: bytes = b""
    """Frames that need other parameters belong in another file; empty: the frames themselves bring them along."""


class Frame(NamedTuple):
    """One encoded picture as files hold it."""

    data: bytes
    timestamp: int
    """RTP time, unwrapped."""
    arrival: float
    """When its last packet came (monotonic seconds)."""
    opening: Opening | None
    """Of key frames only: what a file needs that begins here."""

    @property
    def key(self) -> bool:
        return self.opening is not None


OnFrame = Callable[[Frame], None]


class Frames(ABC):
    """Puts frames of one codec together from ordered packets; after a loss it waits for a key frame and says so.

    A packet without this codec's header goes to `other`, with 0 lost: the loss is told already.
    """

    def __init__(self, on_frame: OnFrame, on_damage: Callable[[], None], other: OnOrdered) -> None:
        self._on_frame, self._on_damage, self._other = on_frame, on_damage, other
        self._parts: list[bytes] = []
        self._timestamp: int | None = None
        self._needs_keyframe = True

    @abstractmethod
    def __call__(self, packet: rtp.Packet, lost: int) -> None:
        """Take the next packet; so many are missing before it."""

    def _damaged(self) -> None:
        self._parts, self._needs_keyframe = [], True
        self._on_damage()

    def _emit(self, frame: Frame) -> None:
        if not 0 < len(frame.data) <= MAX_FRAME or (self._needs_keyframe and not frame.key):
            return
        self._needs_keyframe = False
        self._on_frame(frame)


@dataclass(frozen=True)
class Codec:
    """One video codec."""

    mime: str
    """As in SDP and in the manifest."""
    header: Callable[[bytes], rtp.Header | None]
    """Read what a payload says of its picture; None: the payload makes no sense."""
    frames: type[Frames]
