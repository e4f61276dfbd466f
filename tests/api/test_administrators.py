"""Three administrators: one makes accounts, one lets them in, one sees who did what; none sees a matter."""

from typing import Any

from fastapi.testclient import TestClient

from server.store import accounts
from tests.office import OWN_PAGE, PASSWORD, TestOffice

NEW = {"name": "吴敏", "username": "wumin", "role": "clerk", "title": "", "password": PASSWORD}


def add(office: TestOffice, **changed: Any) -> int:
    made = office.administrator.post("/api/admin/users", json=NEW | {"organization_id": office.ids["town"]} | changed)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def log_in(office: TestOffice, username: str) -> tuple[int, TestClient]:
    client = TestClient(office.anonymous.app, headers=OWN_PAGE)
    client.portal = office.anonymous.portal
    return client.post("/api/session", json={"username": username, "password": PASSWORD}).status_code, client


def entered(office: TestOffice, username: str) -> TestClient:
    """Whoever was given an account logs in and changes the password, which comes first."""
    status, client = log_in(office, username)
    assert status == 200
    assert client.put("/api/account/password", json={"password": PASSWORD, "new": f"own {PASSWORD}"}).status_code == 204
    return client


def test_who_makes_accounts_does_not_let_them_in(office: TestOffice):
    with office.office.store.write() as session:
        for name in ("security", "auditor"):
            user = accounts.user_by_name(session, name)
            assert user is not None
            user.active = False
    first = add(office)
    assert log_in(office, "wumin")[0] == 200, "nobody can let them in yet"
    add(office, username="sec", name="安全", role="security", organization_id=office.ids["county"])
    add(office, username="aud", name="审计", role="auditor", organization_id=office.ids["county"])
    second = add(office, username="second")
    assert log_in(office, "second")[0] == 401
    assert log_in(office, "aud")[0] == 401, "made after the security administrator"
    security = entered(office, "sec")
    rows = {row["username"]: row for row in security.get("/api/admin/accounts").json()["accounts"]}
    assert (rows["second"]["active"], rows["wumin"]["active"], rows["sec"]["own"]) == (False, True, True)
    clerk = entered(office, "wumin")
    assert clerk.get("/api/me").status_code == 200
    for who, rights in ((second, {"role": "clerk", "active": True}), (rows["aud"]["id"], {"role": "auditor", "active": True}),
                        (first, {"role": "handler", "active": True})):  # fmt: skip
        assert security.put(f"/api/admin/accounts/{who}", json=rights).status_code == 200
    assert log_in(office, "second")[0] == 200
    assert clerk.get("/api/me").status_code == 401, "whoever has another role logs in again"
    own = security.put(f"/api/admin/accounts/{rows['sec']['id']}", json={"role": "administrator", "active": True})
    assert (own.status_code, own.json()["error"]["message"][:4]) == (422, "自己的账")
    assert security.put("/api/admin/accounts/9999", json={"role": "clerk", "active": True}).status_code == 404

    auditor = entered(office, "aud")
    log = auditor.get("/api/admin/log").json()
    done = [(entry["who"], entry["action"], entry["thing"], entry["thing_id"]) for entry in log["entries"]]
    assert ("安全", "改职责", "账号", str(first)) in done
    assert ("安全", "授权", "账号", str(second)) in done
    assert ("管理员", "添加", "账号", str(second)) in done
    assert [entry["id"] for entry in log["entries"]] == sorted((entry["id"] for entry in log["entries"]), reverse=True)
    older = auditor.get(f"/api/admin/log?before={log['entries'][1]['id']}").json()["entries"]
    assert older == log["entries"][2:]
    assert auditor.get("/api/admin/log?day=2020-01-01").json() == {"entries": [], "before": None}
    assert [auditor.get(f"/api/admin/log?day={day}").status_code for day in ("0001-01-01", "9999-12-31")] == [422, 422]
    for client in (security, auditor, office.administrator):
        assert client.get("/api/cases").status_code == 403
        assert client.post("/api/admin/users" if client is not office.administrator else "/api/cases", json={}).status_code == 403
    for path, client in (("/admin/accounts", security), ("/admin/log", auditor)):
        assert client.get(path).status_code == 200
        assert office.administrator.get(path).status_code == 403
