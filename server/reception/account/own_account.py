"""What somebody does with their own account: its password, the second step of the log-in, other browsers."""

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import StaffRole
from server.errors import InvalidInput, NotLoggedIn, WrongState
from server.protocol.accounts import Account, NewPassword, TwoStepOff, TwoStepOn, TwoStepStart
from server.reception.account import accounts, passwords, two_step
from server.reception.account.passwords import Tries
from server.reception.office import Office
from server.settings import Settings
from server.store import accounts as store
from server.store.access import Actor
from server.store.models import User
from server.store.records import note_access


def account(session: Session, settings: Settings, actor: Actor, token: str) -> Account:
    """What the account's page shows."""
    user = _own(session, actor)
    return Account(
        name=user.name, username=user.username, title=user.title, role=StaffRole(user.role).value,
        organization=user.organization.name, two_step=bool(user.two_step), recovery_left=len(user.recovery_codes),
        other_browsers=store.count_other_sessions(session, user.id, accounts.digest(token), clock.now()),
        must=accounts.must(settings, user), home=accounts.HOMES[StaffRole(user.role)],
    )  # fmt: skip


def change_password(office: Office, actor: Actor, asked: NewPassword, token: str, address: str) -> None:
    """A new password, which logs the account out everywhere else.

    Raises InvalidInput for a wrong old one or one that is the same, TooOften after five wrong ones.
    """
    _require_password(office, actor, asked.password, address)
    if asked.new == asked.password:
        raise InvalidInput(fields={"new": "新密码和原来的一样，请换一个。"})
    hashed = passwords.hash_password(asked.new)
    with office.store.write() as session:
        user = _own(session, actor)
        user.password_hash, user.password_given = hashed, False
        store.drop_other_sessions(session, user.id, accounts.digest(token))
        _note(session, actor, "change_password")


def begin_two_step(session: Session, actor: Actor) -> TwoStepStart:
    """A secret for the app on one's telephone; nothing is kept of it before it is confirmed by a code."""
    secret = two_step.new_secret()
    return TwoStepStart(secret=secret, picture=two_step.picture(two_step.address(secret, _own(session, actor).username)))


def turn_on_two_step(office: Office, actor: Actor, asked: TwoStepOn, token: str, address: str) -> list[str]:
    """Log in with codes from now on; returns the recovery codes.  Raises as `change_password` and `two_step.turn_on` do."""
    _require_password(office, actor, asked.password, address)
    with office.store.write() as session:
        user = _own(session, actor)
        if user.two_step:
            raise WrongState("两步登录已经开着。换手机的，先关掉再开。", code="two_step_on")
        codes = two_step.turn_on(office.settings, user, asked.secret, asked.code)
        store.drop_other_sessions(session, user.id, accounts.digest(token))
        _note(session, actor, "two_step_on")
    return codes


def turn_off_two_step(office: Office, actor: Actor, asked: TwoStepOff, address: str) -> None:
    """Log in by password alone again; raises InvalidInput for a wrong password or code."""
    _require_password(office, actor, asked.password, address)
    tries = Tries.of_codes(office.settings, actor.user_id or 0)
    with office.store.write() as session:
        tries.require_left(session)
        user = _own(session, actor)
        right = two_step.is_passed(office.settings, session, user, asked.code)
        if right:
            two_step.turn_off(user)
            _note(session, actor, "two_step_off")
        else:
            tries.count_wrong(session)
    if not right:
        raise InvalidInput(fields={"code": "验证码不对，或者已经用过。请等应用里换了数字再填。"})


def leave_other_browsers(session: Session, actor: Actor, token: str) -> None:
    """Log the account out everywhere but here."""
    store.drop_other_sessions(session, actor.user_id or 0, accounts.digest(token))


def _own(session: Session, actor: Actor) -> User:
    user = store.user_with_organization(session, actor.user_id or 0)
    if user is None:
        raise NotLoggedIn
    return user


def _require_password(office: Office, actor: Actor, password: str, address: str) -> None:
    """Raise InvalidInput unless this is the account's password: whoever finds a browser open does not change the account."""
    with office.store.read() as session:
        user = _own(session, actor)
        tries = Tries.of(office.settings, user.username, address)
        tries.require_left(session)
    right = passwords.is_right(user.password_hash, password)
    with office.store.write() as session:
        if right:
            tries.begin_again(session)
        else:
            tries.count_wrong(session)
    if not right:
        raise InvalidInput(fields={"password": "密码不对，请再填一次。"})


def _note(session: Session, actor: Actor, action: str) -> None:
    note_access(session, actor, action, "user", str(actor.user_id), clock.now())
