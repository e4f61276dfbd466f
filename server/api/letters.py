"""Letters that were issued (文书), and a supervisor's letters to units (督办)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from server.api.deps import CaseReader, Db, OfficeDep, Officer, allowed
from server.api.saving import saved_as
from server.domain.flow import LetterKind
from server.domain.states import StaffRole
from server.protocol.notices import SupervisionAnswer, SupervisionDraft, SupervisionOrder
from server.reception.matter import cases, issued, supervision
from server.reception.paper.documents import MEDIA_TYPES
from server.store.access import Actor

router = APIRouter(prefix="/cases")

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
Supervisor = Annotated[Actor, Depends(allowed(StaffRole.SUPERVISOR))]


@router.get("/{case_id}/letters/{letter_id}/{form}")
def letter(case_id: Id, letter_id: Id, form: Annotated[str, Path(max_length=10)], actor: CaseReader, office: OfficeDep) -> Response:
    """A letter as pdf or docx, with the words it was issued with; typeset outside of the transaction."""
    with office.store.read() as session:
        case = cases.require_case(session, actor, case_id)
        make, name = issued.fetch(session, office.settings, actor, case, letter_id, form)
    headers = saved_as(name) | {"Cache-Control": "no-store"}
    return Response(make(), media_type=MEDIA_TYPES[f".{form}"], headers=headers)


@router.get("/{case_id}/supervision/{kind}")
def draft(case_id: Id, kind: LetterKind, db: Db, actor: Supervisor) -> SupervisionDraft:
    """What a supervision letter of this kind could say, to which units, until when; nothing is kept."""
    return supervision.draft(db, actor, cases.require_case(db, actor, case_id), kind)


@router.post("/{case_id}/supervision", status_code=201)
def write(case_id: Id, body: SupervisionOrder, db: Db, actor: Supervisor) -> dict[str, object]:
    """Issue 督办函, 风险提醒函 or 问责建议函 to a unit, which has to answer by a day."""
    made = supervision.write(db, actor, cases.require_case(db, actor, case_id), body)
    return {"letter_id": made.id, "number": made.number}


@router.post("/{case_id}/supervision/{letter_id}/answer", status_code=204)
def answer(case_id: Id, letter_id: Id, body: SupervisionAnswer, db: Db, actor: Officer) -> None:
    """The unit's answer in writing; 409 where it was answered."""
    supervision.answer(db, actor, cases.require_case(db, actor, case_id), letter_id, body)
