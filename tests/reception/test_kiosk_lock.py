"""A record does not come up for whoever sits at the kiosk next; who stays is asked nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server import clock
from server.domain.states import ReceptionState, RecordState
from server.reception.kiosk import kiosk_lock
from server.reception.record import drafts
from server.store.models import Reception, StoredSegment, VisitRecord
from tests.office import TestOffice, running, settings_for
from tests.records.office import drawn

MINUTE = timedelta(minutes=1)


class Time:
    """The office's clock, moved by hand."""

    now: datetime

    def __init__(self) -> None:
        self.now = clock.now()

    def pass_(self, minutes: float) -> None:
        self.now += minutes * MINUTE


@pytest.fixture
def time() -> Iterator[Time]:
    moved = Time()
    clock.set_source(lambda: moved.now)
    yield moved
    clock.set_source(None)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[TestOffice]:
    with running(settings_for(tmp_path)) as started:
        yield started


def talked(office: TestOffice, segment: str = "s1", **asked: Any) -> str:
    """Somebody sat down, talked, and the clerk has confirmed; returns the record's id."""
    reception_id = office.sitting(**asked)["reception_id"]
    with office.office.store.write() as session:
        reception = session.get_one(Reception, reception_id)
        reception.state, reception.ended_at = ReceptionState.CLOSED, clock.now()
        reception.receiver_id = office.ids["leader"]
        session.add(
            StoredSegment(
                id=segment, reception_id=reception_id, participant_id=reception.participants[0].id, kind="audio",
                codec="audio/opus", file="a.webm", start=0, seconds=1, size=4, sha256="", closed="clean",
            )
        )  # fmt: skip
        record = drafts.create_draft(session, reception)
        record.state = RecordState.CONFIRMED
    folder = office.settings.recordings_dir / reception_id
    folder.mkdir(parents=True)
    (folder / "a.webm").write_bytes(b"webm")
    return record.id


def sitting(office: TestOffice) -> dict[str, Any]:
    return dict(office.kiosk.get("/api/kiosk/sitting").json())


def readable(office: TestOffice, record_id: str) -> bool:
    """Whether the kiosk gets the record; its recording must agree."""
    status = office.kiosk.get(f"/api/reading/{record_id}").status_code
    sound = office.kiosk.get(f"/api/reading/{record_id}/recordings/s1").status_code
    assert (status, sound) in {(200, 200), (404, 404)}
    return status == 200


def touch(office: TestOffice) -> None:
    assert office.kiosk.post("/api/kiosk/sitting/touch").status_code == 204


def unlock(office: TestOffice, answer: str) -> Any:
    return office.kiosk.post("/api/kiosk/sitting/unlock", json={"answer": answer})


def test_who_stays_and_touches_now_and_then_is_asked_nothing(office: TestOffice, time: Time) -> None:
    record_id = talked(office)
    for _ in range(4):
        time.pass_(4)
        assert readable(office, record_id)
        touch(office)
    assert not sitting(office)["locked"]


def test_after_five_minutes_without_a_touch_nothing_is_shown_any_more(office: TestOffice, time: Time) -> None:
    record_id = talked(office)
    time.pass_(5)
    shown = sitting(office)
    assert (shown["locked"], shown["step"], shown["unlock_with"]) == (True, "read", "phone")
    hidden = ("record_id", "query_code", "number", "receiver", "phone_last4", "case_no", "next_step")
    assert not any(shown[name] for name in hidden)
    assert not readable(office, record_id)
    signature = drawn("0" * 64).model_dump(mode="json")
    for what, body in (("signature", signature), ("refusal", {"reason": "x", "sha256": "0" * 64})):
        assert office.kiosk.post(f"/api/reading/{record_id}/{what}", json=body).status_code == 404
    touch(office)
    assert sitting(office)["locked"], "a touch of somebody else opens nothing"


def test_the_last_four_digits_open_it(office: TestOffice, time: Time) -> None:
    record_id = talked(office)
    time.pass_(6)
    opened = unlock(office, "1234").json()
    assert (opened["locked"], opened["record_id"], opened["step"]) == (False, record_id, "read")
    assert readable(office, record_id)
    time.pass_(5)
    assert not readable(office, record_id)


def test_without_a_telephone_the_queue_number_opens_it(office: TestOffice, time: Time) -> None:
    record_id = talked(office, phone="")
    time.pass_(6)
    assert sitting(office)["unlock_with"] == "number"
    assert unlock(office, "2").status_code == 422
    assert unlock(office, "01").status_code == 200
    assert readable(office, record_id)


