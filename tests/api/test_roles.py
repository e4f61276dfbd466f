"""The wrong role on every route there is, and other requests that are turned away at the door."""

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import httpx
import pytest
from fastapi.openapi.utils import get_openapi

from server.api.guard import Guard
from server.pages.render import navigation
from tests.api.rights import pattern, table
from tests.office import OWN_PAGE, running, settings_for


@cache
def routes(app: Any) -> Sequence[tuple[str, str]]:
    """(method, path) of every API route of the app; pages are not in the schema.  Making it takes a second."""
    paths = get_openapi(title="routes", version="1", routes=app.routes)["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def let_in(who: str, method: str, path: str) -> bool:
    """What the table of rights says (server/protocol/rights.md)."""
    return table()[f"{method} {pattern(path)}"][who] != "-"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One office for all of these: nothing here gets as far as changing it."""
    with running(settings_for(tmp_path_factory.mktemp("roles"))) as started:
        yield started


def api_routes(office: Any) -> list[tuple[str, str]]:
    found = [route for route in routes(office.anonymous.app) if route[1].startswith("/api/")]
    assert len(found) >= 20
    return [route for route in found if not let_in("anyone", *route)]


def asked(client: Any, requests: Sequence[tuple[str, str, Any]], **headers: str) -> list[httpx.Response]:
    """What the client is answered to (method, address, body).

    They are sent from inside the program's own event loop: a test client hands each over to it and back eight times.
    """

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(client.app, raise_app_exceptions=False)
        base, cookies = "http://testserver", dict(client.cookies)
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=OWN_PAGE | headers, cookies=cookies) as sender:
            return [await sender.request(method, address, json=body) for method, address, body in requests]

    answers: list[httpx.Response] = client.portal.call(send)
    return answers


def request_to(method: str, path: str) -> tuple[str, str, Any]:
    address = path.replace("{kiosk_id}", "1").replace("{case_id}", "1").replace("{gap_id}", "1").replace("{dispute_id}", "1")
    address = re.sub(r"{[^}]*}", "x1", address)
    body = {"reason": "不愿意签"} if path.endswith("/refusal") else {}
    return method, address, body if method in ("POST", "PUT") else None


def test_nobody_gets_anywhere_without_logging_in(office):
    there = api_routes(office)
    for route, answer in zip(there, asked(office.anonymous, [request_to(*route) for route in there]), strict=True):
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_logged_in"), route


@pytest.mark.parametrize("who", ["leader", "clerk", "handler", "supervisor", "administrator", "security", "auditor", "kiosk"])
def test_the_wrong_role_is_refused_on_every_route(office, who):
    shut = [route for route in api_routes(office) if not let_in(who, *route)]
    assert len(shut) > 50
    for route, answer in zip(shut, asked(getattr(office, who), [request_to(*route) for route in shut]), strict=True):
        assert answer.status_code == 403, (who, *route, answer.text)
        assert answer.json()["error"]["message"]


def test_a_key_of_another_system_opens_nothing_but_its_own_two_routes(office):
    new = {"organization_id": office.ids["county"], "channel": "hotline", "name": "12345 热线"}
    key = office.administrator.post("/api/admin/intake-keys", json=new).json()["key"]
    there = api_routes(office)
    requests = [(method, re.sub(r"{[^}]*}", "1", path), {} if method in ("POST", "PUT", "PATCH") else None) for method, path in there]
    for (method, path), answer in zip(there, asked(office.anonymous, requests, Authorization=f"Bearer {key}"), strict=True):
        opened = path.startswith("/api/intake")
        assert answer.status_code in ((404, 422) if opened else (401,)), (method, path, answer.text)


def test_every_change_needs_the_own_page_header(office):
    # A key in a header is nothing that a foreign page can make a browser send.
    changes = [route for route in routes(office.leader.app) if route[0] != "GET" and not route[1].startswith("/api/intake/")]
    requests = [(method, path.replace("{", "").replace("}", ""), None) for method, path in changes]
    for route, answer in zip(changes, asked(office.leader, requests, **{"X-Jietan": ""}), strict=True):
        assert answer.json()["error"]["code"] == "foreign_request", route


def test_no_text_with_a_nul_gets_in(office):
    """PostgreSQL keeps none: it would be a fault of ours wherever a field forgets it, also for whoever is not logged in."""
    told = [
        office.anonymous.post("/api/session", json={"username": "x\0", "password": "y"}),
        office.anonymous.post("/api/session", content=b'{"username": "x\0", "password": "y"}', headers={"Content-Type": "application/json"}),
        office.clerk.get("/api/records?q=%00"), office.clerk.get("/cases/%00"),
    ]  # fmt: skip
    assert [one.status_code for one in told] == [422] * 4
    assert "看不见" in told[0].json()["error"]["message"]
    sound = office.kiosk.post("/api/kiosk/hear", content=b"\0\\u0000" * 100, headers={"Content-Type": "audio/webm"})
    assert "看不见" not in sound.text, "what is no text may have any byte"


def test_a_day_at_the_end_of_the_calendar_and_a_unit_elsewhere(office):
    """The first was a fault where limits are counted from it, the second told the name of any organization."""
    new = {"channel": "letter", "received_on": "0001-01-02", "name": "x", "statement": "x"}
    assert office.clerk.post("/api/cases", json=new).status_code == 422
    units = office.clerk.get("/api/due", params={"unit": office.ids["county"]}).json()["units"]
    assert office.ids["county"] not in [one["id"] for one in units]


def test_a_nul_that_comes_in_two_pieces_is_seen(office):
    pieces = iter([(b'{"username": "x\\u0', True), (b'000", "password": "y"}', False)])
    sent: list[Any] = []

    async def receive() -> Any:
        body, more = next(pieces)
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(message: Any) -> None:
        sent.append(message)

    async def reads_all(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})

    headers = [(b"content-type", b"application/json"), (b"x-jietan", b"1"), (b"content-length", b"40")]
    scope = {"type": "http", "method": "POST", "path": "/api/session", "query_string": b"", "headers": headers, "app": office.anonymous.app}
    asyncio.run(Guard(reads_all, office.settings)(scope, receive, send))
    assert sent[0]["status"] == 422


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
        links = {link for page in pages for link in re.findall(r'href="(/[a-z/-]*)"', client.get(page).text)} - {"/", "/account", "/notices"}
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

    monkeypatch.setattr("server.reception.talk.queue.listed", fail)
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
