"""Typesetting: the words of a letter (letters.py) into .pdf with Typst and into .docx from a template of Word."""

from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from server.letters import wordtemplates
from server.letters.typesetting import typeset
from server.reception.letters import SAMPLE, letter_data, template_words

log = structlog.get_logger()

NAMES = ("record", "form")
"""Letters that have a template, by the name of its file."""
FOLDER = "letter-templates"
"""Where an office keeps its own templates, in its data folder."""


def pdf(template: str, data: dict[str, Any], signature: bytes | None, made_at: datetime, font_dir: str) -> bytes:
    """A PDF from `record` or `form`; the words travel as data, never as Typst source."""
    pictures = {"signature.png": signature} if signature is not None else {}
    return typeset(template, data, font_dir, pictures, format="pdf", timestamp=int(made_at.timestamp()))


def docx(template: str, data: dict[str, Any], signature: bytes | None, data_dir: Path) -> bytes:
    """A .docx from `record` or `form`, by the office's own template if it has a good one."""
    chosen = template_of(template, data_dir)
    if chosen.problem:
        log.warning("office's template not used", name=template)
    path = chosen.path
    return wordtemplates.render(path, template_words(data), signature, data["office"])


def template_of(name: str, data_dir: Path) -> wordtemplates.Choice:
    """The template in use, and why the office's own is not."""
    return wordtemplates.choose(name, data_dir / FOLDER, _trial(name))


def template_problems(data_dir: Path) -> list[str]:
    """A Chinese sentence for each template of the office's own that cannot be used."""
    return [
        f"文书模板 {FOLDER}/{name}.docx 没有用上，现在用的是随程序带的。{problem}"
        for name in NAMES
        if (problem := template_of(name, data_dir).problem)
    ]


def _trial(name: str) -> wordtemplates.Trial:
    """What every letter has to say: its number and hash; the record every word, the form who and what for."""
    data = letter_data(SAMPLE)
    form = data["form"]
    said = [line["text"] for line in data["lines"]]
    own = [*said, data["closing"], data["date"]] if name == "record" else [form["name"], form["requests"], form["address"]]
    return wordtemplates.Trial(template_words(data), (data["case_no"], data["record_sha256"], *own))
