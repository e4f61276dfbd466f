"""Reception days and bookings over the API: who enters, who books, who gets the last slot, who may see what."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from server import clock
from server.errors import WrongState
from server.protocol.accounts import NewUser
from server.reception.account import accounts
from server.reception.talk import bookings
from server.store.models import (
    AccessEntry,
    Booking,
    BookingEvent,
    Organization,
    ProgressTry,
    QueuePlace,
    Reception,
    ReceptionDay,
    User,
)
from tests.office import PASSWORD, client_of, in_the_afternoon, running, settings_for

ASKED = {"name": "李秀英", "phone": "13800001234", "matter": "征地补偿款没有给够"}


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One office for all of these, with a clerk of the county besides; each test has days of its own."""
    with in_the_afternoon(), running(settings_for(tmp_path_factory.mktemp("bookings"))) as started:
        with started.office.store.write() as session:
            asked = NewUser(
                username="county", name="林悦", role="clerk", title="", organization_id=started.ids["county"], password=PASSWORD
            )
            started.ids["county_clerk"] = accounts.add_user(session, session.get_one(Organization, started.ids["county"]), asked).id
        yield SimpleNamespace(started=started, county_clerk=client_of(started.anonymous, started.office, "county"))


@pytest.fixture
def desk(office) -> Any:
    """The office, with nothing counted against anybody."""
    with office.started.office.store.write() as session:
        for one in session.scalars(select(ProgressTry)):
            session.delete(one)
    return office


def today() -> date:
    return clock.today_in_office().date()


_next_day = iter(range(1, 27))


def new_day(desk: Any, **values: Any) -> dict[str, Any]:
    """A day of its own for whoever asks: tomorrow, the day after, and so on."""
    day = {
        "leader_id": desk.started.ids["leader"], "on_day": (today() + timedelta(days=next(_next_day))).isoformat(), "kind": "on_site",
        "begins": "9:00", "slots": 2, "slot_minutes": 30, "place": "县信访局一楼", "charge": "自然资源、城乡建设",
    }  # fmt: skip
    answer = desk.county_clerk.post("/api/reception-days", json=day | values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def book(desk: Any, day: dict[str, Any], **values: Any) -> Any:
    return desk.started.anonymous.post("/api/schedule/bookings", json={"day_id": day["id"]} | ASKED | values)


def order(desk: Any, booking_id: int, deed: str, **values: Any) -> Any:
    version = desk.county_clerk.get(f"/api/bookings/{booking_id}").json()["version"]
    return desk.county_clerk.post(f"/api/bookings/{booking_id}/{deed}", json={"version": version} | values)


def number_of(desk: Any, code: str) -> int:
    """Of a booking that the county's clerk finds in the list."""
    rows = desk.county_clerk.get("/api/bookings").json()["rows"]
    with desk.started.office.store.read() as session:
        number = session.scalars(select(Booking.id).where(Booking.code == code)).one()
    assert number in {one["id"] for one in rows}
    return number


def notice(client: Any) -> str:
    """The newest one."""
    return str(client.get("/api/notices").json()["notices"][0]["words"])


def look(desk: Any, code: str, digits: str = "1234") -> Any:
    return desk.started.anonymous.post("/api/schedule/look", json={"code": code, "phone_last4": digits})


def test_a_day_is_published_with_names_and_times_and_nothing_else(desk):
    day = new_day(desk, kind="video")
    appointed = new_day(desk, kind="appointed")
    shown = desk.started.anonymous.get("/api/schedule", params={"office": desk.started.ids["county"]}).json()
    own = next(one for one in shown["days"] if one["id"] == day["id"])
    assert (own["leader"], own["title"], own["hours"], own["charge"]) == ("周建国", "副县长", "9:00–10:00", "自然资源、城乡建设")
    assert set(own) == {"id", "on_day", "kind", "kind_words", "hours", "leader", "title", "charge", "place", "free"}
    assert [one["time"] for one in own["free"]] == ["9:00–9:30", "9:30–10:00"]
    assert appointed["id"] not in {one["id"] for one in shown["days"]}, "约访 is the office's own initiative"
    assert [one["name"] for one in shown["rooms"]] == ["柳河镇"]
    assert book(desk, appointed).status_code == 404
    assert desk.started.anonymous.get("/api/schedule", params={"office": 999999}).status_code == 404


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"leader_id": "clerk"}, 422),
        ({"on_day": -1}, 422),
        ({"begins": "23:30", "slots": 2}, 422),
        ({"kind": "village", "place": " "}, 422),
        ({"kind": "telepathy"}, 422),
    ],
)
def test_what_is_wrong_with_a_day_is_told(desk, values, status):
    day = {"leader_id": "leader", "on_day": 3, "kind": "on_site", "begins": "9:00", "slots": 2, "slot_minutes": 30} | values
    day |= {"leader_id": desk.started.ids[day["leader_id"]], "on_day": (today() + timedelta(days=day["on_day"])).isoformat()}
    answer = desk.county_clerk.post("/api/reception-days", json=day)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_leader_is_not_in_two_places_at_once(desk):
    day = new_day(desk)
    again = {"leader_id": desk.started.ids["leader"], "on_day": day["on_day"], "kind": "video", "slots": 1, "slot_minutes": 30}
    assert desk.county_clerk.post("/api/reception-days", json=again | {"begins": "9:45"}).status_code == 409
    assert desk.started.leader.post("/api/reception-days", json=again | {"begins": "10:00"}).status_code == 201


