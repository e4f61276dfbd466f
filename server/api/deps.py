"""What a route asks for: a session, who is calling, the office.

What waits for nothing is `async`: FastAPI hands everything else over to a thread and back, for each dependency of each request.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from server.domain.states import StaffRole
from server.errors import AccountFirst, NotAllowed, NotLoggedIn
from server.reception.account import accounts
from server.reception.kiosk import copies
from server.reception.office import Office
from server.reception.record import reading_links
from server.store.access import Actor

COOKIE = "jietan_session"
READER_COOKIE = "jietan_reader"
BEARER = "Bearer "
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def get_office(request: Request) -> Office:
    """The running office."""
    return cast(Office, request.app.state.office)


def address_of(request: Request) -> str:
    """Where a caller calls from; empty where that is not known."""
    return request.client.host if request.client else ""


OfficeDep = Annotated[Office, Depends(get_office)]


def get_db(request: Request, office: OfficeDep) -> Iterator[Session]:
    """One transaction per request, committed before the answer is sent; a GET reads only (Store.read)."""
    transaction = office.store.read if request.method in SAFE_METHODS else office.store.write
    with transaction() as session:
        yield session


Db = Annotated[Session, Depends(get_db, scope="function")]


def agent_key(request: Request) -> str:
    """The key that a kiosk's program shows; empty: none."""
    header = request.headers.get("authorization", "")
    return header.removeprefix(BEARER) if header.startswith(BEARER) else ""


def caller(request: Request, session: Session) -> Actor | None:
    """Whoever the cookie belongs to, staff or kiosk, or the kiosk whose program passes on what its page asks."""
    cookie, key = request.cookies.get(COOKIE, ""), agent_key(request)
    return accounts.actor_of(session, cookie) or (copies.actor_of_agent(session, key) if key else None)


def get_account(request: Request, office: OfficeDep) -> Actor:
    """Who calls, also somebody who has to see to their account first; raises NotLoggedIn.

    Read in a transaction of its own: a route without Db holds no lock while it waits for another program.
    """
    with office.store.read() as session:
        actor = caller(request, session)
    if actor is None:
        raise NotLoggedIn
    return actor


KnownActor = Annotated[Actor, Depends(get_account)]


async def get_actor(actor: KnownActor, office: OfficeDep) -> Actor:
    """Who calls; raises AccountFirst for whoever has a password that somebody else chose, or no second step and must have one."""
    if accounts.must(office.settings, actor):
        raise AccountFirst
    return actor


AnyActor = Annotated[Actor, Depends(get_actor)]


async def get_account_owner(actor: KnownActor) -> Actor:
    """Staff, for their own account; raises NotAllowed for kiosks."""
    if actor.role is None:
        raise NotAllowed
    return actor


AccountOwner = Annotated[Actor, Depends(get_account_owner)]


def allowed(*roles: StaffRole) -> Callable[[Actor], Awaitable[Actor]]:
    """A dependency that lets in accounts of these roles; raises NotAllowed for others and for kiosks."""

    async def check(actor: AnyActor) -> Actor:
        if actor.role not in roles:
            raise NotAllowed
        return actor

    return check


async def get_kiosk(actor: AnyActor) -> Actor:
    """A kiosk on behalf of the person in front of it; raises NotAllowed for staff."""
    if not actor.is_kiosk:
        raise NotAllowed
    return actor


def get_link_reader(request: Request, office: OfficeDep) -> Actor:
    """Whoever reads a record by a link; raises NotLoggedIn, NotAllowed for staff and kiosks without one."""
    with office.store.read() as session:
        actor = reading_links.actor_of(session, request.cookies.get(READER_COOKIE, ""))
        if actor is None and accounts.actor_of(session, request.cookies.get(COOKIE, "")) is not None:
            raise NotAllowed
    if actor is None:
        raise NotLoggedIn("请先填查看码和手机号最后 4 位。")
    return actor


def get_reader(request: Request, office: OfficeDep) -> Actor:
    """Whoever a record is about, at a kiosk or with a link; raises as `get_link_reader` does."""
    with office.store.read() as session:
        actor = caller(request, session)
    return actor if actor is not None and actor.is_kiosk else get_link_reader(request, office)


Reader = Annotated[Actor, Depends(get_reader)]
LinkReader = Annotated[Actor, Depends(get_link_reader)]
Staff = Annotated[Actor, Depends(allowed(*StaffRole))]
Leader = Annotated[Actor, Depends(allowed(StaffRole.LEADER))]
Clerk = Annotated[Actor, Depends(allowed(StaffRole.CLERK))]
LeaderOrClerk = Annotated[Actor, Depends(allowed(StaffRole.LEADER, StaffRole.CLERK))]
MatterReader = Annotated[Actor, Depends(allowed(StaffRole.LEADER, StaffRole.CLERK, StaffRole.SUPERVISOR))]
CaseReader = Annotated[
    Actor, Depends(allowed(StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER, StaffRole.SUPERVISOR))
]
Officer = Annotated[Actor, Depends(allowed(StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER))]
Supervisor = Annotated[Actor, Depends(allowed(StaffRole.SUPERVISOR))]
DutyLister = Annotated[
    Actor, Depends(allowed(StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER, StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR))
]
DutyKeeper = Annotated[Actor, Depends(allowed(StaffRole.LEADER, StaffRole.CLERK, StaffRole.ADMINISTRATOR))]
Administrator = Annotated[Actor, Depends(allowed(StaffRole.ADMINISTRATOR))]
SecurityAdministrator = Annotated[Actor, Depends(allowed(StaffRole.SECURITY))]
Auditor = Annotated[Actor, Depends(allowed(StaffRole.AUDITOR))]
OverOffices = Annotated[Actor, Depends(allowed(StaffRole.ADMINISTRATOR, StaffRole.LEADER, StaffRole.SUPERVISOR))]
KioskActor = Annotated[Actor, Depends(get_kiosk)]
