from datetime import date, timedelta

import chinese_calendar
import pytest

from server.domain.workdays import OFFICIAL

NEWEST = max(OFFICIAL.years)


def test_every_day_of_the_table_is_as_the_library_says():
    day = date(2004, 1, 1)
    while day.year <= NEWEST:
        assert OFFICIAL.works(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize(("day", "name"), [
    (date(2026, 2, 17), "春节"), (date(2026, 4, 5), "清明节"), (date(2026, 6, 19), "端午节"), (date(2026, 9, 25), "中秋节"),
    (date(2026, 10, 3), "国庆节"), (date(2026, 1, 2), "元旦"), (date(2026, 5, 5), "劳动节"), (date(2026, 11, 29), "周末"),
])
def test_days_off_have_their_chinese_name(day, name):
    assert not OFFICIAL.works(day)
    assert OFFICIAL.why_off(day) == name


def test_this_year_and_those_before_are_known():
    assert OFFICIAL.years >= set(range(2004, 2027))
    assert OFFICIAL.missing_notice(date(2026, 12, 24)) == 0
    assert OFFICIAL.worked[date(2026, 10, 10)] == "国庆节"


@pytest.mark.parametrize(("day", "missing"), [
    (date(NEWEST, 12, 24), 0), (date(NEWEST, 12, 25), NEWEST + 1), (date(NEWEST, 12, 31), NEWEST + 1),
    (date(NEWEST + 1, 1, 1), NEWEST + 1), (date(NEWEST - 1, 12, 31), 0), (date(2003, 12, 31), 2003),
])
def test_whose_notice_is_missing(day, missing):
    assert OFFICIAL.missing_notice(day) == missing


def test_no_notice_reached_further_back_than_it_is_taken_to():
    """Days of December that are off or worked by the next year's notice; the library is the whole table."""
    december = [day for day in (*OFFICIAL.off, *OFFICIAL.worked) if day.month == 12]
    assert december
    assert min(day.day for day in december) >= 25
