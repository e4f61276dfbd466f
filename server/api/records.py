"""Visit records: reading, correcting, signing, filing, and the recording under them."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from server.api.deps import Clerk, Db, LeaderOrClerk, MatterReader, OfficeDep
from server.domain.states import RecordState
from server.errors import NotFound
from server.protocol.edits import Edits
from server.protocol.glossary import SentWord, SentWords
from server.protocol.recording import FILE_TYPES
from server.protocol.records import RecordPulse
from server.protocol.signing import (
    NewReadingLink,
    PaperSignature,
    ReadingLinkView,
    Refusal,
    Reopen,
    Signatures,
    StaffSignature,
)
from server.reception.matter import code_sms, filing
from server.reception.office import Office
from server.reception.paper import archiving, documents
from server.reception.record import (
    clips,
    desk,
    disputing,
    editing,
    glossary,
    peaks,
    proposals,
    reading_links,
    records,
    signing,
    stamping,
)
from server.store import copies as copy_store
from server.store import copyfiles, files
from server.store import records as store
from server.store.access import Actor
from server.store.models import StoredSegment

router = APIRouter(prefix="/records")

RecordId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
LineId = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Place = Annotated[str, Query(pattern=r"^(|(line|field|promise):[A-Za-z0-9_-]{1,80})$")]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
GapId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Version = Annotated[int, Query(ge=0, le=2**31 - 1)]
Lines = Annotated[int, Query(ge=1, le=100_000)]
FormStamp = Annotated[str, Query(pattern="^[0-9a-f]{0,64}$")]
MEDIA_TYPES = {form.suffix: form.media_type for form in FILE_TYPES.values()} | {".ogg": "audio/ogg"}


def _json(message: BaseModel) -> Response:
    """A message as JSON, written once: a long record has 100,000 words."""
    return Response(message.model_dump_json(), media_type="application/json")


def _written(text: str) -> Response:
    return Response(text, media_type="application/json")


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
def one(record_id: RecordId, db: Db, actor: LeaderOrClerk) -> Response:
    """The record."""
    return _json(records.open_record(db, actor, record_id))


@router.get("/{record_id}/desk")
def at_the_desk(record_id: RecordId, db: Db, actor: LeaderOrClerk, most: Lines | None = None) -> Response:
    """The record for the correction page, or its beginning."""
    return _written(desk.open_record(db, actor, record_id, most))


@router.get("/{record_id}/desk/rest")
def rest_at_the_desk(record_id: RecordId, db: Db, actor: LeaderOrClerk, after: Lines) -> Response:
    """What follows on the beginning."""
    return _written(desk.rest(db, actor, record_id, after))


@router.get("/{record_id}/changes")
def changes(record_id: RecordId, db: Db, actor: LeaderOrClerk, since: Version, form: FormStamp = "") -> Response:
    """What is new since the version and the form that the page knows."""
    return _written(desk.changes(db, actor, record_id, since, form))


@router.post("/{record_id}/edits")
def edit(record_id: RecordId, edits: Edits, db: Db, actor: Clerk, since: Version | None = None, form: FormStamp = "") -> Response:
    """Correct the record; the answer is the whole record, or what is new since a version and a form."""
    if since is None:
        return _json(editing.edit(db, actor, record_id, edits))
    return _written(desk.edit(db, actor, record_id, edits, since, form))


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


@router.post("/{record_id}/glossary")
def send_word(record_id: RecordId, asked: SentWord, db: Db, actor: Clerk) -> SentWords:
    """Send what was put right in a line to the glossary's proposals."""
    return glossary.send(db, actor, record_id, asked)


@router.post("/{record_id}/confirm")
def confirm(record_id: RecordId, db: Db, actor: Clerk) -> Response:
    """Hand the record to the petitioner."""
    return _json(signing.confirm(db, actor, record_id))


@router.post("/{record_id}/reopen")
def reopen(record_id: RecordId, body: Reopen, db: Db, actor: Clerk) -> Response:
    """Take it back for correcting."""
    return _json(signing.reopen(db, actor, record_id, body.reason))


@router.get("/{record_id}/pulse")
def pulse(
    record_id: RecordId, db: Db, office: OfficeDep, actor: LeaderOrClerk, line: LineId | None = None, choosing: Place = ""
) -> RecordPulse:
    """Whether it is another one than a page shows, and who else has it open; `line`: where this page is; `choosing`: the place
    of which it shows two texts, this clerk's and another's."""
    found = records.pulse(db, actor, record_id)
    return found.model_copy(update={"others": office.presence.here(record_id, actor, line, choosing)})


@router.get("/{record_id}/disputes/{dispute_id}/sound")
def dispute_sound(
    record_id: RecordId, dispute_id: Annotated[int, Path(ge=1, le=2**31 - 1)], db: Db, actor: LeaderOrClerk
) -> Response:
    """How the petitioner said it."""
    content, media_type = disputing.sound(db, actor, record_id, dispute_id)
    return Response(content, media_type=media_type)


@router.post("/{record_id}/links", status_code=201)
def give_link(record_id: RecordId, body: NewReadingLink, db: Db, actor: Clerk, office: OfficeDep) -> ReadingLinkView:
    """A link for reading and signing on a telephone."""
    return reading_links.make(db, actor, office.settings, record_id, body)


