"""Every Chinese text that the kiosk's screens and scripts can show, found in their sources."""

import re
from collections.abc import Iterator
from pathlib import Path

from server.domain import terms
from server.domain.alone import QUESTIONS
from server.reception.record.reading import OWN_FIELDS

WEB = Path(__file__).resolve().parents[2] / "web"
SCRIPTS = WEB / "static" / "js"
TEMPLATES = WEB / "templates" / "kiosk"
SHARED = ("api.js", "absence.js", "line.js", "line_word.js", "seat.js", "time.js", "room/words.js", "public/shown.js", "public/typed.js")
"""Scripts outside js/kiosk whose words stand on the kiosk's screens."""
STAFF = {"enrol.js", "enrol.html"}
"""The administrator's page."""
CHINESE = {"pinyin.js", "sums.js"}
"""About characters to type, and sums of the record, which is Chinese in whatever language the screens are."""
HAN = re.compile(r"[\u3400-\u9fff]")
SPOKEN_ATTRIBUTES = re.compile(r'\b(?:aria-label|alt|placeholder|title)="([^"]*)"')
IN_JINJA = re.compile(r"'([^']*)'")
PLACE = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")
# What may stand before a regular expression: an operator or an opening bracket, not a value.
BEFORE_REGEX = set("(,=:[!&|?{};\n")


def of_screens() -> set[str]:
    """Texts of all templates and scripts, numbers and other values as {1}, {2} …"""
    found = set[str]()
    for file in sorted(TEMPLATES.glob("*.html")):
        if file.name not in STAFF:
            found |= set(of_template(file.read_text("utf-8")))
    scripts = [*sorted((SCRIPTS / "kiosk").rglob("*.js")), *(SCRIPTS / name for name in SHARED)]
    for file in scripts:
        if file.name not in STAFF | CHINESE:
            found |= set(of_script(file.read_text("utf-8")))
    found |= {terms.FIELD[field] for field in OWN_FIELDS}
    return found | {text for one in QUESTIONS.questions for text in (one.title, one.say, one.hint) if text}


def of_template(text: str) -> Iterator[str]:
    """Text between tags, and attributes that are read out."""
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    for block in re.findall(r"\{%.*?%\}", text, flags=re.DOTALL):
        yield from (one for one in IN_JINJA.findall(block) if HAN.search(one))
    text = re.sub(r"\{[%{].*?[%}]\}", "<jinja>", text, flags=re.DOTALL)
    yield from (one for one in SPOKEN_ATTRIBUTES.findall(text) if HAN.search(one))
    for part in re.split(r"<[^>]*>", text):
        words = " ".join(part.split())
        if HAN.search(words):
            yield words


def of_script(code: str) -> Iterator[str]:
    """Strings with Chinese in them, also those within the places of others."""
    for literal in literals(code):
        for inner in PLACE.findall(literal):
            yield from of_script(inner[2:-1])
        words = " ".join(numbered(literal).split())
        if HAN.search(words):
            yield words.replace("\\n", " ")


def numbered(literal: str) -> str:
    """A literal with what is put in, and its own numbers, as {1}, {2} …"""
    count = iter(range(1, 100))

    def place(_: re.Match[str]) -> str:
        return "{" + str(next(count)) + "}"

    return re.sub(r"(?<!\{)\d+(?!\})", place, PLACE.sub(place, literal))


def literals(code: str) -> Iterator[str]:
    """The contents of all strings and templates of a script; comments and regular expressions are passed over."""
    at, before = 0, "\n"
    while at < len(code):
        rest = code[at:]
        if rest.startswith(("//", "/*")):
            end = code.find("\n", at) if rest[1] == "/" else code.find("*/", at) + 2
            at = end if end > at else len(code)
            continue
        if code[at] in "\"'`":
            text, at = _string(code, at)
            yield text
            before = '"'
            continue
        if code[at] == "/" and before in BEFORE_REGEX:
            at = _regex_end(code, at)
            before = "/"
            continue
        if not code[at].isspace() or code[at] == "\n":
            before = code[at] if not code[at].isspace() else before
        at += 1


def _string(code: str, at: int) -> tuple[str, int]:
    """Content of the string that begins here, and where it is over."""
    quote, start, depth = code[at], at + 1, 0
    at = start
    while at < len(code) and (code[at] != quote or depth):
        if code[at] == "\\":
            at += 1
        elif quote == "`" and code.startswith("${", at):
            depth += 1
        elif quote == "`" and depth and code[at] == "}":
            depth -= 1
        at += 1
    return code[start:at], at + 1


def _regex_end(code: str, at: int) -> int:
    within = False
    at += 1
    while code[at] != "/" or within:
        if code[at] == "\\":
            at += 1
        elif code[at] == "[":
            within = True
        elif code[at] == "]":
            within = False
        at += 1
    return at + 1
