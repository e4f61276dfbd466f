"""The made-up county that the case store is measured with, and that both databases find the same in it."""

import argparse
import random
from datetime import date
from pathlib import Path

import pytest

from deploy.bench import filling, synthetic
from deploy.bench import store as bench
from server.domain.casequery import CaseQuery
from server.store import finding
from server.store.engine import Store
from server.store.finding import Cursor
from server.store.migrate import migrate
from tests.records import postgres

TODAY = date(2026, 6, 9)


def filled(url: str, cases: int) -> Store:
    store = Store(url)
    migrate(store.engine)
    filling.fill(store, synthetic.Size(cases, TODAY))
    return store


def test_officers_can_do_everything_in_a_made_up_county(tmp_path: Path):
    store = filled(f"sqlite:///{tmp_path / 'county.sqlite'}", 150)
    known = bench.know(store, random.Random(1))
    done = set()
    for actor in (bench.staff()[0], bench.staff()[-1]):
        officer = bench.Officer(store, actor, known, random.Random(1))
        for deed in sorted(officer.deeds(), key=lambda deed: deed in ("open", "assign")):
            operation = officer.do(deed)
            assert operation is not None, deed
            operation()
            done.add(deed)
    assert done == set(bench.WEIGHTS)
    store.close()


def test_the_same_seed_gives_the_same_rows():
    first, again, other = (list(synthetic.portions(synthetic.Size(40, TODAY, seed))) for seed in (7, 7, 8))
    assert first == again != other


QUERIES = (
    CaseQuery(), CaseQuery(words=synthetic.RARE), CaseQuery(words=synthetic.COMMON), CaseQuery(words="拖欠工资 开发区"), CaseQuery(words="水"),
    CaseQuery(words="LX-2025"), CaseQuery(place="石桥镇", words="补偿"), CaseQuery(category="劳动", state="concluded"),
    CaseQuery(channel="letter", since=date(2025, 1, 1), until=date(2025, 12, 31)), CaseQuery(office=3), CaseQuery(unit=16),
    CaseQuery(words="没有这回事"),
)  # fmt: skip


@pytest.mark.nightly
def test_both_databases_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every way of looking, for every kind of officer, forwards to the end and back."""
    with postgres.server() as url:
        stores = [filled(f"sqlite:///{tmp_path / 'county.sqlite'}", 900), filled(url, 900)]
        for few in (2000, 0):
            monkeypatch.setattr(finding, "FEW_CASES", few)
            for actor in (bench.staff()[0], bench.staff()[6], bench.staff()[8], bench.staff()[-1]):
                for asked in QUERIES:
                    found = [everything(store, actor, asked) for store in stores]
                    assert found[0] == found[1], (actor, asked)
        for store in stores:
            store.close()


def everything(store: Store, actor, asked: CaseQuery) -> list[object]:
    """Ids of every page with what each says of the others, to the end and one page back."""
    told: list[object] = []
    cursor = Cursor()
    with store.read() as session:
        while True:
            page = finding.page(session, actor, asked, cursor)
            ids = [case.id for case in page.cases]
            told.append((ids, page.older, page.newer, page.total))
            if not page.older or len(told) > 4:
                break
            cursor = Cursor(before=ids[-1])
        if ids:
            back = finding.page(session, actor, asked, Cursor(after=ids[0]))
            told.append(([case.id for case in back.cases], back.older, back.newer))
    return told


def test_the_page_has_every_deed_and_its_growth():
    figures = {name: {"p50_ms": 10.4, "p95_ms": 20.0 * (n + 1), "p99_ms": 60.0, "count": 9} for n, name in enumerate(bench.WEIGHTS)}
    more = {name: one | {"p95_ms": one["p95_ms"] * 1.5} for name, one in figures.items() if name != "assign"}
    found = {"sqlite": {"100": figures, "900": more}}
    found["growth"] = {"sqlite": bench.growth(found["sqlite"])}
    told = bench.part(found, argparse.Namespace(engines=["sqlite"], sizes=[100, 900], officers=16, seconds=120.0), 0.2)
    rows = [line for line in told.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(bench.WEIGHTS) == len(bench.DEEDS)
    assert rows[0] == "| a case opened | 10 / 20 | 10 / 30 | 1.5 |"
    assert "| given to a unit | 10 / 180 | – | – |" in rows
