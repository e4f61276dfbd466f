"""Sound and pictures of recorded files by time: samples to compare, and pieces cut out by copying packets."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from server.domain.alignment import RATE, Samples

PREROLL_S = 0.3
"""Opus needs some packets before the first that counts (RFC 7845 section 4.6: 80 ms)."""


@dataclass(frozen=True)
class CutPiece:
    """A piece that was cut; `start`: its first moment, in seconds of the file it was cut from."""

    start: float
    seconds: float
    size: int
    sha256: str
    pictures: bool


def samples(path: Path, start: float, end: float) -> Samples:
    """Sound from `start` to `end` (seconds of the file, may lie outside) at RATE; what is not there is 0.

    Raises nothing for a file that is gone or broken: then there is no sound.
    """
    found = np.zeros(max(0, round((end - start) * RATE)), np.float32)
    try:
        with av.open(str(path)) as source:
            for at, block in _blocks(source, start - PREROLL_S, end):
                _place(found, round((at - start) * RATE), block)
    except (FFmpegError, OSError, IndexError):
        return found
    return found


def _blocks(source: av.container.InputContainer, start: float, end: float) -> Iterator[tuple[float, Samples]]:
    stream = source.streams.audio[0]
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    for packet in source.demux(stream):
        at = _time(packet)
        if at is None or at < start:
            continue
        if at >= end:
            return
        for frame in packet.decode():
            for block in resampler.resample(frame):
                yield float((block.pts or 0) * (block.time_base or 0)), block.to_ndarray()[0]


def _time(packet: av.Packet) -> float | None:
    if packet.pts is None or packet.time_base is None:
        return None
    return float(packet.pts * packet.time_base)


def _place(found: Samples, at: int, block: Samples) -> None:
    skip = max(0, -at)
    part = block[skip : skip + max(0, len(found) - at - skip)]
    if len(part):
        found[at + skip : at + skip + len(part)] = part


def length(path: Path) -> float:
    """Seconds of sound in a file, from its packets; 0: none that can be read."""
    last = 0.0
    try:
        with av.open(str(path)) as source:
            for packet in source.demux(source.streams.audio[0]):
                at = _time(packet)
                if at is not None:
                    last = max(last, at + float((packet.duration or 0) * (packet.time_base or 0)))
    except (FFmpegError, OSError, IndexError):
        return last
    return last


def cut(source_path: Path, target: Path, start: float, end: float, *, pictures: bool) -> CutPiece | None:
    """Copy what lies between two times into a WebM that seeks, synced; None: there is no sound.

    Pictures begin with the last key frame before `start`, so the piece may begin earlier.  Raises FFmpegError, OSError.
    """
    new = target.with_suffix(".new")
    zero = min(start, _key_before(source_path, start)) if pictures else start
    with av.open(str(source_path)) as source, av.open(str(new), "w", format="webm") as sink:
        kinds = [source.streams.audio[0], *(source.streams.video[:1] if pictures else ())]
        copies = {kind.index: sink.add_stream_from_template(kind) for kind in kinds}
        last = None
        for packet in _wanted(source, kinds, zero, start, end):
            if packet.stream.type == "audio":
                last = (_time(packet) or 0.0) + float((packet.duration or 0) * (packet.time_base or 0))
            packet.pts = packet.dts = (packet.pts or 0) - round(zero / float(packet.time_base or 1))
            packet.stream = copies[packet.stream.index]
            sink.mux(packet)
    if last is None:
        new.unlink()
        return None
    return CutPiece(zero, last - zero, *settle(new, target), len(kinds) > 1)


def _key_before(path: Path, start: float) -> float:
    """When the picture begins that is seen at `start`."""
    key = start
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams.video[:1]) if source.streams.video else ():
            at = _time(packet)
            if at is None or at > start:
                break
            if packet.is_keyframe:
                key = at
    return key


def _wanted(
    source: av.container.InputContainer, kinds: list[Any], zero: float, start: float, end: float
) -> Iterator[av.Packet]:
    """Pictures from `zero`, sound from `start` on; a broken tail, as a killed recorder leaves it, just ends them."""
    try:
        for packet in source.demux(kinds):
            at = _time(packet)
            if at is not None and (zero if packet.stream.type == "video" else start) <= at < end:
                yield packet
    except FFmpegError:
        return


def settle(new: Path, target: Path) -> tuple[int, str]:
    """Give the file its name for good; its size and hash."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
        size, sha256 = os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
    new.replace(target)
    return size, sha256