def test_an_office_below_enters_nothing_for_the_leaders_above_and_sees_no_booking_of_theirs(desk):
    day = new_day(desk)
    code = book(desk, day).json()["code"]
    number = number_of(desk, code)
    town = desk.started.clerk
    entered = {"leader_id": desk.started.ids["leader"], "on_day": day["on_day"], "kind": "video", "begins": "14:00", "slots": 1, "slot_minutes": 30}
    assert town.post("/api/reception-days", json=entered).status_code == 422
    assert town.post(f"/api/reception-days/{day['id']}/cancel", json={"version": 1, "why": "x"}).status_code == 404
    assert town.get(f"/api/bookings/{number}").status_code == 404
    assert town.post(f"/api/bookings/{number}/approve", json={"version": 1}).status_code == 404


def test_a_booking_from_home_is_approved_and_its_code_tells_when_without_a_name(desk):
    told = book(desk, new_day(desk), slot=1).json()
    assert (told["state"], told["time"], told["may_cancel"]) == ("asked", "9:30–10:00", True)
    number = number_of(desk, told["code"])
    assert notice(desk.county_clerk).endswith("9:30–10:00 周建国，等您安排。")
    seen = desk.county_clerk.get(f"/api/bookings/{number}").json()
    assert (seen["proposed_category"], seen["name"]) == ("征地补偿", "李秀英")
    listed = next(one for one in desk.county_clerk.get("/api/bookings").json()["rows"] if one["id"] == number)
    assert (seen["phone"], seen["code"], listed["phone"], listed["code"]) == ("138****1234", "", "138****1234", "")
    numbers = desk.county_clerk.post(f"/api/bookings/{number}/numbers").json()
    assert numbers == {"phone": "13800001234", "code": told["code"]}
    with desk.started.office.store.read() as session:
        logged = select(AccessEntry.user_id).where(AccessEntry.action == "open_numbers", AccessEntry.thing == "booking", AccessEntry.thing_id == str(number))
        assert session.scalars(logged).all() == [desk.started.ids["county_clerk"]]
    assert seen["fitting_days"][0]["id"] in seen["fitting"], "days of whoever is in charge of it come first"
    done = order(desk, number, "approve", category="征地补偿").json()
    assert (done["state"], done["category"], done["time"]) == ("approved", "征地补偿", "9:30–10:00")
    later = look(desk, told["code"])
    assert later.json()["words"].startswith("排好了")
    assert "李秀英" not in later.text
    assert "征地" not in later.text
    events = desk.county_clerk.get(f"/api/bookings/{number}").json()["events"]
    assert [(one["what"], one["author"]) for one in events] == [("来约", "信访人"), ("排好了", "林悦")]


def test_what_an_office_cannot_decide_is_passed_on_to_a_leader_above_with_a_reason(desk):
    town, ids = desk.started.clerk, desk.started.ids
    higher = new_day(desk)
    with desk.started.office.store.write() as session:
        booking = Booking(
            organization_id=ids["town"], place_id=ids["town"], name="王桂兰", phone="13800001234", matter="征地补偿款没有给够", state="asked",
            version=1, day_id=None, slot=None, asked_at=clock.now(),
        )  # fmt: skip
        session.add(booking)
        session.flush()
        number = booking.id
    seen = town.get(f"/api/bookings/{number}").json()
    assert "refer" in seen["may"]
    assert higher["id"] in [one["id"] for one in seen["superior_days"]]
    assert higher["id"] in seen["fitting"], "its leader is in charge of land"

    def refer(day_id: int, why: str) -> Any:
        return town.post(f"/api/bookings/{number}/refer", json={"version": 1, "day_id": day_id, "slot": 0, "why": why})

    assert refer(higher["id"], " ").status_code == 422
    assert refer(999_999, "镇里定不了").status_code == 404
    assert refer(higher["id"], "补偿标准县里定").json()["state"] == "asked"
    seen = desk.county_clerk.get(f"/api/bookings/{number}").json()
    assert (seen["leader"], seen["events"][-1]["why"]) == ("周建国（副县长）", "青山县信访局：补偿标准县里定")
    assert seen["superior_days"] == [], "nobody is above"
    assert "approve" not in town.get(f"/api/bookings/{number}").json()["may"]
    assert order(desk, number, "approve").json()["state"] == "approved"


