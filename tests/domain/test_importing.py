"""Columns and cells of other systems' files, as fields of a matter."""

from datetime import UTC, date, datetime

import pytest

from server.domain import importing
from server.domain.importing import Broken, Plan, Row, Table, UnreadableFile, Wrong

TODAY = date(2026, 6, 10)
COLUMNS = ("工单编号", "来电时间", "来电人", "联系电话（必填）", "反映内容", "诉求类型", "人数")
PLAN = Plan(importing.proposed(COLUMNS), "hotline")


def row(number: int = 2, **changed: object) -> Row:
    cells = {"ref": "H1", "at": "2026-06-09", "name": "何守田", "phone": 13800004321, "text": "补偿款没给。", "purpose": "求决", "people": "3人"}
    return Row(number, tuple((cells | changed).values()))


def look(*rows: Row, columns: tuple[str, ...] = COLUMNS, plan: Plan = PLAN) -> importing.Looked:
    return importing.look(plan, Table(columns, rows), TODAY)


def test_columns_are_proposed_by_their_names():
    assert importing.proposed(COLUMNS) == {
        "source_ref": "工单编号", "received_on": "来电时间", "name": "来电人", "phone": "联系电话（必填）", "statement": "反映内容",
        "purpose": "诉求类型", "people": "人数",
    }  # fmt: skip
    other = ("信访件编号", "登记日期", "信访人姓名", "身份证", "住 址", "来信内容", "来源渠道", "备注")
    assert importing.proposed(other) == {
        "source_ref": "信访件编号", "received_on": "登记日期", "name": "信访人姓名", "id_number": "身份证", "address": "住 址",
        "statement": "来信内容", "channel": "来源渠道",
    }  # fmt: skip
    assert importing.proposed(("甲", "乙")) == {}


def test_a_heading_below_titles_is_found_and_no_two_columns_have_one_name():
    rows = [Row(1, ("2026 年热线登记表",)), Row(2, ("姓名", "电话", "电话", None)), Row(4, ("何守田", "1", "2", "3"))]
    table = importing.table_of(rows)
    assert table.columns == ("姓名", "电话", "电话（第 3 列）", "第 4 列")
    assert [one.number for one in table.rows] == [4]
    with pytest.raises(UnreadableFile, match="一行也没有"):
        importing.table_of(rows[:1])


@pytest.mark.parametrize(
    "cell",
    [
        "2026-06-09", "2026/6/9", "2026.6.9", "2026年6月9日", "２０２６年６月９日 星期二", "20260609", "20260609103000", "2026-6-9 10:23",
        "2026-06-09T23:30:00+08:00", "2026-06-08T20:30:00Z", 46182, 46182.43, "46182", date(2026, 6, 9), datetime(2026, 6, 9, 23, 59),
        datetime(2026, 6, 8, 20, 30, tzinfo=UTC),
    ],
)  # fmt: skip
def test_days_in_many_shapes(cell):
    assert importing.as_day(cell) == date(2026, 6, 9)


@pytest.mark.parametrize("cell", ["6/9/2026", "昨天", "26-06-09", "2026-02-30", "2026-06-095", 12, 99999, True, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+08:00"])
def test_no_day_is_guessed(cell):
    with pytest.raises(Wrong):
        importing.as_day(cell)


def test_a_row_becomes_a_matter():
    (ready,) = look(row()).ready
    new = ready.new
    assert (new.channel, new.source_ref, new.received_on) == ("hotline", "H1", date(2026, 6, 9))
    assert (new.phone, new.people, new.purpose) == ("13800004321", 3, "request")


@pytest.mark.parametrize(
    ("changed", "column", "value", "message"),
    [
        ({"name": " "}, "来电人", "", "“姓名”没有填；不肯留姓名的写“匿名”。"),
        ({"name": "何" * 51}, "来电人", "何" * 51, "“姓名”太长，最多 50 个字，这里有 51 个。"),
        ({"at": "6/9/2026"}, "来电时间", "6/9/2026", "“收到日期”看不出是哪一天。请写成 2026-06-09 这样。"),
        ({"at": "2026-06-11"}, "来电时间", "2026-06-11", "“收到日期”收到的日子在今天以后。"),
        ({"purpose": "吵架"}, "诉求类型", "吵架", "“信访目的”不认得这种信访目的。"),
        ({"people": "很多"}, "人数", "很多", "“人数”要写一个整数，比如 3。"),
        ({"phone": "1.38E+10"}, "联系电话（必填）", "1.38E+10", "“电话”表格软件把它变成了科学计数法"),
        ({"text": Broken("#N/A", "算出来是 #N/A")}, "反映内容", "#N/A", "“反映内容”算出来是 #N/A。"),
    ],
)
def test_what_is_wrong_is_told_by_row_column_and_value(changed, column, value, message):
    looked = look(row(1, ref="H0"), row(7, **changed))
    (error,) = looked.errors
    assert (error.row, error.column, error.value) == (7, column, value)
    assert error.message.startswith(message)
    assert (looked.wrong_rows, len(looked.ready)) == (1, 1)


def test_everything_that_is_wrong_with_a_row_is_told_at_once():
    assert [error.column for error in look(row(name="", at="", text="")).errors] == ["来电时间", "来电人", "反映内容"]


def test_the_same_number_twice():
    looked = look(row(2), row(3), row(4, text="另外一件事。"))
    assert (len(looked.ready), looked.twice, looked.wrong_rows) == (1, 1, 1)
    assert looked.errors[0].message == "“编号”和第 2 行一样，内容却不一样。"


def test_a_row_without_a_number_is_known_by_who_when_and_what():
    first, other = look(row(2, ref=None), row(3, ref="", text="另外一件事。")).ready
    assert first.new.source_ref.startswith("内容-")
    assert first.new.source_ref != other.new.source_ref
    spaced = look(row(2, ref=None, text="补偿款\n 没给。")).ready[0]
    assert spaced.new.source_ref == first.new.source_ref
    both = look(row(2, ref=None), row(3, ref=None, purpose="咨询"))
    assert "同一个人、同一天、同样的内容" in both.errors[0].message


def test_nothing_of_a_long_title_is_lost():
    columns, title = ("标题", "日期", "姓名", "内容"), "长" * 80
    (ready,) = look(Row(2, (title, "2026-06-09", "何守田", "补偿款没给。")), columns=columns, plan=Plan(importing.proposed(columns), "online")).ready
    assert len(ready.new.title) == 60
    assert ready.new.statement == f"{title}\n补偿款没给。"


def test_channel_and_day_may_be_told_once_for_the_file():
    columns = ("姓名", "内容", "渠道", "日期")
    plan = Plan(importing.proposed(columns), "letter", date(2026, 6, 1))
    found = look(Row(2, ("甲", "一", "12345", None)), Row(3, ("乙", "二", "", "2026-06-02")), columns=columns, plan=plan).ready
    assert [(one.new.channel, one.new.received_on.day) for one in found] == [("hotline", 1), ("letter", 2)]


def test_what_a_plan_leaves_open():
    table = Table(COLUMNS, (row(),))
    assert importing.plan_problems(PLAN, table) == {}
    wrong = Plan({"name": "没有的", "statement": "反映内容", "phone": "反映内容", "x": "人数"}, "hotline")
    found = importing.plan_problems(wrong, table)
    assert set(found) == {"name", "statement", "phone", "x", "received_on"}
    assert found["received_on"] == "请选“收到日期”是哪一列。"
