"""A file of another system becomes matters: all rows or none, each once, whatever happens in between."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from server.domain.casequery import CaseQuery
from server.domain.flow import Step
from server.domain.states import ImportState
from server.errors import Conflict, InvalidInput, JietanError, NotFound, WrongState
from server.protocol.flow import StepOrder, UnitOrder
from server.protocol.importing import BeginImport, ImportPlan, ImportView
from server.reception.matter import cases, importing
from server.store.models import (
    ImportFile,
    SearchText,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    StoredImport,
)
from tests.records.office import World

ROWS = 50


class Stopped(BaseException):
    """The program goes down."""


def content(*, count: int = ROWS, wrong: tuple[int, ...] = ()) -> bytes:
    rows = [f"H{i},{'昨天' if i in wrong else '2026-06-09'},何守田,13800004321,第{i}件：补偿款没给。" for i in range(count)]
    return ("\n".join(["工单编号,来电时间,来电人,电话,反映内容", *rows]) + "\n").encode("gb18030")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(importing, "PIECE", 20)
    monkeypatch.setattr(importing, "AT_ONCE", 20)


@pytest.fixture
def brought(world: World) -> ImportView:
    return importing.bring(world.office, world.clerk, r"C:\Users\林晓\热线 6 月.csv", content())[0]


def look(world: World, found: ImportView, **changed: object) -> ImportView:
    plan = {"channel": "hotline", "columns": found.proposed} | changed
    return importing.look(world.office, world.clerk, found.id, ImportPlan.model_validate(plan))


def begin(world: World, looked: ImportView, actor=None) -> None:
    with world.write() as session:
        importing.begin(session, actor or world.clerk, looked.id, BeginImport(plan_sha256=looked.plan_sha256 or "0" * 64))


def view(world: World, import_id: int) -> ImportView:
    with world.read() as session:
        return importing.view(session, world.clerk, import_id)


def count(world: World, table: type) -> int:
    with world.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def stopping_after(pieces: int):
    left = pieces

    def rest(_seconds: float) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stopped

    return rest


def test_a_file_is_looked_at_and_imported(world: World, brought: ImportView):
    assert (brought.state, brought.rows, brought.file_name) == ("brought", ROWS, "热线 6 月.csv")
    assert brought.sample[0][2] == "何守田"
    looked = look(world, brought, save_as="12345 热线")
    assert (looked.state, looked.matters, looked.known, looked.wrong) == ("looked_at", ROWS, 0, 0)
    assert count(world, StoredCase) == 0
    begin(world, looked)
    importing.work(world.office, looked.id, lambda _: None)
    done = view(world, looked.id)
    assert (done.state, done.added, done.handled, done.sample) == ("done", ROWS, ROWS, ())
    assert (count(world, StoredCase), count(world, StoredDeadline), count(world, ImportFile)) == (ROWS, ROWS, 0)
    with world.read() as session:
        numbers = session.scalars(select(StoredCase.number).order_by(StoredCase.id)).all()
        event = session.scalars(select(StoredCaseEvent)).first()
        assert (event.author, event.details) == ("林晓", {"import": looked.id, "row": 2})
        assert importing.listed(session, world.clerk).mappings[0].columns == brought.proposed
    assert numbers == list(range(1, ROWS + 1))


def test_a_long_look_tells_how_far_it_is_and_one_that_ends_early_leaves_nothing_out(world: World, brought: ImportView, monkeypatch):
    looked = look(world, brought)
    monkeypatch.setattr(importing, "TELLS_S", 0)
    monkeypatch.setattr(importing.rules, "TOLD_EVERY", 7)
    shown: list[int] = []

    def known(*_: object) -> None:
        shown.append(view(world, brought.id).handled)
        raise Stopped

    monkeypatch.setattr(importing, "_known", known)
    with pytest.raises(Stopped):
        look(world, brought)
    assert shown == [(ROWS - 1) // 7 * 7]
    monkeypatch.undo()
    begin(world, looked)
    importing.work(world.office, looked.id, lambda _: None)
    assert view(world, looked.id).added == ROWS


def found_by_words(world: World, words: str) -> int:
    with world.read() as session:
        return len(cases.list_cases(session, world.clerk, CaseQuery(words=words)).rows)


@pytest.mark.parametrize("pieces", range(7))
def test_after_a_crash_anywhere_it_is_all_there_once_or_not_at_all(world: World, brought: ImportView, pieces: int):
    """Three pieces are registered in one transaction, then search reads three."""
    looked = look(world, brought)
    begin(world, looked)
    with suppress(Stopped):
        importing.work(world.office, looked.id, stopping_after(pieces))
    assert count(world, StoredCase) == (0 if pieces < 3 else ROWS)
    assert view(world, looked.id).state == (ImportState.RUNNING if pieces < 6 else ImportState.DONE)
    importing.work(world.office, looked.id, lambda _: None)
    importing.work(world.office, looked.id, lambda _: None)
    assert (count(world, StoredCase), count(world, SearchText), count(world, StoredDeadline)) == (ROWS, ROWS, ROWS)
    assert (view(world, looked.id).added, found_by_words(world, "第49件")) == (ROWS, 1)


def test_what_fails_for_good_leaves_nothing_and_can_be_given_up(world: World, brought: ImportView, monkeypatch):
    looked = look(world, brought)
    begin(world, looked)
    whole, calls = importing.registering.register_all, []

    def fails(*args, **named):
        calls.append(len(whole(*args, **named)))
        if len(calls) % 3 == 0:
            raise OSError("disk full")
        return []

    monkeypatch.setattr(importing.registering, "register_all", fails)
    with pytest.raises(OSError, match="disk full"):
        importing.work(world.office, looked.id, lambda _: None)
    assert calls == [20, 20, 10]
    assert (count(world, StoredCase), count(world, StoredDeadline), view(world, looked.id).handled) == (0, 0, 0)
    with world.write() as session:
        importing.give_up(session, world.clerk, looked.id)
    importing.work(world.office, looked.id, lambda _: None)
    assert (count(world, StoredImport), count(world, StoredCase)) == (0, 0)


def test_what_was_done_with_a_matter_before_search_reads_it_is_found_and_stays(world: World, brought: ImportView):
    looked = look(world, brought)
    begin(world, looked)
    with suppress(Stopped):
        importing.work(world.office, looked.id, stopping_after(3))
    with world.write() as session:
        case = session.scalars(select(StoredCase).order_by(StoredCase.id.desc())).first()
        assert session.get(SearchText, case.id) is None
        screen = StepOrder(version=1, purpose="request", category="征地补偿", place="石桥镇柳湾村")
        cases.take_step(session, world.clerk, case.id, Step.SCREEN, screen)
        cases.take_step(session, world.clerk, case.id, Step.ASSIGN, StepOrder(version=2, units=(UnitOrder(organization_id=2),)))
        refused(WrongState, lambda: importing.give_up(session, world.clerk, looked.id))
    importing.work(world.office, looked.id, lambda _: None)
    assert found_by_words(world, "柳湾村") == 1
    with world.read() as session:
        assert [one.id for one in cases.list_cases(session, world.town_clerk, CaseQuery(words="柳湾村")).rows] == [case.id]


def test_two_at_once_register_every_row_once(world: World, brought: ImportView):
    looked = look(world, brought)
    begin(world, looked)
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: importing.work(world.office, looked.id, lambda _: None), range(2)))
    assert (count(world, StoredCase), view(world, looked.id).state) == (ROWS, "done")


def test_the_same_file_and_the_same_rows_again_add_nothing(world: World, brought: ImportView):
    looked = look(world, brought)
    begin(world, looked)
    importing.work(world.office, looked.id, lambda _: None)
    again, added = importing.bring(world.office, world.clerk, "anders.csv", content())
    assert (again.id, added, again.state) == (brought.id, False, "done")
    longer, added = importing.bring(world.office, world.clerk, "7.csv", content(count=ROWS + 2))
    assert added
    looked = look(world, longer)
    assert (looked.matters, looked.known) == (ROWS + 2, ROWS)
    begin(world, looked)
    importing.work(world.office, looked.id, lambda _: None)
    assert (count(world, StoredCase), view(world, looked.id).added) == (ROWS + 2, 2)


def test_with_one_wrong_row_nothing_begins(world: World):
    found, _ = importing.bring(world.office, world.clerk, "x.csv", content(count=20, wrong=(3, 7)))
    looked = look(world, found)
    assert (looked.wrong, [error.row for error in looked.errors]) == (2, [5, 9])
    assert looked.errors[0].message == "“收到日期”看不出是哪一天。请写成 2026-06-09 这样。"
    with pytest.raises(WrongState) as told:
        begin(world, looked)
    assert told.value.message == "还有 2 行不对，改好以前一行也不导入。"
    with world.read() as session:
        listed = importing.errors_csv(session, world.clerk, looked.id)
    assert listed.startswith(b"\xef\xbb\xbf")
    assert "5,来电时间,昨天,“收到日期”看不出" in listed.decode("utf-8-sig")


def test_what_means_something_else_than_at_the_beginning_goes_back_to_the_clerk(world: World, brought: ImportView, monkeypatch):
    looked = look(world, brought)
    begin(world, looked)
    monkeypatch.setattr(importing.importing_files, "table", lambda _: importing.rules.table_of(
        [importing.rules.Row(1, ("工单编号", "来电时间", "来电人", "电话", "反映内容")), importing.rules.Row(2, ("H1", "昨天", "何", "1", "x"))]
    ))  # fmt: skip
    importing.work(world.office, looked.id, lambda _: None)
    back = view(world, looked.id)
    assert (back.state, back.wrong, count(world, StoredCase)) == ("looked_at", 1, 0)


def test_refusals(world: World, brought: ImportView):
    refused(WrongState, lambda: begin(world, brought))
    refused(InvalidInput, lambda: look(world, brought, columns={"name": "来电人"}))
    looked = look(world, brought)
    look(world, brought, channel="online")
    refused(Conflict, lambda: begin(world, looked))
    refused(NotFound, lambda: begin(world, looked, world.other_clerk))
    refused(NotFound, lambda: begin(world, looked, world.town_clerk))
    refused(InvalidInput, lambda: importing.bring(world.office, world.clerk, "x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
    looked = look(world, brought)
    begin(world, looked)
    refused(WrongState, lambda: begin(world, looked))
    refused(WrongState, lambda: look(world, brought))
    importing.work(world.office, looked.id, lambda _: None)
    with world.write() as session:
        refused(WrongState, lambda: importing.give_up(session, world.clerk, brought.id))


def refused(kind: type[JietanError], act) -> None:
    with pytest.raises(kind):
        act()


def test_a_file_that_is_given_up_or_left_lying_is_forgotten(world: World, brought: ImportView, monkeypatch):
    with world.write() as session:
        importing.give_up(session, world.clerk, brought.id)
    assert (count(world, StoredImport), count(world, ImportFile)) == (0, 0)
    importing.bring(world.office, world.clerk, "a.csv", content())
    monkeypatch.setattr(importing, "KEPT_FOR", -importing.KEPT_FOR)
    importing.bring(world.office, world.clerk, "b.csv", content(count=1))
    assert (count(world, StoredImport), count(world, ImportFile)) == (1, 1)


def test_accusations_are_hidden_from_whom_they_are_against(world: World):
    rows = [{"编号": "1", "日期": "2026-06-09", "姓名": "甲", "内容": "反映石桥镇政府截留补偿款。", "目的": "举报"}]
    found, _ = importing.bring(world.office, world.clerk, "a.json", json.dumps(rows).encode())
    looked = look(world, found, channel="mailbox")
    begin(world, looked)
    importing.work(world.office, looked.id, lambda _: None)
    with world.read() as session:
        case = session.scalars(select(StoredCase)).one()
        assert case.accusation
        assert importing.cases.accused_by(session, case.id, "/1/2/")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "  =1"])
def test_no_cell_of_the_error_list_is_a_formula(cell):
    assert importing.guarded(cell) == "'" + cell
    assert importing.guarded("何守田") == "何守田"
