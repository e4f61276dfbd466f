"""The record as the correction page gets it says the same as the whole record, and its news lead from one to the next."""

import json
import re

import pytest
from sqlalchemy import event

from server.errors import NotFound
from server.protocol.edits import (
    EditDelete,
    EditField,
    EditHeard,
    EditInsert,
    EditJoin,
    Edits,
    EditSplit,
    EditText,
    EditUndo,
)
from server.protocol.records import DeskLine, DeskRecord, DeskRest, RecordChanges, RecordLine
from server.reception.record import desk, editing, records
from server.store import records as store
from server.store import second_pass
from server.store.models import AccessEntry, SecondUtterance, StoredUtterance, VisitRecord
from tests.records.office import World
from tests.records.test_editing import edit, read


def opened(world: World, record_id: str, most: int | None = None) -> dict:
    with world.write() as session:
        text = desk.open_record(session, world.clerk, record_id, most)
    DeskRecord.model_validate_json(text)
    return json.loads(text)


def news(world: World, record_id: str, since: int, form_stamp: str = "") -> dict:
    with world.read() as session:
        text = desk.changes(session, world.clerk, record_id, since, form_stamp)
    RecordChanges.model_validate_json(text)
    return json.loads(text)


def whole(line: dict) -> dict:
    """As the page reads it: what is left out has its usual value (web/static/js/desk/merge.js)."""
    usual = {name: field.get_default() for name, field in DeskLine.model_fields.items() if not field.is_required()}
    found = {**usual, "recognised": line["text"], **line}
    return {**found, "words": [tuple(word) for word in found["words"]]}


def same(line: dict, full: RecordLine) -> None:
    expected = full.model_dump(exclude={"position", "kind", "words"})
    expected["words"] = [(w.start, w.end, w.text, w.probability, *[True] * w.typed) for w in full.words]
    assert {k: list(v) if isinstance(v, tuple) else v for k, v in whole(line).items()} == {
        k: list(v) if isinstance(v, tuple) else v for k, v in expected.items()
    }


def test_it_says_what_the_whole_record_says(world, record_id):
    line = read(world, record_id).body[1]
    edit(world, record_id, EditText(line_id=line.id, version=1, text="村里“修路”\n占了地。"), EditDelete(line_id=read(world, record_id).body[2].id, version=1, reason="重复"))
    full, short = read(world, record_id), opened(world, record_id)
    for found, expected in zip(short["body"], full.body, strict=True):
        same(found, expected)
    rest = full.model_dump(mode="json", exclude={"body"})
    assert {name: short[name] for name in rest} == rest


@pytest.mark.parametrize("most", [1, 3, 4, 60])
def test_the_beginning_and_the_rest_are_the_whole(world, record_id, most):
    with world.write() as session:
        record = session.get(VisitRecord, record_id)
        for line in [*store.lines(session, record_id), None]:
            second_pass.add_suggestion(
                session, record_id, line_id=line and line.id, line_text=line.text if line else "", first=0, last=0, text="没", words=[], utterance_id="u1",
                participant_id=store.participants(session, record.reception_id)[0].id, start=1.0, end=2.0, pass_number=2, reason="other",
            )  # fmt: skip
    full = opened(world, record_id)
    start = opened(world, record_id, most)
    assert (len(full["body"]), full["partial"], start["partial"]) == (4, False, most < 4)
    with world.read() as session:
        text = desk.rest(session, world.clerk, record_id, most)
    DeskRest.model_validate_json(text)
    rest = json.loads(text)
    assert rest["version"] == start["version"] == full["version"]
    assert start["body"] + rest["body"] == full["body"]
    assert len(start["body"]) == min(most, 4)
    assert {one["line_id"] for one in start["suggestions"]} == {None, *(one["id"] for one in start["body"])}
    assert sorted(start["suggestions"] + rest["suggestions"], key=lambda one: one["id"]) == full["suggestions"]
    same_rest = {name: value for name, value in start.items() if name not in ("body", "suggestions", "partial")}
    assert same_rest == {name: full[name] for name in same_rest}


def test_opening_in_two_parts_is_written_down_once(world, record_id):
    def noted() -> int:
        with world.read() as session:
            return session.query(AccessEntry).filter_by(action="open", thing_id=record_id).count()

    before = noted()
    opened(world, record_id, 2)
    with world.write() as session:
        desk.rest(session, world.clerk, record_id, 2)
    assert noted() == before + 1


def test_news_are_the_lines_that_revisions_touched(world, record_id):
    before = read(world, record_id)
    line = before.body[1]
    record = edit(world, record_id, EditText(line_id=line.id, version=1, text="改了。"))
    told = news(world, record_id, before.version)
    assert ([one["id"] for one in told["body"]], told["order"], told["version"], told["since"]) == ([line.id], None, record.version, before.version)
    same(told["body"][0], record.body[1])
    assert news(world, record_id, record.version)["body"] == []


