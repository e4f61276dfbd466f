"""领导答复 become commitments: confirmed in one step at the end of a talk, given a deadline and a unit once there is a
case, followed until they are done or taken back."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import periods, terms, undertakings
from server.domain.commitments import (
    LATEST_DAYS,
    PROMISES_KEPT,
    RULE,
    STATE_WORDS,
    CommitmentState,
    due_of,
    due_within,
    late,
    unit_of,
)
from server.domain.figures import Share
from server.domain.flow import STEPS, Step
from server.domain.states import CaseState, NoticeKind, PromiseState, ReceptionState, RecordState, StaffRole
from server.domain.workdays import OFFICIAL
from server.errors import Conflict, InvalidInput, JietanError, NotAllowed, NotFound, WrongState
from server.protocol.commitments import (
    CommitmentCard,
    CommitmentCounts,
    CommitmentEnd,
    CommitmentFigures,
    CommitmentOrder,
    CommitmentPage,
    CommitmentRow,
    CommitmentSheet,
    ConfirmCommitments,
    KeptView,
)
from server.protocol.flow import PreparedUnit, StepOrder, UnitOrder
from server.protocol.receptions import PromiseDecision, PromiseView
from server.protocol.work import NamedId
from server.reception import marks
from server.reception.account import accounts
from server.reception.figures.stats import shown
from server.reception.matter import clocks, flow, notices
from server.reception.record import promises
from server.reception.talk import queue
from server.store import commitments as store
from server.store import flow as shares
from server.store import notices as notice_store
from server.store import records
from server.store.access import Actor
from server.store.commitments import Wanted
from server.store.models import (
    Commitment,
    Reception,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    StoredPromise,
    VisitRecord,
)

log = logging.getLogger(__name__)
DAYS_OFF_AHEAD = 200
OFFICERS = (StaffRole.LEADER, StaffRole.CLERK)
RECORD_STANDS = {
    RecordState.CONFIRMED: "笔录已经交给群众看了", RecordState.SIGNED: "笔录已经签字", RecordState.REFUSED: "群众没有签字，笔录已经定了",
    RecordState.FILED: "笔录已经归档",
}  # fmt: skip
"""Of one into which nothing more comes."""
TYPED = "typed-"
"""How the name of a promise begins that nobody heard."""


# --- at the end of the talk --------------------------------------------------------------------------------------


def sheet(session: Session, actor: Actor, reception_id: str) -> CommitmentSheet:
    """All promises of a talk as they can be confirmed, with what is proposed for each.

    Raises NotFound, NotAllowed for others than its receiver and clerks.
    """
    found = promises.listed(session, actor, reception_id, 0.0)
    reception = queue.one(session, actor, reception_id)
    units = _units(session, reception)
    said_on = clock.day_in_office(reception.started_at or reception.asked_at)
    kept = {one.promise_id: one for one in store.of_reception(session, reception.id)}
    aside = {one.id for one in records.promises(session, reception.id) if one.set_aside}
    cards = [
        _confirmed(kept.pop(one.id), one) if one.id in kept else _proposed(one, units, reception.organization_id, said_on)
        for one in found.promises
        if one.id in kept or (one.state != PromiseState.STRUCK and one.id not in aside)
    ]
    cards += [_confirmed(one, None) for one in kept.values()]
    record = records.of_reception(session, reception.id)
    late = _late(reception, record)
    return CommitmentSheet(
        reception_id=reception.id, number=reception.number, petitioner=reception.petitioner_name, matter=reception.matter,
        today=clock.today(), cards=tuple(cards), units=tuple(NamedId(id=one, name=name) for one, name in units.items()),
        days_off=_days_off(), growing=record is None and reception.state != ReceptionState.CLOSED, late=late,
        may_confirm=_own_talk(actor, reception) and reception.started_at is not None,
    )  # fmt: skip


def _late(reception: Reception, record: VisitRecord | None) -> str:
    """Where what is confirmed now does not stand any more, in Chinese; "" while it comes into record and slip."""
    if record is None or (stands := RECORD_STANDS.get(RecordState(record.state))) is None:
        return ""
    if record.state == RecordState.CONFIRMED and reception.left_kiosk_at is None:
        return f"{stands}，现在确认的写不进笔录；回执还没有印，会印在回执上。"
    return f"{stands}，现在确认的写不进笔录，回执也可能已经拿走了。照样交办，照样盯到办成；请让接谈员把这些告诉群众。"


def _own_talk(actor: Actor, reception: Reception) -> bool:
    """A clerk who receives people passes on what they ask for; to promise something in an office's name is for its leaders."""
    return actor.role is StaffRole.LEADER and reception.receiver_id == actor.user_id


