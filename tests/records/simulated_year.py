"""A year of an office region on a virtual clock: matters come, are merged, split, passed on, accepted, extended, answered, rated,
reviewed, handled anew; leaders promise, supervisors write.

Everything goes through the product's own use-cases; what was done, and what was refused, stands in a journal for
tests/records/recomputed.py, which works out every deadline and every figure again.  The same seed gives the same year.

    python -m tests.records.simulated_year --cases 20000 --organizations 30     (make simulated-year)

ends with one line of JSON.
"""

import argparse
import heapq
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.domain import periods
from server.domain.figures import Figure, Look, Policy, Share
from server.domain.flow import Step
from server.domain.joins import BEING_HANDLED, OPEN, Deed
from server.domain.periods import Period
from server.domain.states import StaffRole
from server.errors import InvalidInput, WrongState
from server.protocol.alike import LinkOrder
from server.protocol.commitments import CommitmentEnd
from server.protocol.flow import NewMatter, NewRating, StepOrder, UnitOrder
from server.protocol.notices import SupervisionAnswer, SupervisionOrder
from server.reception.figures import stats
from server.reception.matter import commitments, flow, joining, ratings, registering, reminders, supervision
from server.reception.office import Office
from server.settings import Settings
from server.store import case_figures, figure_sums
from server.store.access import Actor
from server.store.case_figures import Scope
from server.store.engine import Store
from server.store.figure_sums import Sums
from server.store.migrate import migrate
from server.store.models import (
    Commitment,
    Kiosk,
    LocalLimit,
    Notice,
    Organization,
    Reception,
    StoredCase,
    StoredDeadline,
    StoredReminder,
    User,
)
from tests.records.recomputed import ACCEPTANCE, CONCLUSION, Books, Entry

YEAR = 2026
FIRST = date(YEAR, 1, 1)
DAYS = 365
HOURS = ((0, 0, 0), (9, 30, 0), (15, 59, 59), (16, 0, 0), (23, 59, 59))
"""Of the office's day: its edges, and where the day in UTC is another one."""
LOCAL = {"notify_acceptance": 5, "conclude": 20, "simple_accept": 2}
CATEGORIES = ("征地补偿", "欠薪", "物业", "社保", "教育", "环保")
REFUSABLE = (Step.OBJECT, Step.ASK_EXTENSION, Step.GRANT_EXTENSION)
"""Steps that the year also takes too late, or where there is no more time to be had."""
SCORES = ("satisfied", "satisfied", "basically", "dissatisfied")


