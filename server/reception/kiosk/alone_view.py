"""What a sitting alone brought beside its recording, for whoever may read the record."""

import base64

from sqlalchemy.orm import Session

from server import clock
from server.domain.alone import ENDING_WORDS, AloneEnding
from server.errors import NotFound
from server.protocol.alone import AloneView
from server.reception.record import records
from server.store import alone as store
from server.store import records as record_store
from server.store.access import Actor
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
    )  # fmt: skip
