"""What the kiosk's copy has that the record has not: nothing said once stands twice, nothing said twice stands once."""

import pytest

from server.domain.overlap import fresh_words
from server.protocol.transcript import Word

GAP = (10.0, 10.9)
LONG = (12.0, 22.0)


def word(start: float, text: str, end: float | None = None) -> Word:
    return Word(start=start, end=end or start + 0.2 * len(text), text=text, probability=0.9)


def speech(*parts: tuple[float, str]) -> list[Word]:
    """Each character a word of 0.2 s, from these moments on."""
    return [word(at + 0.2 * i, c) for at, text in parts for i, c in enumerate(text)]


def fresh(known: list[Word], heard: list[Word], gap: tuple[float, float] = GAP) -> str:
    return "".join(found.text for found in fresh_words(known, heard, *gap) if found)


AFTER = (11.0, "家住石桥镇小河村")


@pytest.mark.parametrize("shift", [-1.5, -0.97, -0.6, 0.0, 0.6, 0.97, 1.5])
def test_all_of_the_copy_is_placed_too_early_or_too_late(shift: float) -> None:
    heard = speech((8.6 + shift, "我叫何守田今年"), (10.0 + shift, "六十三岁"), (11.0 + shift, "家住石桥镇小河村"))
    assert fresh(speech((8.6, "我叫何守田今年"), AFTER), heard) == "六十三岁"


@pytest.mark.parametrize("shift", [0.3, 0.6, 0.97, 1.5])
def test_the_recording_draws_what_stands_beside_the_gap_into_it(shift: float) -> None:
    """It heard silence there: its last word before is drawn out, its first word after begins too early."""
    heard = speech((8.6, "我叫何守田今年"), (10.0, "六十三岁"), (11.6, "家住石桥镇小河村"))
    after = (11.6, "家住石桥镇小河村")
    late, early = (9.6 + shift, "今年"), (11.6 - shift, "家住")
    assert fresh(speech((8.6, "我叫何守田"), late, after), heard, (10.0, 11.5)) == "六十三岁"
    assert fresh(speech((8.6, "我叫何守田今年"), early, (12.0, "石桥镇小河村")), heard, (10.0, 11.5)) == "六十三岁"


@pytest.mark.parametrize("shift", [-1.5, -0.97, 0.0, 0.97, 1.5])
def test_words_at_the_edge_that_the_copy_places_inside_stand_once(shift: float) -> None:
    """The fault that was found: 年六十三 at the edge of a gap of 0.9 s, placed 0.97 s apart."""
    known = speech((8.4, "我叫何守田今"), (9.4, "年六十三"), (11.1, "岁家住石桥镇"))
    heard = speech((8.4, "我叫何守田今"), (9.4 + shift, "年六十三"), (11.1, "岁家住石桥镇"))
    assert fresh(known, sorted(heard, key=lambda one: one.start) if shift >= -1.0 else heard) == ""


@pytest.mark.parametrize("shift", [-1.5, -0.97, 0.0, 0.97, 1.5])
def test_nothing_was_said_in_the_gap(shift: float) -> None:
    known = speech((9.0, "补偿款"), (11.2, "一共是十九万"))
    assert fresh(known, speech((9.0 + shift, "补偿款"), (11.2 + shift, "一共是十九万"))) == ""
    assert fresh(known, []) == ""
    assert fresh([], []) == ""


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.4])
@pytest.mark.parametrize(("before", "inside", "after"), [
    ("对对对", "对对对", "是的"), ("是的对对", "对对", "对是的"), ("不是", "不是", "不是"),
    ("没有没有", "没有", "没有没有"), ("我说我没有", "我没有", "签字"),
])  # fmt: skip
def test_what_was_said_twice_stands_twice(before: str, inside: str, after: str, shift: float) -> None:
    begins = 9.9 - 0.2 * len(before)
    known = speech((begins, before), (11.0, after))
    heard = speech((begins + shift, before), (10.1 + shift, inside), (11.0 + shift, after))
    assert fresh(known, heard) == inside


def test_a_single_word_said_before_in_and_after_the_gap_stands_three_times() -> None:
    assert fresh(speech((9.7, "十"), (11.0, "十")), speech((9.7, "十"), (10.3, "十"), (11.0, "十"))) == "十"


@pytest.mark.parametrize("shift", [-1.5, -0.97, 0.0, 0.97, 1.5])
def test_what_was_said_twice_beside_the_gap_stands_no_third_time(shift: float) -> None:
    known = speech((9.2, "对对对"), (11.0, "对对对"))
    assert fresh(known, speech((9.2 + shift, "对对对"), (11.0 + shift, "对对对"))) == ""


