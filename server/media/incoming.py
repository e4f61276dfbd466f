"""One track's packets from the transport to whoever takes them: the part of receiving that every packet goes through.

No aiortc in here: this module can be compiled (compiled.py).
"""

import itertools
from collections.abc import Callable

from server.media import codecs, rtp, twcc
from server.media.forwarding import ASK_PICTURE, ASK_SOUND, LossTracker
from server.media.timeline import Timeline

LAYERS = 4
"""Temporal layers that VP8 can have (RFC 7741 section 4.2: TID has two bits)."""
OVERHEAD = 62
"""Bytes around a payload: IPv4, UDP, RTP with abs-send-time, SRTP tag, a part of Ethernet's."""
MOST_SSRCS = 64
"""Sources of one connection that are remembered."""

LATE_AT_MOST = 60.0
"""Seconds after which nothing of what was captured before can come any more."""

Sink = Callable[[rtp.Packet], None]


class Statistics:
    """What a receiver report says (RFC 3550 section 6.4.1)."""

    def __init__(self, clock_rate: int, now: float) -> None:
        self._clock_rate = clock_rate
        self.packets = 0
        self.octets = 0
        self.rate = 0
        self.lost = 0.0
        """Share of packets that did not come at the first try, of late."""
        self.jitter = 0.0
        self._transit: float | None = None
        self._before = (0, 0)
        self._measured_at = now
        self._measured = 0
        self._layers = [0] * LAYERS
        self.layers: tuple[int, ...] = ()
        """Bits per second of a picture's base layer, of base and first layer together, and so on."""

    def add(self, timestamp: int, size: int, now: float) -> None:
        """Count a packet that came for the first time."""
        self.packets += 1
        self.octets += size
        transit = now * self._clock_rate - timestamp
        last, self._transit = self._transit, transit
        if last is not None:
            moved = abs(transit - last)
            if moved < self._clock_rate:
                self.jitter += (moved - self.jitter) / 16

    def fraction_lost(self, expected: int) -> int:
        """Loss since the last call, in 1/256."""
        more, got = expected - self._before[0], self.packets - self._before[1]
        self._before = (expected, self.packets)
        fraction = 0 if more <= 0 or more <= got else ((more - got) << 8) // more
        self.lost += (fraction / 256 - self.lost) / 2
        return fraction

    def add_layer(self, layer: int, octets: int) -> None:
        """Count a picture's packet, headers and all, in its layer."""
        self._layers[layer] += octets + OVERHEAD

    def measure_rate(self, now: float) -> None:
        """Set `rate` and `layers` to what came in per second since the last call."""
        passed, self._measured_at = max(0.1, now - self._measured_at), now
        self.rate, self._measured = int((self.octets - self._measured) * 8 / passed), self.octets
        rates = [int(octets * 8 / passed) for octets in self._layers]
        self._layers = [0] * LAYERS
        while rates and not rates[-1]:
            rates.pop()
        fresh = tuple(itertools.accumulate(rates))
        known = self.layers
        same = len(known) == len(fresh)
        self.layers = tuple((3 * a + b) // 4 for a, b in zip(known, fresh, strict=True)) if same else fresh


class Incoming:
    """Takes a track's packets as they come: counts them, undoes retransmission, and hands each new one on at once."""

    def __init__(
        self, *, video: bool, now: float, ask_again: Callable[[list[int]], None], turned: Callable[[], None]
    ) -> None:
        """`ask_again` is called with the numbers of packets that are missing, `turned` when another codec begins."""
        clock_rate = rtp.VIDEO_CLOCK if video else rtp.AUDIO_CLOCK
        self.sinks: list[Sink] = []
        self.timeline = Timeline(clock_rate)
        self.statistics = Statistics(clock_rate, now)
        self.losses = LossTracker(ASK_PICTURE if video else ASK_SOUND)
        self.arrivals = twcc.Arrivals()
        self.receiving = False
        self.last_packet = 0.0
        self.ssrc: int | None = None
        self.mime = ""
        """Codec of the picture that comes; empty before the first packet."""
        self.codecs: dict[int, codecs.Codec | None] = {}
        """What was agreed on, by payload type; None: sound."""
        self.rtx: dict[int, int] = {}
        """Payload types of retransmission, and of what is retransmitted."""
        self.nack = True
        self.twcc_id = 0
        """Of the header extension with transport-wide numbers; 0: none was agreed on."""
        self.not_before = 0.0
        """Monotonic time; what was captured earlier is handed to nobody: it was said while somebody who listens again
        was not to hear it, and was sent again or came late."""
        self._payload_type = -1
        self._timestamps = rtp.Unwrapper(32)
        self._ask_again, self._turned = ask_again, turned

    def take(self, parsed: rtp.Parsed, now: float) -> None:
        """Take one packet from the transport."""
        if not self.receiving:
            return
        if self.twcc_id:
            number = rtp.extension_16(parsed.extension, self.twcc_id)
            if number >= 0:
                self.arrivals.add(number, now)
        seq, payload, payload_type = parsed.seq, parsed.payload, parsed.payload_type
        if payload_type in self.rtx:
            if len(payload) < 2:
                return
            payload_type = self.rtx[payload_type]
            seq, payload = payload[0] << 8 | payload[1], payload[2:]
        else:
            if payload_type != self._payload_type and not self._turn_to(payload_type):
                return
            self.ssrc = parsed.ssrc
            self.statistics.add(parsed.timestamp, len(payload), now)
        number, ask_for, new = self.losses.add(seq, now)
        if ask_for and self.nack:
            self._ask_again(ask_for)
        if new or not self.nack:
            self.last_packet = now
            self._deliver(number, parsed, payload_type, payload, now)

    def _turn_to(self, payload_type: int) -> bool:
        """The sender uses another payload type from now on; False: one that was not agreed on.  Whoever watches needs a
        key frame of the new codec."""
        if payload_type not in self.codecs:
            return False
        self._payload_type = payload_type
        codec = self.codecs[payload_type]
        if codec is not None and codec.mime != self.mime:
            self.mime = codec.mime
            self._turned()
        return True

    def _deliver(self, number: int, parsed: rtp.Parsed, payload_type: int, payload: bytes, now: float) -> None:
        codec = self.codecs.get(payload_type)
        header = codec.header(payload) if codec is not None else None
        if header is not None:
            self.statistics.add_layer(header.layer, len(payload))
        timestamp = self._timestamps(parsed.timestamp)
        packet = rtp.Packet(number, timestamp, parsed.marker, payload, now, header)
        self.timeline.arrived(timestamp, now)
        if self.not_before and self._too_early(timestamp, now):
            return
        for sink in tuple(self.sinks):
            sink(packet)

    def _too_early(self, timestamp: int, now: float) -> bool:
        if now - self.not_before > LATE_AT_MOST:
            self.not_before = 0.0
            return False
        return self.timeline(timestamp) < self.not_before

    @property
    def highest(self) -> int:
        """Number of the newest packet."""
        return self.losses.highest or 0

    @property
    def expected(self) -> int:
        """How many packets the publisher sent, by their numbers."""
        first, highest = self.losses.first, self.losses.highest
        return 0 if first is None or highest is None else highest - first + 1


class Demultiplexer:
    """Hands a transport's RTP to its tracks, past aiortc's parser and jitter buffer.

    Several sections share a payload type: a packet belongs to the section whose SSRC its offer named, else whose
    name it carries (RFC 9143 section 9.2), else to the only one that takes its payload type.
    """

    def __init__(self) -> None:
        self._by_ssrc: dict[int, Incoming] = {}
        self._by_mid: dict[bytes, Incoming] = {}
        self._by_payload_type: dict[int, list[Incoming]] = {}
        self._mid_id: int | None = None
        self.arrivals = twcc.Arrivals()

    def received(self, packet: bytes, now: float) -> None:
        """Take a decrypted packet that came at `now` (monotonic seconds)."""
        parsed = rtp.parse(packet)
        if parsed is None:
            return
        track = self._by_ssrc.get(parsed.ssrc)
        if track is None:
            track = self._find(parsed)
        if track is not None:
            track.take(parsed, now)

    def add(self, track: Incoming, mid: bytes, mid_id: int | None, payload_types: list[int], ssrcs: list[int]) -> None:
        """Hand a section's packets to its track: `mid` is the section's name, `mid_id` says where packets carry it."""
        self._by_mid[mid] = track
        if mid_id is not None:
            self._mid_id = mid_id
        for payload_type in payload_types:
            self._by_payload_type.setdefault(payload_type, []).append(track)
        for ssrc in ssrcs:
            self._by_ssrc[ssrc] = track
        track.arrivals = self.arrivals

    def _find(self, parsed: rtp.Parsed) -> Incoming | None:
        takers = self._by_payload_type.get(parsed.payload_type, [])
        found = takers[0] if len(takers) == 1 else None
        mid = None if self._mid_id is None else rtp.extension(parsed.extension, self._mid_id)
        if mid is not None:
            found = self._by_mid.get(mid)
        if found is None or found not in takers:
            return None
        if len(self._by_ssrc) < MOST_SSRCS:
            self._by_ssrc[parsed.ssrc] = found
        return found
