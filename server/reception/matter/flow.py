"""Taking a matter on: every step of domain/flow.py is taken here, in one transaction, by somebody who may.

The state changes only from what the officer saw (store/flow.move), so of two who act at once one wins and the other is
told; what happened is one event that never changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.deadline_words import chinese_day
from server.domain.flow import (
    CONCLUSION_LIMITS,
    DELIVERED,
    GROUNDS,
    MEDIATED,
    ORDINARY,
    SHARE_AFTER,
    STEPS,
    LetterKind,
    Step,
    StepRule,
)
from server.domain.letterstarts import BLANK
from server.domain.limits import PAUSES, RULES
from server.domain.states import (
    OPEN_ASSIGNMENT,
    AssignmentKind,
    AssignmentPart,
    AssignmentState,
    CaseState,
    Purpose,
    StaffRole,
)
from server.errors import Conflict, InvalidInput, NotAllowed, WrongState
from server.protocol.flow import WORDS, AssignmentView, RequestView, StepOrder, UnitOrder
from server.reception.matter import clocks, issuing, mediation, registering
from server.store import accounts, cases, joins
from server.store import flow as store
from server.store import units as units_store
from server.store.access import Actor
from server.store.models import CasePause, StoredAssignment, StoredCase, StoredCaseEvent, StoredDeadline

MEDIATION = "mediation"
"""The pause that stands still while somebody mediates."""
OFFICERS = (StaffRole.LEADER, StaffRole.CLERK)
SAID = {"reason": "写明原因", "text": "写文书的内容", "how": "写明怎么办的", "outcome": "写明结果", "day": "选日期", "units": "选单位",
        "purpose": "选信访目的", "category": "选内容类别", "route": "写明法定途径", "days": "写明几天", "pause": "选停算的理由", "ground": "选不受理的情形", "by_whom": "写明是谁", "result": "选调解的结果"}  # fmt: skip


@dataclass(frozen=True)
class Taking:
    """One step that is being taken."""

    session: Session
    actor: Actor
    case: StoredCase
    order: StepOrder
    share: StoredAssignment | None


def take(session: Session, actor: Actor, case: StoredCase, step: Step, order: StepOrder) -> StoredCaseEvent:
    """Take a step.  `case` is one that the actor may read.

    Raises NotAllowed (not this actor's step), WrongState (not now), InvalidInput (something is missing or not within the
    law) and Conflict (somebody else acted first); then nothing has changed.
    """
    rule = STEPS[step]
    shares = store.standing_assignments(session, case.id)
    if not may(actor, case, shares, rule):
        raise NotAllowed
    if case.version != order.version:
        raise told(session, case)
    if case.state not in rule.sources:
        raise WrongState(f"现在是“{terms.CASE_STATE[CaseState(case.state)]}”，不能“{rule.name}”。")
    order = _asked_for(rule, order)
    _require(rule, order)
    if rule.target is not None and rule.target not in MEDIATED and mediation.standing(session, case) is not None:
        raise WrongState(f"还在调解，先写明调解结果，再“{rule.name}”。")
    share = _share(actor, case, shares, rule, order)
    before = case.state
    details = _ACT.get(step, _nothing)(Taking(session, actor, case, order, share))
    if share is not None:
        _settle_share(share, step)
    target = _target(session, case, rule, step)
    if not store.move(session, case, order.version, target):
        raise told(session, case)
    if target != before and target == CaseState.REGISTERED:
        clocks.begin(session, case, "refer_again", case.organization_id, clock.today())
    clocks.meet(session, case, rule.meets, order.day or clock.today())
    for limit, whose in rule.starts:
        theirs = {"petitioner": None, "taker": actor.organization_id}[whose]
        clocks.begin_once(session, case, limit, theirs, order.day or clock.today())
    _issue(session, actor, case, rule, order, details)
    if target in (CaseState.GUIDED, CaseState.NOT_ACCEPTED, CaseState.NO_LONGER_ACCEPTED):
        clocks.drop(session, case)
    if step is Step.SCREEN or rule.letter is not None:
        session.flush()
        registering.search_again(session, case)
    return _note(session, actor, case, step, order, before, details)


def told(session: Session, case: StoredCase) -> Conflict:
    last = cases.events(session, case.id)[-1]
    return Conflict(f"{last.author}刚刚办了“{terms.CASE_EVENT.get(last.kind, last.kind)}”，请看过再办。")


# --- who ---------------------------------------------------------------------------------------------------------


def of_office(actor: Actor, case: StoredCase) -> bool:
    """Whether the actor works where the matter is registered, or above it."""
    return actor.role in OFFICERS and case.organization.path.startswith(actor.organization_path)


def _of_unit(actor: Actor, share: StoredAssignment) -> bool:
    return actor.role in (*OFFICERS, StaffRole.HANDLER) and share.organization.path.startswith(actor.organization_path)


def may(actor: Actor, case: StoredCase, shares: list[StoredAssignment], rule: StepRule) -> bool:
    """Whether this actor may take the step at all, of the standing shares that there are."""
    if "office" in rule.who and of_office(actor, case):
        return True
    theirs = [one for one in shares if _of_unit(actor, one)]
    if "unit" in rule.who and any(rule.share or one.part == AssignmentPart.MAIN for one in theirs):
        return True
    head = actor.role is StaffRole.LEADER
    return "head" in rule.who and head and (of_office(actor, case) or any(one.part == AssignmentPart.MAIN for one in theirs))


def _share(
    actor: Actor, case: StoredCase, shares: list[StoredAssignment], rule: StepRule, order: StepOrder
) -> StoredAssignment | None:
    """The share that the step is about."""
    if not rule.share:
        return None
    fitting = fitting_shares(actor, case, shares, rule)
    if order.assignment_id is not None:
        fitting = [one for one in fitting if one.id == order.assignment_id]
    if not fitting:
        raise WrongState("这个单位现在不能办这一步，请刷新看看。")
    if len(fitting) > 1:
        raise InvalidInput("有几个单位，请选是哪一个。")
    return fitting[0]


def fitting_shares(actor: Actor, case: StoredCase, shares: list[StoredAssignment], rule: StepRule) -> list[StoredAssignment]:
    """Shares that the actor may take the step about now."""
    own = [one for one in shares if rule.who == ("office",) or _of_unit(actor, one)]
    return [one for one in own if one.state in rule.share]


# --- what a step does --------------------------------------------------------------------------------------------


def _asked_for(rule: StepRule, order: StepOrder) -> StepOrder:
    """The order without what its step does not ask for: nobody dates a reply by saying a day with it."""
    kept = {"version", "assignment_id", *rule.needs, *rule.may}
    left_out = {name: one.default for name, one in StepOrder.model_fields.items() if name not in kept}
    return order.model_copy(update=left_out)


def _require(rule: StepRule, order: StepOrder) -> None:
    missing = [name for name in rule.needs if not getattr(order, name)]
    if missing:
        raise InvalidInput(f"请{'，'.join(SAID[name] for name in missing)}。", fields=missing)
    if BLANK in order.text:
        raise InvalidInput("文书里还有方括号〔〕，把里面要写的写上，括号去掉。", fields=["text"])


def _nothing(t: Taking) -> dict[str, object]:
    return {}


def _screen(t: Taking) -> dict[str, object]:
    if t.order.purpose not in list(Purpose):
        raise InvalidInput("请选信访目的。", fields=["purpose"])
    old = {name: getattr(t.case, name) for name in ("purpose", "category", "place", "litigation", "simple")}
    t.case.purpose, t.case.category, t.case.place = t.order.purpose, t.order.category, t.order.place or t.case.place
    t.case.litigation, t.case.simple = t.order.litigation, t.order.simple
    return {"before": old | {"accused_unit": _screen_accused(t)}}


def _screen_accused(t: Taking) -> str:
    """Whom it is against, as the officer says now; who was known before stays so unless somebody else is named.  Gives what
    was written before."""
    before, said = registering.accused_unit(t.case), t.order.accused_unit.strip()
    against_own = t.case.accusation and cases.accused_by(t.session, t.case.id, t.case.organization.path)
    another = said not in ("", before[:WORDS])
    if another:
        t.case.accused_unit = said
    known = () if another else joins.accused(t.session, t.case.id)
    registering.keep_accused(t.session, t.case, registering.accused_unit(t.case), known)
    written = t.case.record_id is None  # of a talk's, access.py hides it from its place as long as nobody is known
    if t.case.accusation and written and not _says_against_whom(t):
        raise InvalidInput("揭发控告请写明反映的是哪个单位，才知道不该让谁看见。", fields=["accused_unit"])
    if not against_own:
        registering.hand_up(t.session, t.case)
    return before


def _says_against_whom(t: Taking) -> bool:
    return bool(registering.accused_unit(t.case) or joins.accused(t.session, t.case.id))


def _assign(t: Taking) -> dict[str, object]:
    if t.case.litigation and t.case.state == CaseState.REGISTERED:
        raise WrongState("这件事甄别的是涉法涉诉，不转送、不交办，请引导到法定途径。不是涉法涉诉的，先重新甄别。")
    if t.case.accusation and t.case.state == CaseState.REGISTERED and not _says_against_whom(t):
        raise WrongState("揭发控告先甄别，写明反映的是哪个单位，才知道不该交给谁。")
    _check_units(t.session, t.actor, t.case, t.order.units)
    for unit in t.order.units:
        _give(t.session, t.actor, t.case, unit)
    names = [accounts.organization(t.session, unit.organization_id).name for unit in t.order.units]
    return {"units": names}


def _check_units(session: Session, actor: Actor, case: StoredCase, units: tuple[UnitOrder, ...]) -> None:
    standing = store.standing_assignments(session, case.id)
    ids = [unit.organization_id for unit in units] + [one.organization_id for one in standing]
    if len(set(ids)) != len(ids):
        raise InvalidInput("同一个单位只能给一次。", fields=["units"])
    mains = [one for one in units if one.part == AssignmentPart.MAIN]
    has_main = any(one.part == AssignmentPart.MAIN for one in standing)
    if len(mains) + has_main != 1:
        raise InvalidInput("主办单位要有一个，也只能有一个。", fields=["units"])
    for unit in units:
        found = units_store.reachable(session, actor, unit.organization_id)
        if found is None:
            raise InvalidInput("这个单位不在您能交办的范围里。", fields=["units"])
        if case.accusation and cases.accused_by(session, case.id, found.path):
            raise InvalidInput(f"这件事反映的就是{found.name}或者它上级，不能交给它办（第三十条）。", fields=["units"])


def _give(session: Session, actor: Actor, case: StoredCase, unit: UnitOrder) -> None:
    own = unit.organization_id == case.organization_id
    now = clock.now()
    made = StoredAssignment(
        case_id=case.id, organization_id=unit.organization_id, kind=unit.kind, part=unit.part, task=unit.task,
        state=AssignmentState.RECEIVED if own else AssignmentState.SENT, given_by=actor.name, given_at=now,
        received_at=now if own else None,
    )  # fmt: skip
    session.add(made)
    cases.found_by(session, case.id, unit.organization_id)
    if unit.part == AssignmentPart.MAIN:
        case.unit_id = unit.organization_id
        limit = "simple_accept" if case.simple else "notify_acceptance"
        clocks.begin(session, case, limit, unit.organization_id, clock.today())
    if not own:
        clocks.begin(session, case, "object_to_assignment", unit.organization_id, clock.today())
        kind = LetterKind.ASSIGNMENT if unit.kind == AssignmentKind.ASSIGN else LetterKind.PASS_ON
        issuing.issue(session, actor, case, kind, unit.task, to=accounts.organization(session, unit.organization_id))


def _object(t: Taking) -> dict[str, object]:
    assert t.share is not None
    running = right_to_object(t.session, t.share)
    if running is None:
        raise WrongState("已经受理，或者提过异议了，不能再提。")
    if running.due_on < clock.today():
        limit = clocks.rules_of(t.session, t.case.organization.path)["object_to_assignment"].limit
        raise WrongState(f"提异议要在收到后 {limit}里提，现在过了。")
    clocks.meet(t.session, t.case, ("object_to_assignment",), clock.today(), t.share.organization_id)
    return {"unit": t.share.organization.name}


def right_to_object(session: Session, share: StoredAssignment) -> StoredDeadline | None:
    """Until when a unit may say that its share is not its own to do; None: it has said so, or has accepted."""
    running = store.open_deadlines_of(session, share.case_id, ("object_to_assignment",))
    return next((one for one in running if one.organization_id == share.organization_id), None)


def _take_back(t: Taking) -> dict[str, object]:
    assert t.share is not None
    clocks.drop(t.session, t.case, organization_id=t.share.organization_id)
    if t.share.part == AssignmentPart.MAIN:
        t.case.unit_id = None
    return {"unit": t.share.organization.name}


def _about_share(t: Taking) -> dict[str, object]:
    return {"unit": t.share.organization.name} if t.share is not None else {}


def _feed_back(t: Taking) -> dict[str, object]:
    """Who has done it does not say any more that it is not theirs to do."""
    assert t.share is not None
    clocks.drop(t.session, t.case, organization_id=t.share.organization_id, rules=("object_to_assignment",))
    return {"unit": t.share.organization.name}


def _accept(t: Taking) -> dict[str, object]:
    t.case.accepted_on = clock.today()
    for one in store.standing_assignments(t.session, t.case.id):
        if one.part == AssignmentPart.MAIN and one.state in (AssignmentState.SENT, AssignmentState.OBJECTED):
            one.state, one.received_at = AssignmentState.RECEIVED, one.received_at or clock.now()
    clocks.drop(t.session, t.case, organization_id=t.case.unit_id, rules=("object_to_assignment",))
    clocks.begin(t.session, t.case, "simple_conclude" if t.case.simple else "conclude", t.case.unit_id, clock.today())
    return {}


def is_owed(share: StoredAssignment) -> bool:
    """Whether the office waits for this unit: for what it was assigned (交办), and for an objection to be decided."""
    passed_on = share.kind == AssignmentKind.PASS_ON and share.state != AssignmentState.OBJECTED
    return share.state in OPEN_ASSIGNMENT and not passed_on


def _reply(t: Taking) -> dict[str, object]:
    shares = store.standing_assignments(t.session, t.case.id)
    waiting = [one for one in shares if one.part != AssignmentPart.MAIN and is_owed(one)]
    if waiting:
        names = "、".join(one.organization.name for one in waiting)
        raise WrongState(f"{names}还没有反馈，不能答复。")
    _check_nothing_stands_still(t, "答复")
    for one in shares:
        if one.part == AssignmentPart.MAIN:
            one.state, one.fed_back_at = AssignmentState.FED_BACK, clock.now()
    clocks.drop(t.session, t.case, rules=("object_to_assignment",))
    return {}


def _check_nothing_stands_still(t: Taking, what: str) -> None:
    """Where the matter goes from here nobody could say any more that the days go on."""
    if store.running_pause(t.session, t.case.id) is not None:
        raise WrongState(f"期限还在停算，先写明结果，再{what}。")


def _opinion(t: Taking) -> dict[str, object]:
    _check_nothing_stands_still(t, "出意见")
    return {}


def _to_ordinary(t: Taking) -> dict[str, object]:
    """Its limits run from the same day; one of the simple procedure that had run out stays late."""
    if not t.case.simple:
        raise WrongState("这件事不是简易办理的。")
    t.case.simple = False
    for one in store.open_deadlines_of(t.session, t.case.id, tuple(ORDINARY)):
        one.dropped_at = clock.now()
        clocks.begin(t.session, t.case, ORDINARY[one.rule], one.organization_id, one.starts_on)
    clocks.recount(t.session, t.case)
    return {}


def _ask_extension(t: Taking) -> dict[str, object]:
    clocks.ask_extension(t.session, t.case, CONCLUSION_LIMITS, t.order.days or 0, t.order.reason, t.actor.name)
    return {"days": t.order.days}


def _grant(t: Taking) -> dict[str, object]:
    asked = clocks.decide_extension(t.session, t.case, True, t.actor.name)
    return {"days": asked.days, "reason": asked.reason}


def _refuse(t: Taking) -> dict[str, object]:
    return {"days": clocks.decide_extension(t.session, t.case, False, t.actor.name).days}


def _begin_pause(t: Taking) -> dict[str, object]:
    rules = clocks.rules_of(t.session, t.case.organization.path)
    if t.order.pause not in PAUSES:
        raise InvalidInput("请选停算的理由。", fields=["pause"])
    if store.running_pause(t.session, t.case.id) is not None:
        raise WrongState("期限已经在停算了。")
    if t.order.pause == MEDIATION and mediation.standing(t.session, t.case) is None:
        raise WrongState("先把这件事转入调解，写明谁来调解、信访人怎么同意的，再停算期限。")
    running = [one for one in store.open_deadlines_of(t.session, t.case.id) if t.order.pause in rules[one.rule].stopped_by]
    if not running:
        raise InvalidInput(f"现在这一步的期限不因为{PAUSES[t.order.pause].name}停算。", fields=["pause"])
    first = t.order.day or clock.today()
    _check_begins(t, first, running)
    t.session.add(CasePause(case_id=t.case.id, kind=t.order.pause, first=first, reason=t.order.reason))
    t.session.flush()
    clocks.recount(t.session, t.case)
    return {"pause": t.order.pause}


def _check_begins(t: Taking, first: date, running: Sequence[StoredDeadline]) -> None:
    """A hearing or a mediation is written down after it began, too; but only where the limit ran already, not over days that
    stood still before, and never to save a limit that has run out meanwhile."""
    begun = min(one.starts_on for one in running)
    if first < begun:
        raise InvalidInput(f"期限 {chinese_day(begun)} 才开始算，不能从那以前停起。", fields=["day"])
    before = [one.last for one in store.pauses(t.session, [t.case.id]).get(t.case.id, ()) if one.last is not None]
    if before and first <= max(before):
        raise InvalidInput(f"{chinese_day(max(before))} 以前停算过了，从那以后的日子停起。", fields=["day"])
    if first < clock.today() and any(one.due_on < clock.today() for one in running):
        raise InvalidInput("期限已经过了，不能倒着填停算。", fields=["day"])


def _end_pause(t: Taking) -> dict[str, object]:
    pause, last = store.running_pause(t.session, t.case.id), t.order.day or clock.today()
    if pause is None:
        raise WrongState("期限没有在停算。")
    if last > clock.today():
        raise InvalidInput("停算结束的日子不能在今天以后。", fields=["day"])
    if last < pause.first:
        raise InvalidInput("停算结束的日子不能早于开始的日子。", fields=["day"])
    pause.last, pause.outcome = last, t.order.outcome
    t.session.flush()
    clocks.recount(t.session, t.case)
    return {"pause": pause.kind}


def _begin_mediation(t: Taking) -> dict[str, object]:
    if mediation.standing(t.session, t.case) is not None:
        raise WrongState("这件事已经在调解了。")
    if t.order.day is not None and not t.case.received_on <= t.order.day <= clock.today():
        raise InvalidInput("转入调解的日子要在收到这件事到今天之间。", fields=["day"])
    return {}


def _end_mediation(t: Taking) -> dict[str, object]:
    """The days go on, too, where they stood still for it."""
    begun = mediation.standing(t.session, t.case)
    if begun is None:
        raise WrongState("这件事没有在调解。")
    if t.order.day is not None and not mediation.day_of(begun) <= t.order.day <= clock.today():
        raise InvalidInput("调解结束的日子要在转入调解那天到今天之间。", fields=["day"])
    pause = store.running_pause(t.session, t.case.id)
    if pause is not None and pause.kind == MEDIATION:
        _end_pause(t)
        return {"pause": MEDIATION}
    return {}


def _contact(t: Taking) -> dict[str, object]:
    t.case.contacted_on = clock.today()
    return {}


def _deliver(t: Taking) -> dict[str, object]:
    day = t.order.day or clock.today()
    letters = [one for one in store.letters(t.session, t.case.id) if one.to_organization_id is None and one.delivered_on is None]
    if not letters:
        raise WrongState("没有还没送达的文书。")
    if not clock.day_in_office(letters[-1].issued_at) <= day <= clock.today():
        raise InvalidInput("送达的日子要在出文书那天到今天之间。", fields=["day"])
    for one in letters:
        one.delivered_on, one.delivered_how = day, t.order.how
        if (limit := DELIVERED.get(LetterKind(one.kind))) is not None and _may_still_ask(t.case, limit):
            clocks.begin(t.session, t.case, limit, None, day)
    return {"letters": [one.kind for one in letters]}


def _may_still_ask(case: StoredCase, limit: str) -> bool:
    """An opinion that comes into the petitioner's hands late, when they have gone on without it or the matter is being handled
    anew, begins no right that they cannot use."""
    return any(limit in rule.meets for rule in STEPS.values() if case.state in rule.sources)


def _explain(t: Taking) -> dict[str, object]:
    """What was decided was told in plain words, which is a talk with the petitioner, too."""
    day = t.order.day or clock.today()
    to_petitioner = [one for one in store.letters(t.session, t.case.id) if one.to_organization_id is None]
    if not to_petitioner:
        raise WrongState("还没有出过给信访人的文书，没有可讲的决定。")
    if not clock.day_in_office(to_petitioner[-1].issued_at) <= day <= clock.today():
        raise InvalidInput("讲的日子要在出文书那天到今天之间。", fields=["day"])
    t.case.contacted_on = max(day, t.case.contacted_on or day)
    return {"letter": to_petitioner[-1].kind, "by_whom": t.order.by_whom.strip() or t.actor.name}


def _conclude(t: Taking) -> dict[str, object]:
    opinion = [one for one in store.letters(t.session, t.case.id) if one.kind == LetterKind.HANDLING_OPINION]
    if not opinion or opinion[-1].delivered_on is None:
        raise WrongState("处理意见书还没有送达，先送到信访人手里，再办结。")
    t.case.concluded_on = clock.today()
    t.case.first_concluded_on = t.case.first_concluded_on or t.case.concluded_on
    return {}


def _answered_on(t: Taking, limit: str) -> date | None:
    """The day of the opinion that this right is against."""
    days = [clock.day_in_office(one.issued_at) for one in store.letters(t.session, t.case.id) if DELIVERED.get(LetterKind(one.kind)) == limit]
    return days[-1] if days else None


def _check_asked_on(t: Taking, limit: str) -> None:
    if t.order.day is not None and t.order.day > clock.today():
        raise InvalidInput("收到申请的日子不能在今天以后。", fields=["day"])
    answered = _answered_on(t, limit)
    if t.order.day is not None and answered is not None and t.order.day < answered:
        raise InvalidInput("收到申请的日子不能早于出意见书那天。", fields=["day"])


def _later_request(limit: str) -> "Act":
    def act(t: Taking) -> dict[str, object]:
        _check_asked_on(t, limit)
        running = store.open_deadlines_of(t.session, t.case.id, (limit,))
        for asked in (one for one in store.open_requests(t.session, t.case.id) if STEPS[Step(one.step)].meets == (limit,)):
            if t.order.day is not None and t.order.day > asked.asked_on:
                raise InvalidInput(f"信访人 {chinese_day(asked.asked_on)}就在网上申请了，日子填那一天。", fields=["day"])
            asked.taken_at = clock.now()
        late = bool(running) and t.order.day is not None and t.order.day > running[0].due_on
        if late and not t.order.reason:
            raise InvalidInput(f"申请过了 {RULES[limit].limit}的期限。要收的话，写明有什么正当理由。", fields=["reason"])
        return {"late": late}

    return act


def _refuse_request(limit: str) -> "Act":
    """What is not taken up: too late, or not the petitioner's.  What they asked for by query code is neither."""

    def act(t: Taking) -> dict[str, object]:
        if store.open_requests(t.session, t.case.id):
            raise WrongState("这个申请是信访人在期限里凭查询码提的，应当收下。")
        _check_asked_on(t, limit)
        running = store.open_deadlines_of(t.session, t.case.id, (limit,))
        if not running:
            raise WrongState("意见书还没有送到信访人手里，先送达。")
        if t.order.ground == "late" and t.order.day is not None and t.order.day <= running[0].due_on:
            raise InvalidInput(f"申请最后一天是 {chinese_day(running[0].due_on)}，没有过期。", fields=["ground"])
        if t.order.ground == "not_theirs" and not t.order.by_whom.strip():
            raise InvalidInput("写明申请的人是谁，告知书是给他的。", fields=["by_whom"])
        return {"addressee": t.order.by_whom.strip() if t.order.ground == "not_theirs" else ""}

    return act


