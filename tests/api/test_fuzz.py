"""Whatever the API's own description lets one send, and what it does not, by whoever: no fault of ours, and nothing of another office.

`make fuzz-api` runs it, EXAMPLES= to each route; from 10 on with another seed each time.
"""

import io
import os
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from typing import Any
from urllib.parse import unquote

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
from server.domain.desks import Desk, DueGroup
from server.domain.states import StaffRole
from server.protocol.flow import NewMatter
from server.reception.account import accounts
from server.reception.matter import filing, registering
from server.reception.record import drafts, signing
from server.store.access import Actor
from server.store.models import (
    AccusedUnit,
    CaseAccused,
    CasePerson,
    Kiosk,
    Organization,
    Reception,
    StoredCase,
    User,
    VisitRecord,
)
from tests.api import things
from tests.api.rights import pattern, table
from tests.letters.pdf import Pdf
from tests.office import PEOPLE, TestOffice, client_of, running, settings_for
from tests.records.office import SAID, TALK, add_reception, sign
from tests.records.office import World as Hands

EXAMPLES = int(os.environ["JIETAN_FUZZ_EXAMPLES"])
WHO = ("anonymous", "kiosk", *(key for key, *_ in PEOPLE if key != "other_leader"))
COLUMN = {"anonymous": "anyone", "stranger": "clerk"}
"""Under what the table of rights has them, where it is not their own name."""
MARKER = "隐秘标记乙丙丁"
"""Stands in everything of an office that nobody here belongs to, and in an accusation against everybody's own."""
AWAY_OFFICE = f"外县信访局{MARKER}"
AWAY = {"transcriber_away", "media_away", "llm_away"}
"""No media node, transcriber or language model runs here: a 503 that says just that is no fault; every other 503 is one."""


@dataclass
class World:
    """The office, and what ids there are to try: own and others'."""

    office: TestOffice
    ids: dict[str, list[Any]] = field(default_factory=dict)
    late: dict[str, list[Any]] = field(default_factory=dict)
    """More of them, behind all others."""
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, more: Mapping[str, list[Any]]) -> None:
        for name, values in more.items():
            self.ids.setdefault(name, []).extend(one for one in values if one not in self.ids[name])

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
    """A talk, a letter and one of every other thing of the own office; the same of an office elsewhere, with the marker in all
    of them; and a letter and a talk that accuse everybody's own office, with the marker, too."""
    world = World(office)
    with office.office.store.write() as session:
        town, county = (session.get_one(Organization, office.ids[name]) for name in ("town", "county"))
        elsewhere = accounts.add_organization(session, AWAY_OFFICE, "WX", None)
        session.add(Kiosk(id=77, organization_id=elsewhere.id, name=f"外县{MARKER}", created_at=TALK))
        session.flush()
        own = things.Owner("own1", _actor(session, town, office.ids["clerk"]), office.ids["leader"], town.id, office.ids["clerk"], office.ids["kiosk"], "本镇的")
        clerk, leader = (_user(session, elsewhere, role) for role in (StaffRole.CLERK, StaffRole.LEADER))
        foreign = things.Owner("foreign1", _actor(session, elsewhere, clerk), leader, elsewhere.id, clerk, 77, MARKER)
        accusing = replace(own, name="against1", words=MARKER)
        for whose in (own, foreign, accusing):
            plant_of(session, world, whose)
        world.add({
            "organization_id": [town.id, county.id, elsewhere.id], "kiosk_id": [office.ids["kiosk"], 77], "user_id": [own.clerk.user_id, office.ids["handler"], clerk],
        })  # fmt: skip
    world.add(world.late)
    for alike, names in SAME.items():
        world.ids |= dict.fromkeys(names, world.ids[alike])
    return world


SAME = {"organization_id": ("unit_id", "office", "organization", "unit", "place_id", "lead_unit_id", "unit_ids"), "case_id": ("other_id", "id"),
        "user_id": ("leader_id", "leader", "officer_id", "receiver_id", "received_by_id", "speaker_id"), "reception_id": ("talk_id",), "letter_id": (),
        "segment_id": ()}  # fmt: skip
"""What names the same kind of thing."""


