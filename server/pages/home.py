"""The address without a path: everybody is led to the page where their work is."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from server.api.deps import COOKIE, Db
from server.reception.account import accounts
from server.store.access import Actor

router = APIRouter()


def home_of(actor: Actor | None) -> str:
    """Path of an actor's first page; whoever is not known logs in."""
    if actor is None:
        return "/login"
    return accounts.HOMES[actor.role] if actor.role else "/kiosk"


@router.get("/")
def home(request: Request, db: Db) -> Response:
    actor = accounts.actor_of(db, request.cookies.get(COOKIE, ""))
    return RedirectResponse(home_of(actor), status_code=303)
