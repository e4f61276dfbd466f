import time

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from server.domain.states import RecordState
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.edits import (
    EditDelete,
    EditField,
    EditHeard,
    EditInsert,
    EditJoin,
    EditMark,
    EditRestore,
    Edits,
    EditSpeaker,
    EditSplit,
    EditText,
)
from server.protocol.records import Record, Revision
from server.reception.record import drafts, editing, records, signing
from server.store.models import SecondPass, SecondUtterance, StoredRevision, StoredUtterance
from tests.records.office import SAID, TALK, World, add_reception, draft, utterance


def edit(world: World, record_id: str, *edits) -> Record:
    with world.write() as session:
        return editing.edit(session, world.clerk, record_id, Edits(edits=edits))


def read(world: World, record_id: str) -> Record:
    with world.read() as session:
        return records.open_record(session, world.clerk, record_id)


def revisions(world: World, record_id: str) -> list[Revision]:
    with world.read() as session:
        return records.history(session, world.clerk, record_id)


@pytest.fixture
def lines(world, record_id):
    return read(world, record_id).body


def test_text_keeps_what_was_recognised_and_the_times(world, record_id, lines):
    line = lines[1]
    new = line.text.replace("三万六千八", "三万六千八百元")
    record = edit(world, record_id, EditText(line_id=line.id, version=1, text=new))
    found = record.body[1]
    assert (found.text, found.recognised, found.version, found.edited_by) == (new, line.recognised, 2, "林晓")
    assert "".join(word.text for word in found.words) == new
    assert found.words[0] == line.words[0]
    assert (record.state, record.clerk) == (RecordState.CORRECTING, "林晓")
    (told,) = (one for one in revisions(world, record_id) if one.kind == "text")
    assert (told.author, told.line_id, told.before, told.after) == ("林晓", line.id, line.text, new)
    with world.read() as session:
        assert session.get_one(StoredUtterance, "r1-u2").text == line.recognised == SAID[1][2]


def test_split_and_join_give_the_line_back(world, record_id, lines):
    line = lines[1]
    at = line.text.index("补偿款")
    record = edit(world, record_id, EditSplit(line_id=line.id, version=1, at=at))
    first, second = record.body[1], record.body[2]
    assert (first.text, second.text) == (line.text[:at], line.text[at:])
    heard = SAID[1][2]
    assert (first.recognised, second.recognised) == (heard[: heard.index("补偿款")], heard[heard.index("补偿款") :])
    assert first.end == pytest.approx(second.start)
    assert second.words[0] == next(word for word in line.words if word.text == "补")
    joined = edit(
        world, record_id, EditJoin(line_id=first.id, version=first.version, next_version=second.version)
    ).body
    assert len(joined) == len(lines)
    assert (joined[1].text, joined[1].recognised, joined[1].words) == (line.text, line.recognised, line.words)
    assert (joined[1].start, joined[1].end) == (line.start, line.end)


def test_a_join_leaves_the_whole_joined_line_in_its_revision(world, record_id, lines):
    edit(world, record_id, EditSpeaker(line_id=lines[2].id, version=1, participant_id="r1-petitioner"))
    edit(world, record_id, EditJoin(line_id=lines[1].id, version=1, next_version=2))
    with world.read() as session:
        kept = session.scalars(select(StoredRevision).where(StoredRevision.kind == "join")).one().before
    assert kept["texts"] == [lines[1].text, lines[2].text]
    assert (kept["joined"]["id"], kept["joined"]["text"]) == (lines[2].id, lines[2].text)


def test_what_is_heard_without_expecting_words_is_told_to_the_staff(world):
    with world.write() as session:
        reception = add_reception(session, said=())
        for number, said in enumerate(SAID, start=1):
            one = utterance("r1", number, *said)
            one.measures = one.measures | {"unboosted": "村里修路占了我家的地。" if number == 2 else ""}
            session.add(one)
        session.add(SecondPass(reception_id="r1", state="done", heard_until={}, left_out=[], asked_at=TALK))
        session.flush()
        session.add(SecondUtterance(
            id="r1-v3", reception_id="r1", participant_id="r1-leader", start=14.0, end=17.0, text=SAID[2][2], words=[],
            measures={"unboosted": "补偿款单子看过没有？"},
        ))
        record_id = drafts.create_draft(session, reception).id
    lines = read(world, record_id).body
    told = ["", "村里修路占了我家的地。", "补偿款单子看过没有？", ""]
    assert [line.unboosted for line in lines] == told
    edit(world, record_id, EditSplit(line_id=lines[1].id, version=1, at=5))
    assert [line.unboosted for line in read(world, record_id).body] == [*told[:2], *told[1:]]


