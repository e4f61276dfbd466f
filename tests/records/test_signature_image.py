"""Names drawn from strokes, and pictures of fingers: which are taken, when they are looked at, what memory that takes."""

import tracemalloc

import cv2
import numpy as np
import pytest
from sqlalchemy import event

from server.errors import InvalidInput
from server.protocol.reading import Fingerprint
from server.reception.record import signing
from server.reception.record.signature_image import decode_fingerprint, draw_name, side_by_side, trimmed
from tests.records.office import data_url, drawn, png, strokes


def deep() -> bytes:
    """A signature of 16 bits a channel."""
    image = cv2.imdecode(np.frombuffer(png(), np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.imencode(".png", image.astype(np.uint16) * 257)[1].tobytes()


def as_grey(image: bytes, paper: int) -> bytes:
    """The same name drawn on opaque paper."""
    ink = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_UNCHANGED)[:, :, 3]
    return cv2.imencode(".png", np.where(ink > 0, 255 - paper, paper).astype(np.uint8))[1].tobytes()


@pytest.mark.parametrize("image", [png(), as_grey(png(), 255), as_grey(png(), 0), png(2000, 1000)])
def test_a_name_is_seen_on_clear_white_and_black_paper(image):
    assert decode_fingerprint(data_url(image)) == image


def test_the_picture_is_read_before_the_store_is_locked(world, record_id):
    begun: list[object] = []
    event.listen(world.office.store.engine, "begin", begun.append)
    with world.write() as session, pytest.raises(InvalidInput):
        signing.press(session, world.kiosk, record_id, Fingerprint(image=data_url(png(drawn=False)), sha256="0" * 64), file_at_once=True)
    with world.write() as session, pytest.raises(InvalidInput):
        signing.sign(session, world.kiosk, record_id, drawn("0" * 64).model_copy(update={"strokes": ()}), file_at_once=True)
    assert begun == []


def test_a_large_picture_takes_little_memory():
    tracemalloc.start()
    decode_fingerprint(data_url(png(2000, 1000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


@pytest.mark.parametrize("image", [png(4000, 3000), png(2000, 1001), deep()])
def test_pictures_that_unpack_large_are_refused(image):
    with pytest.raises(InvalidInput) as caught:
        decode_fingerprint(data_url(image))
    assert caught.value.code == "picture_unreadable"


def test_a_name_is_drawn_where_the_finger_was():
    image = cv2.imdecode(np.frombuffer(draw_name(strokes(), 0.5), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.shape == (450, 900)
    rows, columns = np.nonzero(image < 128)
    assert (columns.min(), columns.max()) == (pytest.approx(180, abs=4), pytest.approx(619, abs=4))
    assert (rows.min(), rows.max()) == (pytest.approx(180, abs=4), pytest.approx(270, abs=4))


def test_print_leaves_out_the_empty_paper():
    image = cv2.imdecode(np.frombuffer(trimmed(draw_name(strokes(), 0.5)), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.shape == (pytest.approx(90 + 24, abs=10), pytest.approx(439 + 24, abs=10))
    assert trimmed(png(drawn=False)) == png(drawn=False)


def test_names_stand_side_by_side_at_one_height():
    both = side_by_side([draw_name(strokes(), 0.5), draw_name(strokes(), 0.25), png()])
    assert cv2.imdecode(np.frombuffer(both, np.uint8), cv2.IMREAD_UNCHANGED).shape == (450, 900 + 1800 + 1350)
