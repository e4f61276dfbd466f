"""Unfinished captions only grow."""

from hypothesis import given
from hypothesis import strategies as st

from transcription.unfinished import AGREE, Unfinished

LOOKS = [
    "我",
    "我叫何",
    "我叫何得",
    "我叫何德顺今年",
    "我叫何德顺，今年六十",
    "我叫合德顺，今年六十三岁",
    *["我叫何德顺，今年六十三岁了"] * 4,
]


def test_what_is_held_stays_and_grows() -> None:
    caption = Unfinished()
    for text in LOOKS:
        held = caption.held
        shown = caption.look(4.0, text)
        assert shown.startswith(held)
    assert caption.held == "我叫何德顺，今年六十三岁"
    assert shown == "我叫何德顺，今年六十三岁了"


def test_a_new_sentence_begins_with_nothing_held() -> None:
    caption = Unfinished()
    held = []
    for text in ("我同意录音", *["我同意录音录像"] * 3):
        caption.look(1.0, text)
        held.append(caption.held)
    assert held == ["", "", "", "我同意录"]
    caption.look(9.0, "我同意录音录像")
    assert caption.held == ""


def test_a_look_that_hears_less_takes_nothing_back() -> None:
    caption = Unfinished()
    for _ in range(AGREE):
        caption.look(0.0, "村里的地被占了")
    assert caption.look(0.0, "村里") == "村里的地被占"
    assert caption.look(0.0, "") == caption.held == "村里的地被占"


@given(st.lists(st.text("我的地被占了，。", max_size=12), max_size=8))
def test_whatever_is_heard_what_was_held_is_still_shown(looks: list[str]) -> None:
    caption = Unfinished()
    for text in looks:
        held = caption.held
        assert caption.look(0.0, text).startswith(held)
        assert caption.held.startswith(held)
