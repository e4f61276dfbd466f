import re
import struct
import zlib
from dataclasses import replace

import pytest
from pydantic import ValidationError

from server.domain.canonical import check_code
from server.domain.states import RecordState
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, TooLarge, TooOften, WrongState
from server.protocol.edits import Edit, EditField, Edits, EditText
from server.protocol.reading import Dispute, Disputed, Fingerprint, Reading, Refused, Withdrawal
from server.protocol.records import Record
from server.protocol.signing import PaperSignature, Refusal, StaffSignature
from server.reception.matter import cases, filing
from server.reception.paper import documents
from server.reception.paper.letters import letter_data, pictures
from server.reception.record import disputing, editing, reading, records, signing
from server.reception.record.signature_image import decode_fingerprint
from server.store import cases as cases_store
from server.store import records as stored
from server.store.models import VisitRecord
from tests.records.office import World, data_url, drawn, png, sign, strokes


def do(world: World, function, *args, **options):
    with world.write() as session:
        return function(session, *args, **options)


def confirmed(world: World, record_id: str) -> Record:
    return do(world, signing.confirm, world.clerk, record_id)


def test_confirm_then_sign_files_at_once(world, record_id):
    assert confirmed(world, record_id).state == RecordState.CONFIRMED
    record = do(world, sign, world, record_id, file_at_once=True)
    assert (record.state, record.case_no) == (RecordState.FILED, "LX-2026-000001")
    assert record.signed_at is not None


def test_without_filing_at_once_a_clerk_files(world, record_id):
    confirmed(world, record_id)
    record = do(world, sign, world, record_id, file_at_once=False)
    assert record.state == RecordState.SIGNED
    with world.read() as session:
        (signature,) = stored.signatures(session, record_id)
    assert (signature.kiosk_id, len(signature.record_sha256), signature.place) == (1, 64, "kiosk")
    assert (signature.name, signature.role, signature.way) == ("何守田", "petitioner", "handwritten")
    assert [len(stroke) for stroke in signature.strokes] == [40, 40]
    assert signature.strokes[0][1] == [0.2125, 0.2, 10, 0.5]
    assert signature.image.startswith(b"\x89PNG")
    assert do(world, filing.file_record, world.clerk, record_id).case_no == "LX-2026-000001"


def test_refusal_keeps_the_reason_and_files(world, record_id):
    confirmed(world, record_id)
    sha256 = read(world, record_id).sha256
    record = do(world, signing.refuse, world.kiosk, record_id, Refused(reason="要先问家里人", sha256=sha256), file_at_once=True)
    assert (record.state, record.refusal_reason) == (RecordState.FILED, "要先问家里人")


def read(world: World, record_id: str) -> Reading:
    with world.write() as session:
        return reading.open_reading(session, world.kiosk, record_id)


def object_to(world: World, record_id: str, index: int, **what) -> Disputed:
    line = read(world, record_id).lines[index]
    said = Dispute(line_id=line.id, version=line.version, **({"said": "四万"} | what))
    return do(world, disputing.dispute, world.kiosk, record_id, said)


def edit(world: World, record_id: str, *edits: Edit) -> Record:
    return do(world, editing.edit, world.clerk, record_id, Edits(edits=edits))


def test_an_objection_goes_to_the_clerk_at_once_and_blocks_until_dealt_with(world, record_id):
    confirmed(world, record_id)
    object_to(world, record_id, 1)
    with world.read() as session:
        record = records.open_record(session, world.clerk, record_id)
    assert (record.state, record.body[1].disputed) == (RecordState.CORRECTING, "应该是：四万")
    shown = read(world, record_id)
    assert (shown.state, shown.sha256, len(shown.lines)) == ("correcting", "", 4), "the person reads on"
    with pytest.raises(Conflict) as caught:
        do(world, signing.sign, world.kiosk, record_id, drawn("0" * 64), file_at_once=True)
    assert "正在改" in caught.value.message
    with pytest.raises(WrongState) as caught:
        confirmed(world, record_id)
    assert "1 句不对" in caught.value.message
    edit(world, record_id, EditText(line_id=record.body[1].id, version=record.body[1].version, text="四万。"))
    assert confirmed(world, record_id).state == RecordState.CONFIRMED
    again = read(world, record_id)
    assert (again.lines[1].before, again.lines[1].text) == (shown.lines[1].text, "四万。")
    assert [line.before for line in again.lines if line.id != again.lines[1].id] == [None] * 3


