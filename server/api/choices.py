"""What is chosen from when a matter is registered and taken on."""

from typing import Annotated

from fastapi import APIRouter, Query

from server.api.cases import CaseId
from server.api.deps import CaseReader, Clerk, Db, OfficeDep, Officer
from server.protocol.flow import Choices, MatterCheck, UnitView
from server.reception.matter import choices

router = APIRouter(prefix="/choices")


@router.get("")
def all_choices(actor: CaseReader, office: OfficeDep) -> Choices:
    """Ways in, purposes, categories with their statutory routes, reasons for a pause."""
    return choices.choices(office.settings.statutory_routes)


@router.post("/check")
def check(body: MatterCheck, actor: Clerk) -> dict[str, dict[str, str]]:
    """What looks wrong about what was typed, per field; nothing of it is kept."""
    return {"fields": choices.check(body)}


@router.get("/units/{case_id}")
def units(case_id: CaseId, db: Db, actor: Officer, q: Annotated[str, Query(max_length=50)] = "") -> dict[str, tuple[UnitView, ...]]:
    """Units that the actor's office may give the case to."""
    return {"units": choices.find_units(db, actor, case_id, q)}
