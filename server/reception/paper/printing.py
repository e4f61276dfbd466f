"""Typesetting: the words of a letter (letters.py) into .pdf with Typst and into .docx from a template of Word."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from server.letters import wordtemplates
from server.letters.typesetting import typeset
from server.reception.paper.letters import SAMPLE, letter_data, template_words
from server.reception.record.signature_image import side_by_side, trimmed

log = structlog.get_logger()

NAMES = ("record", "form")
"""Letters that have a template, by the name of its file."""
SIGNATURES = dict(zip(wordtemplates.SIGNATURES, ("readers", "receiver", "recorder"), strict=True))
"""Places for names in a template, and whose they are."""
SHORT_LINE = "＿＿＿＿"
FOLDER = "letter-templates"
"""Where an office keeps its own templates, in its data folder."""


def pdf(template: str, data: dict[str, Any], pictures: Mapping[str, bytes], made_at: datetime, font_dir: str) -> bytes:
    """A PDF from `record` or `form`; the words travel as data, never as Typst source."""
    return typeset(template, data, font_dir, {name: trimmed(one) for name, one in pictures.items()}, format="pdf", timestamp=int(made_at.timestamp()))


def docx(template: str, data: dict[str, Any], pictures: Mapping[str, bytes], data_dir: Path, office: str = "/") -> bytes:
    """A .docx from `record` or `form`, by the template that holds for the office at this path."""
    chosen = template_of(template, data_dir, office)
    if chosen.problem:
        log.warning("office's template not used", name=template)
    path = chosen.path
    places = {name: _place(data["signatures"][place], pictures) for name, place in SIGNATURES.items()}
    places |= {name: places[name] or SHORT_LINE for name in wordtemplates.SIGNATURES[1:]}
    return wordtemplates.render(path, template_words(data), places, data["office"])


def _place(names: list[dict[str, str]], pictures: Mapping[str, bytes]) -> bytes | str:
    """Pictures of names side by side, or what stands there instead."""
    found = [trimmed(pictures[one["picture"]]) for one in names if one["picture"] in pictures]
    if found:
        return side_by_side(found)
    return "；".join(one["words"] for one in names if one["words"])


def folders(data_dir: Path, office: str) -> list[Path]:
    """Where templates for the office at this path may lie: its own, those of the units above it, the nearest first, and those for everybody."""
    base = data_dir / FOLDER
    return [*(base / number for number in reversed(office.strip("/").split("/")) if number), base]


def template_of(name: str, data_dir: Path, office: str = "/") -> wordtemplates.Choice:
    """The template that holds for an office, and why one of its own is not used."""
    return wordtemplates.choose([folder / f"{name}.docx" for folder in folders(data_dir, office)], name, trial(name))


def template_problems(data_dir: Path) -> list[str]:
    """A Chinese sentence for each template for everybody that cannot be used."""
    return [
        f"文书模板 {FOLDER}/{name}.docx 没有用上，现在用的是随程序带的。{problem}"
        for name in NAMES
        if (problem := template_of(name, data_dir).problem)
    ]


def trial(name: str) -> wordtemplates.Trial:
    """What every letter has to say: its number and hash; the record every word, the form who and what for."""
    words = template_words(letter_data(SAMPLE))
    needed = ("编号", "笔录校验值", *(("结尾", "日期") if name == "record" else ("姓名", "诉求", "住址")))
    said = {"笔录里的每一句话": [line["话"] for line in words["笔录"]]} if name == "record" else {}
    return wordtemplates.Trial(words, said | {one: [words[one]] for one in needed})
