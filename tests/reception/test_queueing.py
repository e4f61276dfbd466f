"""The queue at work: duty, calling in turn, who is quicker, skipping, passing on, the hall's screen."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from server import clock
from server.domain.states import StaffRole
from server.errors import Conflict, WrongState
from server.protocol.kiosks import NewKiosk
from server.protocol.queueing import QueueOrder
from server.protocol.sittings import NewSitting
from server.reception.kiosk import kiosks, sittings
from server.reception.talk import calling, waiting
from server.store import accounts
from server.store import queueing as store
from server.store.access import Actor
from tests.api.conftest import office as bare_office  # noqa: F401
from tests.browser.programs import wait_until
from tests.office import root_actor
from tests.patience import PATIENCE_S


@pytest.fixture
def office(bare_office):  # noqa: F811
    return bare_office


class Hall:
    """A town's hall with more kiosks than one."""

    def __init__(self, office, kiosks_wanted=4):
        self.office, self.store = office, office.office.store
        with self.store.write() as session:
            county = accounts.organization(session, office.ids["county"])
            town = accounts.organization(session, office.ids["town"])
            made = [
                kiosks.create_kiosk(session, root_actor(county), NewKiosk(name=f"{number} 号机", organization_id=town.id))
                for number in range(kiosks_wanted)
            ]
            self.kiosks = [
                Actor(kiosk.name, town.id, town.path, kiosk_id=kiosk.id) for kiosk in made
            ]
        self.waiting = {}

    def sit(self, *names):
        """People sit down one after the other; their numbers are A01, A02 …"""
        for name in names:
            with self.store.write() as session:
                actor = self.kiosks[len(self.waiting)]
                self.waiting[name] = sittings.begin(session, actor, NewSitting(consent="audio_only", name=name)).id

    def queue(self, who="leader"):
        return getattr(self.office, who).get("/api/queue").json()

    def line(self, who="leader"):
        return [row["petitioner"] for row in self.queue(who)["line"] if row["place"]]

    def do(self, deed, name, who="leader", **order):
        row = next(row for row in self.queue("leader")["line"] if row["petitioner"] == name)
        path = f"/api/queue/{self.waiting[name]}/{deed}"
        return getattr(self.office, who).post(path, json={"version": row["version"]} | order)

    def serve(self, who="leader", *halls):
        answer = getattr(self.office, who).put("/api/queue/duty", json={"halls": halls or [self.office.ids["town"]]})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def standing(self, name):
        with self.store.read() as session:
            actor = self.kiosks[list(self.waiting).index(name)]
            return waiting.standing(session, sittings.current(session, actor))

    def events(self, name):
        return [(one["author"], one["what"]) for one in self.office.clerk.get(f"/api/queue/{self.waiting[name]}/events").json()["events"]]


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_people_are_called_in_turn_by_whoever_is_on_duty(office):
    hall = Hall(office)
    hall.sit("甲", "乙", "丙")
    assert hall.line() == []
    assert code(hall.do("call", "甲")) == (409, "off_duty")
    assert "没有人在岗" in hall.standing("丙").wait
    hall.serve()
    assert "最近谈过的太少" in hall.standing("丙").wait
    assert hall.line() == ["甲", "乙", "丙"]
    out_of_turn = hall.do("call", "丙")
    assert code(out_of_turn) == (409, "out_of_turn")
    assert out_of_turn.json()["error"]["details"]["before"] == ["A01", "A02"]
    assert hall.do("call", "甲").status_code == 200
    standing = hall.standing("甲")
    assert (standing.called, standing.caller, standing.ahead) == (True, "副县长 周建国", 0)
    assert (hall.standing("丙").ahead, hall.standing("丙").before) == (1, ("A02",))
    assert code(hall.do("call", "乙")) == (409, "called_another")
    hall.serve("other_leader")
    assert code(hall.do("call", "甲", "other_leader")) == (409, "already_called")
    assert code(office.other_leader.post(f"/api/receptions/{hall.waiting['甲']}/join")) == (409, "already_called")
    assert office.leader.post(f"/api/receptions/{hall.waiting['甲']}/join").status_code == 200
    assert code(hall.do("call", "乙")) == (409, "still_talking")
    second = office.leader.post(f"/api/receptions/{hall.waiting['乙']}/join")
    assert code(second) == (409, "still_talking"), "nor by opening the talk without a call"
    assert second.json()["error"]["details"]["reception_id"] == hall.waiting["甲"], "the page leads back into it"
    assert office.leader.post(f"/api/receptions/{hall.waiting['甲']}/join").status_code == 200
    assert hall.do("call", "丙", "other_leader", why="材料今天到期").status_code == 200
    assert hall.events("甲") == [("0 号机", "取号排队"), ("周建国", "叫号"), ("周建国", "开始接谈")]
    assert hall.events("丙")[-1] == ("孙丽", "叫号（先于 A02）")


