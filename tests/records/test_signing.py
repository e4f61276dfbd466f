import struct
import zlib

import pytest

from server.domain.states import RecordState
from server.errors import Conflict, InvalidInput, NotFound, TooLarge, WrongState
from server.protocol import office
from server.protocol.reading import Dispute, Disputed, Reading, Withdrawal
from server.reception import disputing, editing, filing, reading, records, signing
from server.reception.signature_image import decode_signature
from server.store.models import StoredSignature, VisitRecord
from tests.records.office import World, data_url, png, sign


def do(world: World, function, *args, **options):
    with world.write() as session:
        return function(session, *args, **options)


def confirmed(world: World, record_id: str) -> office.Record:
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
        signature = session.get_one(StoredSignature, record_id)
        assert (signature.kiosk_id, len(signature.record_sha256), signature.image) == (1, 64, png())
    assert do(world, filing.file_record, world.clerk, record_id).case_no == "LX-2026-000001"


def test_refusal_keeps_the_reason_and_files(world, record_id):
    confirmed(world, record_id)
    sha256 = read(world, record_id).sha256
    record = do(world, signing.refuse, world.kiosk, record_id, "要先问家里人", sha256=sha256, file_at_once=True)
    assert (record.state, record.refusal_reason) == (RecordState.FILED, "要先问家里人")


def read(world: World, record_id: str) -> Reading:
    with world.write() as session:
        return reading.open_reading(session, world.kiosk, record_id)


def object_to(world: World, record_id: str, index: int, **what) -> Disputed:
    line = read(world, record_id).lines[index]
    said = Dispute(line_id=line.id, version=line.version, **({"said": "四万"} | what))
    return do(world, disputing.dispute, world.kiosk, record_id, said)


def edit(world: World, record_id: str, *edits: office.Edit) -> office.Record:
    return do(world, editing.edit, world.clerk, record_id, office.Edits(edits=edits))


def test_an_objection_goes_to_the_clerk_at_once_and_blocks_until_dealt_with(world, record_id):
    confirmed(world, record_id)
    object_to(world, record_id, 1)
    with world.read() as session:
        record = records.open_record(session, world.clerk, record_id)
    assert (record.state, record.body[1].disputed) == (RecordState.CORRECTING, "应该是：四万")
    shown = read(world, record_id)
    assert (shown.state, shown.sha256, len(shown.lines)) == ("correcting", "", 4), "the person reads on"
    with pytest.raises(Conflict) as caught:
        do(world, signing.sign, world.kiosk, record_id, data_url(png()), sha256="0" * 64, file_at_once=True)
    assert "正在改" in caught.value.message
    with pytest.raises(WrongState) as caught:
        confirmed(world, record_id)
    assert "1 句不对" in caught.value.message
    edit(world, record_id, office.EditText(line_id=record.body[1].id, version=record.body[1].version, text="四万。"))
    assert confirmed(world, record_id).state == RecordState.CONFIRMED
    again = read(world, record_id)
    assert (again.lines[1].before, again.lines[1].text) == (shown.lines[1].text, "四万。")
    assert [line.before for line in again.lines if line.id != again.lines[1].id] == [None] * 3


def test_a_clerk_who_is_typing_in_the_line_is_told_of_the_objection(world, record_id):
    confirmed(world, record_id)
    object_to(world, record_id, 0)
    with world.read() as session:
        line = records.open_record(session, world.clerk, record_id).body[1]
    object_to(world, record_id, 1)
    with pytest.raises(Conflict):
        edit(world, record_id, office.EditText(line_id=line.id, version=line.version, text="写了一半"))


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
    edit(world, record_id, office.EditText(line_id=line[2].id, version=line[2].version, text="别的一句。"))
    answer = do(world, disputing.withdraw, world.kiosk, record_id, Withdrawal(line_id=line[1].id))
    assert answer.state == "correcting"


def test_objections_end_with_the_signature(world, record_id):
    confirmed(world, record_id)
    line = read(world, record_id).lines[0]
    do(world, sign, world, record_id, file_at_once=False)
    for answer, said in ((disputing.dispute, Dispute(line_id=line.id, version=1, said="x")), (disputing.withdraw, Withdrawal(line_id=line.id))):
        with pytest.raises(WrongState):
            do(world, answer, world.kiosk, record_id, said)


