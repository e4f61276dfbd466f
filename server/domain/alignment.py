"""Where in one recording the sound of another is found: two recordings of one microphone, laid over each other.

Both passed through lossy codecs and different clocks, so what is compared is their shape: normalised
cross-correlation, by FFT.  Two recordings of the same speech are alike to 0.8 and more, other speech to 0.2.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

RATE = 4000
"""Samples per second that are compared: enough for 1 ms, and little work."""
ALIKE = 0.5
QUIET = 0.003
"""RMS (full scale 1) below which a stretch has too little sound to be compared."""
LEAST_S = 1.5
"""So much of a stretch has to be recorded: half a word is alike to many others (a line that was cut as the talk began)."""

PIECE = RATE
"""Samples that are compared at once."""
SLIP = RATE * 4 // 1000
"""So many samples may a piece lie beside where the others lie: 4 ms (measured in Chromium within 15 s: 4 ms in all)."""

Samples = npt.NDArray[np.float32]
Samples64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """`lag`: seconds from the start of what was searched to where the reference begins; `likeness`: 0 to 1."""

    lag: float
    likeness: float


def is_quiet(samples: Samples) -> bool:
    """Whether there is too little sound to compare."""
    return not len(samples) or float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) < QUIET


def is_comparable(reference: Samples) -> bool:
    """Whether there is enough in it to be found elsewhere; samples that are exactly 0 were not recorded."""
    return int(np.count_nonzero(reference)) >= LEAST_S * RATE and not is_quiet(reference)


def find(reference: Samples, searched: Samples) -> Match:
    """Where `reference` lies in the longer `searched`; samples that are exactly 0 in it were not recorded.

    Compared second by second: the two slide by milliseconds against each other (buffers that run dry or over), and
    laid as one piece over each other twenty seconds of the same speech were measured alike to 0.50, in pieces to 0.82;
    other speech to 0.2 both ways.
    """
    wanted, place = _sharpened(reference), _sharpened(searched)
    lags = len(place) - len(wanted) + 1
    pieces = [(at, part) for at in range(0, len(wanted), PIECE) if (part := wanted[at : at + PIECE]).any()]
    if lags < 1 or not pieces:
        return Match(0.0, 0.0)
    likeness = np.zeros(lags)
    for at, part in pieces:
        likeness += _strength(part) * _about(_likeness(part, place[at : at + lags + len(part) - 1]))
    likeness /= sum(_strength(part) for _, part in pieces)
    best = float(np.median(np.flatnonzero(likeness >= likeness.max() - 1e-9)))
    return Match(best / RATE, float(likeness.max()))


def _likeness(wanted: Samples64, place: Samples64) -> Samples64:
    """By lag, -1 to 1: how alike `wanted` is to what lies there in `place`."""
    lags = len(place) - len(wanted) + 1
    energy = np.maximum(_correlate(np.square(place), (wanted != 0).astype(np.float64))[:lags], 1e-9)
    return _correlate(place, wanted)[:lags] / (np.sqrt(energy) * _strength(wanted))


def _about(likeness: Samples64) -> Samples64:
    """The greatest likeness within SLIP of each lag."""
    return sliding_window_view(np.pad(likeness, SLIP, constant_values=-1.0), 2 * SLIP + 1).max(axis=1)


def _strength(samples: Samples64) -> float:
    return float(np.sqrt(np.sum(np.square(samples))))


def _sharpened(samples: Samples) -> Samples64:
    """Differences: hum and offsets count little, the beginnings of sounds much."""
    return np.diff(samples.astype(np.float64), prepend=samples[:1])


def _correlate(place: Samples64, wanted: Samples64) -> Samples64:
    size = 1 << (len(place) + len(wanted)).bit_length()
    return np.fft.irfft(np.fft.rfft(place, size) * np.conj(np.fft.rfft(wanted, size)), size)
