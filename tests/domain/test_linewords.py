import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.linewords import (
    TimedWord,
    all_heard,
    from_store,
    part,
    position_in,
    retime,
    spelled,
    to_store,
)


def words_of(text: str, size: int = 1) -> list[TimedWord]:
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    return [TimedWord(float(i), float(i + 1), piece, 0.8) for i, piece in enumerate(pieces)]


def test_unchanged_words_keep_their_times_and_a_typed_one_takes_the_replaced_interval():
    found = retime(words_of("补偿款三万六"), "补偿款四万六", 0.0, 6.0)
    assert spelled(found) == "补偿款四万六"
    assert (found[3].text, found[3].start, found[3].end, found[3].probability) == ("四", 3.0, 4.0, 1.0)
    assert found[:3] == words_of("补偿款三万六")[:3]


def test_an_inserted_word_lies_between_its_neighbours():
    words = [TimedWord(0, 1, "占", 0.9), TimedWord(3, 4, "地", 0.9)]
    assert retime(words, "占了地", 0, 4)[1] == TimedWord(1, 3, "了", 1.0, typed=True)


def test_punctuation_goes_to_the_word_before():
    assert [word.text for word in retime(words_of("没给"), "没给。", 0, 2)] == ["没", "给。"]


def test_half_a_long_word_keeps_its_share_of_the_time():
    assert retime([TimedWord(0, 4, "三万六千", 0.7)], "三万", 0, 4) == [TimedWord(0, 2, "三万", 0.7)]


def test_no_words_stay_no_words():
    assert retime([], "补记", 0, 1) == []


def test_parts_of_a_line_cut_the_word_at_the_border():
    words = words_of("abcdef", 3)
    assert [word.text for word in part(words, 0, 2)] == ["ab"]
    assert part(words, 2, 6) == [TimedWord(0.667, 1.0, "c", 0.8), TimedWord(1, 2, "def", 0.8)]


def test_the_same_place_in_another_text():
    assert position_in("村里修路占了地", "村里修路，占了地", 5) == 4
    assert position_in("", "补记的话", 2) == 0


@settings(max_examples=150, deadline=None)
@given(st.text("占地补偿，。a", max_size=30), st.text("占地补偿，。a", max_size=30), st.integers(0, 30))
def test_words_always_spell_the_text_in_order_of_time(old, new, at):
    found = retime(words_of(old, 2), new, 0.0, float(len(old)))
    assert spelled(found) == (new if old and new else "")
    assert all(word.start <= word.end for word in found)
    assert all(first.end <= second.start + 1e-6 for first, second in pairwise(found))
    assert spelled(part(found, 0, at)) + spelled(part(found, at, len(new))) == spelled(found)
    assert 0 <= position_in(old, new, min(at, len(new))) <= len(old)


def test_ten_thousand_characters_do_not_take_long():
    began = time.process_time()
    old, new = "占地补偿" * 2500, "补地占偿" * 2500
    assert spelled(retime(words_of(old), new, 0, 1)) == new
    assert time.process_time() - began < 1.0


def test_what_a_hand_typed_says_so_in_the_store_too() -> None:
    words = retime(words_of("我的地"), "我的田地", 0, 3)
    stored = to_store(words)
    assert [len(word) for word in stored] == [4, 4, 5, 4]
    assert from_store(stored) == words
    assert [word.typed for word in retime(words, "我田地", 0, 3)] == [False, True, False]


def test_what_is_deleted_saved_and_typed_again_has_its_true_times() -> None:
    heard = [TimedWord(i * 0.5, i * 0.5 + 0.4, c, 0.9) for i, c in enumerate(("补偿", "款", "一共", "多少"))]
    shorter = retime(heard, "补款多少", 0.0, 2.0)
    assert spelled(shorter) == "补款多少"
    other = retime(all_heard(shorter, heard, 0.0, 2.0), "补偿款全部多少", 0.0, 2.0)
    assert [word.text for word in other if word.typed] == ["全部"]
    again = retime(all_heard(other, heard, 0.0, 2.0), "补偿款一共多少", 0.0, 2.0)
    assert spelled(again) == "补偿款一共多少"
    assert not [word for word in again if word.typed]
    assert next(word for word in again if word.text == "一共") == heard[2]
    trimmed = all_heard([], heard, 0.9, 2.0)
    assert spelled(trimmed) == "一共多少", "the other half of a split line has the rest"