def test_a_record_taken_back_by_the_clerk_is_not_read_on(world, record_id):
    confirmed(world, record_id)
    do(world, signing.reopen, world.clerk, record_id, "再看看")
    with pytest.raises(NotFound):
        read(world, record_id)


def test_confirm_says_what_is_missing(world, record_id):
    with world.write() as session:
        session.get_one(VisitRecord, record_id).recognition = "running"
        form = {value.field: value for value in records.form_values(session, session.get_one(VisitRecord, record_id))}
        editing.edit(session, world.clerk, record_id, office.Edits(edits=(
            office.EditField(field="name", version=form["name"].version, value=""),
        )))
    with pytest.raises(WrongState) as caught:
        confirmed(world, record_id)
    assert caught.value.code == "not_ready"
    assert len(caught.value.details["blocked_by"]) == 2


def test_reopen_only_what_is_not_signed(world, record_id):
    with pytest.raises(WrongState):
        do(world, signing.reopen, world.clerk, record_id, "再看看")
    confirmed(world, record_id)
    assert do(world, signing.reopen, world.clerk, record_id, "再看看").state == RecordState.CORRECTING
    confirmed(world, record_id)
    do(world, signing.note_refusal, world.clerk, record_id, "不在", file_at_once=False)
    assert do(world, signing.reopen, world.clerk, record_id, "回来了").refusal_reason == ""
    confirmed(world, record_id)
    do(world, sign, world, record_id, file_at_once=False)
    with pytest.raises(WrongState):
        do(world, signing.reopen, world.clerk, record_id, "再看看")


@pytest.mark.parametrize(("answer", "content"), [(signing.sign, data_url(png())), (signing.refuse, "不愿意")])
def test_what_was_changed_since_it_was_read_is_not_answered_for(world, record_id, answer, content):
    """The clerk takes the record back, changes a sentence and confirms it again while the kiosk shows the old one."""
    confirmed(world, record_id)
    sha256 = read(world, record_id).sha256
    changed = do(world, signing.reopen, world.clerk, record_id, "改一个字").body[1]
    edit(world, record_id, office.EditText(line_id=changed.id, version=changed.version, text="不一样了。"))
    confirmed(world, record_id)
    with pytest.raises(Conflict) as caught:
        do(world, answer, world.kiosk, record_id, content, sha256=sha256, file_at_once=True)
    assert (caught.value.code, caught.value.message) == ("record_changed", "笔录刚刚改过，请再看一遍改过的地方。")
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).state == RecordState.CONFIRMED


@pytest.mark.parametrize("state", ["draft", "correcting", "signed", "refused"])
def test_signing_in_any_other_state_is_refused(world, record_id, state):
    with world.write() as session:
        session.get_one(VisitRecord, record_id).state = state
    errors = (WrongState, NotFound)
    with pytest.raises(errors):
        do(world, signing.sign, world.kiosk, record_id, data_url(png()), sha256="0" * 64, file_at_once=False)
    with pytest.raises(errors):
        do(world, signing.refuse, world.kiosk, record_id, "不", sha256="0" * 64, file_at_once=False)
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
    (png(drawn=False), "signature_blank"),
    (b"GIF89a" + b"x" * 100, "signature_unreadable"),
    (png()[:60], "signature_unreadable"),
    (png(10, 10), "signature_unreadable"),
    (bomb(), "signature_unreadable"),
    (b"", "signature_unreadable"),
])
def test_what_is_not_a_signature_is_refused(world, record_id, image, code):
    confirmed(world, record_id)
    with pytest.raises(InvalidInput) as caught:
        do(world, signing.sign, world.kiosk, record_id, data_url(image), sha256="0" * 64, file_at_once=True)
    assert caught.value.code == code
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).state == RecordState.CONFIRMED


def test_broken_base64_and_too_large():
    with pytest.raises(InvalidInput):
        decode_signature("data:image/png;base64,AAA")
    with pytest.raises(TooLarge):
        decode_signature(data_url(png() + b"\0" * 300_000))
