"""Bringing a file over HTTP and having it imported by the running jobs; matters that another system registers."""

import json
from datetime import timedelta
from pathlib import Path

import fastjsonschema
import pytest
from sqlalchemy import select

from server import clock
from server.protocol import intake as protocol
from server.reception.matter import intake
from server.store.models import IntakeKey, StoredCase, StoredCaseEvent
from tests.office import running, settings_for
from tests.reception.conftest import until

SCHEMA = Path(protocol.__file__).with_name("intake.schema.json")
MATTER = {"source_ref": "鲁信〔2026〕12/3 号", "received_on": "2026-06-09", "name": "何守田", "phone": "13800004321", "statement": "补偿款没给。"}
CSV = "工单编号,来电时间,来电人,反映内容\nH1,2026-06-09,何守田,补偿款没给。\nH2,2026-06-09,罗建民,外墙渗水。\n".encode()


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One office for all of these."""
    with running(settings_for(tmp_path_factory.mktemp("imports"))) as started:
        yield started


def new_key(office, **changed) -> dict:
    asked = {"organization_id": office.ids["county"], "channel": "hotline", "name": "12345 热线"} | changed
    answer = office.administrator.post("/api/admin/intake-keys", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


def send(office, key: str, body: dict | None = None, path: str = "", method: str = "POST"):
    headers = {"Authorization": f"Bearer {key}", "X-Jietan": ""}
    return office.anonymous.request(method, f"/api/intake/matters{path}", json=body, headers=headers)


def test_a_file_from_the_browser_to_cases(office):
    answer = office.clerk.post("/api/imports?name=a.csv", content=CSV)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert office.clerk.post("/api/imports?name=b.csv", content=CSV).status_code == 200
    plan = {"channel": "hotline", "columns": found["proposed"], "save_as": "热线"}
    looked = office.clerk.post(f"/api/imports/{found['id']}/look", json=plan).json()
    assert (looked["matters"], looked["wrong"]) == (2, 0)
    begun = office.clerk.post(f"/api/imports/{found['id']}/begin", json={"plan_sha256": looked["plan_sha256"]})
    assert (begun.status_code, begun.json()["state"]) in ((202, "running"), (202, "done"))
    until(lambda: office.clerk.get(f"/api/imports/{found['id']}").json()["state"] == "done", "the import to be done")
    told = office.clerk.get("/api/imports").json()
    assert (told["imports"][0]["added"], told["mappings"][0]["name"]) == (2, "热线")
    assert {case["petitioner"] for case in office.clerk.get("/api/cases").json()["cases"]} == {"何守田", "罗建民"}
    assert office.stranger.get(f"/api/imports/{found['id']}").status_code == 404
    assert office.clerk.delete(f"/api/imports/{found['id']}").status_code == 409
    assert office.clerk.delete(f"/api/imports/mappings/{told['mappings'][0]['id']}").status_code == 204
    listed = office.clerk.get(f"/api/imports/{found['id']}/errors.csv")
    assert listed.headers["content-type"].startswith("text/csv")


def test_a_file_that_is_too_large_or_no_table_is_told(office):
    large = office.clerk.post("/api/imports", content=b"x" * ((20 << 20) + 1))
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
    bad = office.clerk.post("/api/imports?name=x.xls", content=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert (bad.status_code, bad.json()["error"]["code"]) == (422, "unreadable_file")
    assert "旧版 Excel" in bad.json()["error"]["message"]


def test_a_matter_is_registered_once_and_its_state_is_told(office):
    key = new_key(office)["key"]
    first, again = send(office, key, MATTER), send(office, key, MATTER)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["added"], again.json()["added"], first.json()["case_no"]) == (True, False, again.json()["case_no"])
    told = send(office, key, path="/鲁信〔2026〕12/3 号", method="GET")
    assert told.json() == {
        "source_ref": MATTER["source_ref"], "case_no": first.json()["case_no"], "state": "registered", "state_name": "已登记",
    }  # fmt: skip
    with office.office.store.read() as session:
        case = session.scalars(select(StoredCase).where(StoredCase.case_no == first.json()["case_no"])).one()
        event = session.scalars(select(StoredCaseEvent).where(StoredCaseEvent.case_id == case.id)).one()
        assert (case.channel, case.organization_id, event.author) == ("hotline", office.ids["county"], "12345 热线")


def test_a_key_sees_its_own_channel_and_office_only(office):
    mine, others = new_key(office)["key"], (new_key(office, channel="online"), new_key(office, organization_id=office.ids["town"]))
    assert send(office, mine, MATTER | {"source_ref": "own"}).status_code == 201
    for other in others:
        assert send(office, other["key"], path="/own", method="GET").status_code == 404
    assert send(office, mine, path="/own", method="GET").status_code == 200


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"), ({"received_on": "9.6.2026"}, "received_on"), ({"received_on": "2999-01-01"}, "received_on"),
        ({"purpose": "x"}, "purpose"), ({"source_ref": ""}, "source_ref"), ({"statement": "a\0b"}, "statement"),
        ({"channel": "letter"}, "channel"), ({"people": 0}, "people"), ({"phone": "1" * 21}, "phone"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_field(office, changed, field):
    answer = send(office, new_key(office)["key"], MATTER | {"source_ref": "wrong"} | changed)
    assert answer.status_code == 422
    told = answer.json()["error"]
    assert list(told["details"]["fields"]) == [field]
    assert told["details"]["fields"][field] == told["message"]


def test_a_key_is_told_once_and_can_be_revoked(office):
    made = new_key(office, name="信箱")
    listed = office.administrator.get("/api/admin/intake-keys").json()["keys"][0]
    assert (listed["name"], listed["channel"], listed["used_at"], listed["revoked_at"]) == ("信箱", "热线", None, None)
    with office.office.store.read() as session:
        kept = session.get_one(IntakeKey, made["id"])
        assert made["key"] not in {str(getattr(kept, column.name)) for column in IntakeKey.__table__.columns}
    assert send(office, made["key"], MATTER | {"source_ref": "r1"}).status_code == 201
    assert office.administrator.get("/api/admin/intake-keys").json()["keys"][0]["used_at"]
    assert office.administrator.delete(f"/api/admin/intake-keys/{made['id']}").status_code == 204
    assert office.administrator.delete(f"/api/admin/intake-keys/{made['id']}").status_code == 404
    refused = send(office, made["key"], MATTER | {"source_ref": "r2"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "not_logged_in")


def test_calls_are_counted_by_the_minute(office, monkeypatch):
    monkeypatch.setattr(intake, "CALLS_A_MINUTE", 2)
    moment = clock.now().replace(second=10)
    monkeypatch.setattr(intake.clock, "now", lambda: moment)
    key = new_key(office)["key"]
    answers = [send(office, key, path="/none", method="GET") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[2].json()["error"]["details"]["retry_after_s"] == 50
    moment += timedelta(minutes=1)
    assert send(office, key, path="/none", method="GET").status_code == 404


def test_the_schema_is_that_of_the_program():
    told = json.loads(SCHEMA.read_text("utf-8"))
    assert told == protocol.IntakeMatter.model_json_schema()
    check = fastjsonschema.compile(told)
    assert check(MATTER)
    with pytest.raises(fastjsonschema.JsonSchemaException):
        check(MATTER | {"channel": "letter"})
