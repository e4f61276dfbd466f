"""The only module, with wire.py whose packets it feeds, that touches private names of aiortc, aioice and pylibsrtp.

Stock aiortc decodes every received track and encodes every sent one.  Here its receiver and sender are replaced
by ones that hand encoded packets on, which costs a fifteenth (measured, two people at 1.2 Mbit/s: 0.04 instead
of 0.6 of a core).  `PRIVATE_NAMES` and `ATTRIBUTES` list everything this rests on; `check()` says what a new version
broke, and a test does of the attributes, which only a connection has.
"""

import asyncio
import copy
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import aioice.ice
from aioice.candidate import Candidate
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, rtcrtpreceiver
from aiortc import codecs as aiortc_codecs
from aiortc.codecs.h264 import H264Decoder, H264Encoder
from aiortc.codecs.vpx import Vp8Decoder, Vp8Encoder
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCodecCapability,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
    RTCRtpSendParameters,
)
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    clamp_packets_lost,
    pack_remb_fci,
    unpack_remb_fci,
)

from server.media import codecs, downlink, rtp, twcc
from server.media.addresses import MediaAddresses
from server.media.fan import Fan
from server.media.forwarding import (
    KEYFRAME_EACH,
    KEYFRAME_INTERVAL,
    KEYFRAME_INTERVAL_MANY,
    NACK_LIMIT,
    RESEND_WITHIN,
    KeyframeThrottle,
    Layers,
)
from server.media.incoming import Demultiplexer, Incoming
from server.media.outgoing import Sending
from server.media.probing import Probe
from server.media.timeline import together
from server.media.wire import PRIVATE_NAMES as WIRE_NAMES
from server.media.wire import MediaSocket, wire
from server.protocol.signalling import Shown

TESTED = {"aiortc": "1.16", "aioice": "0.13", "pylibsrtp": "1.0"}
PRIVATE_NAMES: tuple[tuple[type | object, tuple[str, ...]], ...] = (
    (RTCPeerConnection, ("_RTCPeerConnection__createTransceiver",)),
    (RTCDtlsTransport, ("_handle_rtp_data", "_register_rtp_receiver", "_register_rtp_sender")),
    (RTCDtlsTransport, ("_unregister_rtp_receiver", "_unregister_rtp_sender", "_handle_rtcp_data")),
    (RTCRtpReceiver, ("receive", "stop", "_handle_rtcp_packet", "_handle_disconnect", "_set_rtcp_ssrc")),
    (RTCRtpSender, ("send", "stop", "_handle_rtcp_packet")),
    (aioice.ice, ("get_host_addresses", "StunProtocol")),
    (aioice.ice.Connection, ("get_component_candidates", "gather_candidates")),
    (aiortc_codecs, ("CODECS", "HEADER_EXTENSIONS", "is_rtx")),
    (rtcrtpreceiver, ("RemoteBitrateEstimator",)),
)
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "peer": ("_RTCPeerConnection__createTransceiver",),
    "transceiver": ("_RTCRtpTransceiver__sender", "_RTCRtpTransceiver__receiver", "_bundled"),
    "sender": ("_ssrc", "_stream_id"),
    "dtls": ("_state", "_tx_srtp", "_rx_srtp"),
    "ice": ("_connection",),
    "gatherer": ("_connection",),
    "connection": ("_protocols", "_nominated"),
}
"""Private attributes by the object that has them, this module's and wire.py's."""
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TICK = 0.05
NTP_SINCE = 2_208_988_800
"""Seconds from the beginning of NTP time to that of Unix time (RFC 5905 section 6)."""
H264_PROFILES = ("42e01f", "42001f", "4d001f")
"""Constrained baseline, baseline, main, each in packetization-mode 1 (RFC 6184 section 8.1)."""
DOCUMENT = "document"
"""Name of the media stream that carries a document or a screen."""
MAX_BITRATE = 2_500_000
MIN_BITRATE = 150_000
SOUND = 50_000
"""Bits per second to leave for a publisher's own sound beside its picture."""
LIVE_FOR = 2.0
"""A track counts as flowing for so many seconds after its last packet."""

class Incompatible(RuntimeError):
    """An installed library is not the one this module was written for."""


def check() -> None:
    """Raise Incompatible naming the first version or private name that is not as expected."""
    for package, wanted in TESTED.items():
        found = version(package)
        if not found.startswith(wanted + "."):
            raise Incompatible(f"{package} {found} was never tested here (tested: {wanted}.*)")
    for owner, names in PRIVATE_NAMES + WIRE_NAMES:
        for name in names:
            if not hasattr(owner, name):
                raise Incompatible(f"{getattr(owner, '__name__', owner)}.{name} is gone")


# --- process-wide changes -------------------------------------------------------------------------------------


