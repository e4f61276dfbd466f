from datetime import date

import pytest

from server.domain.casenumbers import case_number
from server.domain.deadlines import RULES, due_date, explain

DAY = date(2026, 6, 9)


@pytest.mark.parametrize(("rule", "starts", "due"), [
    ("register_and_refer", DAY, date(2026, 6, 24)),
    ("register_and_refer", date(2024, 2, 20), date(2024, 3, 6)),
    ("conclude", DAY, date(2026, 8, 8)),
    ("extended_conclude", date(2026, 12, 15), date(2027, 1, 14)),
    ("object_to_assignment", date(2026, 6, 5), date(2026, 6, 12)),
    ("object_to_assignment", date(2026, 9, 30), date(2026, 10, 13)),
    ("simple_accept", date(2026, 6, 18), date(2026, 6, 24)),
])
def test_due_dates(rule, starts, due):
    assert due_date(RULES[rule], starts) == due


def test_working_days_skip_the_holiday_and_count_its_make_up_day():
    """2026: Dragon Boat Festival on Friday 19 June; National Day 1 to 7 October, make-up Saturday 10 October."""
    assert due_date(RULES["simple_accept"], date(2026, 10, 7)) == date(2026, 10, 10)


def test_a_year_the_calendar_does_not_know_counts_monday_to_friday():
    assert due_date(RULES["object_to_assignment"], date(2040, 1, 6)) == date(2040, 1, 13)


def test_the_explanation_answers_the_four_questions():
    view = explain(RULES["register_and_refer"], DAY, date(2026, 6, 24), date(2026, 6, 20))
    assert (view.due, view.weekday, view.days_left, view.overdue) == ("2026-06-24", "星期三", 4, False)
    assert "第二十二条" in view.article
    assert "2026年6月9日（星期二）" in view.starts
    assert "15 天" in view.counted
    assert view.extension


@pytest.mark.parametrize(("today", "done", "overdue"), [
    (date(2026, 6, 24), False, False), (date(2026, 6, 25), False, True), (date(2026, 6, 25), True, False),
])
def test_overdue_from_the_day_after(today, done, overdue):
    assert explain(RULES["register_and_refer"], DAY, date(2026, 6, 24), today, done=done).overdue is overdue


def test_case_numbers():
    assert case_number("LX", 2026, 418) == "LX-2026-000418"
    with pytest.raises(ValueError):
        case_number("LX", 2026, 0)