def test_the_form_is_told_only_when_it_is_another_one(world, record_id):
    start = opened(world, record_id)
    told = news(world, record_id, start["version"])
    assert (told["form"], told["form_stamp"]) == (start["form"], start["form_stamp"]), "a page that tells no stamp is given it"
    edit(world, record_id, EditHeard(line_id=start["body"][0]["id"], version=1, heard=True))
    assert news(world, record_id, start["version"], start["form_stamp"])["form"] is None
    edit(world, record_id, EditField(field="category", version=1, value="征地", evidence=()))
    told = news(world, record_id, start["version"], start["form_stamp"])
    assert next(one["value"] for one in told["form"] if one["field"] == "category") == "征地"
    assert told["form_stamp"] != start["form_stamp"]


def test_news_tell_the_order_after_lines_were_cut_joined_and_added(world, record_id):
    start = read(world, record_id)
    line = start.body[1]
    cut = edit(world, record_id, EditSplit(line_id=line.id, version=1, at=5))
    told = news(world, record_id, start.version)
    assert told["order"] == [one.id for one in cut.body]
    assert {one["id"] for one in told["body"]} == {line.id, cut.body[2].id}
    added = edit(world, record_id, EditInsert(after_id=None, participant_id=None, text="另记。"))
    assert news(world, record_id, cut.version)["order"] == [one.id for one in added.body]
    first, second = added.body[2], added.body[3]
    joined = edit(world, record_id, EditJoin(line_id=first.id, version=first.version, next_version=second.version))
    told = news(world, record_id, added.version)
    assert told["order"] == [one.id for one in joined.body]
    assert {one["id"] for one in news(world, record_id, start.version)["body"]} == {line.id, added.body[0].id}, "what is gone is not told"


def test_a_page_that_missed_much_gets_everything(world, record_id, monkeypatch):
    monkeypatch.setattr(desk, "MOST_REVISIONS", 1)
    lines = read(world, record_id).body
    edit(world, record_id, *(EditHeard(line_id=line.id, version=1, heard=True) for line in lines))
    for since in (0, 99):
        with world.read() as session:
            told = json.loads(desk.changes(session, world.clerk, record_id, since))
        assert "since" not in told
        assert len(told["body"]) == len(lines)


def test_an_edit_reads_no_other_line(world, record_id):
    """What keeps a long sitting quick: the answer to an edit does not ask for the words of the whole record."""
    seen: list[str] = []
    lines = read(world, record_id).body
    one = EditText(line_id=lines[0].id, version=1, text="改了。")
    event.listen(world.office.store.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    with world.write() as session:
        desk.edit(session, world.clerk, record_id, Edits(edits=(one,)), since=1)
    asked = [sql for sql in seen if "words" in sql and re.match(r"\s*SELECT", sql)]
    assert asked
    assert all("record_lines.id" in sql.partition("WHERE")[2] for sql in asked if "record_lines" in sql)


def test_others_do_not_get_it(world, record_id):
    with world.read() as session:
        for ask in (lambda: desk.open_record(session, world.other_clerk, record_id), lambda: desk.rest(session, world.other_clerk, record_id, 1), lambda: desk.changes(session, world.other_clerk, record_id, 0)):
            with pytest.raises(NotFound):
                ask()


def test_what_the_second_pass_heard_plainly_is_found_by_time(world, record_id):
    with world.write() as session:
        said = session.query(StoredUtterance).order_by(StoredUtterance.start).all()
        session.add_all(
            SecondUtterance(
                id=f"s{n}", reception_id="r1", participant_id=one.participant_id, start=one.start, end=one.end, text=text, words=[],
                measures={"unboosted": plain},
            )
            for n, (one, text, plain) in enumerate([(said[1], "补偿款", "赔偿款"), (said[3], "补偿款", "不在这里"), (said[2], "单子", "")])
        )
    assert [line.unboosted for line in read(world, record_id).body] == ["", "赔偿款", "", ""]


@pytest.mark.parametrize("count", [1, 50])
def test_a_lookup_by_time_finds_what_comparing_all_finds(count):
    heard = [second_pass.Unboosted(n * 2.0, n * 2.0 + (9.0 if n % 7 == 0 else 1.5), f"话{n % 5}", f"音{n}") for n in range(count)]
    found = records.Unboosted(second=heard)

    class Line:
        def __init__(self, start: float, end: float) -> None:
            self.start, self.end, self.recognised = start, end, "话0话1话2话3话4"

    for start, end in ((0.0, 0.5), (13.0, 15.0), (22.5, 22.6), (0.0, 200.0), (99.9, 99.9), (-5.0, -1.0)):
        slow = [one.plain for one in heard if one.start <= end and one.end >= start]
        assert found.of(Line(start, end), ()) == "".join(slow)


def test_editing_still_answers_with_the_whole_record(world, record_id):
    line = read(world, record_id).body[0]
    with world.write() as session:
        record = editing.edit(session, world.clerk, record_id, Edits(edits=(EditHeard(line_id=line.id, version=1, heard=True),)))
    assert len(record.body) == 4


def test_after_something_was_taken_back_everything_is_told(world, record_id):
    start = read(world, record_id)
    edit(world, record_id, EditSplit(line_id=start.body[1].id, version=1, at=5))
    with world.write() as session:
        told = json.loads(desk.edit(session, world.clerk, record_id, Edits(edits=(EditUndo(),)), since=start.version))
    assert "since" not in told
    assert [one["id"] for one in told["body"]] == [one.id for one in start.body]
    with world.read() as session:
        assert "since" not in json.loads(desk.changes(session, world.clerk, record_id, start.version))
