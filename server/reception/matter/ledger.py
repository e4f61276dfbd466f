"""积案台账: hard matters are listed with a reason, taken on by a leader, resolved and struck off with approval."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.ledger import (
    DEEDS,
    EVENT,
    RISK_WORDS,
    STATE_WORDS,
    DeedRule,
    LedgerDeed,
    LedgerState,
    RiskGrade,
    open_deeds,
)
from server.domain.states import CaseState, StaffRole
from server.errors import Conflict, InvalidInput, NotAllowed, WrongState
from server.protocol.ledger import LedgerEvent, LedgerLeader, LedgerOffer, LedgerOrder, LedgerRow, LedgerView
from server.reception.matter import flow
from server.reception.matter.cases import require_case
from server.store import ledger as store
from server.store.access import Actor
from server.store.models import HardCase, StoredCase, StoredCaseEvent

GOING_ON = (LedgerState.LISTED, LedgerState.RESOLVED, LedgerState.CLOSING)
SAID = {"words": "写明情况", "risk": "选风险等级", "risk_reason": "写明为什么是这个等级", "leader_id": "选包案领导"}


def listed(
    session: Session, actor: Actor, state: str = "", risk: str = "", leader_id: int | None = None, before: int | None = None
) -> tuple[list[LedgerRow], bool]:
    """A page of the ledger, of this state or of all that are not struck off, and whether there are more."""
    found = store.page(session, actor, [state] if state else list(GOING_ON), risk, leader_id, before)
    return [_row(one.case, one) for one in found[: store.PAGE_ROWS]], len(found) > store.PAGE_ROWS


def opened(session: Session, actor: Actor, case_id: int) -> LedgerView:
    """A matter's entry with its history, and what the actor may do with it."""
    case = require_case(session, actor, case_id)
    return _view(session, actor, case, store.find(session, case.id))


def do(session: Session, actor: Actor, case_id: int, deed: LedgerDeed, order: LedgerOrder) -> LedgerView:
    """Do something with a matter's entry.  Raises NotAllowed, WrongState, InvalidInput and Conflict; then nothing changed."""
    case, rule = require_case(session, actor, case_id), DEEDS[deed]
    entry = store.find(session, case.id)
    if not _may(actor, case, entry, rule):
        raise NotAllowed("申请销号的人不能自己批，请另一位领导批。" if rule.approves and actor.role is StaffRole.LEADER else "这一步不归您办。")
    if deed not in open_deeds(_state(entry)):
        raise WrongState(f"现在是“{STATE_WORDS[LedgerState(entry.state)]}”，不能“{rule.name}”。" if entry else "这件事还没有列入台账。")
    missing = {name: SAID[name] for name in rule.needs if not str(getattr(order, name) or "").strip()}
    if missing:
        raise InvalidInput(f"请{'、'.join(missing.values())}。", fields={name: f"请{words}" for name, words in missing.items()})
    words = _words(session, case, deed, order)
    if entry is None:
        entry = _enter(session, case, order)
    elif not store.move(session, entry, order.version):
        raise Conflict("刚刚有人改过这一件，请看过再办。")
    _change(actor, entry, deed, rule, order, words)
    session.add(
        StoredCaseEvent(
            case_id=case.id, at=clock.now(), author=actor.name, kind=EVENT + deed, why=words[:500], user_id=actor.user_id,
            organization_id=actor.organization_id, details=order.model_dump(mode="json", exclude={"version"}, exclude_defaults=True),
        )
    )  # fmt: skip
    session.flush()
    session.refresh(entry, ["leader"])
    return _view(session, actor, case, entry)


def _may(actor: Actor, case: StoredCase, entry: HardCase | None, rule: DeedRule) -> bool:
    if rule.approves:
        asker = entry is not None and entry.asked_by_id == actor.user_id
        return actor.role is StaffRole.LEADER and flow.of_office(actor, case) and not asker
    if rule.unit_too and actor.role in (*flow.OFFICERS, StaffRole.HANDLER):
        return True
    return flow.of_office(actor, case)


def _state(entry: HardCase | None) -> LedgerState | None:
    return LedgerState(entry.state) if entry is not None else None


