"""Typesetting: the words of a letter (letters.py) into .pdf with Typst and into .docx with python-docx."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from server.letters.typesetting import typeset

DOCX_FONT = "宋体"
"""On every computer that reads .docx in China; others take their own serif."""


def pdf(template: str, data: dict[str, Any], signature: bytes | None, made_at: datetime, font_dir: str) -> bytes:
    """A PDF from `record` or `form`; the words travel as data, never as Typst source."""
    pictures = {"signature.png": signature} if signature is not None else {}
    return typeset(template, data, font_dir, pictures, format="pdf", timestamp=int(made_at.timestamp()))


def record_docx(data: dict[str, Any], signature: bytes | None) -> bytes:
    """接谈笔录 as .docx."""
    paper = _paper("接谈笔录", data)
    rows = [
        ("时　间", data["visit_time"], "方　式", data["form_of_visit"]),
        ("地　点", data["place"], "接谈人", data["received_by"]),
        ("信访人", data["petitioner"], "记录人", data["clerk"]),
    ]
    _table(paper, rows, (22, 59, 22, 59))
    _table(paper, [("住　址", data["address"]), ("在场人员", "\n".join(data["attendance"]))], (22, 140))
    _paragraph(paper, data["consent"], indent=True)
    for line in data["lines"]:
        _spoken(paper, line)
    _promises(paper, data["promises"])
    _paragraph(paper, "注：方括号内为录音时刻。" + "".join(data["notes"]), size=10)
    _paragraph(paper, data["closing"], indent=True)
    _signatures(paper, data, signature)
    return _saved(paper)


def form_docx(data: dict[str, Any]) -> bytes:
    """来访登记表 as .docx."""
    form, choices = data["form"], data["choices"]
    paper = _paper("来访登记表", data)
    visit = "　".join(_ticks(choices[name]) for name in ("form_of_visit", "first_or_repeat", "group_visit"))
    _table(paper, [
        ("姓　名", form["name"], "性　别", form["sex"]),
        ("民　族", form["ethnic_group"], "人　数", form["people"]),
        ("证件类型", form["id_type"], "证件号码", form["id_number"]),
        ("联系电话", form["phone"], "代　表", form["representatives"]),
        ("时　间", form["visit_time"], "地　点", form["place"]),
        ("接谈人", form["received_by"], "登记人", data["clerk"]),
        ("发生地", form["problem_place"], "被反映单位", form["accused_unit"]),
        ("涉法涉诉", _ticks(choices["litigation"]), "金　额", form["amount"]),
        ("录　音", data["minutes"], "责任单位", form["responsible_unit"]),
    ], (22, 59, 22, 59))
    _table(paper, [
        ("住　址", form["address"]),
        ("形　式", visit),
        ("目　的", _ticks(choices["purpose"])),
        ("内容类别", form["category"]),
        ("概　况", form["summary"]),
        ("诉　求", form["requests"]),
        ("事实理由", form["facts"]),
        ("此前办理", form["tried_before"]),
        ("材　料", form["materials"]),
        ("拟办意见", form["handling"] + "\n\n登记人：　　　　　　　　　　　年　　月　　日"),
        ("领导批示", "\n\n签名：　　　　　　　　　　　年　　月　　日"),
    ], (22, 140))
    _paragraph(paper, "依据《信访工作条例》第十九条、第二十一条如实登记。空着的，是信访人没有说明或者没有填写。", size=10)
    _hashes(paper, data)
    return _saved(paper)


def _ticks(choices: list[dict[str, Any]]) -> str:
    return "　".join(("☑ " if choice["on"] else "☐ ") + choice["label"] for choice in choices)


def _paper(title: str, data: dict[str, Any]) -> Any:
    paper = docx.Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(22)
    section.top_margin, section.bottom_margin = Mm(20), Mm(20)
    style = paper.styles["Normal"]
    style.font.name, style.font.size = DOCX_FONT, Pt(11.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), DOCX_FONT)
    style.paragraph_format.space_after = Pt(4)
    paper.core_properties.title, paper.core_properties.author = title, data["office"]
    _paragraph(paper, data["office"], size=12.5, align=WD_ALIGN_PARAGRAPH.CENTER)
    _paragraph(paper, "　".join(title), size=20, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    _paragraph(paper, f"编号：{data['case_no']}", size=10.5, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _footer(section, f"校验码 {data['check']}　　第 ")
    return paper


def _footer(section: Any, text: str) -> None:
    paragraph = section.footer.paragraphs[0]
    paragraph.add_run(text)
    _number_of(paragraph, "PAGE")
    paragraph.add_run(" 页，共 ")
    _number_of(paragraph, "NUMPAGES")
    paragraph.add_run(" 页")
    for run in paragraph.runs:
        run.font.size = Pt(9.5)


def _number_of(paragraph: Any, field: str) -> None:
    """A field that Word fills in: the number of the page, or of pages."""
    element = OxmlElement("w:fldSimple")
    element.set(qn("w:instr"), field)
    paragraph._p.append(element)


def _paragraph(
    paper: Any, text: str, *, size: float = 11.5, bold: bool = False, indent: bool = False, align: Any = None
) -> Any:
    paragraph = paper.add_paragraph()
    run = paragraph.add_run(_clean(text))
    run.font.size, run.bold = Pt(size), bold
    paragraph.alignment = align
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)
    return paragraph


def _clean(text: str) -> str:
    """Without control characters, which XML cannot hold."""
    return "".join(character for character in text if character >= " " or character in "\n\t")


def _spoken(paper: Any, line: dict[str, str]) -> None:
    paragraph = paper.add_paragraph()
    paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Pt(25), Pt(-25)
    paragraph.add_run(f"{line['label']}：").bold = True
    paragraph.add_run(_clean(line["text"]))
    paragraph.add_run(f"［{line['at']}］").font.size = Pt(8.5)


def _promises(paper: Any, promises: Sequence[dict[str, str]]) -> None:
    if promises:
        _paragraph(paper, "接访人当场答复：", bold=True)
    for number, one in enumerate(promises, start=1):
        paragraph = _paragraph(paper, f"{number}. {one['text']}。")
        paragraph.add_run(f"［{one['at']}］").font.size = Pt(8.5)


def _table(paper: Any, rows: Sequence[tuple[str, ...]], widths: tuple[int, ...]) -> None:
    table = paper.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for row in rows:
        cells = table.add_row().cells
        for i, (cell, text) in enumerate(zip(cells, row, strict=True)):
            cell.text, cell.width = _clean(text), Mm(widths[i])
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER if i % 2 == 0 else None
    paper.add_paragraph().paragraph_format.space_after = Pt(0)


def _signatures(paper: Any, data: dict[str, Any], signature: bytes | None) -> None:
    paragraph = paper.add_paragraph("信访人（签名）：")
    if signature is not None:
        paragraph.add_run().add_picture(io.BytesIO(signature), height=Mm(13))
    else:
        paragraph.add_run("＿＿＿＿＿＿＿＿")
    paragraph.add_run("　接谈人：＿＿＿＿＿＿　记录人：＿＿＿＿＿＿")
    _paragraph(paper, data["date"], align=WD_ALIGN_PARAGRAPH.RIGHT)
    _hashes(paper, data)


def _hashes(paper: Any, data: dict[str, Any]) -> None:
    manifest = data["manifest_sha256"] or "（没有录音录像）"
    _paragraph(paper, f"笔录内容 SHA-256：{data['record_sha256']}\n录音录像清单 SHA-256：{manifest}", size=8)


def _saved(paper: Any) -> bytes:
    target = io.BytesIO()
    paper.save(target)
    return target.getvalue()
