"""Time at work from a log of edits, and marks that were right, by small examples."""

from datetime import UTC, datetime, timedelta

import pytest

from server.domain.deskwork import PAUSE, changed_places, marked_places, work_seconds
from server.domain.linewords import TimedWord

START = datetime(2026, 6, 9, 2, 0, tzinfo=UTC)
TEXT = "我家住在流林镇上河村。"


def log(*seconds: float, who: int = 1) -> list[tuple[int, datetime]]:
    return [(who, START + timedelta(seconds=one)) for one in seconds]


def test_work_is_the_time_between_edits_without_pauses():
    assert work_seconds([]) == 0
    assert work_seconds(log(0)) == 0
    assert work_seconds(log(0, 10, 40)) == 40
    long = PAUSE.total_seconds()
    assert work_seconds(log(0, long - 1)) == long - 1
    assert work_seconds(log(0, long)) == 0
    assert work_seconds(log(0, 10, 10 + long, 15 + long)) == 15


def test_two_people_at_once_both_work_and_neither_fills_the_others_pause():
    assert work_seconds([*log(0, 60), *log(30, 90, who=2)]) == 120
    assert work_seconds([*log(0, 600), *log(100, 200, 300, who=2)]) == 200


def words(text: str, weak: set[int]) -> list[TimedWord]:
    return [TimedWord(i * 0.2, (i + 1) * 0.2, c, 0.3 if i in weak else 0.95) for i, c in enumerate(text)]


def test_marked_places_are_what_the_desk_underlines():
    assert marked_places(TEXT, words(TEXT, set()), 0.8) == []
    assert marked_places(TEXT, words(TEXT, {4}), 0.8) == [(3, 6)]
    assert marked_places(TEXT, words(TEXT, {4, 6}), 0.8) == [(3, 8)], "what touches is one place"
    assert marked_places(TEXT, words(TEXT, {1, 8}), 0.8) == [(0, 3), (7, 10)]
    assert marked_places(TEXT, words(TEXT, {10}), 0.8) == [], "nobody says a full stop"


@pytest.mark.parametrize(("after", "changed"), [
    (TEXT, 0), ("我家住在柳林镇上河村。", 1), ("我家在流林镇上河村。", 0), ("我家住在流林镇下河村。", 1),
    ("我家住在柳林镇下河村。", 2), ("我家住在那流林镇上河村。", 1), ("", 2),
])  # fmt: skip
def test_a_mark_was_right_where_its_place_was_changed(after, changed):
    assert changed_places(TEXT, after, [(4, 6), (7, 9)]) == changed
