"""Log-in, log-out, first set-up."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from server.api.deps import COOKIE, Db, OfficeDep, Staff, address_of
from server.protocol.office import LogIn, Me, SetUp
from server.reception import accounts
from server.store.accounts import drop_session

router = APIRouter()


def set_cookie(response: Response, office: OfficeDep, token: str, seconds: int) -> None:
    """Give the browser its key: not readable by scripts, not sent from other sites."""
    strict: Literal["strict"] = "strict"
    response.set_cookie(
        COOKIE, token, max_age=seconds, httponly=True, samesite=strict, secure=office.settings.secure
    )


@router.post("/session")
def log_in(asked: LogIn, request: Request, response: Response, office: OfficeDep) -> Me:
    """Log in with name and password."""
    address = address_of(request)
    me, token = accounts.log_in(office.settings, office.store, asked.username, asked.password, address)
    set_cookie(response, office, token, office.settings.session_hours * 3600)
    return me


@router.delete("/session", status_code=204)
def log_out(request: Request, response: Response, db: Db, _actor: Staff) -> None:
    """Forget this browser."""
    drop_session(db, accounts.digest(request.cookies.get(COOKIE, "")))
    response.delete_cookie(COOKIE)


@router.get("/me")
def me(db: Db, actor: Staff) -> Me:
    """Who is logged in."""
    return accounts.me_of(db, actor)


@router.post("/setup")
def set_up(asked: SetUp, response: Response, db: Db, office: OfficeDep) -> Me:
    """The first administrator, through the one-time link."""
    user = accounts.set_up(db, asked)
    hours = office.settings.session_hours
    set_cookie(response, office, accounts.open_session(db, user, hours), hours * 3600)
    return accounts.me(user)
