"""One reception day with a virtual clock: 50 kiosks, 10 leaders, the office's own queue, store and closing jobs.

What is simulated are people and time.  Sitting down, calling, skipping, passing on, joining (with its ticket), ending, the
closing job and the draft are the program's own, and so is the media node.  In up to eight rooms at a time two people are
on real peer connections and must have heard each other before they hang up; a talk of minutes takes them a second.
"""

import heapq
import itertools
import os
import random
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from server import clock
from server.domain.states import ReceptionState, StaffRole
from server.errors import Conflict
from server.protocol.office import NewKiosk, NewSitting
from server.protocol.queueing import QueueOrder
from server.reception import accounts, calling, kiosks, queue, sittings, waiting
from server.store import queueing as store
from server.store.access import Actor
from server.store.models import QueueEvent, Reception, User, VisitRecord
from tests.browser.programs import free_port
from tests.office import root_actor, running, settings_for
from tests.reception.conftest import until
from tests.reception.programs import Transcriber
from tests.reception.real_rooms import RealRooms

KIOSKS, LEADERS, HALLS = (50, 10, 5) if os.environ.get("JIETAN_WHOLE_DAY") else (15, 3, 2)
"""`make reception-day` takes a minute and a half for the large one."""
OPENS = datetime(2026, 6, 9, 0, 30, tzinfo=UTC)
NOON, LAST_IN, CLOSES = OPENS + timedelta(hours=3.5), OPENS + timedelta(hours=7), OPENS + timedelta(hours=14)
REAL_ROOMS = 8
MINUTES = {"elderly": 30, "disabled": 30, "pregnant": 30, "far": 20}
"""What data/queue.toml says, written down a second time: the order is reckoned anew from this and the events."""


@dataclass
class Day:
    """People, leaders and what happens when; `office` is the program, which is another one after noon."""

    office: object
    draw: random.Random
    agenda: list = field(default_factory=list)
    tie: itertools.count = field(default_factory=itertools.count)
    kiosks: list[Actor] = field(default_factory=list)
    leaders: list[Actor] = field(default_factory=list)
    halls: dict[int, tuple[int, ...]] = field(default_factory=dict)
    now: datetime = OPENS
    sat: dict[str, Actor] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    """Who is not there at the first call."""
    refused: Counter = field(default_factory=Counter)
    rooms: RealRooms | None = None

    def later(self, minutes, what, *about):
        heapq.heappush(self.agenda, (self.now + timedelta(minutes=minutes), next(self.tie), what, about))

    def run(self, until_then):
        while self.agenda and self.agenda[0][0] <= until_then:
            self.now, _, what, about = heapq.heappop(self.agenda)
            what(*about)

    def write(self):
        return self.office.office.store.write()

    # people

    def sit(self, kiosk):
        if self.now > LAST_IN:
            return
        with self.write() as session:
            reception = sittings.begin(session, kiosk, NewSitting(consent="audio_only", name=f"群众{next(self.tie)}"))
            claims = tuple(name for name in MINUTES if self.draw.random() < 0.06)
            if claims:
                calling.claim(session, kiosk, reception, claims)
            entry = waiting.standing(session, reception)
            assert entry is not None
            self.sat[reception.id] = kiosk
            assert waiting.circle(session, [reception.organization_id]).waits()[reception.id]
        if self.draw.random() < 0.08:
            self.away.add(reception.id)
        if self.draw.random() < 0.03:
            self.later(self.draw.uniform(1, 20), self.give_up, reception.id)

    def give_up(self, reception_id):
        with self.write() as session:
            if session.get_one(Reception, reception_id).state == ReceptionState.WAITING:
                sittings.leave(session, self.sat[reception_id])
                self.free(reception_id)

    def free(self, reception_id):
        self.later(self.draw.uniform(2, 25), self.sit, self.sat[reception_id])

    # leaders

    def go_on_duty(self, leader):
        with self.write() as session:
            calling.serve(session, leader, self.halls[leader.user_id])
        self.look(leader)

    def look(self, leader):
        """A leader who is free calls the first of their line; now and then as another saw the line a moment ago."""
        if self.now > CLOSES:
            return
        with self.office.office.store.read() as session:
            line = [one for one in waiting.circle(session, self.halls[leader.user_id], [leader.user_id]).line_of(leader.user_id)
                    if one.called_by is None]  # fmt: skip
            version = store.place_of(session, line[0].id).version if line else 0
        if not line:
            self.later(3, self.look, leader)
            return
        rival = next((one for one in self.leaders if one is not leader and set(self.halls[one.user_id]) & set(self.halls[leader.user_id])), None)
        self.act(leader, line[0].id, "call", version=version)
        if rival is not None and self.draw.random() < 0.2:
            with pytest.raises(Conflict):
                self.act(rival, line[0].id, "transfer", version=version, why="晚了一步", to_id=rival.user_id)
            self.refused["rival"] += 1
        self.later(1.5, self.begin, leader, line[0].id)

    def act(self, leader, reception_id, deed, **order):
        with self.write() as session:
            calling.act(session, leader, reception_id, deed, QueueOrder(**order))

    def version(self, reception_id):
        with self.office.office.store.read() as session:
            return store.place_of(session, reception_id).version

    def begin(self, leader, reception_id):
        with self.office.office.store.read() as session:
            if session.get_one(Reception, reception_id).state != ReceptionState.WAITING:
                self.refused["left"] += 1
                return self.later(0.5, self.look, leader)
        if reception_id in self.away:
            self.away.discard(reception_id)
            self.act(leader, reception_id, "skip", version=self.version(reception_id))
            if self.draw.random() < 0.2:
                self.act(leader, reception_id, "no-show", version=self.version(reception_id))
                self.free(reception_id)
            return self.later(0.5, self.look, leader)
        if self.draw.random() < 0.05:
            other = self.draw.choice([one for one in self.leaders if one is not leader])
            self.act(leader, reception_id, "transfer", version=self.version(reception_id), why="归他管", to_id=other.user_id)
            return self.later(0.5, self.look, leader)
        with self.write() as session:
            ticket = queue.join(session, leader, self.office.settings, reception_id)
            other = queue.join(session, self.sat[reception_id], self.office.settings, reception_id)
        if self.leaders.index(leader) < REAL_ROOMS:
            self.rooms.open(reception_id, (ticket, other))
        return self.later(self.draw.lognormvariate(2.7, 0.4), self.end, leader, reception_id)

    def end(self, leader, reception_id):
        self.rooms.hear(reception_id)
        queue.end(self.office.office, leader, reception_id)
        self.rooms.leave(reception_id)
        with self.write() as session:
            sittings.leave(session, self.sat[reception_id])
        self.free(reception_id)
        self.later(self.draw.uniform(0.5, 3), self.look, leader)