class _CodecCount:
    """How many video encoders and decoders were ever made in this process."""

    def __init__(self) -> None:
        self.made = 0

    def watch(self, cls: type) -> None:
        original = cls.__init__  # type: ignore[misc]

        def counted(instance: Any, *args: Any, **kwargs: Any) -> None:
            self.made += 1
            original(instance, *args, **kwargs)

        cls.__init__ = counted  # type: ignore[misc]


_video_codecs = _CodecCount()


def video_codecs_created() -> int:
    """Video encoders and decoders made since the module was loaded; a node that only forwards makes none."""
    return _video_codecs.made


def _extend_codec_table() -> None:
    """Offer and answer transport-cc, H.264 main, Opus with in-band FEC, and NACK for Opus too."""
    _add_h264_main()
    for kind in ("audio", "video"):
        aiortc_codecs.HEADER_EXTENSIONS[kind].append(RTCRtpHeaderExtensionParameters(id=5, uri=twcc.URI))
        for codec in aiortc_codecs.CODECS[kind]:
            if codec.name.lower() in ("opus", "vp8", "h264"):
                codec.rtcpFeedback = [*codec.rtcpFeedback, RTCRtcpFeedback(type="transport-cc")]
    opus = aiortc_codecs.CODECS["audio"][0]
    opus.rtcpFeedback = [*opus.rtcpFeedback, RTCRtcpFeedback(type="nack")]
    # One voice a microphone, and no pauses left out: the record shall hold what was there.
    opus.parameters = {"minptime": 10, "useinbandfec": 1, "stereo": 0, "usedtx": 0}


def _add_h264_main() -> None:
    """aiortc knows the two baseline profiles; the new one is like the last of them."""
    table = aiortc_codecs.CODECS["video"]
    known = next(codec for codec in reversed(table) if codec.name.lower() == "h264")
    main, again = copy.deepcopy(known), copy.deepcopy(table[-1])
    main.payloadType = 1 + max(codec.payloadType or 0 for codec in table)
    main.parameters = {**main.parameters, "profile-level-id": H264_PROFILES[-1]}
    again.payloadType, again.parameters = main.payloadType + 1, {"apt": main.payloadType}
    table += [main, again]


class _LateEstimator:
    """A receiver's estimate of the line, made when it is first asked for: a receiver that only forwards never asks, and
    its 2,000 objects for each of 14 sections were a third of the time that taking an offer holds up the event loop."""

    def __init__(self) -> None:
        self._made: RemoteBitrateEstimator | None = None

    def add(self, **arrived: int) -> tuple[int, list[int]] | None:
        if self._made is None:
            self._made = RemoteBitrateEstimator()
        return self._made.add(**arrived)


check()
_extend_codec_table()
rtcrtpreceiver.RemoteBitrateEstimator = _LateEstimator  # type: ignore[misc,assignment]
for _cls in (Vp8Encoder, Vp8Decoder, H264Encoder, H264Decoder):
    _video_codecs.watch(_cls)


_addresses = MediaAddresses(bind=())


def bind_media_to(addresses: MediaAddresses) -> None:
    """Use these addresses and ports for all connections of this process made from now on.

    Stock connections in the same process (the clients of tests) gather on the same addresses, at any port.
    """
    global _addresses
    _addresses = addresses

    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return [a for a in addresses.bind if (use_ipv6 if ":" in a else use_ipv4)]

    aioice.ice.get_host_addresses = get_host_addresses


