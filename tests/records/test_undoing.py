"""Undo and redo: every kind of step, over the whole history, of two clerks."""

from collections.abc import Callable, Sequence

import pytest

from server.errors import Conflict, InvalidInput
from server.protocol.edits import (
    Edit,
    EditDelete,
    EditField,
    EditHeard,
    EditInsert,
    EditJoin,
    EditRedo,
    EditRestore,
    Edits,
    EditSpeaker,
    EditSplit,
    EditText,
    EditUndo,
)
from server.protocol.records import FormValue, Record, RecordLine
from server.reception.record import editing, records
from server.store.access import Actor
from tests.records.office import World

Change = Callable[[Record], Edit]


def edit(world: World, record_id: str, *edits: Edit, actor: Actor | None = None) -> Record:
    with world.write() as session:
        return editing.edit(session, actor or world.clerk, record_id, Edits(edits=edits))


def undo(world: World, record_id: str, actor: Actor | None = None) -> Record:
    return edit(world, record_id, EditUndo(), actor=actor)


def redo(world: World, record_id: str) -> Record:
    return edit(world, record_id, EditRedo())


def read(world: World, record_id: str) -> Record:
    with world.read() as session:
        return records.open_record(session, world.clerk, record_id)


def content(record: Record) -> tuple[list[dict], dict[str, tuple]]:
    """What the record says, without who said so last."""
    lines = [line.model_dump(exclude={"version", "edited_by"}) for line in record.body]
    return lines, {one.field: (one.value, one.source, one.evidence) for one in record.form}


def second(record: Record) -> RecordLine:
    return record.body[1]


CHANGES: dict[str, Change] = {
    "text": lambda r: EditText(line_id=second(r).id, version=second(r).version, text="改过的一句话。"),
    "speaker": lambda r: EditSpeaker(line_id=second(r).id, version=second(r).version, participant_id="r1-leader"),
    "split": lambda r: EditSplit(line_id=second(r).id, version=second(r).version, at=5),
    "delete": lambda r: EditDelete(line_id=second(r).id, version=second(r).version, reason="重复"),
    "heard": lambda r: EditHeard(line_id=second(r).id, version=second(r).version, heard=True),
    "insert": lambda r: EditInsert(after_id=second(r).id, participant_id="r1-leader", text="补记一句。"),
    "field": lambda r: EditField(field="place", version=_field(r, "place").version, value="石桥镇"),
}


def _field(record: Record, name: str) -> FormValue:
    return next(one for one in record.form if one.field == name)


def join(record: Record) -> Edit:
    first, following = record.body[1], record.body[2]
    return EditJoin(line_id=first.id, version=first.version, next_version=following.version)


@pytest.mark.parametrize("name", CHANGES)
def test_each_kind_of_step_is_taken_back_and_done_again(world: World, record_id: str, name: str) -> None:
    before = read(world, record_id)
    after = edit(world, record_id, CHANGES[name](before))
    assert content(after) != content(before)
    back = undo(world, record_id)
    assert content(back) == content(before)
    assert content(redo(world, record_id)) == content(after)
    assert content(undo(world, record_id)) == content(before)
    assert read(world, record_id).version > after.version, "taking back is a change like any other"


def test_a_joined_line_comes_back_with_its_words(world: World, record_id: str) -> None:
    edit(world, record_id, CHANGES["split"](read(world, record_id)))
    before = read(world, record_id)
    edit(world, record_id, join(before))
    assert content(undo(world, record_id)) == content(before)


def test_a_long_history_is_taken_back_to_its_beginning_and_walked_again(world: World, record_id: str) -> None:
    states = [read(world, record_id)]
    steps: Sequence[Change] = [*CHANGES.values(), lambda r: EditRestore(line_id=second(r).id, version=second(r).version)]
    for name in ("text", "split", "speaker", "heard", "insert", "field", "delete"):
        states.append(edit(world, record_id, CHANGES[name](states[-1])))
    states.append(edit(world, record_id, steps[-1](states[-1])))
    for state in reversed(states[:-1]):
        assert content(undo(world, record_id)) == content(state)
    with pytest.raises(InvalidInput) as caught:
        undo(world, record_id)
    assert "没有可以撤回的" in caught.value.message
    for state in states[1:]:
        assert content(redo(world, record_id)) == content(state)
    with pytest.raises(InvalidInput):
        redo(world, record_id)


def test_several_edits_of_one_request_are_one_step(world: World, record_id: str) -> None:
    before = read(world, record_id)
    texts = [EditText(line_id=line.id, version=line.version, text=f"换过的第{n}句。") for n, line in enumerate(before.body)]
    edit(world, record_id, *texts)
    assert content(undo(world, record_id)) == content(before)


def test_something_new_ends_what_could_be_done_again(world: World, record_id: str) -> None:
    edit(world, record_id, CHANGES["text"](read(world, record_id)))
    undo(world, record_id)
    edit(world, record_id, CHANGES["heard"](read(world, record_id)))
    with pytest.raises(InvalidInput):
        redo(world, record_id)


def test_nobodys_work_is_taken_back_but_ones_own(world: World, record_id: str) -> None:
    fellow = Actor(name="何敏", user_id=2, role=world.clerk.role, organization_id=1, organization_path="/1/")
    mine = edit(world, record_id, CHANGES["text"](read(world, record_id)))
    theirs = EditText(line_id=mine.body[0].id, version=mine.body[0].version, text="别人改的。")
    edit(world, record_id, theirs, actor=fellow)
    assert undo(world, record_id).body[0].text == "别人改的。"
    redo(world, record_id)
    again = EditText(line_id=mine.body[1].id, version=read(world, record_id).body[1].version, text="别人又改这一句。")
    edit(world, record_id, again, actor=fellow)
    with pytest.raises(InvalidInput) as caught:
        undo(world, record_id)
    assert "又有人改过" in caught.value.message
    assert read(world, record_id).body[1].text == "别人又改这一句。"


def test_a_page_that_knows_the_older_line_is_told(world: World, record_id: str) -> None:
    changed = edit(world, record_id, CHANGES["text"](read(world, record_id)))
    undo(world, record_id)
    with pytest.raises(Conflict):
        edit(world, record_id, CHANGES["speaker"](changed))


def test_taking_back_is_alone_in_its_request(world: World, record_id: str) -> None:
    one = CHANGES["text"](read(world, record_id))
    with pytest.raises(InvalidInput):
        edit(world, record_id, one, EditUndo())
    assert read(world, record_id).body[1].version == 1


def test_what_was_taken_back_stands_in_the_history(world: World, record_id: str) -> None:
    before = read(world, record_id)
    edit(world, record_id, CHANGES["text"](before))
    undo(world, record_id)
    with world.read() as session:
        (told,) = (one for one in records.history(session, world.clerk, record_id) if one.kind == "undo" and one.line_id)
    assert (told.before, told.after, told.author) == ("改过的一句话。", before.body[1].text, "林晓")
