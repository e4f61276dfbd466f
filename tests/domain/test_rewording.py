"""What a correction of a sentence changes in words that were taken from it."""

import pytest

from server.domain.rewording import as_heard, elsewhere, quoted


@pytest.mark.parametrize(("recognised", "written", "text", "heard"), [
    ("补偿款三万六千八百元没给", "补偿款36800元没给", "补偿款36800元没给", "补偿款三万六千八百元没给"),
    ("补偿款三万六千八百元没给", "补偿款36800元没给", "补偿款36800元没有给", "补偿款三万六千八百元没有给"),
    ("补偿款三万六千八百元没给", "补偿款36800元没给", "补偿款38600元没给", "补偿款38600元没给"),
    ("我叫何守甜", "我叫何守甜", "我叫何守田", "我叫何守田"),
])
def test_numbers_are_as_they_were_said_where_nobody_changed_them(recognised, written, text, heard):
    assert as_heard(recognised, written, text) == heard


@pytest.mark.parametrize(("value", "before", "after", "now"), [
    ("何守甜", "我叫何守甜。", "我叫何守田。", "何守田"),
    ("前一句。我叫何守甜。后一句。", "我叫何守甜。", "我叫何守田。", "前一句。我叫何守田。后一句。"),
    ("柳湾村", "我家住柳湾村，六十八岁。", "我家住柳湾村，六十九岁。", "柳湾村"),
    ("别的话", "我叫何守甜。", "我叫何守田。", None),
    ("", "我叫何守甜。", "我叫何守田。", None),
])
def test_what_was_quoted_has_the_new_words(value, before, after, now):
    assert quoted(value, before, after) == now


@pytest.mark.parametrize(("value", "now"), [
    ("据本人说，补偿款是三万六千八。", "据本人说，补偿款是三万八千六。"),
    ("补偿款没给。", None),
    ("先说三万六千八，又说三万六千八。", None),
])
def test_own_words_have_the_new_ones_where_the_old_ones_stand_once(value, now):
    assert elsewhere(value, "一共三万六千八，单子没给。", "一共三万八千六，单子没给。") == now


def test_one_changed_character_is_known_by_what_stands_beside_it():
    assert elsewhere("来访人何守甜的地", "我叫何守甜。", "我叫何守田。") == "来访人何守田的地"
    assert elsewhere("甜瓜地", "我叫何守甜。", "我叫何守田。") is None
