"""The order of the queue, its reasons in words, and what is said of waiting."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.clock import OFFICE_ZONE
from server.domain import queueing
from server.domain.queueing import RULES, Entry, LocalRule, RuleError, Seat, Wait

NINE = datetime(2026, 6, 9, 1, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def entry(name: str, minutes: float, *claims: str, **values: object) -> Entry:
    return replace(Entry(name, name.upper(), at(minutes), 1, claims), **values)


def line(*entries: Entry) -> str:
    return "".join(one.id for one in queueing.in_order(entries, lambda hall: RULES))


def test_first_come_first_called_but_for_the_rules():
    assert line(entry("b", 1), entry("a", 0), entry("c", 2)) == "abc"
    assert line(entry("a", 0), entry("b", 10), entry("c", 25, "elderly")) == "cab"
    assert line(entry("a", 0), entry("b", 40, "elderly")) == "ab"
    assert line(entry("a", 0, "elderly"), entry("b", 90, "emergency")) == "ba"
    assert line(entry("a", 0), entry("b", 25, "far", "elderly", "disabled"), entry("c", -6)) == "cba"
    assert line(entry("b", 0), entry("a", 0)) == "ab"
    assert line(entry("a", 0), entry("b", 10, "no_such_rule")) == "ab"


def test_who_booked_a_time_and_is_there_for_it_goes_before_who_came_in_the_hour_before_it():
    booked = entry("b", 20, booked_at=at(30))
    assert line(entry("a", -31), booked, entry("c", -29), entry("d", 0)) == "abcd"
    assert line(replace(booked, arrived_at=at(-40)), entry("a", -41), entry("c", -39)) == "abc", "came still earlier"
    assert line(booked, entry("e", -25, "elderly"), entry("u", 40, "emergency")) == "ueb"
    words = queueing.why_here(booked, RULES, [], OFFICE_ZONE)
    assert words == "09:20 取的号，约的是 09:30，往前 60 分钟，按 08:30 排。"
    off = queueing.rules_for({"booked": LocalRule(60, False, "县办〔2026〕1 号")})
    assert [one.id for one in queueing.in_order((booked, entry("d", 0)), lambda hall: off)] == ["d", "b"]
    assert queueing.why_here(booked, off, [], OFFICE_ZONE) == "09:20 取的号，按先来后到。"


def test_a_local_rule_holds_and_one_that_is_off_does_nothing():
    def ordered(own: LocalRule) -> str:
        rules = queueing.rules_for({"elderly": own})
        return "".join(one.id for one in queueing.in_order((entry("a", 0), entry("b", 25, "elderly")), lambda hall: rules))

    assert ordered(LocalRule(20, True, "县办〔2026〕1 号")) == "ab"
    assert ordered(LocalRule(40, True, "县办〔2026〕1 号")) == "ba"
    assert ordered(LocalRule(40, False, "县办〔2026〕1 号")) == "ab"


@pytest.mark.parametrize(("rule_id", "own", "words"), [
    ("rich", LocalRule(10, True, "文件"), "没有这一条"),
    ("elderly", LocalRule(10, True, " "), "依据"),
    ("elderly", LocalRule(0, True, "文件"), "分钟"),
    ("elderly", LocalRule(121, True, "文件"), "分钟"),
])  # fmt: skip
def test_what_cannot_be_a_rule_is_said(rule_id, own, words):
    with pytest.raises(RuleError, match=words):
        queueing.check_local(rule_id, own)


def test_who_was_not_there_comes_back_behind_the_next_two():
    waiting = [entry(name, minutes) for minutes, name in enumerate("abcd")]
    called = [replace(waiting[0], called_by=7), *waiting[1:]]
    assert queueing.passed_by(called, "a") == ("b", "c")
    gone = replace(waiting[0], skipped_at=at(5), lets_pass=("b", "c"))
    assert line(gone, *waiting[1:]) == "bcad"
    assert line(gone, *waiting[2:]) == "cad"
    assert line(gone, waiting[3]) == "ad"
    assert line(gone, *waiting[1:], entry("e", 20, "elderly")) == "ebcad"


def test_two_who_let_each_other_pass_stand_in_the_order_of_being_called():
    a = entry("a", 0, skipped_at=at(12), lets_pass=("b", "x"))
    x = entry("x", 1, skipped_at=at(10), lets_pass=("a", "b"))
    assert line(a, x, entry("b", 2), entry("c", 3)) == "bxac"


def test_the_line_is_the_same_in_whatever_order_people_are_given():
    draw = random.Random(8)
    people = [entry(f"{number:02d}", draw.randrange(120), *draw.sample(list(RULES), draw.randrange(3))) for number in range(40)]
    people = [replace(one, skipped_at=at(draw.randrange(200)), lets_pass=tuple(draw.choice(people).id for _ in "12")) if draw.random() < 0.3 else one for one in people]
    first = queueing.in_order(people, lambda hall: RULES)
    assert sorted(one.id for one in first) == sorted(one.id for one in people)
    for _ in range(5):
        draw.shuffle(people)
        assert queueing.in_order(people, lambda hall: RULES) == first


def test_why_somebody_stands_there_is_said():
    def why(one: Entry, wanted: str = "") -> str:
        return queueing.why_here(one, RULES, ("b", "c"), OFFICE_ZONE, wanted)

    assert why(entry("a", 5)) == "09:05 取的号，按先来后到。"
    assert why(entry("a", 5, "elderly", "far")) == "09:05 取的号，70 岁以上，算早到 30 分钟，按 08:35 排。"
    assert why(entry("a", 5, "emergency")) == "09:05 取的号，急事，排在最前。"
    assert "先让后面 1 位" in why(entry("a", 5, skipped_at=at(6), lets_pass=("b", "z")))
    assert why(entry("a", 5), "局长 孙丽").endswith("等的是局长 孙丽，先后不变。")


LENGTHS = [600.0, 1200.0, 900.0, 1500.0, 1800.0]
"""20 minutes on average."""


def test_waiting_is_reckoned_from_talks_that_took_place():
    seats = (Seat(1, frozenset({1}), at(0)), Seat(2, frozenset({1})))
    people = [entry(name, minutes) for minutes, name in enumerate("abcd")]
    waits = queueing.forecast(people, seats, LENGTHS, at(10))
    assert (waits["a"].earliest, waits["a"].latest) == (at(10), at(10))
    assert waits["b"].earliest < at(22.5) < waits["b"].latest  # the longer ones last 12.5 minutes more on average
    assert waits["b"].earliest < waits["d"].earliest
    assert waits["b"].latest < waits["d"].latest
    assert queueing.wait_in_words(waits["a"], 0, OFFICE_ZONE) == "前面没有人了，马上叫您。"
    assert queueing.wait_in_words(Wait(at(41), at(52)), 2, OFFICE_ZONE) == "大约 09:40 到 09:55 之间叫您。"
    assert queueing.basis_in_words(LENGTHS, 2) == "按最近谈的 5 位算，一位平均 20 分钟，现在 2 个人在接。"


def test_nothing_is_said_without_ground():
    people = [entry("a", 0), entry("b", 1, hall_id=2), entry("c", 2, wanted_id=9)]
    few = queueing.forecast(people, (Seat(1, frozenset({1})),), LENGTHS[:4], at(5))
    assert [few[name].reason for name in "abc"] == ["few", "nobody", "away"], "also the person for whom one waits may not be there"
    waits = queueing.forecast(people, (Seat(1, frozenset({1})),), LENGTHS, at(5))
    assert [waits[name].reason for name in "abc"] == ["", "nobody", "away"]
    for wait in (few["a"], waits["b"], waits["c"], Wait()):
        assert queueing.wait_in_words(wait, 3, OFFICE_ZONE).startswith("还说不好几点")
    assert queueing.basis_in_words(LENGTHS[:4], 1) == queueing.basis_in_words(LENGTHS, 0) == ""


def test_a_table_with_a_mistake_is_not_taken():
    with pytest.raises(ValueError, match="minutes or absolute"):
        queueing.read({"rules": {"x": {"name": "x", "who": "x", "source": "x", "said_by": "staff"}}, "settings": {}})
