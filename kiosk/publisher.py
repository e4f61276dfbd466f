"""What a kiosk without a browser sends: sound and picture from files, encoded once and never again.

aiortc's RTCRtpSender packs an `av.Packet` as it is, so a file of Opus or VP8 is sent in real time for next to
nothing.  A microphone never stops: before and after the file there is Opus silence, and a connection made in
the middle goes on where the clock stands, as a person's speech would.
"""

import asyncio
import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

FRAME_S = 0.02
"""Length of an Opus frame (RFC 7587 section 4.2)."""
FRAME_SAMPLES = 960
OPUS_CLOCK = 48_000
VIDEO_CLOCK = 90_000
SILENCE = b"\xf8\xff\xfe"
"""An Opus frame of 20 ms of silence (RFC 6716: CELT only, full band, mono)."""


class UnusableFile(ValueError):
    """The file cannot be sent without encoding it."""


@dataclass(frozen=True)
class Voice:
    """Opus frames of 20 ms; `lead_s` is the encoder's delay at their start (pre-skip, RFC 7845 section 4.2)."""

    frames: tuple[bytes, ...]
    lead_s: float

    @property
    def seconds(self) -> float:
        return len(self.frames) * FRAME_S - self.lead_s


def read_voice(path: Path) -> Voice:
    """The Opus frames of an .opus or .webm file.  Raises UnusableFile if it has none or not of 20 ms."""
    packets = _packets(path, "audio", "opus")
    if any(_seconds(packet, packet.duration) != FRAME_S for packet in packets[:-1]):
        raise UnusableFile(f"{path.name}: its Opus frames are not of 20 ms")
    return Voice(tuple(bytes(packet) for packet in packets), max(0.0, -_seconds(packets[0], packets[0].pts)))


@dataclass(frozen=True)
class Clip:
    """Encoded VP8 frames with their times from 0 (seconds), shown over and over every `seconds`."""

    frames: tuple[bytes, ...]
    times: tuple[float, ...]
    seconds: float

    def moment(self, number: int) -> float:
        """When frame `number` is due, in seconds from the first one, however often the clip began again."""
        rounds, index = divmod(number, len(self.frames))
        return rounds * self.seconds + self.times[index]


def read_clip(path: Path) -> Clip:
    """The VP8 frames of a .webm file.  Raises UnusableFile if it has none or begins without a keyframe."""
    packets = _packets(path, "video", "vp8")
    if not packets[0].is_keyframe:
        raise UnusableFile(f"{path.name}: begins without a keyframe")
    first = _seconds(packets[0], packets[0].pts)
    times = tuple(_seconds(packet, packet.pts) - first for packet in packets)
    step = times[-1] / (len(times) - 1) if len(times) > 1 else 1.0
    return Clip(tuple(bytes(packet) for packet in packets), times, times[-1] + step)


def _packets(path: Path, kind: str, codec: str) -> list[Packet]:
    with av.open(str(path)) as container:
        streams = [s for s in container.streams if s.type == kind and s.codec_context.name in (codec, f"lib{codec}")]
        packets = [packet for packet in container.demux(streams) if packet.size] if streams else []
    if not packets:
        raise UnusableFile(f"{path.name}: no {codec} in it")
    return packets


def _seconds(packet: Packet, ticks: int | None) -> float:
    return round(float((ticks or 0) * Fraction(packet.time_base)), 6)


class Speech:
    """One person's microphone: silence, until `begin` lets the voice be heard in real time.

    Time is the event loop's clock, cut into ticks of 20 ms that all tracks share.
    """

    def __init__(self, voice: Voice | None = None) -> None:
        self._voice = voice or Voice((), 0.0)
        self._first_tick: int | None = None
        self.muted = False

    def begin(self, at: float | None = None) -> float:
        """Start speaking at loop time `at` (now if not given); returns the loop time of the voice's own zero."""
        moment = asyncio.get_running_loop().time() if at is None else at
        self._first_tick = math.ceil(moment / FRAME_S)
        return self._first_tick * FRAME_S + self._voice.lead_s

    @property
    def seconds(self) -> float:
        return self._voice.seconds

    def frame(self, tick: int) -> bytes:
        """The Opus frame of this tick."""
        if self._first_tick is None or self.muted:
            return SILENCE
        index = tick - self._first_tick
        return self._voice.frames[index] if 0 <= index < len(self._voice.frames) else SILENCE


class SpeechTrack(MediaStreamTrack):
    """A microphone track for one connection; several may follow each other over one Speech."""

    kind = "audio"

    def __init__(self, speech: Speech) -> None:
        super().__init__()
        self._speech = speech
        self._tick: int | None = None
        self._pts = -FRAME_SAMPLES

    async def recv(self) -> Packet:
        """The next frame, when it is due."""
        loop = asyncio.get_running_loop()
        self._tick = math.ceil(loop.time() / FRAME_S) if self._tick is None else self._tick + 1
        await asyncio.sleep(self._tick * FRAME_S - loop.time())
        self._pts += FRAME_SAMPLES
        return _packet(self._speech.frame(self._tick), self._pts, OPUS_CLOCK)


class ClipTrack(MediaStreamTrack):
    """A camera track for one connection: the clip from its first keyframe, over and over."""

    kind = "video"

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self._clip = clip
        self._number = 0
        self._started: float | None = None

    async def recv(self) -> Packet:
        """The next frame, when it is due."""
        loop = asyncio.get_running_loop()
        self._started = loop.time() if self._started is None else self._started
        moment = self._clip.moment(self._number)
        data = self._clip.frames[self._number % len(self._clip.frames)]
        self._number += 1
        await asyncio.sleep(self._started + moment - loop.time())
        return _packet(data, round(moment * VIDEO_CLOCK), VIDEO_CLOCK)


def _packet(data: bytes, pts: int, clock_rate: int) -> Packet:
    packet = Packet(data)
    packet.pts = pts
    packet.time_base = Fraction(1, clock_rate)
    return packet


async def drain(track: MediaStreamTrack, counts: dict[str, int]) -> None:
    """Read a received track to its end and throw it away, counting frames by kind.

    aiortc queues what nobody reads without bound, so every received track needs this.
    """
    try:
        while True:
            await track.recv()
            counts[track.kind] = counts.get(track.kind, 0) + 1
    except MediaStreamError:
        return

