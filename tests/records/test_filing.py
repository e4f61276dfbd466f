from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import FormField, RecordState
from server.errors import Conflict, NotFound, WrongState
from server.protocol.canonical import fingerprint
from server.protocol.cases import NewSupplement
from server.protocol.edits import EditField, EditHeard, Edits
from server.reception.matter import cases, filing
from server.reception.record import editing, records, signing
from server.reception.talk import lines
from server.store.finding import Cursor
from server.store.guard import FiledRecordFixed
from server.store.models import (
    Counter,
    FormEntry,
    Line,
    Reception,
    StoredCase,
    StoredDeadline,
    StoredGap,
    StoredLine,
    StoredRevision,
    StoredSignature,
    StoredUtterance,
    VisitRecord,
)
from tests.records import postgres
from tests.records.office import World, draft, open_world, sign


def signed(world: World, name: str = "r1") -> str:
    record_id = draft(world, name)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=False)
    return record_id


def file(world: World, record_id: str) -> filing.Filed:
    with world.write() as session:
        return filing.file_record(session, world.clerk, record_id)


@pytest.fixture
def filed(world) -> str:
    record_id = signed(world)
    file(world, record_id)
    return record_id


def test_filing_makes_a_case_with_hash_deadline_and_events(world):
    record_id = signed(world)
    found = file(world, record_id)
    with world.read() as session:
        case = cases.open_case(session, world.clerk, found.case_id)
        stored = session.get_one(StoredCase, found.case_id)
        signature = session.scalars(select(StoredSignature)).one()
        assert fingerprint(stored.filed_record) == stored.record_sha256 == signature.record_sha256
        assert [line["text"] for line in stored.filed_record["lines"]] == [line.text for line in case.record.body]
    assert (case.case_no, case.petitioner, case.intact) == ("LX-2026-000001", "何守田", True)
    assert case.manifest_sha256 == "ab" * 32
    assert case.deadline is not None
    assert (case.deadline.due, case.deadline.article) == ("2026-06-24", "《信访工作条例》第二十二条")
    assert [event.what for event in case.events] == ["信访人签字", "登记，编号"]
    assert case.record.state == RecordState.FILED
    assert [document.name for document in case.documents] == ["record.docx", "record.pdf", "form.docx", "form.pdf", "record.vtt", "record.json"]


def test_filing_twice_gives_the_same_case(world, filed):
    assert file(world, filed).case_no == "LX-2026-000001"
    with world.read() as session:
        assert len(session.scalars(select(StoredCase)).all()) == 1


@pytest.mark.parametrize("state", ["draft", "correcting", "confirmed"])
def test_filing_before_signing_is_refused(world, record_id, state):
    with world.write() as session:
        session.get_one(VisitRecord, record_id).state = state
    with pytest.raises(WrongState):
        file(world, record_id)


