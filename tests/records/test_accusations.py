"""An accusation never reaches the unit accused: not as a draft, not later, and not where the unit is not known."""

from itertools import product

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from server.domain.flow import Step
from server.domain.states import FormField, StaffRole
from server.errors import NotFound
from server.protocol.drafting import Draft, DraftField
from server.protocol.edits import EditField, Edits
from server.protocol.flow import StepOrder
from server.reception.matter import cases
from server.reception.record import drafts, editing, reading, records, signing
from server.reception.talk import queue
from server.store import access, accusations
from server.store.access import Actor
from server.store.migrate import downgrade, migrate
from server.store.models import (
    AccessEntry,
    AccusedUnit,
    Booking,
    CaseAccused,
    FormEntry,
    Invitation,
    Kiosk,
    Organization,
    Reception,
    StoredCase,
    User,
    VisitRecord,
)
from tests.records.office import TALK, World, add_reception, draft, sign

HALL = Actor(name="镇里另一位", user_id=5, role=StaffRole.CLERK, organization_id=2, organization_path="/1/2/")
VILLAGE = Actor(name="村里", user_id=6, role=StaffRole.CLERK, organization_id=4, organization_path="/1/2/4/")


@pytest.fixture
def town_record(world: World) -> str:
    """A draft that belongs to the township where the kiosk stands."""
    with world.write() as session:
        session.add(Organization(id=4, parent_id=2, name="石桥镇河边村", code="HB", path="/1/2/4/"))
        session.flush()
        for actor in (HALL, VILLAGE):
            session.add(
                User(
                    id=actor.user_id, organization_id=actor.organization_id, username=f"u{actor.user_id}",
                    name=actor.name, title="", role="clerk", password_hash="", created_at=TALK,
                )
            )  # fmt: skip
        return drafts.create_draft(session, add_reception(session, organization_id=2)).id


def fill(session: Session, actor: Actor, record_id: str, **values: str) -> None:
    for field, value in values.items():
        version = session.get_one(FormEntry, (record_id, field)).version
        one = EditField(field=field, version=version, value=value)
        editing.edit(session, actor, record_id, Edits(edits=(one,)))


def accuse(world: World, actor: Actor, record_id: str, unit: str) -> None:
    with world.write() as session:
        fill(session, actor, record_id, purpose="accusation", accused_unit=unit)


def sees(world: World, actor: Actor, record_id: str) -> bool:
    """Whether the record is readable; that lists, reception and record agree is checked on the way."""
    with world.read() as session:
        listed = record_id in [row.id for row in records.list_records(session, actor)]
        rows = queue.listed(session, actor, None) + queue.listed(session, actor, "closed")
        assert listed == ("r1" in [row.id for row in rows])
        for ask in (lambda: records.open_record(session, actor, record_id), lambda: queue.one(session, actor, "r1")):
            if listed:
                ask()
            else:
                with pytest.raises(NotFound):
                    ask()
        return listed


def test_the_accused_township_loses_sight_of_a_draft_at_once(world: World, town_record: str) -> None:
    assert sees(world, HALL, town_record)
    accuse(world, world.clerk, town_record, "石桥镇政府")
    assert not sees(world, HALL, town_record)
    assert not sees(world, world.town_clerk, town_record)
    assert sees(world, world.clerk, town_record)
    assert sees(world, world.leader, town_record)


def test_who_wrote_it_or_received_it_is_shut_out_too_when_of_the_accused_unit(world: World, town_record: str) -> None:
    with world.write() as session:
        session.get_one(Reception, "r1").receiver_id = HALL.user_id
    accuse(world, world.town_clerk, town_record, "我们石桥镇的人")
    assert not sees(world, world.town_clerk, town_record)
    assert not sees(world, HALL, town_record)


def test_what_lies_under_the_accused_unit_sees_nothing(world: World, town_record: str) -> None:
    with world.write() as session:
        session.get_one(Reception, "r1").organization_id = 4
        session.get_one(VisitRecord, town_record).organization_id = 4
    assert sees(world, VILLAGE, town_record)
    accuse(world, world.clerk, town_record, "石桥镇政府")
    assert not sees(world, VILLAGE, town_record)


def test_an_unknown_unit_may_be_the_township_of_the_kiosk(world: World, town_record: str) -> None:
    accuse(world, world.clerk, town_record, "王镇长")
    assert not sees(world, HALL, town_record)
    assert not sees(world, world.town_clerk, town_record)
    assert sees(world, world.clerk, town_record)
    assert not sees(world, world.other_clerk, town_record)


