"""Pictures under a record: a name drawn from its strokes, and a fingerprint, which is checked to be a picture of a
sensible size with something on it and compared with nothing."""

import base64
import binascii
import struct
from collections.abc import Sequence

import cv2
import numpy as np

from server.domain.strokes import Point, trouble
from server.errors import InvalidInput, TooLarge

MAGIC = b"\x89PNG\r\n\x1a\n"
LARGEST_BYTES = 300_000
SMALLEST, LARGEST = (40, 20), (4000, 3000)
"""Width and height in pixels; checked before decoding, so that a small file cannot unpack into gigabytes."""
MOST_PIXELS = 2_000_000
BITS = 8
DIFFERENT = 64
"""Steps of 255 by which ink differs from the paper."""
LEAST_INK = 60
"""Fewest pixels that a print takes."""
LEAST_REACH = 16
"""Fewest pixels from end to end of it."""
PREFIX = "data:image/png;base64,"


SHIFT = 3
SUBPIXEL = 1 << SHIFT
WIDTH = 900
"""Pixels of a drawn name."""
PEN = 6 / 970
"""Thickness of its strokes as a share of the width: as they were seen while they were drawn."""
WRONG = {
    "strokes_many": "写得太多了，请重写一遍，只签名字。",
    "strokes_order": "签名没有传完整，请再签一次。",
    "signature_blank": "还没有签上名字，请用手指在框里写。",
}


def draw_name(strokes: Sequence[Sequence[Point]], aspect: float) -> bytes:
    """A PNG of a name, black on white, 900 pixels wide.  Raises InvalidInput for what is no name.

    Drawn here from the strokes, so that picture and strokes cannot say different things.
    """
    wrong = trouble(strokes)
    if wrong:
        raise InvalidInput(WRONG[wrong], code=wrong)
    paper = np.full((max(1, round(WIDTH * aspect)), WIDTH), 255, np.uint8)
    thick = max(1, round(WIDTH * PEN))
    for stroke in strokes:
        points = np.rint(np.array([point[:2] for point in stroke]) * WIDTH * SUBPIXEL).astype(np.int32)
        path = np.vstack([points, points]) if len(points) == 1 else points
        cv2.polylines(paper, [path.reshape(-1, 1, 2)], False, 0, thick, cv2.LINE_AA, SHIFT)
    return bytes(cv2.imencode(".png", paper)[1].tobytes())


MARGIN = 12
"""Pixels of paper around what is printed."""


def trimmed(picture: bytes) -> bytes:
    """A PNG of ours without the empty paper around what is on it: in print a name fills its line."""
    read = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
    if read is None:
        return picture
    grey = _grey(read)
    rows, columns = np.nonzero(_ink(read))
    if not len(rows):
        return picture
    (top, bottom), (left, right) = (rows.min(), rows.max()), (columns.min(), columns.max())
    part = grey[max(0, top - MARGIN) : bottom + MARGIN, max(0, left - MARGIN) : right + MARGIN]
    return bytes(cv2.imencode(".png", part)[1].tobytes())


def side_by_side(pictures: Sequence[bytes]) -> bytes:
    """Several PNGs of ours as one, of equal height."""
    read = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_UNCHANGED) for one in pictures]
    grey = [_grey(one) for one in read if one is not None]
    height = max(len(one) for one in grey)
    scaled = [cv2.resize(one, (max(1, round(one.shape[1] * height / one.shape[0])), height)) for one in grey]
    return bytes(cv2.imencode(".png", np.hstack(scaled))[1].tobytes())


def decode_fingerprint(data_url: str) -> bytes:
    """The PNG in a data URL.  Raises InvalidInput for what is no picture or blank, TooLarge over 300 kB."""
    try:
        image = base64.b64decode(data_url.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise InvalidInput("手印没有传完整，请再按一次。", code="picture_unreadable") from None
    if len(image) > LARGEST_BYTES:
        raise TooLarge("手印的图太大了，请再按一次。", code="picture_large")
    _check_size(image)
    _check_ink(image)
    return image


def _check_size(image: bytes) -> None:
    if not image.startswith(MAGIC) or len(image) < 33 or image[12:16] != b"IHDR":
        raise InvalidInput("收到的不是手印的图，请再按一次。", code="picture_unreadable")
    width, height, bits = struct.unpack(">IIB", image[16:25])
    fits = SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]
    if not fits or width * height > MOST_PIXELS or bits != BITS:
        raise InvalidInput("手印的图大小不对，请再按一次。", code="picture_unreadable")


def _check_ink(image: bytes) -> None:
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InvalidInput("手印的图读不出来，请再按一次。", code="picture_unreadable")
    rows, columns = np.nonzero(_ink(pixels))
    if len(rows) < LEAST_INK or max(np.ptp(rows), np.ptp(columns)) < LEAST_REACH:
        raise InvalidInput("手印没有按上，请擦干手指再按一次。", code="picture_blank")


def _ink(pixels: np.ndarray) -> np.ndarray:
    """Where something was drawn: what differs from the corner, on the paper that lies under a clear picture."""
    grey = _grey(pixels)
    paper = int(grey[0, 0])
    return cv2.absdiff(grey, np.full_like(grey, paper)) > DIFFERENT


def _grey(pixels: np.ndarray) -> np.ndarray:
    """Brightness, one byte a pixel, on white paper."""
    if pixels.ndim == 2:
        return pixels
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY if pixels.shape[2] == 4 else cv2.COLOR_BGR2GRAY)
    if pixels.shape[2] != 4:
        return grey
    alpha = pixels[:, :, 3]
    return cv2.add(cv2.multiply(grey, alpha, scale=1 / 255), 255 - alpha)
