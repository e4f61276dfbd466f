import struct
import zlib

import pytest

from server.domain.states import RecordState
from server.errors import Conflict, InvalidInput, NotFound, TooLarge, WrongState
from server.protocol import office
from server.protocol.office import Dispute
from server.reception import editing, filing, records, signing
from server.reception.signature_image import decode_signature
from server.store.models import StoredSignature, VisitRecord
from tests.records.office import World, data_url, png, shown_version, sign


def do(world: World, function, *args, **options):
    with world.write() as session:
        return function(session, *args, **options)


def confirmed(world: World, record_id: str) -> office.Record:
    return do(world, signing.confirm, world.clerk, record_id)


def version(world: World, record_id: str) -> int:
    with world.read() as session:
        return shown_version(session, record_id)


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
    record = do(world, signing.refuse, world.kiosk, record_id, "要先问家里人", version=version(world, record_id), file_at_once=True)
    assert (record.state, record.refusal_reason) == (RecordState.FILED, "要先问家里人")


def test_an_objection_goes_back_to_the_clerk_and_blocks_until_dealt_with(world, record_id):
    shown = confirmed(world, record_id)
    disputes = [Dispute(line_id=shown.body[1].id, note="是四万")]
    record = do(world, signing.dispute, world.kiosk, record_id, disputes, version=shown.version)
    assert record.state == RecordState.CORRECTING
    assert record.body[1].disputed == "是四万"
    with pytest.raises(WrongState) as caught:
        confirmed(world, record_id)
    assert "1 句不对" in caught.value.message
    do(world, editing.edit, world.clerk, record_id, office.Edits(edits=(
        office.EditText(line_id=record.body[1].id, version=record.body[1].version, text="四万。"),
    )))
    assert confirmed(world, record_id).state == RecordState.CONFIRMED


def test_an_objection_to_a_line_that_is_not_there_changes_nothing(world, record_id):
    shown = confirmed(world, record_id).version
    with pytest.raises(NotFound):
        do(world, signing.dispute, world.kiosk, record_id, [Dispute(line_id="nothing")], version=shown)
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).state == RecordState.CONFIRMED


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
    do(world, signing.refuse, world.clerk, record_id, "不在", file_at_once=False)
    assert do(world, signing.reopen, world.clerk, record_id, "回来了").refusal_reason == ""
    confirmed(world, record_id)
    do(world, sign, world, record_id, file_at_once=False)
    with pytest.raises(WrongState):
        do(world, signing.reopen, world.clerk, record_id, "再看看")


ANSWERS = [(signing.sign, data_url(png())), (signing.refuse, "不愿意"), (signing.dispute, [Dispute(line_id="x")])]


@pytest.mark.parametrize(("answer", "content"), ANSWERS)
def test_what_was_changed_since_it_was_shown_is_not_answered_for(world, record_id, answer, content):
    """The clerk takes the record back, changes a sentence and confirms it again while the kiosk shows the old one."""
    shown = confirmed(world, record_id)
    changed = do(world, signing.reopen, world.clerk, record_id, "改一个字").body[1]
    text = office.EditText(line_id=changed.id, version=changed.version, text="不一样了。")
    do(world, editing.edit, world.clerk, record_id, office.Edits(edits=(text,)))
    confirmed(world, record_id)
    options = {} if answer is signing.dispute else {"file_at_once": True}
    with pytest.raises(Conflict) as caught:
        do(world, answer, world.kiosk, record_id, content, version=shown.version, **options)
    assert (caught.value.code, caught.value.message) == ("record_changed", "笔录刚刚改过，请再看一遍改过的地方。")
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).state == RecordState.CONFIRMED


@pytest.mark.parametrize(("answer", "content"), ANSWERS)
def test_a_kiosk_has_to_say_what_it_showed(world, record_id, answer, content):
    confirmed(world, record_id)
    options = {} if answer is signing.dispute else {"file_at_once": True}
    with pytest.raises(InvalidInput) as caught:
        do(world, answer, world.kiosk, record_id, content, version=None, **options)
    assert caught.value.code == "version_missing"


@pytest.mark.parametrize("state", ["draft", "correcting", "signed", "refused"])
def test_signing_in_any_other_state_is_refused(world, record_id, state):
    with world.write() as session:
        session.get_one(VisitRecord, record_id).state = state
    errors = (WrongState, NotFound)
    with pytest.raises(errors):
        do(world, sign, world, record_id, file_at_once=False)
    with pytest.raises(errors):
        do(world, signing.refuse, world.kiosk, record_id, "不", version=1, file_at_once=False)
    with pytest.raises(errors):
        do(world, signing.dispute, world.kiosk, record_id, [Dispute(line_id="x")], version=1)


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
    seen = confirmed(world, record_id).version
    with pytest.raises(InvalidInput) as caught:
        do(world, signing.sign, world.kiosk, record_id, data_url(image), version=seen, file_at_once=True)
    assert caught.value.code == code
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).state == RecordState.CONFIRMED


def test_broken_base64_and_too_large():
    with pytest.raises(InvalidInput):
        decode_signature("data:image/png;base64,AAA")
    with pytest.raises(TooLarge):
        decode_signature(data_url(png() + b"\0" * 300_000))
