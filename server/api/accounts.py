"""Log-in, log-out, first set-up, and what somebody does with their own account."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from server.api.deps import COOKIE, AccountOwner, Db, OfficeDep, address_of
from server.protocol.accounts import (
    Account,
    LogIn,
    Me,
    NewPassword,
    RecoveryCodes,
    SetUp,
    TwoStepOff,
    TwoStepOn,
    TwoStepStart,
)
from server.reception.account import accounts, own_account
from server.store.accounts import drop_session

router = APIRouter()


def set_cookie(response: Response, office: OfficeDep, token: str, seconds: int) -> None:
    """Give the browser its key: not readable by scripts, not sent from other sites."""
    strict: Literal["strict"] = "strict"
    response.set_cookie(
        COOKIE, token, max_age=seconds, httponly=True, samesite=strict, secure=office.settings.secure
    )


def key_of(request: Request) -> str:
    """The key of the caller's browser."""
    return request.cookies.get(COOKIE, "")


@router.post("/session")
def log_in(asked: LogIn, request: Request, response: Response, office: OfficeDep) -> Me:
    """Log in with name and password, and with a code where the account has a second step."""
    me, token = accounts.log_in(office.settings, office.store, asked, address_of(request))
    set_cookie(response, office, token, office.settings.session_hours * 3600)
    return me


@router.delete("/session", status_code=204)
def log_out(request: Request, response: Response, db: Db, _actor: AccountOwner) -> None:
    """Forget this browser."""
    drop_session(db, accounts.digest(key_of(request)))
    response.delete_cookie(COOKIE)


@router.get("/me")
def me(db: Db, actor: AccountOwner, office: OfficeDep) -> Me:
    """Who is logged in."""
    return accounts.me_of(db, office.settings, actor)


@router.get("/account")
def account(request: Request, db: Db, actor: AccountOwner, office: OfficeDep) -> Account:
    """The caller's own account."""
    return own_account.account(db, office.settings, actor, key_of(request))


@router.put("/account/password", status_code=204)
def change_password(asked: NewPassword, request: Request, actor: AccountOwner, office: OfficeDep) -> None:
    """A new password; other browsers are logged out."""
    own_account.change_password(office, actor, asked, key_of(request), address_of(request))


@router.post("/account/two-step")
def begin_two_step(db: Db, actor: AccountOwner) -> TwoStepStart:
    """A secret for the app on one's telephone."""
    return own_account.begin_two_step(db, actor)


@router.put("/account/two-step")
def turn_on_two_step(asked: TwoStepOn, request: Request, actor: AccountOwner, office: OfficeDep) -> RecoveryCodes:
    """Log in with codes of this secret from now on; the recovery codes are told this once."""
    return RecoveryCodes(codes=own_account.turn_on_two_step(office, actor, asked, key_of(request), address_of(request)))


@router.post("/account/two-step/off", status_code=204)
def turn_off_two_step(asked: TwoStepOff, request: Request, actor: AccountOwner, office: OfficeDep) -> None:
    """Log in by password alone again."""
    own_account.turn_off_two_step(office, actor, asked, address_of(request))


@router.delete("/account/sessions", status_code=204)
def leave_other_browsers(request: Request, db: Db, actor: AccountOwner) -> None:
    """Log out everywhere but here."""
    own_account.leave_other_browsers(db, actor, key_of(request))


@router.post("/setup")
def set_up(asked: SetUp, response: Response, db: Db, office: OfficeDep) -> Me:
    """The first administrator, through the one-time link."""
    user = accounts.set_up(db, asked)
    hours = office.settings.session_hours
    set_cookie(response, office, accounts.open_session(db, user, hours), hours * 3600)
    return accounts.me(office.settings, user)