def _gather_on_our_addresses(transport: RTCDtlsTransport) -> None:
    """aioice binds each address to a port of the system's choice and names that to the other side."""
    ice = transport.transport.iceGatherer._connection

    async def get_component_candidates(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
        told: list[Candidate] = []
        for protocol, candidates in _addresses.open(component, lambda: MediaSocket(ice, wire(transport))):
            protocol.local_candidate = candidates[0]
            ice._protocols.append(protocol)
            told += candidates
        return told

    ice.get_component_candidates = get_component_candidates  # type: ignore[method-assign]


# --- one transport --------------------------------------------------------------------------------------------


def send_now(transport: RTCDtlsTransport, data: bytes) -> None:
    """Send one RTP or RTCP packet at once; silently nothing while the transport is not connected."""
    wire(transport).send(data)


def _demultiplexer(transport: RTCDtlsTransport) -> Demultiplexer:
    """The one that hands a transport's RTP to our receivers."""
    found: Demultiplexer | None = getattr(transport, "_jietan", None)
    if found is not None:
        return found
    made = Demultiplexer()
    wire(transport).on_rtp = made.received

    async def before_the_wire(data: bytes, arrival_time_ms: int) -> None:
        made.received(data, time.monotonic())

    transport._handle_rtp_data = before_the_wire  # type: ignore[method-assign]
    transport._jietan = made  # type: ignore[attr-defined]
    return made


# --- receiving ------------------------------------------------------------------------------------------------


class SenderClock:
    """The publisher's own clock, from its last sender report; extrapolated, so both tracks stay in step."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._report: tuple[int, int, float] | None = None
        self._came_at = 0
        self.on_our_clock = False
        """Where a person's sound and picture come from two machines, whose clocks may be hours apart, both are
        placed on ours: else a browser would hold one back to play it in step with the other."""

    def note(self, ntp: int, timestamp: int) -> None:
        self._report = (ntp, timestamp, time.monotonic())
        self._came_at = int((time.time() + NTP_SINCE) * (1 << 32))

    def at(self, now: float) -> tuple[int, int] | None:
        """NTP time and RTP timestamp of this moment; None before the first report."""
        if self._report is None:
            return None
        ntp, timestamp, since = self._report
        ntp = self._came_at if self.on_our_clock else ntp
        passed = now - since
        return (ntp + int(passed * (1 << 32))) & (1 << 64) - 1, timestamp + int(passed * self._clock_rate)

    def last(self, now: float) -> tuple[int, int]:
        """LSR and DLSR for a receiver report."""
        if self._report is None:
            return 0, 0
        return (self._report[0] >> 16) & 0xFFFFFFFF, int((now - self._report[2]) * 65536) & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Measures:
    """Counters of one connection since it began, and what its other end reported since the last asking."""

    expected: int
    received: int
    octets_up: int
    octets_down: int
    jitter_ms: float
    loss_down: float | None
    round_trip_ms: float | None
    jitter_down_ms: float | None
    unanswered_s: float
    """For so long it has been sent to and has reported nothing."""


class Reports:
    """What the other end's receiver reports say of everything that is sent to it (RFC 3550 section 6.4.1)."""

    REMEMBERED = 32

    def __init__(self) -> None:
        self._sent: dict[int, float] = {}
        self._losses: list[float] = []
        self._trips: list[float] = []
        self._jitters: list[float] = []
        self._waiting_since: float | None = None
        self._sent_at = 0.0

    def sent(self, ntp: int, now: float) -> None:
        """A sender report with this NTP time goes out."""
        self._sent_at = now
        if self._waiting_since is None:
            self._waiting_since = now
        self._sent[(ntp >> 16) & 0xFFFFFFFF] = now
        while len(self._sent) > self.REMEMBERED:
            del self._sent[next(iter(self._sent))]

    def note(self, report: RtcpReceiverInfo, now: float, audio_clock: int | None) -> None:
        """One report block came; `audio_clock`: ticks per second of its jitter if it is about sound, which comes evenly."""
        self._waiting_since = None
        if audio_clock is not None:
            self._jitters.append(report.jitter / audio_clock)
        self._losses.append(report.fraction_lost / 256)
        since = self._sent.get(report.lsr)
        if since is not None:
            self._trips.append(max(0.0, now - since - report.dlsr / 65536))

    def take(self) -> tuple[float | None, float | None, float | None]:
        """Mean loss, shortest round trip and longest jitter in seconds since the last call; None: nothing was reported."""
        losses, self._losses = self._losses, []
        trips, self._trips = self._trips, []
        jitters, self._jitters = self._jitters, []
        return sum(losses) / len(losses) if losses else None, min(trips, default=None), max(jitters, default=None)

    @property
    def unanswered(self) -> float:
        """For how many seconds sender reports have gone out and no report block came."""
        return self._sent_at - self._waiting_since if self._waiting_since is not None else 0.0


class ForwardingReceiver(RTCRtpReceiver):
    """Receives one encoded track: no jitter buffer, no decoder; every packet goes to `sinks` at once."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self.kind = kind
        self.clock_rate = rtp.AUDIO_CLOCK if kind == "audio" else rtp.VIDEO_CLOCK
        self._in = Incoming(
            video=kind == "video", now=time.monotonic(), ask_again=self._send_nack, turned=self._turned
        )  # fmt: skip
        self.sinks, self.timeline, self.statistics = self._in.sinks, self._in.timeline, self._in.statistics
        self.clock = SenderClock(self.clock_rate)
        self.viewers: set[ForwardingSender] = set()
        self.keyframes_requested = 0
        self._own_ssrc = 0
        self._keyframes = KeyframeThrottle()
        self._report_at = 0.0

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        super()._set_rtcp_ssrc(ssrc)
        self._own_ssrc = ssrc

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Start receiving (called by aiortc once DTLS is up)."""
        if self._in.receiving:
            return
        self._in.receiving = True
        self._configure(parameters)
        self.transport._register_rtp_receiver(self, parameters)
        ssrcs = [encoding.ssrc for encoding in parameters.encodings]
        ssrcs += [encoding.rtx.ssrc for encoding in parameters.encodings if encoding.rtx is not None]
        _demultiplexer(self.transport).add(
            self._in, parameters.muxId.encode(), _extension(parameters, MID),
            [codec.payloadType or 0 for codec in parameters.codecs], ssrcs,
        )  # fmt: skip

    def _configure(self, parameters: RTCRtpReceiveParameters) -> None:
        for codec in parameters.codecs:
            if codec.payloadType is None:
                continue
            if aiortc_codecs.is_rtx(codec):
                self._in.rtx[codec.payloadType] = int(codec.parameters.get("apt") or 0)
            else:
                self._in.codecs[codec.payloadType] = codecs.named(codec.mimeType)
        for encoding in parameters.encodings:
            self._in.ssrc = encoding.ssrc
        self._in.nack = any(f.type == "nack" for c in parameters.codecs for f in c.rtcpFeedback)
        self._in.twcc_id = _extension(parameters, twcc.URI) or 0

    async def stop(self) -> None:
        """Stop receiving; packets that still come are dropped."""
        if self._in.receiving:
            self._in.receiving = False
            self.sinks.clear()
            self.transport._unregister_rtp_receiver(self)

    def _handle_disconnect(self) -> None:
        if self._track is not None:
            self._track.stop()

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket):
            report = packet.sender_info
            self.clock.note(report.ntp_timestamp, report.rtp_timestamp)
            self.timeline.report(report.ntp_timestamp, report.rtp_timestamp, time.monotonic())

    @property
    def starves(self) -> bool:
        """Whether there is a viewer whose line has no room for this picture."""
        return any(viewer.starves for viewer in self.viewers)

    @property
    def flowing(self) -> bool:
        """Whether packets came within the last LIVE_FOR seconds."""
        return time.monotonic() - self._in.last_packet < LIVE_FOR

    @property
    def ready(self) -> bool:
        """Whether packets are taken."""
        return self._in.receiving

    def ignore_before(self, moment: float) -> None:
        """Hand nobody what was captured before this monotonic time, however late it comes."""
        self._in.not_before = moment

    def _turned(self) -> None:
        for viewer in self.viewers:
            viewer.turn()

    @property
    def last_packet(self) -> float:
        """When the last packet came (monotonic seconds)."""
        return self._in.last_packet

    @property
    def mime(self) -> str:
        """Codec of the picture that comes; empty before the first packet."""
        return self._in.mime

    @property
    def highest(self) -> int:
        """Number of the newest packet."""
        return self._in.highest

    @property
    def expected(self) -> int:
        """How many packets the publisher sent, by their numbers."""
        return self._in.expected

    def watched_by_many(self, many: bool) -> None:
        """Whether key frames are to be rare."""
        self._keyframes.interval = KEYFRAME_INTERVAL_MANY if many else KEYFRAME_INTERVAL

    def request_keyframe(self, *, begins: bool = False) -> None:
        """Ask the publisher for a key frame, now or as soon as the last request is old enough."""
        if self._in.ssrc is None:
            self._keyframes.wanted = True
        elif self._keyframes.request(time.monotonic(), begins=begins):
            self._send_pli()

    def _send_pli(self) -> None:
        self.keyframes_requested += 1
        self._rtcp(RtcpPsfbPacket(fmt=1, ssrc=self._own_ssrc, media_ssrc=self._in.ssrc or 0))

    def _send_nack(self, numbers: list[int]) -> None:
        packet = RtcpRtpfbPacket(fmt=1, ssrc=self._own_ssrc, media_ssrc=self._in.ssrc or 0)
        packet.lost = [n & 0xFFFF for n in numbers]
        self._rtcp(packet)

    def _rtcp(self, packet: Any) -> None:
        send_now(self.transport, bytes(packet))

    def tick(self, now: float) -> None:
        """Called every TICK seconds: retries, late key frame requests, feedback and reports."""
        if not self._in.receiving or self._in.ssrc is None:
            return
        again, lost = self._in.losses.retry(now)
        if again and self._in.nack:
            self._send_nack(again)
        if lost and self.kind == "video":
            self._keyframes.wanted = True
        if self.kind == "video" and self._keyframes.due(now):
            self._send_pli()
        self._send_feedback(now)
        if now >= self._report_at:
            self._report_at = now + 0.5 + random.random()
            self._send_report(now)

    def tell_arrivals_every(self, seconds: float) -> None:
        """So often at most is told what came; all sections of a connection tell it together."""
        self._in.arrivals.every = seconds

    def _send_feedback(self, now: float) -> None:
        if not self._in.twcc_id or not self._in.arrivals.due(now):
            return
        packet = self._in.arrivals.feedback(self._own_ssrc, self._in.ssrc or 0)
        if packet is not None:
            send_now(self.transport, packet)

    def _send_report(self, now: float) -> None:
        losses, numbers = self._in.losses, self.statistics
        if losses.first is None or losses.highest is None:
            return
        numbers.measure_rate(now)
        expected = self.expected
        lsr, dlsr = self.clock.last(now)
        report = RtcpReceiverInfo(
            ssrc=self._in.ssrc or 0,
            fraction_lost=numbers.fraction_lost(expected),
            packets_lost=clamp_packets_lost(expected - numbers.packets),
            highest_sequence=losses.highest & 0xFFFFFFFF,
            jitter=int(numbers.jitter) & 0xFFFFFFFF,
            lsr=lsr,
            dlsr=dlsr,
        )
        self._rtcp(RtcpRrPacket(ssrc=self._own_ssrc, reports=[report]))
        if self.kind == "video":
            self._send_remb()

    def _send_remb(self) -> None:
        """Pass on what all viewers need less of; otherwise leave the rate to the transport-wide feedback."""
        limit = downlink.publisher_limit((v.limit for v in self.viewers if v.watching), self.statistics.layers)
        bitrate = MAX_BITRATE if limit is None else min(max(MIN_BITRATE, limit + SOUND), MAX_BITRATE)
        fci = pack_remb_fci(bitrate, [self._in.ssrc or 0])
        self._rtcp(RtcpPsfbPacket(fmt=15, ssrc=self._own_ssrc, media_ssrc=0, fci=fci))


