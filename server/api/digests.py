"""日研判、周会办、月通报、季核查: those that were kept."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from server.api.deps import Db, MatterReader
from server.protocol.figures import DigestRow, DigestView
from server.reception.figures import digests

router = APIRouter(prefix="/digests")

Number = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("")
def listed(
    db: Db,
    actor: MatterReader,
    kind: Annotated[str, Query(pattern="^(day|week|month|quarter|)$")] = "",
    organization: Number = None,
    before: Number = None,
) -> dict[str, list[DigestRow]]:
    """The newest fifty of the actor's organization and below, or those before one."""
    return {"digests": digests.listed(db, actor, kind, organization, before)}


@router.get("/{digest_id}")
def one(digest_id: Annotated[int, Path(ge=1, le=2**31 - 1)], db: Db, actor: MatterReader) -> DigestView:
    """One digest."""
    return digests.open_digest(db, actor, digest_id)
