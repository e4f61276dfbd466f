"""What the printed record and form look like, compared with pictures that somebody looked at and found right.

WRITE_PICTURES=1 writes them anew; look at them before they are kept.
"""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from server.domain.agreed import Change
from server.domain.signers import SignerRole, SigningWay
from server.letters.typesetting import typeset
from server.reception.paper.letters import SAMPLE, Filed, letter_data, pictures
from server.reception.record.signature_image import draw_name, trimmed
from server.reception.record.signatures import Signed
from tests.kiosk.simulated_pad import ridges
from tests.records.office import strokes

TARGETS = Path(__file__).with_name("pictures")
DOTS_PER_INCH = 60.0
BLOCK = 15
"""Pixels: a quarter of an inch, in which single strokes of a character do not count."""
GREYS = 16
"""Shades that are kept: a page of letters needs no more, and its picture takes a third."""
TOLERANCE = 8
"""Steps of 255 by which a block may be lighter or darker: another version of the fonts' drawing is not another page."""


def at(minute: int) -> datetime:
    return SAMPLE.settled_at + timedelta(minutes=minute)


def written(role: SignerRole, name: str, minute: int) -> Signed:
    return Signed(role, name, SigningWay.HANDWRITTEN, draw_name(strokes(), 0.5), at=at(minute))


ALONE = replace(SAMPLE, signatures=(
    written(SignerRole.PETITIONER, "样本人", 0), written(SignerRole.RECEIVER, "接谈样", 3), Signed(SignerRole.RECORDER, "记录样", SigningWay.CONFIRMED, at=at(4)),
))  # fmt: skip
GROUP = replace(
    SAMPLE,
    signatures=(
        written(SignerRole.PETITIONER, "样本人", 0),
        Signed(SignerRole.REPRESENTATIVE, "代表甲", SigningWay.FINGERPRINT, ridges(), at=at(1)),
        Signed(SignerRole.REPRESENTATIVE, "代表乙", SigningWay.PAPER, at=at(2)),
        Signed(SignerRole.REPRESENTATIVE, "代表丙", SigningWay.UNABLE, reason="手不方便", witness="王干事", at=at(3)),
    ),
    changes=(Change("line", "l1", "第 2 句（09:41:05）原来写的是“补偿款没给。”"),),
    content={
        **SAMPLE.content, "removed": [{"id": "l9"}],
        "gaps": [{"start": 130.0, "end": 134.0, "cause": "network_lost", "participant_id": "p"}],
        "lines": SAMPLE.content["lines"] + [
            {"kind": "answer", "text": "村里修路占了我家河边长田一亩二分，补偿款三万六千八一分没给。" * 4, "start": 20.0},
            {"kind": "note", "text": "信访人出示领款单一张。", "start": 40.0},
        ],
    },
)  # fmt: skip
PAGES = {"record": ("record", ALONE), "form": ("form", ALONE), "record-of-a-group": ("record", GROUP), "form-of-a-group": ("form", GROUP)}


def drawn(template: str, filed: Filed) -> np.ndarray:
    """The page in a few shades of grey."""
    files = {name: trimmed(one) for name, one in pictures(filed).items()}
    png = typeset(template, letter_data(filed), "", files, format="png", ppi=DOTS_PER_INCH)
    page = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    return (page // (256 // GREYS) * (255 // (GREYS - 1))).astype(np.uint8)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How much lighter or darker the most different block is."""
    if one.shape != other.shape:
        return 255.0
    size = (one.shape[1] // BLOCK, one.shape[0] // BLOCK)
    blocks = [cv2.resize(page, size, interpolation=cv2.INTER_AREA).astype(float) for page in (one, other)]
    return float(np.abs(blocks[0] - blocks[1]).max())


@pytest.mark.nightly
@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_was_found_right(name: str) -> None:
    page = drawn(*PAGES[name])
    target = TARGETS / f"{name}.png"
    if os.environ.get("WRITE_PICTURES"):
        TARGETS.mkdir(exist_ok=True)
        cv2.imwrite(str(target), page, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    found = cv2.imread(str(target), cv2.IMREAD_GRAYSCALE)
    assert found is not None, "no picture to compare with"
    assert apart(page, found) <= TOLERANCE


@pytest.mark.nightly
def test_a_page_without_a_name_or_with_another_line_looks_otherwise() -> None:
    page = drawn("record", ALONE)
    unsigned = replace(ALONE, signatures=ALONE.signatures[1:])
    longer = replace(ALONE, content={**ALONE.content, "lines": ALONE.content["lines"] * 2})
    assert all(apart(page, drawn("record", other)) > TOLERANCE for other in (unsigned, longer))