# --- sending --------------------------------------------------------------------------------------------------


class ForwardingSender(RTCRtpSender):
    """Sends the encoded packets of whichever receiver it is pointed at, as one continuous stream."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self.source: ForwardingReceiver | None = None
        self.line: downlink.Line | None = None
        self.reports: Reports | None = None
        self.limit: int | None = None
        """Bits per second that the source should send at most for this viewer; None: no limit."""
        self.shown = Shown.FULL
        self._video = kind == "video"
        clock_rate = rtp.VIDEO_CLOCK if self._video else rtp.AUDIO_CLOCK
        self._out = Sending(clock_rate, self._ssrc, self._rtx_ssrc, self._keyframe_found)
        self.forward = self._out.forward
        """Sends a packet of the source."""
        self._types: dict[str, tuple[int, int | None]] = {}
        """Of pictures: payload types, also of retransmission, by what the viewer can take (MIME types)."""
        self._mime = ""
        self._remb = False
        self._report_at = 0.0
        self._fan: Fan | None = None
        """Whose numbers this viewer's packets have, with many others'."""
        self._asked_at = -1e9

    def share_numbers(self, fan: Fan) -> None:
        """Be one of many viewers of what a fan sends; before the answer is made, which names the SSRCs."""
        self._fan = fan
        self._out.stream = fan.stream
        self._ssrc = self._out.ssrc = fan.ssrc
        self._rtx_ssrc = self._out.rtx_ssrc = fan.rtx_ssrc

    def _alone(self) -> None:
        """Go on without the others, from the numbers that were reached: they have layers that this viewer does not."""
        fan, self._fan = self._fan, None
        if fan is None:
            return
        fan.leave(self._out)
        self._out.stream = fan.stream.branch()
        if self.source is not None:
            self.source.sinks.append(self.forward)

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Start sending (called by aiortc once DTLS is up)."""
        if self._out.active:
            return
        self._out.active = True
        self._out.payload_type = parameters.codecs[0].payloadType or 0
        self._out.rtx_payload_type = _rtx_for(self._out.payload_type, parameters.codecs)
        self._types = _types(parameters.codecs)
        self._remb = any(f.type == "goog-remb" for f in parameters.codecs[0].rtcpFeedback)
        self._out.abs_send_time = _extension(parameters, ABS_SEND_TIME) or 0
        self.transport._register_rtp_sender(self, parameters)
        _demultiplexer(self.transport)
        self._out.put = wire(self.transport).send
        if self.source is not None and self._video:
            self.source.request_keyframe(begins=True)

    async def stop(self) -> None:
        """Stop sending for good."""
        self.attach(None)
        if self._out.active:
            self._out.active = False
            self.transport._unregister_rtp_sender(self)

    def attach(self, source: ForwardingReceiver | None) -> None:
        """Show this receiver's track from now on (None: nothing); video starts at its next key frame."""
        if self.source is source:
            return
        if self.source is not None:
            self.source.viewers.discard(self)
            if self.forward in self.source.sinks:
                self.source.sinks.remove(self.forward)
        self.source = source
        if self._fan is None:
            self._out.stream.switch()
        else:
            self._fan.leave(self._out)
        self._out.needs_keyframe = self._video
        self.limit, self.shown = None, Shown.FULL
        if source is None:
            return
        if self._fan is None:
            source.sinks.append(self.forward)
        else:
            self._fan.join(self._out)
        if self._video:
            source.viewers.add(self)
            if self._out.active:
                source.request_keyframe(begins=True)

    def turn(self) -> None:
        """The source's codec changed."""
        self._out.stream.pause()
        if self._fan is not None:
            self._fan.stream.forget()
            self._fan.join(self._out)
        self._out.needs_keyframe = True

    @property
    def playable(self) -> bool:
        """Whether the viewer can decode what the source sends, as far as that is known."""
        mime = self.source.mime if self.source is not None else ""
        return not mime or not self._types or mime in self._types

    @property
    def ready(self) -> bool:
        """Whether packets are sent."""
        return self._out.active

    @property
    def bits(self) -> int:
        """Everything sent, retransmissions and headers too."""
        return self._out.bits + (self._fan.bits if self._fan is not None and self._out.shared else 0)

    @property
    def starves(self) -> bool:
        """Whether the viewer's line has no room for this picture."""
        return self.watching and self.shown is Shown.STOPPED

    @property
    def watching(self) -> bool:
        """Whether anybody is there who could see this."""
        return self._out.active and self.transport.state == "connected"

    @property
    def picture(self) -> downlink.Picture:
        """What the picture costs that is to be sent; empty: none comes."""
        source = self.source
        comes = source is not None and source.flowing and self._out.active and self.playable
        return source.statistics.layers if source is not None and comes else ()

    def show(self, layers: int, limit: int | None) -> None:
        """Send so many of the picture's layers from now on."""
        picture, before = self.picture, self.shown
        self.limit, self.shown = limit, downlink.shown(layers, picture)
        if not self.playable:
            self.shown = Shown.UNPLAYABLE
        if self._fan is not None and self.shown in (Shown.REDUCED, Shown.STOPPED):
            self._alone()
        if self._fan is not None:
            return
        self._out.stream.layers.wanted = layers - 1 if 0 < layers < len(picture) else Layers.ALL
        if self.shown is Shown.STOPPED:
            self._out.stream.pause()
            self._out.needs_keyframe = True
        elif before is Shown.STOPPED and self.source is not None:
            self.source.request_keyframe()

    def _keyframe_found(self, packet: rtp.Packet) -> bool:
        """A start that came late is of no use: what follows it was not sent."""
        if self.shown is Shown.STOPPED or self.source is None or not self.playable:
            return False
        if packet.header is not None and rtp.starts_keyframe(packet) and packet.seq == self.source.highest:
            self._out.needs_keyframe = False
            self._use(packet.header.mime)
            return True
        self.source.request_keyframe()
        return False

    def _use(self, mime: str) -> None:
        """Pictures of this codec follow; those of another are not sent again, as their payload type is not kept."""
        if mime != self._mime:
            self._mime = mime
            self._out.payload_type, self._out.rtx_payload_type = self._types[mime]
            if self._fan is None:
                self._out.stream.forget()

    def _answer(self, lost: list[int], now: float) -> None:
        """Send again what is asked for; what is too old or too much is made good by a key frame instead."""
        found = [out for out in map(self._out.stream.sent, lost) if out is not None]
        if self._video and self.source is not None:
            fresh = [out for out in found if now - out.since < RESEND_WITHIN]
            if len(fresh) < len(found) or len(lost) > NACK_LIMIT:
                self._ask_for_keyframe(now)
            found = fresh[-NACK_LIMIT:]
        for out in found:
            self._out.again(out)

    def _ask_for_keyframe(self, now: float) -> None:
        """The viewer needs one; one of many has to wait until it is their turn again."""
        if self.source is None or (self._fan is not None and now - self._asked_at < KEYFRAME_EACH):
            return
        self._asked_at = now
        self.source.request_keyframe()

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == 1:
            self._answer(packet.lost, time.monotonic())
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (1, 4):
            self._ask_for_keyframe(time.monotonic())
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == 15:
            self._note_remb(packet.fci)
        elif isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            self._note_reports(packet.reports)

    def _note_remb(self, fci: bytes) -> None:
        """Only the estimate of who agreed to give one: aiortc's own, given unasked, has no bearing on its line."""
        try:
            bitrate, ssrcs = unpack_remb_fci(fci)
        except ValueError:
            return
        if self.line is not None and self._remb and self._ssrc in ssrcs:
            self.line.note_estimate(bitrate, time.monotonic())

    def _note_reports(self, reports: Sequence[RtcpReceiverInfo]) -> None:
        for report in reports:
            if report.ssrc == self._ssrc and self.line is not None and self.source is not None:
                # What was missing when it came to the node is missing there, too, until it is sent again.
                lost = report.fraction_lost / 256 - self.source.statistics.lost
                self.line.note_loss(max(0.0, lost), time.monotonic())
            if report.ssrc == self._ssrc and self.reports is not None:
                self.reports.note(report, time.monotonic(), None if self._video else rtp.AUDIO_CLOCK)

    def tick(self, now: float) -> None:
        """Called every TICK seconds: a sender report now and then, in the publisher's own clock."""
        if self.source is not None and self._out.stream.layers.needs_keyframe(now):
            self.source.request_keyframe()
        if not self._out.active or now < self._report_at:
            return
        self._report_at = now + 0.5 + random.random() / 2
        offset = self._out.stream.timestamp_offset
        moment = self.source.clock.at(now) if self.source is not None else None
        if offset is None or moment is None:
            return
        report = self._report(moment, offset) if self._fan is None else self._fan.report(now, lambda: self._report(moment, offset))
        if self.reports is not None:
            self.reports.sent(int.from_bytes(report[8:16], "big"), now)
        send_now(self.transport, report)

    def _report(self, moment: tuple[int, int], offset: int) -> bytes:
        """A sender report (RFC 3550 section 6.4.1): NTP time and RTP timestamp of a moment, what was sent until then."""
        sent = self._out if self._fan is None else self._fan
        info = RtcpSenderInfo(
            ntp_timestamp=moment[0],
            rtp_timestamp=(moment[1] + offset) & 0xFFFFFFFF,
            packet_count=sent.packets & 0xFFFFFFFF,
            octet_count=sent.octets & 0xFFFFFFFF,
        )
        name = RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._stream_id.encode())])
        return bytes(RtcpSrPacket(ssrc=self._ssrc, sender_info=info)) + bytes(RtcpSdesPacket(chunks=[name]))


