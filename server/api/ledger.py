"""积案台账: hard matters, who takes them on, and how far they are."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from server.api.deps import CaseReader, Db, Officer
from server.domain.ledger import LedgerDeed, LedgerState, RiskGrade
from server.protocol.ledger import LedgerOrder, LedgerView
from server.reception.matter import ledger

router = APIRouter(prefix="/ledger")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Asked = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("")
def listed(
    db: Db, actor: CaseReader, state: LedgerState | None = None, risk: RiskGrade | None = None, leader: Asked = None, before: Asked = None
) -> dict[str, Any]:
    """Fifty entries of cases that the actor may read; without `state`: all that are not struck off."""
    rows, more = ledger.listed(db, actor, state or "", risk or "", leader, before)
    return {"rows": rows, "more": more}


@router.get("/{case_id}")
def opened(case_id: Number, db: Db, actor: CaseReader) -> LedgerView:
    """A matter's entry, its history, and what can be done."""
    return ledger.opened(db, actor, case_id)


@router.post("/{case_id}/{deed}")
def do(case_id: Number, deed: LedgerDeed, body: LedgerOrder, db: Db, actor: Officer) -> LedgerView:
    """Do something with it; 409 where somebody else was quicker."""
    return ledger.do(db, actor, case_id, deed, body)