def test_numbers_begin_again_each_year_and_for_each_office(world):
    first = file(world, signed(world, "a"))
    clock.set_source(lambda: datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    second = file(world, signed(world, "b"))
    third = file(world, signed(world, "c"))
    assert [found.case_no for found in (first, second, third)] == [
        "LX-2026-000001", "LX-2027-000001", "LX-2027-000002"
    ]


def test_a_failure_in_the_middle_leaves_no_hole_and_no_half_case(world, monkeypatch):
    record_id = signed(world)
    monkeypatch.setattr(filing, "search_tokens", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        file(world, record_id)
    monkeypatch.undo()
    with world.read() as session:
        assert session.scalars(select(StoredCase)).all() == []
        assert session.get_one(VisitRecord, record_id).state == RecordState.SIGNED
    assert file(world, record_id).case_no == "LX-2026-000001"


def test_words_changed_behind_the_signature_are_not_filed(world):
    record_id = signed(world)
    with world.write() as session:
        session.scalars(select(Line).where(Line.record_id == record_id)).first().text = "另一句话"
    with pytest.raises(Conflict) as caught:
        file(world, record_id)
    assert caught.value.code == "not_as_signed"


def test_what_changes_around_a_signed_record_does_not_stop_filing(world):
    """A gap found or closed later, a clerk's new name: the case holds what was there at the signature."""
    record_id = signed(world)
    with world.write() as session:
        session.scalars(select(StoredGap)).one().cause = "recognition_late"
    found = file(world, record_id)
    with world.read() as session:
        assert session.get_one(StoredCase, found.case_id).filed_record["gaps"][0]["cause"] == "network_lost"
        assert cases.open_case(session, world.clerk, found.case_id).intact


def together(world: World, count: int, threads: int = 8) -> list[str]:
    ids = [signed(world, f"r{i}") for i in range(count)]
    with ThreadPoolExecutor(threads) as pool:
        return [found.case_no for found in pool.map(lambda record_id: file(world, record_id), [*ids, *ids[:4]])]


def check_numbers(numbers: list[str], count: int) -> None:
    assert sorted(set(numbers)) == [f"LX-2026-{number:06d}" for number in range(1, count + 1)]


@pytest.mark.slow
def test_eight_threads_file_without_gaps_or_doubles(world):
    check_numbers(together(world, 24), 24)
    with world.read() as session:
        assert session.scalars(select(Counter.value).where(Counter.name == "case:1:2026")).one() == 24


@pytest.fixture(scope="module")
def postgresql():
    with postgres.server() as url:
        yield url


@pytest.fixture
def production(postgresql, tmp_path):
    opened = open_world(tmp_path, postgresql)
    yield opened
    with opened.office.store.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    opened.office.store.close()


@pytest.mark.slow
def test_on_postgresql(production):
    """Filing from eight threads, search, and the triggers: all the same there."""
    check_numbers(together(production, 16), 16)
    with production.read() as session:
        assert cases.list_cases(session, production.clerk, "喇叭 LX-2026-000003")[1] == 1
        assert cases.list_cases(session, production.clerk, "喇")[1] == 16
        assert cases.list_cases(session, production.clerk, "叭喇")[1] == 0
        assert cases.open_case(session, production.clerk, 1).intact
        assert all(row.lines == 4 for row in records.list_records(session, production.clerk))
    for statement in UNDERHAND:
        refused_by_database(production, statement)


UNDERHAND = (
    "UPDATE record_lines SET text = 'x'",
    "DELETE FROM record_lines",
    "UPDATE form_entries SET value = 'x'",
    "UPDATE records SET state = 'draft'",
    "UPDATE cases SET record_sha256 = 'x'",
    "DELETE FROM cases",
    "UPDATE revisions SET author = 'x'",
    "DELETE FROM signatures",
    "UPDATE utterances SET text = 'x'",
)


def refused_by_database(world: World, statement: str) -> None:
    with pytest.raises(DBAPIError), world.office.store.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("statement", UNDERHAND)
def test_the_database_itself_refuses(world, filed, statement):
    refused_by_database(world, statement)


def _line(session: Session) -> None:
    session.scalars(select(Line)).first().text = "x"


def _delete_line(session: Session) -> None:
    session.delete(session.scalars(select(Line)).first())


def _entry(session: Session) -> None:
    session.scalars(select(FormEntry).where(FormEntry.field == FormField.PHONE)).one().value = "x"


def _state(session: Session) -> None:
    session.scalars(select(VisitRecord)).one().state = "draft"


def _new_line(session: Session) -> None:
    old = session.scalars(select(Line)).first()
    session.add(Line(id="new", record_id=old.record_id, position=99, kind="note", start=0, end=0, text="x",
                     words=[], utterance_ids=[], doubt=[]))


def _bulk(session: Session) -> None:
    session.execute(update(Line).values(text="x"))


def _revision(session: Session) -> None:
    session.scalars(select(StoredRevision)).first().author = "x"


def _utterance(session: Session) -> None:
    session.delete(session.scalars(select(StoredUtterance)).first())


@pytest.mark.parametrize("change", [_line, _delete_line, _entry, _state, _new_line, _bulk, _revision, _utterance])
def test_a_filed_record_cannot_change(world, filed, change):
    def transaction() -> None:
        with world.write() as session:
            change(session)

    with pytest.raises(FiledRecordFixed):
        transaction()
    with world.read() as session:
        assert cases.open_case(session, world.clerk, 1).intact


def test_editing_a_filed_record_is_refused(world, filed):
    with world.read() as session:
        line = records.open_record(session, world.clerk, filed).body[0]
    with pytest.raises(WrongState), world.write() as session:
        editing.edit(session, world.clerk, filed, Edits(edits=(
            EditHeard(line_id=line.id, version=1, heard=True),
        )))


def test_a_supplement_is_added_beside_the_record(world, filed):
    with world.write() as session:
        new = NewSupplement(reason="漏记一份材料", text="另有收据一张，编号丙七。")
        case = cases.add_supplement(session, world.clerk, 1, new)
    assert (case.supplements[0].author, case.supplements[0].text) == ("林晓", "另有收据一张，编号丙七。")
    assert (case.intact, case.events[-1].what) == (True, "补正")
    with world.read() as session:
        assert cases.list_cases(session, world.clerk, "收据")[1] == 1


def test_an_accusation_is_hidden_from_the_unit_accused(world):
    record_id = draft(world)
    with world.write() as session:
        session.get_one(Reception, "r1").organization_id = 2
        session.get_one(VisitRecord, record_id).organization_id = 2
    with world.write() as session:
        editing.edit(session, world.town_clerk, record_id, Edits(edits=(
            EditField(field="purpose", version=1, value="accusation"),
            EditField(field="accused_unit", version=version_of(session, record_id), value="石桥镇政府"),
        )))
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=True)
    with world.read() as session:
        assert cases.list_cases(session, world.clerk)[1] == 1
        assert cases.list_cases(session, world.town_clerk)[1] == 0
        assert cases.list_cases(session, world.town_clerk, "喇叭")[1] == 0
        with pytest.raises(NotFound):
            cases.open_case(session, world.town_clerk, 1)
        with pytest.raises(NotFound):
            records.open_record(session, world.town_clerk, record_id)


def version_of(session: Session, record_id: str) -> int:
    return session.get_one(FormEntry, (record_id, "accused_unit")).version


@pytest.mark.slow
def test_search_by_number_name_and_text_with_pages(world):
    for i in range(23):
        file(world, signed(world, f"r{i}"))
    with world.read() as session:
        first = cases.list_cases(session, world.clerk, "喇叭")
        assert (len(first.rows), first.total, first.older, first.newer) == (20, 23, True, False)
        assert "喇叭" in first.rows[0].excerpt
        second = cases.list_cases(session, world.clerk, "喇叭", Cursor(before=first.rows[-1].id))
        assert (len(second.rows), second.older, second.newer) == (3, False, True)
        back = cases.list_cases(session, world.clerk, "喇叭", Cursor(after=second.rows[0].id))
        assert ([row.id for row in back.rows], back.newer) == ([row.id for row in first.rows], False)
        assert [row.case_no for row in cases.list_cases(session, world.leader, "LX-2026-000007")[0]] == ["LX-2026-000007"]
        assert cases.list_cases(session, world.clerk, "何守田 一亩二分")[1] == 23
        assert cases.list_cases(session, world.clerk, "13800004321")[1] == 0
        assert cases.list_cases(session, world.clerk, "没有这回事")[1] == 0
        assert cases.list_cases(session, world.clerk, "\" * ' OR NEAR(")[1] == 0
        assert cases.list_cases(session, world.clerk, "%_")[1] == 0
        assert cases.list_cases(session, world.clerk)[1] == 23
        assert cases.list_cases(session, world.other_clerk, "喇叭")[1] == 0
        assert cases.list_cases(session, world.kiosk, "喇叭")[1] == 0


def test_the_first_deadline_is_the_row_of_the_table(world, filed):
    with world.read() as session:
        stored = session.scalars(select(StoredDeadline)).one()
    assert stored.rule == "register_and_refer"
    assert (stored.due_on - stored.starts_on).days == 15


def test_a_case_tells_how_the_lines_of_its_talk_did(world):
    record_id = signed(world)
    found = file(world, record_id)
    with world.write() as session:
        reception = session.get_one(VisitRecord, record_id).reception
        seat = reception.participants[0]
        session.add(StoredLine(reception_id=reception.id, participant_id=seat.id, start=0, end=30, word="poor", loss_up=0.2))
    with world.read() as session:
        (line,) = lines.of_case(session, world.clerk, found.case_id)
        assert (line.participant_id, line.word, len(line.bad)) == (seat.id, "poor", 1)
        assert "线路差，最多丢了 20%。" in line.bad[0].text
        with pytest.raises(NotFound):
            lines.of_case(session, world.clerk, found.case_id + 1)