def _units(session: Session, reception: Reception) -> dict[int, str]:
    """Who can be named: the office of whoever receives first, which is meant by "we", then where the person sits and all that stand
    under the one above it."""
    path = reception.organization.path
    above = "/".join(path.split("/")[:-2]) + "/"
    own = [reception.receiver.organization] if reception.receiver is not None else []
    found = [*own, *store.offered_units(session, path), *(store.offered_units(session, above) if above != "/" else ())]
    return {one.id: one.name for one in found}


def _days_off() -> dict[str, str]:
    days = (clock.today() + timedelta(days=ahead) for ahead in range(DAYS_OFF_AHEAD))
    return {day.isoformat(): OFFICIAL.why_off(day) for day in days if not OFFICIAL.works(day)}


def _proposed(one: PromiseView, units: Mapping[int, str], here: int, said_on: date) -> CommitmentCard:
    own = next(iter(units))
    typed = one.id.startswith(TYPED)
    due = due_within(one.what, said_on) if typed and not one.by else due_of(one.by, said_on)
    return CommitmentCard(
        promise_id=one.id, version=one.version if one.state != PromiseState.HEARD else 0, id=None, said=_said(one), start=one.start,
        who=one.who, by=one.by, what=one.what, unit_id=unit_of(one.who, units, here) if one.who else own,
        due_on=due if due is not None and due >= clock.today() else None, typed=typed,
    )  # fmt: skip


def _said(one: PromiseView) -> str:
    """The sentence as it was heard; empty where somebody typed it."""
    return "" if one.id.startswith(TYPED) else one.text


def _confirmed(one: Commitment, promise: PromiseView | None) -> CommitmentCard:
    return CommitmentCard(
        promise_id=one.promise_id, version=promise.version if promise else 0, id=one.id, said=one.said, start=one.start,
        who=one.unit.name, by=promise.by if promise else "", what=one.what, unit_id=one.unit_id, due_on=one.due_on,
        typed=one.promise_id.startswith(TYPED), on_record=promise is not None and promise.state == PromiseState.CONFIRMED,
    )  # fmt: skip


def confirm(session: Session, actor: Actor, reception_id: str, order: ConfirmCommitments) -> CommitmentSheet:
    """Everything in one step: what is promised, what is none, and whether the units get it at once.

    Sent again it changes nothing more.  Raises NotAllowed for others than the receiver, WrongState before the talk has
    begun, InvalidInput, and Conflict where somebody decided about one meanwhile; then nothing has changed.
    """
    reception = queue.one(session, actor, reception_id)
    if not _own_talk(actor, reception):
        raise NotAllowed("只有接谈的领导能确认自己答应的事。")
    if reception.started_at is None:
        raise WrongState("还没有开始谈，没有可以确认的。")
    record = records.of_reception(session, reception.id)
    if record is not None:
        record = records.lock(session, record.id, clock.now())
    settled = undertakings.settled_because(RecordState(record.state) if record else None)
    heard = {one.id: one for one in promises.listed(session, actor, reception_id, 0.0).promises}
    kept = {one.promise_id: one for one in store.of_reception(session, reception.id)}
    units = _units(session, reception)
    for item in order.items:
        _confirm_one(session, actor, reception, record, settled, heard.get(item.promise_id), kept.get(item.promise_id), item, units, order.assign)
    struck = [one for one in order.struck if one not in kept]
    if settled:
        _set_aside(session, reception, struck)
    else:
        _strike(session, actor, reception, record, heard, struck)
    session.flush()
    case = records.case_of(session, record.id) if record is not None else None
    if case is not None:
        filed(session, case)
    return sheet(session, actor, reception_id)


