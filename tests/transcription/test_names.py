"""Known names of transcription/drafting/names.py, from a file of what was heard and what is shown beside it."""

from pathlib import Path

import pytest

from transcription.drafting.names import KnownNames, Place


def cases() -> list[tuple[str, str, str]]:
    """(known names, what was heard, what is shown)."""
    known, found = "", list[tuple[str, str, str]]()
    for line in (Path(__file__).parent / "passes" / "names.txt").read_text("utf-8").splitlines():
        if line.startswith("known:"):
            known = line.removeprefix("known:")
        elif line and not line.startswith("#"):
            heard, _, shown = line.partition("→")
            found.append((known, heard.strip(), (shown or heard).strip().replace("*", "")))
    return found


def read(heard: str) -> tuple[str, list[bool]]:
    """The text without its marks, and which characters were not heard well."""
    text = heard.replace("*", "")
    return text, [mark == "*" for before, mark in zip(heard, heard[1:] + " ", strict=True) if before != "*"]


def shown(text: str, places: list[Place]) -> str:
    for place in sorted(places, reverse=True):
        text = f"{text[: place.first]}〔{text[place.first : place.last]}：{place.name}〕{text[place.last :]}"
    return text


@pytest.mark.parametrize(("known", "heard", "wanted"), cases())
def test_what_is_shown_beside_what_was_heard(known: str, heard: str, wanted: str) -> None:
    text, unsure = read(heard)
    assert shown(text, list(KnownNames(known.split()).sounding_like(text, unsure))) == wanted
