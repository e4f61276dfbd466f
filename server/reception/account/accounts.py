"""Accounts and log-ins: passwords with Argon2id, sessions by a random token of which only the hash is kept."""

import hashlib
import secrets
from datetime import timedelta
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import StaffRole
from server.errors import Conflict, InvalidInput, JietanError, NotFound, NotLoggedIn
from server.protocol.accounts import AccountRights, AccountRow, LogIn, Me, NewOrganization, NewUser, SetUp
from server.reception.account import passwords, two_step
from server.reception.account.passwords import LOCK_MINUTES, WRONG_TRIES, Tries
from server.settings import Settings
from server.store import accounts as store
from server.store.access import Actor
from server.store.engine import Store
from server.store.models import Kiosk, LogInSession, OneTimeLink, Organization, User
from server.store.records import note_access

SETUP = "setup"
SETUP_HOURS = 24
HOMES = {StaffRole.LEADER: "/leader", StaffRole.CLERK: "/desk", StaffRole.HANDLER: "/work", StaffRole.SUPERVISOR: "/supervision", StaffRole.ADMINISTRATOR: "/admin", StaffRole.SECURITY: "/admin/accounts", StaffRole.AUDITOR: "/admin/log"}

OWN = "/account"
"""Where the owner of an account sees to it."""


def digest(token: str) -> str:
    """What is stored of a token (SHA-256, hex)."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """32 random bytes, safe in a URL and a cookie."""
    return secrets.token_urlsafe(32)


def actor_of(session: Session, token: str) -> Actor | None:
    """Whoever logged in with this token; None when nobody did or it ran out."""
    if not token:
        return None
    found = store.live_session(session, digest(token), clock.now())
    if found is None:
        return None
    if found.kiosk_id is not None:
        kiosk = store.kiosk_with_organization(session, found.kiosk_id)
        return None if kiosk is None else actor_of_kiosk(kiosk)
    user = store.user_with_organization(session, found.user_id or 0)
    return None if user is None else actor_of_user(user)


def actor_of_user(user: User) -> Actor:
    """The account as an actor."""
    return Actor(
        name=user.name,
        organization_id=user.organization_id,
        organization_path=user.organization.path,
        user_id=user.id,
        role=StaffRole(user.role),
        title=user.title,
        password_given=user.password_given,
        two_step=bool(user.two_step),
    )


def actor_of_kiosk(kiosk: Kiosk) -> Actor:
    """The kiosk as an actor."""
    return Actor(
        name=kiosk.name,
        organization_id=kiosk.organization_id,
        organization_path=kiosk.organization.path,
        kiosk_id=kiosk.id,
    )


def log_in(settings: Settings, store_: Store, asked: LogIn, address: str) -> tuple[Me, str]:
    """Check a password, and the code where the account has a second step, and open a session; returns who it is and the
    cookie's token.

    Raises NotLoggedIn for a wrong name or password, `code_wanted` or `wrong_code` after a right one, TooOften while this
    name is locked for this address (5 wrong passwords: 15 minutes) or the account for wrong codes.  The slow hash is
    computed outside of any transaction, and not at all while locked.
    """
    name = asked.username.strip()
    tries = Tries.of(settings, name, address)
    with store_.read() as session:
        tries.require_left(session)
        user = store.user_by_name(session, name)
    right = passwords.is_right(user.password_hash if user is not None else None, asked.password)
    with store_.write() as session:
        tries.require_left(session)  # others may have tried in the meantime
        entered = store.user_with_organization(session, user.id) if user is not None and right else None
        if entered is None:
            tries.count_wrong(session)
        elif _passes(settings, session, entered, asked.code):
            tries.begin_again(session)
            return me(settings, entered), open_session(session, entered, settings.session_hours)
    raise wrong_password() if entered is None else two_step.wanted(asked.code)


def _passes(settings: Settings, session: Session, user: User, code: str) -> bool:
    """Whether the second step is passed, too; raises TooOften while the account is locked for wrong codes."""
    codes = Tries.of_codes(settings, user.id)
    if user.two_step and code:
        codes.require_left(session)
    passed = two_step.is_passed(settings, session, user, code)
    if passed:
        codes.begin_again(session)
    elif code:
        codes.count_wrong(session)
    return passed


def wrong_password() -> JietanError:
    """The one answer to a wrong name and to a wrong password."""
    return NotLoggedIn(
        f"账号或密码不对，请再试一次。连续输错 {WRONG_TRIES} 次要等 {LOCK_MINUTES} 分钟。", code="wrong_password"
    )


def open_session(session: Session, user: User, hours: float) -> str:
    """Log an account in and return the cookie's token."""
    now = clock.now()
    store.drop_expired(session, now)
    token = new_token()
    session.add(
        LogInSession(
            token_sha256=digest(token), user_id=user.id, created_at=now, expires_at=now + timedelta(hours=hours)
        )
    )
    return token


