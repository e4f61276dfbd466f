"""The table of limits as the regulation has it, and what an office may change."""

import copy
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import limits
from server.domain.deadlines import count
from server.domain.limits import RULES, LimitError, LocalRule, local_problems, rules_for

TABLE = tomllib.loads((Path(limits.__file__).parent / "data" / "limits.toml").read_text("utf-8"))
CITY = "《本市信访事项办理规则》第五条"


@pytest.mark.parametrize(("rule", "value", "unit", "article"), [
    ("register_and_refer", 15, "days", "二十二"),
    ("refer_again", 15, "days", "二十二"),
    ("notify_acceptance", 15, "days", "二十三"),
    ("object_to_assignment", 5, "working_days", "二十三"),
    ("conclude", 60, "days", "三十四"),
    ("conclude_anew", 60, "days", "三十四"),
    ("extended_conclude", 30, "days", "三十四"),
    ("request_review", 30, "days", "三十五"),
    ("review", 30, "days", "三十五"),
    ("request_reexamination", 30, "days", "三十六"),
    ("reexamination", 30, "days", "三十六"),
    ("simple_accept", 3, "working_days", "简易办理办法"),
    ("simple_conclude", 10, "working_days", "简易办理办法"),
])
def test_the_table_is_the_law(rule, value, unit, article):
    found = RULES[rule]
    assert (found.value, found.unit) == (value, unit)
    assert article in found.article
    assert "{" not in found.explanation + found.extension


def test_only_the_conclusion_can_be_extended_and_hearings_stop_only_the_re_examination():
    assert [name for name, rule in RULES.items() if rule.extended_by] == ["conclude"]
    assert [name for name, rule in RULES.items() if "hearing" in rule.stopped_by] == ["reexamination"]
    assert RULES["conclude"].extension.count("30 天") == 1
    assert RULES["review"].extension == "这一步不能延长。"


def test_stricter_local_rules_hold_and_say_where_they_stand():
    rules = rules_for({
        "notify_acceptance": LocalRule(5, CITY), "conclude": LocalRule(20, CITY, stopped_by=()),
        "extended_conclude": LocalRule(10, CITY), "simple_accept": LocalRule(2, CITY), "simple_conclude": LocalRule(10, CITY, "days"),
    })
    assert (rules["conclude"].limit, rules["conclude"].local_source, rules["conclude"].stopped_by) == ("20 天", CITY, ())
    assert "20 天里要办完" in rules["conclude"].explanation
    assert "最多 10 天" in rules["conclude"].extension
    assert (rules["simple_conclude"].limit, rules["simple_accept"].limit) == ("10 天", "2 个工作日")
    assert rules["review"] == RULES["review"]
    assert rules_for({}) == RULES


@pytest.mark.parametrize(("name", "local", "said"), [
    ("conclude", LocalRule(61, CITY), "法律最多给 60 天（《信访工作条例》第三十四条），本地写了 61 天，比法律宽"),
    ("extended_conclude", LocalRule(31, CITY), "最多给 30 天"),
    ("simple_accept", LocalRule(4, CITY), "最多给 3 个工作日"),
    ("simple_accept", LocalRule(4, CITY, "days"), "本地写了 4 天"),
    ("notify_acceptance", LocalRule(5, CITY, "working_days"), "按日历天算"),
    ("request_review", LocalRule(20, CITY), "信访人自己的期限"),
    ("request_reexamination", LocalRule(60, CITY), "信访人自己的期限"),
    ("conclude", LocalRule(20, " "), "哪个文件"),
    ("conclude", LocalRule(0, CITY), "至少要有 1 天"),
    ("conclude", LocalRule(True, CITY), "整数"),
    ("conclude", LocalRule(20, CITY, stopped_by=("mediation", "hearing")), "不能因为听证停算"),
    ("conclude", LocalRule(20, CITY, stopped_by=("lunch",)), "不能因为lunch停算"),
    ("concluded", LocalRule(20, CITY), "没有“concluded”"),
])
def test_a_local_rule_that_is_laxer_is_refused_with_the_reason(name, local, said):
    problems = local_problems({name: local, "review": LocalRule(20, CITY)})
    assert list(problems) == [name]
    assert said in problems[name]
    with pytest.raises(LimitError) as refused:
        rules_for({name: local})
    assert str(refused.value) == problems[name]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(RULES)), st.integers(1, 70), st.sampled_from([None, "days", "working_days"]),
    st.dates(date(2023, 12, 1), date(2028, 4, 1)),
)
def test_what_is_accepted_is_never_later_than_the_law(name, value, unit, starts):
    local = {name: LocalRule(value, CITY, unit)}
    law, same_unit = RULES[name], unit in (None, RULES[name].unit)
    if local_problems(local):
        assert law.whose == "petitioner" or value > law.value or not same_unit
    else:
        assert count(rules_for(local)[name], starts).due_on <= count(law, starts).due_on


@pytest.mark.parametrize(("key", "wrong", "said"), [
    ("value", 0, "conclude: value"), ("value", "60", "conclude: value"), ("unit", "weeks", "conclude: unit"),
    ("whose", "nobody", "conclude: whose"), ("last_day_off", "falls", "conclude: last_day_off"),
    ("stopped_by", ["lunch"], "conclude: no such pause: lunch"), ("extends", "concluded", "conclude: no such limit: concluded"),
    ("says", "{days}里办完", "conclude: says"),
    ("articel", "", "conclude: "),
])
def test_a_slip_in_the_table_names_its_row(key, wrong, said):
    table = copy.deepcopy(TABLE)
    table["limits"]["conclude"][key] = wrong
    with pytest.raises(ValueError, match=said):
        limits.read(table)
