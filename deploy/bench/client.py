"""Participants that cost little: packets made in advance are sent when they are due, what comes is counted.

Each has a real peer connection (ICE, DTLS, SRTP); only after it stands its socket is driven from here, without
jitter buffers and decoders.  Sent and received packets meet in one process, so delay is one clock's difference.
"""

import asyncio
import re
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field

import pylibsrtp
from aiortc import RTCSessionDescription
from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
)

from deploy.bench.clip import AUDIO_CLOCK, SECONDS, VIDEO_CLOCK, Part
from server.media import rtp
from server.media.aiortc_internals import ForwardingConnection
from server.media.twcc import URI as TRANSPORT_CC

TICK = 0.002
REPORT_EVERY = 1.0
NTP_EPOCH = 2_208_988_800
CONNECT_WITHIN = 60.0
FEW = 60
"""So many packets of a stream are compared before it counts as not recognisable (encoded anew)."""


@dataclass
class Outgoing:
    """One track going up."""

    ssrc: int
    payload_type: int
    clock: int
    transport_cc: int | None
    seq: int = 0
    packets: int = 0
    octets: int = 0
    at: list[float] = field(default_factory=lambda: [0.0] * 65536)
    """When each sequence number went out."""
    seq_of: dict[bytes, int] = field(default_factory=dict)
    """The last sequence number of each payload."""


class Incoming:
    """One stream coming down."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.highest = 0
        self.packets = 0
        self.octets = 0
        self.source: Outgoing | None = None
        self.offset = 0
        self.compared = 0
        self._unwrap = rtp.Unwrapper(16)

    def count(self, seq: int, size: int) -> None:
        number = self._unwrap(seq)
        if self.first is None:
            self.first = self.highest = number
        self.highest = max(self.highest, number)
        self.packets += 1
        self.octets += size

    @property
    def expected(self) -> int:
        return 0 if self.first is None else self.highest - self.first + 1


class Line:
    """A connected peer connection whose socket is driven from here."""

    def __init__(self, connection: ForwardingConnection) -> None:
        self._dtls = connection.getTransceivers()[0].sender.transport
        pair = self._dtls.transport._connection._nominated[1]
        self._socket = socket.socket(fileno=socket.dup(pair.protocol.transport.get_extra_info("socket").fileno()))
        self._address = pair.remote_addr
        self._other = pair.protocol.datagram_received
        self.streams: dict[int, Incoming] = {}
        self.others: list[Outgoing] = []
        """What may come down here."""
        self.delays: list[float] | None = None
        """Seconds from sending to receiving, while somebody measures."""
        self.transport_seq = 0
        self.refused = 0
        pair.protocol.datagram_received = self._received

    @property
    def stands(self) -> bool:
        """Whether the connection is still up: one that starves loses consent (RFC 7675) and ends."""
        return bool(self._dtls.state == "connected")

    def send(self, packet: bytes) -> None:
        """Encrypt and send an RTP packet."""
        self._put(self._dtls._tx_srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        self._put(self._dtls._tx_srtp.protect_rtcp(packet))

    def _put(self, data: bytes) -> None:
        try:
            self._socket.sendto(data, self._address)
        except BlockingIOError:
            self.refused += 1

    def _received(self, data: bytes, address: tuple[str, int]) -> None:
        if not 127 < data[0] < 192 or 192 <= data[1] <= 223:
            self._other(data, address)
            return
        now = time.monotonic()
        seq, ssrc = data[2] << 8 | data[3], int.from_bytes(data[8:12], "big")
        stream = self.streams.get(ssrc)
        if stream is None:
            stream = self.streams[ssrc] = Incoming()
        stream.count(seq, len(data))
        if stream.source is not None:
            if self.delays is not None:
                self.delays.append(now - stream.source.at[(seq - stream.offset) & 0xFFFF])
        elif stream.compared < FEW:
            self._recognise(stream, seq, data)

    def _recognise(self, stream: Incoming, seq: int, data: bytes) -> None:
        """Find out which of the others' packets this is: from then on sequence numbers run in step.

        All send the same clip from places of their own, so that the same payload comes from each of them within
        seconds: it is the one sent last.
        """
        stream.compared += 1
        try:
            parsed = rtp.parse(self._dtls._rx_srtp.unprotect(data))
        except pylibsrtp.Error:
            return
        if parsed is None:
            return
        sent: list[tuple[float, Outgoing, int]] = []
        for source in self.others:
            number = source.seq_of.get(parsed.payload[4:] if source.clock == VIDEO_CLOCK else parsed.payload)
            if number is not None:
                sent.append((source.at[number], source, number))
        if not sent:
            return
        at, source, number = max(sent, key=lambda one: one[0])
        if time.monotonic() - at < 1.0:
            stream.source, stream.offset = source, seq - number

    def report(self) -> None:
        """Receiver reports about everything that comes, and that the line bears more."""
        reports = [
            RtcpReceiverInfo(
                ssrc=ssrc, fraction_lost=0, packets_lost=0, highest_sequence=s.highest & 0xFFFFFFFF, jitter=20, lsr=0, dlsr=0
            )
            for ssrc, s in self.streams.items()
        ]
        if reports:
            self.send_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=reports[:31])))

    def estimate(self, bitrate: int) -> None:
        """REMB for every stream that comes down."""
        ssrcs = list(self.streams)
        if ssrcs:
            self.send_rtcp(bytes(RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=pack_remb_fci(bitrate, ssrcs))))


class Publisher:
    """One participant sending the clip over and over, from its own place in it."""

    def __init__(self, connection: ForwardingConnection, line: Line, clip: list[Part], phase: float) -> None:
        self.line = line
        self.lags: deque[float] = deque(maxlen=20_000)
        self._clip = clip
        self._next = next((n for n, part in enumerate(clip) if part.at >= phase), 0)
        self._round = 0
        self._began = time.monotonic() - self._clip[self._next].at
        self.audio, self.video = _outgoing(connection)
        self._report_at = 0.0

    @property
    def streams(self) -> tuple[Outgoing, Outgoing]:
        return self.audio, self.video

    @property
    def sent(self) -> int:
        return self.audio.packets + self.video.packets

    def send_due(self, now: float) -> None:
        """Send everything that is due."""
        while True:
            part = self._clip[self._next]
            late = now - self._began - self._round * SECONDS - part.at
            if late < 0:
                return
            self.lags.append(late)
            self._send(part)
            self._next += 1
            if self._next == len(self._clip):
                self._next, self._round = 0, self._round + 1

    def _send(self, part: Part) -> None:
        out = self.video if part.video else self.audio
        out.seq = (out.seq + 1) & 0xFFFF
        timestamp = (part.timestamp + self._round * int(SECONDS * out.clock)) & 0xFFFFFFFF
        payload = part.payload
        out.seq_of[payload] = out.seq
        if part.video:
            picture = (part.frame + self._round * 270) & 0x7FFF
            payload = struct.pack("!BBH", 0x90 if part.first else 0x80, 0x80, picture | 0x8000) + payload
        second = (part.marker << 7) | out.payload_type
        if out.transport_cc is None:
            head = rtp.HEADER.pack(0x80, second, out.seq, timestamp, out.ssrc)
        else:
            number = self.line.transport_seq = (self.line.transport_seq + 1) & 0xFFFF
            head = rtp.HEADER.pack(0x90, second, out.seq, timestamp, out.ssrc) + struct.pack(
                "!HHBHB", 0xBEDE, 1, out.transport_cc << 4 | 1, number, 0
            )
        out.at[out.seq] = time.monotonic()
        self.line.send(head + payload)
        out.packets += 1
        out.octets += len(payload)

    def report(self, now: float) -> None:
        """A sender report for each track."""
        passed = now - self._began
        ntp = int((time.time() + NTP_EPOCH) * (1 << 32))
        for out in self.streams:
            info = RtcpSenderInfo(
                ntp_timestamp=ntp, rtp_timestamp=int(passed * out.clock) & 0xFFFFFFFF,
                packet_count=out.packets, octet_count=out.octets,
            )  # fmt: skip
            self.line.send_rtcp(bytes(RtcpSrPacket(ssrc=out.ssrc, sender_info=info)))


def _outgoing(connection: ForwardingConnection) -> tuple[Outgoing, Outgoing]:
    """The two tracks as the answer allows them."""
    answer = re.split(r"(?m)^m=", connection.remoteDescription.sdp)[1:]
    found = []
    for transceiver, section, codec in zip(connection.getTransceivers(), answer, ("opus", "VP8"), strict=False):
        payload_type = re.search(rf"(?mi)^a=rtpmap:(\d+) {codec}/", section)
        extension = re.search(rf"(?m)^a=extmap:(\d+)(?:/\w+)? {re.escape(TRANSPORT_CC)}", section)
        if payload_type is None:
            raise RuntimeError(f"the server does not take {codec}")
        clock = AUDIO_CLOCK if codec == "opus" else VIDEO_CLOCK
        number = int(extension.group(1)) if extension else None
        found.append(Outgoing(transceiver.sender._ssrc, int(payload_type.group(1)), clock, number))
    return found[0], found[1]


async def offer(pairs: int, *, sends: bool = True) -> ForwardingConnection:
    """A connection with microphone, camera (inactive where nothing is sent) and so many pairs for others, its offer
    made."""
    connection = quiet_connection()
    for kind in ("audio", "video"):
        connection.addTransceiver(kind, direction="sendonly" if sends else "inactive")
    for _ in range(pairs):
        for kind in ("audio", "video"):
            connection.addTransceiver(kind, direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    return connection


async def answer(sdp: str) -> ForwardingConnection:
    """A connection that only receives, its answer made."""
    connection = quiet_connection()
    await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    return connection


def quiet_connection() -> ForwardingConnection:
    """The node's own kind of connection, without its reports: the bench sends what reports it wants."""
    connection = ForwardingConnection()
    connection.be_quiet()
    return connection