@pytest.mark.parametrize("known", [
    speech((8.6, "我叫河手甜今年"), AFTER),  # other characters of the same sound
    speech((8.6, "我叫何守今年"), AFTER),  # one less
    speech((8.6, "我就叫何守田今年"), AFTER),  # one more
    speech((8.6, "我叫何守田今连"), (11.0, "加住石桥镇小河村")),  # beside the gap
    speech((8.6, "窝教合手天巾粘"), (11.0, "加主十乔真肖何存")),  # nothing alike
])  # fmt: skip
def test_the_words_around_were_understood_otherwise(known: list[Word]) -> None:
    heard = speech((8.6, "我叫何守田今年"), (10.0, "六十三岁"), (11.0, "家住石桥镇小河村"))
    assert fresh(known, heard) == "六十三岁"


def test_a_word_more_outside_the_gap_is_not_taken_for_lost() -> None:
    assert fresh(speech((8.6, "我家在石桥"), AFTER), speech((8.6, "我家就在石桥"), (10.1, "镇上"), AFTER)) == "镇上"
    assert fresh(speech((8.8, "我家在石桥"), AFTER), speech((8.8, "我家就在石桥"), AFTER)) == ""


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.3])
def test_one_side_has_no_words(shift: float) -> None:
    heard = speech((8.6 + shift, "我叫何守田今年"), (10.1 + shift, "六十"))
    assert fresh(speech((8.6, "我叫何守田今年")), heard) == "六十"
    heard = speech((10.2 + shift, "三岁"), (11.0 + shift, "家住石桥镇小河村"))
    assert fresh(speech(AFTER), heard) == "三岁"


def test_without_words_around_the_times_count() -> None:
    assert fresh([], speech((7.6, "我叫何守田"), (10.1, "六十三"), (12.6, "小河村"))) == "六十三"


def test_a_word_cut_by_the_edge_stands_whole_and_once() -> None:
    heard = [word(9.4, "今年"), word(9.8, "六十三岁"), word(10.7, "家住", 11.1), word(11.1, "石桥")]
    assert fresh([word(9.4, "今年"), word(9.8, "六"), word(10.9, "住"), word(11.1, "石桥")], heard) == "十三岁家"
    assert fresh([word(9.4, "今年"), word(11.1, "石桥")], heard) == "六十三岁家住", "nothing of the cut words was understood"
    assert fresh([word(9.4, "今年"), word(9.8, "留"), word(11.1, "石桥")], heard[:2] + heard[3:]) in ("十三岁", "六十三岁")


def test_the_new_part_of_a_word_has_its_own_time() -> None:
    part = fresh_words([word(9.8, "补偿")], [word(9.8, "补偿款，")], *GAP)[0]
    assert part is not None
    assert (part.text, part.start, part.end) == ("款，", pytest.approx(9.8 + 0.8 * 2 / 3), pytest.approx(10.6))


def test_numbers_and_foreign_words_are_not_taken_apart() -> None:
    known, heard = [word(9.6, "共", 9.8), word(11.0, "元", 11.2)], [word(9.6, "共", 9.8), word(10.1, "1500", 10.6), word(11.0, "元", 11.2)]
    assert fresh(known, heard) == "1500"
    assert fresh([word(9.5, "150", 9.9)], [word(9.5, "150", 9.9), word(10.1, "1500", 10.6)]) == "1500"


@pytest.mark.parametrize(("known", "heard", "found"), [
    ([], [word(12.0, "全"), word(12.2, "新")], "全新"),
    ([word(11.6, "补"), word(11.8, "偿")], [word(11.9, "补"), word(12.1, "偿"), word(12.3, "款")], "款"),
    ([word(12.0, "三")], [word(12.0, "三"), word(13.5, "三")], "三"),
    ([], [word(11.0, "前"), word(12.1, "中"), word(22.5, "后")], "中"),
    ([word(11.8, "是")], [word(11.8, "是"), word(12.0, "。"), word(12.2, "对"), word(12.4, "。")], "对。"),
    ([word(22.1, "好，")], [word(21.8, "很"), word(22.0, "好。")], "很"),
])  # fmt: skip
def test_words_that_were_heard_already_are_not_new(known: list[Word], heard: list[Word], found: str) -> None:
    assert fresh(known, heard, LONG) == found


def test_what_another_gap_gave_already_is_not_given_again() -> None:
    """Gaps may lie over each other: the server's and one person's."""
    heard = speech((11.0, "征地的时候"), (12.2, "说每亩补偿四万二千元"), (18.0, "到现在只给了一万八"), (22.2, "千元"))
    assert fresh(heard, heard, LONG) == ""
    assert fresh(speech((11.0, "征地的时候"), (18.0, "到现在只给了一万八"), (22.2, "千元")), heard, LONG) == "说每亩补偿四万二千元"


def test_a_long_piece_is_laid_beside_its_surroundings_in_time() -> None:
    """Five minutes without a pause, the longest that is recognised at once."""
    text = "".join(chr(0x4E00 + i * 7 % 1000) for i in range(1500))
    heard = speech((0.0, text))
    assert fresh(speech((0.0, text[:20]), (296.0, text[1480:])), heard, (4.0, 296.0)) == text[20:1480]
