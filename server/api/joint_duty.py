"""联合接访值班: the office's list, and whom of it a talk can ask in."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from server.api.deps import Db, DutyKeeper, DutyLister, LeaderOrClerk
from server.api.receptions import ReceptionId
from server.protocol.joint_duty import DutyList, DutyOffers, DutyOrder
from server.reception.talk import joint_duty

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/joint-duty")
def listed(db: Db, actor: DutyLister) -> DutyList:
    """Who is on the list of the caller's office and of those above."""
    return joint_duty.listed(db, actor)


@router.post("/joint-duty", status_code=201)
def add(order: DutyOrder, db: Db, actor: DutyKeeper) -> DutyList:
    """Put somebody on the own office's list."""
    return joint_duty.add(db, actor, order)


@router.get("/joint-duty/colleagues")
def colleagues(db: Db, actor: DutyKeeper, q: Annotated[str, Query(max_length=50)] = "") -> dict[str, Any]:
    """Accounts that can be put on the list, at most 30."""
    return {"colleagues": joint_duty.colleagues(db, actor, q)}


@router.put("/joint-duty/{duty_id}")
def change(duty_id: Number, order: DutyOrder, db: Db, actor: DutyKeeper) -> DutyList:
    """Change a row of the own office's list."""
    return joint_duty.change(db, actor, duty_id, order)


@router.delete("/joint-duty/{duty_id}")
def remove(duty_id: Number, db: Db, actor: DutyKeeper) -> DutyList:
    """Take somebody off the own office's list."""
    return joint_duty.remove(db, actor, duty_id)


@router.get("/receptions/{reception_id}/joint-duty")
def offers(reception_id: ReceptionId, db: Db, actor: LeaderOrClerk) -> DutyOffers:
    """Whom this talk can ask in, those on duty now first."""
    return joint_duty.offers(db, actor, reception_id)
