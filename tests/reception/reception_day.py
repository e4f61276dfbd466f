"""One reception day with a virtual clock: 50 kiosks, 10 leaders, the office's own queue, store and closing jobs.

    python -m tests.reception.reception_day --kiosks 50 --leaders 10     (make reception-day)

What is simulated are people and time.  Sitting down, calling, calling out of turn for a reason, skipping, putting back, passing
on, joining (with its ticket), ending, the closing job and the draft are the program's own, and so is the media node.  In up to
eight rooms at a time two people are on real peer connections and must have heard each other before they hang up; a talk of
minutes takes them a second.  At noon the web program is stopped and started again, in the middle of talks.  At the end the
events are replayed by rules of their own; one line of JSON.
"""

import argparse
import heapq
import itertools
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

from server import clock
from server.domain.states import ReceptionState, StaffRole
from server.errors import Conflict
from server.protocol.kiosks import NewKiosk
from server.protocol.queueing import QueueOrder
from server.protocol.recording import Manifest
from server.protocol.sittings import NewSitting
from server.reception.account import accounts
from server.reception.kiosk import kiosks, sittings
from server.reception.talk import calling, queue, waiting
from server.store import engine, files
from server.store import queueing as store
from server.store.access import Actor
from server.store.models import QueueEvent, Reception, User, VisitRecord
from tests.browser.programs import free_port
from tests.office import root_actor, running, settings_for
from tests.reception.conftest import until
from tests.reception.programs import Transcriber
from tests.reception.real_rooms import PATIENCE_S, RealRooms

OPENS = datetime(2026, 6, 9, 0, 30, tzinfo=UTC)
NOON, LAST_IN, CLOSES = OPENS + timedelta(hours=3.5), OPENS + timedelta(hours=7), OPENS + timedelta(hours=14)
REAL_ROOMS = 8
MINUTES = {"elderly": 30, "disabled": 30, "pregnant": 30, "far": 20}
BEFORE_ALL = "emergency"
"""What data/queue.toml says, written down a second time: the order is reckoned anew from this and the events."""


@dataclass
class Day:
    """People, leaders and what happens when; `office` is the program, which is another one after noon."""

    office: Any
    draw: random.Random
    size: tuple[int, int, int]
    """Kiosks, leaders, halls."""
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
    rooms: Any = None

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
        if self.draw.random() < 0.03:
            self.later(self.draw.uniform(1, 10), self.find_urgent, reception.id)

    def give_up(self, reception_id):
        with self.write() as session:
            if session.get_one(Reception, reception_id).state == ReceptionState.WAITING:
                sittings.leave(session, self.sat[reception_id])
                self.free(reception_id)

    def find_urgent(self, reception_id):
        """Somebody of the staff sees that it cannot wait."""
        with self.office.office.store.read() as session:
            place = store.place_of(session, reception_id)
            if place is None or place.reception.state != ReceptionState.WAITING or place.called_by_id is not None:
                return
            version, claims = place.version, (*place.claims, BEFORE_ALL)
        self.act(self.leaders[0], reception_id, "claims", version=version, claims=claims, why="有人身安全")

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
        if len(line) > 1 and self.draw.random() < 0.04:
            self.call_out_of_turn(leader, line[1].id)
            return
        self.act(leader, line[0].id, "call", version=version)
        if rival is not None and self.draw.random() < 0.2:
            self.is_refused("rival", rival, line[0].id, "transfer", version=version, why="晚了一步", to_id=rival.user_id)
        self.later(1.5, self.begin, leader, line[0].id)

    def call_out_of_turn(self, leader, reception_id):
        """Only with a reason, which is kept."""
        self.is_refused("out of turn", leader, reception_id, "call", version=self.version(reception_id))
        self.act(leader, reception_id, "call", version=self.version(reception_id), why="孩子发烧")
        self.later(1.5, self.begin, leader, reception_id)

    def is_refused(self, kind, leader, reception_id, deed, /, **order):
        try:
            self.act(leader, reception_id, deed, **order)
        except Conflict:
            self.refused[kind] += 1
        else:
            raise AssertionError(f"{deed} was not refused: {kind}")

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
        if self.draw.random() < 0.03:
            self.act(leader, reception_id, "return", version=self.version(reception_id))
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
    """Halls of as many kiosks each; two leaders serve three halls each, the others two."""
    kiosks_, leaders, halls_ = day.size
    with day.write() as session:
        county = accounts.store.organization(session, day.office.ids["county"])
        halls = [accounts.add_organization(session, f"大厅{number}", f"H{number}", county) for number in range(halls_)]
        for number in range(kiosks_):
            hall = halls[number % halls_]
            made = kiosks.create_kiosk(session, root_actor(county), NewKiosk(name=f"{number} 号机", organization_id=hall.id))
            day.kiosks.append(Actor(made.name, hall.id, hall.path, kiosk_id=made.id))
        for number in range(leaders):
            user = User(organization=county, username=f"leader-{number}", name=f"领导{number}", role="leader", password_hash="", created_at=OPENS)
            session.add(user)
            session.flush()
            day.leaders.append(Actor(user.name, county.id, county.path, user.id, StaffRole.LEADER))
            served = range(number, number + (3 if number < 2 else 2))
            day.halls[user.id] = tuple(dict.fromkeys(halls[one % halls_].id for one in served))
    for kiosk in day.kiosks:
        day.later(day.draw.uniform(0, 60), day.sit, kiosk)
    for leader in day.leaders:
        day.later(day.draw.uniform(15, 30), day.go_on_duty, leader)


