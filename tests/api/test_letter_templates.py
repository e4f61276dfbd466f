"""An office's own Word templates over HTTP: looked at, fetched, changed, refused in words, and taken back."""

import io

import docx
import pytest

from server.letters import wordtemplates
from server.reception.matter import issued
from server.reception.paper import letter_templates
from server.store.models import AccessEntry
from tests.office import running, settings_for

PARTS = ("{{ 编号 }} {{ 笔录校验值 }}", "{%p for 句 in 笔录 %}", "{{ 句.话 }}", "{%p endfor %}", "{{ 结尾 }}{{ 日期 }}")


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One office for all of these."""
    with running(settings_for(tmp_path_factory.mktemp("templates"))) as started:
        yield started


def word(*paragraphs: str) -> bytes:
    paper = docx.Document()
    for text in paragraphs:
        paper.add_paragraph(text)
    target = io.BytesIO()
    paper.save(target)
    return target.getvalue()


def row(answer, name: str = "record") -> dict:
    assert answer.status_code == 200, answer.text
    return next(one for one in answer.json()["templates"] if one["name"] == name)


def test_a_changed_template_holds_for_the_unit_and_those_below_until_it_is_taken_back(office):
    county, town = (f"/api/admin/letter-templates/{office.ids[unit]}" for unit in ("county", "town"))
    there = office.administrator
    first = there.get(county)
    assert {one["name"] for one in first.json()["templates"]} == set(letter_templates.TITLES)
    assert row(first) | {"title": ""} == {"name": "record", "title": "", "source": "", "own": False, "changed_at": None, "problem": ""}
    assert there.get(f"{county}/record").content == wordtemplates.shipped_path("record").read_bytes()
    changed = row(there.put(f"{county}/record", content=word("本县专用", *PARTS)))
    assert (changed["own"], changed["problem"], bool(changed["changed_at"])) == (True, "", True)
    below = row(there.get(town))
    assert (below["own"], below["source"]) == (False, changed["source"])
    sample = there.get(f"{town}/record/sample")
    assert "样张" not in sample.headers["content-disposition"], "a header holds no such letters as they are"
    assert "本县专用" in wordtemplates.text_of(sample.content)
    wrong = there.put(f"{county}/record", content=word("{{ 姓铭 }}", *PARTS))
    assert wrong.status_code == 422
    assert "没有换，用的还是原来的。模板里用了没有的名字：“姓铭”，是不是“姓名”？" in wrong.json()["error"]["message"]
    assert "本县专用" in wordtemplates.text_of(there.get(f"{county}/record/sample").content)
    assert row(there.delete(f"{county}/record"))["source"] == ""
    assert there.get(f"{town}/record").content == wordtemplates.shipped_path("record").read_bytes()
    with office.office.store.read() as session:
        noted = [(one.action, one.thing_id) for one in session.query(AccessEntry).filter_by(thing="template").order_by(AccessEntry.id)]
    assert noted == [("set_template", f"{office.ids['county']}/record"), ("drop_template", f"{office.ids['county']}/record")]


def test_what_is_no_template_or_nobodys_is_refused(office):
    county = f"/api/admin/letter-templates/{office.ids['county']}"
    there = office.administrator
    assert "不是一个 .docx 文件" in there.put(f"{county}/form", content=b"PK no").json()["error"]["message"]
    big = there.put(f"{county}/form", content=b"0" * (letter_templates.LARGEST + 1))
    assert (big.status_code, big.json()["error"]["code"]) == (413, "too_large")
    assert there.get(f"{county}/letter-").status_code == 404
    assert there.put("/api/admin/letter-templates/999/record", content=word(*PARTS)).status_code == 404
    assert office.clerk.get(county).status_code == 403
    assert list((office.settings.data_dir / "letter-templates").rglob("form.docx*")) == []


@pytest.mark.slow
def test_a_letter_is_printed_by_the_template_of_the_unit_that_issued_it(office):
    """For one kind before the one for all kinds, both of the unit's own."""
    town = f"/api/admin/letter-templates/{office.ids['town']}"
    marks = ("{{ 标题 }}{{ 文号 }}{{ 收件人 }}{{ 开头 }}{{ 期限 }}{{ 依据 }}{{ 校验值 }}{{ 日期 }}",
             "{%p for 段 in 正文 %}", "{{ 段 }}", "{%p endfor %}", "{%p for 条 in 救济 %}", "{{ 条 }}", "{%p endfor %}")  # fmt: skip
    there = office.administrator
    assert "少了必须有的内容：救济" in there.put(f"{town}/letter", content=word(*marks[:4])).json()["error"]["message"]
    rows = there.put(f"{town}/letter", content=word("全镇文书", *marks))
    assert "全镇文书" not in row(rows, "letter-assignment")["source"]
    assert "告知书、意见书、函共用的" in row(rows, "letter-assignment")["source"]
    there.put(f"{town}/letter-assignment", content=word("本镇交办单", *marks))
    path = f"/{office.ids['county']}/{office.ids['town']}/"
    texts = {kind: wordtemplates.text_of(issued.docx({**issued.SAMPLE, "kind": kind}, "0" * 64, office.settings.data_dir, path)) for kind in ("assignment", "extension")}
    assert "本镇交办单" in texts["assignment"]
    assert "全镇文书" in texts["extension"]
    assert "本镇" not in wordtemplates.text_of(issued.docx({**issued.SAMPLE, "kind": "assignment"}, "0" * 64, office.settings.data_dir, f"/{office.ids['county']}/"))
