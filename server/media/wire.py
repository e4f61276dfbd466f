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
from pylibsrtp import ffi

PRIVATE_NAMES: tuple[tuple[type | object, tuple[str, ...]], ...] = (
    (RTCDtlsTransport, ("_setup_srtp", "transport")),
    (aioice.ice.StunProtocol, ("datagram_received", "send_data")),
    (aioice.ice.CandidatePair, ("remote_addr",)),
    (pylibsrtp.Session(), ("_cdata", "_buffer")),
)
LARGEST = 2048


def _make_room(session: type[pylibsrtp.Session]) -> None:
    """pylibsrtp encrypts nothing over 1356 bytes (its 1500 less the most that any cipher adds), but encoders send
    packets of 1400 (GStreamer 1.22), which have to go on to the others."""
    original = session.__init__

    def roomy(self: Any, policy: pylibsrtp.Policy | None = None) -> None:
        original(self, policy)
        self._cdata = ffi.new("char[]", LARGEST)
        self._buffer = ffi.buffer(self._cdata)

    session.__init__ = roomy  # type: ignore[method-assign]


_make_room(pylibsrtp.Session)
RTP = Callable[[bytes, float], None]
"""Takes a decrypted RTP packet and the moment when it came (monotonic seconds)."""


class Wire:
    """The way of one transport between its sockets and its tracks."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self.on_rtp: RTP | None = None
        """Who takes received RTP; None: it goes the libraries' way."""
        self._dtls = transport
        self._ice: Any = transport.transport._connection
        self._pair: Any = None
        self._address: tuple[str, int] = ("", 0)

    def send(self, packet: bytes) -> None:
        """Encrypt and send an RTP or RTCP packet; silently nothing while the transport is not connected."""
        pair = self._ice._nominated.get(1)
        if pair is None or self._dtls._state is not State.CONNECTED:
            return
        if pair is not self._pair:
            self._pair, self._address = pair, pair.remote_addr
        session = self._dtls._tx_srtp
        protect = session.protect_rtcp if 192 <= packet[1] <= 223 else session.protect
        try:
            pair.protocol.transport.sendto(protect(packet), self._address)
        except (pylibsrtp.Error, OSError, RuntimeError, ValueError):
            return  # a socket that is just being closed, or a packet that cannot be encrypted: lost like any other

    def received(self, data: bytes) -> bool:
        """Take a datagram if it is RTP of a connected transport; False: it is something else."""
        if self.on_rtp is None or len(data) < 12 or not 127 < data[0] < 192 or 192 <= data[1] <= 223:
            return False
        session = self._dtls._rx_srtp
        if session is None or self._dtls._state is not State.CONNECTED:
            return False
        try:
            packet = session.unprotect(data)
        except (pylibsrtp.Error, ValueError):
            return True  # forged, damaged or too long
        self.on_rtp(packet, time.monotonic())
        return True


class MediaSocket(aioice.ice.StunProtocol):
    """A UDP socket of aioice's whose media goes straight to the wire."""

    def __init__(self, connection: aioice.ice.Connection, wire: Wire) -> None:
        super().__init__(connection)
        self._wire = wire

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # type: ignore[override]
        """Called by the event loop."""
        if not self._wire.received(data):
            super().datagram_received(data, addr)


def wire(transport: RTCDtlsTransport) -> Wire:
    """The one wire of a transport."""
    found: Wire | None = getattr(transport, "_jietan_wire", None)
    if found is None:
        found = transport._jietan_wire = Wire(transport)  # type: ignore[attr-defined]
    return found