@pytest.fixture(scope="module")
def land(office) -> SimpleNamespace:
    """A department of the county, with a clerk and a leader and without a kiosk."""
    started = office.started
    with started.office.store.write() as session:
        land = accounts.add_organization(session, "青山县自然资源局", "ZR", session.get_one(Organization, started.ids["county"]))
        people = [
            User(organization_id=land.id, username=username, name="苏梅", role=role, password_hash="", created_at=clock.now())
            for username, role in (("land", "clerk"), ("landed", "leader"))
        ]
        session.add_all(people)
        session.flush()
        land_id, leader_id = land.id, people[1].id
    clerk, leader = (client_of(started.anonymous, started.office, username) for username in ("land", "landed"))
    return SimpleNamespace(id=land_id, leader_id=leader_id, clerk=clerk, leader=leader)


def test_what_a_department_decides_is_passed_on_to_it_with_a_time_or_without_one(desk, land):
    ids, county_clerk, land_clerk, office = desk.started.ids, desk.county_clerk, land.clerk, land.id
    slot = {"leader_id": land.leader_id, "charge": "", "place": ""}
    on_site, video = new_day(desk, **slot), new_day(desk, **slot, kind="video")
    code = book(desk, new_day(desk, kind="video", charge=""), place_id=ids["town"]).json()["code"]
    number = number_of(desk, code)
    seen = county_clerk.get(f"/api/bookings/{number}").json()
    assert [one["id"] for one in seen["department_days"]] == [on_site["id"], video["id"]]
    assert seen["department_days"][0]["office"] == seen["departments"][0] == seen["others"][0]["name"] == "青山县自然资源局"
    assert county_clerk.get(f"/api/bookings/{number}", params={"category": "低保"}).json()["department_days"] == []
    order_of = {"why": "补偿标准归他们定"}
    assert order(desk, number, "refer", **order_of).status_code == 422
    assert [order(desk, number, "refer", organization_id=one, **order_of).status_code for one in (999_999, ids["county"])] == [404, 404]
    passed = order(desk, number, "refer", organization_id=office, **order_of).json()
    assert (passed["state"], passed["office"], passed["on_day"]) == ("asked", "青山县自然资源局", None)
    assert look(desk, code).json()["words"] == "时间还没有定，由青山县自然资源局给您排，请过一天再来查。"
    assert notice(land_clerk) == "有人约了接访，等青山县自然资源局排时间。"
    theirs = land_clerk.get(f"/api/bookings/{number}").json()
    days = [one["id"] for one in theirs["fitting_days"]]
    assert (days, theirs["events"][-1]["why"]) == ([on_site["id"], video["id"]], "青山县自然资源局：补偿标准归他们定")
    version = {"version": theirs["version"]}
    back = land_clerk.post(f"/api/bookings/{number}/refer", json=version | {"organization_id": ids["county"], "why": "乡镇的事"}).json()
    assert back["office"] == "青山县信访局"
    assert order(desk, number, "refer", day_id=on_site["id"], **order_of).json()["leader"] == "苏梅"
    done = land_clerk.post(f"/api/bookings/{number}/approve", json={"version": back["version"] + 1}).json()
    assert (done["state"], done["where"]) == ("approved", "青山县自然资源局")


