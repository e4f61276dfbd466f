"""Steps of making the small model, and its card."""

from pathlib import Path

import pytest

from deploy.asr_model.__main__ import claim
from deploy.asr_model.card import card
from deploy.asr_model.steps import make_step

RUN = {"scale": "full", "start_from": None, "minutes": 180.0, "steps": 9000, "threads": 2, "clips": 20000, "hours": 22.5,
       "sentences": {"train": 12000, "fixed": 4500}, "voices": 34, "parameters": 6_400_000, "characters": 834, "size_mb": 8.6,
       "held_sentences": 1400, "held_phrases": 10, "held_voices": 6, "versions": "torch 0.0, espeak-ng 1.51"}
FOUND = {"clips": 60, "cer": 0.0123, "start_error_median_s": 0.01, "start_error_p90_s": 0.035, "rtf": 0.031}
FIGURES = {"sentences": {"template_sentences": FOUND, "conversation": {**FOUND, "start_error_p90_s": None}},
           "dialogues": {"free-land": {**FOUND, "cer": 0.117}},
           "no_speech": {"white noise, loud": {"with_filter": 3, "without_filter": 41}}}


def test_a_whole_step_is_not_made_again(tmp_path: Path):
    make_step(tmp_path, "text", lambda part: (part / "a").write_text("1"))
    again = make_step(tmp_path, "text", lambda part: pytest.fail("made again"))
    assert (again / "a").read_text() == "1"


def test_a_broken_step_is_made_again_from_nothing(tmp_path: Path):
    def broken(part: Path) -> None:
        (part / "half").write_text("1")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        make_step(tmp_path, "speech", broken)
    assert not (tmp_path / "speech").exists()
    whole = make_step(tmp_path, "speech", lambda part: (part / "full").write_text("2"))
    assert [path.name for path in whole.iterdir()] == ["full"]


def test_a_step_that_resumes_finds_what_it_left(tmp_path: Path):
    (tmp_path / "training.part").mkdir()
    (tmp_path / "training.part" / "resume.pt").write_text("7")
    whole = make_step(tmp_path, "training", lambda part: None, resume=True)
    assert (whole / "resume.pt").read_text() == "7"


def test_a_folder_belongs_to_one_run(tmp_path: Path):
    settings = {"scale": "small", "minutes": 1.0, "start_from": None, "start_position": 0.0}
    assert claim(tmp_path, settings)
    assert claim(tmp_path, settings)
    assert not claim(tmp_path, {**settings, "minutes": 2.0})


def test_the_card_says_what_was_measured():
    text = card(RUN, FIGURES)
    assert "| reception `free-land`, whole tracks | 60 | 11.7% | 10 ms | 35 ms | 0.031 |" in text
    assert "held-out conversational sentences, held-out voices | 60 | 1.2% | 10 ms | none right |" in text
    assert "| white noise, loud | 3 | 41 |" in text
    assert "1400 sentences, 10 pairs of phrases and 6 voices" in text
    assert "try-out" not in text


def test_the_card_of_a_small_run_says_so():
    assert "try-out of the tool, not a model" in card({**RUN, "scale": "small"}, FIGURES)
