"""Which words a recognition of a reception should expect, and which not."""

from datetime import timedelta

from server.domain.states import RecordState
from server.reception.record import drafts, hotwords
from server.store.models import FormEntry, Organization, Reception, StoredCase, StoredTold, VisitRecord
from tests.records.office import TALK, World, add_reception


def of(world: World, reception_id: str) -> tuple[str, ...]:
    with world.read() as session:
        return hotwords.of_reception(session, reception_id)


def fill(world: World, record_id: str, field: str, value: str, source: str) -> None:
    with world.write() as session:
        entry = session.get_one(FormEntry, (record_id, field))
        entry.value, entry.source = value, source


def with_record(world: World, reception_id: str, days_ago: int = 0) -> str:
    with world.write() as session:
        reception = add_reception(session, reception_id)
        reception.asked_at = TALK - timedelta(days=days_ago)
        reception.petitioner_phone = "13800000001"
        return drafts.create_draft(session, reception).id


def test_the_form_comes_first_as_far_as_people_typed_it(world: World) -> None:
    record_id = with_record(world, "r1")
    fill(world, record_id, "problem_place", "临溪县石桥镇上河村", "clerk")
    fill(world, record_id, "accused_unit", "县农业农村局", "clerk")
    fill(world, record_id, "responsible_unit", "县水务局", "speech")
    words = of(world, "r1")
    assert words[:5] == ("何守田", "临溪县", "石桥镇", "上河村", "县农业农村局")
    assert "县水务局" not in words, "what was recognised leads nothing"
    assert words[5:7] == ("周文清", "副县长")


def test_signed_matters_of_the_same_person_are_known_but_no_accusation(world: World) -> None:
    for days, unit in ((30, "滨河物业"), (20, "县粮食局"), (10, "县林业局")):
        record_id = with_record(world, f"old{days}", days)
        fill(world, record_id, "accused_unit", unit, "clerk")
        with world.write() as session:
            record = session.get_one(VisitRecord, record_id)
            record.state = RecordState.SIGNED if days != 30 else RecordState.DRAFT
            record.accusation = days == 10
    with_record(world, "r1")
    words = of(world, "r1")
    assert "县粮食局" in words
    assert not {"滨河物业", "县林业局"} & set(words)
    with world.write() as session:
        session.get_one(Reception, "r1").petitioner_phone = ""
    assert "县粮食局" not in of(world, "r1"), "the name alone is no proof of who it is"


def test_the_card_that_was_read_and_the_matter_that_was_opened_are_known(world: World) -> None:
    record_id = with_record(world, "old", days_ago=20)
    fill(world, record_id, "responsible_unit", "县林业局", "clerk")
    with world.write() as session:
        record = session.get_one(VisitRecord, record_id)
        case = StoredCase(
            organization_id=record.organization_id, year=2026, number=1, case_no="1", channel="visit", record_id=record_id,
            state="registered", title="占地", petitioner="何守田", place="青石乡孙家庄村", accused_unit="永兴砖厂", received_on=TALK.date(), filed_at=TALK, filed_record={},
        )  # fmt: skip
        reception = add_reception(session, "r1")
        session.add(case)
        session.flush()
        case_id = case.id
        session.add(StoredTold(reception_id=reception.id, address="临溪县石桥镇柳湾村四组", earlier_case_id=case_id))
    assert {"柳湾村", "青石乡", "孙家庄村", "永兴砖厂", "县林业局"} <= set(of(world, "r1"))
    with world.write() as session:
        session.get_one(StoredCase, case_id).accusation = True
    assert not {"孙家庄村", "永兴砖厂", "县林业局"} & set(of(world, "r1"))


def test_offices_around_the_kiosk_are_known(world: World) -> None:
    with world.write() as session:
        add_reception(session, "r1")
        session.add(Organization(id=50, parent_id=1, name="柳林镇政府", code="LL", path="/1/50/"))
    words = of(world, "r1")
    assert {"石桥镇", "柳林镇政府", "柳林镇", "临溪县信访局"} <= set(words)
    assert of(world, "nobody") == ()
