"""Measuring recognition: what counts as wrong, missed, invented and marked, and the command with its page."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.bench.noises import write
from server.protocol.transcript import Utterance, Word
from tests.transcription.conftest import MODEL
from transcription import doubts
from transcription.cli import app
from transcription.evaluate import Character, Sentence
from transcription.evaluation import compare

WORDS_JS = Path(__file__).parents[2] / "web/static/js/desk/words.js"


def sentence(text: str, at: float) -> Sentence:
    characters = tuple(Character(c, at + i * 0.2) for i, c in enumerate(text))
    return Sentence("p", at, at + len(text) * 0.2, text, characters)


def heard(text: str, at: float, weak: str = "", doubt: tuple[str, ...] = ()) -> Utterance:
    starts = [at + i * 0.2 for i in range(len(text) + 1)]
    words = tuple(
        Word(start=a, end=b, text=c, probability=0.4 if c in weak else 0.99)
        for (a, b), c in zip(pairwise(starts), text, strict=True)
    )
    return Utterance(id=f"u{round(at)}", participant_id="p", start=at, end=starts[-1], text=text, words=words, doubt=doubt)


SAID = [sentence("我家的地被占了", 5.0), sentence("没有给一分钱", 20.0)]


def test_what_is_right_counts_nothing() -> None:
    figures, written = compare([heard("我家的地被占了。", 5.0), heard("没有给一分钱", 20.0)], SAID, 60.0)
    assert (figures.edits, figures.wrong, figures.missed, figures.inserted, figures.invented) == (0, 0, 0, 0, 0)
    assert figures.shown()["cer"] == 0
    assert [w.runs for w in written] == [(("我家的地被占了。", False, False),), (("没有给一分钱", False, False),)]


def test_wrong_and_missing_characters_are_marked_or_not() -> None:
    misheard, missing = heard("我家的弟被占了", 5.0, weak="弟"), heard("没有给一钱", 20.0)
    figures, _ = compare([misheard, missing], SAID, 60.0)
    assert (figures.edits, figures.missed, figures.wrong, figures.wrong_marked) == (2, 1, 2, 1)
    assert figures.marked == 3
    beside = heard("没有给一钱", 20.0, weak="一")
    assert compare([misheard, beside], SAID, 60.0)[0].wrong_marked == 2


def test_marked_places_hit_an_error_or_miss() -> None:
    given = [heard("我家的弟被占了", 5.0, weak="弟"), heard("没有给一钱", 20.0, weak="没")]
    shown = compare(given, SAID, 60.0)[0].shown()
    assert (shown["doubts_hit"], shown["doubts_missed"]) == (1, 1)


def test_what_nobody_said_is_invented() -> None:
    figures, written = compare([heard("请不吝点赞", 40.0)], SAID, 60.0)
    assert (figures.invented, figures.inserted) == (1, 5)
    assert figures.missed == 13
    assert written[0].invented
    assert figures.shown()["inserted_per_minute"] == pytest.approx(5 / ((60 - 4.6) / 60), abs=0.01)


def test_a_doubt_of_the_whole_marks_all_of_it() -> None:
    assert doubts.doubtful(heard("我家的地", 5.0, doubt=("unstable",))) == [True] * 4
    assert doubts.doubtful(heard("我家的地", 5.0, doubt=("low_probability",))) == [False] * 4
    assert doubts.doubtful(heard("我家，的地", 5.0, weak="的")) == [False, True, True, True]
    assert doubts.doubtful(heard("我家的地", 5.0, doubt=("missing_words",))) == [True, False, False, True], "beside them words are missing"


def test_the_desk_underlines_by_the_same_rule() -> None:
    found = re.search(r"export const WEAK = ([\d.]+);", WORDS_JS.read_text("utf-8"))
    assert found is not None
    assert float(found[1]) == doubts.WEAK


@pytest.mark.slow
def test_the_command_measures_a_folder_and_writes_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIETAN_TRANSCRIBER_MODEL", str(MODEL))
    monkeypatch.setenv("JIETAN_DATA_DIR", str(tmp_path / "data"))
    write(tmp_path / "rooms", ["street", "hum"])
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["evaluate", str(tmp_path / "rooms"), "--page", str(page), "--live-seconds", "0"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["invented_sentences"], figures["cer"]) == (0, 0.0)
    assert figures["unguarded_invented_sentences"] >= 1
    assert figures["second_invented_sentences"] == 0
    assert {name: one["windows"] for name, one in figures["noises"].items()} == {"hum": 2, "street": 2}
    html = page.read_text("utf-8")
    assert 'src="rooms/street/room.wav"' in html
    assert "没有写出一个字" in html


def test_a_folder_without_dialogues_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(tmp_path)])
    assert done.exit_code == 2
    assert "no reference.json" in done.output
