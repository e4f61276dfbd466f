"""Transactions, migrations and the one door for reading."""

import threading

import pytest
from sqlalchemy import event, inspect, select, text

from server import clock
from server.domain.states import StaffRole
from server.store import receptions
from server.store.access import Actor, visible_cases, visible_receptions, visible_records
from server.store.among import among
from server.store.engine import Store
from server.store.migrate import migrate
from server.store.models import (
    AccessEntry,
    AccusedUnit,
    CaseAccused,
    Kiosk,
    Organization,
    Reception,
    StoredCase,
    User,
    VisitRecord,
)
from tests.databases import ON_POSTGRESQL
from tests.records.office import open_world


@pytest.fixture
def store(tmp_path):
    """An empty case store in a file."""
    made = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    migrate(made.engine)
    yield made
    made.close()


def test_numbers_have_no_gaps_and_no_doubles_under_concurrency(store):
    found: list[int] = []

    def draw() -> None:
        for _ in range(10):
            with store.write() as session:
                found.append(receptions.next_number(session, "queue"))

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 81))


def test_a_transaction_that_fails_leaves_nothing(store):
    def fail() -> None:
        with store.write() as session:
            receptions.next_number(session, "queue")
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    with store.write() as session:
        assert receptions.next_number(session, "queue") == 1


def test_reading_goes_on_while_somebody_writes(store):
    with store.write() as writing:
        receptions.next_number(writing, "queue")
        with store.read() as session:
            assert session.scalar(text("SELECT count(*) FROM counters")) == 0


def test_a_writer_waits_for_its_turn_without_asking_sqlite(store):
    begun: list[int] = []
    event.listen(store.engine, "begin", lambda _connection: begun.append(threading.get_ident()))

    def write() -> None:
        with store.write() as session:
            receptions.next_number(session, "queue")

    other = threading.Thread(target=write)
    with store.write() as session:
        receptions.next_number(session, "queue")
        other.start()
        other.join(0.1)
        assert begun == [threading.get_ident()]
    other.join()
    assert begun == [threading.get_ident(), other.ident]
    with store.write() as session:
        assert receptions.next_number(session, "queue") == 3


def test_what_is_added_while_reading_is_written_afterwards(store):
    with store.read() as session:
        session.add(AccessEntry(at=clock.now(), action="read", thing="record", thing_id="x"))
    with store.read() as session:
        assert session.query(AccessEntry).count() == 1


def test_a_reading_transaction_does_not_lose_a_change_in_silence(store):
    seed(store)

    def change() -> None:
        with store.read() as session:
            session.get_one(Reception, "town").matter = "x"

    with pytest.raises(RuntimeError):
        change()


def test_any_number_of_ids_is_asked_for_with_one_statement(store):
    seed(store)
    numbers = select(StoredCase.reception_id).where(among(StoredCase.id, "ids")).order_by(StoredCase.id)
    names = select(Reception.id).where(among(Reception.id, "ids")).order_by(Reception.id)
    asked = []
    event.listen(store.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    with store.read() as session:
        everything = list(session.scalars(select(StoredCase.id).order_by(StoredCase.id)))
        asked.clear()
        for ids in ([], everything[:1], set(everything), range(1, 3000), tuple(everything), dict.fromkeys(everything)):
            found = session.scalars(numbers, {"ids": ids}).all()
            assert len(found) == len(set(ids) & set(everything))
        assert session.scalars(names, {"ids": ["town", "it's", "other", '"']}).all() == ["other", "town"]
    assert len(set(asked)) == 2


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite keeps no plans")
def test_a_statement_is_planned_once_for_all_readings_and_numbers(tmp_path):
    world = open_world(tmp_path)
    for number in (1, 2, 1 << 20, 1 << 30):
        with world.read() as session:
            assert session.scalar(select(StoredCase.id).where(StoredCase.id == number)) is None
    planned = text("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT cases.id%'")
    with world.read() as session:
        assert session.scalars(planned).all() == [4]


PLACES = {"county": (1, "/1/"), "town": (2, "/1/2/"), "other": (3, "/1/3/"), "elsewhere": (4, "/4/")}


def seed(store: Store) -> None:
    """A reception with record and case in each place; the one of "other" is an accusation against it."""
    now = clock.now()
    with store.write() as session:
        for name, (number, path) in PLACES.items():
            session.add(Organization(id=number, name=name, code=name.upper()[:12], path=path))
            session.add(Kiosk(id=number, organization_id=number, name=name, created_at=now))
        session.flush()
        user = User(id=1, organization_id=1, username="u", name="u", role="leader", password_hash="", created_at=now)
        session.add(user)
        for name, (number, _) in PLACES.items():
            add_reception(session, name, number, now)


def add_reception(session, name, number, now):
    session.add(
        Reception(
            id=name, organization_id=number, kiosk_id=number, number="A01", state="closed", consent="audio_only",
            petitioner_name="x", query_code=name, asked_at=now, ended_at=now,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        VisitRecord(
            id=name, reception_id=name, organization_id=number, state="filed" if name == "other" else "draft",
            recognition="done", created_at=now, updated_at=now, accusation=name == "other",
        )
    )  # fmt: skip
    session.flush()
    made = StoredCase(
        organization_id=number, year=2026, number=1, case_no=name, reception_id=name, record_id=name, channel="video",
        state="registered", title="t", petitioner="x", filed_at=now, received_on=now.date(), filed_record={},
        purpose="accusation" if name == "other" else "request", accusation=name == "other",
    )  # fmt: skip
    session.add(made)
    session.flush()
    if name == "other":
        session.add(AccusedUnit(record_id=name, organization_id=number))
        session.add(CaseAccused(case_id=made.id, organization_id=number))


def seen(store: Store, actor: Actor) -> list[set[str]]:
    with store.read() as session:
        return [
            {row.id for row in session.scalars(visible_receptions(actor))},
            {row.id for row in session.scalars(visible_records(actor))},
            {row.case_no for row in session.scalars(visible_cases(actor))},
        ]


def staff(place: str, role: StaffRole) -> Actor:
    number, path = PLACES[place]
    return Actor(name="x", organization_id=number, organization_path=path, user_id=1, role=role)


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (staff("county", StaffRole.LEADER), {"county", "town", "other"}),
        (staff("town", StaffRole.CLERK), {"town"}),
        (staff("other", StaffRole.CLERK), set()),
        (staff("elsewhere", StaffRole.LEADER), {"elsewhere"}),
        (staff("county", StaffRole.ADMINISTRATOR), set()),
    ],
)
def test_everybody_sees_their_own_tree_and_no_accusation_against_themselves(store, actor, expected):
    seed(store)
    assert seen(store, actor) == [expected] * 3


def test_a_kiosk_sees_its_own_sitting_until_it_is_cleared_and_the_record_once_confirmed(store):
    seed(store)
    kiosk = Actor(name="k", organization_id=2, organization_path="/1/2/", kiosk_id=2)
    assert seen(store, kiosk) == [{"town"}, set(), set()]
    with store.write() as session:
        session.get_one(VisitRecord, "town").state = "confirmed"
    assert seen(store, kiosk) == [{"town"}, {"town"}, set()]
    with store.write() as session:
        session.get_one(Reception, "town").left_kiosk_at = clock.now()
    assert seen(store, kiosk) == [set(), set(), set()]


def test_lists_use_an_index(store):
    with store.read() as session:
        tables = inspect(session.connection()).get_indexes("receptions")
    columns = [index["column_names"] for index in tables]
    assert ["state", "asked_at"] in columns
    assert ["kiosk_id", "left_kiosk_at"] in columns
