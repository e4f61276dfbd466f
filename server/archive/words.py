"""Words in the picture, set by Typst with the fonts of the printed letters, so that rare names are written too."""

import threading
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.letters.typesetting import typeset

Picture = NDArray[np.uint8]
"""Height x width x 3, blue, green, red."""

KEPT = 256
"""Pictures of words that are remembered: names, the heading, notices and digits."""


class Words:
    """Draws words and remembers them; may be asked from several threads."""

    def __init__(self, font_dir: str) -> None:
        self._font_dir = font_dir
        self._known: dict[tuple[Any, ...], Picture] = {}
        self._guard = threading.Lock()

    def picture(
        self, text: str, size: int, colour: str, fill: str, *, width: int = 0, weight: str = "regular"
    ) -> Picture:
        """The words as a picture of their own size, or `width` pixels wide and broken into lines."""
        key = (text, size, colour, fill, width, weight)
        with self._guard:
            if key not in self._known:
                if len(self._known) >= KEPT:
                    self._known.pop(next(iter(self._known)))
                self._known[key] = self._draw(*key)
            return self._known[key]

    def clock(self, text: str, size: int, colour: str, fill: str) -> Picture:
        """A time of day, put together from digits that were drawn once."""
        return np.hstack([self.picture(digit, size, colour, fill) for digit in text])

    def _draw(self, text: str, size: int, colour: str, fill: str, width: int, weight: str) -> Picture:
        data = {"text": text, "size": size, "colour": colour, "fill": fill, "width": width, "weight": weight}
        made = typeset("words", data, self._font_dir, format="png", ppi=72.0)
        drawn = cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR)
        if drawn is None:
            raise RuntimeError("typst gave no picture")
        return np.asarray(drawn, np.uint8)


@cache
def bgr(colour: str) -> tuple[int, int, int]:
    """#rrggbb as OpenCV has it."""
    return int(colour[5:7], 16), int(colour[3:5], 16), int(colour[1:3], 16)


def put(canvas: Picture, words: Picture, x: int, y: int) -> None:
    """Copy words to their place; what would stand outside is cut off."""
    height, width = min(words.shape[0], canvas.shape[0] - y), min(words.shape[1], canvas.shape[1] - x)
    if height > 0 and width > 0:
        canvas[y : y + height, x : x + width] = words[:height, :width]
