"""A slot's packets from their source to the wire: the part of sending that every packet goes through.

No aiortc in here: this module can be compiled (compiled.py).
"""

import random
import time
from collections.abc import Callable

from server.media import rtp
from server.media.forwarding import Outgoing, SlotStream
from server.media.incoming import OVERHEAD

PADDING = b"\x01"
"""What stands in for a packet that is not wanted: one byte, which says so itself (RFC 3550 section 5.1)."""


def written(out: Outgoing, payload_type: int, abs_send_time: int, seq: int, ssrc: int, payload: bytes) -> bytes:
    """The packet as it goes to the wire, not encrypted yet; `abs_send_time`: number of that header extension, 0: none."""
    first = 0x80
    if not payload:
        first, payload = 0xA0, PADDING
    second = payload_type | 0x80 if out.marker else payload_type
    if not abs_send_time:
        return rtp.HEADER.pack(first, second, seq, out.timestamp, ssrc) + payload
    moment = (abs_send_time << 4 | 2) << 24 | int(time.time() * 262144) & 0xFFFFFF
    return rtp.HEADER_AND_EXTENSION.pack(first | 0x10, second, seq, out.timestamp, ssrc, 0xBEDE0001, moment) + payload


class Sending:
    """Rewrites a source's packets into a slot's stream and sends them."""

    def __init__(self, clock_rate: int, ssrc: int, rtx_ssrc: int, may_begin: Callable[[rtp.Packet], bool]) -> None:
        """`may_begin` is asked of each packet while a key frame is waited for."""
        self.stream = SlotStream(clock_rate)
        self.ssrc, self.rtx_ssrc = ssrc, rtx_ssrc
        self.active = False
        self.needs_keyframe = False
        self.shared = False
        """Whether the packets come from a fan, to many others too; it counts them for all."""
        self.payload_type = 0
        self.rtx_payload_type: int | None = None
        self.abs_send_time = 0
        """Number of the header extension with the time of sending; 0: none was agreed on."""
        self.put: Callable[[bytes], None] | None = None
        """Encrypts and sends."""
        self.packets = 0
        self.octets = 0
        self.bits = 0
        """Everything sent, retransmissions and headers too."""
        self._may_begin = may_begin
        self._rtx_seq = random.randrange(1 << 15)

    def forward(self, packet: rtp.Packet) -> None:
        """Send a packet of the source."""
        if not self.may_have(packet):
            return
        out = self.stream.rewrite(packet)
        if out is None:
            return
        self.packets += 1
        self.octets += len(out.payload)
        self._send(out, self.payload_type, out.seq, self.ssrc, out.payload)

    def may_have(self, packet: rtp.Packet) -> bool:
        """Whether this packet of the source can be sent: the line is there, and what it needs went before."""
        return self.active and not (self.needs_keyframe and not self._may_begin(packet))

    def again(self, out: Outgoing) -> None:
        """Send a packet again, as a retransmission where that was agreed on (RFC 4588)."""
        if self.rtx_payload_type is None or not out.payload:
            self._send(out, self.payload_type, out.seq, self.ssrc, out.payload)
            return
        self._rtx_seq = (self._rtx_seq + 1) & 0xFFFF
        payload = out.seq.to_bytes(2, "big") + out.payload
        self._send(out, self.rtx_payload_type, self._rtx_seq, self.rtx_ssrc, payload)

    def _send(self, out: Outgoing, payload_type: int, seq: int, ssrc: int, payload: bytes) -> None:
        self.bits += 8 * (len(payload) + OVERHEAD)
        put = self.put
        if put is not None:
            put(written(out, payload_type, self.abs_send_time, seq, ssrc, payload))
