"""Rules of reception days: how often, edges of periods, slots, what an organization may set for itself."""

from datetime import UTC, date, datetime

import pytest

from server.domain import reception_days as rules
from server.domain.bookings import (
    DEEDS,
    BookingDeed,
    BookingState,
    category_in,
    fits,
    standing,
    standing_words,
)
from server.domain.reception_days import DUTIES, DayKind, Hours
from server.domain.states import Channel

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("level", "day", "first", "last"),
    [
        ("city", date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
        ("city", date(2027, 1, 1), date(2027, 1, 1), date(2027, 3, 31)),
        ("county", date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        ("county", date(2026, 11, 30), date(2026, 11, 1), date(2026, 11, 30)),
    ],
)
def test_a_day_counts_in_the_quarter_of_a_city_and_the_month_of_a_county(level, day, first, last):
    period = DUTIES[level].period_of(day)
    assert (period.first, period.last) == (first, last)
    assert [DUTIES[level].missing(days) for days in (0, 1, 2)] == [1, 0, 0]


def test_a_township_receives_at_any_time_and_owes_no_number():
    assert DUTIES["township"].missing(0) == 0


@pytest.mark.parametrize(
    ("level", "times", "period", "good"),
    [
        ("county", 2, "month", True),
        ("county", 1, "month", True),
        ("county", 3, "quarter", False),
        ("county", 12, "year", False),
        ("city", 1, "month", True),
        ("city", 1, "half", False),
        ("township", 1, "year", True),
        ("", 1, "year", True),
    ],
)
def test_an_organization_may_only_be_stricter(level, times, period, good):
    assert (rules.stricter_problem(level, times, period, "青信发〔2026〕3号") == "") is good
    assert rules.stricter_problem(level, times, period, " ")


def test_slots_are_free_until_they_begin_in_the_office_s_time():
    hours = Hours(begins=9 * 60, slot_minutes=30, slots=4)
    assert (hours.slot(0), hours.slot(3), rules.in_words(hours.ends)) == ("9:00–9:30", "10:30–11:00", "11:00")
    now = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)  # 9:30 in the office
    assert hours.free(date(2026, 12, 1), {2}, now) == (3,)
    assert hours.free(date(2026, 12, 2), (), now) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("day", "hours", "good"),
    [
        (TODAY, Hours(540, 30, 6), True),
        (date(2026, 11, 28), Hours(540, 30, 6), False),
        (date(2027, 11, 30), Hours(540, 30, 6), True),
        (date(2027, 12, 1), Hours(540, 30, 6), False),
        (TODAY, Hours(23 * 60, 30, 2), True),
        (TODAY, Hours(23 * 60, 30, 3), False),
    ],
)
def test_days_are_entered_from_today_for_a_year_and_end_by_midnight(day, hours, good):
    assert (rules.day_problem(day, hours, TODAY) == "") is good


def test_only_what_is_by_video_counts_as_video():
    assert {kind: rules.channel_of(kind) for kind in DayKind} == {
        DayKind.VIDEO: Channel.VIDEO, DayKind.ON_SITE: Channel.ON_SITE, DayKind.VILLAGE: Channel.ON_SITE,
        DayKind.APPOINTED: Channel.ON_SITE,
    }  # fmt: skip


@pytest.mark.parametrize("row", [{"words": "x", "source": "x", "times": -1}, {"words": "x", "source": "x", "period": "day"}, {"words": "x"}])
def test_a_table_that_is_wrong_is_refused(row):
    with pytest.raises(ValueError, match=r"reception_days\.toml"):
        rules.read({"level": {"county": row}})


@pytest.mark.parametrize(
    ("state", "now", "words"),
    [
        ("approved", (1, 29), "还没到时间"),
        ("approved", (1, 30), "时间到了，还没到"),
        ("approved", (1, 59), "晚了 29 分钟，还没到"),
        ("approved", (2, 0), "时间过了，没有到"),
        ("arrived", (2, 30), "到了，还没坐下"),
        ("no_show", (1, 0), "没有来"),
    ],
)
def test_who_was_booked_is_late_from_their_minute_on_and_missed_when_the_slot_is_over(state, now, words):
    begins, ends, moment = (datetime(2026, 12, 1, *at, tzinfo=UTC) for at in ((1, 30), (2, 0), now))
    assert standing_words(standing(BookingState(state), begins, ends, moment), begins, moment) == words


def test_what_is_over_stays_over_and_only_open_bookings_are_freed():
    for deed, rule in DEEDS.items():
        assert not {BookingState.ARRIVED, BookingState.CANCELLED} & set(rule.sources), deed
    assert [deed for deed, rule in DEEDS.items() if BookingState.NO_SHOW in rule.sources] == [BookingDeed.LATE]
    assert [deed for deed, rule in DEEDS.items() if rule.frees_slot] == [BookingDeed.CANCEL, BookingDeed.RELEASE]


def test_the_longest_category_named_in_the_words_is_proposed_and_meets_who_is_in_charge():
    names = ("拖欠工资", "拖欠农民工工资", "工资")
    assert category_in("老板拖欠农民工工资三个月", names) == "拖欠农民工工资"
    assert category_in("想问一件事", names) == ""
    assert fits("分管自然资源、城乡建设", ("征地补偿", "土地征收", "自然资源"))
    assert not fits("", ("征地补偿", "", "自然资源"))
