"""The printed record and form: what is in them, and that rendering cannot hurt the case."""

import json
from datetime import timedelta

import docx
import pytest
import typst

from server import clock
from server.errors import NotFound, Unavailable
from server.letters import typesetting
from server.protocol.edits import EditDelete, EditField, Edits, EditText
from server.protocol.reading import Refused
from server.protocol.signing import StaffSignature
from server.reception.matter import cases
from server.reception.paper import archive_plans, documents, printing
from server.reception.paper.letters import letter_data
from server.reception.record import editing, signing
from server.reception.talk import attendance
from server.store import records as stored_records
from server.store.models import (
    Participant,
    StoredArchive,
    StoredCase,
    StoredHold,
    StoredPresence,
    StoredPromise,
)
from server.store.records import case_of
from tests.letters.pdf import Pdf
from tests.records.office import TALK, World, draft, open_world, read_hash, sign, strokes

FONTS = typesetting.LETTERS / "fonts"
FAMILIES = '("Noto Serif CJK SC", "Jietan Serif Rare")'


@pytest.fixture
def world(tmp_path) -> World:
    return open_world(tmp_path)


@pytest.fixture(autouse=True)
def fixed_clock():
    clock.set_source(lambda: TALK + timedelta(hours=1))
    yield
    clock.set_source(None)


def filed(world: World, *, refuse: str = "", **what: object) -> int:
    record_id = draft(world, **what)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        if refuse:
            sha256 = read_hash(session, record_id)
            signing.refuse(session, world.kiosk, record_id, Refused(reason=refuse, sha256=sha256), file_at_once=True)
            return case_of(session, record_id).id
        return sign(session, world, record_id, file_at_once=True).case_id


def words(world: World, case_id: int, name: str) -> str:
    paper = docx.Document(str(documents.fetch(world.office, case_id, name)))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    feet = [paragraph.text for paragraph in paper.sections[0].footer.paragraphs]
    return "\n".join([*(paragraph.text for paragraph in paper.paragraphs), *cells, *feet])


def test_the_record_says_every_line_with_its_time_the_gap_and_the_hash(world):
    case_id = filed(world)
    text = words(world, case_id, "record.docx")
    for part in (
        "临溪县信访局", "LX-2026-000001", "问：您今天要反映什么事？［09:41:02］",
        "答：单子没给过，就在喇叭上念了一遍。［09:41:18］", "09:43:10 到 09:43:14，接谈机网络断开，这一段没有录上。",
        "周文清（副县长）", "何守田", "林晓", "SHA-256", "查询码 QC-R1", "校验码", "页，共",
    ):
        assert part in text, part
    paper = docx.Document(str(documents.fetch(world.office, case_id, "record.docx")))
    assert len(paper.inline_shapes) == 1


def test_the_record_says_who_was_there(world):
    record_id = draft(world)
    with world.write() as session:
        session.add(Participant(id="r1-o", reception_id="r1", position=2, role="observer", name="王芳", user_id=None))
        for person, since, until, reason in (
            ("r1-petitioner", 0, 100, "network_lost"), ("r1-petitioner", 104, None, ""), ("r1-o", 60, 600, "kicked"),
        ):
            session.add(StoredPresence(
                reception_id="r1", participant_id=person, since=TALK + timedelta(seconds=since),
                until=TALK + timedelta(seconds=until) if until else None, reason=reason,
            ))
        session.add(StoredHold(reception_id="r1", participant_id="r1-petitioner", start=200.0, end=260.0))
        signing.confirm(session, world.clerk, record_id)
        case_id = sign(session, world, record_id, file_at_once=True).case_id
    people = (
        "信访人 何守田：09:41:00 到 10:05:00，谈到结束。其间 09:42:40 到 09:42:44 线路断开。其间 09:44:20 到 09:45:20 在外等候。",
        "旁听 王芳：09:42:00 到 09:51:00，被主持的人请出。只看只听，不发言。",
    )
    assert "\n".join(people) in words(world, case_id, "record.docx")
    assert documents.fetch(world.office, case_id, "record.pdf").read_bytes().startswith(b"%PDF-")
    with world.write() as session:
        session.add(StoredPresence(reception_id="r1", participant_id="r1-leader", since=TALK, until=None, reason=""))
        filed_case = session.get_one(StoredCase, case_id)
        assert attendance.lines(attendance.filed(filed_case.filed_record)) == list(people), "what was signed"


