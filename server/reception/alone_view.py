"""What a sitting alone brought beside its recording, for whoever may read the record."""

import base64
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server.domain.alone import ENDING_WORDS, AloneEnding, question
from server.errors import NotFound
from server.protocol.alone import AlonePhoto, AloneView
from server.reception import records
from server.reception.alone import folder_of
from server.reception.office import Office
from server.store import alone as store
from server.store import records as record_store
from server.store.access import Actor
from server.store.files import RecordingMissing
from server.store.models import AloneSitting


def _of(session: Session, actor: Actor, record_id: str) -> AloneSitting:
    """Raises NotFound."""
    sitting = store.of_reception(session, records.require(session, actor, record_id).reception_id)
    if sitting is None:
        raise NotFound("这份笔录不是自助登记来的。")
    return sitting


def view(session: Session, actor: Actor, record_id: str) -> AloneView:
    """The sitting behind a record; that it was looked at is written down.  Raises NotFound."""
    record = records.require(session, actor, record_id)
    sitting = _of(session, actor, record_id)
    record_store.note_access(session, actor, "open_alone", "record", record_id, clock.now())
    image = base64.b64encode(sitting.signature or b"").decode()
    return AloneView(
        number=record.reception.number, arrived_at=sitting.arrived_at, ending=ENDING_WORDS[AloneEnding(sitting.ending)],
        missing=tuple(sitting.missing), notice=sitting.notice, agreed_at=sitting.agreed_at, signed_name=sitting.signed_name,
        signed_at=sitting.signed_at, summary=sitting.summary, signature=f"data:image/png;base64,{image}" if image else "",
        photos=tuple(_photo(record_id, *one) for one in sitting.photos),
    )  # fmt: skip


def _photo(record_id: str, file: str, _sha256: str, asked: str, _at: float) -> AlonePhoto:
    known = question(asked)
    return AlonePhoto(url=f"/api/records/{record_id}/alone/{file}", title=known.title if known else "")


def photo(office: Office, session: Session, actor: Actor, record_id: str, name: str) -> Path:
    """A photograph's file; raises NotFound, RecordingMissing."""
    sitting = _of(session, actor, record_id)
    if name not in [one[0] for one in sitting.photos]:
        raise NotFound
    path = folder_of(office, sitting.reception_id) / name
    if not path.is_file():
        raise RecordingMissing
    return path
