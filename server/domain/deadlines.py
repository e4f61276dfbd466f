"""The time limits of the work, one row of data each, and how to count them.

Source: 信访工作条例 (in force 2022-05-01) and 信访事项简易办理办法; an office's lawyer can check and change a
row without touching the code below it.  Days are calendar days unless a row says working days; the day of the
starting event is not counted (民法典 art. 201).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from chinese_calendar import is_workday

from server.protocol.office import DeadlineView

Unit = Literal["days", "working_days"]
WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Rule:
    """One time limit.  `starts` names the starting event as in terms of the regulation."""

    id: str
    name: str
    value: int
    unit: Unit
    article: str
    starts: str
    explanation: str
    extension: str


NOT_EXTENDED = "这一步不能延长。"

RULES = {
    rule.id: rule
    for rule in (
        Rule(
            "register_and_refer", "登记并转送、交办", 15, "days", "《信访工作条例》第二十二条", "收到信访事项",
            "信访局要在 15 天里登记好，并转给该办的单位。", NOT_EXTENDED,
        ),
        Rule(
            "notify_acceptance", "告知是否受理", 15, "days", "《信访工作条例》第二十三条", "办理单位收到信访事项",
            "能当场答复的当场答复，不能的，15 天里书面告诉您受理不受理、怎么办。", NOT_EXTENDED,
        ),
        Rule(
            "object_to_assignment", "对交办提出异议", 5, "working_days", "《信访工作条例》第二十三条", "收到转送、交办",
            "单位觉得不归自己管，要在 5 个工作日里提出来。", NOT_EXTENDED,
        ),
        Rule(
            "conclude", "办结", 60, "days", "《信访工作条例》第三十四条", "受理",
            "受理以后 60 天里要办完，给您书面的处理意见。",
            "情况复杂的，经单位负责人批准可以延长一次，最多 30 天，并且要把原因告诉您。",
        ),
        Rule(
            "extended_conclude", "延长期满办结", 30, "days", "《信访工作条例》第三十四条", "原来的期限届满",
            "批准延长以后，最多再有 30 天。", "只能延长一次。",
        ),
        Rule(
            "request_review", "申请复查", 30, "days", "《信访工作条例》第三十五条", "收到书面答复",
            "对处理意见不服，收到答复 30 天里可以申请复查。", NOT_EXTENDED,
        ),
        Rule(
            "review", "复查意见", 30, "days", "《信访工作条例》第三十五条", "收到复查请求",
            "复查机关 30 天里给出复查意见。", NOT_EXTENDED,
        ),
        Rule(
            "request_reexamination", "申请复核", 30, "days", "《信访工作条例》第三十六条", "收到复查意见",
            "对复查意见不服，30 天里可以申请复核。", NOT_EXTENDED,
        ),
        Rule(
            "reexamination", "复核意见", 30, "days", "《信访工作条例》第三十六条", "收到复核请求",
            "复核机关 30 天里给出复核意见，听证用的时间不算在内。", NOT_EXTENDED,
        ),
        Rule(
            "simple_accept", "简易办理决定受理", 3, "working_days", "《信访事项简易办理办法》", "收到信访事项",
            "简易办理的，3 个工作日里决定受理不受理。", NOT_EXTENDED,
        ),
        Rule(
            "simple_conclude", "简易办理答复", 10, "working_days", "《信访事项简易办理办法》", "受理",
            "简易办理的，10 个工作日里答复。", NOT_EXTENDED,
        ),
    )
}

FIRST_RULE = "register_and_refer"


def due_date(rule: Rule, starts_on: date) -> date:
    """The last day of the limit: the starting day itself does not count."""
    if rule.unit == "days":
        return starts_on + timedelta(days=rule.value)
    day, left = starts_on, rule.value
    while left:
        day += timedelta(days=1)
        left -= _works(day)
    return day


def _works(day: date) -> bool:
    """A working day; years that the holiday calendar does not know yet count Monday to Friday."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def chinese_day(day: date) -> str:
    """E.g. 2026年6月24日（星期三）."""
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def explain(rule: Rule, starts_on: date, due_on: date, today: date, *, done: bool = False) -> DeadlineView:
    """The deadline as the four questions a citizen asks: which article, from when, how counted, can it be longer."""
    unit = "天，一天一天数，周末和节假日也算" if rule.unit == "days" else "个工作日，周末和法定节假日不算"
    return DeadlineView(
        name=rule.name,
        due=due_on.isoformat(),
        weekday=f"星期{WEEKDAYS[due_on.weekday()]}",
        days_left=(due_on - today).days,
        article=rule.article,
        starts=f"从{rule.starts}那天算起，就是{chinese_day(starts_on)}。",
        counted=f"当天不算，从第二天数起，一共 {rule.value} {unit}，数到{chinese_day(due_on)}。{rule.explanation}",
        extension=rule.extension,
        overdue=not done and today > due_on,
    )
