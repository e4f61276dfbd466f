"""Every word of the kiosk's screens is in the language packs, and nothing else is; every sentence that is spoken has its file."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.checks import framing, paper, picture, sound
from kiosk.devices import printers
from server.domain import progress_words
from server.domain.limits import RULES
from server.pages.guidance import AUDIO, LANGUAGES, languages, own_recording
from tests.office import settings_for
from tests.server.kiosk_texts import SCRIPTS, literals, of_screens

WHOLE = ("en",)
"""Packs that say everything; the others are examples."""
PLACES = re.compile(r"\{\d\}")
TONES = {"ring", "tick"}


def pack(code: str) -> dict[str, Any]:
    return dict(json.loads((LANGUAGES / f"{code}.json").read_text("utf-8")))


def packs() -> list[str]:
    return sorted(file.stem for file in LANGUAGES.glob("*.json"))


@pytest.mark.parametrize("code", packs())
def test_a_pack_has_every_text_and_no_other(code: str) -> None:
    known, shown = pack(code)["texts"], of_screens()
    assert sorted(set(known) - shown) == [], "nothing of the screens says so any more"
    if code in WHOLE:
        assert sorted(shown - set(known)) == []
    wrong = [text for text, words in known.items() if not words or not set(PLACES.findall(words)) <= set(PLACES.findall(text))]
    assert wrong == [], "a place that the Chinese text does not have"


@pytest.mark.parametrize("code", packs())
def test_what_is_spoken_has_its_file_and_is_asked_for(code: str) -> None:
    one = pack(code)
    spoken = one["spoken"]
    assert {"code", "name", "direction", "voice", "spoken", "texts"} <= set(one)
    if code in (*WHOLE, "zh-CN"):
        assert sorted(spoken) == sorted(asked_for() - TONES)
    missing = [name for name in spoken if not (AUDIO / one["voice"] / f"{name}.opus").is_file()]
    assert missing == []


def asked_for() -> set[str]:
    """Names of sentences that scripts speak."""
    code = "\n".join(file.read_text("utf-8") for file in (SCRIPTS / "kiosk").rglob("*.js"))
    known = set(pack("zh-CN")["spoken"]) | TONES
    return known & set(literals(code))


@pytest.mark.parametrize("code", WHOLE)
def test_what_the_kiosks_program_says_is_said_in_every_language(code: str) -> None:
    said = {*framing.WORDS.values(), *paper.WORDS.values(), *picture.WORDS.values(), *sound.WORDS.values(), *printers.WORDS.values()}
    assert sorted(said - set(pack(code)["office"])) == []


@pytest.mark.parametrize("code", WHOLE)
def test_what_comes_in_a_matter_is_said_in_every_language(code: str) -> None:
    day = date(2026, 6, 24)
    said = {progress_words.due(rule, day, "某局", "某局", late) for rule in RULES for late in (0, 6)}
    said |= {progress_words.over(rule, day) for rule in progress_words.OWN_LIMITS} - {""}
    known = {PLACES.sub("…", text) for text in pack(code)["office"]}
    placed = {re.sub(r"\d{4}年\d+月\d+日（星期三）(以前)?|某局|(?<=过了 )6", "…", text) for text in said if text}
    assert sorted(placed - known) == []


def test_an_office_speaks_with_its_own_voice_and_offers_its_languages(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, kiosk_languages=["en", "zh-CN", "xx"])
    assert [one["code"] for one in languages(settings)] == ["en", "zh-CN"]
    (tmp_path / "voice" / "en").mkdir(parents=True)
    (tmp_path / "secret.key").write_bytes(b"x")
    own = tmp_path / "voice" / "en" / "welcome.mp3"
    own.write_bytes(b"mp3")
    assert own_recording(settings, "en/welcome.opus") == own
    assert own_recording(settings, "welcome.opus") is None
    assert own_recording(settings, "../secret.key") is None
    assert own_recording(settings, "en/../../secret.key") is None
