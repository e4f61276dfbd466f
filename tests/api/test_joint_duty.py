"""Joint reception: whom the duty list lets a talk ask in, who may watch, who may receive, and what nobody may do unseen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from fastapi.openapi.utils import get_openapi

from server import clock
from server.domain.joint_duty import Hours
from server.domain.states import ReceptionState
from server.store.models import Participant, Reception
from tests.office import TestOffice, running, settings_for

ALWAYS = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "begins": 0, "ends": 1440}
NEVER = ALWAYS | {"last_on": "2020-01-01"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    with running(settings_for(tmp_path_factory.mktemp("duty"))) as started:
        yield started


@pytest.fixture
def reception_id(office: TestOffice) -> Iterator[str]:
    made = str(office.sitting(matter="石桥村修路占了承包地，征地补偿款三万六千八百元没有给，要求补上")["reception_id"])
    yield made
    with office.office.store.write() as session:
        over = session.get_one(Reception, made)
        over.state, over.ended_at, over.left_kiosk_at = ReceptionState.CLOSED, clock.now(), clock.now()


def claims_of(office: TestOffice, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(jwt.decode(answer.json()["token"], office.settings.key("seat"), ["HS256"]))


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def add(office: TestOffice, **row: Any) -> int:
    answer = office.administrator.post("/api/joint-duty", json={"kind": "department", **ALWAYS, **row})
    assert answer.status_code == 201, answer.text
    return max(one["id"] for one in answer.json()["rows"])


@pytest.mark.parametrize(("at", "there"), [("2026-12-07T09:00", True), ("2026-12-07T08:59", False), ("2026-12-07T17:00", False), ("2026-12-06T10:00", False), ("2026-11-30T10:00", False)])
def test_hours_are_those_of_the_office(at: str, there: bool) -> None:
    hours = Hours((0, 1, 2, 3, 4), 540, 1020, first_on=datetime(2026, 12, 1).date())
    assert hours.at(datetime.fromisoformat(f"{at}:00+08:00")) is there
    assert hours.words == "周一到周五 9:00–17:00，12月1日起"


def test_a_department_is_asked_in_by_its_duty_and_its_page_rings(office: TestOffice, reception_id: str) -> None:
    officer = add(office, user_id=office.ids["handler"], unit="柳河镇自然资源所")
    lawyer = add(office, kind="lawyer", way="on_call", name="王律师", unit="法律援助中心", **NEVER)
    path = f"/api/receptions/{reception_id}"
    offers = office.clerk.get(f"{path}/joint-duty").json()["offers"]
    assert [(one["id"], one["now"], one["account"]) for one in offers] == [(officer, True, True), (lawyer, False, False)]
    assert office.stranger.get(f"{path}/joint-duty").status_code == 404
    made = office.leader.post(f"{path}/invitations", json={"duty_id": officer}).json()
    assert (made["name"], made["role"], made["url"]) == ("柳河镇自然资源所 柳志平", "joint", "")
    (ring,) = office.handler.get("/api/invitations").json()["invitations"]
    assert ring["rings"]
    assert office.handler.post(f"/api/invitations/{ring['id']}/decline").status_code == 204
    assert office.handler.get("/api/invitations").json()["invitations"] == []
    assert [one["asked"] for one in office.clerk.get(f"{path}/joint-duty").json()["offers"]] == ["declined", None]
    again = office.leader.post(f"{path}/invitations", json={"duty_id": officer})
    assert again.json()["id"] == made["id"], "asked once more, on the same chair"
    claims = claims_of(office, office.handler.post(f"/api/invitations/{ring['id']}/join"))
    assert (claims["role"], claims["may_end"], claims["name"]) == ("joint", False, "柳河镇自然资源所 柳志平")
    assert error_of(office.leader.post(f"{path}/invitations", json={"duty_id": officer})) == (409, "already_invited")
    for there in (path, f"{path}/brief", f"{path}/promises", "/api/receptions"):
        assert office.handler.get(there).status_code == 403, "a seat, not the matter"
    link = office.leader.post(f"{path}/invitations", json={"duty_id": lawyer}).json()
    assert (link["name"], "/join/" in link["url"]) == ("法律援助中心 王律师", True)


def test_the_list_is_its_office_s_own(office: TestOffice, reception_id: str) -> None:
    row = add(office, kind="mediator", name="李调解", unit="人民调解委员会")
    answer = office.clerk.get("/api/joint-duty").json()
    assert {one["own"] for one in answer["rows"] if one["id"] == row} == {False}, "the county's, seen from its township"
    assert office.clerk.put(f"/api/joint-duty/{row}", json={"kind": "lawyer", "name": "x", "unit": "x"}).status_code == 404
    assert office.stranger.delete(f"/api/joint-duty/{row}").status_code == 404
    assert office.handler.post("/api/joint-duty", json={"kind": "lawyer"}).status_code == 403
    assert office.leader.post("/api/joint-duty", json={"kind": "lawyer", "name": "x"}).status_code == 422
    assert office.leader.post("/api/joint-duty", json={"kind": "lawyer", "begins": 600, "ends": 600}).status_code == 422
    assert office.administrator.delete(f"/api/joint-duty/{row}").status_code == 200
    asked = office.leader.post(f"/api/receptions/{reception_id}/invitations", json={"duty_id": row})
    assert error_of(asked) == (422, "no_duty")


def test_a_supervisor_watches_in_a_seat_of_their_own_and_in_no_other(office: TestOffice, reception_id: str) -> None:
    office.leader.post(f"/api/receptions/{reception_id}/join")
    (talk,) = office.supervisor.get("/api/observing").json()["talks"]
    assert (talk["id"], talk["receiver"]) == (reception_id, "副县长 周建国")
    assert "matter" not in talk
    seat = office.supervisor.post(f"/api/observing/{reception_id}").json()
    assert office.supervisor.post(f"/api/observing/{reception_id}").json()["id"] == seat["id"]
    claims = claims_of(office, office.supervisor.post(f"/api/invitations/{seat['id']}/join"))
    assert (claims["role"], claims["name"], claims["may_end"]) == ("observer", "沈岚", False)
    people = office.leader.get(f"/api/receptions/{reception_id}").json()["participants"]
    assert ("observer", "沈岚") in [(one["role"], one["name"]) for one in people]
    invited = office.leader.post(f"/api/receptions/{reception_id}/invitations", json={"user_id": office.ids["supervisor"], "role": "joint"})
    assert error_of(invited) == (422, "observes_only")
    assert office.supervisor.post(f"/api/receptions/{reception_id}/join").status_code == 403


def test_every_way_into_a_room_is_a_seat_that_the_office_wrote_down(office: TestOffice, reception_id: str) -> None:
    """A seat's token is all that a media node lets anybody in by; the node shows every seat to all (tests/media/test_seats.py)."""
    paths = get_openapi(title="x", version="1", routes=office.anonymous.app.routes)["paths"]
    ways = {
        path for path, methods in paths.items() for method in methods.values()
        if "JoinTicket" in str(method["responses"])
    }  # fmt: skip
    lectures = {"/api/lectures/{lecture_id}/join", "/api/screens/{code}/join"}  # of lectures, where nobody is received
    assert ways - lectures == {"/api/receptions/{reception_id}/join", "/api/invitations/{invitation_id}/join", "/api/join/{code}/join"}
    guest = office.leader.post(f"/api/receptions/{reception_id}/invitations", json={"role": "observer", "name": "客人"}).json()
    observer = office.supervisor.post(f"/api/observing/{reception_id}").json()["id"]
    tickets = [
        office.kiosk.post(f"/api/receptions/{reception_id}/join"), office.leader.post(f"/api/receptions/{reception_id}/join"),
        office.supervisor.post(f"/api/invitations/{observer}/join"), office.anonymous.post(f"/api/join/{guest['url'].rsplit('/', 1)[1]}/join"),
    ]  # fmt: skip
    with office.office.store.read() as session:
        for ticket in tickets:
            claims = claims_of(office, ticket)
            seat = session.get_one(Participant, claims["participant_id"])
            assert (seat.reception_id, seat.role, seat.name) == (reception_id, claims["role"], claims["name"])
            assert seat.name, "nobody sits there without a name"


