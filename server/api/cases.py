"""Filed cases: search, reading, supplements, printed documents."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse

from server.api.deps import Clerk, Db, LeaderOrClerk, OfficeDep
from server.protocol.office import NewSupplement
from server.reception import cases, documents

router = APIRouter(prefix="/cases")

CaseId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def listed(
    db: Db,
    actor: LeaderOrClerk,
    q: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=cases.PAGES)] = 1,
) -> dict[str, Any]:
    """Cases that have every word of `q`: number, name or anything in form and record."""
    rows, total = cases.list_cases(db, actor, q, page)
    return {"cases": rows, "total": total}


@router.get("/{case_id}")
def one(case_id: CaseId, db: Db, actor: LeaderOrClerk) -> Response:
    """The case with its record."""
    return Response(cases.open_case(db, actor, case_id).model_dump_json(), media_type="application/json")


@router.post("/{case_id}/supplements")
def supplement(case_id: CaseId, body: NewSupplement, db: Db, actor: Clerk) -> Response:
    """Add a supplement."""
    return Response(cases.add_supplement(db, actor, case_id, body).model_dump_json(), media_type="application/json")


@router.get("/{case_id}/documents/{name}")
def document(case_id: CaseId, name: str, db: Db, actor: LeaderOrClerk, office: OfficeDep) -> FileResponse:
    """A printed document; made now if it is not there yet."""
    case = cases.require_case(db, actor, case_id)
    found = documents.fetch(office, case.id, name)
    filename = f"{documents.TITLES[name.partition('.')[0]]}-{case.case_no}.{name.partition('.')[2]}"
    return FileResponse(found, media_type=documents.MEDIA_TYPES[found.suffix], filename=filename)
