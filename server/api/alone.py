"""What a sitting alone (语音自助登记) brought beside its recording."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from server.api.deps import Db, MatterReader, OfficeDep
from server.protocol.alone import AloneView
from server.reception import alone_view

router = APIRouter(prefix="/records")

RecordId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
PhotoName = Annotated[str, Path(pattern=r"^photo-[0-9]{2}\.jpg$")]


@router.get("/{record_id}/alone")
def alone(record_id: RecordId, db: Db, actor: MatterReader) -> AloneView:
    """The sitting behind a record; 404 where the record is of a talk."""
    return alone_view.view(db, actor, record_id)


@router.get("/{record_id}/alone/{photo}")
def photo(record_id: RecordId, photo: PhotoName, db: Db, actor: MatterReader, office: OfficeDep) -> FileResponse:
    """A paper that was photographed."""
    return FileResponse(alone_view.photo(office, db, actor, record_id, photo), media_type="image/jpeg")
