"""What an officer is told: a page of its own, behind the bell at the top of every page."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import Staff
from server.pages.render import render

router = APIRouter()


@router.get("/notices")
def notices(request: Request, actor: Staff) -> Response:
    """One's own notices, and where else they go."""
    return render(request, "notices/list.html", actor=actor)
