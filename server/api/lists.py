"""Kept lists of cases: named filters, one's own or shared with the office."""

from typing import Annotated

from fastapi import APIRouter, Path

from server.api.deps import CaseReader, Db
from server.protocol.finding import KeptList, NewList, SharedOrNot
from server.reception.matter import saved_lists

router = APIRouter(prefix="/lists")

ListId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def listed(db: Db, actor: CaseReader) -> dict[str, list[KeptList]]:
    """One's own, and what colleagues share."""
    return {"lists": saved_lists.listed(db, actor)}


@router.post("", status_code=201)
def keep(body: NewList, db: Db, actor: CaseReader) -> KeptList:
    """Keep one."""
    return saved_lists.keep(db, actor, body)


@router.put("/{list_id}")
def share(list_id: ListId, body: SharedOrNot, db: Db, actor: CaseReader) -> KeptList:
    """Share it with the office, or not any more."""
    return saved_lists.share(db, actor, list_id, body.shared)


@router.delete("/{list_id}", status_code=204)
def drop(list_id: ListId, db: Db, actor: CaseReader) -> None:
    """Forget it."""
    saved_lists.drop(db, actor, list_id)