class Year:
    """One simulated year of `cases` matters in `organizations` organizations."""

    def __init__(self, folder: Path, cases: int, organizations: int, seed: int, url: str = "") -> None:
        self.random = random.Random(seed)
        self.settings = Settings(data_dir=folder, database_url=url, secret="s" * 32)
        self.store = Store(self.settings.store_url)
        migrate(self.store.engine)
        self.office = Office(settings=self.settings, store=self.store, media=Mock(), jobs=Mock())
        self.paths: dict[int, str] = {}
        self.units: dict[int, list[int]] = {}
        self.townships: dict[int, list[int]] = {}
        parents, levels = self._make_organizations(organizations)
        stricter = next((one for one in self.units if parents[one] is not None), 1)
        with self.store.write() as session:
            session.add_all(
                LocalLimit(organization_id=stricter, rule=rule, value=value, unit="working_days" if rule == "simple_accept" else "days", source="本地规定")
                for rule, value in LOCAL.items()
            )
        self.books = Books(parents, levels, {stricter: LOCAL})
        self.plans: list[tuple[int, int, Callable[[Session, date], None]]] = []
        self.order = itertools.count()
        self.steps: Counter[str] = Counter()
        self.lived = 0
        self.said: list[tuple[date, int, str, int, date, str]] = []
        """Reminders that were to be given: day, case, rule, who has to act, last day, stage."""
        self.with_township: dict[int, int] = {}
        """Which township was given a case beside its main unit."""
        self.acted: Counter[int] = Counter()
        """How many steps were taken with a case: after one, what was merged into it stays there."""
        self.to_go_back: set[int] = set()
        """What was split off and goes back: nothing is merged into it meanwhile."""
        for _ in range(cases):
            self.plan(self.random.randrange(DAYS), self.register)
        for _ in range(cases // 20):
            self.plan(self.random.randrange(DAYS), self.talk)
        for _ in range(cases // 30):
            self.plan(self.random.randrange(DAYS), self.promise)

    # --- who there is ----------------------------------------------------------------------------------------------

    def _make_organizations(self, how_many: int) -> tuple[dict[int, int | None], dict[int, str]]:
        """A city with counties of departments and townships: offices register, the others handle."""
        parents: dict[int, int | None] = {1: None}
        levels = {1: "city"}
        counties = max(1, (how_many - 1) // 9)
        for county in range(2, 2 + counties):
            parents[county], levels[county] = 1, "county"
        offices = list(range(1, 2 + counties))
        for number in range(2 + counties, how_many + 1):
            parents[number] = offices[number % len(offices)]
            levels[number] = "township" if number % 3 == 0 else "department"
        with self.store.write() as session:
            for number, parent in parents.items():
                self.paths[number] = f"{self.paths[parent] if parent else '/'}{number}/"
                session.add(Organization(id=number, parent_id=parent, name=f"单位{number}", code=f"U{number}", path=self.paths[number], level=levels[number]))
                session.flush()
                for role, user in (("clerk", number), ("leader", number + 1000)):
                    session.add(User(id=user, organization_id=number, username=f"u{user}", name=f"人{user}", role=role, password_hash="", created_at=datetime(YEAR, 1, 1, tzinfo=UTC)))
            session.add(User(id=2000, organization_id=1, username="u2000", name="督查", role="supervisor", password_hash="", created_at=datetime(YEAR, 1, 1, tzinfo=UTC)))
            session.flush()
            session.add(Kiosk(id=1, organization_id=1, name="接谈室", created_at=datetime(YEAR, 1, 1, tzinfo=UTC)))
        for office in offices:
            under = [one for one, parent in parents.items() if parent == office and one not in offices]
            self.units[office] = [one for one in under if levels[one] == "department"] or under or [max(parents)]
            self.townships[office] = [one for one in under if levels[one] == "township"]
        return parents, levels

    def actor(self, organization: int, role: StaffRole) -> Actor:
        user = organization + (1000 if role is StaffRole.LEADER else 0)
        return Actor(name=f"人{user}", user_id=user, role=role, organization_id=organization, organization_path=self.paths[organization])

    # --- time ------------------------------------------------------------------------------------------------------

    def plan(self, day: int, what: Callable[[Session, date], None]) -> None:
        heapq.heappush(self.plans, (day, next(self.order), what))

    def after(self, day: date, first: int, last: int, what: Callable[[Session, date], None]) -> None:
        """Some days later; what would be after the year's end does not happen."""
        later = (day - FIRST).days + self.random.randint(first, last)
        if later < DAYS:
            self.plan(later, what)

    def run(self, until: int = DAYS, progress: Callable[[str], None] = lambda _: None) -> None:
        """Everything that is planned for the days before `until`, one transaction a day, and reminders each evening."""
        began = time.perf_counter()
        for number in range(self.lived, until):
            day = FIRST + timedelta(days=number)
            with self.store.write() as session:
                while self.plans and self.plans[0][0] <= number:
                    self.set_clock(day, self.random.choice(HOURS))
                    heapq.heappop(self.plans)[2](session, day)
            self.remind(day)
            if number % 10 == 9:
                progress(f"{day}  {len(self.books.matters)} matters, {self.steps.total()} steps, {time.perf_counter() - began:.0f} s")
        self.lived = until
        self.set_clock(FIRST + timedelta(days=until), HOURS[1])

    def remind(self, day: date) -> None:
        """The evening's reminders; on some days the program was down, and the next evening says what is still to be said."""
        if self.random.random() < 0.1:
            return
        self.set_clock(day, HOURS[-1])
        reminders.remind(self.office)
        settings = self.settings
        self.said += [(day, *one) for one in self.books.remind(day, settings.remind_before_days, tuple(settings.remind_late_days))]

    def set_clock(self, day: date, at: tuple[int, int, int]) -> None:
        moment = datetime(day.year, day.month, day.day, *at, tzinfo=clock.OFFICE_ZONE).astimezone(UTC)
        clock.set_source(lambda: moment)

    # --- what happens ----------------------------------------------------------------------------------------------

    def write(self, day: date, case: int, what: str, /, *, refused: bool = False, **data: Any) -> None:
        self.steps[f"{what} refused" if refused else what] += 1
        self.books.take(Entry(day, case, what, data, refused))

    def step(self, session: Session, case: StoredCase, by: Actor, step: Step, /, **order: Any) -> bool:
        """Take a step; False: it was refused, and nothing changed."""
        self.acted[case.id] += 1
        if step not in REFUSABLE:
            flow.take(session, by, case, step, StepOrder.model_validate({"version": case.version, **order}))
            return True
        try:
            with session.begin_nested():
                flow.take(session, by, case, step, StepOrder.model_validate({"version": case.version, **order}))
        except (InvalidInput, WrongState):
            session.refresh(case)
            self.acted[case.id] -= 1
            return False
        return True

    def deed(self, session: Session, day: date, case: StoredCase, deed: Deed, *, data: dict[str, Any] | None = None, **order: Any) -> bool:
        """Decide that it hangs together with another, or take that back, and write down what became of it."""
        clerk, done = self.actor(case.organization_id, StaffRole.CLERK), True
        wanted = LinkOrder.model_validate({"version": case.version, "reason": "是一回事", **order})
        try:
            with session.begin_nested():
                joining.decide(session, clerk, case.id, deed, wanted)
        except WrongState:
            session.expire_all()
            done = False
        self.write(day, case.id, deed.value, refused=not done, **(data or {}))
        return done

    def done(self, session: Session, day: date, case: StoredCase, by: Actor, step: Step, /, *, what: str = "", data: dict[str, Any] | None = None, **order: Any) -> bool:
        """Take a step and write down what became of it."""
        taken = self.step(session, case, by, step, **order)
        self.write(day, case.id, what or step.value, refused=not taken, **(data or {}))
        return taken

    def register(self, session: Session, day: date, repeats: int | None = None) -> None:
        office = self.random.choice(list(self.units)) if repeats is None else session.get_one(StoredCase, repeats).organization_id
        received = max(FIRST, day - timedelta(days=self.random.choice((0, 0, 0, 1, 3, 12))))
        if repeats is not None:
            received = max(received, session.get_one(StoredCase, repeats).received_on)
        channel = self.random.choice(("letter", "online", "hotline", "mailbox", "on_site"))
        receiver = office + 1000 if channel == "on_site" and self.random.random() < 0.5 else None
        case, _ = registering.register(session, self.actor(office, StaffRole.CLERK), NewMatter(
            channel=channel, received_on=received, name="何守田", statement="补偿款没有给", category=self.random.choice(CATEGORIES),
            place=f"村{self.random.randrange(12)}", purpose="request", received_by_id=receiver,
        ))  # fmt: skip
        self.write(day, case.id, "registered", office=office, received=received, channel=channel, receiver=office if receiver else None)
        if repeats is not None:
            case.repeat_of_id = repeats
            self.write(day, case.id, "repeats", of=repeats)
        number = case.id
        self.after(day, 0, 20, lambda s, d: self.screen(s, d, number))

    def talk(self, session: Session, day: date) -> None:
        """A leader talks by video; it came to nothing that is filed."""
        organization = self.random.choice(list(self.paths))
        number = next(self.order)
        session.add(Reception(
            id=f"t{number}", organization_id=organization, kiosk_id=1, number="A01", state="closed", consent="audio_video",
            petitioner_name="何守田", query_code=f"Q{number}", receiver_id=organization + 1000, asked_at=clock.now(),
            started_at=clock.now(), ended_at=clock.now(),
        ))  # fmt: skip
        self.write(day, 0, "talk", organization=organization)

    def promise(self, session: Session, day: date) -> None:
        """A leader talks by video, promises something in it, and the matter is registered."""
        office, number = self.random.choice(list(self.units)), next(self.order)
        unit, due, clerk = self.random.choice(self.units[office]), day + timedelta(days=self.random.randrange(30)), self.actor(office, StaffRole.CLERK)
        session.add(Reception(
            id=f"p{number}", organization_id=office, kiosk_id=1, number="A01", state="closed", consent="audio_video",
            petitioner_name="何守田", query_code=f"P{number}", receiver_id=office + 1000, asked_at=clock.now(),
            started_at=clock.now(), ended_at=clock.now(),
        ))  # fmt: skip
        session.flush()
        case = registering.new_case(
            session, office, "video", day, clock.now(), title="丈量", petitioner="何守田", purpose="request", category=self.random.choice(CATEGORIES),
            place="村1", people=1, statement="要重新丈量", filed_record={}, reception_id=f"p{number}",
        )  # fmt: skip
        session.add(registering.note_registered(case, clerk, clerk.name, clock.now()))
        registering.make_findable(session, [case])
        promised = Commitment(
            reception_id=f"p{number}", promise_id="1", organization_id=office, unit_id=unit, what="重新丈量", due_on=due,
            promised_by_id=office + 1000, promised_at=clock.now(), state="open",
        )  # fmt: skip
        session.add(promised)
        session.flush()
        commitments.filed(session, case)
        self.write(day, 0, "talk", organization=office)
        self.write(day, case.id, "registered", office=office, received=day, channel="video")
        self.write(day, case.id, "promise", unit=unit, due=due)
        matter, made = case.id, promised.id
        self.after(day, 0, 20, lambda s, d: self.screen(s, d, matter))
        if self.random.random() < 0.8:
            self.after(day, 0, 60, lambda s, d: self.end_promise(s, d, matter, made, unit))

    def end_promise(self, session: Session, day: date, number: int, promised: int, unit: int) -> None:
        case, end = session.get_one(StoredCase, number), CommitmentEnd(version=1, words="办了")
        if self.random.random() < 0.8:
            commitments.finish(session, self.actor(unit, StaffRole.HANDLER), promised, end)
            self.write(day, number, "keep_promise")
        else:
            commitments.withdraw(session, self.actor(case.organization_id, StaffRole.LEADER), promised, end)
            self.write(day, number, "break_promise")

    def goes_on_elsewhere(self, session: Session, day: date, case: StoredCase, back: Callable[[Session, date], None]) -> bool:
        """Merge it into an earlier matter of the office that is open, and perhaps take that back later; False: there is none."""
        number = case.id
        query = select(StoredCase.id).where(
            StoredCase.organization_id == case.organization_id, StoredCase.state.in_(sorted(OPEN)), StoredCase.received_on <= case.received_on,
            StoredCase.id.not_in({number, *self.to_go_back}),
        )  # fmt: skip
        found = list(session.scalars(query.order_by(StoredCase.id.desc()).limit(8)))
        if not found:
            return False
        target = session.get_one(StoredCase, self.random.choice(found))
        into, acted = target.id, self.acted[target.id]
        assert self.deed(session, day, case, Deed.MERGE, other_id=into, other_version=target.version, data={"into": into})

        def unmerge(s: Session, d: date) -> None:
            if self.deed(s, d, s.get_one(StoredCase, number), Deed.UNMERGE, data={"untouched": self.acted[into] == acted}):
                back(s, d)

        if self.random.random() < 0.6:
            self.after(day, 0, 40, unmerge)
        return True

    def guided_back(self, session: Session, day: date, case: StoredCase) -> bool:
        """What comes again while the earlier one is being handled goes to that, and perhaps comes back."""
        earlier = session.get_one(StoredCase, case.repeat_of_id) if case.repeat_of_id is not None else None
        if earlier is None or earlier.state not in BEING_HANDLED or self.random.random() < 0.4:
            return False
        number = case.id
        assert self.deed(session, day, case, Deed.GUIDE_BACK, other_id=earlier.id, other_version=earlier.version)
        self.acted[number] += 1

        def unguide(s: Session, d: date) -> None:
            assert self.deed(s, d, s.get_one(StoredCase, number), Deed.UNGUIDE_BACK)
            self.screen(s, d, number)

        if self.random.random() < 0.5:
            self.after(day, 0, 40, unguide)
        return True

    def split(self, session: Session, day: date, case: StoredCase) -> None:
        """Part of it is a matter of its own, and perhaps is put back before anybody has done anything with it."""
        origin, clerk = case.id, self.actor(case.organization_id, StaffRole.CLERK)
        order = LinkOrder(version=case.version, reason="两件事", title="另一件", statement="路灯坏了")
        made = joining.decide(session, clerk, origin, Deed.SPLIT, order)
        number = made.id
        self.write(day, number, "registered", office=made.organization_id, received=made.received_on, channel=made.channel)
        if self.random.random() < 0.6:
            self.after(day, 0, 20, lambda s, d: self.screen(s, d, number))
            return
        self.to_go_back.add(number)

        def unsplit(s: Session, d: date) -> None:
            if not self.deed(s, d, s.get_one(StoredCase, number), Deed.UNSPLIT, data={"of": origin}):
                self.to_go_back.discard(number)
                self.screen(s, d, number)

        self.after(day, 0, 60, unsplit)

    def supervise(self, session: Session, day: date, number: int, unit: int) -> None:
        """A letter to the unit, which it answers some time later, where it is owed still."""
        case = session.get_one(StoredCase, number)
        if all(one.organization_id != unit for one in flow.store.standing_assignments(session, number)):
            return
        due = day + timedelta(days=self.random.randint(1, 15))
        actor = Actor(name="督查", user_id=2000, role=StaffRole.SUPERVISOR, organization_id=1, organization_path=self.paths[1])
        letter = supervision.write(session, actor, case, SupervisionOrder(kind="supervision", unit_id=unit, text="抓紧办。", due=due)).id
        self.write(day, number, "supervise", unit=unit, due=due)

        def answer(s: Session, d: date) -> None:
            refused = False
            try:
                with s.begin_nested():
                    supervision.answer(s, self.actor(unit, StaffRole.HANDLER), s.get_one(StoredCase, number), letter, SupervisionAnswer(text="办了。"))
            except WrongState:
                refused = True
            self.write(d, number, "answer", refused=refused, of=day)

        self.after(day, 0, 25, answer)

    def screen(self, session: Session, day: date, number: int) -> None:
        case, chance = session.get_one(StoredCase, number), self.random.random()
        clerk = self.actor(case.organization_id, StaffRole.CLERK)
        if self.guided_back(session, day, case):
            return
        if self.random.random() < 0.05 and self.goes_on_elsewhere(session, day, case, lambda s, d: self.screen(s, d, number)):
            return
        if self.random.random() < 0.04:
            self.split(session, day, case)
        if chance < 0.07:
            self.done(session, day, case, clerk, Step.GUIDE, route="向人民法院起诉")
            return
        if chance < 0.10:
            self.done(session, day, case, clerk, Step.NO_LONGER_ACCEPT, reason="已经复核终结")
            return
        simple, litigation = self.random.random() < 0.2, self.random.random() < 0.04
        self.done(session, day, case, clerk, Step.SCREEN, purpose="request", category=case.category, simple=simple, litigation=litigation,
                  data={"simple": simple, "litigation": litigation})  # fmt: skip
        if litigation:
            self.done(session, day, case, clerk, Step.GUIDE, route="向人民法院起诉")
            return
        self.assign(session, day, case)

    def assign(self, session: Session, day: date, case: StoredCase) -> None:
        unit, number = self.random.choice(self.units[case.organization_id]), case.id
        units = [(unit, "main")]
        towns = [one for one in self.townships[case.organization_id] if one != unit]
        given = case.id in self.with_township
        if towns and not given and self.random.random() < 0.25:
            self.with_township[number] = self.random.choice(towns)
            units.append((self.with_township[number], "township"))
        self.done(session, day, case, self.actor(case.organization_id, StaffRole.CLERK), Step.ASSIGN, data={"units": units},
                  units=[UnitOrder(organization_id=one, part=part) for one, part in units])  # fmt: skip
        self.rate(session, day, number, "office")
        if self.random.random() < 0.06:
            self.after(day, 0, 60, lambda s, d: self.supervise(s, d, number, unit))
        chance = self.random.random()
        if chance < 0.05:
            self.after(day, 0, 12, lambda s, d: self.object(s, d, number, unit))
        elif chance < 0.09:
            self.after(day, 0, 25, lambda s, d: self.withdraw(s, d, number, unit))
        elif chance < 0.98:
            self.after(day, 0, 5 if case.simple else 20, lambda s, d: self.accept(s, d, number, unit))

    def share_of(self, session: Session, case: StoredCase, unit: int) -> int:
        return next(one.id for one in flow.store.standing_assignments(session, case.id) if one.organization_id == unit)

    def object(self, session: Session, day: date, number: int, unit: int) -> None:
        case = session.get_one(StoredCase, number)
        if not self.done(session, day, case, self.actor(unit, StaffRole.HANDLER), Step.OBJECT, reason="不归本单位", data={"unit": unit}):
            self.after(day, 0, 10, lambda s, d: self.accept(s, d, number, unit))
        elif self.random.random() < 0.6:
            self.after(day, 0, 6, lambda s, d: self.uphold(s, d, number, unit))
        else:
            self.after(day, 0, 6, lambda s, d: self.reject(s, d, number, unit))

    def uphold(self, session: Session, day: date, number: int, unit: int) -> None:
        case = session.get_one(StoredCase, number)
        self.done(session, day, case, self.actor(case.organization_id, StaffRole.CLERK), Step.UPHOLD_OBJECTION, what="take_back", reason="属实",
                  assignment_id=self.share_of(session, case, unit))  # fmt: skip
        self.after(day, 0, 4, lambda s, d: self.assign(s, d, s.get_one(StoredCase, number)))

    def reject(self, session: Session, day: date, number: int, unit: int) -> None:
        case = session.get_one(StoredCase, number)
        self.step(session, case, self.actor(case.organization_id, StaffRole.CLERK), Step.REJECT_OBJECTION, reason="归它", assignment_id=self.share_of(session, case, unit))
        self.after(day, 0, 10, lambda s, d: self.accept(s, d, number, unit))

    def withdraw(self, session: Session, day: date, number: int, unit: int) -> None:
        case = session.get_one(StoredCase, number)
        self.done(session, day, case, self.actor(case.organization_id, StaffRole.CLERK), Step.WITHDRAW, what="take_back", reason="换单位",
                  assignment_id=self.share_of(session, case, unit))  # fmt: skip
        self.after(day, 0, 4, lambda s, d: self.assign(s, d, s.get_one(StoredCase, number)))

    def accept(self, session: Session, day: date, number: int, unit: int) -> None:
        case, handler = session.get_one(StoredCase, number), self.actor(unit, StaffRole.HANDLER)
        if self.random.random() < 0.04 and self.goes_on_elsewhere(session, day, case, lambda s, d: self.accept(s, d, number, unit)):
            return
        self.perhaps_ordinary(session, day, case, handler)
        if self.random.random() < 0.06:
            self.done(session, day, case, handler, Step.NOT_ACCEPT, reason="不属于信访事项")
            self.rate(session, day, number, "unit")
            return
        self.done(session, day, case, handler, Step.ACCEPT)
        self.perhaps_ordinary(session, day, case, handler)
        if self.random.random() < 0.06:
            self.after(day, 0, 25, lambda s, d: self.register(s, d, number))
        if number in self.with_township:
            self.after(day, 0, 8, lambda s, d: self.feed_back(s, d, number))
        chance = self.random.random()
        if chance < 0.2:
            self.after(day, 5, 70, lambda s, d: self.extend(s, d, number, unit))
        elif chance < 0.3:
            self.after(day, 1, 15, lambda s, d: self.pause(s, d, number, unit))
        elif chance < 0.97:
            self.after(day, 1, 15 if case.simple else 85, lambda s, d: self.reply(s, d, number, unit))

    def perhaps_ordinary(self, session: Session, day: date, case: StoredCase, handler: Actor) -> None:
        if case.simple and self.random.random() < 0.1:
            self.done(session, day, case, handler, Step.TO_ORDINARY, reason="不简单")

    def feed_back(self, session: Session, day: date, number: int) -> None:
        case, town = session.get_one(StoredCase, number), self.with_township[number]
        self.done(session, day, case, self.actor(town, StaffRole.HANDLER), Step.FEED_BACK, reason="查过",
                  assignment_id=self.share_of(session, case, town), data={"unit": town})  # fmt: skip

    def extend(self, session: Session, day: date, number: int, unit: int) -> None:
        case, days = session.get_one(StoredCase, number), self.random.randint(1, 30)
        if self.done(session, day, case, self.actor(unit, StaffRole.HANDLER), Step.ASK_EXTENSION, days=days, reason="情况复杂", data={"days": days}):
            self.after(day, 0, 3, lambda s, d: self.grant(s, d, number, unit))
        else:
            self.after(day, 0, 10, lambda s, d: self.reply(s, d, number, unit))

    def grant(self, session: Session, day: date, number: int, unit: int) -> None:
        case = session.get_one(StoredCase, number)
        if self.random.random() < 0.2:
            self.done(session, day, case, self.actor(unit, StaffRole.LEADER), Step.REFUSE_EXTENSION, reason="不复杂")
        else:
            self.done(session, day, case, self.actor(unit, StaffRole.LEADER), Step.GRANT_EXTENSION)
        self.after(day, 1, 50, lambda s, d: self.reply(s, d, number, unit))

    def pause(self, session: Session, day: date, number: int, unit: int) -> None:
        case, handler = session.get_one(StoredCase, number), self.actor(unit, StaffRole.HANDLER)
        self.step(session, case, handler, Step.BEGIN_MEDIATION, by_whom="调解委员会", how="信访人签了同意书")
        self.done(session, day, case, handler, Step.BEGIN_PAUSE, pause="mediation", reason="双方同意", data={"kind": "mediation"})
        if self.random.random() < 0.95:
            self.after(day, 0, 40, lambda s, d: self.resume(s, d, number, unit))

    def resume(self, session: Session, day: date, number: int, unit: int) -> None:
        self.done(session, day, session.get_one(StoredCase, number), self.actor(unit, StaffRole.HANDLER), Step.END_MEDIATION, what="end_pause",
                  result="agreed", outcome="谈成了")  # fmt: skip
        self.after(day, 1, 60, lambda s, d: self.reply(s, d, number, unit))

    def reply(self, session: Session, day: date, number: int, unit: int) -> None:
        case, handler = session.get_one(StoredCase, number), self.actor(unit, StaffRole.HANDLER)
        waiting = [one for one in flow.store.standing_assignments(session, number) if one.part != "main" and one.state != "fed_back"]
        if waiting:
            self.after(day, 1, 9, lambda s, d: self.reply(s, d, number, unit))
            return
        if self.random.random() < 0.8:
            self.done(session, day, case, handler, Step.CONTACT, how="电话")
        self.done(session, day, case, handler, Step.REPLY, text="补发。")
        self.rate(session, day, number, "unit")
        self.after(day, 0, 6, lambda s, d: self.deliver(s, d, number, unit))

    def deliver(self, session: Session, day: date, number: int, unit: int) -> None:
        case = session.get_one(StoredCase, number)
        self.done(session, day, case, self.actor(unit, StaffRole.HANDLER), Step.DELIVER, day=day.isoformat(), how="当面")
        self.after(day, 0, 10, lambda s, d: self.conclude(s, d, number))

    def conclude(self, session: Session, day: date, number: int) -> None:
        case = session.get_one(StoredCase, number)
        clerk = self.actor(case.organization_id, StaffRole.CLERK)
        self.done(session, day, case, clerk, Step.CONCLUDE)
        if self.random.random() < 0.4:
            score = self.random.choice(SCORES)
            self.done(session, day, case, clerk, Step.FOLLOW_UP, outcome="问过了", score=score, data={"score": score})
        chance = self.random.random()
        if chance < 0.15:
            self.after(day, 0, 45, lambda s, d: self.request_review(s, d, number))
        elif chance < 0.27:
            self.after(day, 0, 150, lambda s, d: self.register(s, d, number))

    def rate(self, session: Session, day: date, number: int, body: str) -> None:
        if self.random.random() > 0.4:
            return
        case, score, by = session.get_one(StoredCase, number), self.random.choice(SCORES), self.random.choice(("petitioner", "petitioner", "staff"))
        staff = self.actor(case.organization_id, StaffRole.CLERK) if by == "staff" else None
        refused = True
        try:
            with session.begin_nested():
                ratings.rate(session, case, NewRating(body=body, score=score), staff=staff)
                refused = False
        except WrongState:
            session.refresh(case)
        matter = self.books.matters[number]
        earlier = matter.ratings.get(body)
        expected = matter.litigation or matter.repeat_of is not None or (earlier is not None and (by == "staff" or earlier[1] == "petitioner"))
        assert refused is expected, (number, body, matter)
        if not refused:
            self.write(day, number, "rate", body=body, score=score, by=by)

    def request_review(self, session: Session, day: date, number: int) -> None:
        case = session.get_one(StoredCase, number)
        clerk, answered = self.actor(case.organization_id, StaffRole.CLERK), flow.store.letters(session, number)[-1].issued_at
        if self.refused_request(session, day, case, "request_review", Step.REFUSE_REVIEW):
            self.after(day, 0, 20, lambda s, d: self.request_review(s, d, number))
            return
        asked = max(day - timedelta(days=self.random.choice((0, 0, 2))), clock.day_in_office(answered))
        self.done(session, day, case, clerk, Step.REQUEST_REVIEW, day=asked.isoformat(), reason="有正当理由", data={"day": asked})
        self.after(day, 1, 40, lambda s, d: self.review(s, d, number))

    def review(self, session: Session, day: date, number: int) -> None:
        case = session.get_one(StoredCase, number)
        clerk = self.actor(case.organization_id, StaffRole.CLERK)
        self.done(session, day, case, clerk, Step.REVIEW_OPINION, text="见附页。")
        if self.random.random() < 0.85:
            self.done(session, day, case, clerk, Step.DELIVER, day=day.isoformat(), how="邮寄")
        else:
            self.after(day, 0, 6, lambda s, d: self.anew(s, d, number))
            return
        if self.random.random() < 0.25:
            self.after(day, 0, 6, lambda s, d: self.anew(s, d, number))
            return
        if self.random.random() < 0.7:
            self.after(day, 0, 40, lambda s, d: self.request_reexamination(s, d, number))

    def anew(self, session: Session, day: date, number: int) -> None:
        """The opinion has the unit handle it anew; there are no more days to be had, but for a mediation."""
        case = session.get_one(StoredCase, number)
        unit = case.unit_id or 0
        self.done(session, day, case, self.actor(case.organization_id, StaffRole.CLERK), Step.HANDLE_ANEW, reason="没有量过")
        chance = self.random.random()
        if chance < 0.2:
            self.after(day, 1, 70, lambda s, d: self.extend(s, d, number, unit))
        elif chance < 0.4:
            self.after(day, 1, 15, lambda s, d: self.pause(s, d, number, unit))
        else:
            self.after(day, 1, 85, lambda s, d: self.reply(s, d, number, unit))

    def refused_request(self, session: Session, day: date, case: StoredCase, right: str, step: Step) -> bool:
        """Some requests are somebody else's, and some that are late are not taken up."""
        limit = next(one for one in reversed(self.books.matters[case.id].limits) if one.rule == right and one.open)
        late, chance = day > limit.due, self.random.random()
        if chance > (0.5 if late else 0.2):
            return False
        ground = {"ground": "late"} if late else {"ground": "not_theirs", "by_whom": "何大年"}
        clerk = self.actor(case.organization_id, StaffRole.CLERK)
        self.done(session, day, case, clerk, step, day=day.isoformat(), reason="没有说为什么", **ground)
        return True

    def request_reexamination(self, session: Session, day: date, number: int) -> None:
        case = session.get_one(StoredCase, number)
        clerk = self.actor(case.organization_id, StaffRole.CLERK)
        if self.refused_request(session, day, case, "request_reexamination", Step.REFUSE_REEXAMINATION):
            return
        self.done(session, day, case, clerk, Step.REQUEST_REEXAMINATION, day=day.isoformat(), reason="有正当理由", data={"day": day})
        self.after(day, 1, 9, lambda s, d: self.hear(s, d, number))

    def hear(self, session: Session, day: date, number: int) -> None:
        case = session.get_one(StoredCase, number)
        clerk = self.actor(case.organization_id, StaffRole.CLERK)
        self.done(session, day, case, clerk, Step.BEGIN_PAUSE, pause="hearing", reason="听证", data={"kind": "hearing"})
        self.after(day, 0, 12, lambda s, d: self.decide(s, d, number))

    def decide(self, session: Session, day: date, number: int) -> None:
        case = session.get_one(StoredCase, number)
        clerk = self.actor(case.organization_id, StaffRole.CLERK)
        self.done(session, day, case, clerk, Step.END_PAUSE, outcome="听完了")
        self.after(day, 0, 40, lambda s, d: self.reexamine(s, d, number))

    def reexamine(self, session: Session, day: date, number: int) -> None:
        case = session.get_one(StoredCase, number)
        self.done(session, day, case, self.actor(case.organization_id, StaffRole.CLERK), Step.REEXAMINATION_OPINION, text="见附页。")
        if self.random.random() < 0.3:
            self.after(day, 0, 6, lambda s, d: self.anew(s, d, number))


# --- comparing -----------------------------------------------------------------------------------------------------


def check_deadlines(year: Year) -> int:
    """Every deadline in the store is the recomputed one; returns how many there are."""
    with year.store.read() as session:
        kept = Counter(
            (one.case_id, one.rule, one.organization_id, one.starts_on, one.due_on, one.done_on, one.dropped_on, one.extended_days)
            for one in session.scalars(select(StoredDeadline))
        )
    again = Counter(
        (number, one.rule, one.who, one.starts, one.due, one.done, one.dropped, one.extended)
        for number, matter in year.books.matters.items() for one in matter.limits
    )  # fmt: skip
    assert kept == again, (list((kept - again).elements())[:3], list((again - kept).elements())[:3])
    return kept.total()


def check_reminders(year: Year) -> int:
    """Every reminder was given on the recomputed day, once, and to whom it concerns; returns how many there are."""
    kinds = {"due": "due", "late": "late", "late-supervisor": "late", "late-leader": "late"}
    expected: Counter[tuple[date, int, str, int]] = Counter()
    for day, case, _, who, _, stage in year.said:
        office = year.books.matters[case].office
        to = {"late-leader": {who + 1000, office + 1000}, "late-supervisor": {2000}}.get(stage, {who})
        expected.update((day, case, kinds.get(stage, "before"), user) for user in to)
    with year.store.read() as session:
        query = select(StoredReminder, StoredDeadline).join(StoredDeadline, StoredDeadline.id == StoredReminder.deadline_id)
        given = Counter(
            (clock.day_in_office(one.at), limit.case_id, limit.rule, limit.organization_id, one.due_on, one.stage)
            for one, limit in session.execute(query)
        )
        notices = select(Notice).where(Notice.kind.in_(("before", "due", "late")))
        told = Counter((clock.day_in_office(one.at), one.case_id, one.kind, one.user_id) for one in session.scalars(notices))
    again = Counter(year.said)
    assert given == again, (list((given - again).elements())[:3], list((again - given).elements())[:3])
    assert told == expected, (list((told - expected).elements())[:3], list((expected - told).elements())[:3])
    return given.total()


def check_figures(year: Year, keys: list[str], organizations: list[int], progress: Callable[[str], None] = lambda _: None) -> int:
    """Every figure of these periods and organizations is the recomputed one, and so are the matters behind it."""
    checked = 0
    today = clock.today_in_office().date()
    with year.store.read() as session:
        for organization, key in itertools.product(organizations, keys):
            if key == keys[0]:
                progress(f"figures of organization {organization}, {checked} agree")
            period = periods.parse(key)
            everything = year.actor(1, StaffRole.SUPERVISOR)
            scope = Scope(actor=everything, path=year.paths[organization], period=period, today=today, policy=Policy())
            checked += _compare(session, year.books, scope, organization)
    return checked


def _compare(session: Session, books: Books, scope: Scope, organization: int) -> int:
    orgs, first, last = books.under(organization), scope.period.first, scope.period.last
    expected: dict[Figure, tuple[set[int], set[int]]] = {
        Figure.ACCEPTED_IN_TIME: books.in_time(ACCEPTANCE, orgs, first, last, scope.today),
        Figure.CONCLUDED_IN_TIME: books.in_time(CONCLUSION, orgs, first, last, scope.today),
        Figure.REPEATS: books.repeats(orgs, first, last),
        Figure.RESOLVED_ONCE: books.resolved(orgs, first, last, scope.policy.repeat_window_days),
    }
    for body, satisfied, rated in (("office", Figure.SATISFIED_OFFICE, Figure.RATED_OFFICE), ("unit", Figure.SATISFIED_UNIT, Figure.RATED_UNIT)):
        pleased, answered, could = books.rated(body, orgs, first, last)
        expected |= {satisfied: (pleased, answered), rated: (answered, could)}
    months = scope.period.months()
    sums = figure_sums.of(session, scope, months)
    _compare_parts(books, scope, sums, orgs, months)
    for figure, (part, whole) in expected.items():
        counted = sums.shares[figure]
        assert (counted.part, counted.whole) == (len(part), len(whole)), (figure, organization, scope.period.key, counted, len(part), len(whole))
        for good, cases in ((True, part), (False, whole - part)) if scope.period.kind in LISTED else ():
            found = case_figures.behind(session, scope, case_figures.rows(session, scope, figure), good, None, 100_000)
            assert {one.id for one in found} == cases, (figure, good, organization, scope.period.key)
    levels = stats.levels(session, scope, sums.video, case_figures.organizations(session, scope.path))
    told = {one.level: (one.share.part, one.share.whole) for one in levels}
    assert told == books.receptions(orgs, first, last), (organization, scope.period.key)
    for look, cases in books.looks(orgs, first, last).items():
        found = case_figures.behind(session, scope, case_figures.looks(scope, Look(look)), None, None, 100_000)
        assert {one.id for one in found} == cases, (look, organization, scope.period.key)
    return len(expected) + 1 + len(Look)


def _compare_parts(books: Books, scope: Scope, sums: Sums, orgs: set[int], months: list[Period]) -> None:
    """Months and organizations of what has a limit."""
    for figure, rules in figure_sums.DUE.items():
        for number, month in enumerate(months):
            part, whole = books.in_time(rules, orgs, month.first, month.last, scope.today)
            assert sums.by_month[figure][number] == Share(len(part), len(whole)), (figure, month.key)
        for one in orgs if scope.period.kind in LISTED else ():
            part, whole = books.in_time(rules, {one}, scope.period.first, scope.period.last, scope.today)
            assert sums.by_organization[figure].get(one, Share()) == Share(len(part), len(whole)), (figure, one)


LISTED = ("year", "half")
"""Of these periods the matters behind each figure are compared, too; of the others the numbers."""
ALL_KEYS = [f"{YEAR}", *(f"{YEAR}-H{n}" for n in (1, 2)), *(f"{YEAR}-Q{n}" for n in (1, 2, 3, 4)), *(f"{YEAR}-{n:02}" for n in range(1, 13))]


def simulate(folder: Path, cases: int, organizations: int, seed: int = 1, *, compared: int = 0, url: str = "",
             progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:  # fmt: skip
    """Run the year, comparing at its middle and at its end; what was compared, and how long it took.

    Deadlines and reminders are compared throughout; figures of `compared` organizations in some periods, of 0 of all in all.
    """
    began, cpu = time.perf_counter(), time.process_time()
    year = Year(folder, cases, organizations, seed, url)
    try:
        year.run(until=DAYS // 2, progress=progress)
        few = [1, 2, organizations][: compared or 3]
        checked = check_figures(year, [f"{YEAR}-H1"], few)
        check_deadlines(year)
        year.run(progress=progress)
        lived = time.perf_counter() - began
        deadlines, reminded = check_deadlines(year), check_reminders(year)
        checked += check_figures(year, [f"{YEAR}", f"{YEAR}-Q2"] if compared else ALL_KEYS, few if compared else list(year.paths), progress)
    finally:
        clock.set_source(None)
        year.store.close()
    return {
        "cases": len(year.books.matters), "organizations": organizations, "seed": seed, "steps": year.steps.total(), "deadlines": deadlines,
        "reminders": reminded,
        "figures": checked, "kinds": dict(sorted(year.steps.items())), "seconds_living": round(lived, 1),
        "seconds": round(time.perf_counter() - began, 1), "cpu_s": round(time.process_time() - cpu, 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--organizations", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", default="", help="SQLAlchemy URL of an empty database; left out: SQLite in a temporary folder")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = simulate(
            Path(folder), told.cases, told.organizations, told.seed, url=told.url,
            progress=lambda words: print(words, file=sys.stderr, flush=True),
        )  # fmt: skip
        print(json.dumps(figures, ensure_ascii=False))


if __name__ == "__main__":
    main()
