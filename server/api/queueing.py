"""The queue: one's own line, duty, deeds about people who wait, the rules, and the hall's screen."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path

from server.api.deps import Db, Leader, LeaderOrClerk, OfficeDep
from server.api.receptions import ReceptionId
from server.protocol.queueing import (
    Duty,
    HallDisplay,
    Queue,
    QueueEventView,
    QueueOrder,
    QueueRuleChange,
    Receiver,
)
from server.reception.talk import calling, waiting

router = APIRouter()

Deed = Literal["call", "skip", "return", "transfer", "no-show", "claims"]
RuleId = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]
Token = Annotated[str, Path(pattern=r"^[0-9]{1,9}-[0-9a-f]{20}$")]


@router.get("/queue")
def queue(db: Db, actor: LeaderOrClerk, office: OfficeDep) -> Queue:
    """Who waits, in order, and which halls the caller serves."""
    return waiting.queue_of(db, actor, office.settings)


@router.put("/queue/duty")
def serve(duty: Duty, db: Db, actor: LeaderOrClerk, office: OfficeDep) -> Queue:
    """On duty for these halls, or off duty."""
    calling.serve(db, actor, duty.halls)
    return waiting.queue_of(db, actor, office.settings)


@router.put("/queue/rules/{rule_id}")
def set_rule(rule_id: RuleId, asked: QueueRuleChange, db: Db, actor: Leader, office: OfficeDep) -> Queue:
    """A rule of the caller's organization and those below it."""
    calling.set_rule(db, actor, rule_id, asked)
    return waiting.queue_of(db, actor, office.settings)


@router.get("/queue/{reception_id}/receivers")
def receivers(reception_id: ReceptionId, db: Db, actor: LeaderOrClerk) -> dict[str, list[Receiver]]:
    """To whom somebody can be transferred."""
    return {"receivers": calling.receivers(db, actor, reception_id)}


@router.get("/queue/{reception_id}/events")
def events(reception_id: ReceptionId, db: Db, actor: LeaderOrClerk) -> dict[str, list[QueueEventView]]:
    """What happened to somebody while they waited, and who did it."""
    return {"events": calling.events(db, actor, reception_id)}


@router.post("/queue/{reception_id}/{queue_deed}")
def act(
    reception_id: ReceptionId, queue_deed: Deed, order: QueueOrder, db: Db, actor: LeaderOrClerk, office: OfficeDep
) -> Queue:
    """call, skip, return, transfer, no-show, claims."""
    calling.act(db, actor, reception_id, queue_deed, order)
    return waiting.queue_of(db, actor, office.settings)


@router.get("/hall/{token}")
def display(token: Token, db: Db, office: OfficeDep) -> HallDisplay:
    """A hall's numbers, for whoever has the address of its screen."""
    return waiting.display(db, office.settings, token)