def _confirm_one(
    session: Session, actor: Actor, reception: Reception, record: VisitRecord | None, settled: str, heard: PromiseView | None,
    kept: Commitment | None, item: CommitmentOrder, units: Mapping[int, str], assign: bool,
) -> None:  # fmt: skip
    what = item.what.strip()
    if kept is not None:
        if (kept.unit_id, kept.what, kept.due_on) != (item.unit_id, what, item.due_on):
            raise Conflict("这一件已经确认过了。要改，先在“领导承诺台账”里收回，写明原因，再补一件。")
        return
    _check(item, what, units)
    if heard is None and not item.promise_id.startswith(TYPED):
        raise NotFound("没有找到这一条答复，请刷新看看。")
    if heard is not None and item.version != (heard.version if heard.state != PromiseState.HEARD else 0):
        raise Conflict("别人刚刚改过这一条答复，请看过再确认。", promise_id=item.promise_id)
    if not settled:
        _keep_promise(session, actor, reception, record, heard, item, units[item.unit_id])
    session.add(
        Commitment(
            reception_id=reception.id, promise_id=item.promise_id, organization_id=reception.organization_id, unit_id=item.unit_id,
            what=what, said=_said(heard) if heard else "", start=heard.start if heard else reception.seconds, due_on=item.due_on,
            promised_by_id=actor.user_id, promised_at=clock.now(), assign=assign, state=CommitmentState.OPEN, version=1,
        )
    )  # fmt: skip


def _check(item: CommitmentOrder, what: str, units: Mapping[int, str]) -> None:
    if not what:
        raise InvalidInput("写一下办什么。", fields=["what"])
    if item.unit_id not in units:
        raise InvalidInput("请从名单里选谁来办。", fields=["unit_id"])
    if item.due_on < clock.today():
        raise InvalidInput("这个日子已经过了，请选今天或者以后。", fields=["due_on"])
    if item.due_on > clock.today() + timedelta(days=LATEST_DAYS):
        raise InvalidInput("日子太远了，请看看年份。", fields=["due_on"])


def _keep_promise(
    session: Session, actor: Actor, reception: Reception, record: VisitRecord | None, heard: PromiseView | None,
    item: CommitmentOrder, unit: str,
) -> None:  # fmt: skip
    """The record says the same as what was confirmed: the petitioner reads and signs it."""
    day = f"{item.due_on.year}年{item.due_on.month}月{item.due_on.day}日前"
    decision = PromiseDecision(state="confirmed", who=unit, what=item.what, by=day)
    stored = records.promise(session, reception.id, item.promise_id)
    if stored is None:
        stored = StoredPromise(
            reception_id=reception.id, id=item.promise_id, text=heard.text if heard else undertakings.TYPED,
            start=heard.start if heard else reception.seconds, state=PromiseState.HEARD, version=1, who=heard.who if heard else "",
            what=heard.what if heard else item.what, by=heard.by if heard else "",
        )  # fmt: skip
        session.add(stored)
    promises.settle(session, actor, record, stored, decision)


def _strike(
    session: Session, actor: Actor, reception: Reception, record: VisitRecord | None, heard: Mapping[str, PromiseView], struck: Sequence[str]
) -> None:
    for name in struck:
        one = heard.get(name)
        if one is not None and one.state != PromiseState.STRUCK:
            promises.decide(session, actor, reception.id, name, PromiseDecision(state="struck", who=one.who, what=one.what, by=one.by))


