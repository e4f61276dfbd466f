"""Pages of the desks: 待办, 督办, 到期.  Their data comes through the API."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from server.api.deps import CaseReader, allowed
from server.domain.desks import SUPERVISORS
from server.domain.states import StaffRole
from server.pages.render import render
from server.store.access import Actor

router = APIRouter()
Supervisor = Annotated[Actor, Depends(allowed(*SUPERVISORS))]


@router.get("/work")
def work(request: Request, actor: CaseReader) -> Response:
    """What waits for the actor; a supervisor's work is 督办."""
    if actor.role is StaffRole.SUPERVISOR:
        return RedirectResponse("/supervision", status_code=303)
    return render(request, "work/desk.html", actor=actor, supervision=False)


@router.get("/supervision")
def supervision(request: Request, actor: Supervisor) -> Response:
    """What went wrong anywhere at or below the actor's organization."""
    return render(request, "work/desk.html", actor=actor, supervision=True)


@router.get("/due")
def due(request: Request, actor: CaseReader) -> Response:
    """What is late and what falls within a week, to be printed as well."""
    return render(request, "work/due.html", actor=actor)
