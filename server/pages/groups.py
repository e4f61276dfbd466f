"""Pages of groups of like cases (类案).  Their data comes through the API."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import CaseReader
from server.pages.render import render

router = APIRouter()


@router.get("/groups")
def group_list(request: Request, actor: CaseReader) -> Response:
    """Groups that the actor may read."""
    return render(request, "groups/list.html", actor=actor)


@router.get("/groups/{group_id}")
def group_page(request: Request, group_id: int, actor: CaseReader) -> Response:
    """One group; what the actor may not see is told by the API in the page."""
    return render(request, "groups/group.html", actor=actor, group_id=group_id)
