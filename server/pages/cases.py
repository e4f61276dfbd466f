"""The office's pages: looking for a case, and one case.  Their data comes through the API."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import CaseReader
from server.pages.render import render

router = APIRouter()


@router.get("/cases")
def case_list(request: Request, actor: CaseReader, q: str = "") -> Response:
    """Search by number, name or text."""
    return render(request, "cases/list.html", actor=actor, q=q[:100])


@router.get("/cases/{case_id}")
def case_page(request: Request, case_id: int, actor: CaseReader) -> Response:
    """One case; what the actor may not see is told by the API in the page."""
    return render(request, "cases/case.html", actor=actor, case_id=case_id)
