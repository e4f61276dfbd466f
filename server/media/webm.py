"""A small WebM and Matroska writer made for crashes: whole clusters of known size, and a head that is completed in place.

Layout: EBML header, Segment (size unknown while recording), seek head and duration (Void while recording), Info,
Tracks, clusters, and once closed the cues at the end.  Info's title holds our own description of the file as JSON,
so that a file whose writer died can be closed from itself alone.  Sources: RFC 8794 (EBML), RFC 9559 (Matroska).
"""

import bisect
import hashlib
import json
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from server.durable import replace_file
from server.media.rtp import opus_seconds

_EBML, _SEGMENT, _SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = (
    "1A45DFA3", "18538067", "114D9B74", "4DBB", "53AB", "53AC",
)  # fmt: skip
_INFO, _SCALE, _DURATION, _TITLE, _MUXER, _WRITER = "1549A966", "2AD7B1", "4489", "7BA9", "4D80", "5741"
_TRACKS, _TRACK, _CLUSTER, _TIMESTAMP, _SIMPLE_BLOCK = "1654AE6B", "AE", "1F43B675", "E7", "A3"
_CUES, _CUE_POINT, _CUE_TIME, _CUE_POSITIONS, _CUE_TRACK, _CUE_CLUSTER = (
    "1C53BB6B", "BB", "B3", "B7", "F7", "F1",
)  # fmt: skip
_VOID = "EC"
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_SEEK_HEAD_LENGTH = 80
_DURATION_LENGTH = 11
_KEY, _DISCARDABLE = 0x80, 0x01
FILL_MS = 20
"""Length of the Opus silence frames that fill holes."""
SILENCE = b"\xf8\xff\xfe"
"""20 ms of Opus silence, full band, one channel (RFC 6716 section 3.1 for its first byte)."""
CUE_EVERY = 1.0
"""Seconds between cues of a track in which every frame is a key frame."""
OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 312, 48000, 0, 0)


class BadFile(ValueError):
    """Not a file of this writer, or nothing in it can be used."""


@dataclass(frozen=True, slots=True)
class Block:
    """One encoded frame; `at` and `lasts` in seconds from the start of the file.  `filled`: not received but put
    in by us to keep time."""

    at: float
    data: bytes
    key: bool = True
    filled: bool = False


@dataclass(frozen=True, slots=True)
class ClosedFile:
    """What is in a closed file: length in seconds, bytes, hash, stretches that were filled with silence."""

    seconds: float
    size: int
    sha256: str
    filled: tuple[tuple[float, float], ...]


def _size(number: int, length: int = 0) -> bytes:
    """A number as EBML variable size, in `length` bytes if given."""
    if not length:
        length = 1
        while number >= (1 << (7 * length)) - 1:
            length += 1
    return ((1 << (7 * length)) | number).to_bytes(length, "big")


def _element(identifier: str, data: bytes) -> bytes:
    return bytes.fromhex(identifier) + _size(len(data)) + data