def set_up(day):
    """Five halls of ten kiosks; two leaders serve three halls each, the others two."""
    with day.write() as session:
        county = accounts.store.organization(session, day.office.ids["county"])
        halls = [accounts.add_organization(session, f"大厅{number}", f"H{number}", county) for number in range(HALLS)]
        for number in range(KIOSKS):
            hall = halls[number % HALLS]
            made = kiosks.create_kiosk(session, root_actor(county), NewKiosk(name=f"{number} 号机", organization_id=hall.id))
            day.kiosks.append(Actor(made.name, hall.id, hall.path, kiosk_id=made.id))
        for number in range(LEADERS):
            user = User(organization=county, username=f"leader-{number}", name=f"领导{number}", role="leader", password_hash="", created_at=OPENS)
            session.add(user)
            session.flush()
            day.leaders.append(Actor(user.name, county.id, county.path, user.id, StaffRole.LEADER))
            served = range(number, number + (3 if number < 2 else 2))
            day.halls[user.id] = tuple(halls[one % HALLS].id for one in served)
    for kiosk in day.kiosks:
        day.later(day.draw.uniform(0, 60), day.sit, kiosk)
    for leader in day.leaders:
        day.later(day.draw.uniform(15, 30), day.go_on_duty, leader)


@pytest.mark.nightly
def test_one_day_of_many_kiosks_and_several_leaders(tmp_path):
    """Nobody is lost, nobody is received twice, the order is as the rules say, every reception has its record."""
    day = Day(None, random.Random(8))
    clock.set_source(lambda: day.now)
    with ExitStack() as stack:
        stack.callback(clock.set_source, None)
        transcriber = Transcriber()
        stack.callback(transcriber.stop)
        settings = settings_for(tmp_path, media_url="", media_port=free_port(), transcriber_url=transcriber.url, disk_reserve_mb=0)
        day.rooms = RealRooms(settings)
        stack.callback(day.rooms.stop)
        with running(settings) as day.office:
            until(lambda: day.office.office.media.connected, "the control connection")
            set_up(day)
            day.run(NOON)
            before = snapshot(day)
        with running(settings) as day.office:
            until(lambda: day.office.office.media.connected, "the control connection after noon")
            assert snapshot(day) == before
            assert sum(state == ReceptionState.WAITING for state in before.values()) > KIOSKS // 10
            day.run(CLOSES)
            until(lambda: not unfinished(day), "every talk to have its record", 60)
            check(day)


def snapshot(day):
    with day.office.office.store.read() as session:
        rows = session.execute(select(Reception.id, Reception.state)).all()
        places = [place.reception_id for place in store.waiting(session, [kiosk.organization_id for kiosk in day.kiosks], ())]
    states = {row[0]: row[1] for row in rows if row[1] in (ReceptionState.WAITING, ReceptionState.RUNNING)}
    assert set(places) <= set(states)
    return states