def _handle_anew(t: Taking) -> dict[str, object]:
    """The main unit has it again, with the days of its own limit from the opinion on; the next opinion brings the petitioner's
    remedies with it, so the one that runs gives way, but not one that was used.  It is not concluded any more, and whoever was
    spoken to before has not been spoken to about what comes now."""
    if store.open_requests(t.session, t.case.id):
        raise WrongState("信访人已经申请复核，先收下申请。")
    main = next((one for one in store.standing_assignments(t.session, t.case.id) if one.part == AssignmentPart.MAIN), None)
    if main is None:
        raise WrongState("这件事没有主办单位了，交不回去。")
    main.state, main.fed_back_at = AssignmentState.ANEW, None
    t.case.simple, t.case.handled_anew = False, True
    t.case.concluded_on = t.case.contacted_on = None
    clocks.drop(t.session, t.case, rules=("request_reexamination",))
    opinion = [one for one in store.letters(t.session, t.case.id) if one.kind in (LetterKind.REVIEW_OPINION, LetterKind.REEXAMINATION_OPINION)]
    clocks.begin(t.session, t.case, "conclude_anew", main.organization_id, clock.day_in_office(opinion[-1].issued_at))
    letter = issuing.issue(t.session, t.actor, t.case, LetterKind.HANDLE_ANEW, t.order.reason, to=main.organization)
    return {"unit": main.organization.name, "letters": [letter.number]}