def test_the_kiosk_of_whoever_was_called_is_told_at_once_that_the_talk_begins(office, monkeypatch):
    monkeypatch.setattr("server.api.kiosk.HOLD_S", 20 * PATIENCE_S)
    begins = "/api/kiosk/sitting?beginning=true"
    reception = office.sitting()["reception_id"]
    assert office.kiosk.get(begins).json()["step"] == "waiting", "nobody was called: nothing to wait for"
    office.leader.put("/api/queue/duty", json={"halls": [office.ids["town"]]})
    assert office.leader.post(f"/api/queue/{reception}/call", json={"version": 1}).status_code == 200
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(office.kiosk.get, begins)
        held = office.office.beginnings._listening
        wait_until(lambda: any(event._waiters for event in tuple(held)), "the kiosk's question to be kept")
        assert office.leader.post(f"/api/receptions/{reception}/join").status_code == 200
        assert asked.result(PATIENCE_S).json()["step"] == "talk"
    monkeypatch.setattr("server.api.kiosk.HOLD_S", 0.01)
    assert office.kiosk.get(begins).json()["step"] == "talk"


def test_duty_ends_with_the_day(office):
    hall, user, town = Hall(office), office.ids["leader"], office.ids["town"]
    leader = Actor("周建国", office.ids["county"], "/1/", user, StaffRole.LEADER)
    hall.serve()
    with hall.store.write() as session:
        assert len(store.duties_of(session, [user])) == len(store.on_duty(session, [town])) == 1
        try:
            clock.set_source(lambda: datetime.now(UTC) + timedelta(days=1))
            assert len(store.duties_of(session, [user])) == len(store.on_duty(session, [town])) == 0
            calling.serve(session, leader, (town,))
            assert len(store.duties_of(session, [user])) == 1
        finally:
            clock.set_source(None)


def test_a_leader_cannot_open_a_talk_out_of_turn(office):
    hall = Hall(office)
    hall.sit("甲", "乙")
    assert code(office.leader.post(f"/api/receptions/{hall.waiting['乙']}/join")) == (409, "out_of_turn")
    assert office.leader.post(f"/api/receptions/{hall.waiting['甲']}/join").status_code == 200