def test_whom_a_departments_leader_booked_sits_in_a_township_and_is_called_by_that_leader_and_nobody_else(desk, land):
    started, ids, leader = desk.started, desk.started.ids, land.leader
    day = new_day(desk, leader_id=land.leader_id, kind="video", on_day=today().isoformat(), begins="15:00")
    rooms = started.anonymous.get("/api/schedule", params={"office": land.id}).json()["rooms"]
    assert [one["id"] for one in rooms] == [ids["town"]], "the department has none of its own"
    booked = desk.county_clerk.post("/api/bookings", json={"day_id": day["id"], "place_id": ids["town"]} | ASKED).json()
    key = {"code": booked["code"], "phone_last4": "1234"}
    assert order(desk, booked["id"], "approve").json()["where"] == "柳河镇"
    moved = started.kiosk.post("/api/kiosk/bookings/move", json=key | {"day_id": day["id"], "slot": 1}).json()
    assert (moved["state"], moved["time"], moved["place"]) == ("approved", "15:30–16:00", "柳河镇")
    sitting = started.sitting(booking=key, matter="")
    talk = f"/api/receptions/{sitting['reception_id']}"
    queue = leader.get("/api/queue").json()
    assert [(one["petitioner"], one["hall"], one["place"], one["wanted"]) for one in queue["line"]] == [("李秀英", "柳河镇", 1, "苏梅")]
    assert [(one["name"], one["waiting"], one["display"]) for one in queue["halls"]] == [("青山县自然资源局", 1, "")]
    assert [one.get(talk).status_code for one in (leader, land.clerk, started.clerk)] == [200, 404, 200], "it is that leader's alone"
    assert leader.get(f"{talk}/brief").json()["matter"] == ASKED["matter"]
    assert leader.post(f"/api/queue/{sitting['reception_id']}/call", json={"version": 1}).status_code == 200, "on no hall's duty"
    assert started.kiosk.get("/api/kiosk/sitting").json()["standing"]["caller"] == "苏梅"

    def passed_on(client: Any, version: int, to_id: int | None) -> int:
        sent = {"version": version, "why": "先请副县长谈", "to_id": to_id}
        return int(client.post(f"/api/queue/{sitting['reception_id']}/transfer", json=sent).status_code)

    assert passed_on(leader, 2, ids["leader"]) == 200
    assert [one.get(talk).status_code for one in (leader, started.leader)] == [404, 200], "who passed it on has it no more"
    assert passed_on(started.clerk, 3, land.leader_id) == 200, "and back again"
    joined = leader.post(f"{talk}/join")
    assert joined.status_code == 200, joined.text
    offered = leader.get(f"{talk}/commitments").json()["units"]
    assert [one["name"] for one in offered[:2]] == ["青山县自然资源局", "柳河镇"], "we, then where the person sits"
    with started.office.store.write() as session:
        reception = session.get_one(Reception, sitting["reception_id"])
        reception.state, reception.started_at, reception.ended_at, reception.left_kiosk_at = "closed", *(clock.now(),) * 3
    assert [one["id"] for one in leader.get("/api/receptions/own").json()["rows"]] == [sitting["reception_id"]]
    assert [one.get(talk).status_code for one in (leader, land.clerk, started.clerk)] == [200, 404, 200]