def must(settings: Settings, user: User | Actor) -> list[Literal["password", "two_step"]]:
    """What the account's owner does before anything else."""
    found: list[Literal["password", "two_step"]] = ["password"] if user.password_given else []
    return [*found, "two_step"] if user.role in settings.two_step_roles and not user.two_step else found


def me(settings: Settings, user: User) -> Me:
    """What an account is told about itself."""
    return Me(
        user_id=user.id,
        name=user.name,
        role=StaffRole(user.role).value,
        organization=user.organization.name,
        home=OWN if must(settings, user) else HOMES[StaffRole(user.role)],
    )


def me_of(session: Session, settings: Settings, actor: Actor) -> Me:
    """The same for whoever is logged in."""
    user = store.user_with_organization(session, actor.user_id or 0)
    if user is None:
        raise NotLoggedIn
    return me(settings, user)


def create_first_link(session: Session) -> str | None:
    """A token for the first administrator, good for 24 hours; None once there is any account."""
    if store.any_user(session):
        return None
    now = clock.now()
    token = new_token()
    session.add(OneTimeLink(token_sha256=digest(token), purpose=SETUP, expires_at=now + timedelta(hours=SETUP_HOURS)))
    return token


def set_up(session: Session, asked: SetUp) -> User:
    """Make the first organization and its administrator; raises InvalidInput for a link that no longer works."""
    link = store.use_link(session, digest(asked.token), SETUP, clock.now())
    if link is None or store.any_user(session):
        raise InvalidInput("这个链接已经用过或过期了。请在服务器上运行 jietan admin link 取一个新的。", code="link_used")
    organization = create_root(session, asked.organization, "A")
    return _create_user(session, organization, asked.username, asked.name, StaffRole.ADMINISTRATOR, asked.password)


def create_root(session: Session, name: str, code: str) -> Organization:
    """The office's own organization, root of its tree; an existing root is taken over with its new name."""
    root = store.organization_by_code(session, code)
    if root is None:
        return _add_organization(session, name, code, None)
    root.name = name
    return root


def create_organization(session: Session, actor: Actor, asked: NewOrganization) -> Organization:
    """Add an organization below one of the administrator's own."""
    parent = own_organization(session, actor, asked.parent_id)
    made = add_organization(session, asked.name, asked.code, parent)
    made.level = asked.level
    note_access(session, actor, "create", "organization", str(made.id), clock.now())
    return made


def add_organization(session: Session, name: str, code: str, parent: Organization | None) -> Organization:
    """Add an organization below `parent`; raises Conflict when the code is taken."""
    if store.organization_by_code(session, code) is not None:
        raise Conflict("这个代码已经有别的机构在用，请换一个。", code="code_taken")
    return _add_organization(session, name, code, parent)


def _add_organization(session: Session, name: str, code: str, parent: Organization | None) -> Organization:
    organization = Organization(name=name, code=code, parent_id=parent.id if parent else None, path="/")
    session.add(organization)
    session.flush()
    organization.path = f"{parent.path if parent else '/'}{organization.id}/"
    session.flush()
    return organization


def own_organization(session: Session, actor: Actor, organization_id: int) -> Organization:
    """An organization at or below the actor's; raises NotFound for any other."""
    organization = store.organization_in(session, organization_id, actor.organization_path)
    if organization is None:
        raise NotFound("没有这个机构。")
    return organization


def create_user(session: Session, actor: Actor, asked: NewUser) -> User:
    """Add an account in one of the administrator's organizations.

    Whoever makes accounts does not decide what they may do: once there is a security administrator above it, a new
    account waits for them.
    """
    organization = own_organization(session, actor, asked.organization_id)
    waits = store.security_above(session, organization.path)
    user = add_user(session, organization, asked)
    user.active, user.password_given = not waits, True
    note_access(session, actor, "create", "user", str(user.id), clock.now())
    return user