def _number(identifier: str, value: int, length: int = 0) -> bytes:
    return _element(identifier, value.to_bytes(length or max(1, (value.bit_length() + 7) // 8), "big"))


def _void(total: int) -> bytes:
    return bytes.fromhex(_VOID) + _size(total - 2, 1) + bytes(total - 2)


def _ebml_header(document: str) -> bytes:
    fields = _number("4286", 1) + _number("42F7", 1) + _number("42F2", 4) + _number("42F3", 8)
    return _element(_EBML, fields + _element("4282", document.encode()) + _number("4287", 4) + _number("4285", 2))


def opus_track() -> bytes:
    """Track entry for stereo-capable Opus as WebRTC sends it (RFC 7845 section 5.1 for the head)."""
    audio = _element("E1", _element("B5", struct.pack("!d", 48000.0)) + _number("9F", 2))
    delays = _number("56AA", 6_500_000) + _number("56BB", 80_000_000)
    return _track(2, "A_OPUS", delays + _element("63A2", OPUS_HEAD) + audio)


def vp8_track(width: int, height: int) -> bytes:
    """Track entry for VP8 video that starts with this size in pixels."""
    return _track(1, "V_VP8", _pictures(width, height))


def avc_track(width: int, height: int, configuration: bytes) -> bytes:
    """Track entry for H.264 video of this size in pixels; `configuration`: ISO/IEC 14496-15 section 5.3.3.1."""
    return _track(1, "V_MPEG4/ISO/AVC", _element("63A2", configuration) + _pictures(width, height))


def _pictures(width: int, height: int) -> bytes:
    return _element("E0", _number("B0", width) + _number("BA", height))


def _track(kind: int, codec: str, rest: bytes) -> bytes:
    head = _number("D7", 1) + _number("73C5", 1) + _number("83", kind) + _number("9C", 0)
    return _element(_TRACK, head + _element("86", codec.encode()) + rest)


def head(track: bytes, description: dict[str, Any], document: str = "webm") -> bytes:
    """The beginning of a file; `description` is kept inside and read back by `describe`.  `document`: "webm", or
    "matroska" where the codec is none of WebM's."""
    title = json.dumps(description, separators=(",", ":")).encode()
    info = _number(_SCALE, 1_000_000) + _void(_DURATION_LENGTH)
    info += _element(_MUXER, b"jietan") + _element(_WRITER, b"jietan") + _element(_TITLE, title)
    body = _void(_SEEK_HEAD_LENGTH) + _element(_INFO, info) + _element(_TRACKS, track)
    return _ebml_header(document) + bytes.fromhex(_SEGMENT) + _UNKNOWN_SIZE + body


def cluster(blocks: Sequence[Block]) -> bytes:
    """One cluster of these blocks, in order of time; they span at most 30 s."""
    start = _ms(blocks[0].at)
    body = _number(_TIMESTAMP, start)
    for block in blocks:
        flags = (_KEY if block.key else 0) | (_DISCARDABLE if block.filled else 0)
        place = struct.pack("!BhB", 0x81, _ms(block.at) - start, flags)
        body += bytes.fromhex(_SIMPLE_BLOCK) + _size(len(place) + len(block.data)) + place + block.data
    return bytes.fromhex(_CLUSTER) + _size(len(body), 8) + body


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


# --- reading back ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Element:
    identifier: str
    start: int
    data: int
    end: int


def _read_element(view: bytes, at: int, limit: int) -> _Element | None:
    """The element at `at`, whole within `limit`; None if it is cut or senseless."""
    width = _leading(view, at, limit, 4)
    if width is None:
        return None
    size_at = at + width
    size_width = _leading(view, size_at, limit, 8)
    if size_width is None:
        return None
    size = int.from_bytes(view[size_at : size_at + size_width], "big") & ((1 << (7 * size_width)) - 1)
    data = size_at + size_width
    if data + size > limit:
        return None
    return _Element(view[at : at + width].hex().upper(), at, data, data + size)


def _leading(view: bytes, at: int, limit: int, most: int) -> int | None:
    """Length of the variable-size number at `at`, from its first byte."""
    if at >= limit or not view[at]:
        return None
    width = 9 - view[at].bit_length()
    return width if width <= most and at + width <= limit else None


def _children(view: bytes, start: int, end: int) -> Iterator[_Element]:
    at = start
    while at < end:
        element = _read_element(view, at, end)
        if element is None:
            raise BadFile("an element is cut")
        yield element
        at = element.end


@dataclass(slots=True)
class _Layout:
    """Where things are in a file, by absolute position."""

    segment_data: int = 0
    segment_end: int = 0
    seek_head: int = 0
    info: int = 0
    duration: int = 0
    tracks: int = 0
    title: bytes = b""


@dataclass(slots=True)
class _Scan:
    """What the whole clusters of a file hold; times in milliseconds."""

    layout: _Layout
    end: int
    last_ms: int = -1
    step_ms: int = 0
    blocks: int = 0
    disordered: bool = False
    """Whether a block comes after a later one: it was late, and silence stands in its place."""
    cues: list[tuple[int, int]] = field(default_factory=list)
    filled: list[tuple[int, int]] = field(default_factory=list)


def _read_layout(view: bytes) -> tuple[_Layout, int]:
    """Layout and the position of the first cluster; raises BadFile."""
    layout = _Layout()
    header = _read_element(view, 0, len(view))
    if header is None or header.identifier != _EBML:
        raise BadFile("no EBML header")
    at = header.end
    if view[at : at + 4] != bytes.fromhex(_SEGMENT) or len(view) < at + 12:
        raise BadFile("no segment")
    layout.segment_data = at = at + 12
    while not layout.tracks:
        element = _read_element(view, at, len(view))
        if element is None:
            raise BadFile("the head is cut")
        _note_head(view, element, layout)
        at = element.end
    return layout, at


def _note_head(view: bytes, element: _Element, layout: _Layout) -> None:
    if element.identifier in (_VOID, _SEEK_HEAD) and not layout.seek_head:
        layout.seek_head = element.start
    elif element.identifier == _TRACKS:
        layout.tracks = element.start
    elif element.identifier == _INFO:
        layout.info = element.start
        for child in _children(view, element.data, element.end):
            if child.identifier in (_VOID, _DURATION):
                layout.duration = child.start
            elif child.identifier == _TITLE:
                layout.title = view[child.data : child.end]


def describe(path: Path) -> dict[str, Any]:
    """The description given to `head`; raises BadFile."""
    with path.open("rb") as file:
        layout, _ = _read_layout(file.read(65_536))
    try:
        found = json.loads(layout.title)
    except ValueError as error:
        raise BadFile("no description") from error
    if not isinstance(found, dict):
        raise BadFile("no description")
    return found


def _scan(view: bytes) -> _Scan:
    """Go through the whole clusters; stops at the first thing that is none."""
    layout, at = _read_layout(view)
    scan = _Scan(layout, at)
    while True:
        element = _read_element(view, at, len(view))
        if element is None or element.identifier != _CLUSTER or not _note_cluster(view, element, scan):
            return scan
        at = scan.end = element.end


def _note_cluster(view: bytes, element: _Element, scan: _Scan) -> bool:
    """Add a cluster's blocks to the scan; False if it is damaged (then nothing was added)."""
    try:
        fields = list(_children(view, element.data, element.end))
    except BadFile:
        return False
    if not fields or fields[0].identifier != _TIMESTAMP:
        return False
    start = int.from_bytes(view[fields[0].data : fields[0].end], "big")
    for child in fields[1:]:
        if child.identifier == _SIMPLE_BLOCK and child.end - child.data >= 4:
            offset, flags = struct.unpack_from("!hB", view, child.data + 1)
            _note_block(scan, start + offset, flags, element.start)
    return True


def _note_block(scan: _Scan, at: int, flags: int, cluster_at: int) -> None:
    if at < scan.last_ms:
        scan.disordered = True
        return
    if scan.last_ms >= 0 and at > scan.last_ms:
        scan.step_ms = at - scan.last_ms
    if flags & _KEY and (not scan.cues or at - scan.cues[-1][0] >= CUE_EVERY * 1000):
        scan.cues.append((at, cluster_at))
    if flags & _DISCARDABLE:
        _note_filled(scan.filled, at)
    scan.last_ms, scan.blocks = at, scan.blocks + 1


def _note_filled(filled: list[tuple[int, int]], at: int) -> None:
    """Lengthen the last filled stretch by this frame, or begin a new one."""
    if filled and filled[-1][1] >= at - 1:
        filled[-1] = (filled[-1][0], at + FILL_MS)
    else:
        filled.append((at, at + FILL_MS))


# --- closing --------------------------------------------------------------------------------------------------


def finalise(path: Path) -> ClosedFile:
    """Cut a file after its last whole cluster, add cues, complete the head, sync it and hash it.

    Works for a file just written, one whose writer died anywhere (even in here), and one already closed.
    Raises BadFile if there is no usable head or not one whole cluster, OSError.
    """
    scan = _usable_scan(path)
    if scan.disordered:
        replace_file(path, _in_order(path.read_bytes(), scan.end))
        scan = _usable_scan(path)
    with path.open("r+b") as file:
        file.truncate(scan.end)
        _complete(file, scan, _cues(scan))
        file.flush()
        os.fsync(file.fileno())
    return _closed(path, scan)


def _in_order(view: bytes, end: int) -> bytes:
    """The same file up to `end` with its blocks in order of time, and without the silence that late ones replace."""
    _, first = _read_layout(view)
    blocks = [block for element in _children(view, first, end) for block in _blocks(view, element)]
    spoken = sorted((b.at, b.at + opus_seconds(b.data)) for b in blocks if not b.filled)
    kept = [b for b in blocks if not (b.filled and _covered(b.at + FILL_MS / 2000, spoken))]
    kept.sort(key=lambda block: block.at)
    clusters: list[list[Block]] = []
    for block in kept:
        if not clusters or block.at - clusters[-1][0].at >= CUE_EVERY:
            clusters.append([])
        clusters[-1].append(block)
    return view[:first] + b"".join(cluster(part) for part in clusters)


def _blocks(view: bytes, element: _Element) -> Iterator[Block]:
    timestamp, *rest = _children(view, element.data, element.end)
    start = int.from_bytes(view[timestamp.data : timestamp.end], "big")
    for child in rest:
        if child.identifier == _SIMPLE_BLOCK and child.end - child.data >= 4:
            offset, flags = struct.unpack_from("!hB", view, child.data + 1)
            data = view[child.data + 4 : child.end]
            yield Block((start + offset) / 1000, data, bool(flags & _KEY), bool(flags & _DISCARDABLE))


def _covered(moment: float, spans: Sequence[tuple[float, float]]) -> bool:
    """Whether the last of these that begins before a moment goes on beyond it."""
    found = bisect.bisect_right(spans, (moment, float("inf"))) - 1
    return found >= 0 and moment < spans[found][1]


def salvage(path: Path) -> ClosedFile:
    """Close a file on a disk that takes nothing more: cut after its last whole cluster, no cues, and the head as
    far as it can be completed.  It plays, but seeks slowly.  Raises BadFile, OSError (if it cannot even be cut)."""
    scan = _usable_scan(path)
    os.truncate(path, scan.end)
    try:
        with path.open("r+b", buffering=0) as file:
            _complete(file, scan, b"")
            os.fsync(file.fileno())
    except OSError:
        # Players read clusters to the end of a file whose head does not say how long it is.
        os.truncate(path, scan.end)
    return _closed(path, scan)


def _usable_scan(path: Path) -> _Scan:
    scan = _scan(path.read_bytes())
    if not scan.blocks:
        raise BadFile("no whole cluster")
    return scan


def _closed(path: Path, scan: _Scan) -> ClosedFile:
    """Read back from the disk what is in a closed file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.seek(0, os.SEEK_END)
    filled = tuple((a / 1000, b / 1000) for a, b in scan.filled)
    return ClosedFile(_duration(scan) / 1000, size, digest, filled)


def _duration(scan: _Scan) -> int:
    return scan.last_ms + max(1, min(scan.step_ms, 100))


def _cues(scan: _Scan) -> bytes:
    return _element(_CUES, b"".join(_cue(at, where - scan.layout.segment_data) for at, where in scan.cues))


def _complete(file: BinaryIO, scan: _Scan, cues: bytes) -> None:
    """Write the cues, if any, and complete the head in place."""
    layout = scan.layout
    file.seek(scan.end)
    file.write(cues)
    _patch(file, layout.duration, _element(_DURATION, struct.pack("!d", float(_duration(scan)))))
    seeks = [(_INFO, layout.info), (_TRACKS, layout.tracks), (_CUES, scan.end)]
    entries = b"".join(
        _element(_SEEK, _element(_SEEK_ID, bytes.fromhex(i)) + _number(_SEEK_POSITION, p - layout.segment_data, 8))
        for i, p in (seeks if cues else seeks[:2])
    )
    seek_head = _element(_SEEK_HEAD, entries)
    _patch(file, layout.seek_head, seek_head + _void(_SEEK_HEAD_LENGTH - len(seek_head)))
    size = scan.end + len(cues) - layout.segment_data
    _patch(file, layout.segment_data - 8, _size(size, 8))


def _cue(at: int, cluster_at: int) -> bytes:
    positions = _number(_CUE_TRACK, 1) + _number(_CUE_CLUSTER, cluster_at)
    return _element(_CUE_POINT, _number(_CUE_TIME, at) + _element(_CUE_POSITIONS, positions))


def _patch(file: BinaryIO, at: int, data: bytes) -> None:
    file.seek(at)
    file.write(data)
