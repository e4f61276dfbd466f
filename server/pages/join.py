"""The page of whoever was invited: a guest with a link, or a colleague with an account."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from server.api.deps import CaseReader
from server.pages.render import render

router = APIRouter()

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


@router.get("/join/{code}")
def guest(request: Request, code: Token) -> Response:
    """An empty shell: opening a link does not use it up, and the API says what it is for."""
    return render(request, "join/room.html", api=f"/api/join/{code}")


@router.get("/invitations/{invitation_id}")
def colleague(request: Request, invitation_id: Token, actor: CaseReader) -> Response:
    """The same page for an invited account."""
    return render(request, "join/room.html", actor=actor, api=f"/api/invitations/{invitation_id}")
