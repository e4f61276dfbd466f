"""Recorded files on disk: whether they are whole, and pieces of their sound.

Sound is cut by copying encoded packets, without decoding: a minute takes a few milliseconds.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from server.errors import JietanError
from server.protocol.recording import is_recorded
from server.store.models import StoredSegment


class RecordingMissing(JietanError):
    """The file is gone."""

    status = 410
    code = "recording_missing"
    message = "这一段录音录像的文件不在了，别的内容都在。请管理员检查存放录像的磁盘。"


class RecordingDamaged(JietanError):
    """The file is not as long as it was when it was closed."""

    status = 410
    code = "recording_truncated"
    message = "这一段录音录像的文件不完整，后面的部分放不出来，别的内容都在。请管理员检查存放录像的磁盘。"


@dataclass(frozen=True)
class Piece:
    """A piece of sound as an Ogg file; `start` is the media time of its first sample, in seconds."""

    start: float
    end: float
    data: bytes


def path_of(recordings: Path, segment: StoredSegment) -> Path:
    """Where a segment lies; raises RecordingMissing for a name that points out of its folder."""
    folder = recordings / segment.reception_id
    path = folder / segment.file
    if path.parent != folder or segment.file in ("", ".", ".."):
        raise RecordingMissing
    return path


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every recorded file in a recording folder, by name; raises OSError."""
    return {path.name: _hash(path) for path in sorted(folder.glob("*")) if is_recorded(path.name)}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(recordings: Path, segment: StoredSegment) -> Path:
    """The path of a whole segment; raises RecordingMissing or RecordingDamaged."""
    path = path_of(recordings, segment)
    if not path.is_file():
        raise RecordingMissing
    if path.stat().st_size != segment.size:
        raise RecordingDamaged
    return path


def cut_sound(recordings: Path, segment: StoredSegment, start: float, end: float) -> Piece | None:
    """The sound of a segment between two media times, as far as it can be read; None: there is none.

    Raises RecordingMissing when there is no file, RecordingDamaged when nothing of it can be read.
    """
    path = path_of(recordings, segment)
    if not path.is_file():
        raise RecordingMissing
    return cut_file(path, segment.start, start, end)


def cut_file(path: Path, offset: float, start: float, end: float) -> Piece | None:
    """The same of any file whose first moment is at media time `offset`; raises RecordingDamaged."""
    try:
        with av.open(str(path)) as source:
            return _cut(source, offset, start, end)
    except (FFmpegError, OSError, IndexError):
        raise RecordingDamaged from None


def readable_seconds(recordings: Path, segment: StoredSegment) -> float:
    """How many seconds of a segment can be read, from its packets; 0: none."""
    last = 0.0
    try:
        with av.open(str(path_of(recordings, segment))) as source:
            for packet in source.demux(source.streams[0]):
                if packet.pts is not None and packet.time_base is not None:
                    last = float((packet.pts + (packet.duration or 0)) * packet.time_base)
    except (FFmpegError, OSError, IndexError, JietanError):
        return last
    return last


def _cut(source: av.container.InputContainer, offset: float, start: float, end: float) -> Piece | None:
    stream = source.streams.audio[0]
    target = io.BytesIO()
    first: float | None = None
    last = start
    with av.open(target, "w", format="ogg") as sink:
        copy = sink.add_stream_from_template(stream)
        for packet in _packets(source, stream, start - offset, end - offset):
            at = offset + float((packet.pts or 0) * (packet.time_base or 0))
            if first is None:
                first, first_pts = at, packet.pts or 0
            last = at + float((packet.duration or 0) * (packet.time_base or 0))
            packet.pts = packet.dts = (packet.pts or 0) - first_pts
            packet.stream = copy
            sink.mux(packet)
    return None if first is None else Piece(first, max(last, first), target.getvalue())


def _packets(
    source: av.container.InputContainer, stream: av.AudioStream, start: float, end: float
) -> "list[av.Packet]":
    """Packets from `start` to `end` (seconds of the file); a broken tail just ends them."""
    found: list[av.Packet] = []
    try:
        for packet in source.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            at = float(packet.pts * packet.time_base)
            if at >= end:
                break
            if at >= start:
                found.append(packet)
    except FFmpegError:
        return found
    return found
