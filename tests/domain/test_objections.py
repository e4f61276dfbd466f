import pytest

from server.domain.objections import Objection, sentence

LINE = "村里修路占了我家一亩二分地，从河边长田穿过去，补偿款三万六千八。"


@pytest.mark.parametrize(("said", "expected"), [
    ([], ""),
    ([Objection("", "", "")], "信访人说这一句不对"),
    ([Objection("", "数字、日期不对", "一亩三分")], "数字、日期不对，应该是：一亩三分"),
    ([Objection("", "", "", spoken=True)], "说了一遍，没有认出字来，请听"),
    ([Objection(LINE, "", "都不对")], "应该是：都不对"),
    ([Objection("从河边长田穿过去，补偿款三万六千八。", "", "没有")], "“从河边长田穿过去…偿款三万六千八。”这里，应该是：没有"),
    ([Objection("", "", "四万"), Objection("", "", "五万")], "应该是：五万"),
    ([Objection("甲", "", "乙"), Objection("丙", "", "丁")], "“甲”这里，应该是：乙；“丙”这里，应该是：丁"),
])  # fmt: skip
def test_what_the_clerk_is_told(said, expected):
    assert sentence(LINE, said) == expected


def test_no_more_than_a_line_holds():
    assert len(sentence(LINE, [Objection(str(n), "", "长" * 400) for n in range(3)])) == 500
