"""The kiosk's pages: one shell for all its screens, and the page that enrols a kiosk."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from server.api.deps import COOKIE, Db, OfficeDep
from server.pages.guidance import languages
from server.pages.render import render
from server.reception.account import accounts

router = APIRouter()


def kiosk_name(request: Request, db: Db) -> str:
    """Name of the enrolled kiosk that asks; empty for anybody else, who is told so by the page's first request."""
    actor = accounts.actor_of(db, request.cookies.get(COOKIE, ""))
    return actor.name if actor is not None and actor.is_kiosk else ""


@router.get("/kiosk", include_in_schema=False)
def kiosk(request: Request, db: Db, office: OfficeDep) -> Response:
    """The shell; what it shows comes from GET /api/kiosk/sitting, so a reloaded page is where it was."""
    return render(request, "kiosk/kiosk.html", kiosk_name=kiosk_name(request, db), languages=languages(office.settings))


@router.get("/kiosk/enrol", include_in_schema=False)
def enrol(request: Request, code: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Asks before the one-time code is used: opening a link changes nothing."""
    return render(request, "kiosk/enrol.html", code=code, kiosk_name="")
