"""Pages of reception days: the public schedule, and the office's days and bookings.  Their data comes through the API."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import LeaderOrClerk
from server.domain.bookings import BOOKING_STATE
from server.domain.reception_days import DAY_KIND
from server.pages.render import render

router = APIRouter()


@router.get("/schedule")
def schedule(request: Request) -> Response:
    """When leaders receive people, for everybody."""
    return render(request, "public/schedule.html")


@router.get("/reception-days")
def days(request: Request, actor: LeaderOrClerk) -> Response:
    """Days, bookings, and who has met the rule."""
    return render(request, "days/days.html", actor=actor, states=BOOKING_STATE, kinds=DAY_KIND)
