"""H.264 in RTP, packetization-mode 1 (RFC 6184), and as Matroska holds it.

Encoders send it, browsers are asked for VP8.  There are no temporal layers here: a picture comes whole or not at all.
"""

from collections.abc import Callable, Iterator

from server.media import rtp, webm
from server.media.codecs.base import MAX_FRAME, Codec, Frame, Frames, OnFrame, Opening
from server.media.ordering import OnOrdered

_SLICE, _KEY_SLICE, _SPS, _PPS = 1, 5, 7, 8
"""NAL unit types (ITU-T H.264 table 7-1): part of a picture, of an IDR picture, sequence and picture parameters."""
_STAP_A, _FU_A = 24, 28
"""Packets of several units, and of a piece of one (RFC 6184 sections 5.7.1 and 5.8)."""
_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Profiles whose parameters say the chroma format (ITU-T H.264 section 7.3.2.1.1)."""
_FORMAT_IN_CONFIGURATION = (100, 110, 122, 144)


MIME = "video/H264"


class H264Header(rtp.Header):
    """What a payload says of its picture: whether a key frame's sequence parameters begin here."""

    __slots__ = ("_key",)

    def __init__(self, *, key: bool) -> None:
        super().__init__(MIME)
        self._key = key

    def starts_keyframe(self, payload: bytes) -> bool:
        """Whether a decoder can begin here: it needs the parameters that encoders send right before an IDR picture."""
        return self._key


_BEGINS, _GOES_ON = H264Header(key=True), H264Header(key=False)


def h264_header(payload: bytes) -> H264Header | None:
    """Read the beginning of a payload; None if it is cut or of a mode that was not agreed on."""
    if not payload:
        return None
    kind = payload[0] & 31
    if kind == _FU_A:
        if len(payload) < 3:
            return None
        return _BEGINS if payload[1] & 0x80 and payload[1] & 31 == _SPS else _GOES_ON
    if kind == _STAP_A:
        return _BEGINS if any(unit[0] & 31 == _SPS for unit in _aggregated(payload)) else _GOES_ON
    if not 0 < kind < _STAP_A:
        return None
    return _BEGINS if kind == _SPS else _GOES_ON


def _aggregated(payload: bytes) -> Iterator[bytes]:
    """The whole units of a STAP-A."""
    at = 1
    while at + 2 < len(payload):
        length = int.from_bytes(payload[at : at + 2], "big")
        unit = payload[at + 2 : at + 2 + length]
        if not unit or len(unit) < length:
            return
        yield unit
        at += 2 + length


class H264Frames(Frames):
    """A frame is the NAL units of one time, each behind its length in four bytes (ISO/IEC 14496-15)."""

    def __init__(self, on_frame: OnFrame, on_damage: Callable[[], None], other: OnOrdered) -> None:
        super().__init__(on_frame, on_damage, other)
        self._open: list[bytes] | None = None
        """Pieces of the unit that is not complete yet."""
        self._size = 0
        self._last: rtp.Packet | None = None
        self._spoilt: int | None = None
        """Time of a frame whose beginning did not come."""
        self._parameters: dict[int, dict[bytes, None]] = {_SPS: {}, _PPS: {}}
        """The last parameters of each kind, in order; some encoders do not repeat them before every key frame."""

    def __call__(self, packet: rtp.Packet, lost: int) -> None:
        if lost:
            self._damaged()
        header = packet.header
        if type(header) is not H264Header:
            self._other(packet, 0)
            return
        if (lost or self._timestamp is None) and not header.starts_keyframe(packet.payload):
            self._spoilt = packet.timestamp
        if packet.timestamp != self._timestamp:
            # Some encoders set no marker: their frame ends where the next one begins.
            self._finish()
            self._timestamp = packet.timestamp
        self._last = packet
        self._take(packet.payload)
        if packet.marker:
            self._finish()

    def _damaged(self) -> None:
        self._open, self._last, self._size = None, None, 0
        super()._damaged()

    def _take(self, payload: bytes) -> None:
        self._size += len(payload)
        if self._size > MAX_FRAME:
            self._damaged()
            self._spoilt = self._timestamp
        kind = payload[0] & 31
        if kind == _FU_A:
            self._take_piece(payload)
        elif kind == _STAP_A:
            self._parts += _aggregated(payload)
        else:
            self._parts.append(payload)

    def _take_piece(self, payload: bytes) -> None:
        indicator, head = payload[0], payload[1]
        if head & 0x80:
            self._open = [bytes((indicator & 0xE0 | head & 31,))]
        if self._open is None:
            return
        self._open.append(payload[2:])
        if head & 0x40:
            self._parts.append(b"".join(self._open))
            self._open = None

    def _finish(self) -> None:
        units, self._parts, self._open, self._size = self._parts, [], None, 0
        packet, self._last = self._last, None
        kinds = {unit[0] & 31 for unit in units}
        for kind in (_SPS, _PPS):
            if kind in kinds:
                self._parameters[kind] = dict.fromkeys(unit for unit in units if unit[0] & 31 == kind)
        if packet is None or packet.timestamp == self._spoilt or not kinds & {_SLICE, _KEY_SLICE}:
            return
        data = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
        opening = self._opening() if _KEY_SLICE in kinds else None
        self._emit(Frame(data, packet.timestamp, packet.arrival, opening))

    def _opening(self) -> Opening | None:
        """None where the parameters are not known: nobody could play what begins here."""
        sequence, picture = self._parameters[_SPS], self._parameters[_PPS]
        if not sequence or not picture:
            return None
        try:
            parameters = configuration(tuple(sequence), tuple(picture))
            size = Sequence(next(iter(sequence))).size
        except ValueError:
            return None
        return Opening(MIME, webm.avc_track(*size, parameters), parameters)