def test_with_an_unknown_unit_its_clerk_and_its_receiver_go_on(world: World, town_record: str) -> None:
    with world.write() as session:
        fill(session, world.town_clerk, town_record, purpose="accusation")
    assert sees(world, world.town_clerk, town_record)
    assert not sees(world, HALL, town_record)
    with world.write() as session:
        session.get_one(Reception, "r1").receiver_id = HALL.user_id
    assert sees(world, HALL, town_record)


def test_whose_kiosk_and_whose_talk_it_was_is_asked_of_this_record_and_of_no_other(world: World, town_record: str) -> None:
    """A leader of the township received somebody else there, and there is another talk, of a kiosk that stands elsewhere."""
    elsewhere = Kiosk(id=9, organization_id=3, name="别处的接谈室", created_at=TALK)
    with world.write() as session:
        session.add(elsewhere)
        session.flush()
        drafts.create_draft(session, add_reception(session, "r2", organization_id=2, receiver_id=HALL.user_id))
        other = drafts.create_draft(session, add_reception(session, "r3", organization_id=2, kiosk_id=9)).id
    accuse(world, world.clerk, town_record, "王镇长")
    assert not sees(world, HALL, town_record)
    accuse(world, world.clerk, other, "王镇长")
    with world.read() as session:
        assert records.open_record(session, HALL, other).id == other
    assert not sees(world, HALL, town_record)


def test_a_kiosk_in_the_only_office_hides_nothing_that_nobody_else_could_work_on(world: World, record_id: str) -> None:
    with world.write() as session:
        session.execute(text("UPDATE kiosks SET organization_id = 1"))
    accuse(world, world.leader, record_id, "某某公司")
    assert sees(world, world.clerk, record_id)


def test_the_form_and_what_is_hidden_stay_in_step(world: World, town_record: str) -> None:
    accuse(world, world.clerk, town_record, "石桥镇政府")
    with world.write() as session:
        fill(session, world.clerk, town_record, purpose="request")
    assert sees(world, HALL, town_record)
    with world.write() as session:
        fill(session, world.clerk, town_record, purpose="accusation")
        fill(session, world.clerk, town_record, accused_unit="外县信访局")
    assert sees(world, HALL, town_record)


def spoken(_session: Session, _reception: Reception, _heard: object) -> Draft:
    fields = (("purpose", "accusation"), ("accused_unit", "石桥镇政府"))
    return Draft(
        lines=(), fields=tuple(DraftField(field=FormField(a), value=b, utterance_ids=("r1-u1",)) for a, b in fields)
    )


def test_an_accusation_in_the_draft_is_hidden_from_the_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "draft_of", spoken)
    with world.write() as session:
        record_id = drafts.create_draft(session, add_reception(session, organization_id=2)).id
    assert not sees(world, HALL, record_id)
    assert sees(world, world.clerk, record_id)


def test_an_accusation_recognised_later_is_hidden_from_then_on(
    world: World, town_record: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "draft_of", spoken)
    with world.write() as session:
        record = session.get_one(VisitRecord, town_record)
        for field in ("purpose", "accused_unit"):
            entry = session.get_one(FormEntry, (town_record, field))
            entry.value, entry.version = "", 1
        late = drafts.as_message(drafts.records.utterances(session, "r1")[0]).model_copy(update={"id": "late"})
        drafts.add_recognised(session, record, [late])
    assert not sees(world, HALL, town_record)


def test_it_stays_hidden_when_filed_and_the_case_names_the_same_unit(world: World, town_record: str) -> None:
    accuse(world, world.clerk, town_record, "石桥镇人民政府和外县信访局")
    with world.write() as session:
        signing.confirm(session, world.clerk, town_record)
        sign(session, world, town_record, file_at_once=True)
    with world.read() as session:
        case = session.scalars(select(StoredCase)).one()
        accused = set(session.scalars(select(AccusedUnit.organization_id)))
        assert accused == {2, 3}
        assert cases.list_cases(session, world.clerk)[1] == 1
        assert cases.list_cases(session, HALL)[1] == 0
        with pytest.raises(NotFound):
            cases.open_case(session, HALL, case.id)
    assert not sees(world, HALL, town_record)
    assert sees(world, world.clerk, town_record)


def test_the_petitioner_still_reads_and_signs_at_the_kiosk(world: World, town_record: str) -> None:
    accuse(world, world.clerk, town_record, "石桥镇政府")
    with world.write() as session:
        signing.confirm(session, world.clerk, town_record)
    with world.read() as session:
        assert reading.open_reading(session, world.kiosk, town_record).sha256


def test_the_migration_works_out_what_is_there_already(world: World) -> None:
    record_id = draft(world)
    accuse(world, world.clerk, record_id, "石桥镇政府")
    with world.office.store.engine.begin() as connection:
        downgrade(connection, "0002")
    migrate(world.office.store.engine)
    with world.read() as session:
        assert session.get_one(VisitRecord, record_id).accusation
        assert session.scalars(select(AccusedUnit.organization_id)).all() == [2]


