"""Invitations: who may ask whom, and what a link is worth for whom and until when."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from fastapi.testclient import TestClient

from server import clock
from server.domain.states import ReceptionState
from server.protocol.media_control import Entry, HoldChanged, SeatLeft, SeatTaken
from server.reception.record import ingest
from server.store.models import Invitation, Participant, Reception
from server.store.receptions import holds_of, presences_of
from tests.office import OWN_PAGE, TestOffice


@pytest.fixture
def reception_id(office: TestOffice) -> str:
    return str(office.sitting()["reception_id"])


def invite(client: TestClient, reception_id: str, **asked: Any) -> Any:
    return client.post(f"/api/receptions/{reception_id}/invitations", json={"role": "joint"} | asked)


def code_of(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    return urlsplit(answer.json()["url"]).path.removeprefix("/join/")


def browser(office: TestOffice) -> TestClient:
    """A browser without an account."""
    return TestClient(office.anonymous.app, headers=OWN_PAGE)


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def claims_of(office: TestOffice, ticket: dict[str, Any]) -> dict[str, Any]:
    return dict(jwt.decode(ticket["token"], office.settings.key("seat"), ["HS256"]))


def test_a_guest_joins_by_a_link_that_works_in_one_browser_only(office: TestOffice, reception_id: str) -> None:
    code = code_of(invite(office.clerk, reception_id, name="王律师"))
    guest, other = browser(office), browser(office)
    told = other.get(f"/api/join/{code}").json()
    assert (told["name"], told["inviter"], told["role"]) == ("王律师", "陈晓", "joint")
    assert "matter" not in told
    assert "petitioner" not in told
    ticket = guest.post(f"/api/join/{code}/join").json()
    claims = claims_of(office, ticket)
    assert (claims["role"], claims["name"], claims["may_end"]) == ("joint", "王律师", False)
    assert error_of(other.post(f"/api/join/{code}/join")) == (409, "invitation_used")
    assert error_of(other.get(f"/api/join/{code}")) == (409, "invitation_used")
    again = guest.post(f"/api/join/{code}/join").json()
    assert again["participant_id"] == ticket["participant_id"], "after a reload they sit on the same chair"
    people = office.leader.get(f"/api/receptions/{reception_id}").json()["participants"]
    assert [p["name"] for p in people if p["role"] == "joint"] == ["王律师"]


def test_a_link_opens_nothing_but_the_seat(office: TestOffice, reception_id: str) -> None:
    code = code_of(invite(office.clerk, reception_id, name="王律师"))
    guest = browser(office)
    guest.post(f"/api/join/{code}/join")
    for path in (f"/api/receptions/{reception_id}", "/api/records", "/api/cases", "/api/receptions"):
        assert guest.get(path).status_code == 401
    assert guest.post(f"/api/receptions/{reception_id}/end").status_code == 401


def test_a_link_that_was_taken_back_or_ran_out_is_worth_nothing(office: TestOffice, reception_id: str) -> None:
    revoked = invite(office.clerk, reception_id, name="王律师")
    where = f"/api/receptions/{reception_id}/invitations"
    assert office.clerk.delete(f"{where}/{revoked.json()['id']}").status_code == 204
    expired = code_of(invite(office.clerk, reception_id, name="李律师"))
    with office.office.store.write() as session:
        for one in session.query(Invitation).filter_by(name="李律师"):
            one.expires_at = clock.now() - timedelta(seconds=1)
    for code in (code_of(revoked), expired, "no-such-code"):
        assert error_of(browser(office).get(f"/api/join/{code}")) == (404, "invitation_gone")
        assert error_of(browser(office).post(f"/api/join/{code}/join")) == (404, "invitation_gone")
    assert [one["state"] for one in office.clerk.get(where).json()["invitations"]] == ["expired"]


def test_what_somebody_speaks_is_in_their_ticket_and_can_be_changed(office: TestOffice, reception_id: str) -> None:
    made = invite(office.clerk, reception_id, name="扎西", role="interpreter", language="bo")
    guest = browser(office)
    ticket = guest.post(f"/api/join/{code_of(made)}/join").json()
    assert claims_of(office, ticket)["language"] == "bo"
    told: list[tuple[str, str, str]] = []
    media = type("Media", (), {"set_language": lambda self, r, p, language, timeout: told.append((r, p, language))})()
    object.__setattr__(office.office, "media", media)
    where, seat = f"/api/receptions/{reception_id}", ticket["participant_id"]
    petitioner = office.leader.get(where).json()["participants"][0]["id"]
    assert office.leader.put(f"{where}/seats/{seat}/language", json={"language": "auto"}).status_code == 204
    assert office.leader.put(f"{where}/seats/{petitioner}/language", json={"language": "mn"}).status_code == 204
    assert told == [(reception_id, seat, "auto"), (reception_id, petitioner, "mn")]
    assert office.clerk.get(f"{where}/invitations").json()["languages"] == {seat: "auto", petitioner: "mn"}
    assert claims_of(office, guest.post(f"/api/join/{code_of(made)}/join").json())["language"] == "auto"
    assert office.leader.put(f"{where}/seats/{seat}/language", json={"language": "xx"}).status_code == 422
    assert error_of(office.leader.put(f"{where}/seats/nobody/language", json={"language": "zh"})) == (404, "not_found")
    assert office.stranger.put(f"{where}/seats/{seat}/language", json={"language": "zh"}).status_code == 404


def test_taking_back_sends_out_who_sits_there_and_closes_the_door(office: TestOffice, reception_id: str) -> None:
    made = invite(office.clerk, reception_id, name="王律师")
    guest = browser(office)
    seat = guest.post(f"/api/join/{code_of(made)}/join").json()["participant_id"]
    kicked: list[tuple[str, str]] = []
    media = type("Media", (), {"kick": lambda self, r, p, timeout: kicked.append((r, p))})()
    object.__setattr__(office.office, "media", media)
    answer = office.clerk.delete(f"/api/receptions/{reception_id}/invitations/{made.json()['id']}")
    assert (answer.status_code, kicked) == (204, [(reception_id, seat)])
    assert error_of(guest.post(f"/api/join/{code_of(made)}/join")) == (404, "invitation_gone")


def test_a_colleague_is_told_on_their_own_page_and_joins(office: TestOffice, reception_id: str) -> None:
    made = invite(office.leader, reception_id, user_id=office.ids["stranger"], role="interpreter")
    assert (made.status_code, made.json()["url"]) == (201, "")
    listed = office.stranger.get("/api/invitations").json()["invitations"]
    assert [(one["inviter"], one["role"]) for one in listed] == [("副县长 周建国", "interpreter")]
    ticket = office.stranger.post(f"/api/invitations/{made.json()['id']}/join").json()
    assert claims_of(office, ticket)["role"] == "interpreter"
    assert office.stranger.get(f"/api/receptions/{reception_id}").status_code == 404, "a seat, not the matter"
    assert error_of(office.clerk.post(f"/api/invitations/{made.json()['id']}/join")) == (404, "not_found")
    assert error_of(invite(office.leader, reception_id, user_id=office.ids["stranger"])) == (409, "already_invited")


def test_whoever_came_as_a_colleague_receives_another_seat_as_the_leader(office: TestOffice, reception_id: str) -> None:
    made = invite(office.clerk, reception_id, user_id=office.ids["leader"], role="observer").json()
    observing = office.leader.post(f"/api/invitations/{made['id']}/join").json()
    receiving = office.leader.post(f"/api/receptions/{reception_id}/join").json()
    assert claims_of(office, receiving)["role"] == "leader"
    assert observing["participant_id"] != receiving["participant_id"]


def test_who_may_not_invite(office: TestOffice, reception_id: str) -> None:
    assert invite(office.stranger, reception_id, name="王律师").status_code == 404, "an office that is not its own"
    for client in (office.kiosk, office.administrator):
        assert invite(client, reception_id, name="王律师").status_code == 403
    office.leader.post(f"/api/receptions/{reception_id}/join")
    assert error_of(invite(office.other_leader, reception_id, name="王律师")) == (403, "not_allowed")
    assert invite(office.leader, reception_id, name="王律师").status_code == 201
    others = office.other_leader.get(f"/api/receptions/{reception_id}/invitations").json()["invitations"]
    path = f"/api/receptions/{reception_id}/invitations/{others[0]['id']}"
    assert office.other_leader.delete(path).status_code == 403
    assert office.stranger.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"name": "  "}, 422, "name_missing"),
        ({"name": "王" * 31}, 422, "invalid_input"),
        ({"role": "leader", "name": "王律师"}, 422, "invalid_input"),
        ({"role": "petitioner", "name": "王律师"}, 422, "invalid_input"),
        ({"user_id": 999_999}, 422, "no_colleague"),
    ],
)
def test_what_is_no_invitation_is_refused_in_words(
    office: TestOffice, reception_id: str, asked: dict[str, Any], status: int, code: str
) -> None:
    assert error_of(invite(office.clerk, reception_id, **asked)) == (status, code)


def test_there_are_so_many_seats_and_no_more(office: TestOffice, reception_id: str) -> None:
    for role in ("joint", "observer"):
        for number in range(3):
            assert invite(office.clerk, reception_id, role=role, name=f"客人{number}").status_code == 201
        assert error_of(invite(office.clerk, reception_id, role=role, name="又一位")) == (409, "seats_full")
    first = office.clerk.get(f"/api/receptions/{reception_id}/invitations").json()["invitations"][0]
    office.clerk.delete(f"/api/receptions/{reception_id}/invitations/{first['id']}")
    assert invite(office.clerk, reception_id, name="又一位").status_code == 201


def test_when_it_is_over_nobody_comes_in(office: TestOffice, reception_id: str) -> None:
    made = invite(office.clerk, reception_id, name="王律师")
    with office.office.store.write() as session:
        session.get_one(Reception, reception_id).state = ReceptionState.CLOSING
    assert error_of(browser(office).post(f"/api/join/{code_of(made)}/join")) == (409, "reception_over")
    assert error_of(invite(office.clerk, reception_id, name="李律师")) == (409, "reception_over")
    assert office.clerk.get("/api/invitations").json()["invitations"] == []


def test_colleagues_are_found_by_name_post_and_office(office: TestOffice, reception_id: str) -> None:
    def found(words: str) -> list[str]:
        answer = office.clerk.get(f"/api/receptions/{reception_id}/colleagues", params={"q": words})
        return [one["name"] for one in answer.json()["colleagues"]]

    assert found("石桥") == ["赵远"]
    assert found("局长") == ["孙丽"]
    assert found("%") == []
    assert "管理员" not in found("")


def test_the_journal_says_who_was_there_from_when_to_when(office: TestOffice, reception_id: str) -> None:
    at = clock.now()
    facts = [
        SeatTaken(participant_id="p-x", role="observer"), SeatTaken(participant_id="p-x", role="observer"),
        SeatLeft(participant_id="p-x", reason="kicked"), SeatTaken(participant_id="p-x", role="observer"),
        HoldChanged(participant_id="p-x", held=True, at=5.0), HoldChanged(participant_id="p-x", held=True, at=6.0),
        HoldChanged(participant_id="p-x", held=False, at=9.0), HoldChanged(participant_id="p-x", held=True, at=20.0),
    ]  # fmt: skip
    with office.office.store.write() as session:
        for seq, fact in enumerate(facts, 1):
            entry = Entry(reception_id=reception_id, seq=seq, at=at + timedelta(seconds=seq), fact=fact)
            assert ingest.take_in(session, entry)
        stays = [(s.since, s.until, s.reason) for s in presences_of(session, reception_id)]
        holds = [(hold.start, hold.end) for hold in holds_of(session, reception_id)]
        assert session.get_one(Participant, "p-x").role == "observer"
    second = timedelta(seconds=1)
    assert stays == [(at + second, at + 3 * second, "kicked"), (at + 4 * second, None, "")]
    assert holds == [(5.0, 9.0), (20.0, None)]
