"""Pages of receptions on site.  Their data comes through the API, which decides what this account may see."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from server.api.deps import LeaderOrClerk
from server.domain.on_site import ON_SITE_KINDS, PART_WORDS
from server.pages.render import render

router = APIRouter()

TalkId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.get("/on-site")
def today(request: Request, actor: LeaderOrClerk) -> Response:
    """Today's, and entering one."""
    return render(request, "on_site/today.html", actor=actor, kinds=ON_SITE_KINDS, parts=PART_WORDS)


@router.get("/on-site/{talk_id}")
def talk(request: Request, actor: LeaderOrClerk, talk_id: TalkId) -> Response:
    """One of them: before, while and after the room's microphone records."""
    return render(request, "on_site/talk.html", actor=actor, talk_id=talk_id, parts=PART_WORDS)
