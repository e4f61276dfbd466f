"""Covered, dark, blurred, frozen, turned away, and how somebody sits: on a drawn room and a photograph put into it."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.checks import framing, picture
from kiosk.checks.framing import Face, Framing
from kiosk.checks.picture import PictureFault

PERSON = cv2.imread(str(Path(__file__).parent / "pictures" / "person.jpg"))
"""320 x 320; the face is about 0.46 of its height."""
SIZE = (640, 360)


def noise(image: np.ndarray, seed: int = 1, strength: float = 2.0) -> np.ndarray:
    values = image.astype(np.float32) + np.random.default_rng(seed).normal(0, strength, image.shape)
    return np.clip(values, 0, 255).astype(np.uint8)


def room(light: float = 1.0, move: int = 0, seed: int = 1) -> np.ndarray:
    """An interview room: wall, door, notice, chair, table; `move` turns the camera by pixels."""
    wide = np.full((360, 1200, 3), (188, 196, 200), np.uint8)
    cv2.rectangle(wide, (0, 280), (1200, 360), (96, 120, 150), -1)
    for left, right, colour in ((330, 420, (90, 110, 140)), (760, 860, (70, 80, 90)), (60, 130, (120, 90, 60))):
        cv2.rectangle(wide, (left, 90), (right, 300), colour, -1)
    cv2.rectangle(wide, (480, 60), (640, 150), (245, 245, 240), -1)
    for row in range(72, 142, 12):
        cv2.line(wide, (492, row), (628, row), (60, 60, 60), 2)
    cv2.ellipse(wide, (680, 280), (50, 90), 0, 0, 360, (40, 50, 120), -1)
    cut = wide[:, 280 + move : 280 + move + SIZE[0]]
    return noise(np.clip(cut * light, 0, 255).astype(np.uint8), seed)


def person_at(x: float, y: float, height: float) -> np.ndarray:
    """The room with the person's face of this height (share of the picture) and middle."""
    image = room()
    scale = height * SIZE[1] / (0.46 * 320)
    body = cv2.resize(PERSON, None, fx=scale, fy=scale)
    left, top = int(x * SIZE[0] - body.shape[1] / 2), int(y * SIZE[1] - 0.42 * body.shape[0])
    for row in range(max(0, top), min(SIZE[1], top + body.shape[0])):
        first, last = max(0, left), min(SIZE[0], left + body.shape[1])
        image[row, first:last] = body[row - top, first - left : last - left]
    return image


def test_a_room_in_order_has_no_fault():
    outline = picture.outline_of(room(seed=9))
    for light in (0.45, 0.7, 1.0, 1.15):
        seen = [(second, room(light, seed=second)) for second in range(4)]
        assert picture.faults(seen, outline) == []


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        (noise(np.full((360, 640, 3), (30, 40, 150), np.uint8)), PictureFault.COVERED),
        (noise(np.zeros((360, 640, 3), np.uint8)), PictureFault.COVERED),
        (room(0.12), PictureFault.DARK),
        (cv2.GaussianBlur(room(), (0, 0), 7), PictureFault.BLURRED),
        (noise(cv2.GaussianBlur(room(), (0, 0), 7)), PictureFault.BLURRED),
        (np.clip(room().astype(int) + 120, 0, 255).astype(np.uint8), PictureFault.GLARE),
        (room(move=200), PictureFault.TURNED),
        (cv2.rotate(room(), cv2.ROTATE_180), PictureFault.TURNED),
    ],
)
def test_what_is_wrong_is_named(image, fault):
    outline = picture.outline_of(room(seed=9))
    assert fault in picture.faults([(0.0, image), (1.0, noise(image, 5))], outline)
    assert picture.WORDS[fault]


def test_a_picture_that_stands_still_is_frozen_and_a_still_room_is_not():
    assert picture.faults([(second, room(seed=4)) for second in range(4)]) == [PictureFault.FROZEN]
    assert picture.faults([(second / 2, room(seed=4)) for second in range(2)]) == []
    assert picture.faults([(second, room(seed=second)) for second in range(4)]) == []


def test_somebody_in_front_of_it_is_no_fault():
    assert picture.faults([(second, noise(person_at(0.5, 0.45, 0.35), second)) for second in range(4)]) == []


def test_without_a_picture_there_is_nothing_to_say():
    with pytest.raises(ValueError):
        picture.faults([])


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0.5, 0.45, 0.35), Framing.GOOD),
        ((0.5, 0.45, 0.1), Framing.FAR),
        ((0.5, 0.5, 0.8), Framing.NEAR),
        ((0.15, 0.45, 0.3), Framing.LEFT),
        ((0.85, 0.45, 0.3), Framing.RIGHT),
    ],
)
def test_how_somebody_sits(place, expected):
    assert framing.framing(person_at(*place)) is expected
    assert framing.WORDS[expected]


def test_an_empty_room_has_nobody_in_it():
    for light in (0.45, 1.0):
        assert framing.framing(room(light)) is Framing.NOBODY


def test_two_are_several_and_somebody_far_behind_is_not():
    near = Face(0.3, 0.3, 0.5, 0.7, 0.9)
    assert framing.judged([near, Face(0.6, 0.3, 0.8, 0.68, 0.8)]) is Framing.SEVERAL
    assert framing.judged([near, Face(0.7, 0.3, 0.75, 0.4, 0.8)]) is Framing.GOOD
    assert framing.judged([Face(0.4, 0.62, 0.55, 0.99, 0.8)]) is Framing.LOW
    assert framing.judged([Face(0.4, 0.0, 0.55, 0.4, 0.8)]) is Framing.HIGH


def test_the_network_is_the_one_that_was_looked_at():
    assert hashlib.sha256(framing.MODEL.read_bytes()).hexdigest() == "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
