"""Whatever somebody types or an engine writes, whoever reads it finds what stands there or nothing, and never fails: what
fails at a text fails at the whole record, list or letter that it stands in."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest

from server.archive.plan import Caption
from server.domain import (
    accused,
    captions,
    commitments,
    corrections,
    covering,
    formchecks,
    hotwords,
    importing,
    linewords,
    masking,
    objections,
    passes,
    rewording,
    searchtokens,
    telephones,
    terms,
)
from server.domain.captions import Cue
from server.domain.importing import Wrong
from server.domain.printable import printable
from server.domain.states import FormField
from server.protocol import numbers
from server.protocol.base import Role
from server.protocol.drafting import DraftInput, Speaker
from server.protocol.transcript import Utterance, Word
from server.reception.talk import matter_words
from transcription import drafting
from transcription.drafting.written import written_text

PIECES = (
    "２０２４", "2024", "二零二四", "二〇二四", "〇〇〇〇", "年", "３", "月", "5", "日", "号", "十", "二十", "廿", "零", "两", "万", "亿", "千", "百", "元",
    "块", "多", "²", "٣", "①", "Ⅳ", "㎡", "１３８", "13800001234", "511025195803124412", "Ｘ", "99999999999999999999", "-", "/", ".", ":", "、", "，",
    "。", "？", "…", "\n", "\t", "\r", "\x0b", "\x1f", "\x7f", "\x85", "\u2028", "\u200b", "\ufeff", "\ufffe", "\U0001f33e", "é", "e\u0301", "（", "）",
    "(", "]", "“", "<v ", "-->", "&", "{{", "我叫", "王", "家住", "村", "镇", "县", "局", "信访局", "工作日", "以前", "下", "周", "星期", "天", "月底",
    "内", "我们", "答应", "保证", "您", "没有", "不", "要求", "去年", "三个", "半", "A", " ", "　",
)  # fmt: skip
TALK = formchecks.Talk(on=date(2026, 6, 9), today=date(2026, 6, 10), said=[])
PEOPLE = (Speaker(id="p", role=Role.PETITIONER, name="王"), Speaker(id="l", role=Role.LEADER, name="李"))


def text_of(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 14)))


def said(text: str, other: str) -> DraftInput:
    words = tuple(Word(start=2.0 + n / 10, end=2.0, text=c, probability=0.5) for n, c in enumerate(text))
    return DraftInput(speakers=PEOPLE, utterances=(
        Utterance(id="a", participant_id="p", start=2.0, end=1.0, text=text, words=words),
        Utterance(id="b", participant_id="l", start=2.0, end=3.0, text=other),
    ))  # fmt: skip


def form(text: str, other: str) -> None:
    values = {field.value: text if n % 2 else other for n, field in enumerate(FormField)}
    formchecks.check(values, formchecks.Talk(on=TALK.on, today=TALK.today, said=[text, other]))
    for field, value in values.items():
        masking.in_form(field, terms.choice_label(FormField(field), value))


def line(text: str, other: str) -> None:
    words = [linewords.TimedWord(5.0 - n, 4.0, c, 0.5) for n, c in enumerate(text)]
    linewords.retime(words, other, 3.0, 2.0)
    linewords.all_heard(words, words, 3.0, 2.0)
    linewords.position_in(text, other, len(other) // 2)
    corrections.corrected_words(text, other)
    rewording.quoted(text, other, text)
    rewording.elsewhere(text, other, text + other)
    rewording.as_heard(text, written_text(text), other)
    objections.sentence(text, [objections.Objection(other, "", other, spoken=False)])


def cues(text: str, other: str) -> None:
    made = [*captions.cues(Cue(3.0, 2.0, "信访人", text)), *captions.cues(Cue(-1.0, 2.0, "", other))]
    for block in captions.vtt(made).split("\n\n")[1:]:
        head, *rest = block.splitlines()
        assert head.count("-->") == 1
        assert not any("-->" in row for row in rest)
    for start, end, words in captions.one_at_a_time(made):
        Caption(start=max(0.0, start), end=max(0.0, end), text=words)


def draft(text: str, other: str) -> None:
    drafting.build_draft(said(text, other))
    drafting.find_promises(said(other, text))
    matter_words.said(text, other)


def passes_of(text: str, other: str) -> None:
    first, second = (
        [passes.Heard("a", "p", 2.0, 2.0, one, passes.spelling_words(one, [], 2.0, 2.0))] for one in (text, other)
    )
    for one in passes.differences(first, second, lambda a, b: a == b):
        passes.reading(first[0].words, [one])


def cell(text: str, other: str) -> None:
    for read in (importing.as_text, importing.as_number_text, importing.as_day, importing.as_people):
        with suppress(Wrong):
            read(text)
    importing.proposed([text, other])


def little(text: str, other: str) -> None:
    commitments.due_of(text, TALK.today)
    commitments.due_within(text, TALK.today)
    commitments.unit_of(text, {1: "石桥镇政府", 2: other}, 1)
    numbers.money(text)
    numbers.parse(text)
    numbers.digit_runs(text)
    telephones.plain(text)
    formchecks.names_in(text)
    searchtokens.tokens([text, other])
    searchtokens.excerpt([text], other)
    covering.covered(text, [(one.text, covering.instead(one, ())) for one in covering.find(text)])
    accused.accused_in(text, [accused.Named(1, "/1/", "石桥镇政府")])
    hotwords.words_in(text)
    assert printable(printable(text)) == printable(text)


READERS: tuple[Callable[[str, str], None], ...] = (form, line, cues, draft, passes_of, cell, little)


@pytest.mark.parametrize("read", READERS, ids=lambda one: one.__name__)
def test_no_text_is_too_odd_to_be_read(read: Callable[[str, str], None]) -> None:
    _read_all(read, 60)


@pytest.mark.nightly
@pytest.mark.parametrize("read", READERS, ids=lambda one: one.__name__)
def test_no_text_is_too_odd_to_be_read_at_length(read: Callable[[str, str], None]) -> None:
    _read_all(read, 6000)


def _read_all(read: Callable[[str, str], None], count: int) -> None:
    chance = random.Random(20261121)
    texts = ["２０２４年３月５日", "2024年３月", ""] + [text_of(chance) for _ in range(count)]
    for text, other in zip(texts, texts[1:] + texts[:1], strict=True):
        try:
            read(text, other)
        except Exception as error:
            raise AssertionError(f"{read.__name__}: {text!r}, {other!r}") from error
