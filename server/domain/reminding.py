"""When whom is to be reminded of a deadline: before its day, on it and after it, escalating to supervisor and leader.

Pure: days in, stages out.  Of what one audience missed while the program was down only the furthest stage is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from server.domain.deadline_words import chinese_day
from server.domain.states import NoticeKind


class Audience(StrEnum):
    UNIT = "unit"
    SUPERVISOR = "supervisor"
    LEADER = "leader"


@dataclass(frozen=True)
class Stage:
    """One reminder of a deadline."""

    name: str
    """Kept, so that it is given once for each day that the deadline has had."""
    audience: Audience
    kind: NoticeKind
    offset: int
    """Days after the deadline's day; negative: before."""


@dataclass(frozen=True)
class Plan:
    """The office's settings: remind_before_days and remind_late_days."""

    before: Sequence[int]
    late: Sequence[int]

    def stages(self, lapses: bool) -> list[Stage]:
        """In the order of their days; of a limit that merely lapses nobody is late."""
        found = [Stage(f"before-{days}", Audience.UNIT, NoticeKind.BEFORE, -days) for days in self.before]
        if lapses:
            return found
        supervisor, leader = self.late
        return [
            *found,
            Stage("due", Audience.UNIT, NoticeKind.DUE, 0),
            Stage("late", Audience.UNIT, NoticeKind.LATE, supervisor),
            Stage("late-supervisor", Audience.SUPERVISOR, NoticeKind.LATE, supervisor),
            Stage("late-leader", Audience.LEADER, NoticeKind.LATE, leader),
        ]


def reached(plan: Plan, due_on: date, today: date, lapses: bool) -> list[Stage]:
    """For each audience the furthest stage that its day has come for; of what lapsed nobody is reminded any more."""
    if lapses and today > due_on:
        return []
    gone = (today - due_on).days
    furthest = {one.audience: one for one in plan.stages(lapses) if one.offset <= gone}
    return list(furthest.values())


def next_look(plan: Plan, due_on: date, today: date, lapses: bool) -> date | None:
    """The day of the next stage; None: there is none."""
    gone = (today - due_on).days
    ahead = [one.offset for one in plan.stages(lapses) if one.offset > gone]
    return due_on + timedelta(days=min(ahead)) if ahead else None


def words(case_no: str, name: str, due_on: date, today: date, unit: str = "") -> str:
    """What is told today; `unit`: whose duty it is, for those who are not of it."""
    left, whose = (due_on - today).days, f"（{unit}）" if unit else ""
    if left > 0:
        return f"{case_no} “{name}”{whose}还有 {left} 天到期，最后一天是{chinese_day(due_on)}。"
    if left == 0:
        return f"{case_no} “{name}”{whose}今天到期。"
    return f"{case_no} “{name}”{whose}过期 {-left} 天了，应当在{chinese_day(due_on)}前办完。"


def promise_words(number: str, leader: str, due_on: date, today: date) -> str:
    """What is told of a promise whose record is not filed yet; what was promised stands on the ledger, for those who may read it."""
    left = (due_on - today).days
    when = f"还有 {left} 天到期" if left > 0 else "今天到期" if left == 0 else f"过期 {-left} 天了"
    return f"{leader}在 {number} 那场接谈里答应的一件事{when}，最后一天是{chinese_day(due_on)}。笔录还没有归档，承办单位还没有正式收到，请到“领导承诺台账”看是哪一件。"
