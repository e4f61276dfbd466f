"""What anybody may ask: how far a matter has come, with its query code."""

from fastapi import APIRouter, Request

from server.api.deps import OfficeDep
from server.protocol.office import Progress, ProgressQuery
from server.reception import progress

router = APIRouter()


@router.post("/progress")
def look_up(query: ProgressQuery, request: Request, office: OfficeDep) -> Progress:
    """Progress by query code and the last four digits of the telephone number."""
    address = request.client.host if request.client else ""
    return progress.look_up(office, query, address)
