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

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from server.api.deps import COOKIE, READER_COOKIE
from server.domain.states import StaffRole
from server.main import create_app
from server.protocol.accounts import NewUser
from server.reception.account import accounts
from server.reception.matter import filing
from server.reception.office import Office
from server.reception.record import drafts, signing
from server.reception.talk.waiting import display_token
from server.store.access import Actor
from server.store.models import (
    AccusedUnit,
    Booking,
    CaseAccused,
    CasePerson,
    Commitment,
    Invitation,
    Kiosk,
    LogInSession,
    OnSiteTalk,
    Organization,
    Participant,
    QueuePlace,
    ReadingLink,
    ReceptionDay,
    SavedList,
    StoredAssignment,
    StoredCase,
    StoredPapers,
    User,
    VisitRecord,
)
from tests.api import things
from tests.office import OWN_PAGE, PASSWORD, settings_for
from tests.records.office import TALK, World, add_reception, data_url, png, sign, strokes

DOCUMENT = Path(__file__).parents[2] / "server/protocol/rights.md"
COLUMNS = ("anyone", "kiosk", "reader", *(role.value for role in StaffRole))
PLACES = {"O": "/1/2/", "B": "/1/", "A": "/1/2/3/", "G": "/1/2/4/", "R": "/1/2/5/", "W": "/1/2/7/", "S": "/6/"}
"""Own unit; a unit above, for which it is a matter of a unit below; a unit below, for which it is one of a unit above; a unit
that was given it; one from which it was taken back; one with whose leader the person booked; a stranger."""
ACCUSED = {"X": "O", "X of G": "G", "X of W": "W"}
"""The accused: the own unit, a unit that was given it, and one with whose leader the person booked."""
ACCUSED_UNITS = tuple(int(PLACES[place].split("/")[-2]) for place in ACCUSED.values())
RELATIONS = (*PLACES, *ACCUSED)
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
            yield from ((relation, self.staff[column, place], "X") for relation, place in ACCUSED.items())


@contextmanager
def everybody(folder: Path) -> Iterator[Everybody]:
    """All of them, in a running web program."""
    settings = settings_for(folder)
    with TestClient(_telling(create_app(settings)), headers=OWN_PAGE, raise_server_exceptions=False) as anyone:
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


def _telling(app: FastAPI) -> FastAPI:
    """The program, telling which questions do not even fit its description: their answers say nothing about rights."""
    answers = app.exception_handlers[RequestValidationError]

    async def told(request: Request, error: Exception) -> Response:
        answer: Response = await answers(request, error)  # type: ignore[misc]
        answer.headers[SENSELESS] = "1"
        return answer

    app.add_exception_handler(RequestValidationError, told)
    return app


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
    """A talk that was filed as a case with a unit, one whose record lies with the petitioner, and all that hangs on them."""
    world = World(made.office, *(None,) * 5)  # type: ignore[arg-type]
    settings = made.office.settings
    with made.office.store.write() as session:
        clerk = _clerk(session)
        users = {user.username: user.id for user in session.query(User)}
        receiver = users["leader-O"]
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
        clerks = drafts.create_draft(session, add_reception(session, f"clerk{matter}", organization_id=2, receiver_id=clerk.user_id))
        case = session.get_one(StoredCase, case_id)
        for place, state in (("G", "received"), ("R", "withdrawn")):
            unit = int(PLACES[place].split("/")[-2])
            session.add(StoredAssignment(case_id=case_id, organization_id=unit, kind="assign", part="main", state=state, given_by="x", given_at=TALK))
        unit = int(PLACES["G"].split("/")[-2])
        promise = Commitment(
            reception_id=f"filed{matter}", promise_id="typed-1", organization_id=2, case_id=case_id, unit_id=unit,
            what="x", due_on=TALK.date(), promised_by_id=receiver, promised_at=TALK, state="open",
        )  # fmt: skip
        papers = StoredPapers(id=f"papers{matter}", kiosk_id=1, reception_id=f"filed{matter}", state="stored", sha256="0" * 64, shown_at=TALK, pages=[{"size": 1, "sha256": "0" * 64}])
        session.add_all([promise, papers])
        session.flush()
        whose = things.Owner(matter, clerk, receiver, unit, users["clerk-B"], 1, "x")
        alone_id = things.alone(session, whose)
        hanging = things.of_case(session, settings, whose, case) | things.of_record(session, settings, whose, open_)
        _book(session, open_.reception_id, session.get_one(User, users["leader-W"]))
        hanging |= {f"{role} invitation_id": _invited(session, open_.reception_id, role, users[f"{role}-O"]) for role in INVITED_ROLES}
        if matter == "X":
            case.accusation, case.purpose = True, "accusation"
            session.add_all(CaseAccused(case_id=case_id, organization_id=unit) for unit in ACCUSED_UNITS)
            for record in (open_, room, clerks, session.get_one(VisitRecord, alone_id)):
                record.accusation = True
                session.add_all(AccusedUnit(record_id=record.id, organization_id=unit) for unit in ACCUSED_UNITS)
                session.flush()
        matters = {
            **hanging, "commitment_id": promise.id, "case_id": case_id, "record_id": open_.id, "open_record_id": open_.id,
            "reception_id": open_.reception_id, "talk_id": room.reception_id, "seat": f"{room.reception_id}-petitioner",
            "papers_id": papers.id, "segment_id": f"open{matter}-s1", "alone_id": alone_id, "clerks_talk": clerks.reception_id,
            "person_id": session.query(CasePerson.id).filter_by(case_id=case_id).scalar(),
            "assignment_id": session.query(StoredAssignment.id).filter_by(case_id=case_id, state="received").scalar(),
        }  # fmt: skip
        open_to_all = {"screen_code": things.SCREEN + "N", "hall": display_token(settings, 2)}
        if matter == "X":
            read_by_all = {"read_by_all": made.things["N"]["read_by_all"]}
            return dict.fromkeys(NO_MATTER, 999) | matters | open_to_all | read_by_all | {"booking_id": matters["talks_booking_id"]}
        lists = {f"{role} list_id": _kept(session, users[f"{role}-O"]) for role in INVITED_ROLES}
        return things.of_office(session, settings, whose) | things.group_with(session, whose, case) | matters | open_to_all | lists | {
            "kiosk_id": 1, "organization_id": 2, "user_id": users["clerk-O"], "read_by_all": things.published(session, case, whose),
        }  # fmt: skip