def _set_aside(session: Session, reception: Reception, struck: Sequence[str]) -> None:
    """What stands on a settled record stays there; nobody is asked about it again."""
    for name in struck:
        stored = records.promise(session, reception.id, name)
        if stored is not None:
            stored.set_aside = True


# --- once there is a case ----------------------------------------------------------------------------------------


def filed(session: Session, case: StoredCase) -> None:
    """The talk's promises belong to this case now: each open one gets its deadline, and where the leader wanted it, its
    unit gets the matter.  Called again it changes nothing more."""
    assert case.reception_id is not None
    found = store.of_reception(session, case.reception_id)
    for one in found:
        one.case_id = case.id
        one.remind_on = None
        if one.state == CommitmentState.OPEN and one.deadline_id is None:
            starts = clock.day_in_office(one.promised_at)
            # A limit lasts a day at least: one for the very day is counted from the day before.
            starts = min(starts, one.due_on - timedelta(days=1))
            deadline = clocks.begin(session, case, RULE, one.unit_id, starts, days=(one.due_on - starts).days)
            one.deadline_id = deadline.id
    session.flush()
    at_once = [one for one in found if one.assign and one.state == CommitmentState.OPEN]
    if at_once:
        _assign(session, case, at_once)


def prepared(session: Session, case: StoredCase) -> tuple[PreparedUnit, ...]:
    """Units that promises of this case name and that have no share of it: what a clerk finds filled in."""
    if case.reception_id is None:
        return ()
    found = store.of_reception(session, case.reception_id)
    return tuple(
        PreparedUnit(organization_id=unit, name=tasks[0].unit.name, task=_task(tasks))
        for unit, tasks in _missing(session, case, found).items()
    )


def _missing(session: Session, case: StoredCase, found: Sequence[Commitment]) -> dict[int, list[Commitment]]:
    standing = {one.organization_id for one in shares.standing_assignments(session, case.id)}
    missing: dict[int, list[Commitment]] = {}
    for one in found:
        if one.state == CommitmentState.OPEN and one.unit_id not in standing and one.unit_id != case.organization_id:
            missing.setdefault(one.unit_id, []).append(one)
    return missing


def _task(found: Sequence[Commitment]) -> str:
    return "；".join(f"{one.what}，{one.due_on.month}月{one.due_on.day}日前" for one in found)[:2000]


def _assign(session: Session, case: StoredCase, found: Sequence[Commitment]) -> None:
    """Give the matter to the units in the leader's name; where the flow does not allow it now, it stays prepared."""
    missing = _missing(session, case, found)
    if not missing:
        return
    if case.state not in STEPS[Step.ASSIGN].sources:
        _not_given(session, case, missing, f"这件事现在是“{terms.CASE_STATE[CaseState(case.state)]}”。")
        return
    has_main = case.unit_id is not None
    units = tuple(
        UnitOrder(organization_id=unit, task=_task(tasks), part="support" if has_main or position else "main")
        for position, (unit, tasks) in enumerate(missing.items())
    )
    leader = accounts.actor_of_user(found[0].promised_by)
    try:
        with session.begin_nested():
            flow.take(session, leader, case, Step.ASSIGN, StepOrder(version=case.version, units=units))
    except JietanError as error:
        log.info("case %s: the promises' units were not assigned: %s", case.id, error.code)
        session.refresh(case)
        _not_given(session, case, missing, error.message)


def _not_given(session: Session, case: StoredCase, missing: Mapping[int, Sequence[Commitment]], why: str) -> None:
    """Who counts on the unit having it is told that it has not, once."""
    fresh = [one for tasks in missing.values() for one in tasks if not one.not_given]
    if not fresh:
        return
    for one in fresh:
        one.not_given = why[:200]
    names = "、".join(dict.fromkeys(one.unit.name for one in fresh))
    told = f"{case.case_no} 归档了，但是答应的事没能直接交办给{names}：{why}请打开这件事手工交办，要办什么已经填好。"
    clerks = notice_store.officers(session, [case.organization_id], [StaffRole.CLERK])
    to = {user.id: user for user in (fresh[0].promised_by, *clerks)}
    for user in to.values():
        notices.tell(session, user, NoticeKind.PROMISE, case, told, about="交办")


