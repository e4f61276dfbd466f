"""`make bench-store`: how quick the case store is with ten thousand cases and with a million, on SQLite and on PostgreSQL.

A store of each engine is filled with a made-up county (synthetic.py), then officers work on it at once: threads that
call the same functions as the HTTP API, each in its transaction, on one Store, as the web program does.  An officer does
something about once a second, which is more than anybody does; what is measured is how long each thing took.  With
`--officers 1 --pause 0` it is how long each takes when nobody else is there.

Progress goes to standard error, the figures into deploy/performance.md where both engines and sizes were asked for; the last
line of standard output is one JSON object:
{engine: {cases: {operation: {p50_ms, p95_ms, p99_ms, count}}}, "growth": {engine: {operation: p95 of the most cases / of the fewest}}}

open            a case with persons, history, shares, deadlines, letters and offers, and its entry in the access log
list            the newest twenty with their deadlines; list_deep: twenty from somewhere in the middle
list_filtered   the newest twenty of a state and a channel
search_rare     a word of forty cases; search_common: a word of a fifth of all; search_name: somebody's name
register        a new matter: like ones are looked for among all there are, then it is registered
assign          it is given to a unit
desk            待办: every list with its count, and the first one's first page; due: 到期, what is late and what falls soon
"""

import argparse
import datetime
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from deploy.bench import filling, report, synthetic
from server import clock
from server.domain.casequery import CaseQuery
from server.domain.flow import Step
from server.domain.states import CaseState, StaffRole
from server.protocol.alike import LookedFor, LookedForPerson
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.reception.matter import alike, cases, flow, registering, work
from server.store.access import Actor
from server.store.engine import Store
from server.store.finding import Cursor
from server.store.migrate import migrate
from server.store.models import CasePerson, StoredCase
from tests.records import postgres

SIZES = (10_000, 1_000_000)
TOWNSHIP, DEPARTMENT = 2, 14
"""Organizations of the county that the officers work in, and those after them."""
WEIGHTS = {
    "open": 6, "list": 4, "list_deep": 2, "list_filtered": 2, "search_rare": 2, "search_common": 2, "search_name": 2, "register": 2,
    "assign": 2, "desk": 3, "due": 2,
}  # fmt: skip


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def staff() -> list[Actor]:
    """Sixteen: the office's clerks, leader and supervisor, clerks of townships, officers of departments."""
    def one(number: int, role: StaffRole, organization: int) -> Actor:
        path = "/1/" if organization == 1 else f"/1/{organization}/"
        return Actor(name=f"经办{number}", user_id=number, role=role, organization_id=organization, organization_path=path)

    office = [one(1, role, 1) for role in (StaffRole.CLERK,) * 5 + (StaffRole.LEADER, StaffRole.SUPERVISOR)]
    towns = [one(2 * n + 1, StaffRole.CLERK, n) for n in range(TOWNSHIP, TOWNSHIP + 5)]
    return office + towns + [one(2 * n + 2, StaffRole.HANDLER, n) for n in range(DEPARTMENT, DEPARTMENT + 4)]


@dataclass
class Measured:
    """How long each operation took, from every officer."""

    took: dict[str, list[float]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, dict[str, float]]:
        found = {}
        for name in WEIGHTS:
            if taken := sorted(self.took.get(name, ())):
                at = statistics.quantiles(taken, n=100, method="inclusive") if len(taken) > 1 else taken * 99
                found[name] = {f"p{part}_ms": round(at[part - 1] * 1000, 1) for part in (50, 95, 99)} | {"count": len(taken)}
        return found


@dataclass
class Known:
    """What the officers may ask for: it is looked up before anything is measured."""

    newest: int
    names: list[str]
    registered: list[int]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_registered(self) -> int | None:
        with self.lock:
            return self.registered.pop() if self.registered else None


def know(store: Store, draw: random.Random) -> Known:
    """Names and cases at hand."""
    with store.read() as session:
        newest = session.scalars(select(StoredCase.id).order_by(StoredCase.id.desc()).limit(1)).one()
        some = [draw.randrange(1, newest + 1) for _ in range(200)]
        names = session.scalars(select(CasePerson.name).where(CasePerson.case_id.in_(some))).all()
        # An accusation cannot be given to whom it is against, and whom it is given to is drawn.
        waiting = select(StoredCase.id).where(
            StoredCase.state == CaseState.REGISTERED, StoredCase.organization_id == 1, ~StoredCase.accusation
        )
        return Known(newest, list(names), list(session.scalars(waiting.order_by(StoredCase.id.desc()).limit(3000))))


