"""The daily sample: its size, that it is the same again, and that everybody has the same chance."""

from collections import Counter
from datetime import date, timedelta

import pytest

from server.domain.sampling import draw

DAY = date(2026, 6, 9)
IDS = [str(n) for n in range(40)]


@pytest.mark.parametrize(("filed", "share", "most", "size"), [
    (0, 0.1, 5, 0), (1, 0.1, 5, 1), (10, 0.1, 5, 1), (11, 0.1, 5, 2), (40, 0.1, 5, 4), (40, 0.5, 5, 5), (3, 1.0, 5, 3), (40, 0.0, 5, 0),
])  # fmt: skip
def test_how_many(filed, share, most, size):
    assert len(draw(IDS[:filed], share=share, most=most, seed="s", day=DAY)) == size


def test_the_same_seed_and_day_draw_the_same_in_whatever_order_they_come():
    first = draw(IDS, share=0.1, most=5, seed="s", day=DAY)
    assert draw([*reversed(IDS), *IDS], share=0.1, most=5, seed="s", day=DAY) == first
    assert draw(IDS, share=0.1, most=5, seed="t", day=DAY) != first
    assert draw(IDS, share=0.1, most=5, seed="s", day=DAY + timedelta(days=1)) != first


def test_everybody_has_the_same_chance():
    drawn = Counter(id_ for n in range(1000) for id_ in draw(IDS, share=0.1, most=5, seed="s", day=DAY + timedelta(days=n)))
    assert set(drawn) == set(IDS)
    assert all(60 <= count <= 140 for count in drawn.values()), "4 of 40 on each of 1000 days: 100, give or take"
