"""Pages around joint reception: the duty list, and the talks that a supervisor may observe."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import DutyLister, Supervisor
from server.domain.joint_duty import DUTY_KIND, DUTY_WAY
from server.pages.render import render
from server.reception.talk.joint_duty import CHANGERS

router = APIRouter()


@router.get("/joint-duty")
def duty(request: Request, actor: DutyLister) -> Response:
    """The duty list; its rows come through the API."""
    return render(request, "duty/list.html", actor=actor, kinds=DUTY_KIND, ways=DUTY_WAY, may_change=actor.role in CHANGERS)


@router.get("/observing")
def observing(request: Request, actor: Supervisor) -> Response:
    """Talks under way."""
    return render(request, "duty/observing.html", actor=actor)
