"""The clerk's pages: the list of visit records and the correction page.  Their data comes through the API."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import Db, LeaderOrClerk
from server.errors import NotFound
from server.pages.render import render
from server.reception.record import reading_sheet
from server.store import records

router = APIRouter()


@router.get("/desk")
def record_list(request: Request, actor: LeaderOrClerk) -> Response:
    """Records waiting for correction, for the petitioner, and filed ones."""
    return render(request, "desk/list.html", actor=actor)


@router.get("/desk/{record_id}")
def correction(request: Request, record_id: str, actor: LeaderOrClerk, db: Db) -> Response:
    """One record beside its recording; NotFound for what the actor may not see."""
    if records.find(db, actor, record_id) is None:
        raise NotFound
    return render(request, "desk/record.html", actor=actor, record_id=record_id)


@router.get("/desk/{record_id}/sheet")
def sheet(request: Request, record_id: str, actor: LeaderOrClerk, db: Db) -> Response:
    """What the petitioner reads, on paper: numbered sentences with boxes."""
    return render(request, "desk/sheet.html", actor=actor, **reading_sheet.of_record(db, actor, record_id))
