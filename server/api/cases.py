"""Filed cases: search, reading, supplements, printed documents, and what is made of the recording for the archive."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Header, Path, Query, Response
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session

from server.api.deps import Clerk, Db, LeaderOrClerk, OfficeDep
from server.domain.states import ArchiveKind
from server.protocol.office import LineReport, NewSupplement
from server.reception import archiving, cases, documents, lines
from server.store.access import Actor

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


@router.get("/{case_id}/lines")
def talk_lines(case_id: CaseId, db: Db, actor: LeaderOrClerk) -> dict[str, list[LineReport]]:
    """How the participants' lines did in the talk."""
    return {"lines": lines.of_case(db, actor, case_id)}


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


# --- the film and the export bundle ------------------------------------------------------------------------------


@router.get("/{case_id}/archive")
def archive(case_id: CaseId, db: Db, actor: LeaderOrClerk) -> Response:
    """What there is, and how far what is being made has come."""
    return _archives(db, actor, case_id)


def _archives(db: Session, actor: Actor, case_id: int, status: int = 200) -> Response:
    found = archiving.view(db, actor, case_id)
    return Response(found.model_dump_json(), status_code=status, media_type="application/json")


@router.post("/{case_id}/archive/{kind}")
def ask_for_archive(
    case_id: CaseId, kind: ArchiveKind, db: Db, actor: Clerk, office: OfficeDep, later: BackgroundTasks
) -> Response:
    """Have one made; what is being made already is not made twice."""
    for archive_id in archiving.ask(db, actor, case_id, kind):
        later.add_task(office.jobs.make_archive, archive_id)
    return _archives(db, actor, case_id, status=202)


@router.delete("/{case_id}/archive/{kind}")
def give_archive_up(case_id: CaseId, kind: ArchiveKind, db: Db, actor: Clerk) -> Response:
    """Stop making it."""
    archiving.cancel(db, actor, case_id, kind)
    return _archives(db, actor, case_id)


@router.get("/{case_id}/archive/{kind}/file")
def archive_file(
    case_id: CaseId,
    kind: ArchiveKind,
    db: Db,
    actor: LeaderOrClerk,
    office: OfficeDep,
    save: bool = False,
    range: Annotated[str, Header()] = "",
) -> FileResponse:
    """The film or the bundle; ranges work.  `save`: for keeping, which is written into the case's history."""
    path, name = archiving.file_of(db, office.settings, actor, case_id, kind)
    if save and (not range or range.startswith("bytes=0-")):
        archiving.note_download(db, actor, case_id, kind)
    media_type = archiving.MEDIA_TYPES[kind]
    return FileResponse(path, media_type=media_type, filename=name, content_disposition_type="attachment" if save else "inline")


@router.get("/{case_id}/archive/captions.vtt")
def archive_captions(case_id: CaseId, db: Db, actor: LeaderOrClerk) -> Response:
    """The corrected text as subtitles."""
    return Response(archiving.captions_of(db, actor, case_id), media_type="text/vtt; charset=utf-8")