def test_joining_two_people_is_refused(world, record_id, lines):
    with pytest.raises(InvalidInput, match="invalid_input") as caught:
        edit(world, record_id, EditJoin(line_id=lines[0].id, version=1, next_version=1))
    assert "不是同一个人" in caught.value.message


def test_speaker_decides_question_or_answer(world, record_id, lines):
    record = edit(world, record_id, EditSpeaker(line_id=lines[0].id, version=1, participant_id="r1-petitioner"))
    assert (record.body[0].kind, record.body[0].participant_id) == ("answer", "r1-petitioner")
    last = revisions(world, record_id)[-1]
    assert (last.before, last.after) == ("周文清", "何守田")


def test_delete_and_restore(world, record_id, lines):
    record = edit(world, record_id, EditDelete(line_id=lines[0].id, version=1, reason="重复"))
    assert record.body[0].deleted
    assert record.lines == 3
    with pytest.raises(InvalidInput):
        edit(world, record_id, EditText(line_id=lines[0].id, version=2, text="改"))
    record = edit(world, record_id, EditRestore(line_id=lines[0].id, version=2))
    assert (record.body[0].deleted, record.body[0].text) == (False, lines[0].text)
    assert "重复" in revisions(world, record_id)[-2].summary


def test_heard_marks_and_unmarks(world, record_id, lines):
    assert edit(world, record_id, EditHeard(line_id=lines[0].id, version=1, heard=True)).heard_lines == 1
    record = edit(world, record_id, EditHeard(line_id=lines[0].id, version=2, heard=False))
    assert (record.heard_lines, record.body[0].edited_by) == (0, "")


def test_insert_goes_where_it_was_asked_and_has_no_recognised_text(world, record_id, lines):
    record = edit(
        world, record_id,
        EditInsert(after_id=None, participant_id=None, text="开头补记"),
        EditInsert(after_id=lines[1].id, participant_id="r1-petitioner", text="还有树。"),
        EditInsert(after_id=lines[-1].id, participant_id="r1-leader", text="好。"),
    )
    assert record.body[0].text == "开头补记"
    assert (record.body[3].text, record.body[3].kind, record.body[3].recognised) == ("还有树。", "answer", "")
    assert lines[1].end <= record.body[3].start <= record.body[3].end <= lines[2].start
    assert record.body[-1].text == "好。"


def test_hundred_inserts_at_one_place_stay_in_order(world, record_id, lines):
    for number in range(4):
        edit(world, record_id, *(
            EditInsert(after_id=lines[0].id, participant_id=None, text=f"第{number * 25 + i}句") for i in range(25)
        ))
    texts = [line.text for line in read(world, record_id).body]
    assert texts[1:101] == [f"第{i}句" for i in reversed(range(100))]
    assert texts[101] == lines[1].text


def test_fields(world, record_id):
    record = edit(
        world, record_id,
        EditField(field="purpose", version=1, value="request", evidence=("r1-u2",)),
        EditField(field="phone", version=1, value=""),
    )
    form = {value.field: value for value in record.form}
    assert (form["purpose"].source, form["purpose"].edited_by, form["purpose"].evidence[0].utterance_id) == ("clerk", "林晓", "r1-u2")
    assert form["name"].edited_by == "", "no clerk wrote there"
    assert (form["phone"].value, form["phone"].source) == ("", "")
    assert revisions(world, record_id)[-2].after == "求决"


@pytest.mark.parametrize(("change", "says"), [
    ({"field": "purpose", "value": "nonsense"}, "选一个"),
    ({"field": "name", "value": "何" * 201}, "太长"),
    ({"field": "summary", "value": "x", "evidence": ("r9-u9",)}, "不在这次接谈里"),
    ({"field": "nothing", "value": "x"}, "没有这一项"),
])
def test_wrong_fields_are_refused_in_chinese(world, record_id, change, says):
    with pytest.raises((InvalidInput, NotFound)) as caught:
        edit(world, record_id, EditField(version=1, **change))
    assert says in caught.value.message


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_line_is_not_a_correction(world, record_id, lines, text):
    with pytest.raises(InvalidInput) as caught:
        edit(world, record_id, EditText(line_id=lines[0].id, version=1, text=text))
    assert "删去" in caught.value.message


@pytest.mark.parametrize("at", [99, 10])
def test_a_split_outside_the_text_is_refused(world, record_id, lines, at):
    with pytest.raises(InvalidInput):
        edit(world, record_id, EditSplit(line_id=lines[0].id, version=1, at=at))