Act = Callable[[Taking], dict[str, object]]
_ACT: Mapping[Step, Act] = {
    Step.SCREEN: _screen,
    Step.ASSIGN: _assign,
    Step.RECEIVE: _about_share,
    Step.OBJECT: _object,
    Step.UPHOLD_OBJECTION: _take_back,
    Step.REJECT_OBJECTION: _about_share,
    Step.WITHDRAW: _take_back,
    Step.FEED_BACK: _feed_back,
    Step.SEND_BACK: _about_share,
    Step.ACCEPT: _accept,
    Step.REPLY: _reply,
    Step.TO_ORDINARY: _to_ordinary,
    Step.ASK_EXTENSION: _ask_extension,
    Step.GRANT_EXTENSION: _grant,
    Step.REFUSE_EXTENSION: _refuse,
    Step.BEGIN_PAUSE: _begin_pause,
    Step.END_PAUSE: _end_pause,
    Step.BEGIN_MEDIATION: _begin_mediation,
    Step.END_MEDIATION: _end_mediation,
    Step.CONTACT: _contact,
    Step.DELIVER: _deliver,
    Step.EXPLAIN: _explain,
    Step.CONCLUDE: _conclude,
    Step.REQUEST_REVIEW: _later_request("request_review"),
    Step.REQUEST_REEXAMINATION: _later_request("request_reexamination"),
    Step.REVIEW_OPINION: _opinion,
    Step.REEXAMINATION_OPINION: _opinion,
    Step.REFUSE_REVIEW: _refuse_request("request_review"),
    Step.REFUSE_REEXAMINATION: _refuse_request("request_reexamination"),
    Step.HANDLE_ANEW: _handle_anew,
}


