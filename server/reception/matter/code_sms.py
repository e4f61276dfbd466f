"""查询码短信: whoever brings a matter gets its query code on their own mobile telephone, where the office has an SMS gateway.

The code and the words for it are all that goes out, nothing of the matter; number and code are read when it is sent and stand in
no queue.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain.deadline_words import chinese_day
from server.domain.states import DeliveryState
from server.domain.telephones import is_mobile
from server.errors import NotAllowed, WrongState
from server.protocol.flow import QueryCodeSent
from server.reception.matter import cases, flow
from server.reception.matter.notices import SMS
from server.settings import Settings
from server.store import accounts, notices
from server.store import cases as store
from server.store.access import Actor
from server.store.models import NoticeDelivery, StoredCase
from server.store.querycodes import new_query_code
from server.store.records import note_access

AGAIN_AFTER = timedelta(minutes=10)
"""A message that went out is not sent a second time before that."""


def on_registering(session: Session, settings: Settings, case: StoredCase) -> str:
    """Send it once when an officer has registered a matter; what is to be said of it, empty: nothing was sent.

    Not for an accusation: whoever stands beside the telephone would learn of it.  Its officer sends it when they agreed on it.
    """
    if not settings.notice_sms_url or case.accusation or not _number(session, case.id):
        return ""
    if notices.last_code(session, case.id) is not None:
        return ""
    _queue(session, case)
    return "查询码也发短信给他。"


def send(session: Session, settings: Settings, actor: Actor, case_id: int) -> QueryCodeSent:
    """An officer of the office sends it.  Raises NotAllowed, and WrongState where it cannot go out, is on its way or just went."""
    case = cases.require_case(session, actor, case_id)
    if not flow.of_office(actor, case):
        raise NotAllowed
    if not settings.notice_sms_url:
        raise WrongState("本单位还没有设置短信网关，请管理员在设置里写上。")
    if not _number(session, case.id):
        raise WrongState("信访人没有留手机号，发不了短信。打开查询码，抄给他或者印给他。")
    last = notices.last_code(session, case.id)
    if last is not None and last.state in (DeliveryState.WAITING, DeliveryState.SENDING):
        raise WrongState(f"{_said(last)}。")
    if last is not None and last.state == DeliveryState.SENT and last.ended_at and last.ended_at > clock.now() - AGAIN_AFTER:
        raise WrongState("刚发过，请等十分钟，没收到再发。")
    note_access(session, actor, "send_code", "case", str(case.id), clock.now())
    return QueryCodeSent(sent=_said(_queue(session, case)))


def told(session: Session, case_id: int) -> str:
    """What became of the last one; empty: none was sent."""
    last = notices.last_code(session, case_id)
    return _said(last) if last is not None else ""


def message(session: Session, settings: Settings, case_id: int) -> tuple[str, str]:
    """Number and words of a message that is to go out now; the number is empty where none is left."""
    case = session.get_one(StoredCase, case_id)
    if case.query_code is None:
        case.query_code = new_query_code()
    office = accounts.organization(session, case.organization_id)
    where = f"在 {settings.base_url}/progress " if settings.public_url else ""
    words = f"{office.name}：您反映的事登记好了，查询码 {case.query_code}。凭查询码和手机号后 4 位{where}查办到哪一步。查询码请不要告诉别人。"
    return _number(session, case.id), words


def _queue(session: Session, case: StoredCase) -> NoticeDelivery:
    made = NoticeDelivery(case_id=case.id, way=SMS, state=DeliveryState.WAITING, next_at=clock.now())
    session.add(made)
    session.flush()
    return made


def _number(session: Session, case_id: int) -> str:
    """The petitioner's mobile number; empty: none was left."""
    first = next(iter(store.persons(session, case_id)), None)
    return first.phone if first is not None and is_mobile(first.phone) else ""


def _said(one: NoticeDelivery) -> str:
    if one.state == DeliveryState.SENT and one.ended_at is not None:
        at = one.ended_at.astimezone(clock.OFFICE_ZONE)
        return f"{chinese_day(at.date())} {at:%H:%M} 发了短信"
    return {
        DeliveryState.WAITING: f"短信等着发{f'（{one.why}）' if one.why else ''}",
        DeliveryState.SENDING: "短信正在发",
        DeliveryState.UNKNOWN: "短信交给网关了，不知道发没发出去",
    }.get(DeliveryState(one.state), f"短信没有发出去（{one.why}）")
