"""The form follows the record: a field whose sentence was corrected."""

import pytest

from server.errors import InvalidInput, NotFound
from server.protocol.edits import (
    Edit,
    EditDelete,
    EditDismissProposal,
    EditField,
    EditRedo,
    EditRestore,
    Edits,
    EditTakeProposal,
    EditText,
    EditUndo,
)
from server.protocol.records import FormValue, Record, RecordLine
from server.reception.record import editing, records
from server.store.access import Actor
from tests.records.office import World, draft

SAID = (
    ("leader", 2.0, "您叫什么名字？"),
    ("petitioner", 4.0, "我家住柳弯村。"),
    ("petitioner", 8.0, "村里修路占了我家的地，补偿款三万六千八百元一分没给。"),
    ("petitioner", 16.0, "我要求把补偿款发下来。"),
)


@pytest.fixture
def record_id(world: World) -> str:
    return draft(world, said=SAID)


def edit(world: World, record_id: str, *edits: Edit, actor: Actor | None = None) -> Record:
    with world.write() as session:
        return editing.edit(session, actor or world.clerk, record_id, Edits(edits=edits))


def read(world: World, record_id: str) -> Record:
    with world.read() as session:
        return records.open_record(session, world.clerk, record_id)


def field(record: Record, name: str) -> FormValue:
    return next(one for one in record.form if one.field == name)


def corrected(world: World, record_id: str, old: str, new: str) -> Record:
    """A clerk corrects the line in which this stands."""
    line = next(one for one in read(world, record_id).body if old in one.text)
    return edit(world, record_id, EditText(line_id=line.id, version=line.version, text=line.text.replace(old, new)))


def write(world: World, record_id: str, name: str, value: str) -> Record:
    """A clerk writes into a field, and keeps what it rests on."""
    now = field(read(world, record_id), name)
    evidence = tuple(one.utterance_id for one in now.evidence)
    return edit(world, record_id, EditField(field=name, version=now.version, value=value, evidence=evidence))


def test_what_only_the_draft_wrote_follows_its_sentence(world, record_id):
    before = read(world, record_id)
    assert field(before, "address").value == "柳弯村"
    assert field(before, "amount").value == "三万六千八百元（36800元）"
    now = corrected(world, record_id, "柳弯村", "柳湾村")
    assert (field(now, "address").value, field(now, "address").source) == ("柳湾村", "speech")
    assert field(now, "facts").value == field(before, "facts").value.replace("柳弯村", "柳湾村")
    now = corrected(world, record_id, "36800元", "38600元")
    assert field(now, "amount").value == "38600元（38600元）"
    assert "补偿款38600元一分没给。" in field(now, "facts").value
    assert field(now, "requests").value == field(before, "requests").value
    assert now.proposals == ()
    with world.read() as session:
        told = [one for one in records.history(session, world.clerk, record_id) if one.kind == "follow"]
    assert ("“住址”跟着改过的那句话改了", "柳弯村", "柳湾村") in [(one.summary, one.before, one.after) for one in told]


def test_a_number_that_was_right_stays_as_it_was_said(world, record_id):
    now = corrected(world, record_id, "一分没给", "一分钱没给")
    assert field(now, "amount").value == "三万六千八百元（36800元）"
    assert "三万六千八百元一分钱没给" in field(now, "facts").value


def test_it_is_taken_back_with_the_sentence(world, record_id):
    before = field(read(world, record_id), "facts").value
    corrected(world, record_id, "占了", "占用了")
    assert field(edit(world, record_id, EditUndo()), "facts").value == before


def test_what_a_person_wrote_stays_and_is_offered_the_new_words(world, record_id):
    write(world, record_id, "amount", "三万六千八百元，一次付清")
    now = corrected(world, record_id, "36800元", "38600元")
    assert field(now, "amount").value == "三万六千八百元，一次付清"
    (offer,) = (one for one in now.proposals if one.field == "amount")
    assert (offer.of, offer.value) == ("line", "38600元，一次付清")
    with pytest.raises(NotFound):
        edit(world, record_id, EditDismissProposal(proposal_id=offer.id))
    version = field(now, "amount").version
    now = edit(world, record_id, EditTakeProposal(kind="take_wording", proposal_id=offer.id, version=version))
    assert (field(now, "amount").value, field(now, "amount").source) == ("38600元，一次付清", "clerk")
    assert field(now, "amount").evidence
    assert now.proposals == ()
    with pytest.raises(InvalidInput):
        edit(world, record_id, EditTakeProposal(kind="take_wording", proposal_id=offer.id, version=version + 1))