def filed(world: World, record_id: str, **form: str) -> int:
    """The case of a record whose form says this."""
    with world.write() as session:
        fill(session, world.clerk, record_id, **form)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=True)
        return session.scalars(select(StoredCase.id)).one()


def test_a_matter_is_hidden_from_just_those_from_whom_its_talk_is(world: World, town_record: str) -> None:
    """Cases and records ask it each in their own way; nobody has said anything when the case was screened."""
    case_id = filed(world, town_record, purpose="accusation", accused_unit="王镇长")
    with world.write() as session:
        session.get_one(StoredCase, case_id).organization_id = 2
    seen = set()
    for kiosk, receiver, against in product((1, 2, 3), (2, HALL.user_id), ((), (1,), (2,), (3,), (2, 3))):
        with world.write() as session:
            session.get_one(Kiosk, 1).organization_id, session.get_one(Reception, "r1").receiver_id = kiosk, receiver
            for kept in (AccusedUnit, CaseAccused):
                session.execute(delete(kept))
            session.add_all(AccusedUnit(record_id=town_record, organization_id=one) for one in against)
        with world.read() as session:
            for actor in (HALL, world.town_clerk, world.clerk):
                talk, matter = (len(session.scalars(query(actor)).all()) for query in (access.visible_records, access.visible_cases))
                assert talk == matter, (kiosk, receiver, against, actor.name)
                seen.add((actor.name, talk))
    assert seen == {(actor.name, number) for actor in (HALL, world.town_clerk, world.clerk) for number in (0, 1)}


@pytest.mark.parametrize("unit", ["石桥镇政府", "王镇长"])
def test_what_is_found_to_be_an_accusation_when_it_is_screened_takes_talk_and_record_along(world: World, town_record: str, unit: str) -> None:
    case_id = filed(world, town_record, accused_unit=unit)
    with world.write() as session:
        session.add(Booking(
            organization_id=2, name="何守田", phone="13800004321", matter="举报", state="arrived", asked_at=TALK, reception_id="r1"
        ))  # fmt: skip
        session.add(Invitation(
            id="i1", reception_id="r1", participant_id="p9", role="joint", name="镇里另一位", user_id=HALL.user_id, invited_by=2,
            created_at=TALK, expires_at=TALK,
        ))  # fmt: skip

    def around(actor: Actor) -> list[int]:
        with world.read() as session:
            return [len(session.scalars(query(actor)).all()) for query in (access.visible_bookings, access.visible_invitations, access.visible_papers)]

    assert sees(world, HALL, town_record)
    assert around(HALL)[:2] == [1, 1]
    with world.write() as session:
        version = session.get_one(StoredCase, case_id).version
        order = StepOrder(version=version, purpose="accusation", category="干部作风")
        cases.take_step(session, world.clerk, case_id, Step.SCREEN, order)
        assert session.scalars(select(VisitRecord.id).where(accusations.none())).all() == [], "nobody learns from its words"
    for actor in (HALL, world.town_clerk):
        assert not sees(world, actor, town_record)
        assert around(actor) == [0, 0, 0]
    assert sees(world, world.clerk, town_record)
    assert around(world.clerk)[:2] == [1, 1]


def test_numbers_in_the_form_of_a_filed_record_are_masked_and_its_papers_are_written_down(world: World, town_record: str) -> None:
    with world.write() as session:
        fill(session, world.clerk, town_record, id_number="110101195903075110")
    with world.read() as session:
        form = {one.field: one.value for one in records.open_record(session, world.clerk, town_record).form}
        assert (form["phone"], form["id_number"]) == ("13800004321", "110101195903075110"), "who corrects it sees them"
    case_id = filed(world, town_record)
    with world.read() as session:
        told = [cases.open_case(session, world.leader, case_id).record, records.open_record(session, world.clerk, town_record)]
        history = records.history(session, world.clerk, town_record)
        cases.require_document(session, world.leader, case_id, "form.pdf")
        with pytest.raises(NotFound):
            cases.require_document(session, world.leader, case_id, "secret.pdf")
    for record in told:
        form = {one.field: one.value for one in record.form}
        assert (form["phone"], form["id_number"]) == ("138****4321", "110*************10")
    assert "110*************10" in [one.after for one in history]
    assert "13800004321" not in str(history)
    with world.read() as session:
        logged = session.execute(select(AccessEntry.user_id, AccessEntry.thing, AccessEntry.thing_id).where(AccessEntry.action == "download"))
        assert logged.all() == [(world.leader.user_id, "form", town_record)]
