"""Who calls from where: wrong passwords and wrong guesses are counted by where they come from."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from server import clock
from server.api.guard import security_headers
from server.reception.account import passwords
from server.reception.callers import network_of
from server.settings import Settings
from server.store.models import LogInFailures, ProgressTry
from tests.office import OWN_PAGE, PASSWORD, TestOffice, running, settings_for
from tests.patience import PATIENCE_S


def at_address(office: TestOffice, address: str) -> TestClient:
    return TestClient(office.anonymous.app, headers=OWN_PAGE, client=(address, 4000), raise_server_exceptions=False)


def log_in(client: TestClient, password: str, username: str = "leader") -> Any:
    return client.post("/api/session", json={"username": username, "password": password})


@pytest.fixture
def at():
    """Sets the clock forward by a timedelta; back to normal afterwards."""
    start = clock.now()
    yield lambda later: clock.set_source(lambda: start + later)
    clock.set_source(None)


def test_a_stranger_locks_nobody_out_elsewhere(office):
    stranger, own = at_address(office, "203.0.113.9"), at_address(office, "10.0.0.5")
    assert [log_in(stranger, "wrong" * 3).status_code for _ in range(6)] == [401] * 5 + [429]
    assert log_in(stranger, PASSWORD).status_code == 429
    assert log_in(stranger, PASSWORD, "clerk").status_code == 200
    assert log_in(own, PASSWORD).status_code == 200


def test_a_name_that_is_not_there_is_locked_alike(office):
    stranger = at_address(office, "203.0.113.9")
    known = [log_in(stranger, "wrong" * 3).json() for _ in range(7)]
    unknown = [log_in(stranger, "wrong" * 3, "nobody").json() for _ in range(7)]
    assert known == unknown
    assert unknown[-1]["error"]["code"] == "locked"


def test_the_lock_lasts_fifteen_minutes_from_the_last_wrong_password(office, at):
    stranger = at_address(office, "203.0.113.9")
    for minute in (0, 0, 0, 0, 14):
        at(timedelta(minutes=minute))
        log_in(stranger, "wrong" * 3)
    at(timedelta(minutes=28))
    assert log_in(stranger, PASSWORD).status_code == 429
    at(timedelta(minutes=30))
    assert log_in(stranger, "wrong" * 3).status_code == 401
    assert log_in(stranger, PASSWORD).status_code == 200


def test_an_address_that_tries_many_names_is_locked(office, monkeypatch):
    monkeypatch.setattr(passwords, "WRONG_TRIES_OF_AN_ADDRESS", 8)
    for number in range(8):
        assert log_in(at_address(office, f"2001:db8::{number + 1:x}"), "wrong" * 3, f"name{number}").status_code == 401
    assert log_in(at_address(office, "2001:db8::ffff"), PASSWORD).status_code == 429
    assert log_in(at_address(office, "2001:db8:0:1::1"), PASSWORD).status_code == 200


def test_nothing_is_hashed_while_locked_and_old_counts_are_dropped(office, at, monkeypatch):
    stranger = at_address(office, "203.0.113.9")
    for _ in range(5):
        log_in(stranger, "wrong" * 3)
    asked: list[str] = []
    monkeypatch.setattr(passwords, "is_right", lambda stored, password: asked.append(password))
    assert log_in(stranger, PASSWORD).status_code == 429
    assert asked == []
    monkeypatch.undo()
    at(timedelta(minutes=16))
    log_in(at_address(office, "203.0.113.10"), "wrong" * 3)
    with office.office.store.read() as session:
        assert session.scalar(select(func.count()).select_from(LogInFailures)) == 2


def test_two_passwords_are_checked_at_a_time_and_the_rest_told_to_wait(office, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_S", 0.05)
    busy, go_on = threading.Barrier(3), threading.Event()

    class Slow:
        def verify(self, _stored: str, _password: str) -> bool:
            busy.wait(PATIENCE_S)
            return go_on.wait(PATIENCE_S)

    monkeypatch.setattr(passwords, "_hasher", Slow())
    first = [threading.Thread(target=passwords.is_right, args=("x", "y")) for _ in range(2)]
    for thread in first:
        thread.start()
    busy.wait(PATIENCE_S)
    refused = log_in(office.anonymous, PASSWORD)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "log_in_busy")
    go_on.set()
    for thread in first:
        thread.join(PATIENCE_S)


@pytest.mark.parametrize(("address", "network"), [
    ("203.0.113.9", "203.0.113.9"),
    ("::ffff:203.0.113.9", "203.0.113.9"),
    ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
    ("testclient", "testclient"),
])
def test_an_ipv6_household_is_one_caller(address, network):
    assert network_of(address) == network


def guess(office: TestOffice, address: str, code: str = "WRONGCODE1", digits: str = "0000") -> int:
    return at_address(office, address).post("/api/progress", json={"code": code, "phone_last4": digits}).status_code


def test_guesses_are_counted_by_network_and_forgotten_in_time(office, at):
    code = office.sitting()["query_code"]
    assert [guess(office, f"2001:db8::{number + 1:x}") for number in range(11)] == [404] * 10 + [429]
    assert guess(office, "2001:db8::ffff", code, "1234") == 429
    assert guess(office, "2001:db8:0:1::1", code, "1234") == 200
    at(timedelta(minutes=16))
    assert guess(office, "2001:db8::1", code, "1234") == 200
    assert guess(office, "2001:db8::1") == 404
    with office.office.store.read() as session:
        assert session.scalar(select(func.count()).select_from(ProgressTry)) == 1


def test_a_look_at_the_progress_waits_for_no_writer(office):
    code = office.sitting()["query_code"]
    with office.office.store.write() as session:
        session.add(ProgressTry(at=clock.now(), source="x"))
        session.flush()
        assert guess(office, "203.0.113.9", code, "1234") == 200


def test_over_https_browsers_are_kept_there(tmp_path):
    with running(settings_for(tmp_path, public_url="https://xf.example.gov.cn")) as office:
        answer = log_in(at_address(office, "10.0.0.5"), PASSWORD)
    assert "; Secure" in answer.headers["set-cookie"]
    assert int(answer.headers["strict-transport-security"].removeprefix("max-age=")) >= 180 * 86_400
    assert "Strict-Transport-Security" not in security_headers(Settings(public_url="http://10.0.0.2"))
