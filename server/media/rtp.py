"""RTP packets as the node sees them: parsing, unwrapping of counters, the VP8 and Opus payload headers.

Sources: RFC 3550 section 5.1, RFC 4588 (retransmission), RFC 8285 (header extensions), RFC 7741 (VP8), RFC 6716
section 3.1 (Opus table of contents).
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

HEADER = struct.Struct("!BBHLL")
HEADER_AND_EXTENSION = struct.Struct("!BBHLLLL")
"""With one word of header extensions behind it."""
ONE_BYTE_EXTENSIONS = 0xBEDE
AUDIO_CLOCK = 48_000
VIDEO_CLOCK = 90_000


class Parsed(NamedTuple):
    """Fields of one RTP packet as it came; `extension` is the body of its one-byte header extensions."""

    payload_type: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    extension: bytes
    payload: bytes


def parse(data: bytes) -> Parsed | None:
    """Take an RTP packet apart; None if it is cut or inconsistent."""
    if len(data) < 12:
        return None
    first, second, seq, timestamp, ssrc = HEADER.unpack_from(data)
    start = 12 + 4 * (first & 15)
    extension = b""
    if first & 16:
        if len(data) < start + 4:
            return None
        profile, words = struct.unpack_from("!HH", data, start)
        start += 4
        if profile == ONE_BYTE_EXTENSIONS:
            extension = data[start : start + 4 * words]
        start += 4 * words
    end = len(data) - data[-1] if first & 32 else len(data)
    if end < start:
        return None
    return Parsed(second & 127, bool(second >> 7), seq, timestamp, ssrc, extension, data[start:end])


def extension(body: bytes, wanted: int) -> bytes | None:
    """Value of the one-byte header extension with this identifier; None if it is not there."""
    at, end = 0, len(body)
    while at < end:
        head = body[at]
        if head == 0:
            at += 1
            continue
        length = (head & 15) + 1
        if head >> 4 == wanted:
            return body[at + 1 : at + 1 + length]
        at += 1 + length
    return None


class Unwrapper:
    """Makes a counter of `bits` bits count on: each value is placed nearest to the last one."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        if self._last is None:
            self._last = value + self._size
            return self._last
        step = (value - self._last) % self._size
        if step >= self._size // 2:
            step -= self._size
        result = self._last + step
        if result > self._last:
            self._last = result
        return result


class Vp8Header(NamedTuple):
    """The VP8 payload descriptor: length in bytes, where its counters stand (0: absent), frame start.

    `layer` is the temporal layer (0: the base; also where none is told).  A `sync` frame needs of the layers below
    it the base alone: from it on its layer can be shown by who did not see that layer before.
    """

    length: int
    picture_at: int
    picture_long: bool
    tl0_at: int
    starts_frame: bool
    layer: int
    sync: bool


@dataclass(slots=True)
class Packet:
    """A media packet with retransmission already undone.

    `seq` and `timestamp` are unwrapped: they keep counting over their 16 and 32 bit limits.  `arrival` is in
    seconds of the monotonic clock.  `vp8` is None for sound and for a descriptor that is cut.
    """

    seq: int
    timestamp: int
    marker: bool
    payload: bytes
    arrival: float
    vp8: Vp8Header | None = None


def vp8_header(payload: bytes) -> Vp8Header | None:
    """Read the descriptor in front of a VP8 payload; None if it is cut."""
    if not payload:
        return None
    first = payload[0]
    starts = first & 0x17 == 0x10
    if not first & 0x80:
        return Vp8Header(1, 0, False, 0, starts, 0, False)
    if len(payload) < 2:
        return None
    return _vp8_extended(payload, payload[1], starts)


def _vp8_extended(payload: bytes, flags: int, starts: bool) -> Vp8Header | None:
    at, picture_at, picture_long, tl0_at, layer, sync = 2, 0, False, 0, 0, False
    if flags & 0x80:
        if len(payload) <= at:
            return None
        picture_at, picture_long = at, bool(payload[at] & 0x80)
        at += 2 if picture_long else 1
    if flags & 0x40:
        tl0_at = at
        at += 1
    if flags & 0x30:
        if len(payload) <= at:
            return None
        if flags & 0x20:
            layer, sync = payload[at] >> 6, bool(payload[at] & 0x20)
        at += 1
    if len(payload) < at:
        return None
    return Vp8Header(at, picture_at, picture_long, tl0_at, starts, layer, sync)


def starts_keyframe(packet: Packet) -> bool:
    """Whether this is the first packet of a VP8 key frame."""
    header, payload = packet.vp8, packet.payload
    return (
        header is not None
        and header.starts_frame
        and len(payload) > header.length
        and not payload[header.length] & 1
    )


def vp8_size(frame: bytes) -> tuple[int, int] | None:
    """Width and height of a VP8 key frame in pixels (RFC 6386 section 9.1); None if it is none."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    width, height = struct.unpack_from("<HH", frame, 6)
    return width & 0x3FFF, height & 0x3FFF


_SILK_MS = (10, 20, 40, 60)
_CELT_MS = (2.5, 5, 10, 20)


def opus_seconds(payload: bytes) -> float:
    """How long an Opus packet lasts, in seconds; 0 for an empty or senseless one."""
    if not payload:
        return 0.0
    config, code = payload[0] >> 3, payload[0] & 3
    if config < 12:
        frame = float(_SILK_MS[config & 3])
    elif config < 16:
        frame = (10.0, 20.0)[config & 1]
    else:
        frame = float(_CELT_MS[config & 3])
    if code == 3 and len(payload) < 2:
        return 0.0
    count = payload[1] & 63 if code == 3 else (1, 2, 2)[code]
    total = count * frame / 1000
    return total if total <= 0.12 else 0.0


def opus_has_fec(payload: bytes) -> bool:
    """Whether an Opus packet of one frame brings the frame before it along once more (LBRR).

    RFC 6716 section 4.2.3: the first bits of a SILK frame are a voice flag for each of its 20 ms, then the LBRR flag;
    for stereo the same again for the side channel.  Packets of several frames are taken to have none.
    """
    if len(payload) < 2 or payload[0] >> 3 >= 16 or payload[0] & 3:
        return False
    config = payload[0] >> 3
    voice_flags = max(1, _SILK_MS[config & 3] // 20) if config < 12 else 1
    found = payload[1] >> (7 - voice_flags) & 1
    if payload[0] & 4:
        found |= payload[1] >> (6 - 2 * voice_flags) & 1
    return bool(found)
