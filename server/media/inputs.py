"""The packets of one connection on their way to the recorder and to the tap: ordered, put together, placed in time.

No I/O in here: this module can be compiled (compiled.py).
"""

from collections.abc import Callable

from server.media import codecs, opus, ordering, rtp
from server.media.codecs.base import Frame
from server.media.ordering import Reorder
from server.media.recorder import TrackRecorder
from server.media.tap import Tap
from server.media.timeline import Timeline, placed
from server.protocol.transcript import LiveRepaired

PATIENCE = 1.6
"""Seconds that the tap waits for a missing packet: longer than the recorder does (ordering.PATIENCE), which puts late sound
in its place afterwards; what was recognised without it stays so.  Captions wait only where something is missing."""
KEYFRAME_EVERY = 8.0
"""Browsers send key frames on request only; without some the picture could not be searched."""

MediaClock = Callable[[float], float]
"""From monotonic seconds to media time."""


class AudioInput:
    """The sound of one connection: ordered, placed in time, recorded."""

    def __init__(self, track: TrackRecorder, timeline: Timeline, media_time: MediaClock) -> None:
        self._track, self._timeline, self._media_time = track, timeline, media_time
        self._reorder = Reorder(self._ordered, depth=50, wait=ordering.PATIENCE, late=self._late)
        self._expected: int | None = None

    def __call__(self, packet: rtp.Packet) -> None:
        self._reorder(packet)

    def _ordered(self, packet: rtp.Packet, lost: int) -> None:
        at = placed(packet, self._timeline, self._media_time)
        expected = self._expected
        self._expected = packet.timestamp + int(rtp.opus_seconds(packet.payload) * rtp.AUDIO_CLOCK)
        silent_by_choice = not lost and expected is not None and packet.timestamp > expected
        if at >= 0:
            self._track.audio(at, packet.payload, packet.arrival, lost=not silent_by_choice)

    def _late(self, packet: rtp.Packet) -> None:
        self._track.late_audio(self._media_time(self._timeline(packet.timestamp)), packet.payload)

    def tick(self, now: float) -> None:
        self._reorder.tick(now)

    def flush(self) -> None:
        self._reorder.flush()


class VideoInput:
    """The picture of one connection: frames put together, placed in time, recorded."""

    def __init__(
        self, track: TrackRecorder, timeline: Timeline, media_time: MediaClock, request_keyframe: Callable[[], None]
    ) -> None:
        self._track, self._timeline, self._media_time = track, timeline, media_time
        self._request_keyframe = request_keyframe
        self._reorder = Reorder(self._frames_of(codecs.VIDEO[0]), depth=400, wait=ordering.PATIENCE)
        self._keyframe_at = 0.0
        request_keyframe()

    def __call__(self, packet: rtp.Packet) -> None:
        self._reorder(packet)

    def _frames_of(self, codec: codecs.Codec) -> codecs.Frames:
        return codec.frames(self._frame, self._request_keyframe, self._other)

    def _other(self, packet: rtp.Packet, lost: int) -> None:
        """A packet of another codec than before; what makes no sense at all is passed over."""
        if packet.header is not None:
            self._reorder.emit = self._frames_of(codecs.of(packet.header))
            self._reorder.emit(packet, lost)

    def _frame(self, frame: Frame) -> None:
        at = self._media_time(self._timeline(frame.timestamp))
        if frame.key:
            self._keyframe_at = frame.arrival
        elif self._track.needs_keyframe(frame.arrival):
            self._request_keyframe()
        if at >= 0:
            self._track.video(at, frame)

    def tick(self, now: float) -> None:
        self._reorder.tick(now)
        if now - self._keyframe_at > KEYFRAME_EVERY:
            self._keyframe_at = now
            self._request_keyframe()

    def flush(self) -> None:
        self._reorder.flush()


class TapInput:
    """The sound of one connection on its way to the tap: ordered, decoded, placed in time."""

    def __init__(self, tap: Tap, timeline: Timeline, media_time: MediaClock) -> None:
        self._tap, self._timeline, self._media_time = tap, timeline, media_time
        self._reorder = Reorder(self._ordered, depth=90, wait=PATIENCE)
        self._decoder = opus.Decoder()
        self._expected: int | None = None

    def __call__(self, packet: rtp.Packet) -> None:
        self._reorder(packet)

    def _ordered(self, packet: rtp.Packet, lost: int) -> None:
        at = placed(packet, self._timeline, self._media_time)
        lasts = rtp.opus_seconds(packet.payload)
        if not lasts:
            return
        hole = 0.0 if self._expected is None else (packet.timestamp - self._expected) / rtp.AUDIO_CLOCK
        self._expected = packet.timestamp + int(lasts * rtp.AUDIO_CLOCK)
        decoded = self._decoder.decode(packet.payload, hole, lost=bool(lost))
        start = at + lasts - len(decoded.samples) / 2 / opus.RATE
        if start >= 0:
            self._tap.push(start, decoded.samples, repairs(start, decoded))

    def tick(self, now: float) -> None:
        self._reorder.tick(now)

    def flush(self) -> None:
        """Hand on what is held; the input is not used afterwards."""
        self._reorder.flush()
        self._decoder.close()


def repairs(start: float, decoded: opus.Decoded) -> list[LiveRepaired]:
    """Which stretches of decoded sound that begins at media time `start` were not sent like that."""
    found = []
    made_up = start + decoded.concealed
    if decoded.concealed > 0:
        found.append(LiveRepaired(start=start, end=made_up, how="concealed"))
    if decoded.recovered > 0:
        found.append(LiveRepaired(start=made_up, end=made_up + decoded.recovered, how="recovered"))
    return found
