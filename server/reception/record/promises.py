"""领导答复: what the receiving side undertook, heard by rules, confirmed or struck by people.

While a talk runs they are found in the stored utterances, and only what somebody decided is kept; a page asks with
`after` for what came since, so that the price does not grow with the sitting.  The draft keeps the rest as heard.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from server import clock
from server.domain import undertakings
from server.domain.states import PromiseState, ReceptionState, RecordState, StaffRole
from server.errors import InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.receptions import NewPromise, PromiseDecision, Promises, PromiseView
from server.reception.record import revisions
from server.reception.record.drafts import promise_ids, talk_of
from server.reception.talk import queue
from server.store import receptions, records
from server.store.access import Actor
from server.store.models import Reception, StoredPromise, StoredUtterance, VisitRecord
from transcription import drafting

AROUND_S = 60.0
"""Longer than an utterance: what began before `after` may belong to the same sentence, and echoes lie close by."""


def listed(session: Session, actor: Actor, reception_id: str, after: float) -> Promises:
    """Promises of a reception from a little before `after` (media seconds) on, and all that were decided.

    Raises NotFound, NotAllowed for others than its receiver and clerks.
    """
    reception = _of_actor(session, actor, reception_id)
    heard = records.utterances_between(session, reception.id, max(after - AROUND_S, 0.0), float("inf"))
    return Promises(promises=_with_decided(session, reception, heard), until=heard[-1].start if heard else after)


def of_record(session: Session, record: VisitRecord, *, confirmed_only: bool = False) -> tuple[PromiseView, ...]:
    """Promises of a talk that is over; struck ones stay among them, so that striking one can be taken back."""
    kept = records.promises(session, record.reception_id)
    return tuple(_decided(one) for one in kept if one.state == PromiseState.CONFIRMED or not confirmed_only)


def decide(
    session: Session, actor: Actor, reception_id: str, promise_id: str, decision: PromiseDecision
) -> PromiseView:
    """Confirm a promise in the words given, or strike it; the last word counts.

    Raises NotFound where nothing of the kind was said, NotAllowed, WrongState once the petitioner reads the record.
    """
    reception = _of_actor(session, actor, reception_id)
    record = records.of_reception(session, reception.id)
    if record is not None:
        record = records.lock(session, record.id, clock.now())
    why_not = undertakings.settled_because(RecordState(record.state) if record else None)
    if why_not:
        raise WrongState(why_not, code="record_settled")
    stored = records.promise(session, reception.id, promise_id)
    if stored is None:
        stored = _keep(session, reception.id, _heard(session, reception, promise_id))
    settle(session, actor, record, stored, decision)
    return _decided(stored)


def add(session: Session, actor: Actor, reception_id: str, added: NewPromise) -> PromiseView:
    """Keep a promise that was typed while the talk runs; sent again it is the same one.

    Raises NotFound, NotAllowed, InvalidInput, WrongState before the talk has begun and once the petitioner reads the record.
    """
    reception = _of_actor(session, actor, reception_id)
    if reception.started_at is None:
        raise WrongState("还没有开始谈，先谈起来再记。", code="not_begun")
    stored = records.promise(session, reception.id, added.id)
    if stored is not None:
        return _decided(stored)
    record = records.of_reception(session, reception.id)
    if record is not None:
        record = records.lock(session, record.id, clock.now())
    if why_not := undertakings.settled_because(RecordState(record.state) if record else None):
        raise WrongState(why_not, code="record_settled")
    passed = max(0.0, ((reception.ended_at or clock.now()) - reception.started_at).total_seconds())
    stored = StoredPromise(
        reception_id=reception.id, id=added.id, text=undertakings.TYPED, start=passed, state=PromiseState.HEARD, version=0,
        who=added.who, what=added.what, by=added.by,
    )  # fmt: skip
    session.add(stored)
    settle(session, actor, record, stored, PromiseDecision(state="confirmed", who=added.who, what=added.what, by=added.by))
    return _decided(stored)


def _keep(session: Session, reception_id: str, heard: PromiseView) -> StoredPromise:
    stored = StoredPromise(
        reception_id=reception_id, id=heard.id, text=heard.text, start=heard.start, state=heard.state, version=1,
        who=heard.who, what=heard.what, by=heard.by,
    )  # fmt: skip
    session.add(stored)
    return stored


def settle(
    session: Session, actor: Actor, record: VisitRecord | None, one: StoredPromise, decision: PromiseDecision
) -> None:
    """Note the decision, also in the history of the record, which the caller has locked; raises InvalidInput."""
    what = decision.what.strip()
    if not what:
        raise InvalidInput("写一下办什么，再记下。")
    before = _as_noted(one)
    one.who, one.what, one.by, one.state = decision.who.strip(), what, decision.by.strip(), decision.state
    one.version += 1
    one.user_id, one.decided_by, one.decided_at = actor.user_id, actor.name, clock.now()
    session.flush()
    if record is not None:
        after = _as_noted(one)
        kind = _kind(before, after)
        revisions.add(session, record, kind, actor=actor, before=before, after=after)


def _kind(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    if after["state"] == PromiseState.STRUCK:
        return "promise_struck"
    return "promise_confirmed" if before["text"] == after["text"] else "promise_corrected"


def _as_noted(one: StoredPromise) -> dict[str, str]:
    """What a revision keeps of a promise."""
    return {"promise_id": one.id, "state": one.state, "text": undertakings.in_words(one.who, one.what, one.by)}


def _of_actor(session: Session, actor: Actor, reception_id: str) -> Reception:
    """The reception, for its receiver and for clerks who see it; what is said while it runs, only for who sits in it."""
    reception = queue.one(session, actor, reception_id)
    if actor.user_id is not None and reception.receiver_id == actor.user_id:
        return reception
    if reception.state == ReceptionState.RUNNING and not receptions.in_the_room(session, reception.id, actor.user_id or 0):
        raise NotAllowed("正在谈的，只有坐在里面的人听得到、看得到。谈完再看。", code="not_seated")
    if actor.role != StaffRole.CLERK:
        raise NotAllowed("只有接谈的领导和接谈员能看这场接谈的答复。")
    return reception


def _heard(session: Session, reception: Reception, promise_id: str) -> PromiseView:
    first = records.utterances(session, reception.id, [promise_id.rpartition("-")[0]])
    if first:
        near = (first[0].start - AROUND_S, first[0].start + AROUND_S)
        found = _found(session, reception, records.utterances_between(session, reception.id, *near))
        for one in found:
            if one.id == promise_id:
                return one
    raise NotFound("没有找到这一条答复。")


def _with_decided(
    session: Session, reception: Reception, heard: Iterable[StoredUtterance]
) -> tuple[PromiseView, ...]:
    shown = {one.id: one for one in _found(session, reception, heard)}
    shown |= {one.id: _decided(one) for one in records.promises(session, reception.id)}
    return tuple(sorted(shown.values(), key=lambda one: (one.start, one.id)))


def _found(session: Session, reception: Reception, heard: Iterable[StoredUtterance]) -> list[PromiseView]:
    talk = talk_of(session, reception.id, heard)
    starts = {one.id: one.start for one in talk.utterances}
    found = drafting.find_promises(talk)
    return [
        PromiseView(
            id=id_, who=one.who, what=one.what, by=one.by, text=one.text,
            start=starts[one.utterance_ids[0]], state=PromiseState.HEARD,
        )
        for id_, one in promise_ids(found)
    ]  # fmt: skip


def _decided(one: StoredPromise) -> PromiseView:
    return PromiseView.model_construct(
        id=one.id, who=one.who, what=one.what, by=one.by, text=one.text, start=one.start, state=one.state,
        version=one.version, decided_by=one.decided_by, decided_at=one.decided_at,
    )  # fmt: skip