def _extension(parameters: RTCRtpReceiveParameters | RTCRtpSendParameters, uri: str) -> int | None:
    return next((h.id for h in parameters.headerExtensions if h.uri == uri), None)


def _rtx_for(payload_type: int, codecs: Sequence[RTCRtpCodecParameters]) -> int | None:
    for codec in codecs:
        if aiortc_codecs.is_rtx(codec) and codec.parameters.get("apt") == payload_type:
            return codec.payloadType
    return None


def _types(parameters: Sequence[RTCRtpCodecParameters]) -> dict[str, tuple[int, int | None]]:
    """Payload types by video codec; of several for one codec, the first."""
    found: dict[str, tuple[int, int | None]] = {}
    for one in parameters:
        codec = codecs.named(one.mimeType)
        if codec is not None and one.payloadType is not None:
            found.setdefault(codec.mime, (one.payloadType, _rtx_for(one.payloadType, parameters)))
    return found


# --- the connection -------------------------------------------------------------------------------------------


class _Ticker:
    """Ticks all connections of an event loop: a hundred timers of their own would take longer than what they are for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._connections: dict[ForwardingConnection, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: "ForwardingConnection") -> None:
        self._connections[connection] = None
        if self._timer is None:
            self._timer = self._loop.call_later(TICK, self._turn)

    def remove(self, connection: "ForwardingConnection") -> None:
        """Nothing for one that is not there."""
        self._connections.pop(connection, None)
        if not self._connections and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            del _tickers[self._loop]

    def _turn(self) -> None:
        self._timer = self._loop.call_later(TICK, self._turn)
        now = time.monotonic()
        for connection in tuple(self._connections):
            try:
                connection.tick(now)
            except Exception as fault:
                # One connection's fault must not stop the clock of the others.
                self._loop.call_exception_handler({"message": "connection not ticked", "exception": fault})


_tickers: dict[asyncio.AbstractEventLoop, _Ticker] = {}


def _ticker() -> _Ticker:
    """The running loop's; it lives as long as it has connections."""
    loop = asyncio.get_running_loop()
    if loop not in _tickers:
        _tickers[loop] = _Ticker(loop)
    return _tickers[loop]


