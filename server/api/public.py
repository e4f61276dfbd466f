"""What anybody may ask with a query code: how far a matter has come, and what its petitioner may do from home."""

from fastapi import APIRouter, Request, Response

from server.api.deps import OfficeDep, address_of
from server.api.saving import saved_as
from server.protocol.progress import Progress, ProgressCopy, ProgressQuery, ProgressRating, ProgressReview
from server.reception.matter import progress

router = APIRouter(prefix="/progress")


@router.post("")
def look_up(query: ProgressQuery, request: Request, office: OfficeDep) -> Progress:
    """Progress by query code and the last four digits of the telephone number."""
    return progress.look_up(office, query, address_of(request))


@router.post("/rating")
def rate(asked: ProgressRating, request: Request, office: OfficeDep) -> Progress:
    """The petitioner rates the office or the handling unit; 409 where it cannot be rated (again)."""
    return progress.rate(office, asked, address_of(request))


@router.post("/review")
def ask_review(asked: ProgressReview, request: Request, office: OfficeDep) -> Progress:
    """The petitioner asks for a review or re-examination; 409 where there is nothing to ask for now."""
    return progress.ask_review(office, asked, address_of(request))


@router.post("/copy")
def copy(asked: ProgressCopy, request: Request, office: OfficeDep) -> Response:
    """A document of the petitioner's own, for which the ID number's last six characters are asked, too."""
    content, name = progress.fetch_copy(office, asked, address_of(request))
    headers = saved_as(name) | {"Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
