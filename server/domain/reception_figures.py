"""Figures of leaders' receptions beside the share by video: how long people waited, and how the office was rated."""

from collections.abc import Sequence
from dataclasses import dataclass

LONG_WAIT_MINUTES = 30
LEAST_RATED = 5
"""Of fewer ratings a leader's satisfaction is not told: they would be single persons' answers."""


@dataclass(frozen=True)
class Waits:
    """Of so many who waited: minutes that half and nine tenths of them did not have to wait longer than."""

    people: int = 0
    half: int = 0
    nine_tenths: int = 0
    long: int = 0
    """How many waited longer than LONG_WAIT_MINUTES."""


def waits(seconds: Sequence[float]) -> Waits:
    """Sum up; the share is of people, so a half is the middle one, the upper of two."""
    if not seconds:
        return Waits()
    minutes = sorted(max(0.0, one) / 60 for one in seconds)
    last = len(minutes) - 1
    half, tenths = minutes[len(minutes) // 2], minutes[min(last, len(minutes) * 9 // 10)]
    return Waits(len(minutes), round(half), round(tenths), sum(one > LONG_WAIT_MINUTES for one in minutes))
