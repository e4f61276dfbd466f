"""From packets as they come to packets in order."""

from collections.abc import Callable

from server.media import rtp

PATIENCE = 0.7
"""Seconds that a missing packet is waited for: a power loss may cost one second at most of what came meanwhile."""

OnOrdered = Callable[[rtp.Packet, int], None]
"""Called with a packet and the number of packets lost right before it."""

class Reorder:
    """Hands packets on in order of `seq`, waiting for a missing one at most `depth` packets or `wait` seconds."""

    def __init__(
        self, emit: OnOrdered, *, depth: int, wait: float, late: Callable[[rtp.Packet], None] | None = None
    ) -> None:
        """`late` is called with packets that come after they were given up."""
        self.emit = emit
        self._depth, self._wait, self._late = depth, wait, late
        self._next: int | None = None
        self._held: dict[int, rtp.Packet] = {}

    def __call__(self, packet: rtp.Packet) -> None:
        if self._next is None:
            self._next = packet.seq
        if packet.seq < self._next:
            if self._late is not None:
                self._late(packet)
            return
        if packet.seq == self._next and not self._held:
            self._next += 1
            self.emit(packet, 0)
            return
        self._held[packet.seq] = packet
        self._release(packet.arrival)

    def _release(self, now: float) -> None:
        while self._held and self._next is not None:
            packet = self._held.pop(self._next, None)
            if packet is not None:
                self._next += 1
                self.emit(packet, 0)
            elif not self._skip(now):
                return

    def _skip(self, now: float) -> bool:
        """Give up the missing packets in front of the first held one, if it was waited for long enough."""
        first = min(self._held)
        if max(self._held) - first < self._depth and now - self._held[first].arrival < self._wait:
            return False
        packet = self._held.pop(first)
        lost, self._next = first - (self._next or 0), first + 1
        self.emit(packet, lost)
        return True

    def tick(self, now: float) -> None:
        """Let go what has been held for too long."""
        self._release(now)

    def flush(self) -> None:
        """Hand on everything that is held."""
        self._release(float("inf"))
