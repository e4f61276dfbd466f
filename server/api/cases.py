"""Filed cases: search, reading, supplements, printed documents, and what is made of the recording for the archive."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Path, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy.orm import Session

from server.api.deps import CaseReader, Clerk, Db, LeaderOrClerk, MatterReader, OfficeDep, Officer
from server.api.saving import saved_as
from server.domain.casequery import CaseQuery
from server.domain.flow import Step
from server.domain.states import ArchiveKind, CaseState, Channel, Purpose
from server.protocol.base import NO_NUL, Day
from server.protocol.cases import CasePersonView, NewSupplement
from server.protocol.finding import NumberToFind
from server.protocol.flow import NewMatter, NewRating, QueryCodeOpened, QueryCodeSent, StepOrder
from server.protocol.lines import LineReport
from server.reception.matter import cases, code_sms, ratings, registering
from server.reception.paper import archiving, documents
from server.reception.talk import lines
from server.store.access import Actor
from server.store.finding import Cursor

router = APIRouter(prefix="/cases")

async def asked_for(
    q: Annotated[str, Query(max_length=100, pattern=NO_NUL)] = "",
    person: Annotated[str, Query(max_length=50, pattern=NO_NUL)] = "",
    place: Annotated[str, Query(max_length=50, pattern=NO_NUL)] = "",
    category: Annotated[str, Query(max_length=50, pattern=NO_NUL)] = "",
    unit: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    office: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    since: Day | None = None,
    until: Day | None = None,
    state: CaseState | None = None,
    channel: Channel | None = None,
    purpose: Purpose | None = None,
) -> CaseQuery:
    """The query and its filters, as the address has them; what is left out asks for nothing."""
    return CaseQuery(
        words=q, person=person, place=place, category=category, unit=unit, office=office, since=since, until=until,
        state=state or "", channel=channel or "", purpose=purpose or "",
    )  # fmt: skip


CaseId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def listed(
    db: Db,
    actor: CaseReader,
    asked: Annotated[CaseQuery, Depends(asked_for)],
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    after: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> dict[str, Any]:
    """Twenty cases that have every word of `q` (number, name or anything in form, record and letters) and fit the
    filters, newest first; `before`, `after`: the id of the last or first row that was shown."""
    found = cases.list_cases(db, actor, asked, Cursor(before=before, after=after))
    return {"cases": found.rows, "total": found.total, "older": found.older, "newer": found.newer}


@router.post("/find-number")
def find_number(body: NumberToFind, db: Db, actor: CaseReader) -> dict[str, Any]:
    """Cases of whoever has exactly this telephone or ID number; never in an address, and written into the log."""
    return {"cases": cases.find_by_number(db, actor, body.number)}


@router.get("/{case_id}")
def one(case_id: CaseId, db: Db, actor: CaseReader) -> Response:
    """The case with its record."""
    return Response(cases.open_case(db, actor, case_id).model_dump_json(), media_type="application/json")


@router.get("/{case_id}/lines")
def talk_lines(case_id: CaseId, db: Db, actor: MatterReader) -> dict[str, list[LineReport]]:
    """How the participants' lines did in the talk."""
    return {"lines": lines.of_case(db, actor, case_id)}


@router.post("")
def register(body: NewMatter, db: Db, actor: Clerk, office: OfficeDep, response: Response) -> dict[str, Any]:
    """Register a matter that did not come by a talk; one that came before under its number is not added again (200)."""
    case, added = registering.register(db, actor, body)
    response.status_code = 201 if added else 200
    code = {"query_code": case.query_code, "sent": code_sms.on_registering(db, office.settings, case)} if added else {}
    return {"id": case.id, "case_no": case.case_no, "added": added, "hidden": cases.is_hidden(db, actor, case)} | code


@router.post("/{case_id}/steps/{step}")
def take(case_id: CaseId, step: Step, body: StepOrder, db: Db, actor: Officer) -> Response:
    """Take a step of the flow; 409 where somebody else was quicker."""
    return Response(cases.take_step(db, actor, case_id, step, body).model_dump_json(), media_type="application/json")