def test_a_record_takes_no_endless_objections(world, record_id, monkeypatch):
    confirmed(world, record_id)
    monkeypatch.setattr(disputing, "MOST", 2)
    for _ in range(2):
        object_to(world, record_id, 1)
    with pytest.raises(TooOften):
        object_to(world, record_id, 1)


def test_a_clerk_who_is_typing_in_the_line_is_told_of_the_objection(world, record_id):
    confirmed(world, record_id)
    object_to(world, record_id, 0)
    with world.read() as session:
        line = records.open_record(session, world.clerk, record_id).body[1]
    object_to(world, record_id, 1)
    with pytest.raises(Conflict):
        edit(world, record_id, EditText(line_id=line.id, version=line.version, text="写了一半"))


def test_what_is_right_after_all_can_be_signed_without_the_clerk(world, record_id):
    first = confirmed(world, record_id)
    before = read(world, record_id)
    line = before.lines[1]
    for piece in ("村里修路", "一亩二分"):
        object_to(world, record_id, 1, piece=piece, reason="数字、日期不对", said="")
    with world.read() as session:
        disputed = records.open_record(session, world.clerk, record_id).body[1].disputed
    assert disputed == "“村里修路”这里，数字、日期不对；“一亩二分”这里，数字、日期不对"
    for piece, state in (("村里修路", "correcting"), ("一亩二分", "reading")):
        answer = do(world, disputing.withdraw, world.kiosk, record_id, Withdrawal(line_id=line.id, piece=piece))
        assert answer.state == state
    after = read(world, record_id)
    assert (after.sha256, after.version > first.version) == (before.sha256, True)
    assert do(world, sign, world, record_id, file_at_once=True).state == RecordState.FILED


def test_what_the_clerk_changed_meanwhile_is_handed_over_by_the_clerk(world, record_id):
    confirmed(world, record_id)
    object_to(world, record_id, 1)
    line = read(world, record_id).lines
    edit(world, record_id, EditText(line_id=line[2].id, version=line[2].version, text="别的一句。"))
    answer = do(world, disputing.withdraw, world.kiosk, record_id, Withdrawal(line_id=line[1].id))
    assert answer.state == "correcting"


def test_objections_end_with_the_signature(world, record_id):
    confirmed(world, record_id)
    line = read(world, record_id).lines[0]
    do(world, sign, world, record_id, file_at_once=False)
    for answer, said in ((disputing.dispute, Dispute(line_id=line.id, version=1, said="x")), (disputing.withdraw, Withdrawal(line_id=line.id))):
        with pytest.raises(WrongState):
            do(world, answer, world.kiosk, record_id, said)


def test_the_form_under_which_they_sign_is_read_with_what_was_changed_and_without_the_offices_own(world, record_id):
    def fill(**values: str) -> None:
        with world.read() as session:
            known = {one.field: one.version for one in records.open_record(session, world.clerk, record_id).form}
        edit(world, record_id, *(EditField(kind="field", field=name, version=known[name], value=value) for name, value in values.items()))

    fill(address="河边村", handling="交镇政府核实", responsible_unit="石桥镇政府", purpose="request")
    confirmed(world, record_id)
    first = {one.field: (one.label, one.words, one.before) for one in read(world, record_id).form}
    assert first["phone"] == ("联系电话", "138****4321", None)
    assert (first["purpose"][1], first["address"][1]) == ("求决", "河边村")
    assert not {"handling", "responsible_unit"} & set(first), "what the office means to do is not theirs to say"
    do(world, signing.reopen, world.clerk, record_id, "地址不对")
    fill(address="河边村二组", accused_unit="河边村委会")
    confirmed(world, record_id)
    changed = {one.field: (one.before, one.words) for one in read(world, record_id).form if one.before is not None}
    assert changed == {"address": ("河边村", "河边村二组"), "accused_unit": ("", "河边村委会")}


