"""What correcting takes: a page for clerks about themselves, and one about offices for those who lead them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import LeaderOrClerk
from server.pages.render import render

router = APIRouter()


@router.get("/figures")
def figures(request: Request, actor: LeaderOrClerk) -> Response:
    """Minutes of work for a minute of recording, and whether what was marked was wrong."""
    return render(request, "desk/figures.html", actor=actor)
