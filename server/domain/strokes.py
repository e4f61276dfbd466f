"""A name as a hand drew it: strokes of points with their times, and what is no name."""

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float, int, float]
"""x and y as shares of the field's width, milliseconds since the first touch, pressure 0 to 1 (0: the device has none)."""

MOST_STROKES = 300
MOST_POINTS = 20_000
LONGEST_MS = 30 * 60_000
LEAST_POINTS = 12
LEAST_REACH = 0.03
"""Share of the width from end to end; a dot from touching the screen has less."""


def trouble(strokes: Sequence[Sequence[Point]]) -> str:
    """What is wrong with a signature, as a code; "" if nothing: `strokes_many`, `strokes_order`, `signature_blank`."""
    points = [point for stroke in strokes for point in stroke]
    if len(strokes) > MOST_STROKES or len(points) > MOST_POINTS:
        return "strokes_many"
    times = [point[2] for point in points]
    if any(later < earlier for earlier, later in pairwise(times)) or (times and times[-1] > LONGEST_MS):
        return "strokes_order"
    if len(points) < LEAST_POINTS or max(_reach(points, 0), _reach(points, 1)) < LEAST_REACH:
        return "signature_blank"
    return ""


def _reach(points: Sequence[Point], axis: int) -> float:
    values = [point[axis] for point in points]
    return max(values) - min(values)
