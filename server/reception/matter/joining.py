"""Deciding that a matter repeats another, goes on in another, is two, or is guided back; and undoing that.

A person decides, with a reason; the deed is one event on each of the two cases and holds only if both are still as the
officer saw them (store/flow.move).  Undoing puts everything back: state, unit, deadlines, shares.
"""

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms, titles
from server.domain.commitments import RULE as PROMISE
from server.domain.flow import ENDED, REFERRAL_LIMITS
from server.domain.joins import BEING_HANDLED, HAPPENED, NAMES, OPEN, Deed, JoinKind
from server.domain.states import OPEN_ASSIGNMENT, AssignmentPart, AssignmentState, CaseState, Purpose
from server.errors import InvalidInput, NotAllowed, WrongState
from server.protocol.alike import LinkOrder
from server.protocol.flow import WORDS
from server.reception.matter import cases as filed
from server.reception.matter import clocks, flow, mediation, registering
from server.store import cases, joins
from server.store import flow as store
from server.store.access import Actor
from server.store.models import (
    CaseJoin,
    CasePerson,
    SearchText,
    StoredAssignment,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
)
from server.store.search import search_tokens


def decide(session: Session, actor: Actor, case_id: int, deed: Deed, order: LinkOrder) -> StoredCase:
    """Do it, and give the case it is about (the new one, when splitting).

    Raises NotFound (one of the cases is not for the actor), NotAllowed (another office's), WrongState (not now, with what
    stands in the way), InvalidInput, and Conflict (somebody acted first); then nothing has changed.
    """
    case = filed.require_case(session, actor, case_id)
    if not flow.of_office(actor, case):
        raise NotAllowed
    if case.version != order.version:
        raise flow.told(session, case)
    return _DO[deed](session, actor, case, order)


# --- repeats -----------------------------------------------------------------------------------------------------


