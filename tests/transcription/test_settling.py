"""Unfinished captions only grow."""

from hypothesis import given
from hypothesis import strategies as st

from transcription.settling import AGREE, Settling

LOOKS = [
    "我",
    "我叫何",
    "我叫何得",
    "我叫何德顺今年",
    "我叫何德顺，今年六十",
    "我叫合德顺，今年六十三岁",
    *["我叫何德顺，今年六十三岁了"] * 4,
]


def test_what_is_settled_stays_and_grows() -> None:
    settling, settled = Settling(), ""
    for text in LOOKS:
        caption = settling.look(4.0, text)
        assert caption.text.startswith(settled)
        settled = caption.text[: caption.settled]
    assert settled == "我叫何德顺，今年六十三岁"
    assert caption.text == "我叫何德顺，今年六十三岁了"


def test_a_new_sentence_begins_unsettled() -> None:
    settling = Settling()
    assert [settling.look(1.0, text).settled for text in ("我同意录音", *["我同意录音录像"] * 3)] == [0, 0, 0, 4]
    assert settling.look(9.0, "我同意录音录像").settled == 0


def test_a_look_that_hears_less_takes_nothing_back() -> None:
    settling = Settling()
    for _ in range(AGREE):
        settling.look(0.0, "村里的地被占了")
    assert settling.look(0.0, "村里").text == "村里的地被占"
    assert settling.look(0.0, "").settled == 6


@given(st.lists(st.text("我的地被占了，。", max_size=12), max_size=8))
def test_whatever_is_heard_what_was_settled_is_still_shown(looks: list[str]) -> None:
    settling, settled = Settling(), ""
    for text in looks:
        caption = settling.look(0.0, text)
        assert caption.text.startswith(settled)
        settled = caption.text[: caption.settled]
