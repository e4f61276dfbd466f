"""Figures in words and numbers, and the days they are counted over."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import periods
from server.domain.figures import DEFINITIONS, LOOKS, Figure, Look, Policy, Share, counts

KINDS = ("day", "week", "month", "quarter", "half", "year")


def test_every_figure_and_every_look_is_defined():
    assert set(DEFINITIONS) == set(Figure)
    assert set(LOOKS) == set(Look)


@pytest.mark.parametrize(
    ("part", "whole", "percent", "words"),
    [(431, 447, "96.4", "96.4%"), (1, 8, "12.5", "12.5%"), (1, 1000, "0.1", "0.1%"), (5, 10_000, "0.1", "0.1%"), (3, 3, "100.0", "100.0%"), (0, 0, None, "暂无")],
)
def test_percent_has_one_decimal_and_nothing_has_none(part, whole, percent, words):
    share = Share(part, whole)
    assert share.percent == (None if percent is None else Decimal(percent))
    assert share.words == words


def test_a_rate_of_few_does_not_count_and_rounding_does_not_help():
    assert not counts(Share(2996, 10_000), Policy())
    assert Share(2996, 10_000).percent == Decimal("30.0")
    assert counts(Share(3, 10), Policy())
    assert not counts(Share(), Policy())


def test_what_is_missing_to_a_target():
    assert Share(61, 115).short_of(60) == 8
    assert Share(22, 50).short_of(40) == 0
    assert Share(59, 99).short_of(60) == 1


@pytest.mark.parametrize(
    ("key", "first", "last", "words"),
    [
        ("2026-06-09", "2026-06-09", "2026-06-09", "2026 年 6 月 9 日"),
        ("2026-W01", "2025-12-29", "2026-01-04", "2026 年第 1 周"),
        ("2028-02", "2028-02-01", "2028-02-29", "2028 年 2 月"),
        ("2026-Q4", "2026-10-01", "2026-12-31", "2026 年第 4 季度"),
        ("2026-H1", "2026-01-01", "2026-06-30", "2026 年上半年"),
        ("2026", "2026-01-01", "2026-12-31", "2026 年"),
    ],
)
def test_short_names_of_periods(key, first, last, words):
    found = periods.parse(key)
    assert (found.first.isoformat(), found.last.isoformat(), found.words, found.key) == (first, last, words, key)


@pytest.mark.parametrize("key", ["", "x", "2026-13", "2026-W54", "2026-02-30", "2026-Q5", "1999", "２０２６", "2026-H3", "2026-06-9"])
def test_what_is_no_period_is_refused(key):
    with pytest.raises(ValueError):
        periods.parse(key)


@given(st.sampled_from(KINDS), st.dates(date(2001, 1, 1), date(2190, 1, 1)))
def test_periods_follow_each_other_without_a_gap(kind, day):
    found = periods.of(kind, day)
    assert found.first <= day <= found.last
    assert periods.parse(found.key) == found
    assert found.before().last == found.first - timedelta(days=1)
    assert periods.of(kind, found.last) == found
    assert found.a_year_before().last < found.first or kind == "day"
    months = found.months()
    assert months[0].first <= found.first
    assert kind in ("day", "week") or (months[0].first, months[-1].last) == (found.first, found.last)
