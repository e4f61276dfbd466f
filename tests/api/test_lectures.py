"""Lectures: who holds one, who comes in as what, the screen in a hall, and what is there when it is over."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from unittest.mock import Mock

import jwt
import pytest

from server import clock
from server.errors import NotFound
from server.protocol.base import Role, Source, TrackKind
from server.protocol.media_control import Entry, HungUp, RecordingStarted, SeatTaken
from server.protocol.recording import Manifest, Segment
from server.reception.paper import lecture_films
from server.reception.record import ingest
from server.reception.talk import lecture_journal
from server.store import lectures as store
from server.store.models import Lecture, Reception, VisitRecord
from tests.office import running, settings_for


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with running(settings_for(tmp_path_factory.mktemp("lectures"))) as started:
        object.__setattr__(started.office, "jobs", Mock())
        yield started


def enter(office, **changes):
    asked = {
        "title": "信访工作条例辅导", "planned_at": (clock.now() + timedelta(hours=2)).isoformat(),
        "offices": [office.ids["county"], office.ids["town"]],
    }  # fmt: skip
    return office.leader.post("/api/lectures", json=asked | changes)


def held(office) -> str:
    answer = enter(office)
    assert answer.status_code == 201, answer.text
    return answer.json()["row"]["id"]


def claims(office, answer):
    assert answer.status_code == 200, answer.text
    return jwt.decode(answer.json()["token"], office.settings.key("seat"), algorithms=["HS256"])


def take_in(office, lecture_id, *facts):
    with office.office.store.write() as session:
        seq = session.get_one(Lecture, lecture_id).journal_seq
        for number, fact in enumerate(facts, start=seq + 1):
            assert ingest.take_in(session, Entry(reception_id=lecture_id, seq=number, at=clock.now(), fact=fact))


def test_whom_an_office_can_invite_and_who_sees_the_lecture(office):
    choices = office.leader.get("/api/lectures/choices").json()
    assert {(one["name"], one["depth"]) for one in choices["offices"]} == {("青山县信访局", 0), ("柳河镇", 1), ("石桥镇", 1)}
    assert {one["name"] for one in choices["speakers"]} == {"副县长 周建国", "局长 孙丽"}
    lecture_id = held(office)
    for client in (office.other_leader, office.clerk, office.handler, office.supervisor):
        newest = client.get("/api/notices").json()["notices"][0]
        assert (newest["label"], newest["case_id"]) == ("讲座通知", None)
        assert "青山县信访局" in newest["words"]
        assert "“信访工作条例辅导”，请您单位参加" in newest["words"]
    assert not office.leader.get("/api/notices").json()["notices"], "who entered it knows of it"
    assert not office.stranger.get("/api/notices").json()["notices"], "of an office that was not asked"
    for client in (office.leader, office.other_leader, office.clerk, office.handler, office.supervisor):
        assert lecture_id in {row["id"] for row in client.get("/api/lectures").json()["rows"]}
        assert client.get(f"/api/lectures/{lecture_id}").json()["row"]["speaker"] == "副县长 周建国"
    assert office.stranger.get("/api/lectures").json()["rows"] == []
    assert office.stranger.get(f"/api/lectures/{lecture_id}").status_code == 404
    assert office.stranger.post(f"/api/lectures/{lecture_id}/join").status_code == 404
    assert enter(office, offices=[999_999]).status_code == 422
    assert enter(office, planned_at=(clock.now() - timedelta(days=3)).isoformat()).status_code == 422
    for odd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-12-01T10:00:00"):
        assert enter(office, planned_at=odd).status_code == 422, odd
    assert enter(office, speaker_id=office.ids["clerk"]).status_code == 422
    assert enter(office, offices=[]).status_code == 422


def test_the_list_goes_on_where_a_page_ends(office, monkeypatch):
    monkeypatch.setattr("server.reception.talk.lectures.PAGE", 2)
    made = {held(office) for _ in range(3)}
    found, before = [], ""
    while True:
        page = office.leader.get("/api/lectures", params={"before": before} if before else {}).json()
        found += [row["id"] for row in page["rows"]]
        if not page["more"]:
            break
        before = found[-1]
    assert len(found) == len(set(found))
    assert made <= set(found)


def test_the_speaker_speaks_others_watch_and_a_hall_needs_no_account(office):
    lecture_id = held(office)
    speaker = claims(office, office.leader.post(f"/api/lectures/{lecture_id}/join"))
    assert (speaker["role"], speaker["may_end"], speaker["publishes"], speaker["reception_id"]) == ("leader", True, True, lecture_id)
    viewer = claims(office, office.handler.post(f"/api/lectures/{lecture_id}/join"))
    assert (viewer["role"], viewer["may_end"], viewer["office"], viewer["name"]) == ("observer", False, "柳河镇", "柳志平")
    assert office.handler.post(f"/api/lectures/{lecture_id}/screen").status_code == 403
    first = office.clerk.post(f"/api/lectures/{lecture_id}/screen").json()["url"].rsplit("/", 1)[1]
    code = office.clerk.post(f"/api/lectures/{lecture_id}/screen").json()["url"].rsplit("/", 1)[1]
    assert office.anonymous.get(f"/api/screens/{first}").status_code == 404, "an older link opens nothing"
    assert office.anonymous.get(f"/api/screens/{code}").json()["title"] == "信访工作条例辅导"
    one, two = (claims(office, office.anonymous.post(f"/api/screens/{code}/join")) for _ in range(2))
    assert (one["role"], one["publishes"], one["office"]) == ("observer", False, "柳河镇")
    assert one["participant_id"] != two["participant_id"]
    offices = {one["name"]: one["came"] for one in office.leader.get(f"/api/lectures/{lecture_id}").json()["offices"]}
    assert offices == {"青山县信访局": False, "柳河镇": True}


def test_a_lecture_that_is_cancelled_lets_nobody_in(office):
    lecture_id = held(office)
    assert office.clerk.post(f"/api/lectures/{lecture_id}/cancel").status_code == 403
    assert office.leader.post(f"/api/lectures/{lecture_id}/end").status_code == 409
    assert office.leader.post(f"/api/lectures/{lecture_id}/cancel").json()["row"]["state"] == "cancelled"
    office.office.jobs.close_reception.assert_called_with(lecture_id)
    assert office.leader.post(f"/api/lectures/{lecture_id}/cancel").status_code == 409
    refused = office.clerk.post(f"/api/lectures/{lecture_id}/join")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "lecture_over")


def test_from_its_first_sound_to_its_film_it_is_no_reception(office):
    lecture_id = held(office)
    seat = claims(office, office.leader.post(f"/api/lectures/{lecture_id}/join"))["participant_id"]
    guest = claims(office, office.handler.post(f"/api/lectures/{lecture_id}/join"))["participant_id"]
    with office.office.store.read() as session:
        assert store.journal_positions(session, 0, 1)[lecture_id] == 0
    begun = clock.now()
    take_in(office, lecture_id, SeatTaken(participant_id=seat, role=Role.LEADER), RecordingStarted(started_at=begun))
    assert office.clerk.get(f"/api/lectures/{lecture_id}").json()["row"]["state"] == "running"
    with office.office.store.write() as session, pytest.raises(ingest.JournalHole):
        ingest.take_in(session, Entry(reception_id=lecture_id, seq=9, at=begun, fact=RecordingStarted(started_at=begun)))
    take_in(office, lecture_id, HungUp(participant_id=seat, at=begun + timedelta(seconds=60)))
    assert office.clerk.post(f"/api/lectures/{lecture_id}/join").status_code == 409
    segments = tuple(
        Segment(
            id=f"{who}-{kind}-001", participant_id=who, role=Role.LEADER, kind=kind, source=Source.of(kind), codec="audio/opus",
            file="spoken.webm" if (who, kind) == (seat, TrackKind.AUDIO) else f"{who}-{kind}-001.webm", start=start, seconds=60 - start, size=1, sha256="0" * 64,
        )
        for who, kind, start in ((guest, TrackKind.AUDIO, 20.0), (seat, TrackKind.AUDIO, 0.0), (seat, TrackKind.VIDEO, 0.1))
    )
    manifest = Manifest(reception_id=lecture_id, started_at=begun, ended_at=begun + timedelta(seconds=60), seconds=60, segments=segments)
    spoken = office.settings.recordings_dir / lecture_id / "spoken.webm"
    spoken.parent.mkdir(parents=True)
    spoken.write_bytes(b"sound")
    with office.office.store.write() as session:
        assert lecture_journal.take_manifest(session, lecture_id, manifest.model_dump(mode="json"))
        assert session.get(Reception, lecture_id) is None
        assert not session.query(VisitRecord).count()
    over = office.clerk.get(f"/api/lectures/{lecture_id}").json()
    assert (over["row"]["state"], over["seconds"], over["film"]) == ("ended", 60, None)
    assert office.clerk.post(f"/api/lectures/{lecture_id}/film").status_code == 403, "whoever was invited only watches"
    assert office.leader.post(f"/api/lectures/{lecture_id}/film").json()["film"]["state"] == "waiting"
    office.office.jobs.make_lecture_film.assert_called_with(lecture_id)
    folder = lecture_films.begin(office.office, lecture_id)
    assert (folder / "plan.json").exists()
    with office.office.store.read() as session:
        plan = lecture_films.plan(session, office.settings, session.get_one(Lecture, lecture_id))
        assert [(one.role, one.name) for one in plan.seats] == [("主讲", "周建国"), ("发言", "柳志平")]
        assert plan.sources[0].file == office.settings.recordings_dir.resolve() / lecture_id / f"{guest}-audio-001.webm"
    (folder / "film.mp4").write_bytes(b"a film of ten")
    lecture_films.finish(office.office, lecture_id, lecture_films.Result(file="film.mp4", size=13, sha256="ab" * 32))
    assert office.handler.get(f"/api/lectures/{lecture_id}").json()["film"]["state"] == "ready"
    film = office.handler.get(f"/api/lectures/{lecture_id}/film", headers={"Range": "bytes=2-5"})
    assert (film.status_code, film.content) == (206, b"film")
    assert office.stranger.get(f"/api/lectures/{lecture_id}/film").status_code == 404
    assert office.clerk.get(f"/api/lectures/{lecture_id}/bundle").status_code == 403, "whoever was invited gets the film alone"
    assert_bundle(office.leader.get(f"/api/lectures/{lecture_id}/bundle"))
    assert not folder.exists()


def assert_bundle(answer):
    """Whole, with its list, and with what is missing told."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.testzip() is None
        (folder,) = {name.split("/")[0] for name in bundle.namelist()}
        assert folder == f"讲座 {clock.today()}"
        inside = {name.split("/", 1)[1]: bundle.read(name) for name in bundle.namelist()}
    listed = json.loads(inside["bundle.json"])
    assert {one["name"]: one["sha256"] for one in listed["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in inside.items() if name not in ("bundle.json", "SHA256SUMS", "player/data.js")
    }
    assert inside["video/archive.mp4"] == b"a film of ten"
    assert [name for name in inside if name.endswith(".webm")] == ["recording/spoken.webm"]
    about = dict(listed["about"])
    assert (about["讲座"], about["主讲"]) == ("信访工作条例辅导", "副县长 周建国")
    assert "recording/spoken.webm 和登记的校验值不一样" in about["没有放好的"]
    assert about["没有放好的"].count("不在了") == 2


def test_a_lecture_of_nobody_is_none(office):
    with office.office.store.write() as session:
        entry = Entry(reception_id="lecture-unknown", seq=1, at=clock.now(), fact=RecordingStarted(started_at=clock.now()))
        assert not ingest.take_in(session, entry)
    with pytest.raises(NotFound), office.office.store.read() as session:
        lecture_films.lectures.screen_view(session, "x" * 43)


def test_offices_above_and_beside_are_asked_and_decide_themselves(office):
    offered = {one["name"]: one["beside"] for one in office.clerk.get("/api/lectures/choices").json()["offices"]}
    assert offered == {"柳河镇": False, "青山县信访局": True, "石桥镇": True}
    before = {who: len(getattr(office, who).get("/api/notices").json()["notices"]) for who in ("leader", "supervisor", "stranger")}
    asked = {"title": "低保政策", "planned_at": clock.now().isoformat(), "offices": [office.ids["county"], office.ids["other"]]}
    made = office.clerk.post("/api/lectures", json=asked)
    assert made.status_code == 201, made.text
    after = {who: len(getattr(office, who).get("/api/notices").json()["notices"]) - count for who, count in before.items()}
    assert after == {"leader": 1, "supervisor": 0, "stranger": 1}, "who can open it on their screens is told"
    lecture_id = made.json()["row"]["id"]
    assert lecture_id in {row["id"] for row in office.stranger.get("/api/lectures").json()["rows"]}
    assert office.leader.post(f"/api/lectures/{lecture_id}/cancel").status_code == 403, "whoever is asked does not manage it"
    assert office.clerk.post(f"/api/lectures/{lecture_id}/cancel").status_code == 200
