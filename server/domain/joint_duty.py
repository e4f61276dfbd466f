"""联合接访值班: who can be asked into a talk, on which days and at which hours, and whether they sit there or are on call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.clock import OFFICE_ZONE
from server.protocol.base import Role

DAY_MINUTES = 24 * 60
_WEEKDAYS = "一二三四五六日"


class DutyKind(StrEnum):
    """What somebody is asked in for."""

    DEPARTMENT = "department"
    LAWYER = "lawyer"
    MEDIATOR = "mediator"
    INTERPRETER = "interpreter"


DUTY_KIND = {DutyKind.DEPARTMENT: "职能部门", DutyKind.LAWYER: "律师", DutyKind.MEDIATOR: "调解员", DutyKind.INTERPRETER: "翻译"}


class DutyWay(StrEnum):
    """Whether somebody sits at the office in those hours or comes when called."""

    ON_DUTY = "on_duty"
    ON_CALL = "on_call"


DUTY_WAY = {DutyWay.ON_DUTY: "值班", DutyWay.ON_CALL: "听班，叫了就来"}


def role_of(kind: str) -> Role:
    """The part that such a person plays in a talk."""
    return Role.INTERPRETER if kind == DutyKind.INTERPRETER else Role.JOINT


@dataclass(frozen=True)
class Hours:
    """Weekdays (0 is Monday), from which minute of the day to which, and between which days."""

    weekdays: tuple[int, ...]
    begins: int
    ends: int
    first_on: date | None = None
    last_on: date | None = None

    def at(self, moment: datetime) -> bool:
        """Whether this moment lies in these hours, in the office's time zone."""
        local = moment.astimezone(OFFICE_ZONE)
        day, minute = local.date(), local.hour * 60 + local.minute
        begun = self.first_on is None or day >= self.first_on
        over = self.last_on is not None and day > self.last_on
        return begun and not over and day.weekday() in self.weekdays and self.begins <= minute < self.ends

    @property
    def words(self) -> str:
        """E.g. 周一到周五 9:00–17:00，12月1日起."""
        hours = "全天" if (self.begins, self.ends) == (0, DAY_MINUTES) else f"{_minute(self.begins)}–{_minute(self.ends)}"
        limits = [f"{day.month}月{day.day}日{word}" for day, word in ((self.first_on, "起"), (self.last_on, "止")) if day]
        return "，".join([f"{_days(self.weekdays)} {hours}", *limits])


def _minute(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


def _days(weekdays: Sequence[int]) -> str:
    if len(weekdays) == 7:
        return "每天"
    if len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1:
        return f"周{_WEEKDAYS[weekdays[0]]}到周{_WEEKDAYS[weekdays[-1]]}"
    return "周" + "、".join(_WEEKDAYS[one] for one in weekdays)
