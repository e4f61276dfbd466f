"""Log-in, lock-out, one-time links, set-up."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.api.deps import COOKIE
from server.main import create_app
from tests import databases
from tests.office import OWN_PAGE, PASSWORD, settings_for


@pytest.fixture
def at():
    """Sets the clock forward by a timedelta; back to normal afterwards."""
    start = clock.now()
    yield lambda later: clock.set_source(lambda: start + later)
    clock.set_source(None)


def log_in(client, password=PASSWORD, username="leader"):
    return client.post("/api/session", json={"username": username, "password": password})


def test_log_in_sets_a_cookie_that_scripts_cannot_read(office):
    answer = log_in(office.anonymous)
    assert answer.json()["home"] == "/leader"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert office.anonymous.get("/api/me").json()["name"] == "周建国"
    assert office.anonymous.delete("/api/session").status_code == 204
    assert office.anonymous.get("/api/me").status_code == 401


def test_a_log_out_kills_the_token_itself(office):
    token = office.leader.cookies[COOKIE]
    office.leader.delete("/api/session")
    office.anonymous.cookies.set(COOKIE, token)
    assert office.anonymous.get("/api/me").status_code == 401


def test_five_wrong_passwords_lock_for_fifteen_minutes(office, at):
    answers = [log_in(office.anonymous, "wrong" * 3).status_code for _ in range(5)]
    assert answers == [401] * 5
    locked = log_in(office.anonymous)
    assert locked.status_code == 429
    assert "15 分钟" in locked.json()["error"]["message"]
    at(timedelta(minutes=16))
    assert log_in(office.anonymous).status_code == 200


def test_a_right_password_starts_the_count_again(office):
    for _ in range(4):
        log_in(office.anonymous, "wrong" * 3)
    assert log_in(office.anonymous).status_code == 200
    for _ in range(4):
        log_in(office.anonymous, "wrong" * 3)
    assert log_in(office.anonymous).status_code == 200


def test_a_wrong_name_and_a_wrong_password_read_the_same(office):
    wrong_name = log_in(office.anonymous, username="nobody").json()
    wrong_password = log_in(office.anonymous, "wrong" * 3).json()
    assert wrong_name == wrong_password


def test_a_session_runs_out(office, at):
    assert office.leader.get("/api/me").status_code == 200
    at(timedelta(hours=11))
    assert office.leader.get("/api/me").status_code == 401


def test_set_up_by_the_one_time_link(tmp_path):
    settings = settings_for(tmp_path)
    databases.make_empty(tmp_path)
    with TestClient(create_app(settings), headers=OWN_PAGE) as client:
        file = tmp_path / "first-admin-link.txt"
        assert file.stat().st_mode & 0o777 == 0o600
        token = file.read_text().strip().split("token=")[1]
        asked = {"token": token, "username": "root", "name": "管理员", "password": PASSWORD, "organization": "青山县"}
        assert client.post("/api/setup", json=asked | {"password": "short"}).status_code == 422
        assert client.post("/api/setup", json=asked).json()["role"] == "administrator"
        assert client.get("/api/admin/overview").json()["organizations"][0]["name"] == "青山县"
        again = client.post("/api/setup", json=asked | {"username": "root2"})
        assert again.json()["error"]["code"] == "link_used"
    with TestClient(create_app(settings), headers=OWN_PAGE):
        assert not file.exists()


def test_the_set_up_link_works_for_a_day(tmp_path, at):
    settings = settings_for(tmp_path)
    databases.make_empty(tmp_path)
    with TestClient(create_app(settings), headers=OWN_PAGE) as client:
        token = (tmp_path / "first-admin-link.txt").read_text().strip().split("token=")[1]
        at(timedelta(hours=25))
        asked = {"token": token, "username": "root", "name": "管理员", "password": PASSWORD, "organization": "青山县"}
        assert client.post("/api/setup", json=asked).json()["error"]["code"] == "link_used"


def test_an_administrator_fills_the_office(office):
    post = office.administrator.post
    organization = {"name": "白云镇", "parent_id": office.ids["county"], "code": "BY"}
    made = post("/api/admin/organizations", json=organization).json()["id"]
    assert post("/api/admin/organizations", json=organization).json()["error"]["code"] == "code_taken"
    user = {"username": "new", "name": "新人", "role": "clerk", "organization_id": made, "password": PASSWORD}
    account = post("/api/admin/users", json=user).json()["id"]
    assert log_in(office.anonymous, username="new").status_code == 401, "the security administrator lets them in"
    assert office.security.put(f"/api/admin/accounts/{account}", json={"role": "clerk", "active": True}).status_code == 200
    assert post("/api/admin/users", json=user).json()["error"]["code"] == "username_taken"
    assert log_in(office.anonymous, username="new").json()["organization"] == "白云镇"
    assert post("/api/admin/users", json=user | {"organization_id": 9999}).status_code == 404
    names = [row["name"] for row in office.administrator.get("/api/admin/overview").json()["organizations"]]
    assert "白云镇" in names


def test_an_enrolment_link_works_once_and_a_new_one_ends_the_old_key(office):
    made = office.administrator.post(
        "/api/admin/kiosks", json={"name": "2 号机", "organization_id": office.ids["town"]}
    ).json()
    code = {"code": made["code"]}
    assert office.anonymous.post("/api/kiosk/enrol", json=code).json() == {"name": "2 号机"}
    assert office.anonymous.get("/api/kiosk/sitting").json()["error"]["code"] == "no_sitting"
    assert office.anonymous.post("/api/kiosk/enrol", json=code).json()["error"]["code"] == "link_used"
    renewed = office.administrator.post(f"/api/admin/kiosks/{made['kiosk_id']}/enrolment").json()
    assert renewed["code"] != made["code"]
    assert office.anonymous.get("/api/kiosk/sitting").status_code == 401