def _enter(session: Session, case: StoredCase, order: LedgerOrder) -> HardCase:
    entry = HardCase(
        case_id=case.id, state=LedgerState.LISTED, version=1, risk=order.risk, risk_reason=order.risk_reason.strip(),
        reason=order.words.strip(), changed_at=clock.now(), listed_on=clock.today(),
    )  # fmt: skip
    session.add(entry)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("刚刚有人把这件事列入了台账，请刷新看看。") from None
    return entry


def _words(session: Session, case: StoredCase, deed: LedgerDeed, order: LedgerOrder) -> str:
    """What the history says."""
    if deed is LedgerDeed.LEADER:
        found = next((one for one in store.leaders(session, case.organization.path) if one.id == order.leader_id), None)
        if found is None:
            raise InvalidInput("包案领导要从名单里选。", fields=["leader_id"])
        return "，".join(part for part in (found.name, found.title, order.words.strip()) if part)
    if "risk" in DEEDS[deed].needs:
        graded = f"{RISK_WORDS[RiskGrade(order.risk)]}：{order.risk_reason.strip()}"
        return graded if deed is LedgerDeed.RISK else f"{order.words.strip()}　风险{graded}"
    return order.words.strip()


def _change(actor: Actor, entry: HardCase, deed: LedgerDeed, rule: DeedRule, order: LedgerOrder, words: str) -> None:
    today = clock.today()
    if rule.target is not None:
        entry.state = rule.target
    if "risk" in rule.needs:
        entry.risk, entry.risk_reason = order.risk, order.risk_reason.strip()
    if deed is LedgerDeed.LEADER:
        entry.leader_id = order.leader_id
    if deed is LedgerDeed.MEASURE:
        entry.measures = words
    if deed is LedgerDeed.ASK_CLOSING:
        entry.asked_by_id = actor.user_id
    if deed is LedgerDeed.APPROVE:
        entry.closed_on = today
    if deed is LedgerDeed.LIST_AGAIN:
        entry.reason, entry.listed_on, entry.closed_on, entry.asked_by_id = order.words.strip(), today, None, None
    entry.last_words, entry.changed_at = f"{rule.said}：{words}"[:500] if words else rule.said, clock.now()


# --- what it looks like ------------------------------------------------------------------------------------------


def _view(session: Session, actor: Actor, case: StoredCase, entry: HardCase | None) -> LedgerView:
    offers = [deed for deed in open_deeds(_state(entry)) if _may(actor, case, entry, DEEDS[deed])]
    choosing = LedgerDeed.LEADER in offers
    return LedgerView(
        case_id=case.id, case_no=case.case_no, title=case.title, version=entry.version if entry else 0,
        row=_row(case, entry) if entry else None, events=tuple(map(_event, store.events(session, case.id))),
        offers=tuple(LedgerOffer(deed=deed, name=DEEDS[deed].name, needs=DEEDS[deed].needs) for deed in offers),
        leaders=tuple(
            LedgerLeader(id=one.id, name=one.name, title=one.title)
            for one in (store.leaders(session, case.organization.path) if choosing else ())
        ),
    )  # fmt: skip


def _event(event: StoredCaseEvent) -> LedgerEvent:
    rule = DEEDS[LedgerDeed(event.kind.removeprefix(EVENT))]
    return LedgerEvent(at=event.at, author=event.author, what=rule.said, words=event.why)


def _row(case: StoredCase, entry: HardCase) -> LedgerRow:
    until = entry.closed_on or clock.today()
    return LedgerRow(
        case_id=case.id, case_no=case.case_no, title=case.title, petitioner=case.petitioner, organization=case.organization.name,
        unit=case.unit.name if case.unit else "", case_state=terms.CASE_STATE[CaseState(case.state)], state=entry.state,
        state_words=STATE_WORDS[LedgerState(entry.state)], risk=entry.risk, risk_words=RISK_WORDS[RiskGrade(entry.risk)],
        risk_reason=entry.risk_reason, reason=entry.reason, leader=entry.leader.name if entry.leader else "", measures=entry.measures,
        last_words=entry.last_words, changed_at=entry.changed_at, listed_on=entry.listed_on, days=(until - entry.listed_on).days,
        closed_on=entry.closed_on,
    )  # fmt: skip

