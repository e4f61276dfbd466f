"""What a kiosk's page recorded in one run, as files of one track each that seek: packets are copied, never decoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from server.protocol.base import TrackKind
from server.protocol.recording import FILE_TYPES
from server.store.sound import settle

CODECS = {"opus": "audio/opus", "vp8": "video/VP8", "h264": "video/H264"}
"""By FFmpeg's name, as a recording's segments name them."""


@dataclass(frozen=True)
class Track:
    """One file; `first`, `last`: seconds of the run at which its sound or picture begins and ends."""

    kind: TrackKind
    codec: str
    file: str
    first: float
    last: float
    size: int
    sha256: str


def split(source: Path, folder: Path, name: str) -> list[Track]:
    """Write `<name>` with the kind put in (`{kind}`) and the codec's ending for the first track of each kind; [] where
    nothing can be read.  A broken tail, as a killed recorder leaves it, just ends them.  Raises OSError for the disk.
    """
    try:
        with av.open(str(source)) as opened:
            kinds = (*opened.streams.audio[:1], *opened.streams.video[:1])
            tracks = [stream.index for stream in kinds if _codec(stream)]
    except (FFmpegError, IndexError):
        return []
    found = (_copied(source, index, folder, name) for index in tracks)
    return [track for track in found if track is not None]


def _codec(stream: Any) -> str:
    return CODECS.get(stream.codec_context.name, "")


def _copied(source: Path, index: int, folder: Path, name: str) -> Track | None:
    first = last = None
    with av.open(str(source)) as opened:
        stream = opened.streams[index]
        codec = _codec(stream)
        kind = TrackKind(codec.split("/")[0])
        target = folder / (name.format(kind=kind.value) + FILE_TYPES[codec].suffix)
        new = target.with_suffix(".new")
        with av.open(str(new), "w", format=FILE_TYPES[codec].document) as sink:
            copy = sink.add_stream_from_template(stream)
            for packet, at in _packets(opened, stream):
                first = at if first is None else first
                last = at + float((packet.duration or 0) * (packet.time_base or 0))
                packet.pts = packet.dts = (packet.pts or 0) - round(first / float(packet.time_base or 1))
                packet.stream = copy
                sink.mux(packet)
    if first is None or last is None:
        new.unlink()
        return None
    return Track(kind, codec, target.name, first, last, *settle(new, target))


def _packets(source: Any, stream: Any) -> Iterator[tuple[Any, float]]:
    """In order of time: what goes back, as behind a spoilt stretch, no file of one track can hold."""
    newest = float("-inf")
    try:
        for packet in source.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            at = float(packet.pts * packet.time_base)
            if at >= newest:
                newest = at
                yield packet, at
    except FFmpegError:
        return
