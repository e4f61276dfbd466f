"""What is done about people who wait: called, skipped, put back, passed to another; who is on duty; an office's rules.

Every deed is a conditional change of the place as the caller saw it, and a row of queue_events that says who did it: of two
who call the same person one wins, and the other is told.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import queueing
from server.domain.queueing import LocalRule
from server.domain.states import ReceptionState
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.queueing import Interpreter, QueueEventView, QueueOrder, QueueRuleChange, Receiver
from server.reception.talk import waiting
from server.store import accounts
from server.store import queueing as store
from server.store import receptions as stored
from server.store.access import Actor
from server.store.models import QueueDuty, QueueEvent, QueuePlace, QueueRule, Reception

SAID = {
    "entered": "取号排队", "claimed": "说明要照顾", "interpreter": "说明要不要翻译", "called": "叫号", "skipped": "叫号时不在，往后让", "returned": "放回原来的位置",
    "transferred": "转给别人接", "joined": "开始接谈", "left": "自己不等了", "no_show": "没有来，取消",
}  # fmt: skip
GONE = "这位群众已经不在排队了，可能别人接走了，或者自己走了。"


def _note(session: Session, actor: Actor, reception: Reception, kind: str, why: str = "", **details: Any) -> None:
    session.add(
        QueueEvent(
            reception_id=reception.id, organization_id=reception.organization_id, at=clock.now(), author=actor.name[:64],
            user_id=actor.user_id, kind=kind, why=why[:200], details=details,
        )
    )  # fmt: skip


# --- at the kiosk --------------------------------------------------------------------------------------------------


def enter(session: Session, actor: Actor, reception: Reception, wanted_id: int | None = None) -> None:
    """Somebody who sat down waits from now on; with a booking, for the leader they booked."""
    session.add(QueuePlace(reception_id=reception.id, claims=[], lets_pass=[], wanted_id=wanted_id))
    _note(session, actor, reception, "entered")
    session.flush()


def left(session: Session, actor: Actor, reception: Reception) -> None:
    """Somebody who waited went."""
    _note(session, actor, reception, "left")


def claim(session: Session, actor: Actor, reception: Reception, said: tuple[str, ...]) -> None:
    """What the person says of themselves; what staff found stays.  Raises WrongState once they do not wait any more."""
    place = store.place_of(session, reception.id)
    if place is None or reception.state != ReceptionState.WAITING:
        raise WrongState("已经轮到了，不用再说了。")
    theirs = {name for name, rule in queueing.RULES.items() if rule.said_by == "petitioner"}
    if unknown := set(said) - theirs:
        raise InvalidInput("没有这一条规则。", fields=sorted(unknown))
    claims = sorted((set(place.claims) - theirs) | set(said))
    if claims != sorted(place.claims):
        _change(session, place, place.version, claims=claims)
        _note(session, actor, reception, "claimed", claims=claims)


def ask_for_interpreter(session: Session, actor: Actor, reception: Reception, wanted: Interpreter) -> None:
    """The person needs one for the talk, or not.  Raises WrongState once they do not wait any more."""
    place = store.place_of(session, reception.id)
    if place is None or reception.state != ReceptionState.WAITING:
        raise WrongState("已经轮到了，请直接告诉接谈的人。")
    if wanted != place.interpreter:
        _change(session, place, place.version, interpreter=wanted)
        _note(session, actor, reception, "interpreter", interpreter=wanted)


# --- by staff ------------------------------------------------------------------------------------------------------


def _change(session: Session, place: QueuePlace, version: int, **values: Any) -> None:
    """Raises Conflict, and says who was quicker, or WrongState where the person waits no more."""
    if store.change(session, place, version, **values):
        return
    now = store.place_of(session, place.reception_id)
    if now is None or now.reception.state != ReceptionState.WAITING:
        raise WrongState(GONE, code="not_waiting")
    if now.called_by is not None:
        raise Conflict(f"{stored.shown_name(now.called_by)}已经叫了这个号。", code="already_called")
    raise Conflict("排队刚刚变了，请看过再办。")


def _require(session: Session, actor: Actor, reception_id: str) -> QueuePlace:
    reception = stored.reception_of(session, actor, reception_id)
    place = store.place_of(session, reception_id) if reception is not None else None
    if place is None:
        raise NotFound("没有找到这个号。")
    if place.reception.state != ReceptionState.WAITING:
        raise WrongState(GONE, code="not_waiting")
    return place


def act(session: Session, actor: Actor, reception_id: str, deed: str, order: QueueOrder) -> None:
    """One deed of DEEDS about somebody who waits.

    Raises Conflict when somebody else was quicker, WrongState when it cannot be done now, NotFound for what the actor may
    not see.
    """
    DEEDS[deed](session, actor, _require(session, actor, reception_id), order)


def _call(session: Session, actor: Actor, place: QueuePlace, order: QueueOrder) -> None:
    user_id = actor.user_id or 0
    if place.wanted_id != user_id and not store.duties_of(session, [user_id]):
        raise WrongState("您现在不在岗。先点“上岗”，再叫号。", code="off_duty")
    require_free(session, user_id, "您")
    _call_up(session, actor, place, order.version, order.why.strip(), ())


def require_free(session: Session, user_id: int, who: str) -> None:
    """Nobody is in two talks at once.

    Raises WrongState for an account that is in one; the details say which, so that a page can lead back into it.
    """
    store.lock_user(session, user_id)
    if (talk := store.talk_of(session, user_id)) is not None:
        raise WrongState(f"{who}还在接谈 {talk.number}，先结束那一场。", code="still_talking", reception_id=talk.id)


def _call_up(
    session: Session, actor: Actor, place: QueuePlace, version: int, why: str, halls: tuple[int, ...], for_id: int | None = None
) -> None:
    """Call somebody, to oneself or for a leader who sits in the room; out of turn only with a reason, which is kept with the
    numbers that were passed over."""
    user_id, reception = for_id or actor.user_id or 0, place.reception
    store.lock_user(session, user_id)
    if others := [one for one in store.called_by(session, user_id) if one.reception_id != place.reception_id]:
        raise WrongState(f"您已经叫了 {others[0].reception.number}，先请那一位，或者放回去。", code="called_another")
    if place.called_by_id is not None and place.called_by_id != user_id:
        raise Conflict(f"{stored.shown_name(place.called_by)}已经叫了这个号。", code="already_called")
    line = waiting.circle(session, [reception.organization_id], [user_id]).line_of(user_id, halls)
    ids = [one.id for one in line if one.called_by is None]
    if reception.id not in ids:
        raise WrongState(_not_theirs(place), code="not_yours")
    before = [one.number for one in line if one.id in ids[: ids.index(reception.id)]]
    if before and not why:
        raise Conflict(f"前面还有 {len(before)} 位，先到的是 {before[0]}。要先叫这一位，请写明原因。", code="out_of_turn", before=before)
    _change(session, place, version, called_by_id=user_id, called_at=clock.now(), skipped_at=None, lets_pass=[])
    _note(session, actor, reception, "called", why, before=before)


def _not_theirs(place: QueuePlace) -> str:
    if place.wanted is not None:
        return f"这位等的是{stored.shown_name(place.wanted)}。要接过来，先“转给”您自己。"
    return f"您没有在{place.reception.organization.name}上岗，不能叫这个号。"


def _called(place: QueuePlace) -> None:
    if place.called_by_id is None:
        raise WrongState("这个号还没有叫，叫了人不在才往后让。", code="not_called")


def _own_or_why(actor: Actor, place: QueuePlace, order: QueueOrder) -> None:
    """What a colleague called is undone with a reason, which stands in the history; raises InvalidInput without one."""
    if place.called_by_id not in (None, actor.user_id) and not order.why.strip():
        raise InvalidInput(f"这个号是{stored.shown_name(place.called_by)}叫的，要替他办，请写明原因。", fields=["why"], code="why_missing")


def _skip(session: Session, actor: Actor, place: QueuePlace, order: QueueOrder) -> None:
    _called(place)
    _own_or_why(actor, place, order)
    caller, reception = place.called_by_id or 0, place.reception
    around = waiting.circle(session, [reception.organization_id], [caller])
    lets = queueing.passed_by(around.line_of(caller, _halls_of_one_off_duty(session, caller, reception)), reception.id)
    skips = place.skips + 1
    _change(
        session, place, order.version, called_by_id=None, called_at=None, skipped_at=clock.now(), lets_pass=list(lets), skips=skips
    )
    _note(session, actor, reception, "skipped", order.why, lets_pass=list(lets))


def _return(session: Session, actor: Actor, place: QueuePlace, order: QueueOrder) -> None:
    _called(place)
    _own_or_why(actor, place, order)
    _change(session, place, order.version, called_by_id=None, called_at=None)
    _note(session, actor, place.reception, "returned", order.why)


def _transfer(session: Session, actor: Actor, place: QueuePlace, order: QueueOrder) -> None:
    """Somebody else is to receive the person, who keeps their place in the order."""
    if not order.why.strip():
        raise InvalidInput("请写明为什么转。", fields=["why"])
    if order.to_id == place.wanted_id:
        raise WrongState("已经是这样了。")
    if order.to_id is not None and order.to_id not in {one.id for one in store.receivers_of(session, place.reception)}:
        raise InvalidInput("这个人不能接这里的群众。", fields=["to_id"])
    _change(session, place, order.version, wanted_id=order.to_id, called_by_id=None, called_at=None)
    _note(session, actor, place.reception, "transferred", order.why, to_id=order.to_id)


def _no_show(session: Session, actor: Actor, place: QueuePlace, order: QueueOrder) -> None:
    """The person did not come; only after their number was called in vain and came back."""
    if place.skips == 0:
        raise WrongState("叫过一次人不在，才能取消。先叫号，不在就往后让。", code="not_skipped")
    _own_or_why(actor, place, order)
    reception = place.reception
    _change(session, place, order.version, called_by_id=None, called_at=None)
    now = clock.now()
    stored.change_state(
        session, reception.id, (ReceptionState.WAITING,), ReceptionState.ABANDONED, ended_at=now, left_kiosk_at=now
    )
    _note(session, actor, reception, "no_show", order.why)


def _set_claims(session: Session, actor: Actor, place: QueuePlace, order: QueueOrder) -> None:
    if unknown := set(order.claims) - {name for name, rule in queueing.RULES.items() if rule.said_by != "booking"}:
        raise InvalidInput("没有这一条规则。", fields=sorted(unknown))
    if not order.why.strip():
        raise InvalidInput("请写明为什么改。", fields=["why"])
    claims = sorted(set(order.claims))
    _change(session, place, order.version, claims=claims)
    _note(session, actor, place.reception, "claimed", order.why, claims=claims)


Deed = Callable[[Session, Actor, QueuePlace, QueueOrder], None]
DEEDS: dict[str, Deed] = {
    "call": _call, "skip": _skip, "return": _return, "transfer": _transfer, "no-show": _no_show, "claims": _set_claims,
}  # fmt: skip


def take(session: Session, actor: Actor, reception: Reception) -> None:
    """A leader opens the talk: whoever was not called is called by it, in their turn.  Nothing for one who waits no more.

    Raises Conflict when somebody else called the person or others stand before them, WrongState for a leader in another talk.
    """
    if reception.state != ReceptionState.WAITING:
        return
    user_id = actor.user_id or 0
    require_free(session, user_id, "您")
    place = store.place_of(session, reception.id)
    if place is None:
        return
    if place.called_by_id != user_id:
        _call_up(session, actor, place, place.version, "", _halls_of_one_off_duty(session, user_id, reception))


def call_for(session: Session, actor: Actor, reception: Reception, leader_id: int) -> None:
    """Whoever waits goes to a room where this leader sits: called by whoever is asking already, or in their turn.

    Raises Conflict and WrongState as calling does.
    """
    place = store.place_of(session, reception.id)
    if place is None or place.reception.state != ReceptionState.WAITING:
        raise WrongState(GONE, code="not_waiting")
    if place.called_by_id is None or place.called_by_id not in (leader_id, actor.user_id):
        halls = _halls_of_one_off_duty(session, leader_id, reception)
        _call_up(session, actor, place, place.version, "", halls, leader_id)


def give_back(session: Session, actor: Actor, reception: Reception) -> None:
    """They stand again where they stood."""
    place = store.place_of(session, reception.id)
    if place is not None and place.called_by_id is not None:
        _return(session, actor, place, QueueOrder(version=place.version, why="当面谈的不谈了"))


def _halls_of_one_off_duty(session: Session, user_id: int, reception: Reception) -> tuple[int, ...]:
    """Whoever serves no hall and receives somebody all the same does it as if on duty there."""
    return () if store.duties_of(session, [user_id]) else (reception.organization_id,)


def joined(session: Session, actor: Actor, reception: Reception) -> None:
    """The talk began."""
    _note(session, actor, reception, "joined")


def events(session: Session, actor: Actor, reception_id: str) -> list[QueueEventView]:
    """What happened to somebody while they waited."""
    if stored.reception_of(session, actor, reception_id) is None:
        raise NotFound("没有找到这个号。")
    return [
        QueueEventView(at=one.at, author=one.author, what=_what(session, one), why=one.why)
        for one in store.events_of(session, reception_id)
    ]


def receivers(session: Session, actor: Actor, reception_id: str) -> list[Receiver]:
    """Leaders and clerks to whom somebody who waits can be transferred, those on duty first."""
    place = _require(session, actor, reception_id)
    able = store.receivers_of(session, place.reception)
    serving = {duty.user_id for duty in store.duties_of(session, [one.id for one in able])}
    found = [Receiver(id=one.id, name=stored.shown_name(one), on_duty=one.id in serving) for one in able]
    return sorted(found, key=lambda one: not one.on_duty)


def _what(session: Session, event: QueueEvent) -> str:
    words = SAID[event.kind]
    if before := event.details.get("before"):
        return f"{words}（先于 {'、'.join(before)}）"
    if event.kind == "transferred":
        user = accounts.user_with_organization(session, event.details["to_id"]) if event.details["to_id"] else None
        return f"转给{stored.shown_name(user)}" if user else "转给空着的人"
    if event.kind == "claimed":
        names = [queueing.RULES[name].name for name in event.details["claims"] if name in queueing.RULES]
        return f"{words}：{'、'.join(names) or '不用照顾'}"
    if event.kind == "interpreter":
        return {"sign": "要手语翻译", "language": "要别的语言的翻译"}.get(event.details["interpreter"], "不用翻译了")
    return words


# --- on and off duty -----------------------------------------------------------------------------------------------


def serve(session: Session, actor: Actor, halls: tuple[int, ...]) -> None:
    """Serve these halls from now on; those left out are left, and whoever was called there goes back to their place.

    Raises NotFound for a hall that is not the actor's own or below it.
    """
    user_id = actor.user_id or 0
    store.lock_user(session, user_id)
    store.end_old_duties(session, user_id)
    present = {duty.organization_id: duty for duty in store.duties_of(session, [user_id])}
    now = clock.now()
    for hall_id in set(halls) - set(present):
        if store.hall_under(session, actor, hall_id) is None:
            raise NotFound("没有找到这个大厅。")
        session.add(QueueDuty(user_id=user_id, organization_id=hall_id, since=now))
    for hall_id in set(present) - set(halls):
        present[hall_id].until = now
    for place in store.called_by(session, user_id):
        if (place.wanted_id is None and place.reception.organization_id not in halls) or not halls:
            _return(session, actor, place, QueueOrder(version=place.version, why="离岗"))
    session.flush()


# --- an office's rules ---------------------------------------------------------------------------------------------


def set_rule(session: Session, actor: Actor, rule_id: str, asked: QueueRuleChange) -> None:
    """Set a rule for the actor's organization and those below it; raises InvalidInput, in words, where it cannot be."""
    own = LocalRule(asked.minutes, asked.active, asked.source.strip())
    try:
        queueing.check_local(rule_id, own)
    except queueing.RuleError as error:
        raise InvalidInput(str(error)) from None
    session.merge(
        QueueRule(
            organization_id=actor.organization_id, rule_id=rule_id, minutes=own.minutes, active=own.active, source=own.source,
            author=actor.name[:64], changed_at=clock.now(),
        )
    )  # fmt: skip
