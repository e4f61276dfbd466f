"""What somebody with the slip may still do: say how the talk was, and take the record along on paper."""

from typing import Any

from server.store.models import AccessEntry, Reception, StoredCase
from tests.office import TestOffice
from tests.reception.test_kiosk_lock import Time, office, sitting, talked, time

__all__ = ["office", "time"]


def signed(office: TestOffice, segment: str = "s1") -> str:
    """Somebody talked, read and would not sign: the slip is on the screen; returns the record's id."""
    record_id = talked(office, segment)
    shown = office.kiosk.get(f"/api/reading/{record_id}").json()
    refusal = {"reason": "想先和家里人商量", "sha256": shown["sha256"], "way": "refused"}
    assert office.kiosk.post(f"/api/reading/{record_id}/refusal", json=refusal).status_code == 200
    return record_id


def rate(office: TestOffice, score: str, words: str = "") -> Any:
    return office.kiosk.post("/api/kiosk/sitting/rating", json={"score": score, "words": words})


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_talk_is_rated_once_by_whoever_has_the_slip(office: TestOffice, time: Time) -> None:
    assert rate(office, "satisfied").status_code == 404
    talked(office)
    assert not sitting(office)["may_rate"]
    assert refused(rate(office, "satisfied")) == (409, "no_slip")
    office.kiosk.post("/api/kiosk/sitting/leave")
    signed(office, "s2")
    assert (sitting(office)["step"], sitting(office)["may_rate"]) == ("slip", True)
    assert rate(office, "very_good").status_code == 422
    assert rate(office, "dissatisfied").json()["may_rate"] is False
    assert refused(rate(office, "satisfied")) == (409, "already_rated")


def test_who_sits_down_next_can_neither_rate_nor_print(office: TestOffice, time: Time) -> None:
    signed(office)
    time.pass_(6)
    assert (sitting(office)["locked"], sitting(office)["may_rate"], sitting(office)["may_print"]) == (True, False, False)
    assert refused(rate(office, "satisfied")) == (409, "no_slip")
    assert refused(office.kiosk.get("/api/kiosk/sitting/record.pdf")) == (409, "no_slip")


def test_one_rating_is_told_to_nobody_and_five_are_told_as_a_sum(office: TestOffice) -> None:
    told = []
    for number, score in enumerate(("satisfied", "dissatisfied", "basically", "satisfied", "satisfied")):
        signed(office, f"s{number}")
        rate(office, score)
        office.kiosk.post("/api/kiosk/sitting/leave")
        own = office.leader.get("/api/receptions/own").json()
        told.append((own["said"], own["pleased"]))
    assert told == [(1, None), (2, None), (3, None), (4, None), (5, 4)]


def test_what_is_added_to_a_rating_is_read_by_supervisors_alone(office: TestOffice) -> None:
    for number in range(5):
        signed(office, f"s{number}")
        assert rate(office, "dissatisfied", " 等了两个钟头 " if not number else "").status_code == 200
        office.kiosk.post("/api/kiosk/sitting/leave")
    with office.office.store.write() as session:
        session.query(Reception).update({Reception.started_at: Reception.asked_at})
    read = {who: getattr(office, who).get("/api/stats/receptions/list", params={"what": "said"}).json()["rows"] for who in ("supervisor", "leader")}
    assert {who: sorted(row["said"] for row in rows) for who, rows in read.items()} == {
        "supervisor": ["", "", "", "", "等了两个钟头"], "leader": [""] * 5,
    }  # fmt: skip
    held = office.supervisor.get("/api/stats/receptions/list").json()["rows"]
    assert {row["said"] for row in held} == {""}, "only in the list of those that were rated"


def test_the_record_is_printed_from_the_filed_one_and_that_is_written_down(office: TestOffice, time: Time) -> None:
    record_id = signed(office)
    assert sitting(office)["may_print"]
    printed = office.kiosk.get("/api/kiosk/sitting/record.pdf")
    assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-")
    with office.office.store.read() as session:
        entry = session.query(AccessEntry).filter(AccessEntry.action == "download").one()
        assert (entry.thing, entry.thing_id, entry.kiosk_id) == ("record", record_id, office.ids["kiosk"])


def test_an_accusation_is_left_in_no_printer(office: TestOffice, time: Time) -> None:
    signed(office)
    with office.office.store.write() as session:
        session.query(StoredCase).one().accusation = True
    assert not sitting(office)["may_print"]
    assert office.kiosk.get("/api/kiosk/sitting/record.pdf").status_code == 403