def _repeat(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    earlier = _earlier(session, actor, case, order)
    if case.repeat_of_id is not None:
        raise WrongState("这件已经登记为重复信访了。要换一件，先撤回。")
    _move(session, case, CaseState(case.state))
    case.repeat_of_id = earlier.id
    _note(session, actor, case, "repeat", order.reason, earlier)
    return case


def _earlier(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    """The earlier case that this one may repeat."""
    earlier = _other(session, actor, case, order)
    if case.state == CaseState.MERGED:
        raise WrongState("这件已经并到别的件里了。")
    _not_merged(earlier)
    if earlier.received_on > case.received_on or joins.repeats_in_the_end(session, earlier, case.id):
        raise InvalidInput("那一件是后来的。请在后来的那一件上，登记它重复前面这一件。", fields=["other_id"])
    return earlier


def _unrepeat(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    if case.repeat_of_id is None:
        raise WrongState("这件没有登记为重复信访。")
    if joins.standing(session, JoinKind.GUIDE_BACK, case.id) is not None:
        raise WrongState("这件因为前一件还在办，引导回去了。先撤回引导。")
    earlier = session.get_one(StoredCase, case.repeat_of_id)
    _move(session, case, CaseState(case.state))
    case.repeat_of_id = None
    _note(session, actor, case, "unrepeat", order.reason, earlier)
    return case


# --- merging -----------------------------------------------------------------------------------------------------


def _merge(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    target = _target(session, actor, case, order)
    kept = _stop(session, case)
    kept["uses"], kept["made"] = _move_units(session, actor, case, target, kept) if order.move_units else ([], [])
    _move_both(session, case, CaseState.MERGED, target)
    case.merged_into_id, case.unit_id = target.id, None
    _note(session, actor, case, "merge", order.reason, target, before=str(kept["state"]))
    event = _note(session, actor, target, "merged_in", order.reason, case)
    _keep(session, actor, JoinKind.MERGE, case, target, kept, event.id)
    return case


def _target(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    target = _other(session, actor, case, order)
    if not flow.of_office(actor, target):
        raise NotAllowed("那一件是别的机构登记的，不能并过去。可以登记为重复。")
    if order.other_version != target.version:
        raise flow.told(session, target)
    _not_merged(target)
    if case.state not in OPEN:
        raise WrongState(f"这件现在是“{_state(case)}”，不能再并。可以登记为重复。")
    if target.state not in OPEN:
        raise WrongState(f"那一件现在是“{_state(target)}”，不能再并进去。可以登记为重复。")
    if target.received_on > case.received_on:
        raise InvalidInput("那一件收到得晚。请把后来的并到先来的，期限才不会往后拖。", fields=["other_id"])
    _same_accused(session, case, target)
    _nothing_pending(session, case)
    return target


def _same_accused(session: Session, case: StoredCase, target: StoredCase) -> None:
    """What is hidden from whom stays so: an accusation goes only into one that is hidden from the same units."""
    if case.accusation != target.accusation or joins.accused(session, case.id) != joins.accused(session, target.id):
        raise InvalidInput("揭发控告只能和反映同一个单位的揭发控告并在一起（第三十条）。", fields=["other_id"])


def _nothing_pending(session: Session, case: StoredCase) -> None:
    if store.running_pause(session, case.id) is not None:
        raise WrongState("这件的期限还在停算，先写明结果，再并。")
    if store.open_extension(session, case.id) is not None:
        raise WrongState("这件有延期申请在等批准，先批复，再并。")
    _not_mediated(session, case)


def _not_mediated(session: Session, case: StoredCase) -> None:
    if mediation.standing(session, case) is not None:
        raise WrongState("这件还在调解，先写明调解结果。")


def _stop(session: Session, case: StoredCase) -> dict[str, object]:
    """Nothing of it is owed any more: what was there, for undoing it."""
    now = clock.now()
    kept: dict[str, object] = {"state": case.state, "unit_id": case.unit_id, "repeat_of_id": case.repeat_of_id}
    owed = _owed(session, case)
    for one in owed:
        one.dropped_at = now
    shares = list(store.standing_assignments(session, case.id))
    kept["deadlines"], kept["shares"] = [one.id for one in owed], [[one.id, one.state] for one in shares]
    for share in shares:
        share.state, share.ended_at = AssignmentState.WITHDRAWN, now
    session.flush()
    return kept


def _owed(session: Session, case: StoredCase) -> list[StoredDeadline]:
    """Its open limits, but for what a leader promised: that is kept or taken back by the leader, wherever the matter goes on."""
    return [one for one in store.open_deadlines_of(session, case.id) if one.rule != PROMISE]


def _move_units(
    session: Session, actor: Actor, case: StoredCase, target: StoredCase, kept: Mapping[str, object]
) -> tuple[list[int], list[int]]:
    """Units that had something to do go on in the target: ids of their shares there, and of those made for it."""
    before = dict(kept["shares"])  # type: ignore[call-overload]
    there = {one.organization_id: one for one in store.standing_assignments(session, target.id)}
    uses, made = [], []
    for one in store.assignments(session, case.id):
        if before.get(one.id) not in OPEN_ASSIGNMENT:
            continue
        share = there.get(one.organization_id)
        if share is None:
            share = _support(session, actor, target, one)
            made.append(share.id)
        uses.append(share.id)
    return uses, made


def _support(session: Session, actor: Actor, target: StoredCase, one: StoredAssignment) -> StoredAssignment:
    made = StoredAssignment(
        case_id=target.id, organization_id=one.organization_id, kind=one.kind, part=AssignmentPart.SUPPORT, task=one.task,
        state=AssignmentState.RECEIVED if one.received_at else AssignmentState.SENT, officer_id=one.officer_id,
        given_by=actor.name, given_at=clock.now(), received_at=one.received_at,
    )  # fmt: skip
    session.add(made)
    cases.found_by(session, target.id, one.organization_id)
    return made


def _unmerge(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    join = joins.standing(session, JoinKind.MERGE, case.id)
    if join is None and case.state == CaseState.MERGED:
        raise WrongState("这件是拆出来又合回去的。要再分开，请在那一件里重新拆。")
    if join is None:
        raise WrongState("这件没有并到别的件里。")
    target = session.get_one(StoredCase, join.other_id)
    if not flow.of_office(actor, target):
        raise NotAllowed("那一件是别的机构登记的，要请那边分开。")
    _as_left(case, join, "并过去以后，这件又办过别的，不能分回来。")
    if target.state == CaseState.MERGED:
        raise WrongState("并到的那一件后来又并到别的件里了，先把那一件分回来。")
    since = joins.first_since(session, target.id, join.other_event_id, HAPPENED)
    if since is not None:
        what = terms.CASE_EVENT.get(since.kind, since.kind)
        raise WrongState(f"并过去以后，{since.author}在那一件里办了“{what}”，不能照原来分回来。要分开办，请在那一件里拆出一件。")
    _give_back_units(session, join)
    state = CaseState(join.kept["state"])
    _move_both(session, case, state, target)
    _restore(session, case, join)
    case.merged_into_id = None
    _note(session, actor, case, "unmerge", order.reason, target, before=CaseState.MERGED)
    _note(session, actor, target, "unmerged", order.reason, case)
    return case


def _give_back_units(session: Session, join: CaseJoin) -> None:
    """Shares made in the target for this merger end, unless another merger needs them, too."""
    others = [one for one in joins.standing_into(session, JoinKind.MERGE, join.other_id) if one.id != join.id]
    for number in join.kept["made"]:
        heir = next((one for one in others if number in one.kept["uses"]), None)
        if heir is not None:
            heir.kept = {**heir.kept, "made": [*heir.kept["made"], number]}
            continue
        share = session.get_one(StoredAssignment, number)
        share.state, share.ended_at = AssignmentState.WITHDRAWN, clock.now()
    session.flush()


def _restore(session: Session, case: StoredCase, join: CaseJoin) -> None:
    """Everything that `_stop` ended, as it was."""
    kept = join.kept
    for number in (*kept["deadlines"], *kept.get("met", ())):
        deadline = session.get_one(StoredDeadline, number)
        if deadline.rule != PROMISE:  # in what was kept by earlier programs
            deadline.hold_again()
    for number, state in kept["shares"]:
        share = session.get_one(StoredAssignment, number)
        share.state, share.ended_at = state, None
    case.unit_id, case.repeat_of_id = kept["unit_id"], kept["repeat_of_id"]
    join.undone_at = clock.now()
    session.flush()
    store.note_shares(session, case)


# --- splitting ---------------------------------------------------------------------------------------------------


def _split(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    missing = [name for name in ("statement", "title") if not getattr(order, name).strip()]
    if missing:
        raise InvalidInput("请写明拆出来的是什么事。", fields=missing)
    if order.purpose and order.purpose not in list(Purpose):
        raise InvalidInput("没有这种信访目的。", fields=["purpose"])
    if case.state not in OPEN:
        raise WrongState(f"这件现在是“{_state(case)}”，不能再拆。")
    _move(session, case, CaseState(case.state))
    made = _part(session, actor, case, order)
    event = _note(session, actor, case, "split", order.reason, made)
    _note(session, actor, made, "split_off", order.reason, case)
    _keep(session, actor, JoinKind.SPLIT, made, case, {}, event.id)
    return made


def _part(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    """The new case: same office, channel, persons and day of receipt, so that its clock starts where it should."""
    now = clock.now()
    made = registering.new_case(
        session, case.organization_id, case.channel, case.received_on, now, title=titles.short(order.title),
        petitioner=case.petitioner, purpose=order.purpose or case.purpose, category=order.category or case.category,
        place=order.place or case.place, accused_unit=registering.accused_unit(case)[:WORDS], people=case.people, statement=order.statement, filed_record={},
    )  # fmt: skip
    for one in cases.persons(session, case.id):
        session.add(CasePerson(
            case_id=made.id, position=one.position, name=one.name, phone=one.phone, id_type=one.id_type,
            id_number=one.id_number, address=one.address,
        ))  # fmt: skip
    registering.keep_accused(session, made, f"{made.accused_unit}；{order.statement}", joins.accused(session, case.id))
    if made.accusation and case.record_id and not joins.accused(session, made.id):
        raise InvalidInput("揭发控告请写明反映的是哪个单位，才知道不该让谁看见。", fields=["statement"])
    registering.hand_up(session, made)
    session.add(registering.note_registered(made, actor, actor.name, now))
    session.add(SearchText(case_id=made.id, tokens=search_tokens(registering.search_parts(made), [made.organization_id])))
    session.flush()
    return made


def _unsplit(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    join = joins.standing(session, JoinKind.SPLIT, case.id)
    if join is None:
        raise WrongState("这件不是从别的件里拆出来的。")
    origin = joins.target_of(session, session.get_one(StoredCase, join.other_id))
    _as_left(case, join, "拆出来以后，这件已经办过别的，不能合回去。")
    if origin.state in ENDED:
        raise WrongState(f"原来那一件已经是“{_state(origin)}”，合回去就没人办了。")
    _same_accused(session, case, origin)
    _stop(session, case)
    _move_both(session, case, CaseState.MERGED, origin)
    case.merged_into_id = origin.id
    join.undone_at = clock.now()
    _note(session, actor, case, "unsplit", order.reason, origin, before=CaseState.REGISTERED)
    _note(session, actor, origin, "split_back", order.reason, case)
    return case


# --- guiding back ------------------------------------------------------------------------------------------------


def _guide_back(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    earlier = _earlier(session, actor, case, order)
    if case.state != CaseState.REGISTERED:
        raise WrongState(f"这件现在是“{_state(case)}”，只有刚登记的才能引导回原渠道。")
    if earlier.state not in BEING_HANDLED:
        raise WrongState(f"那一件现在是“{_state(earlier)}”，没有在办，不能引导回去。")
    if case.repeat_of_id not in (None, earlier.id):
        raise WrongState("这件登记的是重复另一件。先撤回，再引导。")
    if store.standing_assignments(session, case.id):
        raise WrongState("并进这件的事还有单位在办，不能引导回原渠道。先撤回合并，或者收回交给这些单位的。")
    _not_mediated(session, case)
    if case.accusation or earlier.accusation:
        _same_accused(session, case, earlier)
    kept: dict[str, object] = {"state": case.state, "unit_id": case.unit_id, "repeat_of_id": case.repeat_of_id, "shares": []}
    owed = _owed(session, case)
    met = [one.id for one in owed if one.rule in REFERRAL_LIMITS]
    kept["met"], kept["deadlines"] = met, [one.id for one in owed if one.id not in met]
    _move(session, case, CaseState.GUIDED)
    clocks.meet(session, case, REFERRAL_LIMITS, clock.today())
    clocks.drop(session, case)
    case.repeat_of_id = earlier.id
    _note(session, actor, case, "guide_back", order.reason, earlier, before=CaseState.REGISTERED)
    _keep(session, actor, JoinKind.GUIDE_BACK, case, earlier, kept, joins.last_event_id(session, earlier.id))
    return case


def _unguide_back(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    join = joins.standing(session, JoinKind.GUIDE_BACK, case.id)
    if join is None:
        raise WrongState("这件没有引导回原渠道。")
    _as_left(case, join, "引导以后，这件又办过别的，不能撤回。")
    earlier = session.get_one(StoredCase, join.other_id)
    _move(session, case, CaseState(join.kept["state"]))
    _restore(session, case, join)
    _note(session, actor, case, "unguide_back", order.reason, earlier, before=CaseState.GUIDED)
    return case


# --- common ------------------------------------------------------------------------------------------------------


def _other(session: Session, actor: Actor, case: StoredCase, order: LinkOrder) -> StoredCase:
    if order.other_id is None or order.other_id == case.id:
        raise InvalidInput("请选是哪一件。", fields=["other_id"])
    return filed.require_case(session, actor, order.other_id)


def _not_merged(case: StoredCase) -> None:
    if case.state == CaseState.MERGED:
        raise WrongState("那一件已经并到别的件里了，请选它并到的那一件。")


def _as_left(case: StoredCase, join: CaseJoin, words: str) -> None:
    if case.version != join.case_version:
        raise WrongState(words)


def _move(session: Session, case: StoredCase, state: CaseState) -> None:
    if not store.move(session, case, case.version, state):
        raise flow.told(session, case)


def _move_both(session: Session, case: StoredCase, state: CaseState, other: StoredCase) -> None:
    """Both in the order of their ids, so that two officers who join the same two never wait for each other."""
    for one, where in sorted(((case, state), (other, CaseState(other.state))), key=lambda pair: pair[0].id):
        _move(session, one, where)


def _note(
    session: Session, actor: Actor, case: StoredCase, kind: str, why: str, other: StoredCase, *, before: str = ""
) -> StoredCaseEvent:
    """The event; the other's number stands in it unless that is an accusation, which those who read this one may not
    know of."""
    number = other.case_no if not other.accusation or case.accusation else ""
    event = StoredCaseEvent(
        case_id=case.id, at=clock.now(), author=actor.name, kind=kind, why="；".join(one for one in (number, why) if one)[:500],
        user_id=actor.user_id, organization_id=actor.organization_id, from_state=before if before != case.state else "",
        to_state=case.state if before and before != case.state else "", details={"other_id": other.id},
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event


def _keep(
    session: Session, actor: Actor, kind: JoinKind, case: StoredCase, other: StoredCase, kept: dict[str, object], event_id: int
) -> None:
    session.add(CaseJoin(
        kind=kind, case_id=case.id, other_id=other.id, case_version=case.version, other_event_id=event_id, kept=kept,
        author=actor.name, at=clock.now(),
    ))  # fmt: skip
    session.flush()


def _state(case: StoredCase) -> str:
    return terms.CASE_STATE[CaseState(case.state)]


_DO: Mapping[Deed, Callable[[Session, Actor, StoredCase, LinkOrder], StoredCase]] = {
    Deed.REPEAT: _repeat,
    Deed.UNREPEAT: _unrepeat,
    Deed.MERGE: _merge,
    Deed.UNMERGE: _unmerge,
    Deed.SPLIT: _split,
    Deed.UNSPLIT: _unsplit,
    Deed.GUIDE_BACK: _guide_back,
    Deed.UNGUIDE_BACK: _unguide_back,
}
assert _DO.keys() == NAMES.keys()
