"""An office with everybody in it: each role in each relation to one talk, record and case, and what they are answered.

What is asked changes nothing: every writing transaction is rolled back.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import Mock

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from server.api.deps import COOKIE, READER_COOKIE
from server.domain.states import StaffRole
from server.main import create_app
from server.protocol.office import NewUser
from server.reception import accounts, drafts, filing, signing
from server.reception.office import Office
from server.store.access import Actor
from server.store.models import (
    AccusedUnit,
    CaseAccused,
    Commitment,
    Kiosk,
    LogInSession,
    OnSiteTalk,
    Organization,
    Participant,
    QueuePlace,
    ReadingLink,
    StoredAssignment,
    StoredCase,
    StoredPapers,
    User,
    VisitRecord,
)
from tests.office import OWN_PAGE, PASSWORD, settings_for
from tests.records.office import TALK, World, add_reception, sign

DOCUMENT = Path(__file__).parents[2] / "server/protocol/rights.md"
COLUMNS = ("anyone", "kiosk", "reader", *(role.value for role in StaffRole))
PLACES = {"O": "/1/2/", "B": "/1/", "A": "/1/2/3/", "G": "/1/2/4/", "R": "/1/2/5/", "S": "/6/"}
"""Own unit; a unit above, for which it is a matter of a unit below; a unit below, for which it is one of a unit above; a unit
that was given it; one from which it was taken back; a stranger."""
RELATIONS = (*PLACES, "X")
"""X: the accused, in the own unit, or in the unit that was given it."""
ROUTE = re.compile(r"^\| (GET|POST|PUT|DELETE|PATCH|OPTIONS) (\S+) \|(.*)\|$")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """The table of the document: per route what each column says."""
    found = {}
    for line in DOCUMENT.read_text("utf-8").splitlines():
        if (row := ROUTE.match(line)) is not None:
            cells = [cell.strip() for cell in row[3].split("|")]
            found[f"{row[1]} {row[2]}"] = dict(zip(COLUMNS, cells, strict=True))
    return found


def pattern(path: str) -> str:
    """A path with its parameters as {}."""
    return re.sub(r"{[^}]*}", "{}", path)


@dataclass
class Everybody:
    """Clients of all, and what things there are: of the own unit, and an accusation against it."""

    office: Office
    anyone: TestClient
    staff: dict[tuple[str, str], TestClient] = field(default_factory=dict)
    """By role and place."""
    kiosks: dict[str, TestClient] = field(default_factory=dict)
    readers: dict[str, TestClient] = field(default_factory=dict)
    """O: whose own it is; S: another."""
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    """N: the matter; X: the accusation."""

    def who(self, column: str) -> Iterator[tuple[str, TestClient, str]]:
        """Relation, client and matter for a column."""
        if column == "anyone":
            yield "", self.anyone, "N"
        elif column in ("kiosk", "reader"):
            yield from ((place, client, "N") for place, client in getattr(self, f"{column}s").items())
        else:
            yield from ((place, self.staff[column, place], "N") for place in PLACES)
            yield "X", self.staff[column, "G" if column == StaffRole.HANDLER else "O"], "X"


@contextmanager
def everybody(folder: Path) -> Iterator[Everybody]:
    """All of them, in a running web program."""
    settings = settings_for(folder)
    with TestClient(create_app(settings), headers=OWN_PAGE, raise_server_exceptions=False) as anyone:
        office: Office = anyone.app.state.office  # type: ignore[attr-defined]
        made = Everybody(office, anyone)
        tokens = _fill(made)
        for kind, relation, cookie, token in tokens:
            client = TestClient(anyone.app, headers=OWN_PAGE, raise_server_exceptions=False)
            client.portal = anyone.portal
            client.cookies.set(cookie, token)
            if kind in ("kiosk", "reader"):
                getattr(made, f"{kind}s")[relation] = client
            else:
                made.staff[kind, relation] = client
        object.__setattr__(office, "jobs", Mock())
        _never_keep(office)
        yield made


def _never_keep(office: Office) -> None:
    store = office.store

    @contextmanager
    def write() -> Iterator[Session]:
        with store._writing() as session:
            try:
                yield session
                session.flush()
            finally:
                session.rollback()

    store.write = write  # type: ignore[method-assign]


def _fill(made: Everybody) -> list[tuple[str, str, str, str]]:
    tokens: list[tuple[str, str, str, str]] = []
    with made.office.store.write() as session:
        for place, path in sorted(PLACES.items(), key=lambda one: one[1]):
            ids = [int(part) for part in path.split("/") if part]
            session.add(Organization(id=ids[-1], parent_id=ids[-2] if len(ids) > 1 else None, name=f"机构{place}", code=f"U{place}", path=path))
            session.flush()
            for role in StaffRole:
                home = session.get_one(Organization, ids[-1])
                asked = NewUser(username=f"{role}-{place}", name=f"{role}{place}", role=role.value, organization_id=home.id, password=PASSWORD)
                user = _user(session, home, asked)
                tokens.append((role.value, place, COOKIE, accounts.open_session(session, user, 10)))
        for number, place in ((1, "O"), (2, "S")):
            kiosk = Kiosk(id=number, organization_id=int(PLACES[place].split("/")[-2]), name=f"终端{place}", created_at=TALK)
            session.add(kiosk)
            session.flush()
            tokens.append(("kiosk", place, COOKIE, _kiosk_key(session, number)))
    for matter in ("N", "X"):
        made.things[matter] = _matter(made, matter)
    with made.office.store.write() as session:
        for place, record in (("O", made.things["N"]["open_record_id"]), ("S", made.things["X"]["open_record_id"])):
            tokens.append(("reader", place, READER_COOKIE, _reader_key(session, record)))
    return tokens


def _user(session: Session, home: Organization, asked: NewUser) -> User:
    """An account that nobody logs in to with a password: one slow hash is enough for all."""
    user = User(organization=home, username=asked.username, name=asked.name, role=asked.role, password_hash="", created_at=TALK)
    session.add(user)
    session.flush()
    return user


def _kiosk_key(session: Session, kiosk_id: int) -> str:
    token = accounts.new_token()
    session.add(
        LogInSession(token_sha256=accounts.digest(token), kiosk_id=kiosk_id, created_at=TALK, expires_at=TALK.replace(year=2090))
    )
    return token


def _reader_key(session: Session, record_id: str) -> str:
    key = accounts.new_token()
    session.add(
        ReadingLink(
            id=f"l{record_id}", record_id=record_id, code_sha256=accounts.digest(record_id), key_sha256=accounts.digest(key), whom="何守田",
            digits="", created_by=1, created_at=TALK, expires_at=TALK.replace(year=2090),
        )
    )  # fmt: skip
    return key


def _clerk(session: Session) -> Actor:
    return accounts.actor_of_user(session.query(User).filter_by(username="clerk-O").one())


def _matter(made: Everybody, matter: str) -> dict[str, Any]:
    """A talk that was filed as a case with a unit, and one whose record lies with the petitioner."""
    world = World(made.office, *(None,) * 5)  # type: ignore[arg-type]
    with made.office.store.write() as session:
        clerk = _clerk(session)
        receiver = session.query(User).filter_by(username="leader-O").one().id
        kiosk = Actor(name="终端", kiosk_id=1, organization_id=2, organization_path="/1/2/")
        world.kiosk, world.clerk = kiosk, clerk
        filed = drafts.create_draft(session, add_reception(session, f"filed{matter}", organization_id=2, receiver_id=receiver))
        record_id = filed.id
        signing.confirm(session, clerk, record_id)
        sign(session, world, record_id, file_at_once=False)
        case_id = filing.file_record(session, clerk, record_id).case_id
        open_ = drafts.create_draft(session, add_reception(session, f"open{matter}", organization_id=2, receiver_id=receiver))
        signing.confirm(session, clerk, open_.id)
        session.add(QueuePlace(reception_id=open_.reception_id, claims=[], lets_pass=[]))
        room = _held_in_a_room(session, f"room{matter}", receiver)
        case = session.get_one(StoredCase, case_id)
        for place, state in (("G", "received"), ("R", "withdrawn")):
            unit = int(PLACES[place].split("/")[-2])
            session.add(StoredAssignment(case_id=case_id, organization_id=unit, kind="assign", part="main", state=state, given_by="x", given_at=TALK))
        promise = Commitment(
            reception_id=f"filed{matter}", promise_id="typed-1", organization_id=2, case_id=case_id, unit_id=int(PLACES["G"].split("/")[-2]),
            what="x", due_on=TALK.date(), promised_by_id=receiver, promised_at=TALK, state="open",
        )  # fmt: skip
        papers = StoredPapers(id=f"papers{matter}", kiosk_id=1, reception_id=f"filed{matter}", state="stored", sha256="0" * 64, shown_at=TALK, pages=[{"size": 1, "sha256": "0" * 64}])
        session.add_all([promise, papers])
        session.flush()
        if matter == "X":
            case.accusation, case.purpose = True, "accusation"
            session.add_all(CaseAccused(case_id=case_id, organization_id=unit) for unit in (2, 4))
            for record in (open_, room):
                record.accusation = True
                session.merge(AccusedUnit(record_id=record.id, organization_id=2))
        elsewhere = matter == "X"  # kiosks, accounts and organizations are accused of nothing
        return {"commitment_id": promise.id, "case_id": case_id, "record_id": open_.id, "open_record_id": open_.id, "reception_id": open_.reception_id, "talk_id": room.reception_id, "seat": f"{room.reception_id}-petitioner", "papers_id": papers.id, "kiosk_id": 999 if elsewhere else 1,
                "segment_id": f"open{matter}-s1", "organization_id": 999 if elsewhere else 2,
                "user_id": 999 if elsewhere else session.query(User).filter_by(username="clerk-O").one().id}  # fmt: skip


def _held_in_a_room(session: Session, name: str, leader: int) -> VisitRecord:
    """A talk on site that is over, and its draft."""
    reception = add_reception(session, name, organization_id=2, receiver_id=leader)
    reception.channel = "on_site"
    reception.participants.append(Participant(id=f"{name}-room", position=2, role="room", name="现场接访室"))
    session.add(OnSiteTalk(reception_id=name, kind="on_site", leader_id=leader, queued=False, author="x", made_at=TALK))
    session.flush()
    return drafts.create_draft(session, reception)


# --- asking ------------------------------------------------------------------------------------------------------

SPECIAL = {"step": "contact", "kind": "video", "name": "record.json", "sha256": "0" * 64, "queue_deed": "return", "number": 1}
BULK: dict[str, Any] = {"action": "assign", "items": [{"id": 1, "version": 1}]}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/session": {},
    "POST /api/cases/{}/steps/{}": {"version": 1, "how": "电话"},
    "POST /api/records/{}/edits": {"version": 1, "edits": []},
    "PUT /api/admin/limits/{}/{}": {"value": 30, "unit": "days", "source": "x"},
} | {
    f"POST /api/work/bulk{page} of {role}": BULK | {"action": action} for page in ("", "/preview")
    for role, action in (("handler", "receive"), ("supervisor", "urge"))
}  # fmt: skip
"""By route, or by route and role, where the least that is allowed would say something else than what is asked: whether one is let in."""
SAMPLES = ("x", "1", "2026-06-09", "assign", "main", "letter", "office", "satisfied", "QCR1ABCD", "4321", "0" * 64, "record.pdf", "AB1", "75110X",
           "day", "month", "2026-06", "due", "13800004321", "x@example.org", "typed-1")  # fmt: skip


def ask(client: TestClient, method: str, path: str, things: dict[str, Any], body: Any) -> str:
    """`no`: not let in; `gone`: there is nothing of that name for this caller; `yes`."""

    def value(found: re.Match[str]) -> str:
        name = found[1].split(":")[0]
        if name == "rule" and "/limits/" in path:
            return "conclude"
        return str(things.get(name, SPECIAL.get(name, 1)))

    query = {"since": 0} if path.endswith("/changes") else {"after": 1} if path.endswith("/desk/rest") else None
    answer = client.request(method, re.sub(r"{([^}]*)}", value, path), params=query, json=body, follow_redirects=False)
    status, sent_to = answer.status_code, answer.headers.get("location", "")
    return "no" if status in (401, 403) or sent_to.startswith("/login") else "gone" if status == 404 else "yes"


def smallest(schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    """The least that a description of a body allows."""
    if "$ref" in schema:
        return smallest(parts[schema["$ref"].rsplit("/", 1)[1]], parts)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return smallest(schema[several][0], parts)
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    kind = schema.get("type")
    if kind == "object":
        return {name: smallest(schema["properties"][name], parts) for name in schema.get("required", ())}
    if kind == "array":
        several = schema.get("prefixItems") or [schema.get("items", {})] * schema.get("minItems", 0)
        return [smallest(one, parts) for one in several]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return False if kind == "boolean" else _text(schema)


def _text(schema: dict[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "2026-06-09T10:00:00+08:00"
    if schema.get("format") == "date":
        return "2026-06-09"
    if "pattern" in schema:
        return next((one for one in SAMPLES if re.fullmatch(schema["pattern"], one)), "x")
    return "x" * max(1, schema.get("minLength", 1))
