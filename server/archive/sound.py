"""The sound of the film: everybody's voices mixed second by second, however long the reception was."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from server.archive.plan import Source
from server.archive.recorded import Broken, Recorded, frames
from server.protocol.base import TrackKind

RATE = 48_000
BIT_RATE = 96_000
FRAME = 1024
"""Samples of an AAC frame."""
HARD_STEP = round(0.1 * RATE)
"""A sound that is this far from where it belongs is put there at once; less is drawn out or drawn together."""
SOFT_STEP = round(0.004 * RATE)
LOUDEST = 0.98

Samples = NDArray[np.float32]


class Voice:
    """One person's sound as one stream of samples from media time 0 on, silence where nothing was recorded."""

    def __init__(self, sources: "list[Source]", broken: Broken) -> None:
        self._frames = frames(sources, 0.0, broken)
        self._held: list[Samples] = []
        self._held_count = 0
        self._end = 0
        """Position after the last held sample."""

    def take(self, count: int) -> Samples:
        """The next samples."""
        while self._held_count < count and self._hold_next():
            pass
        held = np.concatenate(self._held) if self._held else np.zeros(0, np.float32)
        taken, rest = held[:count], held[count:]
        self._held, self._held_count = ([rest] if len(rest) else []), len(rest)
        if len(taken) < count:
            taken = np.concatenate([taken, np.zeros(count - len(taken), np.float32)])
            self._end += count - len(held)
        return taken

    def _hold_next(self) -> bool:
        found = next(self._frames, None)
        if found is None:
            return False
        samples = _mono(found)
        late = round(found.at * RATE) - self._end
        if late > HARD_STEP:
            self._hold(np.zeros(late, np.float32))
        elif late < -HARD_STEP:
            samples = samples[-late:]
        elif abs(late) > SOFT_STEP:
            samples = _drawn(samples, _step(late, len(samples)))
        self._hold(samples)
        return True

    def _hold(self, samples: Samples) -> None:
        self._held.append(samples)
        self._held_count += len(samples)
        self._end += len(samples)


def _step(late: int, count: int) -> int:
    """How many samples a frame gets more or less: 2 % at most, which nobody hears."""
    most = max(1, count // 50)
    return max(-most, min(most, late))


def _drawn(samples: Samples, more: int) -> Samples:
    places = np.linspace(0, len(samples) - 1, len(samples) + more)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def _mono(found: Recorded) -> Samples:
    """The frame's samples as one channel of floats at 48 kHz, which Opus always decodes to (RFC 7845)."""
    data = found.frame.to_ndarray()
    if data.dtype != np.float32:
        data = data.astype(np.float32) / 32768
    if not found.frame.format.is_planar:
        data = data.reshape(-1, len(found.frame.layout.channels)).T
    return np.asarray(data.mean(axis=0), np.float32)


def mixed(sources: Sequence[Source], seconds: float, broken: Broken) -> Iterator[Samples]:
    """Everybody's sound, a second at a time, kept below full scale."""
    voices = [Voice(found, broken) for found in _by_seat(sources)]
    total = round(seconds * RATE)
    for start in range(0, total, RATE):
        count = min(RATE, total - start)
        both = np.zeros(count, np.float32)
        for voice in voices:
            both += voice.take(count)
        yield _limited(both)


def _by_seat(sources: Sequence[Source]) -> "list[list[Source]]":
    """One list per voice; what fills a gap is a voice of its own, for a short gap lies within a file."""
    found: dict[tuple[str, bool], list[Source]] = {}
    for source in sorted(sources, key=lambda one: one.begins):
        if source.kind == TrackKind.AUDIO:
            found.setdefault((source.seat_id, source.only is not None), []).append(source)
    return list(found.values())


def _limited(samples: Samples) -> Samples:
    """Loud passages are bent instead of cut: below half of full scale nothing changes."""
    loud = np.abs(samples) > 0.5
    bent = np.sign(samples) * (0.5 + (LOUDEST - 0.5) * np.tanh((np.abs(samples) - 0.5) / (LOUDEST - 0.5)))
    return np.where(loud, bent, samples).astype(np.float32)


def write(target: Path, blocks: Iterator[Samples], tick: Callable[[], None]) -> None:
    """Encode the sound into an MP4 of its own; AAC-LC, 96 kbit/s, mono."""
    with av.open(str(target), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        at = 0
        for block in blocks:
            container.mux(stream.encode(_frame(block, at)))
            at += len(block)
            tick()
        container.mux(stream.encode(None))


def _frame(block: Samples, at: int) -> Any:
    frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame
