"""One track for many viewers: each packet is numbered and written once, and only encrypted and sent for each of them.

What viewers would get is the same but for payload type and header extension, which nearly all of them agree on: SSRC,
sequence numbers and timestamps may be alike, as every viewer has an RTP session and keys of its own.  Whoever cannot
have all of a picture goes on alone, from the numbers that were reached (`SlotStream.branch`).

No aiortc in here: this module can be compiled (compiled.py).
"""

import random
from collections.abc import Callable

from server.media import rtp
from server.media.forwarding import Outgoing, SlotStream
from server.media.incoming import OVERHEAD
from server.media.outgoing import Sending, written

BEFORE_WRAP = 200
"""Nobody begins so few packets before the sequence numbers start again: who lost them all would count one round less
than the sender and could decrypt nothing (RFC 3711 section 3.3.1)."""
REPORT_AGE = 0.5
"""Seconds that one sender report does for all."""


class _Alike:
    """Viewers for whom a packet is written in the same way."""

    def __init__(self, payload_type: int, abs_send_time: int) -> None:
        self.payload_type = payload_type
        self.abs_send_time = abs_send_time
        self.members: list[Sending] = []
        self.puts: list[Callable[[bytes], None]] = []


class Fan:
    """The one stream of a track, and who gets it."""

    def __init__(self, clock_rate: int) -> None:
        self.stream = SlotStream(clock_rate)
        self.ssrc, self.rtx_ssrc = random.randrange(1, 1 << 32), random.randrange(1, 1 << 32)
        self.packets = 0
        self.octets = 0
        self.bits = 0
        self._waiting: list[Sending] = []
        """Who begins with the next packet that they can begin with."""
        self._groups: list[_Alike] = []
        self._report = b""
        self._report_at = 0.0

    def join(self, viewer: Sending) -> None:
        """Let somebody have the stream from the next packet on that they can begin with."""
        self.leave(viewer)
        self._waiting.append(viewer)

    def leave(self, viewer: Sending) -> None:
        """Send somebody nothing any more; nothing for who is not there."""
        if viewer in self._waiting:
            self._waiting.remove(viewer)
        for group in self._groups:
            if viewer in group.members:
                place = group.members.index(viewer)
                del group.members[place], group.puts[place]
                viewer.shared = False
                viewer.bits += self.bits
        self._groups = [group for group in self._groups if group.members]

    def switch(self) -> None:
        """The next packet comes from another source."""
        self.stream.switch()
        self._report = b""

    def forward(self, packet: rtp.Packet) -> None:
        """Send a packet of the source to everybody."""
        out = self.stream.rewrite(packet)
        if out is None:
            return
        self.packets += 1
        self.octets += len(out.payload)
        if self._waiting:
            self._let_in(packet, out)
        self.bits += 8 * (len(out.payload) + OVERHEAD)
        for group in self._groups:
            data = written(out, group.payload_type, group.abs_send_time, out.seq, self.ssrc, out.payload)
            for put in group.puts:
                put(data)

    def _let_in(self, packet: rtp.Packet, out: Outgoing) -> None:
        if out.seq >= 0x10000 - BEFORE_WRAP:
            return
        for viewer in [one for one in self._waiting if one.may_have(packet)]:
            put = viewer.put
            if put is not None:
                self._waiting.remove(viewer)
                group = self._group_of(viewer)
                group.members.append(viewer)
                group.puts.append(put)
                viewer.shared = True
                viewer.bits -= self.bits

    def _group_of(self, viewer: Sending) -> _Alike:
        for group in self._groups:
            if group.payload_type == viewer.payload_type and group.abs_send_time == viewer.abs_send_time:
                return group
        made = _Alike(viewer.payload_type, viewer.abs_send_time)
        self._groups.append(made)
        return made

    def report(self, now: float, make: Callable[[], bytes]) -> bytes:
        """The sender report, made anew when the last one is REPORT_AGE old."""
        if not self._report or now - self._report_at > REPORT_AGE:
            self._report, self._report_at = make(), now
        return self._report
