"""The text of the small model's training: repeatable, and free of what is held out."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.asr_model.numerals import number
from deploy.asr_model.scale import SMALL
from deploy.asr_model.sentences import (
    HELD_PHRASES,
    Sentences,
    all_characters,
    build,
    dialogue_sentences,
    is_held_out,
)

WORDS = ["办理", "进度", "大家", "需要", "材料", "工作", "人员", "公司"]
DIALOGUES = [Path("deploy/demo") / name for name in ("land", "wage", "free-land")]


@pytest.fixture(scope="module")
def made() -> Sentences:
    return build(SMALL, WORDS, dialogue_sentences(DIALOGUES))


def test_the_same_text_every_time(made: Sentences):
    assert build(SMALL, WORDS, dialogue_sentences(DIALOGUES)) == made


def test_what_is_held_out_is_never_trained(made: Sentences):
    trained = {sentence for said in made.training.values() for sentence in said}
    held = {*made.held, *made.held_talk}
    assert len(made.held) > 50
    assert made.held_talk
    assert not trained & held
    filled = [s for s in made.training["train"] if any(one in s and other in s for one, other in HELD_PHRASES)]
    assert filled == []


def test_sentences_of_the_measured_dialogues_with_names_or_numbers_are_never_trained(made: Sentences):
    trained = {sentence for said in made.training.values() for sentence in said}
    assert "我叫何德顺，今年六十三岁，是柳林镇上河村的村民。" not in trained
    assert not trained & set(dialogue_sentences([DIALOGUES[2]]))


def test_fixed_repeats_what_has_no_slots_and_adds_fresh_sentences(made: Sentences):
    fixed = made.training["fixed"]
    assert fixed.count("请您慢慢说。") == 0
    assert fixed.count("您好，请坐，请您慢慢说。") == SMALL.fixed_repeats
    fresh = fixed[-SMALL.fixed_fresh :]
    assert len(set(fresh)) == SMALL.fixed_fresh
    assert not set(fresh) & set(made.training["train"])
    assert not any(is_held_out(s) for s in fresh)


def test_a_model_trained_on_gets_no_new_characters():
    characters = all_characters().replace("阿", "").replace("姨", "")
    made = build(replace(SMALL, salad=20, free=20), [*WORDS, "阿姨"], [], characters)
    assert made.characters == "".join(sorted(characters))
    said = {character for sentences in made.training.values() for s in sentences for character in s}
    assert said <= set(characters)


def test_what_is_held_out_is_written_as_lists(made: Sentences, tmp_path: Path):
    made.write(tmp_path)
    assert Sentences.read(tmp_path) == made
    assert (tmp_path / "held-out-sentences.txt").read_text("utf-8").splitlines() == [*made.held, *made.held_talk]
    assert "柳林镇 上河村" in (tmp_path / "held-out-phrases.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize(("value", "said"), [(0, "零"), (10, "十"), (205, "两百零五"), (12345, "一万二千三百四十五"),
                                             (20080, "两万零八十"), (193000, "十九万三千")])
def test_numbers_as_said(value: int, said: str):
    assert number(value) == said
