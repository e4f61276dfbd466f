"""The one place that calls docxtpl: letters as .docx from templates that an office edits in Word.

A template says `{{ 姓名 }}` where a word goes, and `{%p for 句 in 笔录 %}` … `{%p endfor %}` around what is repeated; the
words are in deploy/letters.zh-CN.md.  An office's own template lies in its data folder under the shipped one's name.
It is tried with sample words before it is used: one that does not render, or leaves out what a letter must say, is not
used, and why is told.
"""

import difflib
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.enum.text import WD_LINE_SPACING
from docx.image.image import Image
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import SandboxedEnvironment, SecurityError

from server.domain.printable import printable

SHIPPED = Path(__file__).resolve().parent / "templates"
LARGEST = 5_000_000
"""Bytes of a template; unpacked at most ten times that."""
SIGNATURE_MM = 13
SEVERAL_NAMES_MM = 68
SEVERAL = 6
"""A picture that is so many times as wide as it is high holds several names."""
WIDEST_MM = {"信访人签名": 38, "接谈人签名": 19, "记录人签名": 19}
"""Places for names, and how wide one name may be there."""
SIGNATURES = tuple(WIDEST_MM)
BLANK = "＿＿＿＿＿＿＿＿"
PLACES = "“{%p for … %}”和配它的“{%p endfor %}”要在同一格里，各占一行；“{%p if … %}”和“{%p endif %}”也一样。"
MISTAKES = (
    (r"innermost block that needs to be closed is '(\w+)'", "有一个“{{%p {0} … %}}”没有配上“{{%p end{0} %}}”。"),
    (r"unknown tag 'end(\w+)'", "多了一个“{{%p end{0} %}}”，前面没有配它的“{{%p {0} … %}}”。"),
    (r"unknown tag '(\w+)'", "没有“{0}”这种标记，能用的只有 for、if 和配它们的 endfor、endif。"),
    (r"unexpected char '(.)'", "花括号里有不认识的字符“{0}”。"),
    (r"Expected an expression, got 'end of", "花括号里没有写名字。"),
    (r"got '(?!end of)(.+)'", "花括号里的“{0}”放错了，名字中间不能有空格或者别的字。"),
)
"""What Jinja says of a mark, and the same in words for an office."""
DOCXTPL_BEFORE = 4
"""Of the paragraphs it hands on with a mistake the faulty one is the fourth, or an earlier one at a document's beginning."""
SHOWN = 40
"""Characters of a paragraph that are told."""
_FULL_WIDTH = re.compile(r"[｛{]\s*｛|｝\s*[｝}]|[｛{]\s*[％]|％\s*[｝}]")


@dataclass(frozen=True)
class Trial:
    """What a template is tried with: words, and those of them that have to be in the letter, under the names of their places."""

    words: Mapping[str, Any]
    needed: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Choice:
    """The template in use; `own` is the office's file that decided it, also one that is not good: `problem` is a Chinese sentence on why,
    and the shipped one is used."""

    path: Path
    own: Path | None = None
    problem: str = ""


def choose(own: Sequence[Path], shipped: str, trial: Trial) -> Choice:
    """The first of an office's own files that is there, if it is good, else the shipped one of this name."""
    for path in own:
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        problem = _problem_as_of(path, (found.st_mtime_ns, found.st_size), trial)
        return Choice(shipped_path(shipped) if problem else path, own=path, problem=problem)
    return Choice(shipped_path(shipped))


def shipped_path(name: str) -> Path:
    """Where a shipped template lies."""
    return SHIPPED / f"{name}.docx"


_tried: dict[Path, tuple[tuple[int, int], str]] = {}
"""What came of trying a file, with its time and size then."""


def _problem_as_of(path: Path, state: tuple[int, int], trial: Trial) -> str:
    known = _tried.get(path)
    if known is None or known[0] != state:
        known = _tried[path] = (state, problem_of(path, trial))
    return known[1]


def problem_of(path: Path, trial: Trial) -> str:
    """Why a template cannot be used, in a Chinese sentence; "" if it can."""
    if path.stat().st_size > LARGEST or not _is_word(path):
        return "这不是一个 .docx 文件，或者太大了。请用 Word 另存成 .docx。"
    try:
        docx.Document(str(path))
    except Exception:
        return "模板打不开。请用 Word 打开看看，另存一次。"
    try:
        made = render(path, trial.words, dict.fromkeys(SIGNATURES, ""), "")
    except TemplateSyntaxError as error:
        return f"模板里的标记写得不对：{_in_chinese(error)}"
    except UndefinedError as error:
        return f"模板里用了没有的名字：{_name_in(str(error), trial.words)}"
    except SyntaxError:  # what was rendered is no XML any more
        return f"模板里的标记放错了地方：{PLACES}"
    except Exception:  # whatever else a mark may ask for
        return "模板里有一处标记算不出来。花括号里只写说明里的名字，不要加别的；for 里面不要再套一个 for。"
    text = text_of(made)
    if _FULL_WIDTH.search(text):
        return "模板里有全角的括号（｛｛），要用半角的 {{ 和 }}。"
    missing = [name for name, words in trial.needed.items() if not all(one in text for one in words)]
    return f"模板里少了必须有的内容：{'、'.join(missing)}。" if missing else ""