def simulate(
    folder: Path, size: tuple[int, int, int], seed: int, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """A day of so many kiosks, leaders and halls: its figures.  Raises AssertionError where somebody was lost or doubled, or
    called out of turn, or has no record."""
    began = time.monotonic()
    day = Day(None, random.Random(seed), size)
    clock.set_source(lambda: day.now)
    with ExitStack() as stack:
        stack.callback(clock.set_source, None)
        # How long a write may wait is no matter of the rules: on a busy computer the day just takes longer.
        stack.callback(setattr, engine, "BUSY_TIMEOUT_MS", engine.BUSY_TIMEOUT_MS)
        engine.BUSY_TIMEOUT_MS = round(PATIENCE_S * 1000)
        transcriber = Transcriber()
        stack.callback(transcriber.stop)
        settings = settings_for(folder, media_url="", media_port=free_port(), transcriber_url=transcriber.url, disk_reserve_mb=0)
        # Nobody listens to what is said at once: the closing job has the recordings heard.
        day.rooms = RealRooms(settings.model_copy(update={"transcriber_url": "http://127.0.0.1:9"}))
        stack.callback(day.rooms.stop)
        with running(settings) as day.office:
            until(lambda: day.office.office.media.connected, "the control connection", 60)
            set_up(day)
            live(day, OPENS, NOON, progress)
            before = snapshot(day)
        with running(settings) as day.office:
            until(lambda: day.office.office.media.connected, "the control connection after noon", 60)
            assert snapshot(day) == before
            assert len(before["waiting"]) > size[0] // 10
            over_noon = day.rooms.hear_again()
            live(day, NOON, CLOSES, progress)
            until(lambda: not unfinished(day), "every talk to have its record", 600)
            return check(day) | {"rooms_over_noon": over_noon, "seed": seed, "seconds": round(time.monotonic() - began)}


def live(day, start, end, progress):
    """The agenda until `end`, in half hours."""
    began = time.monotonic()
    while start < end:
        start = min(end, start + timedelta(minutes=30))
        day.run(start)
        day.now = start
        with day.office.office.store.read() as session:
            states = Counter(session.scalars(select(Reception.state)))
        progress(f"{start.astimezone(clock.OFFICE_ZONE):%H:%M}  {dict(sorted(states.items()))}, {len(day.rooms.heard)} heard, {time.monotonic() - began:.0f} s")


def snapshot(day):
    """Everything that the queue and the talks that are going on consist of."""
    with day.office.office.store.read() as session:
        open_ = (ReceptionState.WAITING, ReceptionState.RUNNING)
        states = {one.id: (one.state, one.number, one.receiver_id, [seat.id for seat in one.participants])
                  for one in session.scalars(select(Reception).where(Reception.state.in_(open_)))}  # fmt: skip
        line = [(place.reception_id, place.version, place.called_by_id, place.called_at, place.wanted_id, place.skips, tuple(place.lets_pass))
                for place in store.waiting(session, [kiosk.organization_id for kiosk in day.kiosks], ())]  # fmt: skip
        lines = {one.user_id: [entry.id for entry in waiting.circle(session, day.halls[one.user_id], [one.user_id]).line_of(one.user_id)]
                 for one in day.leaders}  # fmt: skip
    assert {place[0] for place in line} == {name for name, one in states.items() if one[0] == ReceptionState.WAITING}
    return {"states": states, "waiting": line, "lines": lines}


def unfinished(day):
    with day.office.office.store.read() as session:
        return session.scalar(select(func.count()).where(Reception.state.in_((ReceptionState.CLOSING, ReceptionState.RUNNING))))


def check(day):
    kiosks_, leaders, _ = day.size
    with day.office.office.store.read() as session:
        receptions = {one.id: one for one in session.scalars(select(Reception))}
        events = session.scalars(select(QueueEvent).order_by(QueueEvent.id)).all()
        records = Counter(session.scalars(select(VisitRecord.reception_id)))
    assert set(receptions) == set(day.sat)
    states = Counter(one.state for one in receptions.values())
    assert set(states) == {ReceptionState.CLOSED, ReceptionState.ABANDONED}, states
    assert states[ReceptionState.CLOSED] > 3 * kiosks_
    held = {one.id for one in receptions.values() if one.state == ReceptionState.CLOSED}
    assert records == Counter(held)
    assert Counter(one.reception_id for one in events if one.kind == "joined") == Counter(held)
    ended = Counter(one.reception_id for one in events if one.kind in ("joined", "left", "no_show"))
    assert ended == Counter(list(receptions))
    kinds = Counter(one.kind for one in events)
    assert kinds["skipped"] > kiosks_ // 10
    assert kinds["transferred"] > kiosks_ // 16
    assert kinds["returned"] > 0
    assert day.refused["rival"] > kiosks_ // 10
    assert day.rooms.most == min(REAL_ROOMS, leaders)
    assert len(day.rooms.heard) > len(held) * 0.8 * min(REAL_ROOMS, leaders) // leaders
    one_at_a_time(receptions.values())
    recorded(day, receptions)
    called = in_turn(day, receptions, events)
    minutes = sorted((receptions[name].joined_at - receptions[name].asked_at).total_seconds() / 60 for name in held)
    return {
        "kiosks": kiosks_, "leaders": leaders, "people": len(receptions), "received_once": len(held), "went_or_not_there": states[ReceptionState.ABANDONED],
        "lost": 0, "doubled": 0, "records": records.total(), "talks_with_sound": len(day.rooms.heard), "rooms_at_a_time": day.rooms.most,
        "calls_in_turn": called["in turn"], "out_of_turn_with_reason": called["for a reason"], "events": dict(sorted(kinds.items())),
        "refused": dict(sorted(day.refused.items())), "minutes_waited": {"half": round(minutes[len(minutes) // 2]), "longest": round(minutes[-1])},
    }  # fmt: skip


def recorded(day, receptions):
    """Who was heard is in the recording: a file of sound for each of the two, with the hash of its manifest."""
    for name in day.rooms.heard:
        folder = day.office.settings.recordings_dir / name
        manifest = Manifest.model_validate(receptions[name].manifest)
        sound = [one for one in manifest.segments if one.kind == "audio"]
        told = [(one.participant_id, one.start, one.seconds) for one in sound], manifest.gaps, sorted(one.name for one in folder.iterdir())
        assert len({one.participant_id for one in sound}) == 2, (name, receptions[name].started_at, receptions[name].ended_at, told)
        hashes = files.hashes(folder)
        assert all(hashes[one.file] == one.sha256 for one in sound), name


def one_at_a_time(receptions):
    """No leader and no kiosk had two talks at once."""
    for seat in ("receiver_id", "kiosk_id"):
        talks = sorted((getattr(one, seat), one.joined_at, one.ended_at) for one in receptions if one.joined_at)
        for first, second in itertools.pairwise(talks):
            assert first[0] != second[0] or first[2] <= second[1]


def in_turn(day, receptions, events):
    """Replays the events, by rules of its own: whoever is called is the first of those whom the caller may call,
    or there is a reason and who was passed over is named."""
    line, calls = {}, Counter()
    for event in events:
        name = event.reception_id
        if event.kind == "entered":
            line[name] = {"at": receptions[name].asked_at, "hall": event.organization_id, "less": 0, "late": True, "behind": [], "wanted": None, "skipped": None, "called": None}
        elif event.kind == "claimed":
            claims = event.details["claims"]
            line[name] |= {"less": max((MINUTES.get(one, 0) for one in claims), default=0), "late": BEFORE_ALL not in claims}
            if BEFORE_ALL in claims:
                line[name]["less"] = 0
        elif event.kind == "called":
            mine = order(line, event.user_id, day.halls[event.user_id])
            passed = mine[: mine.index(name)]
            assert event.details["before"] == [receptions[one].number for one in passed]
            assert bool(passed) == bool(event.why)
            calls["for a reason" if passed else "in turn"] += 1
            line[name] |= {"called": event.user_id, "behind": [], "skipped": None}
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
    rank = {name: (one["late"], one["at"] - timedelta(minutes=one["less"]), one["at"], name) for name, one in line.items()}
    built = sorted((name for name, one in line.items() if one["skipped"] is None), key=rank.get)
    for name in sorted((name for name, one in line.items() if one["skipped"]), key=lambda one: (line[one]["skipped"], rank[one])):
        earlier = [at for at, other in enumerate(built) if rank[other] > rank[name]]
        place = earlier[0] if earlier else len(built)
        while any(other in line[name]["behind"] for other in built[place:]):
            place += 1
        built.insert(place, name)
    mine = [name for name in built if (line[name]["wanted"] == caller if line[name]["wanted"] else line[name]["hall"] in halls)]
    return [name for name in mine if line[name]["called"] is None or name == but]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kiosks", type=int, default=50)
    parser.add_argument("--leaders", type=int, default=10)
    parser.add_argument("--seed", type=int, default=8)
    asked = parser.parse_args()
    halls = max(2, asked.kiosks // 10)
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory(prefix="jietan-reception-day-") as folder:
        told = lambda words: print(words, file=sys.stderr, flush=True)  # noqa: E731
        figures = simulate(Path(folder), (asked.kiosks, asked.leaders, halls), asked.seed, told)
    print(json.dumps({"reception_day": figures}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
