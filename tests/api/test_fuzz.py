"""Whatever the API's own description lets one send, and what it does not, by whoever: no fault of ours, and nothing of another office.

`make fuzz-api` runs it, EXAMPLES= to each route; from 10 on with another seed each time.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

if "JIETAN_FUZZ_EXAMPLES" not in os.environ:
    pytest.skip("asked for by make fuzz-api", allow_module_level=True)
import schemathesis
from fastapi.openapi.utils import get_openapi
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.api.deps import COOKIE
from server.domain.states import StaffRole
from server.protocol.flow import NewMatter
from server.reception import accounts, drafts, registering
from server.store.access import Actor
from server.store.models import CaseAccused, Kiosk, Organization, StoredCase, User
from tests.api.rights import pattern, table
from tests.office import PEOPLE, TestOffice, client_of, running, settings_for
from tests.records.office import SAID, TALK, add_reception

EXAMPLES = int(os.environ["JIETAN_FUZZ_EXAMPLES"])
WHO = ("anonymous", "kiosk", *(key for key, *_ in PEOPLE if key != "other_leader"))
COLUMN = {"anonymous": "anyone", "stranger": "clerk"}
"""Under what the table of rights has them, where it is not their own name."""
MARKER = "隐秘标记乙丙丁"
"""Stands in everything of an office that nobody here belongs to, and in an accusation against everybody's own."""
AWAY = {"transcriber_away", "media_away", "llm_away"}
"""No media node, transcriber or language model runs here: a 503 that says just that is no fault; every other 503 is one."""


@dataclass
class World:
    """The office, and what ids there are to try: own and others'."""

    office: TestOffice
    ids: dict[str, list[Any]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    def client(self, who: str) -> TestClient:
        client: TestClient = getattr(self.office, who)
        return client

    def refresh(self) -> None:
        """Everybody has their role and is logged in, whatever was done to them before."""
        with self.office.office.store.write() as session:
            for key, username, _, role, *_ in PEOPLE:
                user = session.scalars(select(User).where(User.username == username)).one()
                user.role, user.active = role, True
                session.flush()
                if key in WHO and accounts.actor_of(session, self.client(key).cookies.get(COOKIE, "")) is None:
                    self.client(key).cookies.clear()
                    self.client(key).cookies.set(COOKIE, accounts.open_session(session, user, 10))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(settings_for(tmp_path_factory.mktemp("fuzz"))) as office:
        yield plant(office)


def plant(office: TestOffice) -> World:
    """A talk and a letter of the own office, the same of an office elsewhere with the marker in them, and an accusation."""
    found: dict[str, list[Any]] = {}
    with office.office.store.write() as session:
        elsewhere = accounts.add_organization(session, f"外县信访局{MARKER}", "WX", None)
        session.add(Kiosk(id=77, organization_id=elsewhere.id, name=f"外县{MARKER}", created_at=TALK))
        session.flush()
        said = tuple((role, start, f"{text}{MARKER}") for role, start, text in SAID)
        receiver = office.ids["leader"]
        own = add_reception(session, "own1", kiosk_id=office.ids["kiosk"], organization_id=office.ids["town"], receiver_id=receiver)
        other = add_reception(session, "foreign1", said=said, kiosk_id=77, organization_id=elsewhere.id, receiver_id=receiver)
        other.matter, other.petitioner_name = MARKER, MARKER[:3]
        found["record_id"] = [drafts.create_draft(session, one).id for one in (own, other)]
        found["reception_id"] = [own.id, other.id]
        mine = letter(session, office.ids["county"], session.get_one(Organization, office.ids["county"]).path, "补偿款没给。")
        theirs = letter(session, elsewhere.id, elsewhere.path, f"补偿款没给。{MARKER}")
        against = letter(session, office.ids["county"], session.get_one(Organization, office.ids["county"]).path, MARKER)
        against.accusation, against.purpose = True, "accusation"
        session.add(CaseAccused(case_id=against.id, organization_id=office.ids["county"]))
        found["case_id"] = [mine.id, theirs.id, against.id]
        found |= {"kiosk_id": [office.ids["kiosk"], 77], "user_id": [office.ids["clerk"], office.ids["handler"]], "segment_id": ["own1-s1", "foreign1-s1"]}
    return World(office, found)


def letter(session: Any, organization_id: int, path: str, statement: str) -> StoredCase:
    actor = Actor(name="登记", organization_id=organization_id, organization_path=path, role=StaffRole.CLERK)
    new = NewMatter(channel="letter", received_on=date(2026, 6, 9), name=statement[-7:], statement=statement, phone="13800004321")
    return registering.register(session, actor, new)[0]


def operations(world: World) -> list[Any]:
    """Every route of the API; the program describes itself to nobody, so its description is made here."""
    described = get_openapi(title="接谈", version="1", routes=world.office.anonymous.app.routes)  # type: ignore[attr-defined]
    return [found.ok() for found in schemathesis.openapi.from_dict(described).get_all_operations()]


def requests_of(operation: Any) -> st.SearchStrategy[Any]:
    """What the description allows, and what it does not."""
    right = operation.as_strategy()
    if not (operation.body or operation.query or operation.path_parameters):
        return right
    return right | operation.as_strategy(schemathesis.GenerationMode.NEGATIVE)


def test_no_fault_and_nothing_of_others(world: World) -> None:
    """Every request is sent by each role, a kiosk, and whoever is not logged in."""
    doors, faults = table(), {}
    for operation in operations(world):
        world.refresh()
        cells = doors[f"{operation.method.upper()} {pattern(operation.path)}"]
        faults |= faults_of(world, operation, {who for who in WHO if cells[COLUMN.get(who, who)] == "-"})
    assert not faults, "\n".join(f"{what}  {how[:600]}" for what, how in faults.items())
    assert sum(count for status, count in world.statuses.items() if status < 300) > 200, world.statuses


def faults_of(world: World, operation: Any, outside: set[str]) -> dict[str, str]:
    """What is wrong with the answers of one route, and with what request; `outside` are not let in whatever they send, and asked once."""
    asking, faults = list(WHO), {}

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=EXAMPLES < 10, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate], print_blob=False,
    )  # fmt: skip
    @given(case=requests_of(operation), seed=st.integers(0, 2**32))
    def send(case: Any, seed: int) -> None:
        request = request_of(world, case, random.Random(f"{seed} {operation.label}"))
        for who in asking:
            if (fault := sent(world, who, request)) is not None:
                faults.setdefault(f"{operation.label} {fault}", f"{who}: {request}")
        asking[:] = [who for who in asking if who not in outside]

    send()
    return faults