def test_a_record_taken_back_by_the_clerk_is_not_read_on(world, record_id):
    confirmed(world, record_id)
    do(world, signing.reopen, world.clerk, record_id, "再看看")
    with pytest.raises(NotFound):
        read(world, record_id)


def test_confirm_says_what_is_missing(world, record_id):
    with world.write() as session:
        session.get_one(VisitRecord, record_id).recognition = "running"
        form = {value.field: value for value in records.form_values(session, session.get_one(VisitRecord, record_id))}
        editing.edit(session, world.clerk, record_id, Edits(edits=(
            EditField(field="name", version=form["name"].version, value=""),
        )))
    with pytest.raises(WrongState) as caught:
        confirmed(world, record_id)
    assert caught.value.code == "not_ready"
    assert len(caught.value.details["blocked_by"]) == 2


def test_what_is_filed_is_not_opened_again(world, record_id):
    with pytest.raises(WrongState):
        do(world, signing.reopen, world.clerk, record_id, "再看看")
    confirmed(world, record_id)
    do(world, signing.note_refusal, world.clerk, record_id, Refusal(reason="不在"), file_at_once=False)
    assert do(world, signing.reopen, world.clerk, record_id, "回来了").refusal_reason == ""
    confirmed(world, record_id)
    do(world, sign, world, record_id, file_at_once=True)
    with pytest.raises(WrongState) as caught:
        do(world, signing.reopen, world.clerk, record_id, "再看看")
    assert "补正" in caught.value.message


def test_a_change_after_signing_is_a_new_version_that_is_read_and_signed_again(world, record_id):
    confirmed(world, record_id)
    first = read(world, record_id)
    do(world, sign, world, record_id, file_at_once=False)
    line = do(world, signing.reopen, world.clerk, record_id, "漏了一句").body[1]
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).signed_at is None
    edit(world, record_id, EditText(line_id=line.id, version=line.version, text="又写了一句。"))
    with pytest.raises(WrongState):
        do(world, filing.file_record, world.clerk, record_id)
    confirmed(world, record_id)
    second = read(world, record_id)
    assert (second.sha256 != first.sha256, second.signers[0].done) == (True, "")
    assert second.lines[1].before == first.lines[1].text
    do(world, sign, world, record_id, file_at_once=True)
    with world.read() as session:
        assert [one.record_sha256 for one in stored.signatures(session, record_id)] == [first.sha256, second.sha256]
        versions = [one.after["record"]["lines"][1]["text"] for one in stored.revisions(session, record_id) if one.kind == "sign"]
    assert versions == [first.lines[1].text, "又写了一句。"], "all versions are kept"


def test_what_was_opened_again_is_signed_again_also_where_nothing_was_changed(world, record_id):
    confirmed(world, record_id)
    first = read(world, record_id)
    do(world, sign, world, record_id, file_at_once=False)
    do(world, signing.reopen, world.clerk, record_id, "再看看")
    confirmed(world, record_id)
    again = read(world, record_id)
    assert (again.sha256, again.signers[0].done) == (first.sha256, "")
    assert do(world, sign, world, record_id, file_at_once=True).state == RecordState.FILED


