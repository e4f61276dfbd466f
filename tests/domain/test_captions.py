"""Subtitles from lines of a record."""

from hypothesis import given
from hypothesis import strategies as st

from server.domain.captions import LONGEST, Cue, cues, one_at_a_time, vtt
from server.domain.linewords import TimedWord

TEXT = st.text(alphabet="村里修路占了我家地，。！？ \n「」", min_size=1, max_size=200)


def words(text: str, start: float = 0.0) -> list[TimedWord]:
    return [TimedWord(start + 0.2 * i, start + 0.2 * (i + 1), character, 0.9) for i, character in enumerate(text)]


def test_a_long_line_is_cut_at_its_punctuation_with_the_times_of_its_words() -> None:
    text = "村里修路占了我家河边长田一亩二分，补偿款三万六千八，一分没给，我去问了三次，每次都说等一等。"
    found = list(cues(Cue(10.0, 30.0, "信访人", text), words(text, 10.0)))
    assert [cue.text for cue in found] == ["村里修路占了我家河边长田一亩二分，补偿款三万六千八，一分没给，", "我去问了三次，每次都说等一等。"]
    assert (round(found[0].start, 3), round(found[1].start, 3)) == (10.0, 16.2)


@given(TEXT, st.booleans())
def test_no_word_is_lost_and_no_cue_is_too_long(text: str, timed: bool) -> None:
    found = list(cues(Cue(1.0, 9.0, "", text), words(text) if timed else []))
    assert "".join("".join(cue.text.split()) for cue in found) == "".join(text.split())
    assert all(len(cue.text) <= LONGEST and cue.end > cue.start for cue in found)


def test_words_that_no_longer_spell_the_line_share_its_time_out() -> None:
    found = list(cues(Cue(4.0, 8.0, "", "改过的话"), words("另外的话")))
    assert [(cue.start, cue.end, cue.text) for cue in found] == [(4.0, 8.0, "改过的话")]


def test_who_speaks_at_once_shares_a_subtitle() -> None:
    found = list(one_at_a_time([Cue(0, 4, "甲", "一"), Cue(2, 6, "乙", "二"), Cue(8, 9, "", "三")]))
    assert found == [(0, 2, "甲：一"), (2, 4, "甲：一\n乙：二"), (4, 6, "乙：二"), (8, 9, "三")]


def test_markup_in_what_was_said_is_only_text() -> None:
    assert vtt([Cue(0, 3661.5, "信访人", "<b>1 < 2 & 3 --> 4</b>\n\n")]) == (
        "WEBVTT\n\n00:00:00.000 --> 01:01:01.500\n"
        "<v 信访人>信访人：&lt;b&gt;1 &lt; 2 &amp; 3 --&gt; 4&lt;/b&gt;\n"
    )