def test_what_must_not_be_told_is_there_to_be_told(world: World) -> None:
    """Whose own it is does get the marker, in the case and in the record: not getting it means something."""
    with world.office.office.store.write() as session:
        elsewhere = session.get_one(Organization, session.get_one(Kiosk, 77).organization_id)
        mover = session.scalars(select(User).where(User.username == "stranger")).one()
        home, mover.organization_id = mover.organization_id, elsewhere.id
    there = client_of(world.office.anonymous, world.office.office, "stranger")
    told = [there.get(f"/api/cases/{world.ids['case_id'][1]}").text, there.get(f"/api/records/{world.ids['record_id'][1]}").text]
    with world.office.office.store.write() as session:
        session.get_one(User, mover.id).organization_id = home
    assert all(MARKER in text for text in told)


def request_of(world: World, case: Any, chance: random.Random) -> dict[str, Any]:
    """As a client of the test sends it; what names something mostly names something that is there."""
    case.path_parameters = named(world, case.path_parameters, chance)
    case.query, case.body = named(world, case.query, chance), named(world, case.body, chance)
    asked: dict[str, Any] = case.as_transport_kwargs(base_url="http://testserver")
    if isinstance(asked.get("data"), str | bytes):
        asked["content"] = asked.pop("data")
    headers = {name: value for name, value in (case.headers or {}).items() if f"{name}{value}".isascii() and f"{name}{value}".isprintable()}
    return {name: value for name, value in asked.items() if name not in ("cookies", "files")} | {"headers": headers}


def named(world: World, values: Any, chance: random.Random) -> Any:
    """The same, with ids of things that there are, own and others'."""
    if not isinstance(values, dict):
        return values
    return {
        name: chance.choice(world.ids[name]) if name in world.ids and chance.random() < 0.8 else value for name, value in values.items()
    }


def sent(world: World, who: str, asked: dict[str, Any]) -> str | None:
    """What is wrong with the answer; None: nothing."""
    answer = world.client(who).request(**asked)
    world.statuses[answer.status_code] += 1
    if MARKER in answer.text:
        return "told something of another office"
    if answer.status_code < 500:
        return None
    code = answer.json().get("error", {}).get("code") if answer.headers["content-type"] == "application/json" else ""
    return None if answer.status_code == 503 and code in AWAY else f"{answer.status_code} {answer.text[:200]}"
