"""VP8 in RTP (RFC 7741)."""

import struct

from server.media import rtp, webm
from server.media.codecs.base import Codec, Frame, Frames, Opening

UNKNOWN_SIZE = (640, 360)


MIME = "video/VP8"


class Vp8Header(rtp.Header):
    """The payload descriptor; `length` is its own, in bytes."""

    __slots__ = ("length",)

    def __init__(
        self, length: int, picture_at: int, picture_long: bool, tl0_at: int, starts_frame: bool, layer: int, sync: bool
    ) -> None:
        super().__init__(
            MIME, layer=layer, sync=sync, starts_frame=starts_frame,
            picture_at=picture_at, picture_long=picture_long, tl0_at=tl0_at,
        )  # fmt: skip
        self.length = length

    def starts_keyframe(self, payload: bytes) -> bool:
        """Whether this is the first packet of a key frame."""
        return self.starts_frame and len(payload) > self.length and not payload[self.length] & 1


def vp8_header(payload: bytes) -> Vp8Header | None:
    """Read the descriptor in front of a payload; None if it is cut."""
    if not payload:
        return None
    first = payload[0]
    starts = first & 0x17 == 0x10
    if not first & 0x80:
        return Vp8Header(1, 0, False, 0, starts, 0, False)
    if len(payload) < 2:
        return None
    return _extended(payload, payload[1], starts)


def _extended(payload: bytes, flags: int, starts: bool) -> Vp8Header | None:
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


def vp8_size(frame: bytes) -> tuple[int, int] | None:
    """Width and height of a key frame in pixels (RFC 6386 section 9.1); None if it is none."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    width, height = struct.unpack_from("<HH", frame, 6)
    return width & 0x3FFF, height & 0x3FFF


class Vp8Frames(Frames):
    """A frame is the payloads from its first packet to the one with the marker, without their descriptors."""

    def __call__(self, packet: rtp.Packet, lost: int) -> None:
        if lost:
            self._damaged()
        header = packet.header
        if type(header) is not Vp8Header:
            self._other(packet, 0)
            return
        if header.starts_frame:
            self._parts, self._timestamp = [packet.payload[header.length :]], packet.timestamp
        elif self._timestamp == packet.timestamp and self._parts:
            self._parts.append(packet.payload[header.length :])
        else:
            self._parts = []
        if packet.marker and self._parts:
            self._finish(packet)

    def _finish(self, packet: rtp.Packet) -> None:
        data, self._parts = b"".join(self._parts), []
        opening = _opening(data) if data and not data[0] & 1 else None
        self._emit(Frame(data, packet.timestamp, packet.arrival, opening))


def _opening(data: bytes) -> Opening:
    """The size may change within a file: key frames say it themselves."""
    return Opening(MIME, webm.vp8_track(*(vp8_size(data) or UNKNOWN_SIZE)))


VP8 = Codec(MIME, vp8_header, Vp8Frames)