@pytest.fixture
def group(world, record_id) -> str:
    """Three people read and sign this record."""
    with world.write() as session:
        form = {value.field: value for value in records.form_values(session, session.get_one(VisitRecord, record_id))}
        editing.edit(session, world.clerk, record_id, Edits(edits=(
            EditField(field="representatives", version=form["representatives"].version, value="何守田、刘桂兰（组长）、李四"),
        )))
    confirmed(world, record_id)
    return record_id


def test_each_representative_reads_and_signs_and_the_last_one_settles_it(world, group):
    shown = read(world, group)
    assert [(one.number, one.name, one.role) for one in shown.signers] == [
        (0, "何守田", "petitioner"), (1, "刘桂兰", "representative"), (2, "李四", "representative"),
    ]
    assert do(world, sign, world, group, file_at_once=True, signer=1).state == RecordState.CONFIRMED
    with pytest.raises(Conflict) as caught:
        do(world, sign, world, group, file_at_once=True, signer=1)
    assert caught.value.code == "already_signed"
    with pytest.raises(InvalidInput):
        do(world, sign, world, group, file_at_once=True, signer=3)
    refused = Refused(signer=2, reason="先走了", sha256=shown.sha256)
    assert do(world, signing.refuse, world.kiosk, group, refused, file_at_once=True).state == RecordState.CONFIRMED
    assert [one.done for one in read(world, group).signers] == ["", "handwritten", "refused"]
    assert do(world, sign, world, group, file_at_once=True).state == RecordState.FILED
    with world.write() as session:
        case_id = cases_store.case_of_reception(session, "r1").id
        filed = documents.filed_of(session, case_id)
        signed = cases.open_case(session, world.clerk, case_id).signed
    assert [re.sub(r"\d", "0", words) for words in signed] == [
        "代表 刘桂兰 00:00:00 手写签名", "代表 李四没有签名，原因：先走了", "信访人 何守田 00:00:00 手写签名",
    ]
    data = letter_data(filed)
    assert data["closing"].endswith("其中李四没有签名，原因：先走了。")
    assert [(one["name"], bool(one["picture"])) for one in data["signatures"]["readers"]] == [("刘桂兰", True), ("李四", False), ("何守田", True)]


def test_when_one_of_several_objects_the_others_sign_the_new_version(world, group):
    do(world, sign, world, group, file_at_once=True, signer=0)
    object_to(world, group, 1)
    line = read(world, group).lines[1]
    edit(world, group, EditText(line_id=line.id, version=line.version, text="改过的。"))
    confirmed(world, group)
    assert [one.done for one in read(world, group).signers] == ["", "", ""]


def test_a_signature_stays_good_when_an_objection_is_withdrawn(world, group):
    do(world, sign, world, group, file_at_once=True, signer=0)
    line = read(world, group).lines[1]
    object_to(world, group, 1)
    assert do(world, disputing.withdraw, world.kiosk, group, Withdrawal(line_id=line.id)).state == "reading"
    assert [one.done for one in read(world, group).signers] == ["handwritten", "", ""]


def test_a_link_signs_for_its_own_person_only(world, group):
    phone = replace(world.kiosk, kiosk_id=None, reads=group, link_id="l1", name="李四")
    do(world, signing.sign, phone, group, drawn(read(world, group).sha256, signer=0), file_at_once=True)
    assert [one.done for one in read(world, group).signers] == ["", "", "handwritten"]
    with pytest.raises(NotAllowed):
        do(world, signing.press, phone, group, Fingerprint(image=data_url(png()), sha256="0" * 64), file_at_once=True)


def test_whoever_cannot_sign_needs_a_witness_and_is_not_called_unwilling(world, record_id):
    confirmed(world, record_id)
    unable = Refused(way="unable", reason="手受了伤", sha256=read(world, record_id).sha256)
    with pytest.raises(InvalidInput) as caught:
        do(world, signing.refuse, world.kiosk, record_id, unable, file_at_once=True)
    assert caught.value.code == "witness_missing"
    seen = unable.model_copy(update={"witness": "王干事"})
    record = do(world, signing.refuse, world.kiosk, record_id, seen, file_at_once=True)
    assert record.refusal_reason == "何守田不能签名，原因：手受了伤，见证人：王干事"
    with world.read() as session:
        filed = documents.filed_of(session, cases_store.case_of_reception(session, "r1").id)
    assert letter_data(filed)["closing"] == "信访人看过以上笔录，不能签名。原因：手受了伤。见证人：王干事"