def test_a_clerk_receives_somebody_and_promises_nothing(office: TestOffice, reception_id: str) -> None:
    path = f"/api/receptions/{reception_id}"
    claims = claims_of(office, office.clerk.post(f"{path}/join"))
    assert (claims["role"], claims["may_end"]) == ("clerk", True)
    assert office.clerk.get(path).json()["mine"]
    assert office.clerk.put(f"{path}/notes", json={"text": "问领款单"}).status_code == 204
    assert office.clerk.get(path).json()["notes"] == "问领款单"
    assert office.leader.get(path).json()["notes"] == "", "nobody else reads them"
    assert error_of(office.leader.post(f"{path}/join")) == (409, "already_received")
    with office.office.store.write() as session:
        session.get_one(Reception, reception_id).started_at = clock.now() - timedelta(minutes=3)
    assert not office.clerk.get(f"{path}/commitments").json()["may_confirm"]
    assert office.clerk.get("/leader").status_code == 200
    invited = office.clerk.post(f"{path}/invitations", json={"user_id": office.ids["leader"], "role": "joint"}).json()
    assert not claims_of(office, office.leader.post(f"/api/invitations/{invited['id']}/join"))["may_end"]
    assert office.clerk.post(f"{path}/end").status_code == 202


def test_a_page_tells_the_leader_what_to_know(office: TestOffice, reception_id: str) -> None:
    told = office.leader.get(f"/api/receptions/{reception_id}/brief").json()
    assert (told["category"], told["requests"]) == ("征地补偿", "要求补上")
    assert told["routes"][0]["body"]
    assert told["limits"][0]["due_on"] == (clock.today() + timedelta(days=15)).isoformat()
    assert [one["limit"] for one in told["limits"]] == ["15 天", "15 天", "60 天"]
    assert office.stranger.get(f"/api/receptions/{reception_id}/brief").status_code == 404


