"""What correcting takes: a page for clerks about themselves, and one about offices for those who lead or supervise them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import MatterReader
from server.pages.render import render

router = APIRouter()


@router.get("/figures")
def figures(request: Request, actor: MatterReader) -> Response:
    """Minutes of work for a minute of recording, and whether what was marked was wrong."""
    return render(request, "desk/figures.html", actor=actor)
