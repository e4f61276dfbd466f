"""The administrator's page: organizations, accounts, kiosks, and whether everything runs."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import Administrator, Auditor, SecurityAdministrator
from server.pages.render import render

router = APIRouter()


@router.get("/admin")
def administration(request: Request, actor: Administrator) -> Response:
    return render(request, "admin/overview.html", actor=actor)


@router.get("/admin/lines")
def lines(request: Request, actor: Administrator) -> Response:
    """How each kiosk's line did."""
    return render(request, "admin/lines.html", actor=actor)


@router.get("/admin/kiosks")
def kiosks(request: Request, actor: Administrator) -> Response:
    """How each kiosk is doing."""
    return render(request, "admin/kiosks.html", actor=actor)


@router.get("/admin/limits")
def limits(request: Request, actor: Administrator) -> Response:
    """What the law says and what is stricter here."""
    return render(request, "admin/limits.html", actor=actor)


@router.get("/admin/templates")
def templates(request: Request, actor: Administrator) -> Response:
    """What printed letters look like."""
    return render(request, "admin/templates.html", actor=actor)


@router.get("/admin/figures")
def figures(request: Request, actor: Administrator) -> Response:
    """What correcting takes in each office."""
    return render(request, "desk/figures.html", actor=actor)


@router.get("/admin/accounts")
def accounts(request: Request, actor: SecurityAdministrator) -> Response:
    """Who may do what."""
    return render(request, "admin/accounts.html", actor=actor)


@router.get("/admin/log")
def log(request: Request, actor: Auditor) -> Response:
    """Who looked at what."""
    return render(request, "admin/log.html", actor=actor)
