import gc
import time
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import select

from server.domain.states import FormField, RecordState
from server.errors import NotFound
from server.protocol.edits import Edits, EditText
from server.reception.record import drafts, editing, records, signing
from server.store import records as store
from server.store.models import AccessEntry, FormEntry, Reception, StoredRevision, VisitRecord
from tests.records.office import SAID, World, add_reception, draft, sign, utterance
from transcription import drafting
from transcription.evaluate import load_reference


def opened(world: World, record_id: str, actor=None):
    with world.read() as session:
        return records.open_record(session, actor or world.clerk, record_id)


def form_of(record):
    return {value.field: value for value in record.form}


def test_a_draft_has_every_word_said_and_only_known_fields(world, record_id):
    record = opened(world, record_id)
    assert record.state == RecordState.DRAFT
    assert "".join(line.text for line in record.body).startswith("您今天要反映什么事")
    assert [line.recognised for line in record.body] == [text for _, _, text in SAID]
    assert record.body[1].text == "村里修路占了我家河边长田1亩2分，补偿款三万六千八一分没给。", "figures in written form"
    assert all("".join(word.text for word in line.words) == line.text for line in record.body)
    form = form_of(record)
    assert list(form) == list(FormField)
    assert (form["name"].value, form["name"].source) == ("何守田", "kiosk")
    assert (form["phone"].value, form["phone"].source) == ("13800004321", "kiosk")
    assert (form["visit_time"].value, form["visit_time"].source) == ("2026年6月9日 9:41–10:05", "office")
    assert (form["received_by"].value, form["form_of_visit"].value) == ("周文清（副县长）", "video")
    for value in record.form:
        assert bool(value.value) == bool(value.source), value.field
        assert value.source != "speech" or value.evidence, value.field
    assert record.gaps[0].text == "09:43:10 到 09:43:14，接谈机网络断开，这一段没有录上。"
    assert record.segments[0].url == f"/api/records/{record_id}/recordings/r1-s1"


def test_drafting_twice_gives_the_same_record(world, record_id):
    with world.write() as session:
        assert records.create_draft(session, session.get_one(Reception, "r1")).id == record_id


def test_a_draft_that_fails_leaves_the_collector_at_work(world, monkeypatch):
    monkeypatch.setattr(drafts.drafting, "build_draft", lambda given: 1 / 0)
    with world.write() as session, pytest.raises(ZeroDivisionError):
        drafts.create_draft(session, add_reception(session, "r9"))
    assert gc.isenabled()


def test_opening_is_written_down(world, record_id):
    opened(world, record_id)
    with world.read() as session:
        entry = session.scalars(select(AccessEntry)).one()
    assert (entry.user_id, entry.action, entry.thing, entry.thing_id) == (1, "open", "record", record_id)


@pytest.mark.parametrize("who", ["other_clerk", "town_clerk", "kiosk"])
def test_who_may_not_see_a_draft_finds_nothing(world, record_id, who):
    with pytest.raises(NotFound):
        opened(world, record_id, getattr(world, who))


def late(world: World, record_id: str, number: int = 9, start: float = 12.0) -> int:
    with world.write() as session:
        added = utterance("r1", number, "petitioner", start, "后来认出的话。")
        session.add(added)
        session.flush()
        record = session.get_one(VisitRecord, record_id)
        return records.add_recognised(session, record, [added])


def test_late_words_come_in_at_their_time_and_touch_nothing(world, record_id):
    before = opened(world, record_id)
    assert late(world, record_id) == 1
    after = opened(world, record_id)
    assert [line.text for line in after.body if line.text != "后来认出的话。"] == [line.text for line in before.body]
    index = [line.text for line in after.body].index("后来认出的话。")
    assert after.body[index - 1].start <= 12.0 < after.body[index + 1].start
    assert {line.id: line.version for line in before.body}.items() <= {
        line.id: line.version for line in after.body
    }.items()