def _settle_share(share: StoredAssignment, step: Step) -> None:
    now = clock.now()
    share.state = SHARE_AFTER[step]
    if step is Step.RECEIVE:
        share.received_at = now
    if step is Step.FEED_BACK:
        share.fed_back_at = now
    if step is Step.SEND_BACK:
        share.fed_back_at = None
    if share.state == AssignmentState.WITHDRAWN:
        share.ended_at = now


def _target(session: Session, case: StoredCase, rule: StepRule, step: Step) -> CaseState:
    """Where the step leads: a matter whose main unit was taken away is nobody's again, one that has it keeps its state
    when another unit is added."""
    session.flush()
    if step is Step.ASSIGN and case.state == CaseState.ACCEPTED:
        return CaseState.ACCEPTED
    if step in (Step.UPHOLD_OBJECTION, Step.WITHDRAW) and case.unit_id is None:
        return CaseState.REGISTERED
    return rule.target or CaseState(case.state)


def _issue(
    session: Session, actor: Actor, case: StoredCase, rule: StepRule, order: StepOrder, details: dict[str, object]
) -> None:
    """The step's letter to the petitioner; one about an extension gives the reason that it was asked for."""
    if rule.letter is not None:
        words = [GROUNDS.get(order.ground, ""), order.text or order.reason or str(details.get("reason", ""))]
        addressee = str(details.pop("addressee", ""))
        letter = issuing.issue(session, actor, case, rule.letter, "\n".join(one for one in words if one), addressee=addressee)
        details["letters"] = [letter.number]


