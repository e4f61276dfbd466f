"""The wrong role on every route there is, and other requests that are turned away at the door."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.openapi.utils import get_openapi

from server.pages.render import navigation
from tests.office import running, settings_for

PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/.well-known/jietan-recording-key.pem"),
    ("POST", "/api/session"),
    ("POST", "/api/setup"),
    ("POST", "/api/kiosk/enrol"),
    ("POST", "/api/agent/enrol"),
    ("POST", "/api/progress"),
    ("POST", "/api/progress/rating"),
    ("POST", "/api/progress/review"),
    ("POST", "/api/progress/copy"),
    ("POST", "/api/reader/open"),
    ("GET", "/api/join/{code}"),
    ("GET", "/api/hall/{token}"),
    ("POST", "/api/join/{code}/join"),
}
"""Everything else wants to know who is asking."""

STAFF = {"leader", "clerk", "handler", "supervisor", "administrator", "security", "auditor"}
WHO: dict[str, set[str]] = {
    "DELETE /api/session": STAFF,
    "GET /api/me": STAFF,
    "GET /api/receptions": {"leader", "clerk"},
    "GET /api/receptions/{}": {"leader", "clerk"},
    "POST /api/receptions/{}/join": {"leader", "kiosk"},
    "POST /api/receptions/{}/invitations": {"leader", "clerk"},
    "GET /api/receptions/{}/invitations": {"leader", "clerk"},
    "GET /api/receptions/{}/colleagues": {"leader", "clerk"},
    "DELETE /api/receptions/{}/invitations/{}": {"leader", "clerk"},
    "GET /api/queue": {"leader", "clerk"},
    "PUT /api/queue/duty": {"leader", "clerk"},
    "PUT /api/queue/rules/{}": {"leader"},
    "GET /api/queue/{}/receivers": {"leader", "clerk"},
    "GET /api/queue/{}/events": {"leader", "clerk"},
    "POST /api/queue/{}/{}": {"leader", "clerk"},
    "GET /api/invitations": {"leader", "clerk"},
    "GET /api/invitations/{}": {"leader", "clerk"},
    "POST /api/invitations/{}/join": {"leader", "clerk"},
    "PUT /api/receptions/{}/seats/{}/language": {"leader", "clerk"},
    "GET /api/records/{}/second-pass": {"leader", "clerk"},
    "GET /api/glossary": {"clerk"},
    "GET /api/figures/own": {"clerk"},
    "GET /api/reviews": {"clerk"},
    "GET /api/reviews/counts": {"leader", "administrator"},
    "GET /api/reviews/{}": {"clerk"},
    "POST /api/reviews/{}/take": {"clerk"},
    "DELETE /api/reviews/{}/take": {"clerk"},
    "POST /api/reviews/{}/findings": {"clerk"},
    "DELETE /api/reviews/{}/findings/{}": {"clerk"},
    "POST /api/reviews/{}/finish": {"clerk"},
    "POST /api/reviews/findings/{}/seen": {"clerk"},
    "GET /api/figures/offices": {"leader", "administrator"},
    "POST /api/records/{}/glossary": {"clerk"},
    "POST /api/glossary": {"clerk"},
    "PUT /api/glossary/{}": {"clerk"},
    "GET /api/receptions/{}/promises": {"leader", "clerk"},
    "PUT /api/receptions/{}/promises/{}": {"leader", "clerk"},
    "PUT /api/receptions/{}/notes": {"leader"},
    "POST /api/receptions/{}/end": {"leader", "kiosk"},
    "POST /api/receptions/{}/unlock": {"leader", "clerk"},
    "GET /api/records": {"leader", "clerk"},
    "GET /api/records/{}": {"leader", "clerk"},
    "GET /api/records/{}/pulse": {"leader", "clerk"},
    "GET /api/records/{}/desk": {"leader", "clerk"},
    "GET /api/records/{}/changes": {"leader", "clerk"},
    "GET /api/records/{}/disputes/{}/sound": {"leader", "clerk"},
    "GET /api/records/{}/revisions": {"leader", "clerk"},
    "POST /api/records/{}/edits": {"clerk"},
    "POST /api/records/{}/model": {"clerk"},
    "POST /api/records/{}/confirm": {"clerk"},
    "POST /api/records/{}/reopen": {"clerk"},
    "POST /api/records/{}/refusal": {"clerk"},
    "POST /api/records/{}/links": {"clerk"},
    "GET /api/records/{}/clips/{}": {"leader", "clerk", "supervisor"},
    "GET /api/records/{}/signatures": {"leader", "clerk"},
    "POST /api/records/{}/signatures": {"leader", "clerk"},
    "GET /api/reader": set(),
    "POST /api/records/{}/file": {"clerk"},
    "GET /api/records/{}/recordings/{}": {"leader", "clerk", "supervisor"},
    "GET /api/records/{}/recordings/{}/peaks": {"leader", "clerk", "supervisor"},
    "GET /api/records/{}/copies/{}/{}": {"leader", "clerk", "supervisor"},
    "GET /api/cases": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/cases/find-number": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/receptions/{}/commitments": {"leader", "clerk"},
    "POST /api/receptions/{}/commitments": {"leader"},
    "GET /api/commitments": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/commitments/figures": {"leader", "clerk", "supervisor"},
    "POST /api/commitments/{}/done": {"leader", "clerk", "handler"},
    "POST /api/commitments/{}/withdraw": {"leader"},
    "GET /api/ledger": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/ledger/{}": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/ledger/{}/{}": {"leader", "clerk", "handler"},
    "GET /api/models": STAFF,
    "POST /api/models": {"leader", "clerk"},
    "GET /api/models/{}": STAFF,
    "PUT /api/models/{}": {"leader", "clerk"},
    "POST /api/models/{}/covers": {"leader", "clerk"},
    "PUT /api/models/{}/covers/{}": {"leader", "clerk"},
    "POST /api/models/{}/ready": {"leader", "clerk"},
    "POST /api/models/{}/publish": {"leader", "clerk"},
    "POST /api/models/{}/send-back": {"leader", "clerk"},
    "POST /api/models/{}/withdraw": {"leader", "clerk"},
    "GET /api/lists": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/lists": {"leader", "clerk", "handler", "supervisor"},
    "PUT /api/lists/{}": {"leader", "clerk", "handler", "supervisor"},
    "DELETE /api/lists/{}": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/cases": {"clerk"},
    "POST /api/cases/{}/steps/{}": {"leader", "clerk", "handler"},
    "POST /api/cases/{}/persons/{}/open": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/cases/{}/query-code": {"leader", "clerk"},
    "POST /api/cases/{}/ratings": {"leader", "clerk", "handler"},
    "GET /api/cases/{}": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/alike": {"clerk"},
    "GET /api/receptions/{}/alike": {"leader", "clerk"},
    "GET /api/records/{}/alike": {"leader", "clerk"},
    "GET /api/cases/{}/alike": {"leader", "clerk", "supervisor"},
    "GET /api/cases/{}/links": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/cases/{}/links/{}": {"leader", "clerk"},
    "GET /api/groups": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/groups": {"leader", "clerk"},
    "GET /api/groups/units": {"leader", "clerk"},
    "GET /api/groups/{}": {"leader", "clerk", "handler", "supervisor"},
    "PUT /api/groups/{}": {"leader", "clerk"},
    "POST /api/groups/{}/cases": {"leader", "clerk"},
    "POST /api/groups/{}/cases/{}/leave": {"leader", "clerk"},
    "POST /api/groups/{}/measures": {"leader", "clerk"},
    "POST /api/groups/{}/measures/{}/done": {"leader", "clerk", "handler"},
    "GET /api/cases/{}/lines": {"leader", "clerk", "supervisor"},
    "POST /api/cases/{}/supplements": {"clerk"},
    "GET /api/cases/{}/documents/{}": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/cases/{}/archive": {"leader", "clerk", "supervisor"},
    "POST /api/cases/{}/archive/{}": {"clerk"},
    "DELETE /api/cases/{}/archive/{}": {"clerk"},
    "GET /api/cases/{}/archive/{}/file": {"leader", "clerk", "supervisor"},
    "GET /api/cases/{}/letters/{}/{}": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/cases/{}/supervision/{}": {"supervisor"},
    "POST /api/cases/{}/supervision": {"supervisor"},
    "POST /api/cases/{}/supervision/{}/answer": {"leader", "clerk", "handler"},
    "GET /api/notices": STAFF,
    "GET /api/notices/unread": STAFF,
    "POST /api/notices/read": STAFF,
    "GET /api/notices/contact": STAFF,
    "PUT /api/notices/contact": STAFF,
    "GET /api/cases/{}/archive/captions.vtt": {"leader", "clerk", "supervisor"},
    "GET /api/imports": {"clerk"},
    "POST /api/imports": {"clerk"},
    "GET /api/imports/{}": {"clerk"},
    "POST /api/imports/{}/look": {"clerk"},
    "POST /api/imports/{}/begin": {"clerk"},
    "GET /api/imports/{}/errors.csv": {"clerk"},
    "DELETE /api/imports/{}": {"clerk"},
    "DELETE /api/imports/mappings/{}": {"clerk"},
    "GET /api/stats": {"leader", "clerk", "supervisor"},
    "GET /api/stats/choices": {"leader", "clerk", "supervisor"},
    "GET /api/stats/cases": {"leader", "clerk", "supervisor"},
    "GET /api/work": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/work/units": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/work/officers": {"leader", "clerk", "handler"},
    "GET /api/work/{}": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/work/bulk/preview": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/work/bulk": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/due": {"leader", "clerk", "handler", "supervisor"},
    "GET /api/due/{}": {"leader", "clerk", "handler", "supervisor"},
    "PUT /api/cases/{}/assignments/{}/officer": {"leader", "clerk", "handler"},
    "GET /api/stats/table.xlsx": {"leader", "clerk", "supervisor"},
    "GET /api/stats/report.pdf": {"leader", "clerk", "supervisor"},
    "GET /api/digests": {"leader", "clerk", "supervisor"},
    "GET /api/digests/{}": {"leader", "clerk", "supervisor"},
    "GET /api/choices": {"leader", "clerk", "handler", "supervisor"},
    "POST /api/choices/check": {"clerk"},
    "GET /api/choices/units/{}": {"leader", "clerk", "handler"},
}
"""Who may call which path (protocol/office.md); parameters are {}."""


def routes(app: Any) -> Iterator[tuple[str, str]]:
    """(method, path) of every API route of the app; pages are not in the schema."""
    paths = get_openapi(title="routes", version="1", routes=app.routes)["paths"]
    for path, methods in paths.items():
        for method in methods:
            yield method.upper(), path


def who_may(method: str, path: str) -> set[str]:
    if path.startswith("/api/admin/accounts"):
        return {"security"}
    if path.startswith("/api/admin/log"):
        return {"auditor"}
    if path.startswith("/api/admin"):
        return {"administrator"}
    if path.startswith(("/api/kiosk", "/api/reading")):
        return {"kiosk"}
    if path.startswith("/api/agent"):
        return set()  # a kiosk's copy program, by a key of its own
    if path.startswith("/api/intake"):
        return set()  # another system, by a key of its own
    return WHO[f"{method} {re.sub(r'{[^}]*}', '{}', path)}"]


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One office for all of these: nothing here gets as far as changing it."""
    with running(settings_for(tmp_path_factory.mktemp("roles"))) as started:
        yield started