def _is_word(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(entry.file_size for entry in packed.infolist()) <= 10 * LARGEST and "word/document.xml" in packed.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _in_chinese(error: TemplateSyntaxError) -> str:
    """What is wrong with a mark, and the paragraph in which it stands."""
    for pattern, words in MISTAKES:
        if found := re.search(pattern, str(error.message)):
            return words.format(*found.groups()) + _where(error)
    return "花括号里的写法不对，里面只写说明里的名字。" + _where(error)


def _where(error: TemplateSyntaxError) -> str:
    """The paragraph's words, of the few around it that docxtpl hands on; "" where it does not know it."""
    around = list(getattr(error, "docx_context", ()))
    line = min(error.lineno, DOCXTPL_BEFORE) - 1
    words = around[line].strip() if 0 <= line < len(around) else ""
    return f"在这一段：“{words[:SHOWN]}”。" if words else ""


def _name_in(message: str, words: Mapping[str, Any]) -> str:
    """The name that nothing has, and the one that was probably meant."""
    found = re.search(r"'([^']+)' is undefined|no attribute '([^']+)'", message)
    if found is None:
        return message
    name = found[1] or found[2]
    inner = (key for value in words.values() if isinstance(value, list) and value and isinstance(value[0], Mapping) for key in value[0])
    meant = difflib.get_close_matches(name, [*words, *SIGNATURES] if found[1] else list(inner), n=1, cutoff=0.4)
    return f"“{name}”" + (f"，是不是“{meant[0]}”？" if meant else "。能用的名字都在说明里。")


class _OnlyNames(SandboxedEnvironment):
    """Marks name words, repeat and choose; none calculates, calls or repeats what is repeated: whatever a template asks for,
    it takes as long as it is and as the record is."""

    ALLOWED = (
        nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.For, nodes.If,
        nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
    )  # fmt: skip

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        loops = list(tree.find_all(nodes.For))
        if any(True for loop in loops for _ in loop.find_all(nodes.For)) or not all(isinstance(one, self.ALLOWED) for one in tree.find_all(nodes.Node)):
            raise SecurityError("more than names")
        return tree


def render(path: Path, words: Mapping[str, Any], signatures: Mapping[str, bytes | str], author: str) -> bytes:
    """A template with these words and, in the places of SIGNATURES, pictures or words (empty: a line); raises jinja2.TemplateError, and what python-docx raises for a broken file.

    Words are never markup: they are escaped, and the environment runs no code.
    """
    paper = DocxTemplate(path)
    paper.init_docx()
    context = {key: _clean(value) for key, value in words.items()}
    for name, one in signatures.items():
        context[name] = _picture(paper, one, WIDEST_MM[name]) if isinstance(one, bytes) else _clean(one) or BLANK
    paper.render(context, _OnlyNames(undefined=StrictUndefined, autoescape=True), autoescape=True)
    _show_pictures_whole(paper.docx)
    paper.docx.core_properties.author = printable(author)
    target = io.BytesIO()
    paper.save(target)
    return target.getvalue()


def _picture(paper: DocxTemplate, image: bytes, one_name: int) -> InlineImage:
    """As high as a name is written; a wide one only as wide as its place, several names as wide as a line."""
    found = Image.from_blob(image)
    aspect = found.px_width / found.px_height
    widest = one_name if aspect < SEVERAL else SEVERAL_NAMES_MM
    if aspect * SIGNATURE_MM > widest:
        return InlineImage(paper, io.BytesIO(image), width=Mm(widest))
    return InlineImage(paper, io.BytesIO(image), height=Mm(SIGNATURE_MM))


def _show_pictures_whole(paper: Document) -> None:
    """A line of fixed height cuts off what is higher, and Word's own dialog makes such lines.  Nothing is around them:
    LibreOffice and WPS take an unsaid distance for 3 mm, Word for none."""
    for node in paper.element.body.iter(qn("w:p")):
        paragraph = Paragraph(node, paper._body)
        if node.find(f".//{qn('w:drawing')}") is not None and _line_rule(paragraph) == WD_LINE_SPACING.EXACTLY:
            paragraph.paragraph_format.line_spacing = 1.0
    for picture in paper.element.body.iter(qn("wp:inline")):
        for side in "TBLR":
            picture.set(f"dist{side}", "0")


def _line_rule(paragraph: Paragraph) -> WD_LINE_SPACING | None:
    own, style = paragraph.paragraph_format.line_spacing_rule, paragraph.style
    return style.paragraph_format.line_spacing_rule if own is None and style else own


def _clean(value: Any) -> Any:
    """Without what XML cannot hold."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: _clean(inner) for key, inner in value.items()}
    return [_clean(inner) for inner in value] if isinstance(value, list | tuple) else value


def text_of(content: bytes) -> str:
    """All words of a .docx: body, tables, and foot."""
    paper = docx.Document(io.BytesIO(content))
    parts = [paper.element.body, *(section.footer._element for section in paper.sections), *(section.header._element for section in paper.sections)]
    return "\n".join("".join(node.text or "" for node in part.iter() if node.tag.endswith("}t")) for part in parts)
