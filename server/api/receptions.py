"""Receptions: the list, joining, private notes, ending."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Path, Query, Response

from server.api.deps import AnyActor, Db, LeaderOrClerk, OfficeDep
from server.domain.states import ReceptionState, StaffRole
from server.errors import NotAllowed
from server.protocol.briefs import Brief, OwnReceptions
from server.protocol.kiosks import JoinTicket
from server.protocol.receptions import NewPromise, Notes, PromiseDecision, Promises, PromiseView, Reception
from server.reception.kiosk import kiosks
from server.reception.record import promises
from server.reception.talk import briefs, own_talks, queue
from server.store.access import Actor

router = APIRouter(prefix="/receptions")

ReceptionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
PromiseId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]


def _receiver_or_kiosk(actor: Actor) -> None:
    if actor.role not in (StaffRole.LEADER, StaffRole.CLERK) and not actor.is_kiosk:
        raise NotAllowed


@router.get("")
def listed(db: Db, actor: LeaderOrClerk, state: ReceptionState | None = None) -> dict[str, Any]:
    """Receptions in one state (or today's), and the kiosks where somebody is wanted."""
    return {"receptions": queue.listed(db, actor, state), "calls": kiosks.calls(db, actor)}


@router.get("/own")
def own(db: Db, actor: LeaderOrClerk, after: Annotated[str, Query(max_length=120)] = "") -> OwnReceptions:
    """Twenty talks that the caller held, the newest first, with what became of each promise."""
    return own_talks.listed(db, actor, after)


@router.get("/{reception_id}/brief")
def brief(reception_id: ReceptionId, db: Db, actor: LeaderOrClerk, office: OfficeDep) -> Brief:
    """One page to read before the talk."""
    return briefs.brief(db, actor, office.settings.statutory_routes, reception_id)


@router.post("/{reception_id}/promises", status_code=201)
def add_promise(reception_id: ReceptionId, added: NewPromise, db: Db, actor: LeaderOrClerk) -> PromiseView:
    """Write down what was promised and not heard."""
    return promises.add(db, actor, reception_id, added)


@router.get("/{reception_id}")
def one(reception_id: ReceptionId, db: Db, actor: LeaderOrClerk) -> Reception:
    """One reception."""
    return queue.view(db, actor, queue.one(db, actor, reception_id))


@router.post("/{reception_id}/join")
def join(reception_id: ReceptionId, db: Db, actor: AnyActor, office: OfficeDep, after: BackgroundTasks) -> JoinTicket:
    """A ticket for the caller's seat; a leader or clerk becomes the receiver."""
    _receiver_or_kiosk(actor)
    if not actor.is_kiosk:
        after.add_task(office.beginnings.tell)
    return queue.join(db, actor, office.settings, reception_id)


@router.put("/{reception_id}/notes", status_code=204)
def write_notes(reception_id: ReceptionId, notes: Notes, db: Db, actor: LeaderOrClerk) -> None:
    """Keep the receiver's private notes."""
    queue.write_notes(db, actor, reception_id, notes)


@router.get("/{reception_id}/promises")
def promises_of(
    reception_id: ReceptionId, db: Db, actor: LeaderOrClerk, after: Annotated[float, Query(ge=0, allow_inf_nan=False)] = 0.0
) -> Promises:
    """What the receiving side undertook since `after` (media seconds), and what was confirmed or struck."""
    return promises.listed(db, actor, reception_id, after)


@router.put("/{reception_id}/promises/{promise_id}")
def decide_promise(
    reception_id: ReceptionId, promise_id: PromiseId, decision: PromiseDecision, db: Db, actor: LeaderOrClerk
) -> PromiseView:
    """Confirm a promise, in the words given, or strike it."""
    return promises.decide(db, actor, reception_id, promise_id, decision)


@router.post("/{reception_id}/end", status_code=202)
def end(reception_id: ReceptionId, actor: AnyActor, office: OfficeDep) -> Response:
    """End the reception for everybody; the draft follows by itself."""
    _receiver_or_kiosk(actor)
    queue.end(office, actor, reception_id)
    return Response(status_code=202)
