"""Like matters, what hangs together with a case, deciding about it, and groups of like cases."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from server.api.deps import CaseReader, Clerk, Db, LeaderOrClerk, MatterReader, OfficeDep, Officer
from server.domain.joins import Deed
from server.protocol.alike import (
    Alike,
    GroupAdd,
    GroupChange,
    GroupLeave,
    GroupRow,
    LinkOrder,
    Links,
    LookedFor,
    MeasureDone,
    NewGroup,
    NewMeasure,
)
from server.reception.matter import alike, groups, joining
from server.store.access import Actor
from server.store.models import CaseGroup

router = APIRouter()

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post("/alike")
def while_typing(body: LookedFor, actor: Clerk, office: OfficeDep) -> dict[str, list[Alike]]:
    """Matters like one that is being typed.  A question, sent as POST because names and numbers do not belong into a URL;
    so it reads without waiting for whoever writes."""
    with office.store.read() as session:
        return {"alike": alike.while_typing(session, actor, body)}


@router.get("/records/{record_id}/alike")
def like_record(record_id: str, db: Db, actor: LeaderOrClerk) -> dict[str, list[Alike]]:
    """Matters like the one of a record, before it is filed."""
    return {"alike": alike.of_record(db, actor, record_id)}


@router.get("/cases/{case_id}/alike")
def like_case(case_id: Id, db: Db, actor: MatterReader) -> dict[str, list[Alike]]:
    """Matters like a case, with what may be decided about each."""
    return {"alike": alike.of_case(db, actor, case_id)}


@router.get("/cases/{case_id}/links")
def links(case_id: Id, db: Db, actor: CaseReader) -> Links:
    """Earlier, later, merged and split cases."""
    return alike.links_of(db, actor, case_id)


@router.post("/cases/{case_id}/links/{deed}")
def decide(case_id: Id, deed: Deed, body: LinkOrder, db: Db, actor: LeaderOrClerk) -> dict[str, Any]:
    """Decide about a case and another one; 409 where somebody else was quicker or something stands in the way."""
    case = joining.decide(db, actor, case_id, deed, body)
    return {"case_id": case.id, "case_no": case.case_no, "version": case.version}


# --- groups ------------------------------------------------------------------------------------------------------


@router.get("/groups")
def listed(db: Db, actor: CaseReader) -> dict[str, list[GroupRow]]:
    """Groups of like cases."""
    return {"groups": groups.rows(db, actor)}


@router.post("/groups", status_code=201)
def make(body: NewGroup, db: Db, actor: LeaderOrClerk) -> Response:
    """Found a group."""
    return _group(db, actor, groups.make(db, actor, body), 201)


@router.get("/groups/units")
def units(db: Db, actor: LeaderOrClerk) -> dict[str, list[dict[str, Any]]]:
    """Organizations that can lead a group or take a measure on: the actor's own and those below."""
    return {"units": [{"id": number, "name": name} for number, name in groups.units(db, actor)]}


@router.get("/groups/{group_id}")
def one(group_id: Id, db: Db, actor: CaseReader, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> Response:
    """A group with a page of its cases."""
    return Response(groups.view(db, actor, group_id, after).model_dump_json(), media_type="application/json")


@router.put("/groups/{group_id}")
def change(group_id: Id, body: GroupChange, db: Db, actor: LeaderOrClerk) -> Response:
    """Name, lead unit, closing, taking up again."""
    return _group(db, actor, groups.change(db, actor, group_id, body))


@router.post("/groups/{group_id}/cases")
def add(group_id: Id, body: GroupAdd, db: Db, actor: LeaderOrClerk) -> Response:
    """Put a case into the group."""
    return _group(db, actor, groups.add(db, actor, group_id, body))


@router.post("/groups/{group_id}/cases/{case_id}/leave")
def leave(group_id: Id, case_id: Id, body: GroupLeave, db: Db, actor: LeaderOrClerk) -> Response:
    """Take a case out of the group."""
    return _group(db, actor, groups.leave(db, actor, group_id, case_id, body))


@router.post("/groups/{group_id}/measures", status_code=201)
def add_measure(group_id: Id, body: NewMeasure, db: Db, actor: LeaderOrClerk) -> Response:
    """A measure for all its cases."""
    return _group(db, actor, groups.add_measure(db, actor, group_id, body), 201)


@router.post("/groups/{group_id}/measures/{measure_id}/done")
def measure_done(group_id: Id, measure_id: Id, body: MeasureDone, db: Db, actor: Officer) -> Response:
    """What came of a measure."""
    return _group(db, actor, groups.finish_measure(db, actor, group_id, measure_id, body))


def _group(db: Db, actor: Actor, group: CaseGroup, status: int = 200) -> Response:
    shown = groups.view(db, actor, group.id)
    return Response(shown.model_dump_json(), status_code=status, media_type="application/json")