def test_a_name_on_the_printed_sheet_counts_for_the_version_of_that_sheet_only(world, group):
    first = check_code(read(world, group).sha256)
    object_to(world, group, 1)
    line = read(world, group).lines[1]
    edit(world, group, EditText(line_id=line.id, version=line.version, text="改过的。"))
    with pytest.raises(WrongState):
        do(world, signing.note_paper, world.clerk, group, PaperSignature(check=first), file_at_once=True)
    confirmed(world, group)
    with pytest.raises(Conflict) as caught:
        do(world, signing.note_paper, world.clerk, group, PaperSignature(check=first), file_at_once=True)
    assert caught.value.code == "record_changed"
    now = check_code(read(world, group).sha256)
    for whom, typed in (("李四", now.lower()), ("", now[:4]), ("", f" {now.replace(' ', '')}")):
        signed = do(world, signing.note_paper, world.clerk, group, PaperSignature(whom=whom, check=typed), file_at_once=True)
    assert signed.state == RecordState.FILED
    with world.read() as session:
        found = stored.signatures(session, group)
        filed = documents.filed_of(session, cases_store.case_of_reception(session, "r1").id)
    assert [(one.name, one.way, one.place) for one in found] == [(name, "paper", "desk") for name in ("李四", "何守田", "刘桂兰")]
    data = letter_data(filed)
    assert data["closing"] == "以上笔录我看过，和我说的一样。签名不等于同意处理结果。"
    assert [one["words"] for one in data["signatures"]["readers"]] == ["李四", "何守田", "刘桂兰"]
    assert all(one["at"].startswith("在纸上签名 20") for one in data["signatures"]["readers"])


@pytest.mark.parametrize("typed", ["", "9F2", "9F2G", "9F2C 41A7 0D68 B3E5 0"])
def test_what_is_no_check_code_is_refused(typed):
    with pytest.raises(ValidationError):
        PaperSignature(check=typed)


def test_a_fingerprint_is_attached_and_nothing_else(world, record_id):
    confirmed(world, record_id)
    pressed = Fingerprint(image=data_url(png()), device="模拟手印板", sha256=read(world, record_id).sha256)
    assert do(world, signing.press, world.kiosk, record_id, pressed, file_at_once=True).state == RecordState.FILED
    with world.read() as session:
        (signature,) = stored.signatures(session, record_id)
    assert (signature.way, signature.image, signature.device, signature.strokes) == ("fingerprint", png(), "模拟手印板", [])


def test_leader_and_recorder_sign_the_same_version_also_after_filing(world, record_id):
    confirmed(world, record_id)
    sha256 = read(world, record_id).sha256
    with world.read() as session:
        seen = signing.overview(session, world.leader, record_id)
    assert (seen.sha256, seen.waiting, seen.may_sign_as) == (sha256, ("何守田",), "receiver")
    mine = StaffSignature(strokes=strokes(), sha256=sha256)
    do(world, signing.staff_sign, world.leader, record_id, mine)
    for actor, what, error in (
        (world.leader, mine, Conflict),
        (world.clerk, mine.model_copy(update={"sha256": "0" * 64}), Conflict),
        (replace(world.clerk, user_id=4), mine, NotAllowed),
        (replace(world.leader, user_id=1), mine, NotAllowed),
        (world.other_clerk, mine, NotFound),
    ):
        with pytest.raises(error):
            do(world, signing.staff_sign, actor, record_id, what)
    do(world, sign, world, record_id, file_at_once=True)
    do(world, signing.staff_sign, world.clerk, record_id, StaffSignature(sha256=sha256))
    with world.read() as session:
        seen = signing.overview(session, world.clerk, record_id)
        filed = documents.filed_of(session, cases_store.case_of_reception(session, "r1").id)
    assert ([one.role for one in seen.signatures], seen.may_sign_as) == (["receiver", "petitioner", "recorder"], "")
    assert all(one.present for one in seen.signatures)
    places = letter_data(filed)["signatures"]
    assert (places["receiver"][0]["picture"], places["recorder"][0]["words"]) == ("receiver-0.png", "林晓")
    assert places["recorder"][0]["at"].startswith("登录确认 20")
    assert set(pictures(filed)) == {"readers-0.png", "receiver-0.png"}


