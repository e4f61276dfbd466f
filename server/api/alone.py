"""What a sitting alone (语音自助登记) brought beside its recording."""

from typing import Annotated

from fastapi import APIRouter, Path

from server.api.deps import Db, MatterReader
from server.protocol.alone import AloneView
from server.reception.kiosk import alone_view

router = APIRouter(prefix="/records")

RecordId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.get("/{record_id}/alone")
def alone(record_id: RecordId, db: Db, actor: MatterReader) -> AloneView:
    """The sitting behind a record; 404 where the record is of a talk."""
    return alone_view.view(db, actor, record_id)