def configuration(sequence: tuple[bytes, ...], picture: tuple[bytes, ...]) -> bytes:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1) with lengths of four bytes; raises ValueError."""
    first = Sequence(sequence[0])
    if len(sequence) > 31 or len(picture) > 255:
        raise ValueError("too many parameters")
    out = bytes((1, *sequence[0][1:4], 0xFF, 0xE0 | len(sequence)))
    out += b"".join(len(unit).to_bytes(2, "big") + unit for unit in sequence)
    out += bytes((len(picture),)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in picture)
    if first.profile in _FORMAT_IN_CONFIGURATION:
        out += bytes((0xFC | first.chroma, 0xF8 | first.luma_depth, 0xF8 | first.chroma_depth, 0))
    return out


class Sequence:
    """Sequence parameters (ITU-T H.264 section 7.3.2.1.1), as far as files need them; raises ValueError."""

    def __init__(self, unit: bytes) -> None:
        bits = _Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))
        self.profile = bits.take(8)
        bits.take(16)
        bits.golomb()
        self.chroma, self.luma_depth, self.chroma_depth = 1, 0, 0
        apart = self._format(bits) if self.profile in _WITH_CHROMA else False
        self._skip_order(bits)
        self.size = self._size(bits, 0 if apart else self.chroma)
        """Width and height in pixels, as shown."""

    def _format(self, bits: "_Bits") -> bool:
        """Whether the colours are coded apart."""
        self.chroma = bits.golomb(3)
        apart = bool(bits.take(1)) if self.chroma == 3 else False
        self.luma_depth, self.chroma_depth = bits.golomb(6), bits.golomb(6)
        bits.take(1)
        if bits.take(1):
            for number in range(8 if self.chroma != 3 else 12):
                if bits.take(1):
                    _skip_scaling(bits, 16 if number < 6 else 64)
        return apart

    @staticmethod
    def _skip_order(bits: "_Bits") -> None:
        bits.golomb()
        order = bits.golomb(2)
        if order == 0:
            bits.golomb()
        elif order == 1:
            bits.take(1)
            for _ in range(2):
                bits.golomb()
            for _ in range(bits.golomb(255)):
                bits.golomb()
        bits.golomb()
        bits.take(1)

    @staticmethod
    def _size(bits: "_Bits", chroma: int) -> tuple[int, int]:
        across, down = bits.golomb(1023) + 1, bits.golomb(1023) + 1
        whole = bits.take(1)
        if not whole:
            bits.take(1)
        bits.take(1)
        left = right = top = bottom = 0
        if bits.take(1):
            left, right, top, bottom = (bits.golomb() for _ in range(4))
        wide = 2 if chroma in (1, 2) else 1
        high = (2 if chroma == 1 else 1) * (2 - whole)
        width, height = 16 * across - wide * (left + right), 16 * (2 - whole) * down - high * (top + bottom)
        if width <= 0 or height <= 0:
            raise ValueError("nothing is left of the picture")
        return width, height


def _skip_scaling(bits: "_Bits", count: int) -> None:
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


class _Bits:
    """Reads bits and Exp-Golomb numbers (ITU-T H.264 section 9.1); raises ValueError behind the end."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("cut")
        return self._value >> self._left & (1 << count) - 1

    def golomb(self, most: int = 1 << 32) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("no number")
        value = (1 << zeros) - 1 + self.take(zeros)
        if value > most:
            raise ValueError("out of range")
        return value

    def signed(self) -> int:
        value = self.golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)


H264 = Codec(MIME, h264_header, H264Frames)
