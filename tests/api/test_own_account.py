"""One's own account: its password, the second step of the log-in, and what others may do about a forgotten one."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from server import clock
from tests.office import OWN_PAGE, PASSWORD, TestOffice

NEW = "another horse battery"
GIVEN = "given horse battery"


@pytest.fixture
def at():
    """Sets the clock forward by a timedelta; back to normal afterwards."""
    start = clock.now()
    yield lambda later: clock.set_source(lambda: start + later)
    clock.set_source(None)


def browser(office: TestOffice) -> TestClient:
    client = TestClient(office.anonymous.app, headers=OWN_PAGE)
    client.portal = office.anonymous.portal
    return client


def log_in(client: TestClient, code: str = "", password: str = PASSWORD, username: str = "leader") -> Response:
    return client.post("/api/session", json={"username": username, "password": password, "code": code})


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def made(secret: str, later: timedelta = timedelta(0)) -> str:
    return pyotp.TOTP(secret).at(clock.now() + later)


def turn_on(client: TestClient) -> tuple[str, list[str]]:
    begun = client.post("/api/account/two-step").json()
    asked = {"password": PASSWORD, "secret": begun["secret"], "code": made(begun["secret"])}
    answer = client.put("/api/account/two-step", json=asked)
    assert answer.status_code == 200, answer.text
    return begun["secret"], answer.json()["codes"]


def test_a_new_password_logs_out_everywhere_else(office: TestOffice):
    here, there = browser(office), browser(office)
    assert (log_in(here).status_code, log_in(there).status_code) == (200, 200)
    others = here.get("/api/account").json()["other_browsers"]
    assert others >= 1
    wrong = here.put("/api/account/password", json={"password": "wrong" * 3, "new": NEW})
    assert list(wrong.json()["error"]["details"]["fields"]) == ["password"]
    same = here.put("/api/account/password", json={"password": PASSWORD, "new": PASSWORD})
    assert list(same.json()["error"]["details"]["fields"]) == ["new"]
    assert here.put("/api/account/password", json={"password": PASSWORD, "new": "short"}).status_code == 422
    assert there.get("/api/me").status_code == 200
    assert here.put("/api/account/password", json={"password": PASSWORD, "new": NEW}).status_code == 204
    assert here.get("/api/me").status_code == 200
    assert there.get("/api/me").status_code == 401
    assert code_of(log_in(there)) == (401, "wrong_password")
    assert log_in(there, password=NEW).status_code == 200


def test_an_open_browser_does_not_let_passwords_be_guessed(office: TestOffice):
    guesses = [office.leader.put("/api/account/password", json={"password": f"guess {n} of them", "new": NEW}).status_code for n in range(6)]
    assert guesses == [422] * 5 + [429]


def test_other_browsers_can_be_left(office: TestOffice):
    there = browser(office)
    log_in(there)
    assert office.leader.get("/api/account").json()["other_browsers"] == 1
    assert office.leader.delete("/api/account/sessions").status_code == 204
    assert there.get("/api/me").status_code == 401
    assert office.leader.get("/api/account").json()["other_browsers"] == 0


def test_with_a_second_step_a_password_alone_opens_nothing(office: TestOffice, at):
    secret, codes = turn_on(office.leader)
    assert len(set(codes)) == 8
    here = browser(office)
    assert code_of(log_in(here)) == (401, "code_wanted")
    assert "set-cookie" not in log_in(here).headers
    assert code_of(log_in(here, "000000")) == (401, "wrong_code")
    assert code_of(log_in(here, made(secret))) == (401, "wrong_code"), "the code that turned it on was used"
    at(timedelta(seconds=31))
    assert log_in(here, made(secret)).status_code == 200
    assert code_of(log_in(browser(office), made(secret))) == (401, "wrong_code"), "a code opens once"
    at(timedelta(seconds=62))
    assert log_in(browser(office), made(secret, timedelta(seconds=25))).status_code == 200, "a telephone that is ahead"
    with office.office.store.read() as session:
        from server.store import accounts

        user = accounts.user_by_name(session, "leader")
        assert user is not None
        assert secret not in user.two_step
        assert not set(codes) & set(user.recovery_codes)


def test_a_recovery_code_opens_once(office: TestOffice):
    _secret, codes = turn_on(office.leader)
    assert log_in(browser(office), codes[0].upper()).status_code == 200
    assert code_of(log_in(browser(office), codes[0])) == (401, "wrong_code")
    assert log_in(browser(office), codes[1].replace("-", "")).status_code == 200
    assert office.leader.get("/api/account").json()["recovery_left"] == 6


def test_codes_cannot_be_tried_out_from_many_places(office: TestOffice):
    turn_on(office.leader)
    answers = []
    for n in range(11):
        client = TestClient(office.anonymous.app, headers=OWN_PAGE, client=(f"10.0.0.{n}", 1))
        client.portal = office.anonymous.portal
        answers.append(log_in(client, f"00000{n % 10}").status_code)
    assert answers == [401] * 10 + [429]


def test_it_is_turned_off_with_password_and_code(office: TestOffice):
    secret, codes = turn_on(office.leader)
    replaced = {"password": PASSWORD, "secret": secret, "code": made(secret)}
    assert code_of(office.leader.put("/api/account/two-step", json=replaced)) == (409, "two_step_on"), "not without its codes"
    off = lambda **asked: office.leader.post("/api/account/two-step/off", json={"password": PASSWORD, "code": codes[0]} | asked)  # noqa: E731
    assert list(off(code="000000").json()["error"]["details"]["fields"]) == ["code"]
    assert list(off(password="wrong" * 3).json()["error"]["details"]["fields"]) == ["password"]
    assert off().status_code == 204
    assert log_in(browser(office)).status_code == 200


def test_a_wrong_code_turns_nothing_on(office: TestOffice):
    begun = office.leader.post("/api/account/two-step").json()
    assert begun["picture"].startswith("<svg")
    asked = {"password": PASSWORD, "secret": begun["secret"], "code": "000000"}
    assert code_of(office.leader.put("/api/account/two-step", json=asked)) == (422, "wrong_code")
    assert office.leader.put("/api/account/two-step", json=asked | {"secret": "1" * 32}).status_code == 422
    assert log_in(browser(office)).status_code == 200


def test_a_given_password_is_changed_before_anything_else(office: TestOffice):
    clerk = office.ids["clerk"]
    assert office.administrator.post(f"/api/admin/users/{clerk}/password", json={"password": GIVEN}).status_code == 204
    assert office.clerk.get("/api/me").status_code == 401, "logged out"
    client = browser(office)
    assert code_of(log_in(client, password=GIVEN, username="clerk")) == (401, "wrong_password"), "waits for the security administrator"
    assert office.security.put(f"/api/admin/accounts/{clerk}", json={"role": "clerk", "active": True}).status_code == 200
    assert log_in(client, password=GIVEN, username="clerk").json()["home"] == "/account"
    assert code_of(client.get("/api/cases")) == (403, "account_first")
    assert client.get("/desk", follow_redirects=False).headers["location"] == "/account"
    assert "别人给您的" in client.get("/account").text
    assert client.get("/api/account").json()["must"] == ["password"]
    assert client.put("/api/account/password", json={"password": GIVEN, "new": NEW}).status_code == 204
    assert client.get("/desk").status_code == 200


def test_whose_password_an_administrator_gives(office: TestOffice):
    give = lambda user: office.administrator.post(f"/api/admin/users/{user}/password", json={"password": GIVEN}).status_code  # noqa: E731
    assert (give(office.ids["administrator"]), give(office.ids["security"]), give(9999)) == (422, 422, 404)
    assert office.security.get("/api/me").status_code == 200


def test_a_lost_telephone(office: TestOffice):
    turn_on(office.leader)
    rows: list[dict[str, Any]] = office.security.get("/api/admin/accounts").json()["accounts"]
    assert [row["username"] for row in rows if row["two_step"]] == ["leader"]
    assert office.security.delete(f"/api/admin/accounts/{office.ids['leader']}/two-step").json()["two_step"] is False
    assert office.leader.get("/api/me").status_code == 401, "logged out"
    assert log_in(browser(office)).status_code == 200
    assert office.security.delete(f"/api/admin/accounts/{office.ids['security']}/two-step").status_code == 422
    assert office.security.delete("/api/admin/accounts/9999/two-step").status_code == 404
    done = [entry["action"] for entry in office.auditor.get("/api/admin/log").json()["entries"]]
    assert done[:2] == ["关了两步登录", "开了两步登录"]


def test_roles_that_need_a_second_step_set_it_up_first(office: TestOffice, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(office.settings, "two_step_roles", ["leader"])
    client = browser(office)
    assert log_in(client).json()["home"] == "/account"
    assert code_of(client.get("/api/cases")) == (403, "account_first")
    assert office.clerk.get("/api/cases").status_code == 200
    turn_on(client)
    assert client.get("/api/cases").status_code == 200
