"""Checks that a drawn signature is a picture, of a sensible size, with something drawn on it."""

import base64
import binascii
import struct

import cv2
import numpy as np

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
"""Fewest pixels that a name takes; a dot from touching the screen has less."""
LEAST_REACH = 16
"""Fewest pixels from end to end of what was drawn."""
PREFIX = "data:image/png;base64,"


def decode_signature(data_url: str) -> bytes:
    """The PNG in a data URL.  Raises InvalidInput for what is not a drawn name, TooLarge over 300 kB."""
    try:
        image = base64.b64decode(data_url.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise InvalidInput("签名没有传完整，请再签一次。", code="signature_unreadable") from None
    if len(image) > LARGEST_BYTES:
        raise TooLarge("签名的图太大了，请擦掉再签一次。", code="signature_large")
    _check_size(image)
    _check_ink(image)
    return image


def _check_size(image: bytes) -> None:
    if not image.startswith(MAGIC) or len(image) < 33 or image[12:16] != b"IHDR":
        raise InvalidInput("收到的不是签名的图，请再签一次。", code="signature_unreadable")
    width, height, bits = struct.unpack(">IIB", image[16:25])
    fits = SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]
    if not fits or width * height > MOST_PIXELS or bits != BITS:
        raise InvalidInput("签名的图大小不对，请再签一次。", code="signature_unreadable")


def _check_ink(image: bytes) -> None:
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InvalidInput("签名的图读不出来，请再签一次。", code="signature_unreadable")
    rows, columns = np.nonzero(_ink(pixels))
    if len(rows) < LEAST_INK or max(np.ptp(rows), np.ptp(columns)) < LEAST_REACH:
        raise InvalidInput("还没有签上名字，请用手指在框里写。", code="signature_blank")


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
