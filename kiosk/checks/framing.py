"""Is somebody in front of the camera and well in the picture: where faces are and how large, nothing about whose.

No picture, face or figure of one is kept; the only thing that leaves this module is a word.
"""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.checks.picture import Picture

MODEL = Path(__file__).parent / "data" / "centerface.onnx"
SIZE = (480, 288)
"""Width and height that are looked at: a face from a tenth of the height on is found."""
SURE = 0.5
OVERLAP = 0.3
FAR, NEAR = 0.16, 0.62
"""Of the picture's height: smaller, and nobody can read the face; larger, and it does not stay inside."""
SIDE = 0.27
"""Of the width, from the edge: the middle of the face is further in."""
STRIDE = 4
HEADS = ("537", "538", "539", "540")
"""Of the network: how sure, size, offset; the last, landmarks of a face, is thrown away unread."""


class Framing(StrEnum):
    NOBODY = "nobody"
    GOOD = "good"
    FAR = "far"
    NEAR = "near"
    LEFT = "left"
    RIGHT = "right"
    LOW = "low"
    HIGH = "high"
    SEVERAL = "several"


WORDS = {
    Framing.NOBODY: "画面里没有人。",
    Framing.GOOD: "坐得正好。",
    Framing.FAR: "请坐近一点。",
    Framing.NEAR: "请往后坐一点。",
    Framing.LEFT: "请往您的左手边坐一点。",
    Framing.RIGHT: "请往您的右手边坐一点。",
    Framing.LOW: "请坐高一点，或者把摄像头往下转。",
    Framing.HIGH: "请把摄像头往上转一点。",
    Framing.SEVERAL: "画面里有几个人。",
}
"""In the person's own directions: the left of the picture is on their right."""


class Face(NamedTuple):
    """Where a face is, as shares of width and height, and how sure that is one."""

    left: float
    top: float
    right: float
    bottom: float
    sure: float


@cache
def _network() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(MODEL))


def faces(picture: Picture) -> list[Face]:
    """Faces in the picture, the largest first; about 40 ms on one core."""
    blob = cv2.dnn.blobFromImage(picture, 1.0, SIZE, (0, 0, 0), swapRB=True, crop=False)
    network = _network()
    network.setInput(blob)
    heat, size, offset = (np.asarray(head)[0] for head in network.forward(list(HEADS))[:3])
    found = [_face(heat[0], size, offset, row, column) for row, column in np.argwhere(heat[0] > SURE)]
    return sorted(_apart(found), key=lambda face: face.top - face.bottom)


def _face(heat: NDArray[np.float32], size: NDArray[np.float32], offset: NDArray[np.float32], row: int, column: int) -> Face:
    """One box of the network's output (CenterFace, section 3.2)."""
    height, width = np.exp(size[:, row, column]) * STRIDE
    y, x = (row + offset[0, row, column] + 0.5) * STRIDE, (column + offset[1, row, column] + 0.5) * STRIDE
    left, right = (x - width / 2) / SIZE[0], (x + width / 2) / SIZE[0]
    top, bottom = (y - height / 2) / SIZE[1], (y + height / 2) / SIZE[1]
    return Face(float(left), float(top), float(right), float(bottom), float(heat[row, column]))


def _apart(found: list[Face]) -> list[Face]:
    """Of boxes over one another the surest."""
    kept: list[Face] = []
    for face in sorted(found, key=lambda one: -one.sure):
        if all(_overlap(face, other) < OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(one: Face, other: Face) -> float:
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    both = max(0.0, wide) * max(0.0, high)
    return both / (_area(one) + _area(other) - both)


def _area(face: Face) -> float:
    return (face.right - face.left) * (face.bottom - face.top)


def framing(picture: Picture) -> Framing:
    """How the person sits in the picture."""
    return judged(faces(picture))


def judged(found: list[Face]) -> Framing:
    """The same from faces; a much smaller one behind is somebody in the background."""
    if not found:
        return Framing.NOBODY
    face = found[0]
    height = face.bottom - face.top
    if any(one.bottom - one.top > height / 2 for one in found[1:]):
        return Framing.SEVERAL
    if height > NEAR:
        return Framing.NEAR
    if height < FAR:
        return Framing.FAR
    return _placed(face)


def _placed(face: Face) -> Framing:
    middle = (face.left + face.right) / 2
    if middle < SIDE:
        return Framing.LEFT
    if middle > 1 - SIDE:
        return Framing.RIGHT
    if face.top < 0.01:
        return Framing.HIGH
    return Framing.LOW if face.bottom > 0.97 else Framing.GOOD