def plant_of(session: Any, world: World, whose: things.Owner) -> None:
    """Everything of one owner; of the accusing one nothing but what an accusation is."""
    office, settings, against = whose.clerk, world.office.settings, whose.name == "against1"
    said = tuple((role, start, f"{text}{whose.words}") for role, start, text in SAID)
    talk = add_reception(session, whose.name, said=said, kiosk_id=whose.kiosk_id, organization_id=office.organization_id, receiver_id=whose.leader_id)
    talk.matter = whose.words
    case = filed(session, world, whose, said)
    sent = letter(session, office, f"补偿款没给。{whose.words}")
    record = drafts.create_draft(session, talk)
    signing.confirm(session, office, record.id)
    hanging = things.of_case(session, settings, whose, case) | things.of_record(session, settings, whose, record)
    alone_id = things.alone(session, whose)
    if against:
        for one in (case, sent):
            one.accusation, one.purpose = True, "accusation"
            session.add(CaseAccused(case_id=one.id, organization_id=world.office.ids["county"]))
        for name in (talk.id, f"filed{whose.name}", f"alone{whose.name}"):
            session.get_one(Reception, name).left_kiosk_at = TALK
        for one in (record, session.get_one(VisitRecord, alone_id)):
            one.accusation = True
            session.add(AccusedUnit(record_id=one.id, organization_id=world.office.ids["county"]))
    else:
        hanging |= things.of_office(session, settings, whose) | things.group_with(session, whose, case)
    shared = "code" if whose.name == "own1" else "others_code"  # who has a code may see what it opens
    world.add({name: [value] for name, value in hanging.items()} | {
        "record_id": [record.id, alone_id], "reception_id": [talk.id], "case_id": [case.id], "segment_id": [f"{whose.name}-s1"],
        "letter_id": [hanging["letter_id"], hanging["urgent_id"]], shared: [hanging["guest_code"]], "invitation_id": [f"g{whose.name}"],
        "person_id": [one.id for one in session.scalars(select(CasePerson).where(CasePerson.case_id == case.id))],
        "participant_id": [f"{whose.name}-petitioner"], "name": ["record.docx", "record.json"], "form": ["docx", "pdf"],
    })  # fmt: skip
    world.late.setdefault("case_id", []).append(sent.id)
    world.late.setdefault("record_id", []).append(case.talk_record_id)
    world.late.setdefault("reception_id", []).append(case.talk_id)


def filed(session: Any, world: World, whose: things.Owner, said: Any) -> StoredCase:
    """A talk that was signed and filed."""
    talk = add_reception(
        session, f"filed{whose.name}", said=said, kiosk_id=whose.kiosk_id, organization_id=whose.clerk.organization_id, receiver_id=whose.leader_id
    )
    record = drafts.create_draft(session, talk)
    signing.confirm(session, whose.clerk, record.id)
    kiosk = accounts.actor_of_kiosk(session.get_one(Kiosk, whose.kiosk_id))
    hands = Hands(world.office.office, whose.clerk, whose.clerk, kiosk, whose.clerk, whose.clerk)
    sign(session, hands, record.id, file_at_once=False)
    return session.get_one(StoredCase, filing.file_record(session, whose.clerk, record.id).case_id)


def _actor(session: Any, place: Organization, user_id: int) -> Actor:
    return Actor(name="登记", organization_id=place.id, organization_path=place.path, role=StaffRole.CLERK, user_id=user_id)


def _user(session: Any, place: Organization, role: StaffRole) -> int:
    made = User(organization=place, username=f"{role}-away", name=f"外县{MARKER}", role=role, password_hash="", created_at=TALK)
    session.add(made)
    session.flush()
    return made.id


def letter(session: Any, actor: Actor, statement: str) -> StoredCase:
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


ODD = (
    "2026-06-09T10:00:00", "2026-06-09T10:00:00~a", "0001-01-01T00:00:00+08:00~a", "9999-12-31T23:59:59-08:00~a", "2026-06-09", "2026-06-09~5",
    "2026-06-09~5~6", "0001-01-01", "0001-01-01~1", "9999-12-31", "9999-12-31~1", "2199-12-31", "5", "5~5", "0", "-1", "9" * 30, f"2026-06-09~{'9' * 30}",
    "1e400", "NaN", "²", "~", "%", "_", "\\", "'", "a'; --", "😀", "2026-W53", "2000", "2000-H1",
    "2199-Q4", "all", "true",
)  # fmt: skip
"""What hardly any generator comes upon: days and moments at the ends of the calendar, moments without an offset, places of other lists."""


def test_odd_values_in_an_address(world: World) -> None:
    """Each, in each part of a question and by each role that is let in: refused or answered, never a fault."""
    doors, faults = table(), {}
    for operation in operations(world):
        if operation.method.upper() != "GET" or not operation.query:
            continue
        world.refresh()
        cells = doors[f"GET {pattern(operation.path)}"]
        asking = [who for who in WHO if cells[COLUMN.get(who, who)] != "-"]
        needed = {one.name: str(world.ids.get(one.name, ["2026-06-09"])[0]) for one in operation.query if one.is_required}
        for who, path, part, odd in product(asking, addresses(world, operation.path), operation.query, ODD):
            asked = {"method": "GET", "url": path, "params": needed | {part.name: odd}, "headers": {}}
            if (fault := sent(world, who, asked)) is not None:
                faults.setdefault((operation.label, part.name, who, fault[:3]), odd)
    assert not faults


