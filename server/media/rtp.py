"""RTP packets as the node sees them: parsing, unwrapping of counters, the Opus payload header.

Sources: RFC 3550 section 5.1, RFC 4588 (retransmission), RFC 8285 (header extensions), RFC 6716 section 3.1 (Opus
table of contents).  What depends on a video codec is in codecs/.
"""

import struct

HEADER = struct.Struct("!BBHLL")
HEADER_AND_EXTENSION = struct.Struct("!BBHLLLL")
"""With one word of header extensions behind it."""
AUDIO_CLOCK = 48_000
VIDEO_CLOCK = 90_000


class Parsed:
    """Fields of one RTP packet as it came; `extension` is the body of its one-byte header extensions."""

    __slots__ = ("extension", "marker", "payload", "payload_type", "seq", "ssrc", "timestamp")

    def __init__(
        self, payload_type: int, marker: bool, seq: int, timestamp: int, ssrc: int, extension: bytes, payload: bytes
    ) -> None:
        self.payload_type = payload_type
        self.marker = marker
        self.seq = seq
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.extension = extension
        self.payload = payload


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
        one_byte = data[start] == 0xBE and data[start + 1] == 0xDE
        words = data[start + 2] << 8 | data[start + 3]
        start += 4
        if one_byte:
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


def extension_16(body: bytes, wanted: int) -> int:
    """Value of the header extension with this identifier as a number of 16 bits; -1 if it is not there."""
    if len(body) == 4 and body[0] == (wanted << 4 | 1):
        return body[1] << 8 | body[2]  # nothing but this one, as browsers mostly send it
    value = extension(body, wanted)
    return -1 if value is None or len(value) != 2 else value[0] << 8 | value[1]


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


class Header:
    """What a payload says of the picture that it is part of; each codec has its own kind (codecs/).

    `mime` is the codec; `layer` the temporal layer (0: the base, also where there are no layers); a `sync` frame
    needs of the layers below its own the base alone; `starts_frame` is false in codecs without layers.  Where
    `picture_long`, a picture number of 15 bits stands at `picture_at`, and that of the last base picture at `tl0_at`
    (0: nowhere).
    """

    __slots__ = ("layer", "mime", "picture_at", "picture_long", "starts_frame", "sync", "tl0_at")

    def __init__(
        self, mime: str, *, layer: int = 0, sync: bool = False, starts_frame: bool = False,
        picture_at: int = 0, picture_long: bool = False, tl0_at: int = 0,
    ) -> None:  # fmt: skip
        self.mime = mime
        self.layer = layer
        self.sync = sync
        self.starts_frame = starts_frame
        self.picture_at = picture_at
        self.picture_long = picture_long
        self.tl0_at = tl0_at

    def starts_keyframe(self, payload: bytes) -> bool:
        """Whether a decoder can begin with this payload."""
        raise NotImplementedError


class Packet:
    """A media packet with retransmission already undone.

    `seq` and `timestamp` are unwrapped: they keep counting over their 16 and 32 bit limits.  `arrival` is in
    seconds of the monotonic clock.  `header` is None for sound and for a payload that makes no sense.
    """

    __slots__ = ("arrival", "header", "marker", "payload", "seq", "timestamp")

    def __init__(
        self, seq: int, timestamp: int, marker: bool, payload: bytes, arrival: float, header: Header | None = None
    ) -> None:
        self.seq = seq
        self.timestamp = timestamp
        self.marker = marker
        self.payload = payload
        self.arrival = arrival
        self.header = header


def starts_keyframe(packet: Packet) -> bool:
    """Whether this is the first packet of a key frame."""
    return packet.header is not None and packet.header.starts_keyframe(packet.payload)


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