def test_of_two_who_want_the_last_slot_one_gets_it_and_the_other_is_told(desk):
    day = new_day(desk, slots=1)
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda name: book(desk, day, name=name), ("李秀英", "王桂兰")))
    assert sorted(one.status_code for one in answers) == [201, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert refused.json()["error"]["message"] == "这一天约满了，请另选一天。"


def test_a_slot_that_somebody_has_goes_to_nobody_else_until_it_is_given_back(desk):
    day = new_day(desk)
    code = book(desk, day, slot=0).json()["code"]
    assert book(desk, day, slot=0).json()["error"]["code"] == "slot_taken"
    cancelled = desk.started.anonymous.post("/api/schedule/cancel", json={"code": code, "phone_last4": "1234"})
    assert cancelled.json()["state"] == "cancelled"
    assert desk.started.anonymous.post("/api/schedule/cancel", json={"code": code, "phone_last4": "1234"}).status_code == 409
    assert book(desk, day, slot=0).status_code == 201


def move(desk: Any, code: str, day: dict[str, Any], slot: int, digits: str = "1234") -> Any:
    asked = {"code": code, "phone_last4": digits, "day_id": day["id"], "slot": slot}
    return desk.started.anonymous.post("/api/schedule/move", json=asked)


def test_who_booked_moves_it_once_the_new_time_is_free_and_the_office_sees_from_when_to_when(desk):
    first, second = new_day(desk), new_day(desk)
    other = new_day(desk, leader_id=desk.started.ids["other_leader"])
    code = book(desk, first, slot=0).json()["code"]
    taken = book(desk, second, slot=1).json()["code"]
    assert (look(desk, code).json()["may_move"], look(desk, code).json()["office_id"]) == (True, desk.started.ids["county"])
    assert move(desk, code, second, 0, "9999").status_code == 404
    assert move(desk, code, second, 1).json()["error"]["code"] == "slot_taken"
    assert look(desk, code).json()["time"] == "9:00–9:30", "nothing was given back for it"
    assert move(desk, code, first, 0).status_code == 409, "that is when it is"
    number = number_of(desk, code)
    assert order(desk, number, "approve").status_code == 200
    moved = move(desk, code, second, 0).json()
    assert (moved["state"], moved["time"], moved["why"]) == ("approved", "9:00–9:30", ""), "the same leader: nothing to decide"
    assert book(desk, first, slot=0).status_code == 201, "what was given back is free"
    away = move(desk, code, other, 1).json()
    assert (away["state"], away["leader"]) == ("asked", "孙丽（局长）"), "another leader: the office looks again"
    assert move(desk, code, other, 0).json()["state"] == "asked"
    assert "改过 3 次" in move(desk, code, other, 1).json()["error"]["message"]
    events = desk.county_clerk.get(f"/api/bookings/{number}").json()["events"]
    assert [(one["what"], one["author"], one["when"].split()[-2:]) for one in events] == [
        ("来约", "信访人", ["9:00–9:30", "周建国"]), ("排好了", "林悦", ["9:00–9:30", "周建国"]), ("改了时间", "信访人", ["9:00–9:30", "周建国"]),
        ("改了时间，等着安排", "信访人", ["9:30–10:00", "孙丽"]), ("改了时间，等着安排", "信访人", ["9:00–9:30", "孙丽"]),
    ]  # fmt: skip
    assert order(desk, number, "rebook").status_code == 409, "that is the petitioner's"
    assert desk.started.anonymous.post("/api/schedule/cancel", json={"code": taken, "phone_last4": "1234"}).status_code == 200
    assert move(desk, taken, other, 1).status_code == 409, "what was cancelled is not moved"


def test_of_two_clerks_who_decide_at_once_the_second_is_told(desk):
    day = new_day(desk)
    number = number_of(desk, book(desk, day).json()["code"])
    assert order(desk, number, "approve").status_code == 200
    stale = desk.county_clerk.post(f"/api/bookings/{number}/move", json={"version": 1, "slot": 1, "why": "领导开会"})
    assert stale.status_code == 409
    assert order(desk, number, "move", slot=1).status_code == 422, "who booked wants to know why"
    moved = order(desk, number, "move", slot=1, why="领导开会").json()
    assert (moved["state"], moved["time"]) == ("approved", "9:30–10:00")
    assert order(desk, number, "approve").status_code == 409
    assert order(desk, number, "release").status_code == 409


def test_bookings_stand_by_their_time_those_without_a_day_first_and_those_whose_day_is_over_last(desk):
    started, wanted = desk.started, []
    with started.office.store.write() as session:
        for days, name in ((2, "后天"), (-2, "前天"), (1, "明天"), (None, "另排")):
            day = None if days is None else ReceptionDay(
                organization_id=started.ids["county"], leader_id=started.ids["leader"], on_day=today() + timedelta(days=days), kind="video",
                begins=600, slots=1, slot_minutes=30, place="", charge="", state="planned", version=1, author="x", made_at=clock.now(),
            )  # fmt: skip
            booking = Booking(
                organization_id=started.ids["county"], name=name, phone="13800001234", matter="低保", state="approved", version=1, day=day,
                slot=None if day is None else 0, asked_at=clock.now(),
            )  # fmt: skip
            session.add(booking)
            session.flush()
            wanted.append(booking.id)

    def listed(**more: int) -> list[str]:
        rows = desk.county_clerk.get("/api/bookings", params={"state": "approved"} | more).json()["rows"]
        return [one["name"] for one in rows if one["id"] in wanted]

    assert listed() == ["另排", "明天", "后天", "前天"]
    assert listed(before=wanted[0]) == ["前天"]
    assert listed(before=wanted[3]) == ["明天", "后天", "前天"]


def test_whoever_receives_sees_who_was_booked_for_today_until_they_sit_down(desk, monkeypatch):
    started, ids = desk.started, desk.started.ids
    morning = clock.today_in_office().replace(hour=9, minute=40) - timedelta(days=1)  # no log-in has ended then
    with started.office.store.write() as session:
        days = [
            ReceptionDay(
                organization_id=ids["county"], leader_id=ids[leader], on_day=morning.date() + timedelta(days=later), kind=kind, begins=540, slots=4,
                slot_minutes=30, place="", charge="", state="planned", version=1, author="x", made_at=clock.now(),
            )
            for leader, kind, later in (("leader", "video", 0), ("other_leader", "on_site", 0), ("leader", "on_site", 1))
        ]  # fmt: skip
        for day, slot, name, state in (
            (0, 0, "没到的", "approved"), (0, 1, "晚到的", "approved"), (0, 2, "没来的", "no_show"), (0, 3, "取消的", "cancelled"),
            (1, 2, "现场的", "approved"), (2, 0, "明天的", "approved"),
        ):  # fmt: skip
            session.add(
                Booking(
                    organization_id=ids["county"], place_id=ids["town"], name=name, phone="13800001234", matter="低保", state=state, version=1,
                    day=days[day], slot=slot, asked_at=clock.now(),
                )
            )  # fmt: skip
    monkeypatch.setattr(clock, "now", lambda: morning.astimezone(UTC))

    def seen(client: Any) -> list[tuple[str, str, str]]:
        return [(one["begins"], one["name"], one["standing"]) for one in client.get("/api/bookings/today").json()["expected"]]

    own = [("9:00", "没到的", "missed"), ("9:30", "晚到的", "late"), ("10:00", "没来的", "no_show")]
    assert seen(started.leader) == own
    assert seen(started.other_leader) == [("10:00", "现场的", "ahead")]
    assert seen(desk.county_clerk) == [*own, ("10:00", "现场的", "ahead")]
    assert seen(started.clerk) == seen(desk.county_clerk), "whoever they will sit down with"
    assert started.stranger.get("/api/bookings/today").json() == {"expected": []}
    assert started.handler.get("/api/bookings/today").status_code == 403
    with started.office.store.read() as session:
        late = session.scalars(select(Booking).where(Booking.name == "晚到的")).one()
    sat = started.kiosk.post(
        "/api/kiosk/sittings",
        json={"consent": "audio_video", "name": "晚到的", "booking": {"code": late.code, "phone_last4": "1234"}},
    )
    assert sat.status_code == 201, sat.text
    assert ("9:30", "晚到的", "late") not in seen(started.leader), "they stand in the queue now"
    assert started.kiosk.post("/api/kiosk/sitting/leave").status_code == 204
    with started.office.store.read() as session:
        gone = session.scalars(select(Booking).where(Booking.name == "没来的")).one()
    key = {"code": gone.code, "phone_last4": "1234"}
    assert started.kiosk.post("/api/kiosk/booking", json=key).status_code == 404
    assert order(desk, gone.id, "late").json()["state"] == "arrived"
    assert started.kiosk.post("/api/kiosk/booking", json=key).status_code == 200, "who came late after all is received"


def test_who_is_at_a_kiosk_books_another_day_and_will_sit_there(desk, monkeypatch):
    kiosk, tomorrow = desk.started.kiosk, (today() + timedelta(days=1)).isoformat()
    entered = {"leader_id": desk.started.ids["other_leader"], "on_day": tomorrow, "slots": 1, "slot_minutes": 30, "kind": "video"}
    video, appointed = (
        desk.county_clerk.post("/api/reception-days", json=entered | values).json()
        for values in ({"begins": "20:00", "slots": 2}, {"begins": "21:30", "kind": "appointed"})
    )

    def offered() -> dict[int, dict[str, Any]]:
        return {one["id"]: one for one in kiosk.get("/api/kiosk/days").json()["days"]}

    assert (offered()[video["id"]]["office"], appointed["id"] in offered()) == ("青山县信访局", False)
    told = kiosk.post("/api/kiosk/bookings", json={"day_id": video["id"], "slot": 1} | ASKED)
    assert (told.status_code, told.json()["state"], told.json()["time"], told.json()["place"]) == (201, "asked", "20:30–21:00", "柳河镇")
    assert look(desk, told.json()["code"]).json()["leader"] == "孙丽（局长）", "the code opens it at home, too"
    assert number_of(desk, told.json()["code"]) in {one["id"] for one in desk.started.clerk.get("/api/bookings").json()["rows"]}
    key = {"code": told.json()["code"], "phone_last4": "1234"}
    assert kiosk.post("/api/kiosk/booking", json=key).status_code == 404, "it is not for today"
    later = kiosk.post("/api/kiosk/booking", params={"any_day": True}, json=key).json()
    assert (later["name"], later["later"]["state"], later["later"]["may_cancel"]) == ("", "asked", True)
    assert kiosk.post("/api/kiosk/booking", params={"any_day": True}, json=key | {"phone_last4": "9999"}).status_code == 404
    only = kiosk.get("/api/kiosk/days", params={"office": later["later"]["office_id"]}).json()["days"]
    assert {one["id"] for one in only} == set(offered())
    assert kiosk.get("/api/kiosk/days", params={"office": desk.started.ids["other"]}).json() == {"days": []}, "it is not on this kiosk's way"
    moves = [kiosk.post("/api/kiosk/bookings/move", json=key | {"day_id": video["id"]} | more) for more in ({"slot": 1}, {"slot": 0}, {"slot": 1})]
    assert [(one.status_code, one.json().get("time")) for one in moves] == [(409, None), (200, "20:00–20:30"), (200, "20:30–21:00")]
    assert kiosk.post("/api/kiosk/bookings/move", json=key | {"day_id": video["id"], "slot": 0, "phone_last4": "9999"}).status_code == 404
    again = kiosk.post("/api/kiosk/bookings", json={"day_id": video["id"], "slot": 1} | ASKED)
    assert again.json()["error"]["code"] == "slot_taken"
    assert [one["time"] for one in offered()[video["id"]]["free"]] == ["20:00–20:30"]
    monkeypatch.setattr(bookings, "MOST_ASKED_AT_KIOSK", 1)
    assert kiosk.post("/api/kiosk/bookings", json={"day_id": video["id"]} | ASKED).status_code == 429
    assert book(desk, video).status_code == 201
    assert video["id"] not in offered(), "it is full"
    assert desk.started.anonymous.get("/api/kiosk/days").status_code == 401


def test_when_a_day_is_cancelled_its_bookings_wait_for_another(desk):
    day, other = new_day(desk), new_day(desk, slots=1)
    told = book(desk, day).json()
    assert desk.county_clerk.post(f"/api/reception-days/{day['id']}/cancel", json={"version": 1}).status_code == 422
    cancelled = desk.county_clerk.post(f"/api/reception-days/{day['id']}/cancel", json={"version": 1, "why": "防汛值班"})
    assert (cancelled.json()["state"], cancelled.json()["booked"]) == ("cancelled", 0)
    again = desk.county_clerk.post(f"/api/reception-days/{day['id']}/cancel", json={"version": 2, "why": "防汛值班"})
    assert again.status_code == 409
    waiting = look(desk, told["code"]).json()
    assert (waiting["state"], waiting["why"], waiting["day"]) == ("asked", "防汛值班", "")
    assert book(desk, day).status_code == 404
    number = number_of(desk, told["code"])
    assert order(desk, number, "approve").status_code == 422
    assert order(desk, number, "approve", day_id=other["id"]).json()["on_day"] == other["on_day"]


def test_codes_cannot_be_tried_out_and_wrong_ones_are_all_alike(desk):
    code = book(desk, new_day(desk)).json()["code"]
    answers = [look(desk, code, "9999"), look(desk, "ZZZZZZZZZZ"), *(look(desk, f"AAAAAAAA{n:02d}") for n in range(9))]
    assert [one.status_code for one in answers] == [404] * 10 + [429]
    assert len({one.json()["error"]["message"] for one in answers[:10]}) == 1
    assert look(desk, code).status_code == 429


def test_nobody_books_everything_from_one_place(desk):
    day = new_day(desk, slots=10)
    assert [book(desk, day).status_code for _ in range(6)] == [201] * 5 + [429]
    town = desk.started.clerk.post("/api/bookings", json={"day_id": day["id"]} | ASKED)
    assert town.status_code == 201, "a clerk books for who stands at the desk"
    assert town.json()["where"] == "县信访局一楼", "where the leader sits, whoever booked for them"
    assert town.json()["id"] in {one["id"] for one in desk.started.clerk.get("/api/bookings").json()["rows"]}


def test_a_clerk_books_for_a_place_of_their_own_office_or_the_leaders(desk):
    day, ids = new_day(desk, kind="video", slots=3), desk.started.ids
    told = [desk.started.clerk.post("/api/bookings", json={"day_id": day["id"], "place_id": place} | ASKED) for place in (99_999, ids["other"], ids["town"])]
    assert [one.status_code for one in told] == [422, 422, 201]


def test_what_was_done_with_a_booking_is_never_changed(desk):
    book(desk, new_day(desk))
    with pytest.raises(WrongState), desk.started.office.store.write() as session:
        session.scalars(select(BookingEvent).limit(1)).one().why = "x"


def duty(desk: Any, day: date) -> Callable[[str], dict[str, Any]]:
    found = desk.county_clerk.get("/api/reception-days/duty", params={"office": desk.started.ids["county"], "day": day.isoformat()}).json()
    return lambda name: next(one for one in found["leaders"] if one["name"] == name)


def test_who_has_met_the_rule_is_counted_in_days(desk):
    admin, county = desk.started.administrator, desk.started.ids["county"]
    assert admin.put(f"/api/admin/organizations/{county}/level", json={"level": "county"}).status_code == 204
    planned = duty(desk, today())("孙丽")["ahead"]  # by the tests above, as far as it is of this month
    day = new_day(desk, on_day=today().isoformat(), leader_id=desk.started.ids["other_leader"], begins="0:00")
    assert duty(desk, today())("孙丽") | {"leader_id": 0} == {
        "leader_id": 0, "name": "孙丽", "title": "局长", "days": [], "ahead": [today().isoformat(), *planned], "missing": 1,
    }  # fmt: skip
    assert desk.county_clerk.post(f"/api/reception-days/{day['id']}/held", json={"version": 1}).status_code == 200
    met = duty(desk, today())("孙丽")
    assert (met["days"], met["ahead"], met["missing"]) == ([today().isoformat()], planned, 0)
    later = new_day(desk)
    assert desk.county_clerk.post(f"/api/reception-days/{later['id']}/held", json={"version": 1}).status_code == 409
    lax = {"times": 1, "period": "quarter", "source": "青信发〔2026〕3号"}
    assert admin.put(f"/api/admin/reception-duty/{county}", json=lax).status_code == 422
    assert admin.put(f"/api/admin/reception-duty/{county}", json=lax | {"times": 2, "period": "month"}).json()["own"] is True
    assert duty(desk, today())("孙丽")["missing"] == 1
    assert admin.delete(f"/api/admin/reception-duty/{county}").json()["times"] == 1
    assert admin.get(f"/api/admin/reception-duty/{county}").json()["own"] is False


def test_a_booking_that_sits_down_at_the_kiosk_is_the_reception_with_its_matter_leader_and_channel(desk):
    kiosk = desk.started.kiosk
    day = new_day(desk, on_day=today().isoformat(), begins="0:00", slots=1, slot_minutes=5, kind="appointed", place="")
    with desk.started.office.store.write() as session:  # its slot is over by now, whatever the hour
        booking = Booking(
            organization_id=desk.started.ids["county"], place_id=desk.started.ids["town"], name="李秀英", phone="13800001234",
            matter="征地补偿款没有给够", state="asked", version=1, day_id=day["id"], slot=0, asked_at=clock.now(),
        )  # fmt: skip
        session.add(booking)
        session.flush()
        key, number = {"code": booking.code, "phone_last4": "1234"}, booking.id
    assert order(desk, number, "approve").json()["error"]["code"] == "slot_past", "nobody is told to come to a time that is over"
    with desk.started.office.store.write() as session:
        session.get_one(Booking, number).state = "approved"
    assert kiosk.post("/api/kiosk/booking", json=key | {"phone_last4": "9999"}).status_code == 404
    assert kiosk.post("/api/kiosk/booking", json=key).json() == {
        "name": "李秀英", "matter": "征地补偿款没有给够", "time": "0:00–0:05", "leader": "周建国（副县长）", "later": None,
    }  # fmt: skip
    sitting = desk.started.sitting(matter="", phone="", booking=key)
    assert sitting["query_code"] == key["code"]
    seen = desk.started.leader.get(f"/api/receptions/{sitting['reception_id']}").json()
    assert (seen["matter"], seen["booked"]) == ("征地补偿款没有给够", "0:00–0:05 周建国（副县长）")
    assert look(desk, key["code"]).json()["state"] == "arrived"
    with desk.started.office.store.read() as session:
        reception = session.get_one(Reception, sitting["reception_id"])
        place = session.get_one(QueuePlace, reception.id)
        assert (reception.channel, reception.petitioner_phone, place.wanted_id) == ("on_site", "13800001234", desk.started.ids["leader"])
    kiosk.post("/api/kiosk/sitting/leave")
    answers = [kiosk.post("/api/kiosk/booking", json=key).status_code for _ in range(12)]
    assert answers == [404] * 12, "a booking is used once; codes of matters are looked up here, too, and count as no wrong try"
    guesses = [kiosk.post("/api/kiosk/booking", json=key | {"code": f"AAAAAAAA{n:02d}"}).status_code for n in range(11)]
    assert guesses[-1] == 429


def test_the_time_that_was_booked_counts_in_the_queue_and_who_comes_when_it_is_over_stands_as_everybody(desk):
    now = clock.today_in_office()
    for slot, minutes, words in ((now.hour // 4, 240, f"约的是 {now.hour // 4 * 4:02d}:00"), (0, 5, "按先来后到")):
        with desk.started.office.store.write() as session:
            day = ReceptionDay(
                organization_id=desk.started.ids["county"], leader_id=desk.started.ids["leader"], on_day=today(), kind="video", begins=0,
                slots=6, slot_minutes=minutes, place="", charge="", state="planned", version=1, author="x", made_at=clock.now(),
            )  # fmt: skip
            booking = Booking(
                organization_id=day.organization_id, place_id=desk.started.ids["town"], name="李秀英", phone="13800001234",
                matter="低保没有批", state="approved", version=1, day=day, slot=slot, asked_at=clock.now(),
            )  # fmt: skip
            session.add_all([day, booking])
            session.flush()
            key = {"code": booking.code, "phone_last4": "1234"}
        sitting = desk.started.sitting(booking=key)
        assert words in sitting["standing"]["why"]
        order = {"version": 1, "claims": ["booked"], "why": "他说约过"}
        claimed = desk.started.leader.post(f"/api/queue/{sitting['reception_id']}/claims", json=order)
        assert claimed.status_code == 422, "only a booking says so"
        desk.started.kiosk.post("/api/kiosk/sitting/leave")
