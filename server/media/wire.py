"""From a UDP datagram to plain RTP and back, at once: what aioice and aiortc do over two queues, a task and five
coroutines a packet.  Only encrypted media takes this way; STUN, DTLS and RTCP that comes take the libraries' own.

Private names of aiortc and aioice are touched here and in aiortc_internals.py alone; PRIVATE_NAMES lists them.
Measured by deploy/bench, forwarding alone: less than half of the time a packet takes over the libraries' way.
"""

import time
from collections.abc import Callable
from typing import Any

import aioice.ice
import pylibsrtp
from aiortc.rtcdtlstransport import RTCDtlsTransport, State

PRIVATE_NAMES: tuple[tuple[type | object, tuple[str, ...]], ...] = (
    (RTCDtlsTransport, ("_setup_srtp", "transport")),
    (pylibsrtp, ("ffi", "lib")),
    (aioice.ice.StunProtocol, ("datagram_received", "send_data")),
    (aioice.ice.Connection, ("build_request",)),
    (aioice.ice.CandidatePair, ("remote_addr",)),
    (pylibsrtp.Session(), ("_srtp",)),
)
LARGEST = 2048
"""Bytes of a packet; pylibsrtp itself takes 1356 at most, but encoders send 1400 (GStreamer 1.22)."""
TRAILER = 148
"""Bytes that encrypting adds at most (libsrtp: SRTP_MAX_SRTCP_TRAILER_LEN)."""
RTP = Callable[[bytes, float], None]
"""Takes a decrypted RTP packet and the moment when it came (monotonic seconds)."""
_ANSWER = b"\x01\x01"
"""How a STUN binding success response begins (RFC 8489 section 5)."""


class Cipher:
    """One direction's SRTP by libsrtp's own calls: pylibsrtp allocates and copies twice as often."""

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session
        self._handle = session._srtp[0]
        self._data = pylibsrtp.ffi.new("char[]", LARGEST + TRAILER)
        self._view = pylibsrtp.ffi.buffer(self._data)
        self._length = pylibsrtp.ffi.new("int *")

    def run(self, function: Any, packet: bytes) -> bytes | None:
        """Encrypt or decrypt; None for what is too long, forged or damaged."""
        length = len(packet)
        if length > LARGEST:
            return None
        self._view[:length] = packet
        self._length[0] = length
        if function(self._handle, self._data, self._length):
            return None
        done: bytes = self._view[: self._length[0]]
        return done


_CONNECTED = State.CONNECTED
_PROTECT, _PROTECT_RTCP, _UNPROTECT = (
    pylibsrtp.lib.srtp_protect, pylibsrtp.lib.srtp_protect_rtcp, pylibsrtp.lib.srtp_unprotect,
)  # fmt: skip


class Wire:
    """The way of one transport between its sockets and its tracks."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self.on_rtp: RTP | None = None
        """Who takes received RTP; None: it goes the libraries' way."""
        self.on_answer: Callable[[float], None] | None = None
        """Told when an answer to the last questions comes (monotonic seconds)."""
        self._asked = b""
        self._dtls = transport
        self._ice: Any = transport.transport._connection
        self._out: Cipher | None = None
        self._in: Cipher | None = None
        self._pair: Any = None
        self._address: tuple[str, int] = ("", 0)

    def send(self, packet: bytes) -> None:
        """Encrypt and send an RTP or RTCP packet; silently nothing while the transport is not connected."""
        pair = self._ice._nominated.get(1)
        if pair is None or self._dtls._state is not _CONNECTED:
            return
        if pair is not self._pair:
            self._pair, self._address = pair, pair.remote_addr
        if self._out is None:
            self._out = Cipher(self._dtls._tx_srtp)
        data = self._out.run(_PROTECT_RTCP if 192 <= packet[1] <= 223 else _PROTECT, packet)
        if data is not None:
            pair.protocol.transport.sendto(data, self._address)

    def ask(self, count: int) -> None:
        """Send one question so many times, over the way that media takes; the other end answers each at once (RFC 8445
        section 7.3).  Nothing while the transport is not connected."""
        pair = self._ice._nominated.get(1)
        if pair is None or self._dtls._state is not _CONNECTED:
            return
        request = self._ice.build_request(pair, nominate=False)
        request.add_message_integrity(self._ice.remote_password.encode())
        self._asked = request.transaction_id
        data = bytes(request)
        for _ in range(count):
            pair.protocol.transport.sendto(data, pair.remote_addr)

    def answered(self, data: bytes) -> bool:
        """Take a datagram if it answers the last questions."""
        if self.on_answer is None or data[:2] != _ANSWER or data[8:20] != self._asked:
            return False
        self.on_answer(time.monotonic())
        return True

    def received(self, data: bytes) -> bool:
        """Take a datagram if it is RTP of a connected transport; False: it is something else."""
        if self.on_rtp is None or len(data) < 12 or not 127 < data[0] < 192 or 192 <= data[1] <= 223:
            return False
        if self._dtls._state is not _CONNECTED:
            return False
        if self._in is None:
            self._in = Cipher(self._dtls._rx_srtp)
        packet = self._in.run(_UNPROTECT, data)
        if packet is not None:
            self.on_rtp(packet, time.monotonic())
        return True


class MediaSocket(aioice.ice.StunProtocol):
    """A UDP socket of aioice's whose media goes straight to the wire."""

    def __init__(self, connection: aioice.ice.Connection, wire: Wire) -> None:
        super().__init__(connection)
        self._wire = wire

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # type: ignore[override]
        """Called by the event loop."""
        if not self._wire.received(data) and not self._wire.answered(data):
            super().datagram_received(data, addr)


def wire(transport: RTCDtlsTransport) -> Wire:
    """The one wire of a transport."""
    found: Wire | None = getattr(transport, "_jietan_wire", None)
    if found is None:
        found = transport._jietan_wire = Wire(transport)  # type: ignore[attr-defined]
    return found
