"""Pages for everybody: how far a matter has come."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.pages.render import render

router = APIRouter()


@router.get("/progress")
def progress(request: Request) -> Response:
    return render(request, "public/progress.html")
