"""Reading back and signing, for whoever the record is about: at the kiosk, or on their own telephone."""

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from server.api.deps import Db, OfficeDep, Reader
from server.api.records import GapId, RecordId, copy_file, print_later, recording_file
from server.protocol.kiosks import Heard
from server.protocol.reading import (
    Clip,
    Dispute,
    Disputed,
    Fingerprint,
    ReadingState,
    Refused,
    Signature,
    Withdrawal,
)
from server.reception.kiosk import hearing
from server.reception.office import Office
from server.reception.record import clips, disputing, reading, signing
from server.reception.record.records import require
from server.store.models import VisitRecord

router = APIRouter(prefix="/reading/{record_id}")


@router.get("")
def one(record_id: RecordId, db: Db, actor: Reader) -> Response:
    """The record to read; written once, because a long one has 100,000 words."""
    return Response(reading.open_reading(db, actor, record_id).model_dump_json(), media_type="application/json")


@router.get("/state")
def state(record_id: RecordId, db: Db, actor: Reader) -> ReadingState:
    """Whether it can be read and signed now."""
    return reading.state(db, actor, record_id)


@router.post("/disputes")
def dispute(record_id: RecordId, body: Dispute, db: Db, actor: Reader) -> Disputed:
    """A line is not right."""
    return disputing.dispute(db, actor, record_id, body)


@router.post("/disputes/withdraw")
def withdraw(record_id: RecordId, body: Withdrawal, db: Db, actor: Reader) -> Disputed:
    """It is right after all."""
    return disputing.withdraw(db, actor, record_id, body)


@router.post("/hear")
async def hear(record_id: RecordId, request: Request, actor: Reader, office: OfficeDep) -> Heard:
    """Understand a spoken sentence of at most 30 s; it is kept only when it is sent as an objection."""
    sound = await request.body()

    def understand() -> Heard:
        with office.store.read() as session:
            require(session, actor, record_id)
        return hearing.hear(office.settings, f"record {record_id}", sound, "matter")

    return await run_in_threadpool(understand)


@router.post("/clip")
async def film(record_id: RecordId, request: Request, actor: Reader, office: OfficeDep) -> Clip:
    """Keep a film of the person signing, to which they agreed."""
    content = await request.body()

    def keep() -> str:
        with office.store.read() as session:
            return clips.keep(session, actor, office.settings, record_id, content)

    return Clip(sha256=await run_in_threadpool(keep))


@router.post("/signature")
def sign(
    record_id: RecordId, body: Signature, db: Db, actor: Reader, office: OfficeDep, later: BackgroundTasks
) -> ReadingState:
    """The person signs what they read."""
    clips.check(office.settings, record_id, body.clip_sha256)
    record = signing.sign(db, actor, record_id, body, file_at_once=office.settings.file_on_signature)
    return _signed(db, office, later, record)


@router.post("/fingerprint")
def press(
    record_id: RecordId, body: Fingerprint, db: Db, actor: Reader, office: OfficeDep, later: BackgroundTasks
) -> ReadingState:
    """The person puts a finger under it."""
    record = signing.press(db, actor, record_id, body, file_at_once=office.settings.file_on_signature)
    return _signed(db, office, later, record)


@router.post("/refusal")
def refuse(
    record_id: RecordId, body: Refused, db: Db, actor: Reader, office: OfficeDep, later: BackgroundTasks
) -> ReadingState:
    """The person does not sign, or cannot."""
    record = signing.refuse(db, actor, record_id, body, file_at_once=office.settings.file_on_signature)
    return _signed(db, office, later, record)


def _signed(db: Session, office: Office, later: BackgroundTasks, record: VisitRecord) -> ReadingState:
    print_later(later, office, db, record.id)
    return ReadingState(state=reading.state_of(record), version=record.version)


@router.get("/recordings/{segment_id}")
def recording(record_id: RecordId, segment_id: RecordId, db: Db, actor: Reader, office: OfficeDep) -> FileResponse:
    """A file of the recording; ranges work."""
    return recording_file(db, actor, office, record_id, segment_id)


@router.get("/copies/{copy_id}/{gap_id}")
def copy_piece(
    record_id: RecordId, copy_id: RecordId, gap_id: GapId, db: Db, actor: Reader, office: OfficeDep
) -> FileResponse:
    """What the kiosk's own copy has for a gap of the recording."""
    return copy_file(db, actor, office, record_id, copy_id, gap_id)
