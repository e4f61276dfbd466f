"""The administrator's page of kiosks: what their programs told, what is wrong there, and opening a page again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.checks import picture, sound
from server import clock
from server.domain.states import NoticeKind, ReceptionState, StaffRole
from server.reception.kiosk import fleet
from server.store.models import Notice, User
from tests.api.test_copies import Kiosk, talk
from tests.office import running, settings_for


def health(**values: Any) -> dict[str, Any]:
    now = clock.now().isoformat()
    fine = {"at": now, "faults": []}
    told = {"version": "0.1.0", "started_at": now, "disk_free": 50_000_000_000, "page_seen_at": now}
    return told | {"camera": fine, "microphone": fine} | values


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with running(settings_for(tmp_path_factory.mktemp("fleet"))) as started:
        yield started


def seen(office: Any) -> dict[str, Any]:
    (kiosk,) = office.administrator.get("/api/admin/fleet").json()["kiosks"]
    return dict(kiosk)


def words(kiosk: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(alert["words"], alert["serious"]) for alert in kiosk["alerts"]]


def test_a_kiosk_is_unknown_until_its_program_reports_and_then_seen_with_what_is_wrong(office, monkeypatch):
    assert (seen(office)["state"], seen(office)["alerts"]) == ("never", [])
    program = Kiosk(office)
    answer = program.report(health=health()).json()
    assert (answer["unwanted"], answer["restart"], len(answer["screens"])) == ([], "", 64)
    kiosk = seen(office)
    assert (kiosk["state"], kiosk["camera"]["state"], kiosk["disk_free"], kiosk["version"]) == ("online", "ok", 50_000_000_000, "0.1.0")
    assert words(kiosk) == []
    dead = {"at": clock.now().isoformat(), "faults": ["dead"]}
    covered = {"at": clock.now().isoformat(), "faults": ["covered"]}
    program.report(health=health(camera=covered, microphone=dead, disk_free=1_000_000), full=True)
    assert words(seen(office)) == [("话筒没有声音。", True), ("摄像头被挡住了。", False), ("硬盘满了，不留备份了。", False)]
    # A program that started again has seen nothing yet; a camera that was covered is not called fine for that.
    program.report(health=health(camera=None, page_seen_at=None, started_at=(clock.now() - timedelta(minutes=6)).isoformat()))
    assert words(seen(office)) == [("摄像头被挡住了。", False), ("程序在跑，接谈的页面没有开着，或者卡住了。", False)]
    empty = {"at": clock.now().isoformat(), "faults": ["slip_no_paper", "no_reader"]}
    program.report(health=health(devices=empty, camera={"at": clock.now().isoformat(), "faults": []}, microphone={"at": clock.now().isoformat(), "faults": []}))
    assert words(seen(office)) == [("小票打印机没有纸了。", False), ("读卡器没有接好。", False)]
    old = (clock.now() - timedelta(hours=4)).isoformat()
    program.report(health=health(microphone={"at": old, "faults": []}))
    assert words(seen(office)) == [("好几个小时没有自检了。", False)]
    program.report("c1", health=health(), oldest=(clock.now() - timedelta(days=2)).isoformat())
    assert words(seen(office)) == [("还有 1 份备份没有传完，最早的等了一天多。", False)]
    program.report(health=health())
    later = clock.now() + timedelta(minutes=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (seen(office)["state"], len(seen(office)["alerts"])) == ("late", 1)


def test_a_page_is_opened_again_by_an_order_that_is_repeated_until_it_was_obeyed(office):
    program = Kiosk(office)
    path = f"/api/admin/fleet/{office.ids['kiosk']}/restart"
    assert office.administrator.post(path).json()["error"]["code"] == "no_agent"
    program.report(health=health())
    (kiosk,) = office.administrator.post(path).json()["kiosks"]
    assert kiosk["restart"] == "asked"
    order = program.report(health=health()).json()["restart"]
    assert order
    assert office.administrator.post(path).json()["kiosks"][0]["restart"] == "asked"
    assert program.report(health=health(restarted="another")).json()["restart"] == order
    assert program.report(health=health(restarted=order)).json()["restart"] == ""
    assert seen(office)["restart"] == "done"
    assert office.administrator.post("/api/admin/fleet/999/restart").status_code == 404


def test_a_kiosk_has_its_room_and_is_told_only_what_it_can_obey(office):
    program, path = Kiosk(office), f"/api/admin/fleet/{office.ids['kiosk']}"
    measured = [{"name": "brightness", "value": 0.461}, {"name": "sharpness", "value": 0.58}]
    program.report(health=health(obeys=["page", "room"], camera={"at": clock.now().isoformat(), "faults": [], "measured": measured}))
    assert (seen(office)["camera"]["measured"], seen(office)["obeys"]) == (["亮度 46%", "清晰度 58%"], ["page", "room"])
    assert office.administrator.put(f"{path}/room", json={"room": " 二楼 203 "}).json()["kiosks"][0]["room"] == "二楼 203"
    assert office.administrator.put(f"{path}/room", json={"room": "x" * 61}).status_code == 422
    told = {"room": "二楼 203", "phone": " 0812-2345678 转 3 "}
    assert office.administrator.put(f"{path}/room", json=told).json()["kiosks"][0]["phone"] == "0812-2345678 转 3"
    assert office.administrator.put(f"{path}/room", json={"room": "二楼 203"}).json()["kiosks"][0]["phone"] == "0812-2345678 转 3"
    assert office.administrator.put(f"{path}/room", json={"room": "", "phone": "<b>"}).status_code == 422
    assert office.kiosk.get("/api/kiosk/place").json() == {"phone": "0812-2345678 转 3"}
    assert office.administrator.post(f"{path}/restart?what=computer").json()["error"]["code"] == "not_obeyed"
    assert office.administrator.post(f"{path}/restart?what=room").json()["kiosks"][0]["order"] == "room"
    order = program.report(health=health()).json()["restart"]
    assert order.startswith("room-")
    program.report(health=health(restarted=order))
    assert (seen(office)["order"], seen(office)["restart"]) == (None, "done")


def test_what_is_newly_wrong_is_told_to_the_administrators_once(office, monkeypatch):
    program = Kiosk(office)

    def told() -> list[str]:
        with office.office.store.write() as session:
            fleet.tell_of_alerts(session)
            administrator = select(User.id).where(User.role == StaffRole.ADMINISTRATOR).scalar_subquery()
            query = select(Notice.words).where(Notice.user_id == administrator, Notice.kind == NoticeKind.KIOSK)
            return list(session.scalars(query.order_by(Notice.id.desc())))

    program.report(health=health())
    before = len(told())
    now = clock.now()
    program.report(health=health(microphone={"at": now.isoformat(), "faults": ["dead"]}))
    assert told()[: -before or None] == ["柳河镇 1 号机（二楼 203）：话筒没有声音。"]
    assert len(told()) == before + 1, "it still is"
    program.report(health=health())
    program.report(health=health(microphone={"at": now.isoformat(), "faults": ["dead"]}))
    assert len(told()) == before + 1, "it comes and goes"
    program.report(health=health())
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=13))
    assert len(told()) == before + 1, "switched off at night"
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=25))
    assert "有一天多没有消息了" in told()[0]


def test_who_talks_is_not_told_but_that_somebody_does(office):
    talk(office, ReceptionState.RUNNING)
    answer = office.administrator.get("/api/admin/fleet")
    assert answer.json()["kiosks"][0]["talking"] is True
    assert "李秀英" not in answer.text
    assert 'id="kiosks"' in office.administrator.get("/admin/kiosks").text
    assert office.clerk.get("/admin/kiosks").status_code == 403


def test_every_fault_of_the_checks_has_words_for_the_office_and_others_are_refused(office):
    assert set(fleet.CAMERA_WORDS) == set(picture.PictureFault)
    assert set(fleet.MICROPHONE_WORDS) == set(sound.SoundFault)
    wrong = {"at": clock.now().isoformat(), "faults": ["<b>不行</b>"]}
    assert Kiosk(office).report(health=health(camera=wrong)).status_code == 422


def test_what_happened_to_a_kiosk_is_told_once_and_bounded(office):
    program = Kiosk(office)
    now = clock.now().isoformat()
    events = [{"number": n, "at": now, "code": "browser_ended", "what": "-9", "count": n} for n in (1, 2)]
    assert program.report(health=health(), log="a", events=events).json()["events_to"] == 2
    again = [*events, {"number": 3, "at": now, "code": "screens_taken_back", "what": "ab12"}]
    assert program.report(health=health(), log="a", events=again).json()["events_to"] == 3
    assert program.report(health=health(), log="b", events=events[:1]).json()["events_to"] == 1, "set up anew, it counts anew"
    path = f"/api/admin/fleet/{office.ids['kiosk']}"
    shown = office.administrator.get(f"{path}/events").json()["events"]
    assert [(one["words"][:5], one["what"], one["count"]) for one in shown] == [
        ("浏览器自己", "退出码 -9", 1), ("新界面没有", "ab12", 1), ("浏览器自己", "退出码 -9", 2), ("浏览器自己", "退出码 -9", 1)]  # fmt: skip
    assert program.report(health=health(), log="a", events=[{"number": 4, "at": now, "code": "screens_dead", "what": "何守田"}]).status_code == 422


def test_a_kiosk_tells_which_screens_it_shows_and_can_be_stopped(office):
    program = Kiosk(office)
    newest = program.report(health=health(screens="a" * 64)).json()["screens"]
    assert seen(office)["screens_are"] == "older"
    program.report(health=health(screens="a" * 64, screens_back=newest, welcome_s=6.2))
    assert (seen(office)["screens_are"], seen(office)["welcome_s"]) == ("taken_back", 6.2)
    assert words(seen(office)) == [("新界面在这台机器上没有显示出来，用的还是上一版。", False)]
    program.report(health=health(screens=newest))
    assert (seen(office)["screens_are"], words(seen(office))) == ("current", [])
    assert office.administrator.post(f"/api/admin/fleet/{office.ids['kiosk']}/revoke").status_code == 200
    assert (program.report(health=health()).status_code, seen(office)["state"]) == (401, "never")
