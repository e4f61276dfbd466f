"""Two passes laid beside each other: what differs, where, and whose reading is the better one."""

import pytest

from server.domain.linewords import TimedWord, find_stretch
from server.domain.passes import Difference, Heard, Kind, differences, reading, spelling_words, spoken
from transcription.drafting.written import written_text


def alike(one: str, other: str) -> bool:
    return spoken(written_text(one)) == spoken(written_text(other))


def heard(
    text: str, start: float = 10.0, probability: float = 0.9, *, name: str = "", who: str = "p", weak: dict[str, float] | None = None
) -> Heard:
    """An utterance whose every character takes 0.2 s; `weak`: probabilities of single characters."""
    words = tuple(
        TimedWord(start + 0.2 * i, start + 0.2 * (i + 1), c, (weak or {}).get(c, probability)) for i, c in enumerate(text)
    )
    return Heard(name or f"{text[:4]}-{start}", who, start, start + 0.2 * len(text), text, words)


def shown(found: list[Difference], first: list[Heard]) -> list[str]:
    """Each difference with its place: before[first→second]after."""
    texts = {one.id: one.text for one in first}
    return [
        f"{texts[d.utterance][: d.first]}[{texts[d.utterance][d.first : d.last]}→{d.text}]{texts[d.utterance][d.last :]}"
        if d.utterance else f"[→{d.text}]"
        for d in found
    ]  # fmt: skip


def compared(first: list[Heard], second: list[Heard]) -> list[str]:
    return shown(differences(first, second, alike), first)


def test_the_same_words_differ_nowhere_however_they_are_cut_and_timed() -> None:
    first = [heard("村里修路，占了我家的地。", 10.0), heard("补偿款没有给。", 13.5)]
    second = [heard("村里修路占了我家的地，补偿款没有给", 10.3)]
    assert compared(first, second) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("补偿款三万六千八百元。", "补偿款36800元"), ("一共二十三户人家", "一共23户人家。"), ("OK，好的", "ok 好的")],
)
def test_another_form_of_the_same_is_no_difference(one: str, other: str) -> None:
    assert compared([heard(one)], [heard(other, 10.1)]) == []


def test_a_difference_is_found_at_its_characters() -> None:
    assert compared([heard("我要反映三河村的事。")], [heard("我要反映山河村的事", 10.2)]) == ["我要反映[三→山]河村的事。"]


def test_another_sum_is_a_difference_though_it_is_written_in_another_form() -> None:
    assert compared([heard("补偿款三万六千七百元")], [heard("补偿款三万六千八百元")]) == ["补偿款三万六千[七→八]百元"]
    assert compared([heard("补偿款三万六千七百元")], [heard("补偿款36800元")]) == ["补偿款[三万六千七百→36800]元"]


def test_differences_with_hardly_anything_between_them_are_one() -> None:
    assert compared([heard("请把剩下的代表的签给我")], [heard("请把剩下的该给我的钱给我")]) == ["请把剩下的[代表的签→该给我的钱]给我"]
    assert compared([heard("甲村乙组的人都来了")], [heard("丙村丁组的人不来了")]) == ["[甲村乙→丙村丁]组的人都来了", "甲村乙组的人[都→不]来了"]


def test_what_one_pass_alone_heard_within_a_sentence() -> None:
    assert compared([heard("补偿款没给")], [heard("补偿款一分没给", 9.9)]) == ["补偿款[→一分]没给"]
    assert compared([heard("补偿款一分没给")], [heard("补偿款没给", 10.1)]) == ["补偿款[一分→]没给"]


def test_what_only_the_second_pass_heard_is_new_if_it_is_sure_enough_of_it() -> None:
    first = [heard("补偿款没给", 10.0)]
    found = differences(first, [heard("补偿款没给", 10.0), heard("也没有单子", 20.0)], alike)
    assert [(d.kind, d.utterance, d.text, d.start) for d in found] == [(Kind.SECOND, "", "也没有单子", 20.0)]
    assert differences(first, [heard("补偿款没给", 10.0), heard("也没有单子", 20.0, 0.4)], alike) == []