def test_all_or_none(world, record_id, lines):
    with pytest.raises(InvalidInput):
        edit(
            world, record_id,
            EditText(line_id=lines[0].id, version=1, text="改了"),
            EditSpeaker(line_id=lines[1].id, version=1, participant_id="nobody"),
        )
    record = read(world, record_id)
    assert record.body == lines
    assert (record.state, record.version) == (RecordState.DRAFT, 1)


def test_a_conflict_shows_what_stands_there_not_what_was_tried(world, record_id, lines):
    edit(world, record_id, EditText(line_id=lines[0].id, version=1, text="甲改的"))
    with pytest.raises(Conflict) as caught:
        edit(
            world, record_id,
            EditField(field="sex", version=1, value="male"),
            EditText(line_id=lines[0].id, version=1, text="乙改的"),
        )
    assert (caught.value.details["line"]["text"], caught.value.details["line"]["version"]) == ("甲改的", 2)
    assert {value.field: value.value for value in read(world, record_id).form}["sex"] == ""


def test_field_conflicts_and_lines_that_are_gone(world, record_id, lines):
    edit(world, record_id, EditField(field="sex", version=1, value="male"))
    with pytest.raises(Conflict) as caught:
        edit(world, record_id, EditField(field="sex", version=1, value="female"))
    assert [caught.value.details["field"][name] for name in ("value", "edited_by")] == ["male", "林晓"]
    with pytest.raises(Conflict) as caught:
        edit(world, record_id, EditText(line_id="gone", version=1, text="x"))
    assert caught.value.details == {"line": None, "field": None}


def test_two_edits_of_one_line_in_one_request_follow_each_other(world, record_id, lines):
    record = edit(
        world, record_id,
        EditText(line_id=lines[0].id, version=1, text="一改"),
        EditText(line_id=lines[0].id, version=2, text="二改"),
    )
    assert (record.body[0].text, record.body[0].version) == ("二改", 3)


def test_no_edits_after_confirming(world, record_id, lines):
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    with pytest.raises(WrongState):
        edit(world, record_id, EditText(line_id=lines[0].id, version=1, text="改"))


def test_revisions_number_every_change_without_holes(world, record_id, lines):
    edit(world, record_id, *(EditHeard(line_id=line.id, version=1, heard=True) for line in lines))
    record = read(world, record_id)
    assert [revision.number for revision in revisions(world, record_id)] == list(range(1, record.version + 1))


def count_statements(world: World, record_id: str) -> int:
    seen: list[str] = []
    engine = world.office.store.engine
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    line = read(world, record_id).body[0]
    before = len(seen)
    edit(world, record_id, EditText(line_id=line.id, version=line.version, text=line.text + "改"))
    return len(seen) - before


@pytest.mark.slow
@pytest.mark.slow
def test_an_edit_of_a_long_record_costs_as_many_queries_and_little_time(world):
    short = draft(world, "short")
    said = tuple(("petitioner" if i % 2 else "leader", i * 3.0, "村里修路占了我家河边长田一亩二分") for i in range(4000))
    long = draft(world, "long", said=said)
    assert count_statements(world, short) == count_statements(world, long)
    with world.write() as session:
        line_id = records.view(session, world.clerk, records.require(session, world.clerk, long)).body[2000].id
    began = time.process_time()
    with world.write() as session:
        record = editing.edit(session, world.clerk, long, Edits(edits=(
            EditSplit(line_id=line_id, version=1, at=5),
        )))
        answer = record.model_dump_json()
    assert record.lines >= 1001
    assert len(answer) > 100_000
    assert time.process_time() - began < 3.0


def test_a_failing_request_leaves_the_session_usable(world, record_id, lines):
    with world.write() as session:
        with pytest.raises(Conflict):
            editing.edit(session, world.clerk, record_id, Edits(edits=(
                EditText(line_id=lines[0].id, version=7, text="x"),
            )))
        assert isinstance(session, Session)
        assert records.require(session, world.clerk, record_id).state == RecordState.DRAFT


def test_a_mark_is_set_to_come_back_to_and_taken_off(world, record_id, lines):
    marked = edit(world, record_id, EditMark(line_id=lines[1].id, version=1, marked=True)).body[1]
    assert (marked.marked, marked.edited_by, marked.version) == (editing.MARKED, "", 2)
    named = edit(world, record_id, EditMark(line_id=lines[1].id, version=2, marked=True, note="问一下镇里 ")).body[1]
    assert named.marked == "问一下镇里"
    assert edit(world, record_id, EditMark(line_id=lines[1].id, version=3, marked=False)).body[1].marked == ""
    assert [one.summary for one in revisions(world, record_id)][-1] == "去掉了记号"
