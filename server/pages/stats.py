"""Figures that offices are judged by, the matters behind them, and digests.  Their data comes through the API."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import MatterReader
from server.pages.render import render

router = APIRouter()


@router.get("/stats")
def overview(request: Request, actor: MatterReader) -> Response:
    """The figures of a period."""
    return render(request, "stats/stats.html", actor=actor)


@router.get("/stats/cases")
def behind(request: Request, actor: MatterReader) -> Response:
    """The matters behind a number."""
    return render(request, "stats/behind.html", actor=actor)


@router.get("/stats/receptions")
def receptions(request: Request, actor: MatterReader) -> Response:
    """Leaders' receptions of a period, and those behind a number."""
    return render(request, "stats/receptions.html", actor=actor)


@router.get("/stats/digests")
def digests(request: Request, actor: MatterReader) -> Response:
    """日研判、周会办、月通报、季核查: those that were kept."""
    return render(request, "stats/digests.html", actor=actor)


@router.get("/stats/digests/{digest_id}")
def digest(request: Request, digest_id: int, actor: MatterReader) -> Response:
    """One of them, for reading and printing."""
    return render(request, "stats/digest.html", actor=actor, digest_id=digest_id)