# --- the ledger --------------------------------------------------------------------------------------------------


def ledger(
    session: Session, actor: Actor, part: str, leader_id: int | None, unit_id: int | None, after: str, office_id: int | None = None
) -> CommitmentPage:
    """A page of promises that the actor may read.  `part`: late, open, done, withdrawn or all; raises InvalidInput."""
    state = part if part in list(CommitmentState) else ""
    wanted = Wanted(state, leader_id, unit_id, office_id, clock.today() if part == "late" else None)
    found = store.page(session, actor, wanted, marks.places(after, (date, int)))
    rows, more = found[: store.PAGE_ROWS], len(found) > store.PAGE_ROWS
    told = store.counts(session, actor, Wanted(leader_id=leader_id, unit_id=unit_id, office_id=office_id), clock.today())
    return CommitmentPage(
        rows=_rows(session, actor, rows), next=marks.mark((rows[-1].due_on, rows[-1].id)) if more else "",
        counts=CommitmentCounts(
            done=told.get("done", 0), open=told.get("open", 0), late=told.get("late", 0), withdrawn=told.get("withdrawn", 0)
        ),
        leaders=tuple(NamedId(id=one, name=name) for one, name in store.leaders(session, actor)),
        units=tuple(NamedId(id=one, name=name) for one, name in store.units(session, actor)),
        office=store.office_name(session, actor, office_id) if office_id is not None else "",
    )  # fmt: skip


def _rows(session: Session, actor: Actor, found: Sequence[Commitment]) -> tuple[CommitmentRow, ...]:
    own = [one for one in found if one.organization.path.startswith(actor.organization_path) and actor.role is not StaffRole.HANDLER]
    opened = store.records_of(session, [one.reception_id for one in own])
    cases = store.readable_cases(session, actor, [one.case_id for one in found if one.case_id is not None])
    return tuple(_row(actor, one, opened.get(one.reception_id), cases, one in own) for one in found)


def _row(actor: Actor, one: Commitment, record_id: str | None, cases: set[int], own: bool) -> CommitmentRow:
    today, reads = clock.today(), own or one.case_id in cases
    return CommitmentRow(
        id=one.id, version=one.version, what=one.what, said=one.said if own else "", start=one.start, unit=one.unit.name,
        leader=one.promised_by.name, leader_title=one.promised_by.title, mine=one.promised_by_id == actor.user_id, due_on=one.due_on,
        days_left=(one.due_on - today).days, late=late(one.state, one.due_on, today), state=one.state,
        state_words=STATE_WORDS[CommitmentState(one.state)], words=one.words, ended_by=one.ended_by, ended_on=one.ended_on,
        reception_id=one.reception_id, record_id=record_id, case_id=one.case_id if one.case_id in cases else None,
        petitioner=one.reception.petitioner_name if reads else "", talked_on=clock.day_in_office(one.promised_at),
        may_finish=_may_finish(actor, one), may_withdraw=_may_withdraw(actor, one),
    )  # fmt: skip


def _may_finish(actor: Actor, one: Commitment) -> bool:
    office = actor.role in OFFICERS and one.organization.path.startswith(actor.organization_path)
    unit = actor.role in (*OFFICERS, StaffRole.HANDLER) and one.unit.path.startswith(actor.organization_path)
    return one.state == CommitmentState.OPEN and (office or unit)


def _may_withdraw(actor: Actor, one: Commitment) -> bool:
    over = actor.role is StaffRole.LEADER and one.organization.path.startswith(actor.organization_path)
    return one.state == CommitmentState.OPEN and over


