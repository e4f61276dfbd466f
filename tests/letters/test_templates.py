"""An office's own Word templates: used when they are good, told and passed over when they are not."""

import io
import re
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from docx.enum.text import WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from jinja2.sandbox import SecurityError

from server.domain.signers import SignerRole, SigningWay
from server.letters import wordtemplates
from server.reception.matter import issued
from server.reception.paper import printing
from server.reception.paper.letters import SAMPLE, letter_data, pictures, template_words
from server.reception.record.signatures import Signed

PAGE = Path(__file__).resolve().parents[2] / "deploy" / "letters.zh-CN.md"
LINES = ("{%p for 句 in 笔录 %}", "{{ 句.话 }}", "{%p endfor %}")
GOOD = ("本县专用", "{{ 编号 }} {{ 笔录校验值 }}", *LINES, "{{ 结尾 }}{{ 日期 }}")


def put(folder: Path, *paragraphs: str) -> None:
    paper = docx.Document()
    for text in paragraphs:
        paper.add_paragraph(text)
    own = folder / printing.FOLDER
    own.mkdir(exist_ok=True)
    paper.save(str(own / "record.docx"))


def made(folder: Path) -> str:
    return wordtemplates.text_of(printing.docx("record", letter_data(SAMPLE), {}, folder))


@pytest.mark.parametrize("name", printing.NAMES)
def test_the_shipped_templates_are_good_and_leave_no_mark_behind(name, tmp_path):
    assert wordtemplates.problem_of(wordtemplates.SHIPPED / f"{name}.docx", printing.trial(name)) == ""
    text = wordtemplates.text_of(printing.docx(name, letter_data(SAMPLE), {}, tmp_path))
    assert not re.search(r"[{}%]", text)


def test_an_offices_own_template_is_used_from_the_moment_it_is_saved(tmp_path):
    assert "本县专用" not in made(tmp_path)
    put(tmp_path, *GOOD)
    assert "本县专用" in made(tmp_path)
    assert printing.template_problems(tmp_path) == []
    put(tmp_path, "改过了", *GOOD)
    assert "改过了" in made(tmp_path)


@pytest.mark.parametrize(("paragraphs", "why"), [
    ((*GOOD, "{{ 姓铭 }}"), "没有的名字：“姓铭”，是不是“姓名”？"),
    ((*GOOD[:2], "{%p for 句 in 笔录 %}", "{{ 句.话 }}{{ 句.几点 }}", "{%p endfor %}", GOOD[-1]), "没有的名字：“几点”。能用的名字都在说明里。"),
    ((*GOOD[:2], "{%p for 句 in 笔录 %}", "{{ 句.话 }}", GOOD[-1]), "有一个“{%p for … %}”没有配上“{%p endfor %}”"),
    ((*GOOD, "{%p endif %}"), "多了一个“{%p endif %}”"),
    ((*GOOD, "{%p 姓名 %}"), "没有“姓名”这种标记"),
    ((*GOOD, "电话是 {{ 姓名 ！}} 吗"), "不认识的字符“！”。在这一段：“电话是 {{ 姓名 ！}} 吗”。"),
    ((*GOOD, "{{ 姓 名 }}"), "“名”放错了"),
    ((*GOOD, "{{ }}"), "没有写名字"),
    ((*GOOD, "{{ 姓名() }}"), "算不出来"),
    ((*GOOD, "｛｛ 姓名 ｝｝"), "全角的括号"),
    ((*GOOD[:2], GOOD[-1]), "少了必须有的内容：笔录里的每一句话。"),
    ((GOOD[0], "{{ 编号 }}", *GOOD[2:]), "少了必须有的内容：笔录校验值。"),
    ((*GOOD, "{{ ''.__class__.__mro__ }}"), "算不出来"),
])  # fmt: skip
def test_a_broken_template_is_told_and_the_shipped_one_used(paragraphs, why, tmp_path):
    put(tmp_path, *paragraphs)
    (problem,) = printing.template_problems(tmp_path)
    assert problem.startswith("文书模板 letter-templates/record.docx 没有用上，现在用的是随程序带的。")
    assert why in problem
    assert not re.search("[A-Za-z]{7}", problem.partition("随程序带的。")[2]), "what Jinja says is English"
    assert printing.template_of("record", tmp_path).path == wordtemplates.shipped_path("record")


