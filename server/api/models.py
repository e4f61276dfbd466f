"""典型案例库: what can be learned from cases, without anybody's personal data."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from server.api.deps import Db, LeaderOrClerk, Staff
from server.protocol.base import NO_NUL
from server.protocol.ledger import CoverDecision, ModelEdit, ModelOrder, ModelView, NewCover, NewModel
from server.reception.matter import modelcases

router = APIRouter(prefix="/models")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def listed(
    db: Db, actor: Staff, q: Annotated[str, Query(max_length=100, pattern=NO_NUL)] = "", before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> dict[str, Any]:
    """Published ones with every word of `q`, the newest first; for who writes them, those in work, too."""
    rows, more, works = modelcases.listed(db, actor, q, before)
    return {"rows": rows, "more": more, "in_work": works}


@router.post("", status_code=201)
def make(body: NewModel, db: Db, actor: LeaderOrClerk) -> ModelView:
    """Begin one from a case."""
    return modelcases.make(db, actor, body.case_id)


@router.get("/{model_id}")
def opened(model_id: Number, db: Db, actor: Staff) -> ModelView:
    """One."""
    return modelcases.opened(db, actor, model_id)


@router.put("/{model_id}")
def edit(model_id: Number, body: ModelEdit, db: Db, actor: LeaderOrClerk) -> ModelView:
    """Change its text."""
    return modelcases.edit(db, actor, model_id, body)


@router.post("/{model_id}/covers")
def add_cover(model_id: Number, body: NewCover, db: Db, actor: LeaderOrClerk) -> ModelView:
    """Cover what the program did not find."""
    return modelcases.add_cover(db, actor, model_id, body)


@router.put("/{model_id}/covers/{cover_id}")
def decide(model_id: Number, cover_id: Number, body: CoverDecision, db: Db, actor: LeaderOrClerk) -> ModelView:
    """Decide about one stretch."""
    return modelcases.decide(db, actor, model_id, cover_id, body)


@router.post("/{model_id}/ready")
def ready(model_id: Number, body: ModelOrder, db: Db, actor: LeaderOrClerk) -> ModelView:
    """For a leader to read."""
    return modelcases.ready(db, actor, model_id, body.version)


@router.post("/{model_id}/publish")
def publish(model_id: Number, body: ModelOrder, db: Db, actor: LeaderOrClerk) -> ModelView:
    """Into the library."""
    return modelcases.publish(db, actor, model_id, body.version)


@router.post("/{model_id}/send-back")
def send_back(model_id: Number, body: ModelOrder, db: Db, actor: LeaderOrClerk) -> ModelView:
    """To its author."""
    return modelcases.send_back(db, actor, model_id, body.version)


@router.post("/{model_id}/withdraw")
def withdraw(model_id: Number, body: ModelOrder, db: Db, actor: LeaderOrClerk) -> ModelView:
    """Out of the library."""
    return modelcases.withdraw(db, actor, model_id, body.version)