def addresses(world: World, path: str) -> list[str]:
    """The path with something that there is in its places; of lists, each of them."""
    lists = {"{desk}": Desk, "{group}": DueGroup}
    for name, kinds in lists.items():
        if name in path:
            return [path.replace(name, one) for one in kinds]
    return [re.sub(r"\{(\w+)\}", lambda found: str(world.ids.get(found[1], [1])[0]), path)]


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
    """Whose own it is does get the marker, in every kind of thing and in files that are packed: not getting it means something."""
    with world.office.office.store.write() as session:
        elsewhere = session.get_one(Organization, session.get_one(Kiosk, 77).organization_id)
        mover = session.scalars(select(User).where(User.username == "stranger")).one()
        home, mover.organization_id = mover.organization_id, elsewhere.id
    there = client_of(world.office.anonymous, world.office.office, "stranger")
    second = {name: values[1] for name, values in world.ids.items() if len(values) > 1}
    case, talk = f"/api/cases/{second['case_id']}", "/api/receptions/foreign1"
    ways = [
        case, f"{case}/letters/{world.ids['letter_id'][2]}/docx", f"{case}/letters/{world.ids['letter_id'][2]}/pdf",
        f"/api/records/{world.ids['record_id'][2]}",
        f"/api/ledger/{second['case_id']}", f"/api/groups/{second['group_id']}", f"/api/imports/{second['import_id']}", f"/api/digests/{second['digest_id']}",
        f"/api/bookings/{second['booking_id']}", f"/api/models/{second['model_id']}", f"/api/lectures/{second['lecture_id']}", talk, f"{talk}/invitations",
        "/api/glossary", "/api/joint-duty", "/api/bookings?state=approved", "/api/commitments",
    ]  # fmt: skip
    silent = [way for way in ways if MARKER not in words_of(there.get(way))]
    with world.office.office.store.write() as session:
        session.get_one(User, mover.id).organization_id = home
    assert silent == []


def request_of(world: World, case: Any, chance: random.Random) -> dict[str, Any]:
    """As a client of the test sends it; what names something mostly names something that is there."""
    case.path_parameters = named(world, case.path_parameters, chance)
    case.query, case.body = named(world, case.query, chance), named(world, case.body, chance)
    asked: dict[str, Any] = case.as_transport_kwargs(base_url="http://testserver")
    if isinstance(asked.get("data"), str | bytes):
        asked["content"] = asked.pop("data")
    headers = {name: value for name, value in (case.headers or {}).items() if f"{name}{value}".isascii() and f"{name}{value}".isprintable()}
    return {name: value for name, value in asked.items() if name not in ("cookies", "files")} | {"headers": headers}


def named(world: World, values: Any, chance: random.Random, of: str = "") -> Any:
    """The same, with ids of things that there are, own and others', however deep they stand."""
    if isinstance(values, dict):
        return {name: named(world, value, chance, name) for name, value in values.items()}
    if isinstance(values, list):
        return [named(world, value, chance) for value in values]
    return chance.choice(world.ids[of]) if of in world.ids and chance.random() < 0.8 else values


def words_of(answer: Any) -> str:
    """All that an answer says: its headers, its text, and what is packed in it."""
    content: bytes = answer.content
    told = [unquote(" ".join(answer.headers.values())), answer.text]
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            told += [packed.read(name).decode("utf-8", "replace") for name in packed.namelist()]
    if content.startswith(b"%PDF-"):
        told += Pdf(content).pages
    return "\n".join(told)


def sent(world: World, who: str, asked: dict[str, Any]) -> str | None:
    """What is wrong with the answer; None: nothing."""
    answer = world.client(who).request(**asked)
    world.statuses[answer.status_code] += 1
    told = words_of(answer)
    if asked["url"].endswith("/api/schedule"):
        told = told.replace(AWAY_OFFICE, "")  # whose reception days there are, by its name, is for everybody
    if MARKER in told:
        return "told something of another office"
    if answer.status_code < 500:
        return None
    code = answer.json().get("error", {}).get("code") if answer.headers["content-type"] == "application/json" else ""
    return None if answer.status_code == 503 and code in AWAY else f"{answer.status_code} {answer.text[:200]}"