def test_of_two_who_call_the_same_person_one_wins_and_the_other_is_told(office):
    hall = Hall(office)
    hall.sit("甲")
    hall.serve("leader")
    hall.serve("other_leader")
    order, answers = {"version": hall.queue()["line"][0]["version"]}, []

    def call(who):
        answers.append((who, getattr(office, who).post(f"/api/queue/{hall.waiting['甲']}/call", json=order)))

    threads = [threading.Thread(target=call, args=(who,)) for who in ("leader", "other_leader")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [who for who, answer in answers if answer.status_code == 200]
    lost = next(answer for _, answer in answers if answer.status_code != 200)
    assert len(won) == 1
    assert lost.json()["error"]["code"] == "already_called"
    assert ("周建国" if won == ["leader"] else "孙丽") in lost.json()["error"]["message"]
    assert [what for _, what in hall.events("甲")] == ["取号排队", "叫号"]


def test_who_is_not_there_comes_back_behind_two_and_is_only_then_given_up(office):
    hall = Hall(office)
    hall.sit("甲", "乙", "丙", "丁")
    hall.serve()
    assert code(hall.do("skip", "甲")) == (409, "not_called")
    assert code(hall.do("no-show", "甲")) == (409, "not_skipped")
    hall.do("call", "甲")
    assert hall.do("skip", "甲").status_code == 200
    assert hall.line() == ["乙", "丙", "甲", "丁"]
    assert "先让后面 2 位" in hall.standing("甲").why
    hall.do("call", "乙")
    for deed in ("return", "skip"):
        assert code(hall.do(deed, "乙", "clerk")) == (422, "why_missing"), "what a colleague called is undone with a reason"
    hall.do("return", "乙", "clerk", why="按错了")
    told = office.clerk.get(f"/api/queue/{hall.waiting['乙']}/events").json()["events"][-1]
    assert (told["author"], told["what"], told["why"]) == ("陈晓", "放回原来的位置", "按错了")
    assert hall.line() == ["乙", "丙", "甲", "丁"]
    assert hall.do("no-show", "甲").status_code == 200
    assert hall.line() == ["乙", "丙", "丁"]
    with hall.store.read() as session, pytest.raises(Exception, match="no_sitting"):
        sittings.current(session, hall.kiosks[0])
    assert hall.events("甲")[-1] == ("周建国", "没有来，取消")


def test_passing_on_keeps_the_place_and_going_off_duty_puts_back(office):
    hall = Hall(office)
    hall.sit("甲", "乙", "丙")
    hall.serve("leader")
    hall.serve("other_leader")
    to = office.ids["other_leader"]
    assert hall.do("transfer", "乙", to_id=to).status_code == 422
    assert hall.do("transfer", "乙", to_id=office.ids["stranger"], why="他管").status_code == 422
    assert hall.do("transfer", "乙", to_id=to, why="这事归他管").status_code == 200
    assert (hall.line("leader"), hall.line("other_leader")) == (["甲", "丙"], ["甲", "乙", "丙"])
    assert hall.events("乙")[-1] == ("周建国", "转给局长 孙丽")
    assert "局长 孙丽" in hall.standing("乙").why
    hall.do("call", "甲")
    assert code(hall.do("call", "乙")) == (409, "called_another")
    office.leader.put("/api/queue/duty", json={"halls": []})
    assert [what for _, what in hall.events("甲")] == ["取号排队", "叫号", "放回原来的位置"]
    assert hall.line("other_leader") == ["甲", "乙", "丙"]
    names = [one["name"] for one in office.clerk.get(f"/api/queue/{hall.waiting['乙']}/receivers").json()["receivers"]]
    assert names[0] == "局长 孙丽"
    assert "陈晓" in names
    assert "赵远" not in names


def test_what_is_said_at_the_kiosk_counts_and_staff_may_say_more(office):
    hall = Hall(office)
    hall.sit("甲", "乙")
    hall.serve()
    with hall.store.write() as session:
        actor = hall.kiosks[1]
        calling.claim(session, actor, sittings.current(session, actor), ("elderly",))
    assert hall.line() == ["乙", "甲"]
    assert "70 岁以上" in hall.standing("乙").why
    assert office.kiosk.put("/api/kiosk/sitting/claims", json={"claims": ["emergency"]}).status_code == 404
    assert hall.do("claims", "甲", claims=["emergency"]).status_code == 422
    assert hall.do("claims", "甲", claims=["emergency"], why="家里房子要塌").status_code == 200
    assert hall.line() == ["甲", "乙"]
    answer = office.leader.put("/api/queue/rules/elderly", json={"minutes": 40, "source": "县办〔2026〕1 号"})
    assert next(rule for rule in answer.json()["rules"] if rule["id"] == "elderly")["effect"] == "算早到 40 分钟"
    assert "算早到 40 分钟" in hall.standing("乙").why
    assert office.leader.put("/api/queue/rules/elderly", json={"minutes": 40, "source": " "}).status_code == 422


def test_whoever_asks_for_an_interpreter_is_seen_to(office):
    hall = Hall(office)
    hall.sit("甲", "乙")
    hall.serve()
    with hall.store.write() as session:
        actor = hall.kiosks[1]
        calling.ask_for_interpreter(session, actor, sittings.current(session, actor), "sign")
    assert [row["interpreter"] for row in hall.queue()["line"]] == ["", "sign"]
    assert hall.standing("乙").interpreter == "sign"
    assert hall.line() == ["甲", "乙"], "it changes nobody's turn"
    said = office.leader.get(f"/api/queue/{hall.waiting['乙']}/events").json()["events"]
    assert "要手语翻译" in [one["what"] for one in said]
    assert office.kiosk.put("/api/kiosk/sitting/interpreter", json={"interpreter": "sign"}).status_code == 404


def test_the_halls_screen_shows_numbers_and_no_names(office):
    hall = Hall(office)
    hall.sit("甲", "乙", "丙")
    hall.serve()
    hall.do("call", "甲")
    path = next(one["display"] for one in hall.queue()["halls"] if one["id"] == office.ids["town"])
    shown = office.anonymous.get(f"/api{path}")
    assert (shown.json()["called"], shown.json()["next"]) == ([{"number": "A01", "kiosk": "0 号机"}], ["A02", "A03"])
    assert not any(name in shown.text for name in "甲乙丙")
    assert office.anonymous.get(f"/api{path[:-1]}{'0' if path[-1] != '0' else '1'}").status_code == 404


def test_strangers_neither_see_nor_touch_the_line(office):
    hall = Hall(office)
    hall.sit("甲")
    assert hall.queue("stranger")["line"] == []
    assert hall.do("skip", "甲", "stranger").status_code == 404
    assert office.stranger.put("/api/queue/duty", json={"halls": [office.ids["town"]]}).status_code == 404
    assert hall.do("no-such-deed", "甲").status_code == 422


def test_a_place_that_changed_or_is_over_is_not_changed_again(office):
    hall = Hall(office)
    hall.sit("甲")
    with hall.store.write() as session:
        leader = Actor("周建国", office.ids["county"], "/1/", office.ids["leader"], StaffRole.LEADER)
        calling.serve(session, leader, (office.ids["town"],))
        stale = store.place_of(session, hall.waiting["甲"]).version
        calling.act(session, leader, hall.waiting["甲"], "call", QueueOrder(version=stale))
    with pytest.raises(Conflict), hall.store.write() as session:
        calling.act(session, leader, hall.waiting["甲"], "return", QueueOrder(version=stale))
    with hall.store.write() as session:
        sittings.leave(session, hall.kiosks[0])
    with pytest.raises(WrongState), hall.store.write() as session:
        calling.act(session, leader, hall.waiting["甲"], "return", QueueOrder(version=stale + 1))
    assert hall.events("甲")[-1] == ("0 号机", "自己不等了")
