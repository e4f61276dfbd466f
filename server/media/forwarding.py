"""Policy of forwarding, without any I/O: what to ask for again, when to ask for a key frame, how to rewrite."""

import random
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from server.media import rtp

KEYFRAME_INTERVAL = 0.4
"""Seconds between two key frame requests to one publisher."""
NACK_LIMIT = 150
"""A hole of more packets is an outage: asking for all of it would only make a storm."""
NACK_RETRY = 0.08
NACK_TRIES = 8
NACK_GIVE_UP = 1.0
HISTORY = 1024


class KeyframeThrottle:
    """Lets a key frame request through at most every KEYFRAME_INTERVAL; later ones are kept, not lost."""

    def __init__(self) -> None:
        self._last = -1e9
        self.wanted = False

    def request(self, now: float) -> bool:
        """Ask for a key frame; True if the request is to be sent at once."""
        self.wanted = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Whether a request waits and may be sent now; it counts as sent then."""
        if not self.wanted or now - self._last < KEYFRAME_INTERVAL:
            return False
        self._last, self.wanted = now, False
        return True


@dataclass(slots=True)
class _Missing:
    since: float
    asked: float
    tries: int


class LossTracker:
    """Follows the sequence numbers of one track: what is missing, double or out of reach."""

    def __init__(self) -> None:
        self._unwrap = rtp.Unwrapper(16)
        self._missing: dict[int, _Missing] = {}
        self.first: int | None = None
        self.highest: int | None = None
        self.outage = False

    def add(self, seq: int, now: float) -> tuple[int, list[int], bool]:
        """Number on, numbers to ask for now, and whether this packet is new (not a double)."""
        number = self._unwrap(seq)
        if self.highest is None:
            self.first = self.highest = number
            return number, [], True
        if number > self.highest:
            holes = list(range(self.highest + 1, number))
            self.highest = number
            return number, self._note(holes, now), True
        return number, [], self._missing.pop(number, None) is not None

    def _note(self, holes: list[int], now: float) -> list[int]:
        if len(holes) > NACK_LIMIT:
            self._missing.clear()
            self.outage = True
            return []
        for number in holes:
            self._missing[number] = _Missing(now, now, 1)
        return holes

    def retry(self, now: float) -> tuple[list[int], bool]:
        """Numbers to ask for again, and whether some were given up (or an outage happened)."""
        given_up = [n for n, m in self._missing.items() if now - m.since > NACK_GIVE_UP or m.tries > NACK_TRIES]
        for number in given_up:
            del self._missing[number]
        again = [n for n, m in self._missing.items() if now - m.asked >= NACK_RETRY]
        for number in again:
            self._missing[number].asked = now
            self._missing[number].tries += 1
        lost = bool(given_up) or self.outage
        self.outage = False
        return again, lost


@dataclass(slots=True)
class _Offsets:
    """What is added to a source's counters so that the slot's own go on without a break."""

    seq: int
    timestamp: int
    picture: int = 0
    tl0: int = 0
    seen_picture: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A packet ready for sending, without header extensions: fields of the slot, not of the source."""

    seq: int
    timestamp: int
    marker: bool
    payload: bytes


class SlotStream:
    """The one continuous RTP stream of a slot, whoever is shown in it."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._offsets: _Offsets | None = None
        self._seq = random.randrange(1 << 15)
        self._timestamp = random.randrange(1 << 31)
        self._sent_at: float | None = None
        self._picture: int | None = None
        self._tl0 = 0
        self._history: list[Outgoing | None] = [None] * HISTORY

    def switch(self) -> None:
        """The next packet comes from another source."""
        self._offsets = None

    @property
    def timestamp_offset(self) -> int | None:
        """What is added to the source's timestamps; None before its first packet."""
        return self._offsets.timestamp if self._offsets else None

    def rewrite(self, packet: rtp.Packet, *, video: bool) -> Outgoing:
        """Put a source's packet into the slot's stream and remember it for retransmission."""
        offsets = self._offsets or self._begin(packet)
        payload = self._vp8(packet.payload, offsets) if video else packet.payload
        seq = (packet.seq + offsets.seq) & 0xFFFF
        timestamp = (packet.timestamp + offsets.timestamp) & 0xFFFFFFFF
        if (seq - self._seq) & 0xFFFF < 0x8000:
            self._seq, self._timestamp, self._sent_at = seq, timestamp, packet.arrival
        out = Outgoing(seq, timestamp, packet.marker, payload)
        self._history[seq % HISTORY] = out
        return out

    def sent(self, seq: int) -> Outgoing | None:
        """A packet sent before, for retransmission; None if it is too old."""
        found = self._history[seq % HISTORY]
        return found if found is not None and found.seq == seq else None

    def _begin(self, packet: rtp.Packet) -> _Offsets:
        pause = 0 if self._sent_at is None else max(1, int((packet.arrival - self._sent_at) * self._clock_rate))
        self._offsets = _Offsets(self._seq + 1 - packet.seq, self._timestamp + pause - packet.timestamp)
        return self._offsets

    def _vp8(self, payload: bytes, offsets: _Offsets) -> bytes:
        """Let picture id and TL0PICIDX go on over a change of source (RFC 7741 section 4.2)."""
        header = rtp.vp8_header(payload)
        if header is None or not header.picture_at or not header.picture_long:
            return payload
        picture = struct.unpack_from("!H", payload, header.picture_at)[0] & 0x7FFF
        tl0 = payload[header.tl0_at] if header.tl0_at else 0
        if not offsets.seen_picture:
            offsets.seen_picture = True
            if self._picture is not None:
                offsets.picture = self._picture + 1 - picture
                offsets.tl0 = self._tl0 + 1 - tl0
        self._picture = (picture + offsets.picture) & 0x7FFF
        self._tl0 = (tl0 + offsets.tl0) & 0xFF
        return payload if not (offsets.picture or offsets.tl0) else self._patched(payload, header)

    def _patched(self, payload: bytes, header: rtp.Vp8Header) -> bytes:
        out = bytearray(payload)
        struct.pack_into("!H", out, header.picture_at, (self._picture or 0) | 0x8000)
        if header.tl0_at:
            out[header.tl0_at] = self._tl0
        return bytes(out)


def lowest_useful(estimates: Iterable[int], rate: int) -> int | None:
    """The least of the subscribers' REMB estimates that is below what is being sent; None if none is.

    A receiving estimator never exceeds about 1.5 times what comes in, so a higher value says nothing.
    """
    useful = [e for e in estimates if e < 0.85 * rate]
    return min(useful) if useful else None
