"""Policy of forwarding, without any I/O: what to ask for again, when to ask for a key frame, how to rewrite."""

import random
import struct
from typing import ClassVar

from server.media import rtp

KEYFRAME_INTERVAL = 0.4
"""Seconds between two key frame requests to one publisher."""
KEYFRAME_BEGIN = 0.1
"""The same before one for somebody who sees nothing yet: until 2026-11 they waited up to 0.4 s because the recording had just asked."""
KEYFRAME_INTERVAL_MANY = 2.0
"""The same where a hundred watch: each key frame costs them all as much as several pictures."""
KEYFRAME_EACH = 6.0
"""Seconds between two key frames that one of many viewers may have asked for: their line must not be felt by all."""
NACK_LIMIT = 150
"""A hole of more packets is an outage: asking for all of it would only make a storm."""
NACK_LIMIT_SOUND = 250
"""5 s of sound: little to send, and every word counts.  Browsers keep what they sent for about 3 s."""
NACK_RETRY = 0.08
HISTORY = 1024
RESEND_WITHIN = 1.0
"""Seconds; older pictures come too late to be shown, and sending them holds up the sound."""
SYNC_WITHIN = 2.0
"""Seconds to wait for a frame from which a higher layer can be shown, before a key frame is asked for."""


class KeyframeThrottle:
    """Lets a key frame request through at most every `interval` seconds; later ones are kept, not lost."""

    def __init__(self) -> None:
        self.interval = KEYFRAME_INTERVAL
        self._last = -1e9
        self.wanted = False

    def request(self, now: float, *, begins: bool = False) -> bool:
        """Ask for a key frame; True if the request is to be sent at once.

        `begins`: for somebody who has just come and sees nothing yet; in a talk they do not wait for what others asked before.
        """
        self.wanted = True
        return self.due(now, begins=begins)

    def due(self, now: float, *, begins: bool = False) -> bool:
        """Whether a request waits and may be sent now; it counts as sent then."""
        interval = KEYFRAME_BEGIN if begins and self.interval == KEYFRAME_INTERVAL else self.interval
        if not self.wanted or now - self._last < interval:
            return False
        self._last, self.wanted = now, False
        return True


class Asking:
    """How long a missing packet is asked for: of a hole of more than `limit` packets nothing, of others each at most
    `tries` times, for `give_up` seconds, with at most `retry_most` seconds between two askings."""

    __slots__ = ("give_up", "limit", "retry_most", "tries")

    def __init__(self, limit: int, tries: int, give_up: float, retry_most: float) -> None:
        self.limit = limit
        self.tries = tries
        self.give_up = give_up
        self.retry_most = retry_most


ASK_PICTURE = Asking(NACK_LIMIT, 8, 1.0, 0.5)
ASK_SOUND = Asking(NACK_LIMIT_SOUND, 25, 2.5, 0.15)
"""Measured with Chromium at 20 % loss both ways: where its estimate of the line collapses, what it sends again waits
behind the picture, one packet of sound in a hundred for 0.7 to 1.5 s; all of them came in the end.  Asking often costs
nothing: it sends no packet again within a round trip."""


class _Missing:
    __slots__ = ("asked", "since", "tries")

    def __init__(self, since: float, asked: float, tries: int) -> None:
        self.since = since
        self.asked = asked
        self.tries = tries


class LossTracker:
    """Follows the sequence numbers of one track: what is missing, double or out of reach."""

    def __init__(self, asking: Asking = ASK_PICTURE) -> None:
        self._unwrap = rtp.Unwrapper(16)
        self._missing: dict[int, _Missing] = {}
        self._asking = asking
        self.first: int | None = None
        self.highest: int | None = None
        self.outage = False
        self.retry_after = NACK_RETRY
        """Seconds until a packet is asked for again: a little more than the other side took to answer lately."""

    def add(self, seq: int, now: float) -> tuple[int, list[int], bool]:
        """Number on, numbers to ask for now, and whether this packet is new (not a double)."""
        number = self._unwrap(seq)
        if self.highest is None:
            self.first = self.highest = number
            return number, [], True
        if number == self.highest + 1:
            self.highest = number
            return number, [], True
        if number > self.highest:
            holes = list(range(self.highest + 1, number))
            self.highest = number
            return number, self._note(holes, now), True
        found = self._missing.pop(number, None)
        if found is not None and found.tries == 1:
            self._learn(now - found.asked)
        return number, [], found is not None

    def _learn(self, answered: float) -> None:
        """Asking again before an answer can be there would double what a thin line has to carry."""
        wanted = 1.3 * answered + 0.02
        self.retry_after += (min(max(wanted, NACK_RETRY), self._asking.retry_most) - self.retry_after) / 8

    def _note(self, holes: list[int], now: float) -> list[int]:
        if len(holes) > self._asking.limit:
            self._missing.clear()
            self.outage = True
            return []
        for number in holes:
            self._missing[number] = _Missing(now, now, 1)
        return holes

    def retry(self, now: float) -> tuple[list[int], bool]:
        """Numbers to ask for again, and whether some were given up (or an outage happened)."""
        tries, give_up = self._asking.tries, self._asking.give_up
        given_up = [n for n, m in self._missing.items() if now - m.since > give_up or m.tries > tries]
        for number in given_up:
            del self._missing[number]
        again = [n for n, m in self._missing.items() if now - m.asked >= self.retry_after]
        for number in again:
            self._missing[number].asked = now
            self._missing[number].tries += 1
        lost = bool(given_up) or self.outage
        self.outage = False
        return again, lost