def give_password(session: Session, actor: Actor, user_id: int, password_hash: str) -> None:
    """A password for somebody who forgot theirs, which they change first; their browsers are logged out.

    As with a new account, whoever gives it does not get in with it: it waits for the security administrator, if there is
    one above.  Raises NotFound outside the actor's organizations, InvalidInput for the own account and for a security
    administrator's, of which `jietan admin reset-password` on the server changes the password.
    """
    user = _anothers(session, actor, user_id, "自己的密码在“我的账号”里改。")
    if user.role == StaffRole.SECURITY:
        raise InvalidInput("安全管理员的密码不在这里换。请在服务器上运行 jietan admin reset-password。")
    user.active = user.active and not store.security_above(session, user.organization.path)
    set_password(session, user, password_hash)
    note_access(session, actor, "give_password", "user", str(user.id), clock.now())


def _anothers(session: Session, actor: Actor, user_id: int, own: str) -> User:
    """Somebody else's account of the actor's organizations; raises NotFound, InvalidInput with these words for the own one."""
    user = store.user_in(session, user_id, actor.organization_path)
    if user is None:
        raise NotFound("没有这个账号。")
    if user.id == actor.user_id:
        raise InvalidInput(own)
    return user


def set_password(session: Session, user: User, password_hash: str) -> None:
    """A password that somebody else chose."""
    user.password_hash, user.password_given = password_hash, True
    store.drop_user_sessions(session, user.id)


def drop_two_step(session: Session, actor: Actor, user_id: int) -> AccountRow:
    """For a lost telephone: the account logs in by password alone; its browsers are logged out.

    Raises NotFound outside the actor's organizations, InvalidInput for the own account.
    """
    user = _anothers(session, actor, user_id, "自己的两步登录在“我的账号”里关。")
    if user.two_step:
        two_step.turn_off(user)
        store.drop_user_sessions(session, user.id)
        note_access(session, actor, "two_step_off", "user", str(user.id), clock.now())
    return _account_row(actor, user)


def account_rows(session: Session, actor: Actor) -> list[AccountRow]:
    """Accounts of the security administrator's organization and below, those that wait first."""
    found = sorted(store.users_under(session, actor.organization_path), key=lambda user: (user.active, user.id))
    return [_account_row(actor, user) for user in found]


def _account_row(actor: Actor, user: User) -> AccountRow:
    return AccountRow(
        id=user.id, username=user.username, name=user.name, title=user.title, organization=user.organization.name,
        role=StaffRole(user.role).value, active=user.active, own=user.id == actor.user_id,
        two_step=bool(user.two_step),
    )  # fmt: skip


def set_rights(session: Session, actor: Actor, user_id: int, rights: AccountRights) -> AccountRow:
    """What an account may do from now on; its browsers are logged out where anything changed.

    Raises NotFound outside the actor's organizations, InvalidInput for the actor's own account.
    """
    user = _anothers(session, actor, user_id, "自己的账号自己不能改，请另一位安全管理员改。")
    if (user.role, user.active) != (rights.role, rights.active):
        action = "change_role" if user.role != rights.role else "approve" if rights.active else "disable"
        user.role, user.active = StaffRole(rights.role), rights.active
        store.drop_user_sessions(session, user.id)
        note_access(session, actor, action, "user", str(user.id), clock.now())
    return _account_row(actor, user)


def add_user(session: Session, organization: Organization, asked: NewUser) -> User:
    """Add an account; raises Conflict when the log-in name is taken."""
    return _create_user(
        session, organization, asked.username, asked.name, StaffRole(asked.role), asked.password, asked.title
    )


def _create_user(
    session: Session, organization: Organization, username: str, name: str, role: StaffRole, password: str, title: str = ""
) -> User:
    user = User(
        organization=organization,
        username=username.strip(),
        name=name.strip(),
        title=title.strip(),
        role=role,
        password_hash=passwords.hash_password(password),
        created_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise Conflict("这个登录名已经有人用了，请换一个。", code="username_taken") from None
    return user