NO_MATTER = (
    "kiosk_id", "organization_id", "user_id", "key_id", "day_id", "word_id", "import_id", "mapping_id", "duty_id", "digest_id", "list_id",
    "lecture_id", "group_id", "measure_id",
)  # fmt: skip
"""Kiosks, accounts, lists and the like are accused of nothing, and no accusation is in them."""
INVITED_ROLES = ("leader", "clerk", "handler", "supervisor")


def _book(session: Session, talk: str, leader: User) -> None:
    """The person came to this talk with a booking for a day of this leader's."""
    day = ReceptionDay(
        organization_id=leader.organization_id, leader_id=leader.id, on_day=TALK.date(), kind="video", begins=540, slots=4, slot_minutes=30,
        place="", charge="", state="planned", author="x", made_at=TALK,
    )  # fmt: skip
    booking = session.query(Booking).filter_by(reception_id=talk).one()
    booking.organization_id, booking.place_id, booking.day = leader.organization_id, 2, day
    session.get_one(QueuePlace, talk).wanted_id = leader.id


def _invited(session: Session, reception_id: str, role: str, user_id: int) -> str:
    name = f"{role}-{reception_id}"
    session.add(Invitation(
        id=name, reception_id=reception_id, participant_id=name, role="joint", name="x", user_id=user_id, invited_by=user_id,
        created_at=TALK, expires_at=TALK.replace(year=2090),
    ))  # fmt: skip
    return name


def _kept(session: Session, user_id: int) -> int:
    made = SavedList(user_id=user_id, organization_id=2, name="x", query={"q": "x"}, at=TALK)
    session.add(made)
    session.flush()
    return made.id


def _held_in_a_room(session: Session, name: str, leader: int) -> VisitRecord:
    """A talk on site that is over, and its draft."""
    reception = add_reception(session, name, organization_id=2, receiver_id=leader)
    reception.channel = "on_site"
    reception.participants.append(Participant(id=f"{name}-room", position=2, role="room", name="现场接访室"))
    session.add(OnSiteTalk(reception_id=name, kind="on_site", leader_id=leader, queued=False, author="x", made_at=TALK))
    session.flush()
    return drafts.create_draft(session, reception)


# --- asking ------------------------------------------------------------------------------------------------------