class _Offsets:
    """What is added to a source's counters so that the slot's own go on without a break; never changed."""

    __slots__ = ("picture", "seq", "timestamp", "tl0")

    def __init__(self, seq: int, timestamp: int, picture: int, tl0: int) -> None:
        self.seq = seq
        self.timestamp = timestamp
        self.picture = picture
        self.tl0 = tl0


class _Hole:
    """What a number that was jumped over becomes if it comes after all, and the highest layer wanted there."""

    __slots__ = ("layer", "offsets")

    def __init__(self, offsets: _Offsets, layer: int) -> None:
        self.offsets = offsets
        self.layer = layer


class Outgoing:
    """A packet ready for sending, without header extensions: fields of the slot, not of the source.

    An empty payload fills the place of a packet that came late and is not wanted: sent as padding, so that nobody
    asks for it.  `since` is when it came from the source (monotonic seconds).
    """

    __slots__ = ("marker", "payload", "seq", "since", "timestamp")

    def __init__(self, seq: int, timestamp: int, marker: bool, payload: bytes, since: float) -> None:
        self.seq = seq
        self.timestamp = timestamp
        self.marker = marker
        self.payload = payload
        self.since = since


class SlotStream:
    """The one continuous RTP stream of a slot, whoever is shown in it and however many layers of it are."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._offsets: _Offsets | None = None
        self._kept_timestamp: int | None = None
        self._next = 0
        """The source's number that comes next if nothing is lost."""
        self._holes: dict[int, _Hole] = {}
        self._seq = random.randrange(1 << 15)
        self._timestamp = random.randrange(1 << 31)
        self._sent_at: float | None = None
        self._picture: int | None = None
        self._tl0 = 0
        self._left_out: int | None = None
        self._history: list[Outgoing | None] = [None] * HISTORY
        self.layers = Layers()

    def branch(self) -> "SlotStream":
        """A stream that goes on from here as this one does, and has all layers; what was sent may be asked for of it."""
        made = SlotStream(self._clock_rate)
        made._offsets, made._kept_timestamp, made._next = self._offsets, self._kept_timestamp, self._next
        made._holes, made._history = dict(self._holes), list(self._history)
        made._seq, made._timestamp, made._sent_at = self._seq, self._timestamp, self._sent_at
        made._picture, made._tl0, made._left_out = self._picture, self._tl0, self._left_out
        return made

    def switch(self) -> None:
        """The next packet comes from another source."""
        self._offsets = self._kept_timestamp = None
        self._holes.clear()
        self.layers = Layers(self.layers.wanted)

    def pause(self) -> None:
        """The next packet comes after many that are left out; the source's clock stays."""
        if self._offsets is not None:
            self._kept_timestamp = self._offsets.timestamp
        self._offsets = None
        self._holes.clear()

    def forget(self) -> None:
        """Nothing that was sent until now is sent again."""
        self._history = [None] * HISTORY

    @property
    def timestamp_offset(self) -> int | None:
        """What is added to the source's timestamps; None before its first packet."""
        return self._offsets.timestamp if self._offsets else self._kept_timestamp

    def rewrite(self, packet: rtp.Packet) -> Outgoing | None:
        """Put a source's packet into the slot's stream and remember it for retransmission; None: it is left out."""
        if self._offsets is not None and packet.seq < self._next:
            return self._late(packet)
        offsets = self._advance(packet)
        if packet.header is not None and not self.layers.take(packet, packet.header):
            self._leave_out(packet, offsets)
            return None
        out = self._put(packet, offsets)
        self._seq, self._timestamp, self._sent_at = out.seq, out.timestamp, packet.arrival
        return out

    def _late(self, packet: rtp.Packet) -> Outgoing | None:
        """A packet that was jumped over; where it is not wanted, padding closes the hole."""
        hole = self._holes.pop(packet.seq, None)
        if hole is None:
            return None
        if packet.header is None or packet.header.layer <= hole.layer:
            return self._put(packet, hole.offsets, late=True)
        seq, timestamp = self._numbers(packet, hole.offsets)
        return self._keep(Outgoing(seq, timestamp, False, b"", packet.arrival))

    def _advance(self, packet: rtp.Packet) -> _Offsets:
        """Where a packet belongs that is newer than all before; what it jumped over may still come."""
        offsets, seq = self._offsets, packet.seq
        if offsets is None:
            offsets = self._begin(packet)
        elif seq - self._next > NACK_LIMIT_SOUND:
            self._holes.clear()
        elif seq > self._next:
            hole = _Hole(offsets, self.layers.current)
            self._holes.update(dict.fromkeys(range(self._next, seq), hole))
            while len(self._holes) > HISTORY:
                del self._holes[next(iter(self._holes))]
        self._next = seq + 1
        return offsets

    def _begin(self, packet: rtp.Packet) -> _Offsets:
        timestamp = self._kept_timestamp
        if timestamp is None:
            pause = 0 if self._sent_at is None else max(1, int((packet.arrival - self._sent_at) * self._clock_rate))
            timestamp = self._timestamp + pause - packet.timestamp
        picture, tl0 = self._picture_offsets(packet)
        self._offsets = _Offsets(self._seq + 1 - packet.seq, timestamp, picture, tl0)
        return self._offsets

    def _picture_offsets(self, packet: rtp.Packet) -> tuple[int, int]:
        """Let picture id and TL0PICIDX go on over a change of source (RFC 7741 section 4.2)."""
        found = _counters(packet)
        if found is None or self._picture is None:
            return 0, 0
        return self._picture + 1 - found[0], self._tl0 + 1 - found[1]

    def _leave_out(self, packet: rtp.Packet, offsets: _Offsets) -> None:
        """What follows moves up by this packet, and by its picture."""
        found = _counters(packet)
        new = found is not None and found[0] != self._left_out
        self._left_out = found[0] if found is not None else None
        self._offsets = _Offsets(offsets.seq - 1, offsets.timestamp, offsets.picture - new, offsets.tl0)

    def _numbers(self, packet: rtp.Packet, offsets: _Offsets) -> tuple[int, int]:
        return (packet.seq + offsets.seq) & 0xFFFF, (packet.timestamp + offsets.timestamp) & 0xFFFFFFFF

    def _put(self, packet: rtp.Packet, offsets: _Offsets, *, late: bool = False) -> Outgoing:
        seq, timestamp = self._numbers(packet, offsets)
        header = packet.header
        payload = packet.payload if header is None else self._renumbered(packet, header, offsets, late=late)
        return self._keep(Outgoing(seq, timestamp, packet.marker, payload, packet.arrival))

    def _keep(self, out: Outgoing) -> Outgoing:
        self._history[out.seq % HISTORY] = out
        return out

    def sent(self, seq: int) -> Outgoing | None:
        """A packet sent before, for retransmission; None if it is too old."""
        found = self._history[seq % HISTORY]
        return found if found is not None and found.seq == seq else None

    def _renumbered(self, packet: rtp.Packet, header: rtp.Header, offsets: _Offsets, *, late: bool) -> bytes:
        found = _counters(packet)
        if found is None:
            return packet.payload
        picture, tl0 = (found[0] + offsets.picture) & 0x7FFF, (found[1] + offsets.tl0) & 0xFF
        if not late:
            self._picture, self._tl0 = picture, tl0
        if not (offsets.picture or offsets.tl0):
            return packet.payload
        out = bytearray(packet.payload)
        struct.pack_into("!H", out, header.picture_at, picture | 0x8000)
        if header.tl0_at:
            out[header.tl0_at] = tl0
        return bytes(out)


