"""The pages of whoever receives people, leaders and clerks: who is waiting today, and the reception itself."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from server.api.deps import LeaderOrClerk
from server.pages.render import render

router = APIRouter()

ReceptionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.get("/leader")
def today(request: Request, actor: LeaderOrClerk) -> Response:
    return render(request, "leader/today.html", actor=actor)


@router.get("/leader/own")
def own(request: Request, actor: LeaderOrClerk) -> Response:
    """The talks that the caller held, and what became of them."""
    return render(request, "leader/own.html", actor=actor)


@router.get("/leader/receptions/{reception_id}")
def reception(request: Request, actor: LeaderOrClerk, reception_id: ReceptionId) -> Response:
    """An empty shell: what stands in it comes through the API, which decides what this account may see."""
    return render(request, "leader/reception.html", actor=actor, reception_id=reception_id)
