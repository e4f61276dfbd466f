"""The routes: who may, what comes back, files with ranges."""

import base64
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from deploy.bench.recordings import write_voice
from server import clock
from server.api import cases, public, reading, records
from server.api.deps import get_actor, get_reader
from server.api.errors import add_handlers
from server.domain.states import StaffRole
from server.errors import NotAllowed
from server.reception.record import peaks
from server.store.access import Actor
from server.store.models import AccessEntry, ProgressTry, Reception, StoredSegment
from tests.records.office import TALK, World, draft, drawn

ADMIN = Actor(name="管理", user_id=9, role=StaffRole.ADMINISTRATOR, organization_id=1, organization_path="/1/")


class Caller:
    """A client that is whoever `actor` says."""

    def __init__(self, world: World, *more: APIRouter) -> None:
        app = FastAPI()
        app.state.office = world.office
        for router in (records.router, reading.router, cases.router, public.router, *more):
            app.include_router(router, prefix="/api")
        add_handlers(app)
        app.dependency_overrides[get_actor] = lambda: self.actor
        app.dependency_overrides[get_reader] = self._reader
        self.actor = world.clerk
        self.client = TestClient(app, raise_server_exceptions=False)

    def _reader(self) -> Actor:
        if not self.actor.is_kiosk:
            raise NotAllowed
        return self.actor

    def get(self, path: str, actor: Actor | None = None, **options):
        return self.send("GET", path, actor, **options)

    def post(self, path: str, body: object = None, actor: Actor | None = None):
        return self.send("POST", path, actor, json=body)

    def send(self, method: str, path: str, actor: Actor | None, **options):
        previous, self.actor = self.actor, actor or self.actor
        try:
            return self.client.request(method, f"/api{path}", **options)
        finally:
            self.actor = previous


@pytest.fixture
def caller(world) -> Caller:
    return Caller(world)


def file_case(caller: Caller, world: World, record_id: str) -> int:
    confirmed = caller.post(f"/records/{record_id}/confirm")
    assert confirmed.status_code == 200
    read = caller.get(f"/reading/{record_id}", world.kiosk).json()
    signature = drawn(read["sha256"]).model_dump(mode="json")
    signed = caller.post(f"/reading/{record_id}/signature", signature, world.kiosk)
    assert (signed.status_code, signed.json()["state"]) == (200, "settled")
    return caller.get(f"/records/{record_id}").json()["case_id"]


def test_the_whole_way(caller, world, record_id):
    body = caller.get(f"/records/{record_id}").json()
    edit = {"kind": "text", "line_id": body["body"][1]["id"], "version": 1, "text": "村里修路占了地。"}
    changed = caller.post(f"/records/{record_id}/edits", {"edits": [edit]})
    assert changed.json()["body"][1]["text"] == "村里修路占了地。"
    stale = caller.post(f"/records/{record_id}/edits", {"edits": [edit]})
    assert (stale.status_code, stale.json()["error"]["details"]["line"]["version"]) == (409, 2)
    case_id = file_case(caller, world, record_id)
    case = caller.get(f"/cases/{case_id}").json()
    assert (case["case_no"], case["intact"], case["record"]["state"]) == ("LX-2026-000001", True, "filed")
    assert {document["name"] for document in case["documents"] if document["size"] > 100} == {
        "record.docx", "record.pdf", "form.docx", "form.pdf", "record.vtt", "record.json"
    }
    assert caller.get("/cases?q=修路").json()["total"] == 1
    assert caller.post(f"/records/{record_id}/file").json() == {"case_id": case_id, "case_no": "LX-2026-000001"}
    kinds = [found["kind"] for found in caller.get(f"/records/{record_id}/revisions").json()["revisions"]]
    assert kinds == ["drafted", "text", "follow", "confirm", "sign", "file"], "the form quotes the sentence that was corrected"
    with world.read() as session:
        opened = {(entry.action, entry.thing) for entry in session.scalars(select(AccessEntry))}
    assert opened == {("open", "record"), ("read", "record"), ("open", "case")}


