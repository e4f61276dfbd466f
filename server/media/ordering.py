"""From packets as they come to frames in order."""

from collections.abc import Callable

from server.media import rtp

PATIENCE = 0.7
"""Seconds that a missing packet is waited for: asking again has been given up by then (forwarding.NACK_TRIES), and a
power loss may cost one second at most of what came meanwhile."""

OnOrdered = Callable[[rtp.Packet, int], None]
"""Called with a packet and the number of packets lost right before it."""
OnFrame = Callable[[bytes, bool, rtp.Packet], None]
"""Called with an encoded frame, whether it is a key frame, and its last packet."""


class Reorder:
    """Hands packets on in order of `seq`, waiting for a missing one at most `depth` packets or `wait` seconds."""

    def __init__(self, emit: OnOrdered, *, depth: int, wait: float) -> None:
        self._emit, self._depth, self._wait = emit, depth, wait
        self._next: int | None = None
        self._held: dict[int, rtp.Packet] = {}

    def __call__(self, packet: rtp.Packet) -> None:
        if self._next is None:
            self._next = packet.seq
        if packet.seq < self._next:
            return
        if packet.seq == self._next and not self._held:
            self._next += 1
            self._emit(packet, 0)
            return
        self._held[packet.seq] = packet
        self._release(packet.arrival)

    def _release(self, now: float) -> None:
        while self._held and self._next is not None:
            packet = self._held.pop(self._next, None)
            if packet is not None:
                self._next += 1
                self._emit(packet, 0)
            elif not self._skip(now):
                return

    def _skip(self, now: float) -> bool:
        """Give up the missing packets in front of the first held one, if it was waited for long enough."""
        first = min(self._held)
        if max(self._held) - first < self._depth and now - self._held[first].arrival < self._wait:
            return False
        packet = self._held.pop(first)
        lost, self._next = first - (self._next or 0), first + 1
        self._emit(packet, lost)
        return True

    def tick(self, now: float) -> None:
        """Let go what has been held for too long."""
        self._release(now)

    def flush(self) -> None:
        """Hand on everything that is held."""
        self._release(float("inf"))


class Vp8Frames:
    """Puts VP8 frames together from ordered packets; after a loss it waits for a key frame and says so."""

    MAX_FRAME = 4_000_000

    def __init__(self, on_frame: OnFrame, on_damage: Callable[[], None]) -> None:
        self._on_frame, self._on_damage = on_frame, on_damage
        self._parts: list[bytes] = []
        self._timestamp: int | None = None
        self._needs_keyframe = True

    def __call__(self, packet: rtp.Packet, lost: int) -> None:
        if lost:
            self._damaged()
        header = packet.vp8
        if header is None:
            return
        if header.starts_frame:
            self._parts, self._timestamp = [packet.payload[header.length :]], packet.timestamp
        elif self._timestamp == packet.timestamp and self._parts:
            self._parts.append(packet.payload[header.length :])
        else:
            self._parts = []
        if packet.marker and self._parts:
            self._finish(packet)

    def _damaged(self) -> None:
        self._parts, self._needs_keyframe = [], True
        self._on_damage()

    def _finish(self, packet: rtp.Packet) -> None:
        frame, self._parts = b"".join(self._parts), []
        key = bool(frame) and not frame[0] & 1
        if not frame or len(frame) > self.MAX_FRAME or (self._needs_keyframe and not key):
            return
        self._needs_keyframe = False
        self._on_frame(frame, key, packet)