def test_what_only_the_first_pass_heard_is_told() -> None:
    found = differences([heard("补偿款没给", 10.0), heard("嗯嗯", 20.0)], [heard("补偿款没给", 10.0)], alike)
    assert [(d.kind, d.first, d.last, d.text) for d in found] == [(Kind.FIRST, 0, 2, "")]


def test_the_same_words_said_twice_are_told_apart_by_time() -> None:
    first = [heard("没有给。", 10.0), heard("没有给。", 30.0)]
    assert compared(first, [heard("没有给", 30.0)]) == ["[没有给。→]"]
    assert compared(first, [heard("没有给", 10.0), heard("没有来", 30.0)]) == ["没有[给→来]。"]


def test_people_who_talk_at_once_are_not_mixed() -> None:
    first = [heard("我说甲", 10.0, who="p"), heard("我说乙", 10.0, who="l")]
    assert compared(first, [heard("我说乙", 10.0, who="l"), heard("我说丙", 10.0, who="p")]) == ["我说[甲→丙]"]


def test_a_difference_over_two_sentences_is_cut_where_the_second_begins() -> None:
    first = [heard("他们说上级的天", 10.0), heard("气没有到账", 11.5)]
    second = [heard("他们说上级的钱还没有到账", 10.0)]
    assert compared(first, second) == ["他们说上级的[天→钱]", "[气→还]没有到账"]


def test_the_second_reading_stands_unless_the_first_is_much_surer() -> None:
    def better(first: float, second: float) -> bool:
        one = differences([heard("三河", weak={"三": first})], [heard("山河", weak={"山": second})], alike)
        return one[0].second_is_better

    assert better(0.5, 0.6)
    assert better(0.6, 0.5)
    assert not better(0.9, 0.5)
    only = differences([heard("没给")], [heard("还没给", 9.8)], alike)
    assert [d.second_is_better for d in only] == [False], "words that only one pass heard are not put in by a machine"


def test_taking_readings_changes_their_places_and_no_other_word() -> None:
    one, other = heard("甲村的人都来了"), heard("乙村的人不来了", 10.1)
    found = differences([one], [other], alike)
    words = reading(one.words, found)
    assert "".join(word.text for word in words) == other.text
    assert words[1] == one.words[1]
    assert words[0] == other.words[0]
    assert "".join(word.text for word in reading(one.words, found[1:])) == "甲村的人不来了"


def test_a_long_talk_is_compared_quickly() -> None:
    first = [heard("村里修路占了我家的地补偿款没有给", 4.0 * n) for n in range(450)]
    second = [heard("村里修路占了我家的地补偿款还没给", 4.0 * n + 0.2) for n in range(450)]
    assert len(differences(first, second, alike)) == 450


def test_an_engine_without_word_times_is_taken_by_characters() -> None:
    words = spelling_words("你好", (), 1.0, 2.0)
    assert [(w.start, w.end, w.text) for w in words] == [(1.0, 1.5, "你"), (1.5, 2.0, "好")]


@pytest.mark.parametrize(
    ("old", "first", "last", "new", "found"),
    [
        ("甲乙丙丁", 1, 2, "甲乙丙丁", (1, 2)),
        ("甲乙丙丁", 1, 2, "前面甲乙丙丁", (3, 4)),
        ("甲乙丙丁", 1, 2, "甲戊丙丁", None),
        ("甲乙丙丁", 2, 2, "甲乙丙丁", (2, 2)),
        ("甲乙丙丁", 2, 2, "甲乙又丙丁", None),
        ("甲乙丙丁", 4, 4, "甲乙丙丁", (4, 4)),
        ("甲乙丙丁", 4, 4, "甲乙丙丁了", None),
        ("甲乙丙丁", 0, 0, "甲乙丙", (0, 0)),
        ("甲乙丙丁", 2, 4, "甲乙", None),
    ],
)
def test_where_a_place_is_after_a_line_was_changed(
    old: str, first: int, last: int, new: str, found: tuple[int, int] | None
) -> None:
    assert find_stretch(old, first, last, new) == found