class ForwardingConnection(RTCPeerConnection):
    """A peer connection whose transceivers forward.  Agreed on are Opus and VP8, what every browser can send and every
    other can show, and H.264, what encoders send; all of it can be written by the recorder."""

    def __init__(self) -> None:
        self._parts: list[ForwardingReceiver | ForwardingSender] = []
        self._line = downlink.Line()
        self._reports = Reports()
        self._downlink = downlink.Downlink(self._line)
        self._decided = (0.0, 0)
        self._starves = False
        """Whether a picture is not sent for want of room."""
        self._probe = Probe(self._ask, self._note_measured, self._note_wide)
        self._found_wide = False
        """Whether a picture that stands may go on since the last decision: nobody waits for the next one."""
        self.sound_only = False
        """Whether the other end sends no picture for now, because its line has no room for one."""
        self.on_wide: Callable[[], None] = lambda: None
        """Told when a line on which a picture stands still has room again."""
        super().__init__(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._ticker = _ticker()
        self._ticker.add(self)

    def _RTCPeerConnection__createTransceiver(
        self, direction: str, kind: str, sender_track: Any = None
    ) -> RTCRtpTransceiver:
        made = super()._RTCPeerConnection__createTransceiver(direction, kind, None)  # type: ignore[misc]
        transport = made.receiver.transport
        if not made._bundled:
            _gather_on_our_addresses(transport)
        sender, receiver = ForwardingSender(kind, transport), ForwardingReceiver(kind, transport)
        sender._stream_id, sender.line, sender.reports = made.sender._stream_id, self._line, self._reports
        receiver._set_rtcp_ssrc(sender._ssrc)
        self._parts += (receiver, sender)
        made._RTCRtpTransceiver__sender = sender
        made._RTCRtpTransceiver__receiver = receiver
        together([one.receiver.timeline for one in self.getTransceivers()])  # type: ignore[attr-defined]
        _restrict_codecs(made)
        return made

    def group(self, transceivers: Sequence[RTCRtpTransceiver], stream_id: str) -> None:
        """Send into these sections, as one media stream: the browser then plays them in step."""
        for transceiver in transceivers:
            transceiver.direction = "sendonly"
            transceiver.sender._stream_id = stream_id

    def tick(self, now: float) -> None:
        """Called every TICK seconds."""
        for part in self._parts:
            part.tick(now)
        if self._found_wide or now - self._decided[0] >= downlink.EVERY:
            self._found_wide = False
            self._decide(now)
        self._probe.tick(now, wanted=self.sound_only or self._starves)

    def be_quiet(self) -> None:
        """Send no reports and requests of its own any more."""
        self._ticker.remove(self)

    def _decide(self, now: float) -> None:
        """Fit the pictures into what the line carries: a document that is shown first, then slot by slot."""
        senders = [
            t.sender
            for t in self.getTransceivers()
            if t.kind == "video" and isinstance(t.sender, ForwardingSender) and t.sender.source is not None
        ]
        senders.sort(key=lambda sender: sender._stream_id != DOCUMENT)
        since, before = self._decided
        bits = sum(sender.bits for sender in senders)
        self._decided = (now, bits)
        pictures = [sender.picture for sender in senders]
        decision = self._downlink.decide(now, int(max(0, bits - before) / (now - since)), pictures)
        for sender, layers, limit in zip(senders, decision.layers, decision.limits, strict=True):
            sender.show(layers, limit)
        self._starves = any(sender.starves for sender in senders)
        thin = self._line.room is not None and self._line.room < downlink.LEAST_PICTURE
        for part in self._parts:
            if isinstance(part, ForwardingReceiver):
                part.tell_arrivals_every(twcc.EVERY_ON_THIN if thin else 0.0)

    def _ask(self, count: int) -> None:
        """Send questions over the one transport that all sections share."""
        shared = wire(self.getTransceivers()[0].receiver.transport)
        shared.on_answer = self._probe.answered
        shared.ask(count)

    def _note_measured(self) -> None:
        self._line.note_probe(time.monotonic())

    def _note_wide(self) -> None:
        self._line.note_wide(time.monotonic())
        self._found_wide = True
        self.on_wide()

    def measures(self) -> Measures:
        """How the line does, both ways."""
        receivers: list[Any] = [t.receiver for t in self.getTransceivers()]
        senders: list[Any] = [t.sender for t in self.getTransceivers()]
        loss, trip, jitter = self._reports.take()
        jitters = [r.statistics.jitter / r.clock_rate for r in receivers if r.kind == "audio" and r.flowing]
        return Measures(
            expected=sum(r.expected for r in receivers),
            received=sum(r.statistics.packets for r in receivers),
            octets_up=sum(r.statistics.octets for r in receivers),
            octets_down=sum(s.bits for s in senders) // 8,
            jitter_ms=1000 * max(jitters, default=0.0),
            loss_down=None if loss is None else round(loss, 3),
            round_trip_ms=None if trip is None else round(1000 * trip, 1),
            jitter_down_ms=None if jitter is None else round(1000 * jitter, 1),
            unanswered_s=self._reports.unanswered,
        )

    async def close(self) -> None:
        """Close the connection; may be called again."""
        self.be_quiet()
        await super().close()


def _restrict_codecs(transceiver: RTCRtpTransceiver) -> None:
    wanted = ("audio/opus",) if transceiver.kind == "audio" else (*(c.mime.lower() for c in codecs.VIDEO), "video/rtx")
    capabilities = aiortc_codecs.get_capabilities(transceiver.kind).codecs
    chosen = [c for c in capabilities if c.mimeType.lower() in wanted]
    transceiver.setCodecPreferences(sorted(chosen, key=_preference))


def _preference(codec: RTCRtpCodecCapability) -> tuple[int, int]:
    """VP8 first; of H.264 what most decoders were made for first."""
    profile = str(codec.parameters.get("profile-level-id", ""))
    return int(codec.mimeType.lower() == "video/h264"), H264_PROFILES.index(profile) if profile in H264_PROFILES else 0
