"""Visit records: reading, correcting, signing, filing, and the recording under them."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from server.api.deps import AnyActor, Clerk, Db, KioskActor, LeaderOrClerk, OfficeDep
from server.domain.states import RecordState, StaffRole
from server.errors import NotAllowed, NotFound
from server.protocol.office import Disputes, Edits, Refusal, Reopen, Signature
from server.protocol.recording import FILE_TYPES
from server.reception import archiving, documents, editing, filing, proposals, records, signing
from server.reception.office import Office
from server.store import copies as copy_store
from server.store import copyfiles, files
from server.store import records as store
from server.store.access import Actor

router = APIRouter(prefix="/records")

RecordId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
MEDIA_TYPES = {form.suffix: form.media_type for form in FILE_TYPES.values()} | {".ogg": "audio/ogg"}


def _json(message: BaseModel) -> Response:
    """A message as JSON, written once: a long record has 100,000 words."""
    return Response(message.model_dump_json(), media_type="application/json")


def _reader(actor: Actor) -> Actor:
    """Leaders, clerks and kiosks read records; raises NotAllowed for administrators."""
    if actor.role not in (StaffRole.LEADER, StaffRole.CLERK) and not actor.is_kiosk:
        raise NotAllowed
    return actor


@router.get("")
def listed(
    db: Db,
    actor: LeaderOrClerk,
    state: Annotated[str, Query(max_length=60)] = "",
    q: Annotated[str, Query(max_length=100)] = "",
) -> dict[str, Any]:
    """Records in one or more states (comma-separated; empty: all) with every word of `q`."""
    known = [name for name in state.split(",") if name in set(RecordState)]
    if state and not known:
        return {"records": []}
    return {"records": records.list_records(db, actor, known, q)}


@router.get("/{record_id}")
def one(record_id: RecordId, db: Db, actor: AnyActor) -> Response:
    """The record."""
    return _json(records.open_record(db, _reader(actor), record_id))


@router.post("/{record_id}/edits")
def edit(record_id: RecordId, edits: Edits, db: Db, actor: Clerk) -> Response:
    """Correct the record."""
    return _json(editing.edit(db, actor, record_id, edits))


@router.get("/{record_id}/revisions")
def history(record_id: RecordId, db: Db, actor: LeaderOrClerk) -> dict[str, Any]:
    """Every change of the record."""
    return {"revisions": records.history(db, actor, record_id)}


@router.get("/{record_id}/second-pass")
def second_pass(record_id: RecordId, db: Db, actor: LeaderOrClerk) -> dict[str, Any]:
    """How far hearing the recording again is."""
    return {"second_pass": records.second_pass_progress(db, actor, record_id)}


@router.post("/{record_id}/model")
def ask_model(record_id: RecordId, db: Db, actor: Clerk, office: OfficeDep, later: BackgroundTasks) -> Response:
    """Ask the language model once more."""
    record = records.require(db, actor, record_id)
    proposals.ask_again(office, db, actor, record)
    later.add_task(office.jobs.ask_model_now, record.reception_id)
    return _json(records.view(db, actor, record))


@router.post("/{record_id}/confirm")
def confirm(record_id: RecordId, db: Db, actor: Clerk) -> Response:
    """Hand the record to the petitioner."""
    return _json(signing.confirm(db, actor, record_id))


@router.post("/{record_id}/reopen")
def reopen(record_id: RecordId, body: Reopen, db: Db, actor: Clerk) -> Response:
    """Take it back for correcting."""
    return _json(signing.reopen(db, actor, record_id, body.reason))


@router.post("/{record_id}/disputes")
def dispute(record_id: RecordId, body: Disputes, db: Db, actor: KioskActor) -> Response:
    """The petitioner says which lines are wrong."""
    return _json(signing.dispute(db, actor, record_id, body.disputes, version=body.version))


@router.post("/{record_id}/signature")
def sign(
    record_id: RecordId, body: Signature, db: Db, actor: KioskActor, office: OfficeDep, later: BackgroundTasks
) -> Response:
    """The petitioner signs."""
    at_once = office.settings.file_on_signature
    record = signing.sign(db, actor, record_id, body.image, version=body.version, file_at_once=at_once)
    _print_later(later, office, db, record.case_id)
    return _json(record)


@router.post("/{record_id}/refusal")
def refuse(
    record_id: RecordId, body: Refusal, db: Db, actor: AnyActor, office: OfficeDep, later: BackgroundTasks
) -> Response:
    """The petitioner does not sign."""
    if actor.role != StaffRole.CLERK and not actor.is_kiosk:
        raise NotAllowed
    at_once = office.settings.file_on_signature
    record = signing.refuse(db, actor, record_id, body.reason, version=body.version, file_at_once=at_once)
    _print_later(later, office, db, record.case_id)
    return _json(record)


@router.post("/{record_id}/file")
def file(record_id: RecordId, db: Db, actor: Clerk, office: OfficeDep, later: BackgroundTasks) -> dict[str, Any]:
    """File the record as a case."""
    filed = filing.file_record(db, actor, record_id)
    _print_later(later, office, db, filed.case_id)
    return {"case_id": filed.case_id, "case_no": filed.case_no}


def _print_later(later: BackgroundTasks, office: Office, db: Session, case_id: int | None) -> None:
    """Make the printed documents and the film after the answer; what fails is made when somebody asks for it."""
    if case_id is None:
        return
    later.add_task(documents.make_all_logged, office, case_id)
    if office.settings.archive_on_filing:
        for archive_id in archiving.ask_on_filing(db, case_id):
            later.add_task(office.jobs.make_archive, archive_id)


@router.get("/{record_id}/recordings/{segment_id}")
def recording(record_id: RecordId, segment_id: RecordId, db: Db, actor: AnyActor, office: OfficeDep) -> FileResponse:
    """A file of the recording; ranges work, so that players can seek."""
    record = records.require(db, _reader(actor), record_id)
    segment = store.segment(db, actor, record.reception_id, segment_id)
    if segment is None:
        raise NotFound
    path = files.check(office.settings.recordings_dir, segment)
    return FileResponse(path, media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"))


@router.get("/{record_id}/copies/{copy_id}/{gap_id}")
def copy_piece(
    record_id: RecordId, copy_id: RecordId, gap_id: Annotated[int, Path(ge=1, le=2**31 - 1)], db: Db, actor: AnyActor,
    office: OfficeDep,
) -> FileResponse:  # fmt: skip
    """What the kiosk's own copy has for a gap of the recording."""
    fill = copy_store.fill_for(db, _reader(actor), record_id, gap_id, copy_id)
    if fill is None or not fill.file:
        raise NotFound
    path = copyfiles.piece_of(office.settings.copies_dir, fill)
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix])