def api_routes(office: Any) -> list[tuple[str, str]]:
    found = [route for route in routes(office.anonymous.app) if route[1].startswith("/api/")]
    assert len(found) >= 20
    return [route for route in found if route not in PUBLIC]


def call(client: Any, method: str, path: str) -> Any:
    address = path.replace("{kiosk_id}", "1").replace("{case_id}", "1").replace("{gap_id}", "1").replace("{dispute_id}", "1")
    address = re.sub(r"{[^}]*}", "x1", address)
    body = {"reason": "不愿意签"} if path.endswith("/refusal") else {}
    return client.request(method, address, json=body if method in ("POST", "PUT") else None)


def test_nobody_gets_anywhere_without_logging_in(office):
    for method, path in api_routes(office):
        answer = call(office.anonymous, method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_logged_in"), (method, path)


@pytest.mark.parametrize("who", ["leader", "clerk", "handler", "supervisor", "administrator", "security", "auditor", "kiosk"])
def test_the_wrong_role_is_refused_on_every_route(office, who):
    client = getattr(office, who)
    for method, path in api_routes(office):
        if who not in who_may(method, path):
            answer = call(client, method, path)
            assert answer.status_code == 403, (who, method, path, answer.text)
            assert answer.json()["error"]["message"]


def test_a_key_of_another_system_opens_nothing_but_its_own_two_routes(office):
    asked = {"organization_id": office.ids["county"], "channel": "hotline", "name": "12345 热线"}
    key = office.administrator.post("/api/admin/intake-keys", json=asked).json()["key"]
    for method, path in api_routes(office):
        address = re.sub(r"{[^}]*}", "1", path)
        body = {} if method in ("POST", "PUT", "PATCH") else None
        answer = office.anonymous.request(method, address, headers={"Authorization": f"Bearer {key}"}, json=body)
        opened = path.startswith("/api/intake")
        assert answer.status_code in ((404, 422) if opened else (401,)), (method, path, answer.text)


def test_every_change_needs_the_own_page_header(office):
    for method, path in routes(office.leader.app):
        if method == "GET" or path.startswith("/api/intake/"):
            continue  # a key in a header is nothing that a foreign page can make a browser send
        answer = office.leader.request(method, path.replace("{", "").replace("}", ""), headers={"X-Jietan": ""})
        assert answer.json()["error"]["code"] == "foreign_request", (method, path)


def test_pages_lead_to_the_log_in_and_back(office):
    answer = office.anonymous.get("/leader", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/leader")


def test_a_page_of_another_role_says_so_in_chinese(office):
    answer = office.clerk.get("/admin")
    assert answer.status_code == 403
    assert "账号" in answer.text
    assert "text/html" in answer.headers["content-type"]


def test_nobody_is_offered_a_page_that_they_may_not_open(office):
    for who in ("leader", "clerk", "handler", "supervisor", "administrator"):
        client, pages = getattr(office, who), [path for path, _ in navigation(who)]
        links = {link for page in pages for link in re.findall(r'href="(/[a-z/]*)"', client.get(page).text)} - {"/", "/notices"}
        assert links >= set(pages)
        assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200), who
        if who == "administrator":
            assert all(link.startswith("/admin") for link in links), "matters are nothing of theirs"


@pytest.mark.parametrize("path", ["/api/kiosk/sittings", "/api/session"])
def test_a_body_over_one_mebibyte_is_refused(office, path):
    answer = office.kiosk.post(path, content=b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_body_that_does_not_say_its_size_is_refused_when_it_gets_too_large(office):
    def endless():
        for _ in range(40):
            yield b"x" * 65_536

    answer = office.kiosk.post("/api/kiosk/sittings", content=endless())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_text_of_a_hundred_thousand_characters_is_refused_in_chinese(office):
    long = "长" * 100_000
    sitting = {"consent": "audio_video", "name": "李秀英", "phone": "", "matter": long}
    refused = office.kiosk.post("/api/kiosk/sittings", json=sitting)
    assert refused.status_code == 422
    assert refused.json()["error"]["message"] == "“什么事”太长，最多 200 个字，请写短一些。"
    notes = office.leader.put("/api/receptions/x1/notes", json={"text": long})
    assert notes.status_code == 422
    assert "最多 10000 个字" in notes.json()["error"]["message"]
    assert office.kiosk.get("/api/kiosk/sitting").status_code == 404


def test_an_unexpected_fault_gives_a_number_and_no_detail(office, monkeypatch):
    def fail(*_: Any) -> None:
        raise RuntimeError("李秀英 13800001234")

    monkeypatch.setattr("server.reception.queue.listed", fail)
    answer = office.leader.get("/api/receptions")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert len(error["reference"]) == 8
    assert "李秀英" not in answer.text


def test_every_answer_carries_the_security_headers(office):
    for path in ("/login", "/api/me", "/healthz"):
        headers = office.anonymous.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
