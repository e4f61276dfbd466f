"""领导承诺台账: promises confirmed at the end of a talk, and what became of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from server.api.deps import CaseReader, Db, Leader, LeaderOrClerk, MatterReader, Officer
from server.api.receptions import ReceptionId
from server.protocol.commitments import (
    CommitmentEnd,
    CommitmentFigures,
    CommitmentPage,
    CommitmentRow,
    CommitmentSheet,
    ConfirmCommitments,
)
from server.reception.matter import commitments

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Asked = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
Part = Literal["late", "open", "done", "withdrawn", "all"]


@router.get("/receptions/{reception_id}/commitments")
def of_reception(reception_id: ReceptionId, db: Db, actor: LeaderOrClerk) -> CommitmentSheet:
    """All promises of a talk with what is proposed for each, for the leader to confirm."""
    return commitments.sheet(db, actor, reception_id)


@router.post("/receptions/{reception_id}/commitments")
def confirm(reception_id: ReceptionId, order: ConfirmCommitments, db: Db, actor: Leader) -> CommitmentSheet:
    """Confirm and strike them in one step; sent again it changes nothing more."""
    return commitments.confirm(db, actor, reception_id, order)


@router.get("/commitments")
def listed(
    db: Db, actor: CaseReader, part: Part = "open", leader: Asked = None, unit: Asked = None, mine: bool = False,
    after: Annotated[str, Query(max_length=30)] = "", office: Asked = None,
) -> CommitmentPage:  # fmt: skip
    """Fifty promises that the actor may read; what is open by its day, so that the overdue stand first."""
    return commitments.ledger(db, actor, part, actor.user_id if mine else leader, unit, after, office)


@router.get("/commitments/figures")
def figures(db: Db, actor: MatterReader, period: Annotated[str, Query(max_length=20)] = "") -> CommitmentFigures:
    """Promises kept in time, of leaders and offices."""
    return commitments.figures(db, actor, period)


@router.post("/commitments/{commitment_id}/done")
def finish(commitment_id: Number, end: CommitmentEnd, db: Db, actor: Officer) -> CommitmentRow:
    """It was done, in these words."""
    return commitments.finish(db, actor, commitment_id, end)


@router.post("/commitments/{commitment_id}/withdraw")
def withdraw(commitment_id: Number, end: CommitmentEnd, db: Db, actor: Leader) -> CommitmentRow:
    """It cannot be kept, for this reason."""
    return commitments.withdraw(db, actor, commitment_id, end)