@router.post("/{case_id}/persons/{person_id}/open")
def open_person(case_id: CaseId, person_id: CaseId, db: Db, actor: CaseReader) -> CasePersonView:
    """Telephone and ID number of a person in full, which is written into the log of accesses."""
    return cases.open_person(db, actor, case_id, person_id)


@router.post("/{case_id}/query-code")
def query_code(case_id: CaseId, db: Db, actor: LeaderOrClerk) -> QueryCodeOpened:
    """The code with which the petitioner asks how it stands, for a letter or a slip; logged."""
    return QueryCodeOpened(query_code=cases.open_query_code(db, actor, case_id), sent=code_sms.told(db, case_id))


@router.post("/{case_id}/query-code/sms")
def send_query_code(case_id: CaseId, db: Db, actor: LeaderOrClerk, office: OfficeDep) -> QueryCodeSent:
    """Send it to the petitioner's mobile telephone; 409 where there is none, or it is on its way; logged."""
    return code_sms.send(db, office.settings, actor, case_id)


@router.post("/{case_id}/ratings", status_code=204)
def rate(case_id: CaseId, body: NewRating, db: Db, actor: Officer) -> None:
    """Write down how a petitioner rated the office or the unit, for instance on the telephone; told apart from their own."""
    ratings.rate_for(db, actor, case_id, body)


@router.post("/{case_id}/supplements")
def supplement(case_id: CaseId, body: NewSupplement, db: Db, actor: Clerk) -> Response:
    """Add a supplement."""
    return Response(cases.add_supplement(db, actor, case_id, body).model_dump_json(), media_type="application/json")


@router.get("/{case_id}/documents/{name}")
def document(case_id: CaseId, name: str, db: Db, actor: CaseReader, office: OfficeDep) -> FileResponse:
    """A printed document, which has all numbers in full; made now if it is not there yet.  That it was fetched is written down."""
    case = cases.require_document(db, actor, case_id, name)
    found = documents.fetch(office, case.id, name)
    filename = f"{documents.TITLES[name.partition('.')[0]]}-{case.case_no}.{name.partition('.')[2]}"
    return FileResponse(found, media_type=documents.MEDIA_TYPES[found.suffix], filename=filename)


# --- the film and the export bundle ------------------------------------------------------------------------------


@router.get("/{case_id}/archive")
def archive(case_id: CaseId, db: Db, actor: MatterReader) -> Response:
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
    actor: MatterReader,
    office: OfficeDep,
    save: bool = False,
    range: Annotated[str, Header()] = "",
) -> FileResponse:
    """The film or the bundle; ranges work.  That it was fetched is written down; `save`: for keeping, which stands in the case's
    history, too.  A bundle is always for keeping."""
    path, name = archiving.file_of(db, office.settings, actor, case_id, kind)
    begins = not range or range.startswith("bytes=0-")
    archiving.note_fetched(db, actor, case_id, kind, save=save or kind is ArchiveKind.BUNDLE, begins=begins)
    media_type = archiving.MEDIA_TYPES[kind]
    return FileResponse(path, media_type=media_type, filename=name, content_disposition_type="attachment" if save else "inline")


@router.get("/{case_id}/archive/own.zip")
def own_copy(case_id: CaseId, db: Db, actor: Clerk, office: OfficeDep) -> StreamingResponse:
    """What the petitioner takes away: the record, what their own seat recorded, and a page that verifies it offline."""
    pieces, name = archiving.own_copy(db, office, actor, case_id)
    return StreamingResponse(pieces, media_type="application/zip", headers=saved_as(name))


@router.get("/{case_id}/archive/captions.vtt")
def archive_captions(case_id: CaseId, db: Db, actor: MatterReader) -> Response:
    """The corrected text as subtitles."""
    return Response(archiving.captions_of(db, actor, case_id), media_type="text/vtt; charset=utf-8")
