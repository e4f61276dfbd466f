"""A whole office on a temporary folder, for tests: settings, accounts, a kiosk, and a client for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from server import clock
from server.api.deps import COOKIE
from server.domain.states import StaffRole
from server.main import create_app
from server.protocol.accounts import NewUser
from server.protocol.kiosks import NewKiosk
from server.reception.account import accounts
from server.reception.kiosk import kiosks
from server.reception.office import Office
from server.settings import Settings
from server.store.access import Actor
from server.store.models import Organization
from tests import databases

PASSWORD = "correct horse battery"
OWN_PAGE = {"X-Jietan": "1"}


@dataclass
class TestOffice:
    """A running office and clients that are logged in."""

    __test__ = False
    office: Office
    anonymous: TestClient
    leader: TestClient
    other_leader: TestClient
    clerk: TestClient
    handler: TestClient
    """Of the township."""
    supervisor: TestClient
    administrator: TestClient
    security: TestClient
    auditor: TestClient
    kiosk: TestClient
    stranger: TestClient
    """A clerk of another township, who may see nothing of this one."""
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.office.settings

    def sitting(self, **values: Any) -> dict[str, Any]:
        """Somebody sits down at the kiosk."""
        asked = {"consent": "audio_video", "name": "李秀英", "phone": "13800001234", "matter": "宅基地"} | values
        answer = self.kiosk.post("/api/kiosk/sittings", json=asked)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def settings_for(folder: Path, **values: Any) -> Settings:
    """Settings whose other programs are nowhere: ports of the discard range refuse at once."""
    defaults: dict[str, Any] = {
        "data_dir": folder,
        "database_url": databases.url_of(folder),
        "media_url": "ws://127.0.0.1:9",
        "transcriber_url": "http://127.0.0.1:9",
        "secret": "a secret that is only for tests, of 32 or more",
        "archive_on_filing": False,
        "second_pass": False,
    }
    return Settings(**(defaults | values))


@contextmanager
def in_the_afternoon() -> Iterator[None]:
    """The office's clock goes on from two in the afternoon of today: for tests in which the hour matters, which may run at any."""
    now = clock.today_in_office()
    ahead = now.replace(hour=14, minute=0, second=0, microsecond=0) - now
    clock.set_source(lambda: datetime.now(UTC) + ahead)
    try:
        yield
    finally:
        clock.set_source(None)


def _fill(folder: Path) -> None:
    with TestClient(create_app(settings_for(folder))) as made:
        fill(made.app.state.office)  # type: ignore[attr-defined]


@contextmanager
def running(settings: Settings) -> Iterator[TestOffice]:
    """Start the web program in this process and fill it."""
    databases.copy_into(settings.data_dir, _fill)
    with TestClient(create_app(settings), headers=OWN_PAGE, raise_server_exceptions=False) as anonymous:
        office: Office = anonymous.app.state.office  # type: ignore[attr-defined]
        ids = fill(office)
        clients = {name: client_of(anonymous, office, name) for name in CLIENTS}
        yield TestOffice(office=office, anonymous=anonymous, ids=ids, **clients)


CLIENTS = ("leader", "other_leader", "clerk", "handler", "supervisor", "administrator", "security", "auditor", "stranger", "kiosk")
PEOPLE = (
    ("administrator", "admin", "county", StaffRole.ADMINISTRATOR, "管理员", ""),
    ("leader", "leader", "county", StaffRole.LEADER, "周建国", "副县长"),
    ("other_leader", "leader2", "county", StaffRole.LEADER, "孙丽", "局长"),
    ("clerk", "clerk", "town", StaffRole.CLERK, "陈晓", ""),
    ("handler", "handler", "town", StaffRole.HANDLER, "柳志平", ""),
    ("supervisor", "supervisor", "county", StaffRole.SUPERVISOR, "沈岚", ""),
    ("security", "security", "county", StaffRole.SECURITY, "安全管理员", ""),
    ("auditor", "auditor", "county", StaffRole.AUDITOR, "审计管理员", ""),
    ("stranger", "stranger", "other", StaffRole.CLERK, "赵远", ""),
)


def fill(office: Office) -> dict[str, int]:
    """Organizations county > town, other; one account of each kind; one kiosk in the town."""
    ids: dict[str, int] = {}
    with office.store.write() as session:
        found = accounts.store.organization_by_code(session, "A")
        if found is not None:
            return known_ids(office)
        county = accounts.create_root(session, "青山县信访局", "A")
        places = {"county": county}
        places["town"] = accounts.add_organization(session, "柳河镇", "LH", county)
        places["other"] = accounts.add_organization(session, "石桥镇", "SQ", county)
        for key, username, place, role, name, title in PEOPLE:
            asked = NewUser(
                username=username, name=name, role=role.value, title=title, organization_id=places[place].id,
                password=PASSWORD,
            )  # fmt: skip
            ids[key] = accounts.add_user(session, places[place], asked).id
        ids |= {name: place.id for name, place in places.items()}
        actor = root_actor(county)
        kiosk = kiosks.create_kiosk(session, actor, NewKiosk(name="柳河镇 1 号机", organization_id=places["town"].id))
        ids["kiosk"] = kiosk.id
    return ids


def known_ids(office: Office) -> dict[str, int]:
    """The ids of an office that was filled before it was started again."""
    with office.store.read() as session:
        by_name = {user.username: user.id for user in accounts.store.users_under(session, "/")}
        kiosk = accounts.store.kiosks_under(session, "/")[0]
        ids = {key: by_name[username] for key, username, *_ in PEOPLE}
        by_code = {place.code: place.id for place in accounts.store.organizations_under(session, "/")}
        ids |= {"kiosk": kiosk.id, "county": by_code["A"], "town": by_code["LH"], "other": by_code["SQ"]}
    return ids


def root_actor(county: Organization) -> Actor:
    """An administrator of the whole county."""
    return Actor(
        name="管理员",
        organization_id=county.id,
        organization_path=county.path,
        user_id=1,
        role=StaffRole.ADMINISTRATOR,
    )


def client_of(anonymous: TestClient, office: Office, name: str) -> TestClient:
    """A client with the cookie of one account (of PEOPLE, or by its log-in name), or of the kiosk."""
    client = TestClient(anonymous.app, headers=OWN_PAGE, raise_server_exceptions=False)
    client.portal = anonymous.portal  # one event loop for all, as in the program, instead of one for each request
    with office.store.write() as session:
        if name == "kiosk":
            kiosk = accounts.store.kiosks_under(session, "/")[0]
            code = kiosks.enrolment(session, kiosk, office.settings.base_url).code
            token = kiosks.enrol(session, code)[1]
        else:
            username = next((person[1] for person in PEOPLE if person[0] == name), name)
            user = accounts.store.user_by_name(session, username)
            assert user is not None
            token = accounts.open_session(session, user, 10)
    client.cookies.set(COOKIE, token)
    return client
