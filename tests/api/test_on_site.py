"""Receptions on site over the API: what is asked before the microphone records, who spoke, what it counts as."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from sqlalchemy import select

from server import clock
from server.protocol.accounts import NewUser
from server.reception.account import accounts
from server.reception.record import revisions
from server.reception.record.canonical import settle
from server.store.models import (
    Booking,
    Line,
    OnSiteTalk,
    Organization,
    Participant,
    QueuePlace,
    Reception,
    ReceptionDay,
    StoredPresence,
    VisitRecord,
)
from tests.office import PASSWORD, client_of, running, settings_for
from tests.reception import room_talk
from tests.records.office import strokes


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """One office for all of these, with a clerk of the county besides."""
    with running(settings_for(tmp_path_factory.mktemp("on_site"))) as started:
        with started.office.store.write() as session:
            asked = NewUser(
                username="county", name="林悦", role="clerk", title="", organization_id=started.ids["county"], password=PASSWORD
            )
            started.ids["county_clerk"] = accounts.add_user(session, session.get_one(Organization, started.ids["county"]), asked).id
        yield SimpleNamespace(started=started, clerk=client_of(started.anonymous, started.office, "county"), ids=started.ids)


def begin(desk: Any, status: int = 201, **values: Any) -> Any:
    asked = {"kind": "on_site", "leader_id": desk.ids["leader"], "name": "王桂兰", "phone": "13900005678", "matter": "补偿款没有发"} | values
    answer = desk.clerk.post("/api/on-site", json=asked)
    assert answer.status_code == status, answer.text
    return answer.json()


def start(desk: Any, talk: dict[str, Any], words: str = "行，录吧") -> Any:
    return desk.clerk.post(f"/api/on-site/{talk['reception_id']}/start", json={"words": words})


def recorded(desk: Any, talk: dict[str, Any]) -> str:
    """The room's microphone heard what was said, and the talk is over; the record's id."""
    with desk.started.office.store.write() as session:
        return room_talk.over(session, talk["reception_id"], talk["microphone"])


def edit(desk: Any, record: str, *edits: dict[str, Any]) -> Any:
    return desk.clerk.post(f"/api/records/{record}/edits", json={"edits": list(edits)})


def lines_of(desk: Any, record: str) -> list[dict[str, Any]]:
    return list(desk.clerk.get(f"/api/records/{record}").json()["body"])


def test_nothing_is_recorded_before_the_petitioners_own_words_to_the_notice(desk):
    talk = begin(desk, people=[{"name": "王小兵", "part": "companion"}])
    assert [(one["role"], one["name"]) for one in talk["people"]] == [
        ("petitioner", "王桂兰"), ("leader", "周建国"), ("clerk", "林悦"), ("petitioner", "王小兵"),
    ]  # fmt: skip
    assert "同意录音吗" in talk["notice"]
    unasked = start(desk, talk, " ")
    assert (unasked.status_code, unasked.json()["error"]["message"][:6]) == (422, "先把告知念给")
    seat = start(desk, talk).json()
    assert seat["participant_id"] == talk["microphone"] == seat["ticket"]["participant_id"]
    claims = jwt.decode(seat["ticket"]["token"], desk.started.settings.key("seat"), algorithms=["HS256"])
    assert (claims["role"], claims["video"], claims["may_end"], claims["name"]) == ("room", False, True, "现场接访室")
    again = start(desk, talk, "").json()
    assert again["participant_id"] == talk["microphone"], "a page that is loaded anew asks nobody a second time"
    seen = desk.clerk.get(f"/api/on-site/{talk['reception_id']}").json()
    assert (seen["state"], seen["agreed_words"], seen["agreed_before"]) == ("running", "行，录吧", "林悦")
    busy = begin(desk, name="李秀英")
    assert start(desk, busy).json()["error"]["code"] == "still_talking", "nobody is in two talks at once"
    by_video = desk.started.leader.post(f"/api/receptions/{talk['reception_id']}/join")
    assert (by_video.status_code, by_video.json()["error"]["code"]) == (409, "on_site")
    assert desk.started.stranger.get(f"/api/on-site/{talk['reception_id']}").status_code == 404
    supervisor = desk.started.supervisor
    assert talk["reception_id"] not in {one["id"] for one in supervisor.get("/api/observing").json()["talks"]}
    unseen = supervisor.post(f"/api/observing/{talk['reception_id']}")
    assert (unseen.status_code, unseen.json()["error"]["code"]) == (409, "on_site"), "nobody listens whom the petitioner cannot see"
    asked_in = desk.clerk.post(f"/api/receptions/{talk['reception_id']}/invitations", json={"role": "joint", "name": "赵律师"})
    assert asked_in.status_code == 409
    assert desk.started.other_leader.post(f"/api/on-site/{talk['reception_id']}/end").status_code == 403
    assert desk.clerk.post(f"/api/on-site/{talk['reception_id']}/end").status_code == 202
    assert desk.clerk.post(f"/api/on-site/{busy['reception_id']}/cancel").status_code == 204


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": " "}, "name"), ({"kind": "village"}, "place"), ({"leader_id": 999}, "leader_id"), ({"leader_id": "clerk"}, "leader_id")],
)
def test_what_is_missing_is_told(desk, values, field):
    if isinstance(values.get("leader_id"), str):
        values = {"leader_id": desk.ids[values["leader_id"]]}
    assert begin(desk, 422, **values)["error"]["details"]["fields"] == [field]


def test_who_spoke_is_the_clerks_to_say_and_then_the_form_follows(desk):
    talk = begin(desk, kind="village", place="石桥镇王家村村委会")
    assert start(desk, talk).status_code == 200
    record = recorded(desk, talk)
    opened = desk.clerk.get(f"/api/records/{record}").json()
    agreed, asked, wants, promised = opened["body"]
    assert (agreed["kind"], agreed["participant_id"], agreed["edited_by"]) == ("note", None, "林悦")
    assert agreed["text"].endswith("王桂兰答：“行，录吧”")
    assert {one["participant_id"] for one in (asked, wants, promised)} == {talk["microphone"]}
    form = {one["field"]: one["value"] for one in opened["form"]}
    assert (form["form_of_visit"], form["place"], form["requests"]) == ("on_site", "石桥镇王家村村委会", "")
    assert opened["promises"] == []
    assert opened["blocked_by"][0].startswith("还有 3 句没有写是谁说的")
    assert desk.clerk.post(f"/api/records/{record}/confirm").status_code == 409
    seats = {one["role"]: one["id"] for one in opened["participants"] if one["name"] != "现场"}

    def spoke(line: dict[str, Any], role: str) -> dict[str, Any]:
        return {"kind": "speaker", "line_id": line["id"], "version": line["version"], "participant_id": seats[role]}

    assert edit(desk, record, spoke(asked, "room")).status_code == 422, "a microphone is nobody"
    assert edit(desk, record, spoke(asked, "leader"), spoke(wants, "petitioner")).status_code == 200
    half = desk.clerk.get(f"/api/records/{record}").json()
    assert next(one["value"] for one in half["form"] if one["field"] == "requests") == "", "as long as one line is nobody's"
    done = edit(desk, record, spoke(promised, "leader"))
    assert done.status_code == 200, done.text
    whole = desk.clerk.get(f"/api/records/{record}").json()
    assert "36800元" in next(one["value"] for one in whole["form"] if one["field"] == "requests")
    assert [one["what"] for one in whole["promises"]] == ["拿出处理意见"]
    assert not any("谁说的" in one for one in whole["blocked_by"])
    assert [one["kind"] for one in whole["body"]] == ["note", "question", "answer", "question"]
    present = {one["who"] for one in whole["attendance"]}
    assert {"信访人 王桂兰", "接访领导 周建国", "接谈员 林悦", "现场话筒 石桥镇王家村村委会"} <= present
    added = desk.clerk.post(f"/api/on-site/{talk['reception_id']}/people", json={"name": "赵律师", "part": "joint"})
    assert added.status_code == 201
    assert edit(desk, record, {"kind": "undo"}).status_code == 200
    assert {one["participant_id"] for one in lines_of(desk, record)} >= {talk["microphone"]}, "undone: nobody's again"
    held = desk.started.leader.get("/api/stats/receptions/list", params={"what": "other"}).json()["rows"]
    assert ("下访", None) in {(one["how"], one["waited"]) for one in held}, "nobody waited, so it shortens no figure"


def test_a_booking_of_today_is_received_and_one_that_was_not_held_can_be_used_again(desk):
    with desk.started.office.store.write() as session:
        day = ReceptionDay(
            organization_id=desk.ids["county"], leader_id=desk.ids["other_leader"], on_day=clock.today(), kind="appointed", begins=0,
            slots=1, slot_minutes=5, place="", charge="", state="planned", version=1, author="x", made_at=clock.now(),
        )  # fmt: skip
        session.add(day)
        session.flush()
        booking = Booking(
            organization_id=desk.ids["county"], name="李秀英", phone="13800001234", matter="低保没有批", state="approved", version=1,
            day_id=day.id, slot=0, asked_at=clock.now(),
        )  # fmt: skip
        session.add(booking)
        session.flush()
        number, code = booking.id, booking.code
    offered = next(one for one in desk.clerk.get("/api/on-site").json()["booked"] if one["booking_id"] == number)
    assert (offered["kind"], offered["leader_id"], offered["place"]) == ("appointed", desk.ids["other_leader"], "青山县信访局")
    wanted = {"kind": "appointed", "leader_id": desk.ids["other_leader"], "booking_id": number, "name": "", "phone": "", "matter": ""}
    talk = begin(desk, **wanted)
    assert (talk["petitioner"], talk["matter"], talk["query_code"], talk["kind_words"]) == ("李秀英", "低保没有批", code, "约访")
    assert begin(desk, 409, **wanted)["error"]["message"] == "这个预约已经用过了。"
    assert desk.clerk.post(f"/api/on-site/{talk['reception_id']}/cancel").status_code == 204
    again = begin(desk, **wanted)
    assert again["query_code"] == code
    assert start(desk, again).status_code == 200
    assert desk.clerk.post(f"/api/on-site/{again['reception_id']}/cancel").status_code == 409, "it began"
    events = [one["what"] for one in desk.clerk.get(f"/api/bookings/{number}").json()["events"]]
    assert events == ["来了", "来了，当时没有谈成", "来了"]


def test_who_waits_with_a_number_goes_to_the_room_in_turn_and_comes_back_if_it_is_not_held(desk):
    sitting = desk.started.sitting(name="赵大娘")
    asked = {"leader_id": desk.ids["leader"], "reception_id": sitting["reception_id"], "name": "", "phone": "", "matter": ""}
    talk = begin(desk, **asked)
    assert (talk["number"], talk["petitioner"], talk["queued"]) == (sitting["number"], "赵大娘", True)
    assert desk.clerk.post(f"/api/on-site/{talk['reception_id']}/cancel").status_code == 204
    with desk.started.office.store.read() as session:
        assert session.get(OnSiteTalk, sitting["reception_id"]) is None
        assert session.get_one(QueuePlace, sitting["reception_id"]).called_by_id is None
        roles = session.scalars(select(Participant.role).where(Participant.reception_id == sitting["reception_id"])).all()
        assert roles == ["petitioner"]
    talk = begin(desk, **asked)
    assert start(desk, talk).status_code == 200
    assert desk.started.kiosk.get("/api/kiosk/sitting").status_code == 404, "the kiosk is free for the next"
    with desk.started.office.store.read() as session:
        reception = session.get_one(Reception, sitting["reception_id"])
        assert (reception.channel, reception.consent, reception.receiver_id) == ("on_site", "audio_only", desk.ids["leader"])
    assert desk.clerk.post(f"/api/on-site/{talk['reception_id']}/end").status_code == 202


def test_how_they_agreed_alone_is_no_record(desk):
    talk = begin(desk, name="钱秀兰")
    assert start(desk, talk).status_code == 200
    with desk.started.office.store.write() as session:
        record = room_talk.over(session, talk["reception_id"], talk["microphone"], ())
    opened = desk.clerk.get(f"/api/records/{record}").json()
    assert [one["kind"] for one in opened["body"]] == ["note"]
    assert opened["blocked_by"][0].startswith("笔录里一句话都没有")


def test_who_left_the_room_early_stands_in_the_record_with_the_time(desk):
    talk = begin(desk, name="吴大山", people=[{"name": "吴小山", "part": "companion"}, {"name": "赵律师", "part": "joint"}])
    seats = {one["name"]: one["id"] for one in talk["people"]}

    def told(name: str, status: int = 200, client: Any = None, **values: Any) -> Any:
        path = f"/api/on-site/{talk['reception_id']}/people/{seats.get(name, name)}"
        answer = (client or desk.clerk).put(path, json=values)
        assert answer.status_code == status, answer.text
        return answer.json()

    told("吴小山", 409, what="left")
    assert start(desk, talk).status_code == 200
    assert told("吴小山", 403, desk.started.other_leader, what="left")
    told(talk["microphone"], 404, what="left")
    told("吴小山", 409, what="back")
    left = {one["name"]: one["left_at"] for one in told("吴小山", what="left")["people"]}
    assert left["吴小山"] is not None
    assert left["吴大山"] is None
    told("吴小山", what="stayed")
    told("赵律师", 422, what="left", at=(clock.now() - timedelta(hours=1)).isoformat())
    told("赵律师", 422, what="left", at=(clock.now() + timedelta(hours=1)).isoformat())
    with desk.started.office.store.write() as session:
        reception = session.get_one(Reception, talk["reception_id"])
        reception.joined_at = clock.now() - timedelta(minutes=30)
        for one in session.scalars(select(StoredPresence).where(StoredPresence.reception_id == reception.id)):
            one.since = reception.joined_at
    gone, back = clock.now() - timedelta(minutes=20), clock.now() - timedelta(minutes=10)
    told("赵律师", what="left", at=gone.isoformat())
    told("赵律师", what="back", at=back.isoformat())
    told("吴小山", what="left", at=back.isoformat())
    record = recorded(desk, talk)
    told("吴大山", 422, what="left")
    people = {one["who"].split(" ")[-1]: one["text"] for one in desk.clerk.get(f"/api/records/{record}").json()["attendance"]}
    assert people["吴小山"].endswith("自己离开。")
    span = " 到 ".join(f"{one.astimezone(clock.OFFICE_ZONE):%H:%M:%S}" for one in (gone, back))
    assert f"其间 {span} 离开" in people["赵律师"]
    assert people["吴大山"].endswith("谈到结束。")


def test_its_record_is_opened_read_and_signed_at_a_kiosk_of_the_office_or_below(desk):
    talk = begin(desk, name="郑玉兰", phone="13700004444")
    assert start(desk, talk).status_code == 200
    record = recorded(desk, talk)
    kiosk, key = desk.started.kiosk, {"code": talk["query_code"], "phone_last4": "4444"}
    assert kiosk.post("/api/kiosk/record", json=key).json()["state"] == "preparing"
    assert kiosk.get(f"/api/reading/{record}").status_code == 404
    with desk.started.office.store.write() as session:
        found = session.get_one(VisitRecord, record)
        found.state, found.confirmed_at = "confirmed", clock.now()
        revisions.add(session, found, "confirm", author="林悦", after=settle(session, found))
    assert kiosk.post("/api/kiosk/record", json=key | {"phone_last4": "1111"}).status_code == 404
    assert kiosk.post("/api/kiosk/record", json=key).json()["state"] == "opened"
    shown = kiosk.get("/api/kiosk/sitting").json()
    assert (shown["step"], shown["record_id"], shown["reception_id"]) == ("read", record, talk["reception_id"])
    read = kiosk.get(f"/api/reading/{record}").json()
    drawn = {"signer": 0, "strokes": strokes(), "aspect": 0.5, "sha256": read["sha256"]}
    assert kiosk.post(f"/api/reading/{record}/signature", json=drawn).is_success
    assert kiosk.get("/api/kiosk/sitting").json()["step"] == "slip"
    assert kiosk.post("/api/kiosk/sitting/leave").status_code == 204
    assert kiosk.get(f"/api/reading/{record}").status_code == 404, "the next one at this kiosk reads nothing of it"
    assert desk.clerk.get(f"/api/on-site/{talk['reception_id']}").json()["place"] == "现场接访室"


def test_a_kiosk_of_another_office_does_not_open_it(desk):
    ids = desk.started.ids
    with desk.started.office.store.write() as session:
        other = session.get_one(Organization, ids["other"])
        asked = NewUser(username="elsewhere", name="钱进", role="clerk", title="", organization_id=other.id, password=PASSWORD)
        accounts.add_user(session, other, asked)
    there = client_of(desk.started.anonymous, desk.started.office, "elsewhere")
    new = {"kind": "on_site", "leader_id": ids["leader"], "name": "冯春", "phone": "13700005555", "matter": "低保"}
    talk = there.post("/api/on-site", json=new).json()
    assert there.post(f"/api/on-site/{talk['reception_id']}/start", json={"words": "同意"}).status_code == 200
    record = recorded(desk, talk)
    with desk.started.office.store.write() as session:
        session.get_one(VisitRecord, record).state = "confirmed"
        session.get_one(VisitRecord, record).confirmed_at = clock.now()
    refused = desk.started.kiosk.post("/api/kiosk/record", json={"code": talk["query_code"], "phone_last4": "5555"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "other_kiosk")
    assert "石桥镇的接谈机" in refused.json()["error"]["message"]


def test_a_line_that_is_nobodys_stays_so_when_it_is_cut_in_two(desk):
    talk = begin(desk, name="孙玉梅")
    with desk.started.office.store.write() as session:
        session.get_one(OnSiteTalk, talk["reception_id"]).agreed_at = None
    record = recorded(desk, talk)
    first = lines_of(desk, record)[0]
    assert first["kind"] == "note", "of the room's microphone until somebody says whose it is"
    assert edit(desk, record, {"kind": "split", "line_id": first["id"], "version": first["version"], "at": 4}).status_code == 200
    with desk.started.office.store.read() as session:
        query = select(Line.participant_id).where(Line.record_id == record)
        assert set(session.scalars(query)) == {talk["microphone"]}
        assert session.get_one(VisitRecord, record).state == "correcting"
