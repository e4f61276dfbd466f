"""待办、督办、到期: the lists that somebody works through, what they are called, and what can be done there with several."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from server.domain.states import StaffRole


class Desk(StrEnum):
    """One list of matters that wait for the same thing."""

    ARRIVED = "arrived"
    CAME_BACK = "came_back"
    REQUESTS = "requests"
    OBJECTIONS = "objections"
    EXTENSIONS = "extensions"
    FEEDBACK = "feedback"
    TO_RECEIVE = "to_receive"
    TO_ACCEPT = "to_accept"
    WORKING = "working"
    SENT_BACK = "sent_back"
    UNDELIVERED = "undelivered"
    LATE = "late"
    RECEPTIONS = "receptions"
    ALL_LATE = "all_late"
    REPEATED = "repeated"
    RETURNED = "returned"
    UNCONTACTED = "uncontacted"


class Bulk(StrEnum):
    """What can be done with several matters at once."""

    ASSIGN = "assign"
    RECEIVE = "receive"
    OFFICER = "officer"
    URGE = "urge"


class DueGroup(StrEnum):
    """Parts of 到期."""

    OVERDUE = "overdue"
    TODAY = "today"
    THREE_DAYS = "three_days"
    WEEK = "week"


@dataclass(frozen=True)
class DeskRule:
    """One row of the table."""

    name: str
    waits: str
    """What the matters in it wait for, in one sentence."""
    empty: str
    bulk: tuple[Bulk, ...] = ()


DESKS: Mapping[Desk, DeskRule] = {
    Desk.ARRIVED: DeskRule(
        "新来的", "登记了，还没有甄别、交办。先来的在前。", "没有新来的事。", (Bulk.ASSIGN,)
    ),
    Desk.CAME_BACK: DeskRule(
        "退回来的", "收回来了，还没有重新交办。", "没有退回来等着重新交办的。", (Bulk.ASSIGN,)
    ),
    Desk.REQUESTS: DeskRule("信访人的申请", "信访人在网上申请了复查、复核，还没有收下。先申请的在前。", "没有等着收的申请。"),
    Desk.OBJECTIONS: DeskRule("异议待定", "单位说不归它办，等您定。", "没有单位提异议。"),
    Desk.EXTENSIONS: DeskRule("延期待批", "单位申请延长期限，等您批。", "没有等着批的延期。"),
    Desk.FEEDBACK: DeskRule("反馈待看", "协办、属地单位反馈了。写得不够的，可以退回。", "没有新的反馈。"),
    Desk.TO_RECEIVE: DeskRule(
        "待签收", "交给本单位了，还没有签收。", "没有等着签收的。", (Bulk.RECEIVE, Bulk.OFFICER)
    ),
    Desk.TO_ACCEPT: DeskRule(
        "待受理", "本单位主办，还没有告知信访人受理不受理。", "没有等着受理的。", (Bulk.OFFICER,)
    ),
    Desk.WORKING: DeskRule("正在办", "受理了、或者在协办，还没有答复、反馈。", "手上没有正在办的。", (Bulk.OFFICER,)),
    Desk.SENT_BACK: DeskRule("反馈被退回", "反馈的内容不够，要补。", "没有被退回的反馈。", (Bulk.OFFICER,)),
    Desk.UNDELIVERED: DeskRule("没送达的", "文书出了，还没有送到信访人手里。", "文书都送到了。"),
    Desk.LATE: DeskRule("过期的", "该本单位办的，过了期限。", "没有过期的。"),
    Desk.RECEPTIONS: DeskRule("我的接谈", "您接谈过的，答应的事办得怎么样。", "您还没有接谈过。"),
    Desk.ALL_LATE: DeskRule("过期的", "过了期限的，过得最久的在前。", "没有过期的。", (Bulk.URGE,)),
    Desk.REPEATED: DeskRule("重复信访", "同一个人为同一件事又来，还没有办结。", "没有重复信访。", (Bulk.URGE,)),
    Desk.RETURNED: DeskRule("退回重办", "反馈被退回，单位还没有补上。", "没有退回重办的。", (Bulk.URGE,)),
    Desk.UNCONTACTED: DeskRule("没联系就办结", "办结了，没有人联系过信访人。", "办结的都联系过。"),
}

_UNIT = (Desk.TO_RECEIVE, Desk.TO_ACCEPT, Desk.WORKING, Desk.SENT_BACK)
_OFFICE = (Desk.ARRIVED, Desk.CAME_BACK, Desk.REQUESTS, Desk.OBJECTIONS, Desk.FEEDBACK)
WORK: Mapping[StaffRole, tuple[Desk, ...]] = {
    StaffRole.CLERK: (*_OFFICE, Desk.UNDELIVERED, Desk.LATE, *_UNIT),
    StaffRole.LEADER: (Desk.RECEPTIONS, Desk.EXTENSIONS, *_OFFICE, Desk.UNDELIVERED, Desk.LATE, *_UNIT),
    StaffRole.HANDLER: (*_UNIT, Desk.UNDELIVERED, Desk.LATE),
}
"""Whose desk has which lists.  A unit's leader has the unit's lists beside the office's: either may be empty."""

SUPERVISION = (Desk.ALL_LATE, Desk.REPEATED, Desk.RETURNED, Desk.UNCONTACTED)
SUPERVISORS = (StaffRole.SUPERVISOR, StaffRole.LEADER)
HIDDEN_EMPTY: Mapping[StaffRole, tuple[Desk, ...]] = {
    StaffRole.CLERK: _UNIT,
    StaffRole.LEADER: (*_UNIT, Desk.FEEDBACK, Desk.CAME_BACK),
}
"""Lists that are not shown while nothing is in them: an office that is no unit has nothing to sign for."""

DUE: Mapping[DueGroup, tuple[str, int | None, int]] = {
    DueGroup.OVERDUE: ("已过期", None, -1),
    DueGroup.TODAY: ("今天到期", 0, 0),
    DueGroup.THREE_DAYS: ("3 天内到期", 1, 3),
    DueGroup.WEEK: ("7 天内到期", 4, 7),
}
"""Per part its name and the first and last day, counted from today; no first: everything before."""


def desks_of(role: StaffRole | None) -> tuple[Desk, ...]:
    """The lists that somebody of this role may open."""
    own = WORK.get(role, ()) if role else ()
    return (*own, *SUPERVISION) if role in SUPERVISORS else own


def days_of(group: DueGroup, today: date) -> tuple[date | None, date]:
    """First and last day of a part; None: no first."""
    _name, first, last = DUE[group]
    return None if first is None else today + timedelta(days=first), today + timedelta(days=last)


def basis(article: str, limit: str) -> str:
    """Article and length as they stand in a list: 第二十三条 15 天; the law's own name only where it has no article."""
    return f"{article.partition('》')[2] or article.strip('《》')} {limit}"
