"""Pages on drawn photographs: found where they are, straightened, refused where they cannot be read."""

import cv2
import numpy as np
import pytest

from deploy.bench import papers
from kiosk.checks import paper
from kiosk.checks.paper import PageFault


@pytest.mark.parametrize(("kind", "number"), [("everything", 1), ("pale_table", 1), ("shadow", 117)])
def test_a_page_is_found_and_straightened(kind, number):
    shot = papers.shot(kind, number)
    found = paper.find(shot.picture)
    assert found is not None
    assert papers.error(found, shot.corners) < 0.004
    assert paper.faults(shot.picture, found) == []
    page = paper.evened(paper.straightened(shot.picture, found))
    assert page.shape[1::-1] == paper.A4
    assert alike(page, shot.page) > 0.5
    assert np.percentile(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), 20) > 200, "no shadow stays on it"


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """How far writing lies on writing: correlation of the two pages, a little blurred."""
    values = [cv2.GaussianBlur(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), (0, 0), 3).astype(float).ravel() for page in (one, other)]
    return float(np.corrcoef(*values)[0, 1])


@pytest.mark.parametrize(("kind", "fault"), [("blurred", PageFault.BLURRED), ("glare", PageFault.GLARE)])
def test_what_cannot_be_read_is_refused(kind, fault):
    shot = papers.shot(kind, 1)
    assert fault in paper.faults(shot.picture, paper.find(shot.picture))
    assert paper.WORDS[fault]


def test_specks_without_one_long_line_are_no_page():
    picture = np.full((600, 800, 3), 90, np.uint8)
    picture[300:316, 400:416] = 220
    assert paper.find(picture) is None


@pytest.mark.parametrize("light", ["plain", "shadow"])
def test_a_table_without_a_page_has_none(light):
    picture = papers.lit(light, papers.table("plain", papers.random.Random(3)), np.zeros((4, 2), np.float32), papers.random.Random(1))
    assert paper.faults(picture, paper.find(picture)) == [PageFault.NO_PAGE], "the rim of a shadow is no side of a page"


def test_a_page_that_goes_on_outside_the_picture_is_refused():
    shot = papers.shot("plain", 1)
    left = int(shot.corners[:, 0].min()) + 60
    picture = np.ascontiguousarray(shot.picture[:, left:])
    found = paper.faults(picture, paper.find(picture))
    assert PageFault.CUT_OFF in found or PageFault.NO_PAGE in found, found
    assert paper.WORDS[PageFault.CUT_OFF]
