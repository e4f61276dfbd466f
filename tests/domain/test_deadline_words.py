"""What a citizen reads about a date."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from server.domain.deadline_words import chinese_day, explain
from server.domain.deadlines import Extension, Pause, count
from server.domain.limits import RULES, LocalRule, rules_for
from server.domain.workdays import OFFICIAL, Workdays
from tests.domain.test_deadlines import cases

STARTS = date(2026, 6, 9)


def view(rule, starts=STARTS, today=None, **more):
    today = today or starts
    return explain(count(RULES[rule], starts, today=today, **more), today)


def test_the_first_deadline_answers_the_four_questions():
    found = view("register_and_refer", today=date(2026, 6, 20))
    assert (found.due, found.weekday, found.days_left, found.overdue) == ("2026-06-24", "星期三", 4, False)
    assert found.article == "《信访工作条例》第二十二条"
    assert found.starts == "从收到信访事项那天算起，就是2026年6月9日（星期二）。"
    assert found.counted == (
        "当天不算，从第二天数起，一共 15 天，一天一天数，周末和节假日也算，数到2026年6月24日（星期三）。"
        "信访局要在 15 天里登记好，并转给该办的单位。"
    )
    assert found.extension == "这一步不能延长。"
    assert (found.left_out, found.notes, found.calendar_known) == ((), (), True)


@pytest.mark.parametrize(("today", "done", "overdue"), [
    (date(2026, 6, 24), False, False), (date(2026, 6, 25), False, True), (date(2026, 6, 25), True, False),
])
def test_overdue_from_the_day_after(today, done, overdue):
    assert explain(count(RULES["register_and_refer"], STARTS), today, done=done).overdue is overdue


def test_a_right_that_nobody_used_is_nobodys_delay():
    for name in ("request_review", "request_reexamination", "object_to_assignment"):
        told = explain(count(RULES[name], STARTS), date(2026, 9, 1))
        assert (told.overdue, told.days_left < 0) == (False, True)


def test_days_off_and_make_up_days_are_named_in_the_order_of_the_calendar():
    found = view("object_to_assignment", date(2026, 9, 30))
    assert found.left_out == (
        "2026年10月1日（星期四）到2026年10月7日（星期三）国庆节放假，不算。",
        "2026年10月10日（星期六）是国庆节的调休上班日，算 1 天。",
        "2026年10月11日（星期日）是周末，不算。",
    )
    assert "一共 5 个工作日，周末和法定节假日不算，数到2026年10月13日（星期二）。" in found.counted


def test_pauses_and_an_extension():
    found = view(
        "conclude", pauses=[Pause("mediation", date(2026, 6, 20), date(2026, 6, 29))],
        extension=Extension(30, date(2026, 8, 17)),
    )
    assert found.left_out == ("2026年6月20日（星期六）到2026年6月29日（星期一）在调解，停 10 天，不算（您同意调解、停算期限）。",)
    assert "停着的日子不数，数到2026年8月18日（星期二）。2026年8月17日（星期一）批准延长 30 天，接着数，数到2026年9月17日（星期四）。" in found.counted
    assert (found.due, found.extension) == ("2026-09-17", "已经延长过一次，不能再延。")


def test_a_right_whose_last_day_is_off_moves_and_says_by_which_article():
    found = view("request_review", date(2026, 9, 2))
    assert "数到2026年10月2日（星期五）。这一天不上班，照《民法典》第二百零三条顺延到上班的第一天，就是2026年10月8日（星期四）。" in found.counted


def test_a_missing_notice_a_running_pause_and_a_late_extension_are_told():
    until_2026 = Workdays(OFFICIAL.off, OFFICIAL.worked, frozenset(range(2004, 2027)))
    found = view("object_to_assignment", date(2026, 12, 28), calendar=until_2026)
    assert not found.calendar_known
    assert found.notes == ("2027年的放假安排这里还没有，先按星期一到星期五上班来数。有了放假安排，这一天可能会变。",)
    running = view("reexamination", pauses=[Pause("hearing", date(2026, 6, 10))], today=date(2026, 6, 12))
    assert running.notes == ("现在还在听证，期限停着。这是按今天停完算的；再停下去，这一天还会往后。",)
    stored = explain(count(RULES["reexamination"], STARTS, pauses=[Pause("hearing", STARTS)], today=STARTS + timedelta(90)), STARTS + timedelta(90), stored_due=STARTS)
    assert (stored.days_left, stored.overdue, stored.stands_still, stored.notes) == (30, False, True, running.notes)
    late = view("conclude", extension=Extension(30, date(2026, 8, 9)))
    assert late.notes == ("延长是过了2026年8月8日（星期六）才批的，不算数。",)
    assert "最多 30 天" in late.extension


def test_what_was_set_holds_and_a_different_count_is_told():
    found = explain(count(RULES["object_to_assignment"], STARTS), STARTS, stored_due=date(2026, 6, 15))
    assert (found.due, found.weekday, found.days_left) == ("2026-06-15", "星期一", 6)
    assert found.notes == ("现在重数是2026年6月16日（星期二），和当时定的不一样，以当时定的为准。",)


def test_a_stricter_local_rule_names_its_document():
    rule = rules_for({"conclude": LocalRule(20, "《本市办法》第五条")})["conclude"]
    found = explain(count(rule, STARTS), STARTS)
    assert found.article == "《信访工作条例》第三十四条；本地定得更紧：《本市办法》第五条"
    assert "一共 20 天" in found.counted
    assert found.due == "2026-06-29"


@settings(max_examples=100, deadline=None)
@given(cases())
def test_every_deadline_explains_itself_in_whole_sentences(case):
    rule, starts, pauses, extension, today = case
    deadline = count(rule, starts, pauses=pauses, extension=extension, today=today)
    found = explain(deadline, today)
    assert rule.article in found.article
    assert chinese_day(starts) in found.starts
    assert chinese_day(deadline.due_on) in found.counted
    assert len(found.left_out) == len(deadline.left_out) + len(deadline.made_up)
    for sentence in (found.starts, found.counted, found.extension, *found.left_out, *found.notes):
        assert sentence.endswith("。")
        assert "{" not in sentence