@pytest.mark.parametrize("mark", [
    "{{ '好' * 9 }}", "{{ 编号 ~ 编号 }}", "{% set 长 = 编号 %}", "{{ 编号|center(9) }}", "{{ 姓名() }}", "{% macro 短() %}{% endmacro %}",
    "{% for 句 in 笔录 %}{% for 又 in 笔录 %}{% endfor %}{% endfor %}",
])  # fmt: skip
def test_a_mark_names_chooses_and_repeats_and_does_nothing_else(mark):
    """What a mark could calculate, call or repeat within itself may take all memory, or no end."""
    names = wordtemplates._OnlyNames()
    assert names.from_string("{% for 句 in 笔录 if 句.话 %}{{ loop.index }}{{ 句.话 }}{% endfor %}").render(笔录=[{"话": "甲"}, {"话": ""}]) == "1甲"
    with pytest.raises(SecurityError):
        names.from_string(mark)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"{\\rtf1 }"])
def test_what_is_no_word_file_is_told(content, tmp_path):
    put(tmp_path, *GOOD)
    (tmp_path / printing.FOLDER / "record.docx").write_bytes(content)
    assert "不是一个 .docx 文件" in printing.template_problems(tmp_path)[0]
    text = made(tmp_path)
    assert "样句答：补偿款没有给。" in text
    assert "本县专用" not in text


def test_values_are_words_and_never_marks(tmp_path):
    data = letter_data(SAMPLE)
    data["lines"][0]["text"] = "{{ 姓名 }}{% raw %} <w:t> & \x0b一行\n二行"
    text = wordtemplates.text_of(printing.docx("record", data, {}, tmp_path))
    assert "{{ 姓名 }}{% raw %} <w:t> & 一行" in text


def test_every_name_is_in_the_offices_page():
    page = PAGE.read_text(encoding="utf-8")
    names = {*template_words(letter_data(SAMPLE)), *wordtemplates.SIGNATURES, *issued.TRIAL.words}
    assert {name for name in names if f"{{{{ {name} }}}}" not in page} == set()
    assert set(re.findall(r"\{\{ (\w+) \}\}", page)) - names == set()


def test_a_signature_is_a_picture_in_its_place(tmp_path):
    from tests.records.office import png

    signed = (
        Signed(SignerRole.PETITIONER, "样本人", SigningWay.HANDWRITTEN, png()),
        Signed(SignerRole.REPRESENTATIVE, "样代表", SigningWay.FINGERPRINT, png()),
        Signed(SignerRole.RECEIVER, "接谈样", SigningWay.HANDWRITTEN, png()),
        Signed(SignerRole.RECORDER, "记录样", SigningWay.CONFIRMED),
    )
    filed = replace(SAMPLE, signatures=signed)
    content = printing.docx("record", letter_data(filed), pictures(filed), tmp_path)
    assert len(docx.Document(io.BytesIO(content)).inline_shapes) == 2, "the readers' names stand side by side"
    assert "记录人：记录样" in wordtemplates.text_of(content)
    assert "登录确认" in wordtemplates.text_of(content)


@pytest.mark.parametrize("name", printing.NAMES)
def test_no_signature_stands_in_a_line_of_fixed_height_that_would_cut_it(name, tmp_path):
    from tests.records.office import png

    signed = tuple(Signed(role, "样本人", SigningWay.HANDWRITTEN, png()) for role in (SignerRole.PETITIONER, SignerRole.RECEIVER, SignerRole.RECORDER))
    filed = replace(SAMPLE, signatures=signed)
    paper = docx.Document(io.BytesIO(printing.docx(name, letter_data(filed), pictures(filed), tmp_path)))
    around = [Paragraph(node, paper._body) for node in paper.element.body.iter(qn("w:p")) if node.xpath("./w:r/w:drawing")]
    assert [one.paragraph_format.line_spacing_rule for one in around] == [WD_LINE_SPACING.SINGLE] * len(paper.inline_shapes)
    assert around
    assert {one.get("distL") for one in paper.element.body.iter(qn("wp:inline"))} == {"0"}


def test_the_nearest_units_template_holds_then_one_above_then_the_one_for_everybody(tmp_path):
    def holds(office: str) -> str:
        return wordtemplates.text_of(printing.docx("record", letter_data(SAMPLE), {}, tmp_path, office)).splitlines()[0][:4]

    put(tmp_path, "各家共用", *GOOD[1:])
    for unit, words in ((1, "全县用的"), (12, "一镇用的")):
        folder = tmp_path / printing.FOLDER / str(unit)
        folder.mkdir()
        paper = docx.Document()
        for text in (words, *GOOD[1:]):
            paper.add_paragraph(text)
        paper.save(str(folder / "record.docx"))
    assert [holds(office) for office in ("/", "/1/", "/1/2/", "/1/12/", "/1/12/5/", "/6/")] == ["各家共用", "全县用的", "全县用的", "一镇用的", "一镇用的", "各家共用"]
