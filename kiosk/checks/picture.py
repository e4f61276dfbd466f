"""Is the camera covered, dark, blurred, frozen or turned away: from a few pictures, by measurement alone.

Thresholds were set on generated rooms and photographs (tests/kiosk/test_picture_checks.py); all are for pictures of
320 pixels' width, to which everything is brought first.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height x width x 3, blue green red."""
Grey = NDArray[np.uint8]
Measure = Literal["brightness", "contrast", "sharpness"]

WIDTH = 320
COVERED_SPREAD = 14
"""Of 255, between the 2nd and the 98th of a hundred smoothed pixels: a lens that sees anything sees more."""
DARK_MEAN = 40
DARK_HIGH = 110
GLARE_SHARE = 0.4
BLURRED = 0.62
"""Crete's measure, 0 sharp to 1 blurred: a lens in focus stays under 0.5 on anything with edges."""
FROZEN_S = 2.0
"""Pictures that are the same to the last bit over so long: a sensor always has noise."""
TURNED = 0.08
"""Phase correlation with the outlines of the empty room; the same view gives over 0.2 also in other light."""
SHIFTED = 0.12
"""Of the width."""
OUTLINE = (160, 90)


class PictureFault(StrEnum):
    MISSING = "missing"
    COVERED = "covered"
    DARK = "dark"
    GLARE = "glare"
    BLURRED = "blurred"
    FROZEN = "frozen"
    TURNED = "turned"


WORDS = {
    PictureFault.MISSING: "摄像头打不开，请叫工作人员看看线接好没有。",
    PictureFault.COVERED: "摄像头被挡住了，请把挡着的东西拿开。",
    PictureFault.DARK: "屋里太暗，请开灯。",
    PictureFault.GLARE: "光太强，请拉上窗帘，或者不要背对窗户。",
    PictureFault.BLURRED: "画面模糊，请擦一擦摄像头。",
    PictureFault.FROZEN: "画面不动了，摄像头要重新接一下。",
    PictureFault.TURNED: "摄像头被转开了，请转回原来的方向。",
}


def grey(picture: Picture) -> Grey:
    """320 pixels wide, grey."""
    height = max(1, round(picture.shape[0] * WIDTH / picture.shape[1]))
    small = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def faults(pictures: Sequence[tuple[float, Picture]], outline: NDArray[np.float32] | None = None) -> list[PictureFault]:
    """What is wrong with a camera: pictures with their seconds, oldest first.

    `outline`: of the empty room as it should look (`outline_of`); only to be given while nobody sits there.  ValueError:
    no picture.
    """
    if not pictures:
        raise ValueError("no picture")
    seen = [(at, grey(picture)) for at, picture in pictures]
    last = seen[-1][1]
    found = [PictureFault.FROZEN] if frozen(seen) else []
    if covered(last):
        return [*found, PictureFault.COVERED]
    if dark(last):
        return [*found, PictureFault.DARK]
    if glare(last):
        found.append(PictureFault.GLARE)
    if blurred(last) > BLURRED:
        return [*found, PictureFault.BLURRED]
    if outline is not None and turned(last, outline):
        found.append(PictureFault.TURNED)
    return found


def measured(picture: Picture) -> dict[Measure, float]:
    """The numbers behind: brightness, contrast and sharpness, shares of 1."""
    image = grey(picture)
    low, high = np.percentile(image, (2, 98))
    return {"brightness": float(image.mean() / 255), "contrast": float((high - low) / 255), "sharpness": 1 - blurred(image)}


def covered(image: Grey) -> bool:
    """Nothing but one surface, whatever its brightness."""
    low, high = np.percentile(cv2.GaussianBlur(image, (0, 0), 4), (2, 98))
    return bool(high - low < COVERED_SPREAD)


def dark(image: Grey) -> bool:
    return bool(image.mean() < DARK_MEAN and np.percentile(image, 98) < DARK_HIGH)


def glare(image: Grey) -> bool:
    """Much of it is white."""
    return bool((image > 250).mean() > GLARE_SHARE)


def blurred(image: Grey) -> float:
    """0 sharp to 1 blurred: how little blurring it once more takes away (Crete et al., HVEI 2007), where it has edges."""
    values = image.astype(np.float32)
    return max(_blurred_along(values, axis) for axis in (0, 1))


def _blurred_along(values: NDArray[np.float32], axis: int) -> float:
    again = cv2.blur(values, (1, 9) if axis == 0 else (9, 1))
    before, after = np.abs(np.diff(values, axis=axis)), np.abs(np.diff(again, axis=axis))
    edges = before > max(6.0, float(np.percentile(before, 95)))
    if not edges.any():
        return 1.0
    lost = np.maximum(0, before - after)[edges]
    return float(1 - lost.sum() / before[edges].sum())


def frozen(seen: Sequence[tuple[float, Grey]]) -> bool:
    """The same picture over two seconds and more."""
    if seen[-1][0] - seen[0][0] < FROZEN_S:
        return False
    return all(np.array_equal(one[1], seen[-1][1]) for one in seen[:-1])


def outline_of(picture: Picture) -> NDArray[np.float32]:
    """Where an empty room has its edges: 90 x 160 strengths, from which no picture can be had again."""
    return _outline(grey(picture))


def _outline(image: Grey) -> NDArray[np.float32]:
    small = cv2.resize(image, OUTLINE, interpolation=cv2.INTER_AREA).astype(np.float32)
    strength = cv2.magnitude(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1))
    return np.asarray(np.minimum(strength / (np.percentile(strength, 95) + 1), 1), np.float32)


def turned(image: Grey, outline: NDArray[np.float32]) -> bool:
    """Whether it looks somewhere else than at the room of this outline, or a good piece beside it."""
    window = cv2.createHanningWindow(OUTLINE, cv2.CV_32F)
    (right, down), response = cv2.phaseCorrelate(outline, _outline(image), window)
    return bool(response < TURNED or max(abs(right), abs(down)) > SHIFTED * OUTLINE[0])