def _counters(packet: rtp.Packet) -> tuple[int, int] | None:
    """Picture id and TL0PICIDX; None where there is no long picture id to rewrite."""
    header, payload = packet.header, packet.payload
    if header is None or not header.picture_long:
        return None
    tl0 = payload[header.tl0_at] if header.tl0_at else 0
    return (payload[header.picture_at] & 0x7F) << 8 | payload[header.picture_at + 1], tl0


class Layers:
    """How many temporal layers of a picture one viewer gets (RFC 7741 section 4.2, fields TID and Y).

    Fewer: from the next frame on.  More: one after the other, each from a frame that needs nothing of it, or all
    at a key frame.
    """

    ALL: ClassVar[int] = 3

    def __init__(self, wanted: int = 3) -> None:
        self.wanted = self.current = wanted
        self._waiting_since: float | None = None

    def take(self, packet: rtp.Packet, header: rtp.Header) -> bool:
        """Whether this packet, the newest of its source, is sent on."""
        if header.starts_frame and self.current != self.wanted:
            self._move(packet, header)
        return header.layer <= self.current

    def _move(self, packet: rtp.Packet, header: rtp.Header) -> None:
        if self.wanted < self.current or rtp.starts_keyframe(packet):
            self.current, self._waiting_since = self.wanted, None
        elif header.sync and header.layer == self.current + 1:
            self.current = header.layer
            self._waiting_since = None
        elif self._waiting_since is None and header.layer > self.current:
            self._waiting_since = packet.arrival

    def needs_keyframe(self, now: float) -> bool:
        """Whether a higher layer was waited for so long that only a key frame helps; it is asked for once then."""
        waited = self._waiting_since is not None and now - self._waiting_since > SYNC_WITHIN
        if waited:
            self._waiting_since = now
        return waited
