"""How far a matter has come, for whoever holds its query code: no names, no content."""

import hmac
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.deadline_words import chinese_day
from server.domain.states import CaseState, ReceptionState, RecordState
from server.errors import NotFound, TooOften
from server.protocol.office import DeadlineView, Progress, ProgressQuery, ProgressStep
from server.reception.callers import hashed, network_of
from server.reception.cases import deadline_views
from server.reception.office import Office
from server.store import cases, records
from server.store.models import ProgressTry, Reception, StoredCase, VisitRecord

WINDOW = timedelta(minutes=15)
MOST_WRONG = 10
NO_PHONE = "0000"
"""Printed on the slip of somebody without a telephone."""
WRONG = "没有查到。请照着回执，把查询码和手机号最后 4 位再核对一遍；没有留手机号的，填 0000。"


def look_up(office: Office, query: ProgressQuery, address: str) -> Progress:
    """Progress of a matter.  Raises NotFound, the same for a wrong code and for wrong digits, and TooOften after
    ten wrong tries in 15 minutes from one address.

    A wrong try is kept although the answer is an error; the address only as a keyed hash.
    """
    source = hashed(office.settings, "progress", network_of(address))
    with office.store.read() as session:
        found = _try(session, query, source)
    if found is not None:
        return found
    with office.store.write() as session:
        _require_tries_left(session, source)
        cases.drop_tries(session, clock.now() - WINDOW)
        session.add(ProgressTry(at=clock.now(), source=source))
    raise NotFound(WRONG)


def _require_tries_left(session: Session, source: str) -> None:
    if cases.wrong_tries(session, source, clock.now() - WINDOW) >= MOST_WRONG:
        raise TooOften("试的次数太多，请过 15 分钟再查。急的话，可以到接谈室来问。")


def _try(session: Session, query: ProgressQuery, source: str) -> Progress | None:
    _require_tries_left(session, source)
    reception = cases.reception_by_code(session, query.code)
    digits = (reception.petitioner_phone[-4:] or NO_PHONE) if reception else ""
    if not hmac.compare_digest(digits.encode(), query.phone_last4.encode()) or reception is None:
        return None
    return _progress(session, reception)


def _progress(session: Session, reception: Reception) -> Progress:
    record = records.of_reception(session, reception.id)
    case = cases.case_of_reception(session, reception.id)
    deadline = deadline_views(session, [case]).get(case.id) if case else None
    return Progress(
        number=case.case_no if case else reception.number,
        state=_state(reception, record, case),
        office=reception.organization.name,
        steps=_steps(reception, record, case, deadline),
        next_step=_next_step(reception, record, case, deadline),
        deadline=deadline,
    )


def _state(reception: Reception, record: VisitRecord | None, case: StoredCase | None) -> str:
    if case is not None:
        return terms.CASE_STATE[CaseState(case.state)]
    if reception.state == ReceptionState.ABANDONED:
        return "这一次没有谈"
    if record is None:
        return "正在整理谈话" if reception.ended_at else "正在接谈" if reception.joined_at else "正在等候"
    return "笔录" + terms.RECORD_STATE[RecordState(record.state)]


def _steps(
    reception: Reception, record: VisitRecord | None, case: StoredCase | None, deadline: DeadlineView | None
) -> tuple[ProgressStep, ...]:
    settled = record.signed_at or (record.updated_at if record.state in _SETTLED else None) if record else None
    refused = record is not None and bool(record.refusal_reason)
    return (
        _step("来访", reception.asked_at),
        _step("接谈", reception.ended_at),
        _step("笔录没有签字，原因已记下" if refused else "看过笔录并签字", case.filed_at if refused and case else settled),
        _step("登记", case.filed_at if case else None),
        ProgressStep(at=f"最迟 {deadline.due}（{deadline.weekday}）" if deadline else "", what="转送、交办", done=False),
    )


_SETTLED = (RecordState.REFUSED,)


def _step(what: str, at: datetime | None) -> ProgressStep:
    shown = chinese_day(clock.day_in_office(at)) if at else ""
    return ProgressStep(at=shown, what=what, done=at is not None)


def _next_step(
    reception: Reception, record: VisitRecord | None, case: StoredCase | None, deadline: DeadlineView | None
) -> str:
    if deadline is not None:
        due = chinese_day(datetime.fromisoformat(deadline.due).date())
        return f"{due}以前，{reception.organization.name}会转给该办的单位。"
    if case is not None:
        return ""
    if reception.state == ReceptionState.ABANDONED:
        return "想谈的话，可以再到接谈室来。"
    if record is not None and record.state == RecordState.CONFIRMED:
        return "请看一遍笔录，对的话签上名字。"
    return "谈完以后，工作人员会把笔录核对好，请您看过再签字。"
