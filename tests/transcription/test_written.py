"""Passes of transcription/drafting/written.py, from a file of what was said and how it is written."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.protocol.transcript import Word
from transcription.drafting.written import PASSES, written, written_text

CASES = [
    (before.strip(), (after or before).strip())
    for line in (Path(__file__).parent / "passes" / "written.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
    for before, _, after in [line.partition("→")]
]


def words_of(text: str, size: int = 1) -> list[Word]:
    """Words of so many characters, 0.2 s a character, the probability falling from word to word."""
    parts = [text[i : i + size] for i in range(0, len(text), size)]
    return [
        Word(start=round(0.2 * size * n, 3), end=round(0.2 * (size * n + len(part)), 3), text=part, probability=1 / (n + 1))
        for n, part in enumerate(parts)
    ]


def spelled(words: tuple[Word, ...]) -> str:
    return "".join(word.text for word in words)


@pytest.mark.parametrize(("before", "after"), CASES)
def test_what_is_written(before: str, after: str) -> None:
    assert written_text(before) == after
    for size in (1, 2, 3):
        assert spelled(written(words_of(before, size))) == after, f"words of {size}"


def test_a_number_has_the_time_of_its_words_and_is_as_sure_as_the_least_sure() -> None:
    before = words_of("还差十一万元没有")
    after = written(before)
    assert [word.text for word in after] == ["还", "差", "110000元", "没", "有"]
    number = after[2]
    assert (number.start, number.end) == (before[2].start, before[5].end)
    assert number.probability == before[5].probability
    assert [after[0], after[1], *after[3:]] == [before[0], before[1], *before[6:]], "all others stay"


@given(st.text(alphabet="零一二三四五六七八九十百千万亿两点第几多元块亩分月日号年岁个户，。村路上午", max_size=40), st.integers(1, 4))
def test_nothing_that_is_said_goes_wrong(text: str, size: int) -> None:
    """Words stay in order, within what they stand for; what is no numeral stays; written twice is written once."""
    before = words_of(text, size)
    after = written(before)
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(after))
    if before:
        assert (after[0].start, after[-1].end) == (before[0].start, before[-1].end)
    numerals = set("零一二三四五六七八九十百千万亿两点分之0123456789.%")
    kept = [c for c in text if c not in numerals]
    assert [c for c in spelled(after) if c not in numerals] == kept
    assert written_text(spelled(after)) == spelled(after)


def test_every_pass_alone_keeps_what_it_does_not_know() -> None:
    for one in PASSES:
        assert spelled(tuple(one(words_of("村里修路占了我家的地。")))) == "村里修路占了我家的地。"
        assert tuple(one([])) == ()