def test_what_a_leader_typed_is_promised_once_and_stands_among_their_talks(office: TestOffice, reception_id: str) -> None:
    path = f"/api/receptions/{reception_id}"
    typed = {"id": "typed-1", "who": "", "what": "把领款单拿来给您看", "by": "下周五以前"}
    office.leader.post(f"{path}/join")
    assert office.leader.post(f"{path}/promises", json=typed).json()["error"]["code"] == "not_begun", "the page tries again"
    with office.office.store.write() as session:
        session.get_one(Reception, reception_id).started_at = clock.now() - timedelta(minutes=3)
    for _ in range(2):
        made = office.leader.post(f"{path}/promises", json=typed)
        assert (made.status_code, made.json()["state"]) == (201, "confirmed")
    assert office.other_leader.post(f"{path}/promises", json=typed).status_code == 403
    (card,) = office.leader.get(f"{path}/commitments").json()["cards"]
    assert (card["typed"], card["said"], card["version"]) == (True, "", 1)
    item = {"promise_id": "typed-1", "version": 1, "what": card["what"], "unit_id": office.ids["town"], "due_on": clock.today().isoformat()}
    assert office.leader.post(f"{path}/commitments", json={"items": [item], "struck": [], "assign": False}).status_code == 200
    own = office.leader.get("/api/receptions/own").json()
    mine = next(one for one in own["rows"] if one["id"] == reception_id)
    assert [(one["what"], one["unit"], one["late"]) for one in mine["promises"]] == [("把领款单拿来给您看", "柳河镇", False)]
    assert (own["promises_open"], own["rated"], own["content"], own["next"]) == (1, 0, None, "")
    assert office.leader.get("/api/receptions/own", params={"after": f"{mine['started_at']}~a"}).status_code == 200
    odd = ("2026-06-09T10:00:00~a", "0001-01-01T00:00:00+08:00~a", "2026-06-09", "~")
    assert {office.leader.get("/api/receptions/own", params={"after": one}).status_code for one in odd} == {422}
    assert all(one["id"] != reception_id for one in office.other_leader.get("/api/receptions/own").json()["rows"])
