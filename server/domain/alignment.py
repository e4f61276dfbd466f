"""Where in one recording the sound of another is found: two recordings of one microphone, laid over each other.

Both passed through lossy codecs and different clocks, so what is compared is their shape: normalised
cross-correlation, by FFT.  Two recordings of the same speech are alike to 0.9 and more, other speech to 0.2.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 4000
"""Samples per second that are compared: enough for 1 ms, and little work."""
ALIKE = 0.5
QUIET = 0.003
"""RMS (full scale 1) below which a stretch has too little sound to be compared."""
LEAST_S = 1.5
"""So much of a stretch has to be recorded: half a word is alike to many others (a line that was cut as the talk began)."""

Samples = npt.NDArray[np.float32]


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
    """Where `reference` lies in the longer `searched`; samples that are exactly 0 in it were not recorded."""
    wanted, place = _sharpened(reference), _sharpened(searched)
    lags = len(place) - len(wanted) + 1
    if lags < 1 or not wanted.any():
        return Match(0.0, 0.0)
    known = (wanted != 0).astype(np.float64)
    shared = _correlate(place, wanted)[:lags]
    energy = np.maximum(_correlate(np.square(place), known)[:lags], 1e-9)
    likeness = shared / np.sqrt(energy * np.sum(np.square(wanted)))
    best = int(np.argmax(likeness))
    return Match(best / RATE, float(likeness[best]))


def _sharpened(samples: Samples) -> npt.NDArray[np.float64]:
    """Differences: hum and offsets count little, the beginnings of sounds much."""
    return np.diff(samples.astype(np.float64), prepend=samples[:1])


def _correlate(place: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    size = 1 << (len(place) + len(wanted)).bit_length()
    return np.fft.irfft(np.fft.rfft(place, size) * np.conj(np.fft.rfft(wanted, size)), size)
