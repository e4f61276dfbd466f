"""Log-in, one's own account, and the first administrator's set-up by one-time link."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import COOKIE, AccountOwner, OfficeDep
from server.pages.render import render
from server.reception.account import own_account

router = APIRouter()


def safe_next(path: str) -> str:
    """`path` if it leads to a page of this site, else "": a link must not carry anyone off after the log-in."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\", "/login", "/api/"))
    return path if inside and path.isprintable() and "\\" not in path else ""


@router.get("/login")
def login(request: Request, next: str = "") -> Response:
    return render(request, "login.html", next=safe_next(next[:500]))


@router.get("/account")
def account(request: Request, actor: AccountOwner, office: OfficeDep) -> Response:
    """One's own account, also for whoever has to see to it before anything else."""
    with office.store.read() as session:
        found = own_account.account(session, office.settings, actor, request.cookies.get(COOKIE, ""))
    return render(request, "account.html", actor=None if found.must else actor, account=found)


@router.get("/setup")
def setup(request: Request, token: str = "") -> Response:
    """The token is read by the page's script and goes back in the body of POST /api/setup."""
    return render(request, "setup.html", has_token=bool(token))