def finish(session: Session, actor: Actor, commitment_id: int, end: CommitmentEnd) -> CommitmentRow:
    """It was done, in these words: by the unit's people or the office's.

    Raises NotFound, NotAllowed, InvalidInput, WrongState (it has ended) and Conflict.
    """
    one = _require(session, actor, commitment_id)
    if one.state == CommitmentState.OPEN and not _may_finish(actor, one):
        raise NotAllowed("要由承办单位或者信访部门来记。")
    day = end.day or clock.today()
    if not clock.day_in_office(one.promised_at) <= day <= clock.today():
        raise InvalidInput("办成的日子要在答应那天到今天之间。", fields=["day"])
    return _end(session, actor, one, CommitmentState.DONE, end, day)


def withdraw(session: Session, actor: Actor, commitment_id: int, end: CommitmentEnd) -> CommitmentRow:
    """It cannot be kept, for this reason; only a leader of the office says so.  Raises as `finish` does."""
    one = _require(session, actor, commitment_id)
    if one.state == CommitmentState.OPEN and not _may_withdraw(actor, one):
        raise NotAllowed("答应的事办不成，要由领导自己收回、写明原因。")
    return _end(session, actor, one, CommitmentState.WITHDRAWN, end, clock.today())


def _require(session: Session, actor: Actor, commitment_id: int) -> Commitment:
    one = store.one(session, actor, commitment_id)
    if one is None:
        raise NotFound("没有找到这一件，可能不归您的账号看。")
    return one


def _end(session: Session, actor: Actor, one: Commitment, state: CommitmentState, end: CommitmentEnd, day: date) -> CommitmentRow:
    words = end.words.strip()
    if not words:
        raise InvalidInput("写一下怎么办的。" if state is CommitmentState.DONE else "写明为什么办不成。", fields=["words"])
    if one.state != CommitmentState.OPEN:
        raise WrongState(f"这一件已经是“{STATE_WORDS[CommitmentState(one.state)]}”了。")
    if not store.move(session, one, end.version, state=state, words=words, ended_by=actor.name, ended_on=day):
        raise Conflict("刚刚有人改过这一件，请看过再办。")
    _close_deadline(session, one, state, day)
    if one.case_id is not None:
        session.add(
            StoredCaseEvent(
                case_id=one.case_id, at=clock.now(), author=actor.name, kind=f"promise_{state}", why=f"{one.what}：{words}"[:500],
                user_id=actor.user_id, organization_id=actor.organization_id,
            )
        )  # fmt: skip
    session.flush()
    return _rows(session, actor, [one])[0]


def _close_deadline(session: Session, one: Commitment, state: CommitmentState, day: date) -> None:
    deadline = session.get(StoredDeadline, one.deadline_id) if one.deadline_id is not None else None
    if deadline is None:
        return
    if state is CommitmentState.DONE:
        deadline.done_at, deadline.done_on = clock.now(), day
    else:
        deadline.dropped_at, deadline.dropped_on = clock.now(), day


# --- figures -----------------------------------------------------------------------------------------------------


def figures(session: Session, actor: Actor, key: str) -> CommitmentFigures:
    """Promises kept in time of each leader and office at and under the actor's; raises InvalidInput (no such period)."""
    try:
        period = periods.parse(key) if key else periods.of("half", clock.today())
    except ValueError:
        raise InvalidInput("没有这段时间，请重新选。", fields=["period"]) from None
    since, until = clock.end_of_day(period.first - timedelta(days=1)), clock.end_of_day(period.last)
    by = {who: store.kept(session, actor, who, since, until, clock.today()) for who in ("leader", "organization")}
    views = {who: tuple(KeptView(id=one, name=name, share=shown(share)) for one, name, share in found) for who, found in by.items()}
    parts, wholes = ([getattr(share, name) for _, _, share in by["organization"]] for name in ("part", "whole"))
    return CommitmentFigures(
        name=PROMISES_KEPT.name, formula=PROMISES_KEPT.formula, period=period.key, words=period.words,
        share=shown(Share(sum(parts), sum(wholes))), leaders=views["leader"], organizations=views["organization"],
    )  # fmt: skip
