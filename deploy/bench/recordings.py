"""Recordings for the benches: files as the media node writes them, made of what is shipped, as fast as the disk takes them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import av

from server.media import webm

ROOT = Path(__file__).resolve().parents[2]
PER_S = 50
"""Opus packets of 20 ms in a second."""


def write_track(path: Path, track: bytes, blocks: Iterable[webm.Block], per: int) -> Path:
    """One track in clusters of `per` blocks, closed as the media node closes it."""
    blocks = iter(blocks)
    with path.open("wb") as file:
        file.write(webm.head(track, {"id": path.stem}))
        while waiting := list(islice(blocks, per)):
            file.write(webm.cluster(waiting))
    webm.finalise(path)
    return path


def spoken(seat: str, seconds: float, dialogue: str = "land") -> Iterator[webm.Block]:
    """A shipped dialogue's voice of this seat, over and over."""
    with av.open(str(ROOT / f"deploy/demo/{dialogue}/{seat}.opus")) as sound:
        packets = [bytes(packet) for packet in sound.demux(audio=0) if packet.size]
    return (webm.Block(n / PER_S, packets[n % len(packets)]) for n in range(round(seconds * PER_S)))


def write_voice(path: Path, seat: str, seconds: float, dialogue: str = "land") -> Path:
    """A sound file of this length."""
    return write_track(path, webm.opus_track(), spoken(seat, seconds, dialogue), PER_S)
