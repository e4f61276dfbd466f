"""Where everything stands in the picture: 1280x720, a heading, notices, and a tile for everybody."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1280, 720
HEADING = 48
"""Height of the line with place, date and time."""
NOTICES = 48
"""Height of the place for sentences about what is missing; two fit."""
TOP = HEADING + NOTICES
BOTTOM = 8
LABEL = 30
"""Height of the name under a tile."""
GAP = 8
COLUMN = 304
"""Width of the people beside a document."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; everything is even, because colour has half the resolution (4:2:0)."""

    x: int
    y: int
    width: int
    height: int

    def fit(self, width: int, height: int) -> "Box":
        """The largest box of this shape inside, in the middle."""
        scale = min(self.width / width, self.height / height)
        inner_width, inner_height = _even(width * scale), _even(height * scale)
        x, y = self.x + (self.width - inner_width) / 2, self.y + (self.height - inner_height) / 2
        return Box(_even(x), _even(y), max(2, inner_width), max(2, inner_height))


@dataclass(frozen=True, slots=True)
class Tile:
    """One track in the picture."""

    seat_id: str
    document: bool
    box: Box


def _even(number: float) -> int:
    return int(number) // 2 * 2


def tiles(seats: Sequence[str], document: str | None) -> tuple[Tile, ...]:
    """Everybody side by side or in rows; while a document is shown (by the seat `document`), it is large and the
    people stand beside it."""
    height = HEIGHT - TOP - BOTTOM
    if document is None:
        return tuple(Tile(seat, False, box) for seat, box in zip(seats, _rows(len(seats), height), strict=True))
    large = Box(GAP, TOP, WIDTH - COLUMN - 3 * GAP, height - LABEL)
    beside = zip(seats, _column(len(seats), height), strict=True)
    return (Tile(document, True, large), *(Tile(seat, False, box) for seat, box in beside))


def _rows(count: int, height: int) -> Iterator[Box]:
    columns = {1: 1, 2: 2, 3: 2, 4: 2}.get(count, 3)
    rows = math.ceil(count / columns) if count else 0
    for number in range(count):
        row, column = divmod(number, columns)
        in_row = min(columns, count - row * columns)
        width = (WIDTH - GAP * (columns + 1)) / columns
        left = (WIDTH - in_row * width - (in_row - 1) * GAP) / 2
        cell = Box(_even(left + column * (width + GAP)), _even(TOP + row * height / rows), _even(width), _even(height / rows))
        yield _picture(cell)


def _column(count: int, height: int) -> Iterator[Box]:
    each = min(COLUMN * 9 / 16 + LABEL, height / max(1, count))
    for number in range(count):
        yield _picture(Box(WIDTH - COLUMN - GAP, _even(TOP + number * each), COLUMN, _even(each)))


def _picture(cell: Box) -> Box:
    """The 16:9 picture in a cell, with room for the name under it."""
    return Box(cell.x, cell.y, cell.width, cell.height - LABEL).fit(16, 9)
