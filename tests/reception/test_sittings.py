"""The kiosk's steps and the leader's: who waits, who joins, who ends, and what the others may not."""

import threading

import jwt
import pytest

from server.protocol.signalling import SeatClaims
from tests.reception.conftest import until


def test_a_sitting_from_the_first_touch_to_leaving(office):
    sitting = office.sitting()
    assert (sitting["step"], sitting["number"], sitting["ahead"], sitting["phone_last4"]) == ("waiting", "A01", 0, "1234")
    assert len(sitting["query_code"]) == 10
    assert office.kiosk.get("/api/kiosk/sitting").json() == sitting
    assert office.kiosk.post("/api/kiosk/sitting/leave").status_code == 204
    assert office.kiosk.get("/api/kiosk/sitting").status_code == 404
    assert office.sitting()["number"] == "A02"


def test_one_person_at_a_time(office):
    office.sitting()
    again = office.kiosk.post("/api/kiosk/sittings", json={"consent": "audio_only", "name": "王"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "kiosk_busy")


@pytest.mark.parametrize("phone", ["", "13800001234", "0571-88881234"])
def test_telephone_numbers(office, phone):
    assert office.sitting(phone=phone)["phone_last4"] == phone[-4:]


def test_the_leader_joins_and_both_get_tickets_that_say_who_they_are(office):
    sitting = office.sitting(consent="audio_only")
    path = f"/api/receptions/{sitting['reception_id']}"
    row = office.leader.get("/api/receptions?state=waiting").json()["receptions"][0]
    assert (row["petitioner"], row["state"], row["mine"]) == ("李秀英", "waiting", False)
    ticket = office.leader.post(f"{path}/join").json()
    claims = claims_of(office, ticket)
    assert (claims.role, claims.name, claims.video, claims.may_end) == ("leader", "周建国", True, True)
    petitioner = claims_of(office, office.kiosk.post(f"{path}/join").json())
    assert (petitioner.role, petitioner.video) == ("petitioner", False)
    assert petitioner.participant_id == sitting["participant_id"]
    assert petitioner.exp - petitioner.iat == 60
    shown = office.kiosk.get("/api/kiosk/sitting").json()
    assert (shown["step"], shown["receiver"]) == ("talk", "副县长 周建国")
    assert claims_of(office, office.leader.post(f"{path}/join").json()).participant_id == claims.participant_id


def claims_of(office, ticket) -> SeatClaims:
    return SeatClaims(**jwt.decode(ticket["token"], office.settings.key("seat"), ["HS256"]))


def test_only_one_of_many_leaders_becomes_the_receiver(office):
    reception = office.sitting()["reception_id"]
    answers: list[tuple[str, int]] = []

    def join(who: str) -> None:
        answer = getattr(office, who).post(f"/api/receptions/{reception}/join")
        answers.append((who, answer.status_code))

    threads = [threading.Thread(target=join, args=(who,)) for who in ("leader", "other_leader") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = {who for who, status in answers if status == 200}
    assert len(winners) == 1
    assert sorted(status for _, status in answers) == [200] * 4 + [409] * 4
    people = office.leader.get(f"/api/receptions/{reception}").json()["participants"]
    assert [person["role"] for person in people] == ["petitioner", "leader"]


def test_of_many_who_sit_down_at_one_kiosk_at_once_one_gets_a_number(office):
    numbers: list[str] = []

    def sit() -> None:
        answer = office.kiosk.post("/api/kiosk/sittings", json={"consent": "audio_only", "name": "王"})
        if answer.status_code == 201:
            numbers.append(answer.json()["number"])

    threads = [threading.Thread(target=sit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == ["A01"]


def test_notes_are_for_their_author_only(office):
    reception = office.sitting()["reception_id"]
    path = f"/api/receptions/{reception}"
    office.leader.post(f"{path}/join")
    assert office.leader.put(f"{path}/notes", json={"text": "查 2019 年的批复"}).status_code == 204
    assert office.leader.get(path).json()["notes"] == "查 2019 年的批复"
    assert office.other_leader.get(path).json()["notes"] == ""
    assert office.clerk.get(path).json()["notes"] == ""
    assert office.other_leader.put(f"{path}/notes", json={"text": "x"}).status_code == 403


def test_another_township_sees_nothing(office):
    reception = office.sitting()["reception_id"]
    assert office.stranger.get("/api/receptions").json()["receptions"] == []
    assert office.stranger.get(f"/api/receptions/{reception}").status_code == 404
    assert office.administrator.get("/api/receptions").status_code == 403


def test_a_call_for_help_is_shown_until_somebody_joins(office):
    reception = office.sitting()["reception_id"]
    assert office.kiosk.post("/api/kiosk/help").status_code == 204
    assert office.clerk.get("/api/receptions").json()["calls"] == ["柳河镇 1 号机"]
    assert office.stranger.get("/api/receptions").json()["calls"] == []
    office.leader.post(f"/api/receptions/{reception}/join")
    assert office.clerk.get("/api/receptions").json()["calls"] == []


def test_what_cannot_be_done_now_is_said(office):
    reception = office.sitting()["reception_id"]
    path = f"/api/receptions/{reception}"
    assert office.kiosk.post(f"{path}/end").json()["error"]["code"] == "wrong_state"
    office.leader.post(f"{path}/join")
    assert office.kiosk.post("/api/kiosk/sitting/leave").json()["error"]["code"] == "wrong_state"
    assert office.other_leader.post(f"{path}/end").status_code == 403
    assert office.leader.post(f"{path}/end").status_code == 202
    assert office.leader.post(f"{path}/end").status_code == 202
    until(lambda: office.leader.get(path).json()["state"] == "closed", "the reception to be closed")
    assert office.leader.post(f"{path}/join").json()["error"]["code"] == "reception_over"


def test_earlier_visits_of_the_same_person_are_found_by_telephone_and_name(office):
    first = office.sitting()["reception_id"]
    office.leader.post(f"/api/receptions/{first}/join")
    office.leader.post(f"/api/receptions/{first}/end")
    until(lambda: office.kiosk.post("/api/kiosk/sitting/leave").status_code in (204, 404), "the kiosk to be free")
    second = office.sitting()["reception_id"]
    earlier = office.leader.get(f"/api/receptions/{second}").json()["earlier"]
    assert [row["id"] for row in earlier] == [first]
    office.kiosk.post("/api/kiosk/sitting/leave")
    other = office.sitting(name="李秀云")["reception_id"]
    assert office.leader.get(f"/api/receptions/{other}").json()["earlier"] == []


def test_a_spoken_number_is_understood_and_not_kept(office, neighbours):
    neighbours.transcriber.says((0.1, 2.0, "幺三八，零零洞洞，"), (2.1, 3.0, "一二三四。"))
    heard = office.kiosk.post("/api/kiosk/hear?want=phone", content=b"sound")
    assert heard.json()["digits"] == "13800001234"
    neighbours.transcriber.says((0.1, 2.0, "嗯，我叫李秀英。"))
    assert office.kiosk.post("/api/kiosk/hear?want=name", content=b"sound").json()["text"] == "李秀英"
    empty = office.kiosk.post("/api/kiosk/hear?want=name", content=b"")
    assert empty.json()["error"]["code"] == "no_sound"
    assert neighbours.transcriber.longest == ["30.0", "30.0"]
    neighbours.transcriber.cannot("model_missing", "识别模型的文件夹不在。")
    away = office.kiosk.post("/api/kiosk/hear?want=name", content=b"sound")
    assert (away.status_code, away.json()["error"]["message"]) == (503, "识别模型的文件夹不在。")


def test_too_long_an_answer_says_so(office, neighbours):
    error = {"error": {"code": "audio_too_long", "message": "x"}}
    neighbours.transcriber.answer = (422, error)
    answer = office.kiosk.post("/api/kiosk/hear?want=matter", content=b"sound")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "audio_too_long")
    assert "太长" in answer.json()["error"]["message"]


def test_a_kiosk_is_listened_to_once_at_a_time(office, neighbours):
    neighbours.transcriber.go_on.clear()
    answers: list[int] = []

    def ask() -> None:
        answers.append(office.kiosk.post("/api/kiosk/hear?want=name", content=b"sound").status_code)

    first = threading.Thread(target=ask)
    first.start()
    until(lambda: neighbours.transcriber.heard, "the first answer to be with the transcriber")
    second = office.kiosk.post("/api/kiosk/hear?want=name", content=b"sound")
    assert (second.status_code, second.json()["error"]["code"]) == (429, "still_listening")
    neighbours.transcriber.go_on.set()
    first.join(10)
    ask()
    assert answers == [200, 200]


def test_a_kiosk_that_is_enrolled_anew_is_sent_out_of_its_room(office, neighbours):
    over = office.sitting()
    office.kiosk.post("/api/kiosk/sitting/leave")
    sitting = office.sitting()
    office.leader.post(f"/api/receptions/{sitting['reception_id']}/join")
    answer = office.administrator.post(f"/api/admin/kiosks/{office.ids['kiosk']}/enrolment")
    assert answer.status_code == 200, answer.text
    until(lambda: neighbours.node.kicked, "the seat to be ended")
    assert neighbours.node.kicked == [(sitting["reception_id"], sitting["participant_id"])]
    assert over["reception_id"] != sitting["reception_id"]


def test_a_kiosk_is_enrolled_anew_though_the_media_node_is_away(office, neighbours):
    office.sitting()
    neighbours.node.stop()
    until(lambda: not office.office.media.connected, "the node to be missed")
    assert office.administrator.post(f"/api/admin/kiosks/{office.ids['kiosk']}/enrolment").status_code == 200
    assert office.kiosk.get("/api/kiosk/sitting").status_code == 401