def _note(
    session: Session, actor: Actor, case: StoredCase, step: Step, order: StepOrder, before: str, details: dict[str, object]
) -> StoredCaseEvent:
    told = order.model_dump(mode="json", exclude={"version", "units"}, exclude_defaults=True)
    units = [str(name) for name in details.get("units", ())]  # type: ignore[attr-defined]
    numbers = [str(one) for one in details.get("letters", ()) if step is not Step.DELIVER]  # type: ignore[attr-defined]
    parts = (order.route, "、".join(units), order.how, order.outcome, order.reason, "、".join(numbers))
    told_parts = [part for part in parts if part]
    words = "；".join([*(part.rstrip("。；") for part in told_parts[:-1]), *told_parts[-1:]])
    event = StoredCaseEvent(
        case_id=case.id, at=clock.now(), author=actor.name, kind=step, why=words[:500], user_id=actor.user_id,
        organization_id=actor.organization_id, from_state=before if before != case.state else "",
        to_state=case.state if before != case.state else "", details={**told, **details},
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event


# --- what it looks like ------------------------------------------------------------------------------------------


def assignment_views(session: Session, case: StoredCase) -> tuple[AssignmentView, ...]:
    """Who is responsible for what, and who was."""
    return tuple(
        AssignmentView(
            id=one.id, unit=one.organization.name, organization_id=one.organization_id,
            kind=terms.ASSIGNMENT_KIND[AssignmentKind(one.kind)], part=terms.ASSIGNMENT_PART[AssignmentPart(one.part)],
            state=terms.ASSIGNMENT_STATE[AssignmentState(one.state)], task=one.task,
            officer=one.officer.name if one.officer else "", given_at=one.given_at, fed_back_at=one.fed_back_at,
            open=one.state in OPEN_ASSIGNMENT,
        )
        for one in store.assignments(session, case.id)
    )  # fmt: skip


def request_views(session: Session, case: StoredCase) -> tuple[RequestView, ...]:
    """What the petitioner waits for the office to take on."""
    return tuple(RequestView(step=one.step, words=one.words, asked_on=one.asked_on) for one in store.open_requests(session, case.id))
