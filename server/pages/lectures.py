"""Pages of lectures: the list, one lecture for its speaker and those who watch, and the screen in a hall."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from server.api.deps import CaseReader
from server.pages.render import render

router = APIRouter()

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


@router.get("/lectures")
def listed(request: Request, actor: CaseReader) -> Response:
    """What is held, was held, and can be seen again."""
    return render(request, "lectures/list.html", actor=actor)


@router.get("/lectures/{lecture_id}")
def one(request: Request, lecture_id: Token, actor: CaseReader) -> Response:
    """A shell: what is in it the API says."""
    return render(request, "lectures/lecture.html", actor=actor, api=f"/api/lectures/{lecture_id}")


@router.get("/screens/{code}")
def screen(request: Request, code: Token) -> Response:
    """The same for a screen in a hall, which has a link and no account."""
    return render(request, "lectures/lecture.html", api=f"/api/screens/{code}", screen=True)
