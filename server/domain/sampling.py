"""每日评查: which of a day's filed records get a second pair of ears: random, and the same whenever it is asked again."""

import hashlib
import math
from collections.abc import Iterable
from datetime import date


def draw(ids: Iterable[str], *, share: float, most: int, seed: str, day: date) -> list[str]:
    """At least one where there is any, `share` of them rounded up, at most `most`; none for a share of 0.

    Each id gets a number from seed, day and itself, and the lowest are drawn.  So nobody who does not know the seed can
    tell beforehand what will be drawn, and whoever knows it can tell that nobody chose.
    """
    known = sorted(set(ids), key=lambda id_: hashlib.sha256(f"{seed}\n{day.isoformat()}\n{id_}".encode()).digest())
    return known[: min(most, math.ceil(len(known) * share))]