def test_what_was_undertaken_is_printed_in_the_words_that_were_confirmed(world):
    record_id = draft(world)
    with world.write() as session:
        for number, (state, who, by) in enumerate((("confirmed", "镇政府", "三个工作日内"), ("confirmed", "", ""), ("heard", "县医院", ""), ("struck", "县法院", ""))):
            session.add(StoredPromise(
                reception_id="r1", id=f"r1-u3-{number}", who=who, what="拿出处理意见", by=by, text="听到的原话。", start=14.0 + number, state=state,
            ))
        signing.confirm(session, world.clerk, record_id)
        case_id = sign(session, world, record_id, file_at_once=True).case_id
    said = words(world, case_id, "record.docx")
    assert (
        "接访人当场答复：\n1. 拿出处理意见，由镇政府办，三个工作日内。［09:41:14］\n2. 拿出处理意见，由接谈方办，没有说时间。［09:41:15］"
    ) in said
    video = StoredArchive(case_id=case_id, kind="video", file="v.mp4", size=1, sha256="ab" * 32)
    bundle = StoredArchive(case_id=case_id, kind="bundle", asked_by="林晓")
    about = dict(archive_plans.bundle_plan(world.office, bundle, video).about)
    assert about["接访人当场答复"] == "拿出处理意见，由镇政府办，三个工作日内\n拿出处理意见，由接谈方办，没有说时间"
    assert "县医院" not in said
    assert "县法院" not in said
    assert documents.fetch(world.office, case_id, "record.pdf").read_bytes().startswith(b"%PDF-")
    assert "接访人当场答复" not in words(world, filed(world, name="r2"), "record.docx")


def test_a_refusal_is_printed_with_its_reason_and_no_signature(world):
    case_id = filed(world, refuse="要先问家里人")
    assert "没有签名。原因：要先问家里人" in words(world, case_id, "record.docx")
    paper = docx.Document(str(documents.fetch(world.office, case_id, "record.docx")))
    assert len(paper.inline_shapes) == 0
    assert documents.fetch(world.office, case_id, "record.pdf").read_bytes().startswith(b"%PDF-")


def test_the_form_has_every_field_with_ticks(world):
    text = words(world, filed(world), "form.docx")
    assert "13800004321" in text
    assert "☑ 视频" in text
    assert "☐ 揭发控告" in text


def test_petitioner_and_recorder_stand_signed_with_the_time_in_the_form_and_it_is_made_anew_when_one_signs_later(world):
    case_id = filed(world)
    first = documents.fetch(world.office, case_id, "form.docx")
    (petitioner,) = docx.Document(str(first)).inline_shapes
    assert petitioner.width > 0
    text = words(world, case_id, "form.docx")
    assert "登记人：＿＿＿＿　　　　　年　　月　　日" in text, "room to sign by hand"
    assert "2026年6月9日 10:41" in text
    with world.write() as session:
        record_id = session.get_one(StoredCase, case_id).record_id
        mine = StaffSignature(strokes=strokes(), sha256=session.get_one(StoredCase, case_id).record_sha256)
        signing.staff_sign(session, world.clerk, record_id, mine)
    again = documents.fetch(world.office, case_id, "form.docx")
    assert (again != first, len(docx.Document(str(again)).inline_shapes)) == (True, 2)
    assert "登记人：　2026年6月9日 10:41" in words(world, case_id, "form.docx")


def test_a_reader_of_the_pdf_finds_fonts_pages_signature_hash_and_code(world):
    case_id = filed(world)
    with world.write() as session:
        case = session.get_one(StoredCase, case_id)
        sha256 = case.record_sha256
        signing.staff_sign(session, world.clerk, case.record_id, StaffSignature(sha256=sha256))
    for name, count in (("record.pdf", 1), ("form.pdf", 1)):
        found = Pdf(documents.fetch(world.office, case_id, name).read_bytes())
        assert found.fonts_embedded
        assert all(found.fonts_embedded.values()), found.fonts_embedded
        assert {font.partition("+")[2] for font in found.fonts_embedded} == {"NotoSerifCJKsc-Regular", "NotoSerifCJKsc-Bold"}
        assert [width > height for width, height in found.images] == [True], "the petitioner's name"
        assert len(found.pages) == count
        for number, page in enumerate(found.pages, start=1):
            assert f"第{number}页，共{count}页" in page
            assert "查询码QC-R1" in page
        for part in (f"SHA-256：{sha256}", "编号：LX-2026-000001", "何守田", "人：林晓", "登录确认2026年6月9日10:41"):
            assert part in "".join(found.pages), part