def unfinished(day):
    with day.office.office.store.read() as session:
        return session.scalar(select(func.count()).where(Reception.state.in_((ReceptionState.CLOSING, ReceptionState.RUNNING))))


def check(day):
    with day.office.office.store.read() as session:
        receptions = {one.id: one for one in session.scalars(select(Reception))}
        events = session.scalars(select(QueueEvent).order_by(QueueEvent.id)).all()
        records = Counter(session.scalars(select(VisitRecord.reception_id)))
    assert set(receptions) == set(day.sat)
    states = Counter(one.state for one in receptions.values())
    assert set(states) == {ReceptionState.CLOSED, ReceptionState.ABANDONED}, states
    assert states[ReceptionState.CLOSED] > 3 * KIOSKS
    held = {one.id for one in receptions.values() if one.state == ReceptionState.CLOSED}
    assert records == Counter(held)
    assert Counter(one.reception_id for one in events if one.kind == "joined") == Counter(held)
    ended = Counter(one.reception_id for one in events if one.kind in ("joined", "left", "no_show"))
    assert ended == Counter(list(receptions))
    assert sum(one.kind == "skipped" for one in events) > KIOSKS // 10
    assert sum(one.kind == "transferred" for one in events) > KIOSKS // 16
    assert day.refused["rival"] > KIOSKS // 10
    assert day.rooms.most == min(REAL_ROOMS, LEADERS)
    assert day.rooms.heard > len(held) * 0.9 * min(REAL_ROOMS, LEADERS) // LEADERS
    one_at_a_time(receptions.values())
    calls = in_turn(day, receptions, events)
    print(f"{day.rooms.heard} talks with sound, {day.rooms.most} at a time; {len(receptions)} people, {dict(states)}, {calls} calls in turn, {waited(receptions, held)}")


def one_at_a_time(receptions):
    """No leader and no kiosk had two talks at once."""
    for seat in ("receiver_id", "kiosk_id"):
        talks = sorted((getattr(one, seat), one.joined_at, one.ended_at) for one in receptions if one.joined_at)
        for first, second in itertools.pairwise(talks):
            assert first[0] != second[0] or first[2] <= second[1]


def in_turn(day, receptions, events):
    """Replays the events, by rules of its own: whoever is called is the first of those whom the caller may call."""
    line, calls = {}, 0
    for event in events:
        name = event.reception_id
        if event.kind == "entered":
            line[name] = {"at": receptions[name].asked_at, "hall": event.organization_id, "less": 0, "behind": [], "wanted": None, "skipped": None, "called": None}
        elif event.kind == "claimed":
            line[name]["less"] = max(MINUTES[one] for one in event.details["claims"])
        elif event.kind == "called":
            assert event.details["before"] == []
            assert first_for(line, event.user_id, day.halls[event.user_id]) == name
            line[name] |= {"called": event.user_id, "behind": [], "skipped": None}
            calls += 1
        elif event.kind == "skipped":
            rest = order(line, line[name]["called"], day.halls[line[name]["called"]], but=name)
            assert event.details["lets_pass"] == rest[rest.index(name) + 1 :][:2]
            line[name] |= {"called": None, "behind": event.details["lets_pass"], "skipped": event.at}
        elif event.kind in ("returned", "transferred"):
            line[name] |= {"called": None} | ({"wanted": event.details["to_id"]} if event.kind == "transferred" else {})
        else:
            del line[name]
    assert not line
    return calls


def order(line, caller, halls, but=""):
    """The whole line by a walk that builds it anew, person by person, then those of the caller."""
    rank = {name: (one["at"] - timedelta(minutes=one["less"]), one["at"], name) for name, one in line.items()}
    built = sorted((name for name, one in line.items() if one["skipped"] is None), key=rank.get)
    for name in sorted((name for name, one in line.items() if one["skipped"]), key=lambda one: (line[one]["skipped"], rank[one])):
        earlier = [at for at, other in enumerate(built) if rank[other] > rank[name]]
        place = earlier[0] if earlier else len(built)
        while any(other in line[name]["behind"] for other in built[place:]):
            place += 1
        built.insert(place, name)
    mine = [name for name in built if (line[name]["wanted"] == caller if line[name]["wanted"] else line[name]["hall"] in halls)]
    return [name for name in mine if line[name]["called"] is None or name == but]


def first_for(line, caller, halls):
    return order(line, caller, halls)[0]


def waited(receptions, held):
    minutes = sorted((receptions[name].joined_at - receptions[name].asked_at).total_seconds() / 60 for name in held)
    return f"waiting: half under {minutes[len(minutes) // 2]:.0f} min, longest {minutes[-1]:.0f} min"