def test_an_offer_goes_by_the_last_correction_and_ends_with_the_field(world, record_id):
    write(world, record_id, "amount", "三万六千八百元，一次付清")
    corrected(world, record_id, "36800元", "38600元")
    now = corrected(world, record_id, "38600元", "38000元")
    assert [one.value for one in now.proposals] == ["38000元，一次付清"]
    now = corrected(world, record_id, "38000元", "36800元")
    assert now.proposals == (), "as it stands in the field"
    corrected(world, record_id, "36800元", "38600元")
    now = write(world, record_id, "amount", "三万八")
    assert now.proposals == ()


def test_an_offer_that_is_not_wanted_is_gone(world, record_id):
    write(world, record_id, "address", "柳弯村二组")
    now = corrected(world, record_id, "柳弯村", "柳湾村")
    (offer,) = now.proposals
    assert offer.value == "柳湾村二组"
    now = edit(world, record_id, EditDismissProposal(kind="dismiss_wording", proposal_id=offer.id))
    assert now.proposals == ()
    assert field(now, "address").value == "柳弯村二组"


def test_a_sentence_that_was_deleted_is_quoted_no_more_and_told_of_where_it_was_all(world, record_id):
    before = read(world, record_id)
    line = before.body[1]
    now = edit(world, record_id, EditDelete(line_id=line.id, version=line.version, reason="没有人说"))
    gone = field(before, "facts").value.replace("我家住柳弯村。", "")
    assert field(now, "facts").value == gone
    assert field(now, "address").value == "柳弯村", "a person decides"
    assert "出处的那句话删了" in " ".join(one.text for one in field(now, "address").findings)
    assert "删了" not in str(field(now, "facts").findings)
    now = edit(world, record_id, EditRestore(line_id=line.id, version=line.version + 1))
    assert "删了" not in str(field(now, "address").findings)
    assert now.form == before.form, "as if it had never been deleted"
    assert field(edit(world, record_id, EditUndo()), "facts").value == gone
    assert field(edit(world, record_id, EditRedo()), "facts").value == field(before, "facts").value


def deleted(world: World, record_id: str, text: str) -> RecordLine:
    line = next(one for one in read(world, record_id).body if text in one.text)
    return next(one for one in edit(world, record_id, EditDelete(line_id=line.id, version=line.version, reason="重复")).body if one.id == line.id)


def restored(world: World, record_id: str, line: RecordLine) -> Record:
    return edit(world, record_id, EditRestore(line_id=line.id, version=line.version))


def test_a_restored_sentence_finds_its_place_in_what_was_corrected_meanwhile(world, record_id):
    line = deleted(world, record_id, "占了我家")
    corrected(world, record_id, "柳弯村", "柳湾村")
    now = restored(world, record_id, line)
    assert field(now, "facts").value == "我家住柳湾村。村里修路占了我家的地，补偿款三万六千八百元一分没给。"


def test_a_restored_sentence_is_not_put_where_a_person_took_it_out_and_offered_where_they_wrote(world, record_id):
    facts = field(read(world, record_id), "facts").value
    write(world, record_id, "facts", "修路占地。")
    now = restored(world, record_id, deleted(world, record_id, "柳弯村"))
    assert (field(now, "facts").value, now.proposals) == ("修路占地。", ())
    write(world, record_id, "facts", facts + "地是承包的。")
    line = deleted(world, record_id, "柳弯村")
    (offer,) = (one for one in read(world, record_id).proposals if one.field == "facts")
    assert restored(world, record_id, line).proposals == (), "what was offered because of the deletion"
    line = deleted(world, record_id, "柳弯村")
    (offer,) = (one for one in read(world, record_id).proposals if one.field == "facts")
    version = field(read(world, record_id), "facts").version
    edit(world, record_id, EditTakeProposal(kind="take_wording", proposal_id=offer.id, version=version))
    (offer,) = restored(world, record_id, line).proposals
    assert (offer.field, offer.value) == ("facts", facts + "地是承包的。")