def test_documents_and_case_say_what_the_reading_changed(world):
    record_id = draft(world)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        signing.reopen(session, world.clerk, record_id, "信访人说不对")
        second, last = stored_records.lines(session, record_id)[1], stored_records.lines(session, record_id)[3]
        address = stored_records.form(session, record_id)["address"]
        before = second.text
        editing.edit(session, world.clerk, record_id, Edits(edits=(
            EditText(kind="text", line_id=second.id, version=second.version, text="补偿款三万六千八百元一分没给。"),
            EditDelete(kind="delete", line_id=last.id, version=last.version, reason="说重了"),
            EditField(kind="field", field="address", version=address.version, value="河边村二组"),
        )))
        signing.confirm(session, world.clerk, record_id)
        case_id = sign(session, world, record_id, file_at_once=True).case_id
    changed = [
        f"第 2 句（09:41:05）原来写的是“{before}”", "原来的一句（09:41:18）“单子没给过，就在喇叭上念了一遍。”删去了", "登记表“住址”是补上的",
    ]
    note = f"经信访人核对，改动 3 处：{'；'.join(changed)}。"
    assert note in words(world, case_id, "record.docx")
    pages = Pdf(documents.fetch(world.office, case_id, "record.pdf").read_bytes()).pages
    assert note.replace(" ", "") in "".join(pages)
    export = json.loads(documents.fetch(world.office, case_id, "record.json").read_bytes())
    assert [(one["part"], one["words"]) for one in export["changes"]] == list(zip(("line", "line", "field"), changed, strict=True))
    with world.read() as session:
        assert list(cases.open_case(session, world.clerk, case_id).changed) == changed
    with world.read() as session:
        assert cases.open_case(session, world.clerk, filed(world, name="r2")).changed == ()
    assert "经信访人核对" not in words(world, case_id + 1, "record.docx")


def test_documents_are_made_once_and_kept(world):
    case_id = filed(world)
    documents.make_all_logged(world.office, case_id)
    first = {name: documents.fetch(world.office, case_id, name) for name in documents.NAMES}
    assert {name: documents.fetch(world.office, case_id, name) for name in documents.NAMES} == first
    with world.read() as session:
        made = cases.open_case(session, world.clerk, case_id).documents
    assert {(found.name, found.size) for found in made} == {(n, p.stat().st_size) for n, p in first.items()}


def test_a_failing_printer_leaves_the_case_and_can_be_tried_again(world, monkeypatch):
    case_id = filed(world)
    with monkeypatch.context() as broken:
        broken.setattr(printing, "pdf", lambda *args: 1 / 0)
        documents.make_all_logged(world.office, case_id)
        with pytest.raises(Unavailable):
            documents.fetch(world.office, case_id, "record.pdf")
    with world.read() as session:
        case = cases.open_case(session, world.clerk, case_id)
    assert case.intact
    assert {found.name: found.size > 0 for found in case.documents} == {
        "record.docx": True, "form.docx": True, "record.pdf": False, "form.pdf": False, "record.vtt": True, "record.json": True,
    }
    assert documents.fetch(world.office, case_id, "record.pdf").stat().st_size > 10_000


def test_a_changed_document_is_not_handed_out(world):
    case_id = filed(world)
    documents.fetch(world.office, case_id, "form.docx").write_bytes(b"forged")
    with pytest.raises(Unavailable) as caught:
        documents.fetch(world.office, case_id, "form.docx")
    assert caught.value.code == "document_damaged"
    with pytest.raises(NotFound):
        documents.fetch(world.office, case_id, "../jietan.sqlite")


def test_what_was_said_is_never_typst_or_xml(world):
    nasty = '#set page(width: 1cm) $x$ *b* _i_ <w:t> & "q" \\ \x0b[#image("/etc/passwd")]，'
    case_id = filed(world, said=(("leader", 1.0, "您说。"), ("petitioner", 3.0, nasty)))
    assert "#set page(width: 1cm) $x$ *b*" in words(world, case_id, "record.docx")
    for name in documents.NAMES:
        assert documents.fetch(world.office, case_id, name).stat().st_size > (5_000 if name[-4:] in ("docx", ".pdf") else 100)


def drawn(character: str) -> bytes:
    """A picture of one character in our own fonts alone."""
    source = f'#set page(width: 20pt, height: 20pt, margin: 2pt)\n#text(font: {FAMILIES})[{character}]'
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(source.encode(), font_paths=fonts).compile(format="png")


@pytest.mark.parametrize("character", "冼䶮喆堃㭎囧鎔［”—：·")
def test_rare_names_and_marks_have_their_glyphs(character):
    missing = drawn("\U0001f600")
    assert drawn(character) != missing


@pytest.mark.slow
def test_a_long_record_prints(world):
    said = tuple(("petitioner" if i % 2 else "leader", i * 3.0, "村里修路占了我家河边长田。") for i in range(1500))
    case_id = filed(world, said=said)
    with world.read() as session:
        lines = len(letter_data(documents.filed_of(session, case_id))["lines"])
    assert documents.fetch(world.office, case_id, "record.pdf").stat().st_size > lines * 100