def unwilling(sha256: str) -> Refused:
    return Refused(reason="不愿意", sha256=sha256)


@pytest.mark.parametrize(("answer", "content"), [(signing.sign, drawn), (signing.refuse, unwilling)])
def test_what_was_changed_since_it_was_read_is_not_answered_for(world, record_id, answer, content):
    """The clerk takes the record back, changes a sentence and confirms it again while the kiosk shows the old one."""
    confirmed(world, record_id)
    sha256 = read(world, record_id).sha256
    changed = do(world, signing.reopen, world.clerk, record_id, "改一个字").body[1]
    edit(world, record_id, EditText(line_id=changed.id, version=changed.version, text="不一样了。"))
    confirmed(world, record_id)
    with pytest.raises(Conflict) as caught:
        do(world, answer, world.kiosk, record_id, content(sha256), file_at_once=True)
    assert (caught.value.code, caught.value.message) == ("record_changed", "笔录刚刚改过，请再看一遍改过的地方。")
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).state == RecordState.CONFIRMED


@pytest.mark.parametrize("state", ["draft", "correcting", "signed", "refused"])
def test_signing_in_any_other_state_is_refused(world, record_id, state):
    with world.write() as session:
        session.get_one(VisitRecord, record_id).state = state
    errors = (WrongState, NotFound)
    with pytest.raises(errors):
        do(world, signing.sign, world.kiosk, record_id, drawn("0" * 64), file_at_once=False)
    with pytest.raises(errors):
        do(world, signing.refuse, world.kiosk, record_id, Refused(reason="不", sha256="0" * 64), file_at_once=False)
    with pytest.raises(errors):
        do(world, disputing.dispute, world.kiosk, record_id, Dispute(line_id="x", version=1))


@pytest.mark.parametrize("state", ["confirmed", "signed", "refused", "filed"])
def test_confirming_twice_is_refused(world, record_id, state):
    with world.write() as session:
        session.get_one(VisitRecord, record_id).state = state
    with pytest.raises(WrongState):
        confirmed(world, record_id)


def bomb() -> bytes:
    """A tiny file that says it is 60,000 pixels wide and high."""
    image = bytearray(png())
    image[16:24] = struct.pack(">II", 60_000, 60_000)
    image[29:33] = struct.pack(">I", zlib.crc32(bytes(image[12:29])))
    return bytes(image)


@pytest.mark.parametrize(("image", "code"), [
    (png(drawn=False), "picture_blank"),
    (b"GIF89a" + b"x" * 100, "picture_unreadable"),
    (png()[:60], "picture_unreadable"),
    (png(10, 10), "picture_unreadable"),
    (bomb(), "picture_unreadable"),
])
def test_what_is_not_a_fingerprint_is_refused(image, code):
    with pytest.raises(InvalidInput) as caught:
        decode_fingerprint(data_url(image))
    assert caught.value.code == code


def test_broken_base64_and_too_large():
    with pytest.raises(InvalidInput):
        decode_fingerprint("data:image/png;base64,AAA")
    with pytest.raises(TooLarge):
        decode_fingerprint(data_url(png() + b"\0" * 300_000))
