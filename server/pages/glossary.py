"""The clerk's page of the office's glossary."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import Clerk
from server.pages.render import render

router = APIRouter()


@router.get("/glossary")
def glossary(request: Request, actor: Clerk) -> Response:
    """Words that recognition should expect, and what corrections propose."""
    return render(request, "desk/glossary.html", actor=actor)
