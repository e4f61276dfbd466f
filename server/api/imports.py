"""Imports of matters from files of other systems (protocol/importing.py)."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.deps import Clerk, Db, OfficeDep
from server.protocol.importing import BeginImport, ImportPlan, Imports, ImportView
from server.reception.matter import importing

router = APIRouter(prefix="/imports")

ImportId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def listed(db: Db, actor: Clerk) -> Imports:
    """The office's last imports, and the mappings it has kept."""
    return importing.listed(db, actor)


@router.post("")
async def bring(
    request: Request, actor: Clerk, office: OfficeDep, response: Response, name: Annotated[str, Query(max_length=300)] = ""
) -> ImportView:
    """A file, as it is, at most 20 MiB; the very file that the office had before is not taken in again (200)."""
    content = await request.body()
    found, added = await run_in_threadpool(importing.bring, office, actor, name, content)
    response.status_code = 201 if added else 200
    return found


@router.get("/{import_id}")
def one(import_id: ImportId, db: Db, actor: Clerk) -> ImportView:
    """How far it is."""
    return importing.view(db, actor, import_id)


@router.post("/{import_id}/look")
def look(import_id: ImportId, body: ImportPlan, actor: Clerk, office: OfficeDep) -> ImportView:
    """The dry run: every row is looked at, nothing is registered."""
    return importing.look(office, actor, import_id, body)


@router.post("/{import_id}/begin", status_code=202)
def begin(import_id: ImportId, body: BeginImport, db: Db, actor: Clerk, office: OfficeDep, later: BackgroundTasks) -> ImportView:
    """Register all rows; 409 while one is wrong."""
    importing.begin(db, actor, import_id, body)
    later.add_task(office.jobs.import_matters, import_id)
    db.expire_all()
    return importing.view(db, actor, import_id)


@router.get("/{import_id}/errors.csv")
def errors(import_id: ImportId, db: Db, actor: Clerk) -> Response:
    """What is wrong, for a spreadsheet program."""
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''%E5%AF%BC%E5%85%A5-%E8%A6%81%E6%94%B9%E7%9A%84.csv"}
    return Response(importing.errors_csv(db, actor, import_id), media_type="text/csv; charset=utf-8", headers=headers)


@router.delete("/{import_id}", status_code=204)
def give_up(import_id: ImportId, db: Db, actor: Clerk) -> None:
    """Forget a file that was not imported."""
    importing.give_up(db, actor, import_id)


@router.delete("/mappings/{mapping_id}", status_code=204)
def drop_mapping(mapping_id: ImportId, db: Db, actor: Clerk) -> None:
    """Forget a mapping."""
    importing.drop_mapping(db, actor, mapping_id)