def test_late_words_twice_are_there_once(world, record_id):
    late(world, record_id)
    with world.write() as session:
        record = session.get_one(VisitRecord, record_id)
        again = utterance("r1", 9, "petitioner", 12.0, "后来认出的话。")
        assert records.add_recognised(session, record, [again]) == 0
    assert [line.text for line in opened(world, record_id).body].count("后来认出的话。") == 1


def test_late_words_after_the_clerk_began_have_a_revision_by_recognition(world, record_id):
    line = opened(world, record_id).body[0]
    with world.write() as session:
        editing.edit(session, world.clerk, record_id, Edits(edits=(
            EditText(line_id=line.id, version=1, text="您要反映什么事？"),
        )))
    late(world, record_id)
    record = opened(world, record_id)
    assert record.body[0].text == "您要反映什么事？"
    with world.read() as session:
        last = records.history(session, world.clerk, record_id)[-1]
    assert (last.kind, last.author, last.after) == ("recognised", "识别", "后来认出的话。")


def test_late_words_take_a_confirmed_record_back(world, record_id):
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    late(world, record_id)
    assert opened(world, record_id).state == RecordState.CORRECTING


@pytest.mark.parametrize("file_at_once", [True, False])
def test_late_words_under_a_signature_are_kept_beside_the_record(world, record_id, file_at_once):
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    with world.write() as session:
        signed = sign(session, world, record_id, file_at_once=file_at_once)
    assert late(world, record_id) == 0
    assert late_again(world, record_id) == 0
    assert [line.text for line in opened(world, record_id).body] == [line.text for line in signed.body]
    with world.read() as session:
        kept = session.scalars(select(StoredRevision).where(StoredRevision.kind == "late_speech")).all()
    assert [revision.after["text"] for revision in kept] == ["后来认出的话。"]


def late_again(world: World, record_id: str) -> int:
    with world.write() as session:
        same = utterance("r1", 9, "petitioner", 12.0, "后来认出的话。")
        return records.add_recognised(session, session.get_one(VisitRecord, record_id), [same])


def test_many_late_words_at_one_place_stay_in_order(world, record_id):
    for number in range(30):
        late(world, record_id, 10 + number, 12.0 + number * 0.01)
    starts = [line.start for line in opened(world, record_id).body]
    assert starts == sorted(starts)


def test_the_list_counts_lines_and_finds_names(world, record_id):
    draft(world, "r2")
    with world.read() as session:
        rows = records.list_records(session, world.clerk, [RecordState.DRAFT], "何守田 修村道")
        assert len(rows) == 2
        assert (rows[0].lines, rows[0].heard_lines, rows[0].doubtful_lines) == (4, 0, 0)
        assert records.list_records(session, world.clerk, [RecordState.FILED]) == []
        assert records.list_records(session, world.clerk, [], "没有这个人") == []
        assert records.list_records(session, world.other_clerk) == []


def test_who_gave_no_matter_is_listed_by_the_summary(world, record_id):
    with world.write() as session:
        session.get_one(Reception, "r1").matter = ""
        session.get_one(FormEntry, (record_id, FormField.SUMMARY)).value = "修路占地" * 20
    with world.read() as session:
        row = records.list_records(session, world.clerk)[0]
        assert row.matter == f"{('修路占地' * 20)[:59]}…"
        assert opened(world, record_id).matter == row.matter


@pytest.mark.nightly
def test_a_draft_of_six_hours_of_talk_is_ready_within_three_seconds(world: World) -> None:
    """4,000 utterances of the shipped dialogues; measured as CPU time, beside which the store waits for its disk."""
    demo = Path(__file__).parents[2] / "deploy" / "demo"
    sentences = [s for name in ("land", "wage", "free-land") for s in load_reference(demo / name / "reference.json")]
    said = tuple((one.speaker, 6.0 * i, one.text) for i, one in zip(range(4000), cycle(sentences), strict=False))
    with world.write() as session:
        reception = add_reception(session, "long", said=said)
        drafting.prepare()
        begun = time.process_time()
        record = drafts.create_draft(session, reception)
        took = time.process_time() - begun
        assert len(store.line_rows(session, record.id)) == 4000
    assert took < 3.0
