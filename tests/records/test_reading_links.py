"""Reading and signing on a telephone of one's own: who gets in, to what, and for how long."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from server import clock
from server.api import reader, reading, records
from server.api.deps import READER_COOKIE
from server.api.errors import add_handlers
from server.domain.states import RecordState
from server.errors import InvalidInput, NotFound, WrongState
from server.protocol.signing import NewReadingLink
from server.reception.record import reading_links, reading_sheet, signing
from server.store.models import AccessEntry, FormEntry, Reception, VisitRecord
from tests.records.office import TALK, World, draft, drawn


@pytest.fixture
def handed_over(world: World, record_id: str) -> str:
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    return record_id


@pytest.fixture
def phone(world: World) -> TestClient:
    app = FastAPI()
    app.state.office = world.office
    for router in (reader.router, reading.router, records.router):
        app.include_router(router, prefix="/api")
    add_handlers(app)
    return TestClient(app, raise_server_exceptions=False)


def give(world: World, record_id: str, **asked: str):
    with world.write() as session:
        return reading_links.make(session, world.clerk, world.office.settings, record_id, NewReadingLink(**asked))


def open_link(phone: TestClient, code: str, digits: str = "4321"):
    return phone.post("/api/reader/open", json={"code": code, "phone_last4": digits})


def test_a_telephone_reads_objects_and_signs_that_record_and_no_other(world, handed_over, phone):
    other = draft(world, "r2", kiosk_id=1)
    with world.write() as session:
        signing.confirm(session, world.clerk, other)
    link = give(world, handed_over)
    assert link.url.endswith(f"/read/{link.code}")
    assert phone.get("/api/reader").status_code == 401
    opened = open_link(phone, link.code)
    assert (opened.status_code, "HttpOnly" in opened.headers["set-cookie"]) == (204, True)
    place = phone.get("/api/reader").json()
    assert (place["record_id"], place["whom"], place["step"], place["query_code"]) == (handed_over, "何守田", "read", "")
    shown = phone.get(f"/api/reading/{handed_over}").json()
    for path in (f"/api/reading/{other}", f"/api/reading/{other}/recordings/r2-s1", f"/api/reading/{handed_over}/recordings/r2-s1"):
        assert phone.get(path).status_code == 404
    assert phone.get(f"/api/records/{handed_over}").status_code == 401, "the staff's view is nobody else's"
    line = shown["lines"][1]
    said = {"line_id": line["id"], "version": line["version"], "said": "一亩三分"}
    assert phone.post(f"/api/reading/{handed_over}/disputes", json=said).json()["state"] == "correcting"
    assert phone.get("/api/reader").json()["step"] == "read", "the person reads on"
    back = phone.post(f"/api/reading/{handed_over}/disputes/withdraw", json={"line_id": line["id"]})
    assert back.json()["state"] == "reading"
    signature = drawn(shown["sha256"]).model_dump(mode="json")
    assert phone.post(f"/api/reading/{handed_over}/signature", json=signature).json()["state"] == "settled"
    done = phone.get("/api/reader").json()
    assert (done["step"], done["query_code"], done["case_no"]) == ("done", "QC-R1", "LX-2026-000001")
    with world.read() as session:
        assert session.query(AccessEntry).filter_by(action="read_by_link").count() == 1


def test_wrong_code_wrong_digits_and_a_link_taken_back_get_the_same_answer(world, handed_over, phone):
    link = give(world, handed_over)
    answers = [open_link(phone, link.code, "0000"), open_link(phone, "ABCDEFGHJK")]
    give(world, handed_over)
    answers.append(open_link(phone, link.code))
    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}
    assert "对不上" in answers[0].json()["error"]["message"]
    assert READER_COOKIE not in phone.cookies


def test_guessing_is_slow_and_five_wrong_digits_end_a_link(world, handed_over, phone):
    link = give(world, handed_over)
    for digits in ("0000", "0001", "0002", "0003", "0004"):
        assert open_link(phone, link.code, digits).status_code == 404
    assert open_link(phone, link.code).status_code == 404
    fresh = give(world, handed_over)
    for number in range(4):
        assert open_link(phone, f"GUESS{number}").status_code == 404
    assert open_link(phone, fresh.code).json()["error"]["code"] == "too_often"
    clock.set_source(lambda: TALK + timedelta(hours=1, minutes=16))
    assert open_link(phone, fresh.code).status_code == 204


def test_a_link_ends_and_says_so_in_words_to_whoever_knows_the_digits(world, handed_over, phone):
    link = give(world, handed_over)
    assert open_link(phone, link.code).status_code == 204
    clock.set_source(lambda: TALK + timedelta(hours=3, seconds=1))
    for answer in (phone.get("/api/reader"), phone.get(f"/api/reading/{handed_over}"), open_link(phone, link.code)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "link_expired")
        assert "过了时间" in answer.json()["error"]["message"]
    assert open_link(phone, link.code, "1111").json()["error"]["code"] == "no_such_link"


def test_whoever_has_signed_is_done_though_others_have_not(world, record_id, phone):
    with world.write() as session:
        session.get_one(FormEntry, (record_id, "representatives")).value = "何守田、刘桂兰"
        signing.confirm(session, world.clerk, record_id)
    open_link(phone, give(world, record_id, whom="刘桂兰", phone_last4="7788").code, "7788")
    shown = phone.get(f"/api/reading/{record_id}").json()
    assert shown["signers"][shown["signer"]]["name"] == "刘桂兰"
    signature = drawn(shown["sha256"]).model_dump(mode="json")
    assert phone.post(f"/api/reading/{record_id}/signature", json=signature).json()["state"] == "reading"
    assert phone.get("/api/reader").json()["step"] == "done"
    again = phone.post(f"/api/reading/{record_id}/signature", json=signature)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_signed")


def test_while_the_clerk_has_it_back_nothing_is_read(world, handed_over, phone):
    open_link(phone, give(world, handed_over).code)
    with world.write() as session:
        signing.reopen(session, world.clerk, handed_over, "还有一处")
    assert phone.get("/api/reader").json()["step"] == "preparing"
    assert phone.get(f"/api/reading/{handed_over}").status_code == 404


@pytest.mark.parametrize("asked", [{"code": "short", "phone_last4": "1234"}, {"code": "ABCDEFGHJK", "phone_last4": "12"}, {}])
def test_malformed_asking_is_refused(phone, asked):
    assert phone.post("/api/reader/open", json=asked).status_code == 422


def test_who_gets_a_link(world, record_id):
    with pytest.raises(WrongState):
        give(world, record_id)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        session.get_one(Reception, "r1").petitioner_phone = ""
    with pytest.raises(InvalidInput):
        give(world, record_id)
    assert give(world, record_id, phone_last4="7788").phone_last4 == "7788"
    with pytest.raises(InvalidInput) as caught:
        give(world, record_id, whom="刘桂兰", phone_last4="7788")
    assert caught.value.code == "not_a_signer"
    with world.write() as session, pytest.raises(NotFound):
        reading_links.make(session, world.other_clerk, world.office.settings, record_id, NewReadingLink())
    with world.write() as session:
        session.get_one(VisitRecord, record_id).state = RecordState.SIGNED
    with pytest.raises(WrongState):
        give(world, record_id, phone_last4="7788")


def test_the_sheet_has_what_is_signed_and_nothing_while_it_is_corrected(world, record_id):
    with world.read() as session, pytest.raises(WrongState):
        reading_sheet.of_record(session, world.clerk, record_id)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    with world.read() as session:
        sheet = reading_sheet.of_record(session, world.clerk, record_id)
        assert [who for who, _, _ in sheet["lines"]] == ["周文清", "何守田", "周文清", "何守田"]
        assert sheet["check"].replace(" ", "") == sheet["reading"].sha256[:16].upper()
        with pytest.raises(NotFound):
            reading_sheet.of_record(session, world.other_clerk, record_id)
