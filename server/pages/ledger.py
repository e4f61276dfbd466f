"""Pages of 积案台账, 领导承诺台账 and 典型案例库.  Their data comes through the API."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import CaseReader, Db, Staff
from server.domain.ledger import RISK_WORDS, STATE_WORDS
from server.pages.render import render
from server.store import ledger as store

router = APIRouter()


@router.get("/ledger")
def ledger(request: Request, actor: CaseReader, db: Db) -> Response:
    """Hard matters, by how far they are, by risk and by the leader who took them on."""
    leaders = [(one.id, f"{one.name}（{one.title}）" if one.title else one.name) for one in store.leaders(db, actor.organization_path)]
    return render(request, "ledger/list.html", actor=actor, states=STATE_WORDS, risks=RISK_WORDS, leaders=leaders)


@router.get("/ledger/{case_id}")
def entry(request: Request, case_id: int, actor: CaseReader) -> Response:
    """One matter's entry; what the actor may not see is told by the API in the page."""
    return render(request, "ledger/entry.html", actor=actor, case_id=case_id, risks=RISK_WORDS)


@router.get("/promises")
def promises(request: Request, actor: CaseReader) -> Response:
    """领导承诺台账: what leaders undertook in talks, the overdue first."""
    return render(request, "promises/list.html", actor=actor)


@router.get("/models")
def library(request: Request, actor: Staff, q: str = "") -> Response:
    """Model cases."""
    return render(request, "models/list.html", actor=actor, q=q[:100])


@router.get("/models/{model_id}")
def model(request: Request, model_id: int, actor: Staff) -> Response:
    """One of them, to read or to work on."""
    return render(request, "models/model.html", actor=actor, model_id=model_id)