@router.get("/{record_id}/signatures")
def signatures(record_id: RecordId, db: Db, actor: LeaderOrClerk) -> Signatures:
    """Who signs it and who has."""
    return signing.overview(db, actor, record_id)


@router.post("/{record_id}/signatures")
def sign(
    record_id: RecordId, body: StaffSignature, db: Db, actor: LeaderOrClerk, office: OfficeDep, later: BackgroundTasks
) -> Signatures:
    """The leader or the recorder signs."""
    signing.staff_sign(db, actor, record_id, body)
    print_later(later, office, db, record_id)
    return signing.overview(db, actor, record_id)


@router.get("/{record_id}/clips/{sha256}")
def film(record_id: RecordId, sha256: Digest, db: Db, actor: MatterReader, office: OfficeDep) -> FileResponse:
    """Somebody signing, where they agreed to be filmed."""
    return FileResponse(clips.film(db, actor, office.settings, record_id, sha256), media_type="video/webm")


@router.post("/{record_id}/refusal")
def refuse(
    record_id: RecordId, body: Refusal, db: Db, actor: Clerk, office: OfficeDep, later: BackgroundTasks
) -> Response:
    """The petitioner does not sign, as the clerk saw it."""
    at_once = office.settings.file_on_signature
    record = signing.note_refusal(db, actor, record_id, body, file_at_once=at_once)
    print_later(later, office, db, record_id)
    return _json(records.view(db, actor, record))


@router.post("/{record_id}/paper-signature")
def signed_on_paper(
    record_id: RecordId, body: PaperSignature, db: Db, actor: Clerk, office: OfficeDep, later: BackgroundTasks
) -> Response:
    """The petitioner signed the printed sheet."""
    record = signing.note_paper(db, actor, record_id, body, file_at_once=office.settings.file_on_signature)
    print_later(later, office, db, record_id)
    return _json(records.view(db, actor, record))


@router.post("/{record_id}/file")
def file(record_id: RecordId, db: Db, actor: Clerk, office: OfficeDep, later: BackgroundTasks) -> dict[str, Any]:
    """File the record as a case."""
    filed = filing.file_record(db, actor, record_id)
    print_later(later, office, db, record_id)
    return {"case_id": filed.case_id, "case_no": filed.case_no}


def print_later(later: BackgroundTasks, office: Office, db: Session, record_id: str) -> None:
    """Make the printed documents and the film of a record that was filed, after the answer; what fails is made when
    somebody asks for it.  Whoever brought the matter gets the query code by SMS.  What was signed is to be stamped."""
    stamping.note_record(db, office.settings, record_id)
    case = store.case_of(db, record_id)
    if case is None:
        return
    code_sms.on_registering(db, office.settings, case)
    later.add_task(documents.make_all_logged, office, case.id)
    if office.settings.archive_on_filing:
        for archive_id in archiving.ask_on_filing(db, case.id):
            later.add_task(office.jobs.make_archive, archive_id)


@router.get("/{record_id}/recordings/{segment_id}")
def recording(record_id: RecordId, segment_id: RecordId, db: Db, actor: MatterReader, office: OfficeDep) -> FileResponse:
    """A file of the recording; ranges work, so that players can seek."""
    return recording_file(db, actor, office, record_id, segment_id)


@router.get("/{record_id}/copies/{copy_id}/{gap_id}")
def copy_piece(
    record_id: RecordId, copy_id: RecordId, gap_id: GapId, db: Db, actor: MatterReader, office: OfficeDep
) -> FileResponse:
    """What the kiosk's own copy has for a gap of the recording."""
    return copy_file(db, actor, office, record_id, copy_id, gap_id)


@router.get("/{record_id}/recordings/{segment_id}/peaks")
def peaks_of(
    record_id: RecordId, segment_id: RecordId, db: Db, actor: MatterReader, office: OfficeDep
) -> Response:
    """How loud a file of the recording is; 202 while that is being found out."""
    segment = _segment(db, actor, record_id, segment_id)
    found = peaks.known(office.settings.peaks_dir, segment.id)
    if found is None:
        path = files.check(office.settings.recordings_dir, segment)
        peaks.find_out(office.settings.peaks_dir, segment.id, path)
        return Response(status_code=202)
    return Response(found, media_type="application/octet-stream", headers={"Cache-Control": "private, max-age=86400"})


def _segment(db: Session, actor: Actor, record_id: str, segment_id: str) -> StoredSegment:
    record = records.require(db, actor, record_id)
    segment = store.segment(db, actor, record.reception_id, segment_id)
    if segment is None:
        raise NotFound
    return segment


def recording_file(db: Session, actor: Actor, office: Office, record_id: str, segment_id: str) -> FileResponse:
    """A file of a recording that the actor may hear; raises NotFound."""
    path = files.check(office.settings.recordings_dir, _segment(db, actor, record_id, segment_id))
    return FileResponse(path, media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"))


def copy_file(db: Session, actor: Actor, office: Office, record_id: str, copy_id: str, gap_id: int) -> FileResponse:
    """The same for a piece of the kiosk's own copy."""
    fill = copy_store.fill_for(db, actor, record_id, gap_id, copy_id)
    if fill is None or not fill.file:
        raise NotFound
    path = copyfiles.piece_of(office.settings.copies_dir, fill)
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix])
