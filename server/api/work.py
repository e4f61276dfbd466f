"""The desks: 待办、督办、到期, and doing one thing with several matters."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from server.api.deps import CaseReader, Db, OfficeDep, Officer
from server.domain.desks import Desk, DueGroup
from server.protocol.work import (
    BulkOrder,
    BulkResult,
    DeskView,
    Due,
    NamedId,
    OfficerOrder,
    WorkPage,
)
from server.reception.matter import bulk, cases, work

router = APIRouter()

After = Annotated[str, Query(max_length=200)]
Unit = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
RuleName = Annotated[str, Query(max_length=40)]
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/work")
def overview(db: Db, actor: CaseReader, supervision: bool = False) -> dict[str, tuple[DeskView, ...]]:
    """The actor's lists with how much is in each."""
    return {"desks": work.overview(db, actor, work.of_page(actor, supervision))}


@router.get("/work/units")
def units(db: Db, actor: CaseReader, q: Annotated[str, Query(max_length=50)] = "") -> dict[str, tuple[NamedId, ...]]:
    """Units that a matter can be given to."""
    return {"units": work.units(db, actor, q)}


@router.get("/work/officers")
def officers(db: Db, actor: Officer) -> dict[str, tuple[NamedId, ...]]:
    """Officers of the actor's own unit."""
    return {"officers": work.officers(db, actor)}


@router.post("/work/bulk/preview")
def preview(body: BulkOrder, office: OfficeDep, actor: CaseReader) -> BulkResult:
    """What would become of each matter."""
    return bulk.preview(office.store, actor, body)


@router.post("/work/bulk")
def do(body: BulkOrder, office: OfficeDep, actor: CaseReader) -> BulkResult:
    """Do it with each matter, in a transaction of its own."""
    return bulk.do(office.store, actor, body)


@router.get("/work/{desk}")
def listed(desk: Desk, db: Db, actor: CaseReader, after: After = "") -> WorkPage:
    """A page of one list."""
    return work.listed(db, actor, desk, after)


@router.get("/due")
def due(db: Db, actor: CaseReader, unit: Unit = None, rule: RuleName = "") -> Due:
    """What is late and what falls within a week."""
    return work.due(db, actor, unit, rule)


@router.get("/due/{group}")
def due_part(group: DueGroup, db: Db, actor: CaseReader, unit: Unit = None, rule: RuleName = "", after: After = "") -> WorkPage:
    """A further page of one part of it."""
    return work.due_part(db, actor, group, unit, rule, after)


@router.put("/cases/{case_id}/assignments/{assignment_id}/officer")
def set_officer(case_id: Id, assignment_id: Id, body: OfficerOrder, db: Db, actor: Officer) -> Response:
    """Who in the unit works on its share."""
    case = bulk.set_officer(db, actor, case_id, assignment_id, body.user_id)
    return Response(cases.case_view(db, actor, case).model_dump_json(), media_type="application/json")