def test_after_five_wrong_answers_only_staff_open_it(office: TestOffice, time: Time) -> None:
    record_id = talked(office)
    time.pass_(6)
    left = [unlock(office, "0000").json()["error"]["details"].get("tries_left") for _ in range(4)]
    assert left == [4, 3, 2, 1]
    assert unlock(office, "0000").json()["error"]["code"] == "staff_only"
    refused = unlock(office, "1234")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "staff_only")
    assert not readable(office, record_id)
    path = f"/api/receptions/{sitting(office)['reception_id']}/unlock"
    assert office.stranger.post(path).status_code == 404
    assert office.kiosk.post(path).status_code == 403
    assert office.clerk.post(path).status_code == 204
    assert readable(office, record_id)


def test_locking_at_once_changes_nothing_of_the_record(office: TestOffice, time: Time) -> None:
    record_id = talked(office)
    assert office.kiosk.post("/api/kiosk/sitting/lock").status_code == 204
    assert not readable(office, record_id)
    with office.office.store.read() as session:
        assert session.get_one(VisitRecord, record_id).state == RecordState.CONFIRMED
    assert office.clerk.get(f"/api/records/{record_id}").status_code == 200


def test_nothing_is_locked_before_the_talk_is_over(office: TestOffice, time: Time) -> None:
    office.sitting()
    assert office.kiosk.post("/api/kiosk/sitting/lock").status_code == 204
    time.pass_(60)
    assert (sitting(office)["locked"], sitting(office)["phone_last4"]) == (False, "1234")
    assert unlock(office, "1234").json()["error"]["code"] == "no_sitting"


@pytest.mark.parametrize("answer", ["", "x" * 9, "12345", "一二三四", "12 34"])
def test_what_is_no_answer_costs_no_try(office: TestOffice, time: Time, answer: str) -> None:
    talked(office)
    time.pass_(6)
    assert unlock(office, answer).json()["error"]["code"] == "invalid_input"
    assert sitting(office)["unlock_tries_left"] == 5


def test_a_sitting_left_behind_is_cleared_and_the_record_waits_for_the_clerk(office: TestOffice, time: Time) -> None:
    record_id = talked(office)
    hours = office.settings.kiosk_sitting_hours
    time.pass_(60 * hours - 1)
    assert kiosk_lock.clear_left_behind(office.office.store, hours) == 0
    assert office.kiosk.post("/api/kiosk/sittings", json={"consent": "audio_only", "name": "王"}).status_code == 409
    time.pass_(2)
    assert kiosk_lock.clear_left_behind(office.office.store, hours) == 1
    assert office.kiosk.get("/api/kiosk/sitting").status_code == 404
    assert not readable(office, record_id)
    shown = office.clerk.get(f"/api/records/{record_id}").json()
    assert shown["state"] == "confirmed"
    office.sitting(name="王")


def test_a_kiosk_that_was_left_reads_neither_record_nor_recording(office: TestOffice, time: Time) -> None:
    record_id = talked(office)
    assert readable(office, record_id)
    assert office.kiosk.post("/api/kiosk/sitting/leave").status_code == 204
    assert not readable(office, record_id)
    assert unlock(office, "1234").json()["error"]["code"] == "no_sitting"
    assert not readable(office, record_id)


def test_whoever_left_before_reading_opens_their_record_again_by_code_and_digits(office: TestOffice, time: Time) -> None:
    card = {"number": "330326195503021234", "sex": "male", "ethnic_group": "汉", "address": "青山县柳河镇柳湾村"}
    record_id = talked(office, card=card)
    code = sitting(office)["query_code"]
    form = {entry["field"]: (entry["value"], entry["source"]) for entry in office.clerk.get(f"/api/records/{record_id}").json()["form"]}
    assert (form["id_number"], form["sex"], form["id_type"]) == ((card["number"], "card"), ("male", "card"), ("identity_card", "card"))
    assert office.kiosk.post("/api/kiosk/sitting/leave").status_code == 204
    ask = {"code": code, "phone_last4": "1234"}
    assert office.kiosk.post("/api/kiosk/record", json=ask).json()["state"] == "preparing", "the clerk has not handed it over"
    with office.office.store.write() as session:
        record = session.get_one(VisitRecord, record_id)
        record.state, record.confirmed_at = RecordState.CONFIRMED, clock.now()
    assert office.kiosk.post("/api/kiosk/record", json=ask | {"phone_last4": "4321"}).status_code == 404
    assert not readable(office, record_id)
    assert office.kiosk.post("/api/kiosk/record", json=ask).json()["state"] == "opened"
    assert readable(office, record_id)
    assert (sitting(office)["step"], sitting(office)["record_id"]) == ("read", record_id)
    time.pass_(6)
    assert not readable(office, record_id), "it is kept from others as on the first day"
