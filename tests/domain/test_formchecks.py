"""What is wrong or missing on a registration form, each rule by examples that differ in one thing."""

from datetime import date

import pytest

from server.domain.formchecks import Talk, check, names_in

DAY = date(2026, 6, 9)
SAID = ("补偿款三万六千八一分没给。", "后来又说是两千元。")
COMPLETE = {"name": "何守田", "address": "柳湾村四组", "requests": "补发补偿款。", "facts": "修路占了地。"}
RIGHT_ID = "110101195903077018"


def found(said: tuple[str, ...] = SAID, **values: str) -> list[tuple[str, str, bool]]:
    findings = check({**COMPLETE, **values}, Talk(on=DAY, today=DAY, said=said))
    return [(one.field.value, one.text, one.blocks) for one in findings]


def test_a_form_with_nothing_wrong_has_no_findings():
    assert found(
        id_type="identity_card", id_number=RIGHT_ID, sex="male", phone="13800004321、0791-87654321", people="3人",
        representatives="何守田、何守山", group_visit="yes", visit_time="2026年6月9日 9:41–10:05",
        amount="三万六千八百元（36800元）", tried_before="2025年11月12日镇政府答复。",
    ) == []  # fmt: skip


def test_only_what_the_law_needs_blocks():
    values = {"name": "", "address": "", "requests": "", "facts": ""}
    assert [(field, blocks) for field, _, blocks in found(**values)] == [
        ("name", True), ("address", False), ("requests", False), ("facts", False)
    ]  # fmt: skip
    assert found(representatives="甲一、乙二、丙三、丁四、戊五") == []
    ((field, text, blocks),) = found(representatives="甲一、乙二、丙三、丁四、戊五、己六")
    assert (field, blocks) == ("representatives", True)
    assert "最多 5 人（条例第二十条），这里写了 6 人" in text


@pytest.mark.parametrize(("values", "field", "words"), [
    ({"id_number": RIGHT_ID[:-1]}, "id_number", "一共 18 位，现在 17 位，还差 1 位"),
    ({"id_number": RIGHT_ID + "1"}, "id_number", "多了 1 位"),
    ({"id_number": "110101195903077011"}, "id_number", "最后一位和前面的对不上"),
    ({"id_number": "110101195913077012"}, "id_number", "没有 19591307 这一天"),
    ({"id_number": "110101202703077012"}, "id_number", "2027年3月7日才出生"),
    ({"id_number": "1101O1195903077012"}, "id_number", "只有数字"),
    ({"id_number": RIGHT_ID, "sex": "female"}, "sex", "第 17 位说是男，这里选的是女"),
    ({"phone": "1380000432"}, "phone", "手机号一共 11 位，现在 10 位，还差 1 位"),
    ({"phone": "138"}, "phone", "现在 3 位，还差 8 位"),
    ({"phone": "23800004321"}, "phone", "不像一个电话号码"),
    ({"phone": "13800004321，没有"}, "phone", "不是数字"),
    ({"representatives": "甲一、乙二", "people": "1人"}, "representatives", "“人数”是 1 人，对不上"),
    ({"group_visit": "yes"}, "representatives", "集体访要推选代表"),
    ({"group_visit": "yes", "people": "1人", "representatives": "甲一"}, "people", "人数却是 1 人"),
    ({"visit_time": "2026年6月10日 9:41"}, "visit_time", "还没有到"),
    ({"visit_time": "2026年6月8日 9:41"}, "visit_time", "接谈是在2026年6月9日"),
    ({"visit_time": "2026年2月30日"}, "visit_time", "没有“2026年2月30日”这一天"),
    ({"facts": "2026年8月拆了我家的房。"}, "facts", "“2026年8月”在接谈（2026年6月9日）之后"),
    ({"facts": "２０２６年８月拆了我家的房。"}, "facts", "“２０２６年８月”在接谈（2026年6月9日）之后"),
    ({"tried_before": "二〇二六年七月一日去过镇里"}, "tried_before", "“二〇二六年七月一日”"),
    ({"amount": "38600元"}, "amount", "这里是 38600 元，笔录里说的是 2000 元"),
    ({"amount": "三万八千六"}, "amount", "这里是 38600 元"),
    ({"requests": "补发补偿款三万八千六百元。"}, "requests", "这里是 38600 元"),
])  # fmt: skip
def test_what_is_wrong_is_told_at_its_field_and_blocks_nothing(values, field, words):
    ((at, text, blocks),) = found(**values)
    assert (at, blocks) == (field, False)
    assert words in text


@pytest.mark.parametrize("values", [
    {"id_type": "passport", "id_number": "E12345678"},
    {"id_number": "E12345678"},
    {"phone": "0791 87654321"},
    {"phone": "12345"},
    {"phone": "+86 138 0000 4321"},
    {"representatives": "无"},
    {"facts": "他们答应2026年12月31日付清。"},
    {"facts": "要在2026年12月31日前付清。"},
    {"requests": "2026年6月18日重新量一次。"},
    {"amount": "两千元（2000元）"},
    {"amount": "36800元"},
    {"amount": "三万六千八"},
    {"amount": "十九万多元"},
])  # fmt: skip
def test_what_is_right_or_not_ours_to_judge_is_left_alone(values):
    assert found(**values) == []


def test_a_sum_that_nobody_said_is_told_where_no_sum_was_said_at_all():
    assert [text for _, text, _ in found(said=("地被占了。",), amount="36800元")] == ["笔录里没有说到 36800 元。"]


def test_names_of_representatives():
    assert names_in("1. 张三（组长，13800004321） 2. 李四\n王五；赵六 等4人") == ["张三", "李四", "王五", "赵六"]
    assert names_in("5人") == []