SENSELESS = "x-test-senseless"
SPECIAL = {"step": "contact", "kind": "video", "name": "record.json", "sha256": "0" * 64, "queue_deed": "return", "number": 1}
NAMED: dict[str, dict[str, str]] = {
    "DELETE /api/admin/limits/{}/{}": {"rule": "conclude"},
    "PUT /api/admin/limits/{}/{}": {"rule": "conclude"},
    **{f"{method} /api/admin/letter-templates/{{}}/{{}}": {"name": "record"} for method in ("GET", "PUT", "DELETE")},
    "GET /api/admin/letter-templates/{}/{}/sample": {"name": "form"},
    "GET /api/cases/{}/letters/{}/{}": {"form": "docx"},
    "POST /api/cases/{}/links/{}": {"deed": "repeat"},
    "GET /api/cases/{}/supervision/{}": {"kind": "supervision"},
    "POST /api/cases/{}/supervision/{}/answer": {"letter_id": "{urgent_id}"},
    "POST /api/bookings/{}/{}": {"deed": "cancel"},
    "POST /api/ledger/{}/{}": {"deed": "progress"},
    "GET /api/due/{}": {"group": "overdue"},
    "GET /api/work/{}": {"desk": "late"},
    "GET /api/models/{}": {"model_id": "{read_by_all}"},
    "PUT /api/queue/rules/{}": {"rule_id": "elderly"},
    "GET /api/records/{}/alone": {"record_id": "{alone_id}"},
    "POST /api/receptions/{}/end of clerk": {"reception_id": "{clerks_talk}"},
    "PUT /api/receptions/{}/notes of clerk": {"reception_id": "{clerks_talk}"},
    "GET /api/join/{}": {"code": "{guest_code}"},
    "POST /api/join/{}/join": {"code": "{guest_code}"},
    "GET /api/screens/{}": {"code": "{screen_code}"},
    "POST /api/screens/{}/join": {"code": "{screen_code}"},
    "GET /api/hall/{}": {"token": "{hall}"},
    "GET /hall/{}": {"token": "{hall}"},
    "GET /api/work/{} of handler": {"desk": "to_receive"},
    "GET /api/work/{} of supervisor": {"desk": "all_late"},
}
"""By route, or by route and role, what stands in its address where that is no thing, or another thing than its name says."""
QUERIES: dict[str, dict[str, Any]] = {
    "GET /api/records/{}/changes": {"since": 0},
    "GET /api/records/{}/desk/rest": {"after": 1},
    "GET /api/reception-days": {"office": 2, "first": "2026-06-01", "last": "2026-06-30"},
    "GET /api/reception-days/duty": {"office": 2, "day": "2026-06-09"},
}
SENSELESS_IS_IN = ("POST /api/session",)
"""Here a 401 says that name and password are wrong, not that one is not let in."""
BULK: dict[str, Any] = {"action": "assign", "items": [{"id": 1, "version": 1}]}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/session": {},
    "POST /api/cases/{}/steps/{}": {"version": 1, "how": "电话"},
    "POST /api/records/{}/edits": {"edits": [{"kind": "heard", "line_id": "{line_id}", "version": 1, "heard": True}]},
    "POST /api/records/{}/glossary": {"line_id": "{line_id}"},
    "POST /api/reading/{}/disputes": {"line_id": "{line_id}", "version": 1, "reason": "x"},
    "POST /api/reading/{}/disputes/withdraw": {"line_id": "{line_id}"},
    "POST /api/reception-days/{}/cancel": {"version": 1, "why": "x"},
    "POST /api/reading/{}/signature": {"strokes": strokes(), "aspect": 0.5, "sha256": "0" * 64},
    "POST /api/reading/{}/fingerprint": {"image": data_url(png()), "sha256": "0" * 64},
    "POST /api/groups/{}/cases": {"case_id": "{case_id}", "version": 1, "reason": "x"},
    "PUT /api/admin/limits/{}/{}": {"value": 30, "unit": "days", "source": "x"},
} | {
    f"POST /api/work/bulk{page} of {role}": BULK | {"action": action} for page in ("", "/preview")
    for role, action in (("handler", "receive"), ("supervisor", "urge"))
}  # fmt: skip
"""By route, or by route and role, where the least that is allowed would say something else than what is asked: whether one is let in."""
SAMPLES = ("x", "1", "2026-06-09", "assign", "main", "letter", "office", "satisfied", "QCR1ABCD", "4321", "0" * 64, "record.pdf", "AB1", "75110X",
           "day", "month", "2026-06", "due", "13800004321", "x@example.org", "typed-1", "9:00",
           "supervision", "data:image/png;base64,AAAA", "A" * 32)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked of a route, for a column of the table."""

    method: str
    path: str
    column: str
    body: Any = None

    @property
    def route(self) -> str:
        return f"{self.method} {pattern(self.path)}"

    def ask(self, client: TestClient, things: Mapping[str, Any]) -> str:
        """`no`: not let in; `gone`: there is nothing of that name for this caller; `yes`; `senseless`: the question does not fit
        the program's description; `fault`."""
        address = re.sub(r"{([^}:]*)[^}]*}", lambda found: str(self._named(found[1], things)), self.path)
        answer = client.request(self.method, address, params=QUERIES.get(self.route), json=_filled(self.body, things), follow_redirects=False)
        if SENSELESS in answer.headers:
            return "yes" if self.route in SENSELESS_IS_IN else "senseless"
        status, sent_to = answer.status_code, answer.headers.get("location", "")
        if status >= 500 and status != 503:
            return "fault"
        return "no" if status in (401, 403) or sent_to.startswith("/login") else "gone" if status == 404 else "yes"

    def _named(self, name: str, things: Mapping[str, Any]) -> Any:
        """What stands in the address under a name."""
        told = NAMED.get(f"{self.route} of {self.column}", NAMED.get(self.route, {})).get(name)
        own = things.get(f"{self.column} {name}", things.get(name, SPECIAL.get(name, 1)))
        return own if told is None else _filled(told, things)


def _filled(body: Any, things: Mapping[str, Any]) -> Any:
    """The same with the things that are named in it."""
    if isinstance(body, dict):
        return {name: _filled(value, things) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, things) for value in body]
    if isinstance(body, str) and body.startswith("{"):
        return things.get(body.strip("{}"), 999)
    return body


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
    least = schema.get("minLength", 0)
    if "pattern" in schema:
        return next((one for one in SAMPLES if re.fullmatch(schema["pattern"], one) and len(one) >= least), "x" * max(1, least))
    return "x" * max(1, least)
