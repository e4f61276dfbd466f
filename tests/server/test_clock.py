"""The office's day, wherever the server stands."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server import clock


@pytest.mark.parametrize(("moment", "day"), [
    (datetime(2026, 6, 9, 15, 59, 59, 999_999, UTC), date(2026, 6, 9)),
    (datetime(2026, 6, 9, 16, 0, tzinfo=UTC), date(2026, 6, 10)),
    (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), date(2026, 1, 1)),
    (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), date(2028, 2, 29)),
    (datetime(2026, 6, 10, 0, 0, tzinfo=clock.OFFICE_ZONE), date(2026, 6, 10)),
    (datetime(2026, 6, 9, 9, 0, tzinfo=timezone(timedelta(hours=-8))), date(2026, 6, 10)),
])
def test_the_day_begins_at_midnight_in_the_office(moment, day):
    assert clock.day_in_office(moment) == day


def test_a_moment_without_a_zone_has_no_day():
    with pytest.raises(ValueError, match="zone"):
        clock.day_in_office(datetime(2026, 6, 9, 16, 0))


@given(st.dates(date(1992, 1, 1), date(2100, 1, 1)))
@example(date(2026, 12, 31))
def test_a_day_lasts_until_the_next_one_begins(day):
    end = clock.end_of_day(day)
    assert clock.day_in_office(end) == day + timedelta(days=1)
    assert clock.day_in_office(end - timedelta(microseconds=1)) == day