class Officer:
    """One of them at work."""

    def __init__(self, store: Store, actor: Actor, known: Known, draw: random.Random) -> None:
        self.store, self.actor, self.known, self.draw = store, actor, known, draw
        self.seen: list[int] = []

    def deeds(self) -> list[str]:
        """What this one does."""
        reads = [name for name in WEIGHTS if name not in ("register", "assign")]
        if self.actor.role is not StaffRole.CLERK:
            return reads
        return [*reads, "register", "assign"] if self.actor.organization_id == 1 else [*reads, "register"]

    def do(self, deed: str) -> Callable[[], Any] | None:
        """The operation, with what it needs drawn already; None: there is nothing to do it with."""
        draw = self.draw
        if deed == "open":
            case = draw.choice(self.seen) if self.seen else None
            return case and (lambda: self._open(case))
        if deed == "register":
            new = self._matter()
            return lambda: self._register(new)
        if deed == "assign":
            case = self.known.next_registered()
            return case and (lambda: self._assign(case))
        if deed == "desk":
            return self._desk
        if deed == "due":
            return self._due
        asked, cursor = CaseQuery(), Cursor()
        if deed == "list_deep":
            cursor = Cursor(before=draw.randrange(self.known.newest // 2, self.known.newest))
        elif deed == "list_filtered":
            asked = CaseQuery(state=draw.choice((CaseState.CONCLUDED, CaseState.ACCEPTED)), channel=draw.choice(synthetic.CHANNELS))
        elif deed.startswith("search"):
            words = {"search_rare": synthetic.RARE, "search_common": synthetic.COMMON, "search_name": draw.choice(self.known.names)}
            asked = CaseQuery(words=words[deed])
        return lambda: self._list(asked, cursor)

    def _list(self, asked: CaseQuery, cursor: Cursor) -> None:
        with self.store.read() as session:
            found = cases.list_cases(session, self.actor, asked, cursor)
        self.seen = [row.id for row in found.rows] or self.seen

    def _open(self, case: int) -> None:
        with self.store.read() as session:
            cases.open_case(session, self.actor, case).model_dump_json()

    def _desk(self) -> None:
        with self.store.read() as session:
            lists = work.of_page(self.actor, False) or work.of_page(self.actor, True)
            work.overview(session, self.actor, lists)
            work.listed(session, self.actor, lists[0], "")

    def _due(self) -> None:
        with self.store.read() as session:
            work.due(session, self.actor, None, "")

    def _matter(self) -> NewMatter:
        wrong = self.draw.choice(synthetic.TOPICS)
        place = self.draw.choice(synthetic.TOWNSHIPS) + self.draw.choice(synthetic.VILLAGES)
        return NewMatter.model_validate({
            "channel": "letter", "received_on": clock.today_in_office().date().isoformat(), "name": self.draw.choice(self.known.names),
            "phone": f"100{self.draw.randrange(10**8):08d}", "statement": f"{place}{self.draw.choice(wrong[3])}。", "purpose": wrong[2],
            "category": wrong[1], "place": place,
        })  # fmt: skip

    def _register(self, new: NewMatter) -> None:
        person = LookedForPerson(name=new.name, phone=new.phone)
        with self.store.read() as session:
            alike.while_typing(session, self.actor, LookedFor(persons=(person,), statement=new.statement, place=new.place, category=new.category))
        with self.store.write() as session:
            made, _added = registering.register(session, self.actor, new)
            number, accusation = made.id, made.accusation
        if self.actor.organization_id == 1 and not accusation:
            with self.known.lock:
                self.known.registered.append(number)

    def _assign(self, case_id: int) -> None:
        with self.store.write() as session:
            case = cases.require_case(session, self.actor, case_id)
            order = StepOrder(version=case.version, units=(UnitOrder(organization_id=self.draw.randrange(TOWNSHIP, 31)),))
            flow.take(session, self.actor, case, Step.ASSIGN, order)

    def work(self, until: float, pause: float, measured: Measured) -> None:
        """Do one thing after the other until then."""
        deeds = self.deeds()
        while time.monotonic() < until:
            deed = self.draw.choices(deeds, [WEIGHTS[name] for name in deeds])[0]
            operation = self.do(deed)
            if operation is not None:
                began = time.perf_counter()
                try:
                    operation()
                except Exception as error:
                    measured.troubles.append(f"{deed}: {type(error).__name__}: {error}")
                    continue
                measured.took.setdefault(deed, []).append(time.perf_counter() - began)
            time.sleep(self.draw.uniform(0.5, 1.5) * pause)


def measure(store: Store, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Have the officers work, and say how long things took."""
    draw = random.Random(options.seed)
    known = know(store, draw)
    officers = [Officer(store, actor, known, random.Random(draw.random())) for actor in staff()[: options.officers]]
    for warming in (True, False):
        measured = Measured()
        until = time.monotonic() + (options.seconds / 5 if warming else options.seconds)
        threads = [threading.Thread(target=one.work, args=(until, options.pause, measured)) for one in officers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if measured.troubles:
        raise SystemExit(f"{len(measured.troubles)} operations went wrong, such as {measured.troubles[0]}")
    return measured.figures()


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """URL of an empty database."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'bench.sqlite'}"
        return
    with postgres.server() as url:
        yield url


def bench(engine: str, cases_: int, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Fill and measure one store."""
    with tempfile.TemporaryDirectory(prefix="bench-store-") as name, database(engine, Path(name)) as url:
        store = Store(url)
        try:
            migrate(store.engine)
            filling.fill(store, synthetic.Size(cases_, options.today, options.seed))
            say(f"{engine}, {cases_} cases: {options.officers} officers work for {options.seconds:.0f} s")
            figures = measure(store, options)
        finally:
            store.close()
    for operation, found in figures.items():
        say(f"  {operation:15} " + "  ".join(f"{key} {value}" for key, value in found.items()))
    return figures


def growth(figures: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """How many times longer each operation takes with the most cases than with the fewest, at the 95th percentile."""
    sizes = sorted(figures, key=int)
    few, many = figures[sizes[0]], figures[sizes[-1]]
    return {name: round(many[name]["p95_ms"] / few[name]["p95_ms"], 2) for name in few if name in many and few[name]["p95_ms"]}


DEEDS = {
    "open": "a case opened", "list": "the newest twenty", "list_deep": "twenty in the middle", "list_filtered": "twenty of a state and channel",
    "search_rare": "a word of forty cases", "search_common": "a word of a fifth of all", "search_name": "a name",
    "register": "registered, like ones looked for", "assign": "given to a unit", "desk": "待办", "due": "到期",
}  # fmt: skip


def part(found: dict[str, Any], options: argparse.Namespace, load: float) -> str:
    """What deploy/performance.md tells of the case store."""
    columns = [(engine, str(size)) for engine in options.engines for size in options.sizes]
    def row(name: str) -> str:
        cells = [found[engine][size].get(name) for engine, size in columns]
        growth = [f"{found['growth'][engine].get(name, '–')}" for engine in options.engines]
        return " | ".join([f"| {DEEDS[name]}", *(f"{one['p50_ms']:.0f} / {one['p95_ms']:.0f}" if one else "–" for one in cells), *growth]) + " |"

    heads = [f"{engine}, {int(size):,}" for engine, size in columns] + [f"{engine}: growth" for engine in options.engines]
    return _PART.format(
        date=datetime.date.today().isoformat(), machine=report.machine(), load=load, officers=options.officers, seconds=options.seconds,
        heads=" | ".join(heads), lines="|".join("---" for _ in heads), rows="\n".join(row(name) for name in WEIGHTS),
    )  # fmt: skip


_PART = """# How quick the case store is

Written by `make bench-store` ({date}).  {machine}.  Load average before: {load:.1f}; above 1 other work took time on both
cores, and every figure tells of that work.

{officers} officers at once for {seconds:.0f} s, each about one thing a second, on as many cases as the head of the column says:
half of them / 95 of 100 within milliseconds.  Growth is the second figure with the most cases over that with the fewest.
Wanted: under 100 ms for 95 of 100, growth under 3.

| what | {heads} |
|---|{lines}|
{rows}

PostgreSQL runs on the same two cores with the settings that it is installed with.
"""


def main() -> None:
    """Fill, work, say how long that took."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked.add_argument("--engines", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    asked.add_argument("--seconds", type=float, default=120)
    asked.add_argument("--officers", type=int, default=16)
    asked.add_argument("--pause", type=float, default=1.0, help="seconds between two things that an officer does, on average")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--today", type=date.fromisoformat, default=clock.today_in_office().date())
    options = asked.parse_args()
    load = os.getloadavg()[0]
    found: dict[str, Any] = {engine: {str(size): bench(engine, size, options) for size in options.sizes} for engine in options.engines}
    found["growth"] = {engine: growth(found[engine]) for engine in options.engines}
    if len(options.engines) > 1 and len(options.sizes) > 1:
        report.write(report.PAGE, part(found, options, load))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