async def connected(connection: ForwardingConnection) -> Line:
    """Wait until it stands, and take its socket over."""
    end = time.monotonic() + CONNECT_WITHIN
    while connection.connectionState != "connected":
        if time.monotonic() > end or connection.connectionState in ("failed", "closed"):
            raise RuntimeError(f"not connected: {connection.connectionState}")
        await asyncio.sleep(0.01)
    return Line(connection)


class Crowd:
    """All participants of a bench."""

    def __init__(self) -> None:
        self.publishers: list[Publisher] = []
        self.lines: list[Line] = []
        self.bitrate = 5_000_000
        """What receivers say their line bears."""

    async def run(self) -> None:
        """Send what is due, for ever."""
        report_at = time.monotonic()
        turn = 0
        while True:
            for publisher in self.publishers:
                publisher.send_due(time.monotonic())
            if self.publishers and time.monotonic() >= report_at:
                report_at += REPORT_EVERY / len(self.publishers)
                turn += 1
                self._report(turn)
            await asyncio.sleep(TICK)

    def _report(self, turn: int) -> None:
        """Reports of one participant after the other, so that they do not come in one burst."""
        self.publishers[turn % len(self.publishers)].report(time.monotonic())
        for at in range(turn % len(self.publishers), len(self.lines), len(self.publishers)):
            self.lines[at].report()
            self.lines[at].estimate(self.bitrate)