def test_documents_come_as_files(caller, world, record_id):
    case_id = file_case(caller, world, record_id)
    answer = caller.get(f"/cases/{case_id}/documents/record.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert "LX-2026-000001.pdf" in answer.headers["content-disposition"]
    assert caller.get(f"/cases/{case_id}/documents/secret.txt").status_code == 404
    assert caller.get(f"/cases/{case_id}/documents/record.pdf", world.other_clerk).status_code == 404


@pytest.mark.parametrize(("method", "path", "body", "allowed"), [
    ("GET", "/records", None, {"clerk", "leader"}),
    ("GET", "/records/{id}", None, {"clerk", "leader"}),
    ("POST", "/records/{id}/edits", {"edits": [{"kind": "heard", "line_id": "x", "version": 1, "heard": True}]}, {"clerk"}),
    ("GET", "/records/{id}/revisions", None, {"clerk", "leader"}),
    ("POST", "/records/{id}/confirm", None, {"clerk"}),
    ("POST", "/records/{id}/reopen", {"reason": "x"}, {"clerk"}),
    ("GET", "/records/{id}/pulse", None, {"clerk", "leader"}),
    ("GET", "/reading/{id}", None, set()),
    ("POST", "/reading/{id}/disputes", {"line_id": "x", "version": 1, "reason": "x"}, set()),
    ("POST", "/reading/{id}/signature", drawn("0" * 64).model_dump(mode="json"), set()),
    ("POST", "/records/{id}/refusal", {"reason": "x"}, {"clerk"}),
    ("POST", "/records/{id}/file", None, {"clerk"}),
    ("GET", "/cases", None, {"clerk", "leader"}),
    ("GET", "/cases/1", None, {"clerk", "leader"}),
    ("POST", "/cases/1/supplements", {"reason": "x", "text": "y"}, {"clerk"}),
    ("GET", "/cases/1/documents/record.pdf", None, {"clerk", "leader"}),
])
def test_roles(caller, world, record_id, method, path, body, allowed):
    """Staff of the wrong role get 403; a kiosk and another county never learn that it is there."""
    path = path.format(id=record_id)
    for role, actor in (("clerk", world.clerk), ("leader", world.leader), ("administrator", ADMIN)):
        status = caller.send(method, path, actor, json=body).status_code
        assert (status != 403) == (role in allowed), role
    assert caller.send(method, path, world.kiosk, json=body).status_code in (403, 404)
    if "{" not in path and path not in ("/records", "/cases"):
        assert caller.send(method, path, world.other_clerk, json=body).status_code in (403, 404)


@pytest.mark.parametrize("edit", [
    {"kind": "text", "line_id": "x", "version": 1, "text": "长" * 100_000},
    {"kind": "field", "field": "summary", "version": 1, "value": "长" * 100_000},
    {"kind": "insert", "after_id": None, "participant_id": None, "text": "长" * 100_000},
    {"kind": "nonsense"},
    {"kind": "text", "line_id": "../../etc", "version": 1, "text": "x"},
])
def test_what_is_too_long_or_wrong_gets_a_chinese_sentence_and_changes_nothing(caller, record_id, edit):
    before = caller.get(f"/records/{record_id}").json()
    answer = caller.post(f"/records/{record_id}/edits", {"edits": [edit]})
    assert answer.status_code == 422
    assert any("\u4e00" <= character <= "\u9fff" for character in answer.json()["error"]["message"])
    assert caller.get(f"/records/{record_id}").json() == before


def put_recording(world: World, content: bytes, size: int) -> None:
    folder = world.office.settings.recordings_dir / "r1"
    folder.mkdir(parents=True)
    (folder / "petitioner-1.webm").write_bytes(content)
    with world.write() as session:
        session.get_one(StoredSegment, "r1-s1").size = size


def test_recordings_play_in_ranges(caller, world, record_id):
    put_recording(world, bytes(range(100)), 100)
    path = f"/records/{record_id}/recordings/r1-s1"
    whole = caller.get(path)
    assert (whole.status_code, len(whole.content), whole.headers["content-type"]) == (200, 100, "video/webm")
    part = caller.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["content-range"] == "bytes 10-19/100"
    for actor, place in ((world.other_clerk, path), (world.town_clerk, path), (world.kiosk, path.replace("records", "reading", 1))):
        assert caller.get(place, actor).status_code == 404
    assert caller.get(path, ADMIN).status_code == 403


def test_how_loud_a_recording_is_is_found_out_once(caller, world, record_id, monkeypatch, tmp_path):
    content = write_voice(tmp_path / "voice.webm", "leader", 3.0).read_bytes()
    put_recording(world, content, len(content))
    path = f"/records/{record_id}/recordings/r1-s1/peaks"
    made = []
    monkeypatch.setattr(peaks.subprocess, "run", lambda command, **_: made.append(Path(command[-1]).write_bytes(peaks.loudness(Path(command[-2])))))
    assert caller.get(path).status_code == 202
    for thread in threading.enumerate():
        if thread.name == "peaks":
            thread.join(10)
    found = caller.get(path)
    assert (found.status_code, len(found.content), len(made)) == (200, 30, 1)
    assert max(found.content[12:]) > 20, "the leader begins to speak after 1.2 s"
    assert max(found.content[:10]) < 10
    assert caller.get(path, world.other_clerk).status_code == 404
    (tmp_path / "cut").write_bytes(content[: len(content) // 2])
    assert 0 < len(peaks.loudness(tmp_path / "cut")) < 30
    (tmp_path / "noise").write_bytes(b"no sound at all" * 100)
    assert peaks.loudness(tmp_path / "noise") == b""


def test_recordings_of_another_reception_are_not_found(caller, world, record_id):
    draft(world, "r2")
    assert caller.get(f"/records/{record_id}/recordings/r2-s1").status_code == 404


def test_a_missing_or_cut_recording_says_so(caller, world, record_id):
    path = f"/records/{record_id}/recordings/r1-s1"
    missing = caller.get(path)
    put_recording(world, b"x" * 50, 100)
    cut = caller.get(path)
    for answer, word in ((missing, "不在了"), (cut, "不完整")):
        assert answer.status_code == 410
        assert word in answer.json()["error"]["message"]


def ask(caller: Caller, code: str, digits: str):
    return caller.post("/progress", {"code": code, "phone_last4": digits})


def test_progress_shows_steps_and_no_names_or_content(caller, world, record_id):
    with world.write() as session:
        session.get_one(Reception, "r1").query_code = "QCR1ABCD"
    before = ask(caller, "QCR1ABCD", "4321").json()
    assert (before["number"], before["state"], before["deadline"]) == ("A01", "笔录草稿", None)
    file_case(caller, world, record_id)
    found = ask(caller, "QCR1ABCD", "4321")
    assert found.status_code == 200
    for private in ("何守田", "修村道", "周文清", "1380000", "喇叭"):
        assert private not in found.text
    progress = found.json()
    assert (progress["number"], progress["state"], progress["office"]) == ("LX-2026-000001", "已登记", "临溪县信访局")
    assert [step["done"] for step in progress["steps"]] == [True] * 4 + [False] * 3
    assert progress["steps"][4]["at"] == "最迟 2026年6月24日（星期三）"
    assert progress["deadline"]["due"] == "2026-06-24"


def test_wrong_code_and_wrong_digits_get_the_same_answer_and_ten_are_the_most(caller, world, record_id):
    with world.write() as session:
        session.get_one(Reception, "r1").query_code = "QCR1ABCD"
    wrong_digits, wrong_code = ask(caller, "QCR1ABCD", "0000"), ask(caller, "NOSUCHCODE", "4321")
    assert (wrong_digits.status_code, wrong_digits.text) == (wrong_code.status_code, wrong_code.text) == (404, wrong_code.text)
    for number in range(8):
        assert ask(caller, f"GUESS{number}", "1234").status_code == 404
    assert ask(caller, "QCR1ABCD", "4321").status_code == 429
    with world.read() as session:
        sources = set(session.scalars(select(ProgressTry.source)))
    assert len(sources) == 1
    assert len(sources.pop()) == 64
    clock.set_source(lambda: TALK + timedelta(hours=1, minutes=16))
    assert ask(caller, "QCR1ABCD", "4321").status_code == 200


def test_without_a_telephone_the_digits_are_zeros(caller, world, record_id):
    with world.write() as session:
        reception = session.get_one(Reception, "r1")
        reception.query_code, reception.petitioner_phone = "QCR1ABCD", ""
    assert ask(caller, "QCR1ABCD", "0000").status_code == 200
    assert ask(caller, "QCR1ABCD", "").status_code == 422


def test_the_petitioner_at_the_kiosk_reads_and_refuses(caller, world, record_id):
    assert caller.get(f"/reading/{record_id}", world.kiosk).status_code == 404
    caller.post(f"/records/{record_id}/confirm")
    read = caller.get(f"/reading/{record_id}", world.kiosk).json()
    assert (read["state"], len(read["sha256"]), len(read["lines"])) == ("reading", 64, 4)
    assert caller.get(f"/records/{record_id}", world.kiosk).status_code == 403
    stale = caller.post(f"/reading/{record_id}/refusal", {"reason": "不认识字", "sha256": "0" * 64}, world.kiosk)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "record_changed")
    refusal = {"reason": "不认识字", "sha256": read["sha256"]}
    assert caller.post(f"/reading/{record_id}/refusal", refusal, world.kiosk).json()["state"] == "settled"
    again = caller.post(f"/reading/{record_id}/refusal", refusal, world.kiosk)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_settled")
    refused = caller.get(f"/records/{record_id}").json()
    assert (refused["state"], refused["case_no"]) == ("filed", "LX-2026-000001")


def test_a_reader_gets_the_words_and_nothing_of_the_staffs_work(caller, world, record_id):
    """No opinion of the office, no number in full, no note of who corrected what, no line that was taken out, no other record."""
    body = caller.get(f"/records/{record_id}").json()
    form = {value["field"]: value["version"] for value in body["form"]}
    out, changed = body["body"][2], body["body"][3]
    edits = [
        {"kind": "field", "field": "handling", "version": form["handling"], "value": "拟转镇里压一压"},
        {"kind": "delete", "line_id": out["id"], "version": 1, "reason": "领导说不要记"},
        {"kind": "text", "line_id": changed["id"], "version": 1, "text": "单子没给过。"},
    ]
    assert caller.post(f"/records/{record_id}/edits", {"edits": edits}).status_code == 200
    caller.post(f"/records/{record_id}/confirm")
    answer = caller.get(f"/reading/{record_id}", world.kiosk)
    for private in ("拟转镇里", "领导说不要记", out["text"], "林晓", "13800004321"):
        assert private not in answer.text
    lines = answer.json()["lines"]
    assert [line["corrected"] for line in lines] == [False, False, True]
    other = draft(world, "r2", kiosk_id=1)
    caller.post(f"/records/{other}/confirm")
    assert caller.get(f"/reading/{other}", replace(world.kiosk, kiosk_id=2)).status_code == 404


def test_an_objection_is_at_the_desk_with_the_next_pulse_and_can_be_heard(caller, world, record_id):
    caller.post(f"/records/{record_id}/confirm")
    before = caller.get(f"/records/{record_id}/pulse").json()
    line = caller.get(f"/reading/{record_id}", world.kiosk).json()["lines"][1]
    sound = base64.b64encode(b"spoken").decode()
    said = {"line_id": line["id"], "version": line["version"], "piece": "一亩二分", "said": "一亩三分"}
    said["sound"] = f"data:audio/webm;codecs=opus;base64,{sound}"
    noted = caller.post(f"/reading/{record_id}/disputes", said, world.kiosk)
    assert (noted.status_code, noted.json()["state"]) == (200, "correcting")
    now = caller.get(f"/records/{record_id}/pulse").json()
    assert now["version"] > before["version"]
    assert now["state"] == "correcting"
    record = caller.get(f"/records/{record_id}").json()
    assert record["body"][1]["disputed"] == "“一亩二分”这里，应该是：一亩三分"
    (shown,) = record["disputes"]
    assert (shown["said"], shown["before"]) == ("一亩三分", line["text"])
    heard = caller.get(shown["sound_url"].removeprefix("/api"))
    assert (heard.content, heard.headers["content-type"]) == (b"spoken", "audio/webm")
    assert caller.get(shown["sound_url"].removeprefix("/api"), world.other_clerk).status_code == 404


@pytest.mark.parametrize(("what", "status", "code"), [
    ({"reason": "", "said": " "}, 422, "nothing_said"),
    ({"version": 7, "reason": "不对"}, 409, "line_changed"),
    ({"line_id": "nothing", "reason": "不对"}, 404, "line_gone"),
    ({"sound": "data:audio/webm;base64,AAA"}, 422, "sound_unreadable"),
    ({"sound": "data:text/html;base64,AAAA"}, 422, "invalid_input"),
    ({"said": "长" * 401}, 422, "invalid_input"),
])
def test_an_objection_that_says_nothing_or_is_malformed_changes_nothing(caller, world, record_id, what, status, code):
    caller.post(f"/records/{record_id}/confirm")
    line = caller.get(f"/reading/{record_id}", world.kiosk).json()["lines"][1]
    answer = caller.post(f"/reading/{record_id}/disputes", {"line_id": line["id"], "version": line["version"]} | what, world.kiosk)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert caller.get(f"/records/{record_id}").json()["state"] == "confirmed"


WEBM = b"\x1a\x45\xdf\xa3" + b"film"


def film(caller, world, record_id, content: bytes = WEBM):
    return caller.send("POST", f"/reading/{record_id}/clip", world.kiosk, content=content)


def test_a_film_of_signing_is_kept_with_the_signature_and_seen_by_the_staff(caller, world, record_id):
    assert film(caller, world, record_id).status_code == 404, "nothing is handed over yet"
    caller.post(f"/records/{record_id}/confirm")
    for content in (b"", b"no film", WEBM + b"x" * 1_000_000):
        assert film(caller, world, record_id, content).json()["error"]["code"] == "clip_unreadable"
    name = film(caller, world, record_id).json()["sha256"]
    signature = drawn(caller.get(f"/reading/{record_id}", world.kiosk).json()["sha256"]).model_dump(mode="json")
    missing = caller.post(f"/reading/{record_id}/signature", signature | {"clip_sha256": "0" * 64}, world.kiosk)
    assert missing.json()["error"]["code"] == "clip_missing"
    assert caller.get(f"/records/{record_id}/clips/{name}").status_code == 404, "nobody signed with it"
    assert caller.post(f"/reading/{record_id}/signature", signature | {"clip_sha256": name}, world.kiosk).status_code == 200
    (shown,) = caller.get(f"/records/{record_id}/signatures").json()["signatures"]
    assert caller.get(shown["clip_url"].removeprefix("/api")).content == WEBM
    assert caller.get(shown["clip_url"].removeprefix("/api"), world.other_clerk).status_code == 404


def test_whoever_did_not_agree_to_pictures_is_not_filmed(caller, world, record_id):
    caller.post(f"/records/{record_id}/confirm")
    with world.write() as session:
        session.get_one(Reception, "r1").consent = "audio_only"
    assert film(caller, world, record_id).json()["error"]["code"] == "no_pictures"


POINT = [0.5, 0.2, 10, 0.5]


@pytest.mark.parametrize(("strokes", "code"), [
    ([], "signature_blank"),
    ([[]], "invalid_input"),
    ([[POINT] * 5], "signature_blank"),
    ([[POINT] * 40], "signature_blank"),
    ([[[0.1, 0.1, 500, 0], *[[0.1 + 0.01 * step, 0.2, 10 * step, 0] for step in range(40)]]], "strokes_order"),
    ([[POINT] * 20_001], "invalid_input"),
    ([[POINT] * 15_000, [POINT] * 15_000], "too_large"),
    ([[POINT]] * 301, "invalid_input"),
    ([[[1e9, 0.2, 10, 0.5]]], "invalid_input"),
    ([[[0.5, 0.2, -1, 0.5]]], "invalid_input"),
    ([[[0.5, 0.2]]], "invalid_input"),
    ("a name", "invalid_input"),
])
def test_what_is_no_name_is_refused_and_changes_nothing(caller, world, record_id, strokes, code):
    caller.post(f"/records/{record_id}/confirm")
    sha256 = caller.get(f"/reading/{record_id}", world.kiosk).json()["sha256"]
    body = {"strokes": strokes, "aspect": 0.5, "sha256": sha256}
    answer = caller.post(f"/reading/{record_id}/signature", body, world.kiosk)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in (code, "strokes_many")
    assert caller.get(f"/records/{record_id}").json()["state"] == "confirmed"


def test_list_filters(caller, world, record_id):
    assert len(caller.get("/records?state=draft,correcting").json()["records"]) == 1
    assert caller.get("/records?state=nonsense").json()["records"] == []
    assert caller.get("/records?q=何守田").json()["records"][0]["id"] == record_id


def test_recordings_never_leave_their_folder(caller, world, record_id, tmp_path: Path):
    (tmp_path / "secret.key").write_text("x")
    with world.write() as session:
        session.get_one(StoredSegment, "r1-s1").file = "../../secret.key"
    assert caller.get(f"/records/{record_id}/recordings/r1-s1").status_code == 410
