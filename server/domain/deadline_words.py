"""A deadline explains itself to a citizen: which article, from when, how counted, what was left out, can it be longer.

The tone is that of somebody at a counter who counts the days on a calendar together with you.
"""

from collections.abc import Iterator
from datetime import date

from server.domain.deadlines import Deadline, Span
from server.domain.limits import PAUSES, in_words
from server.domain.workdays import WEEKEND
from server.protocol.cases import DeadlineView

WEEKDAYS = "一二三四五六日"
_HOW = {"days": "，一天一天数，周末和节假日也算", "working_days": "，周末和法定节假日不算"}
_MOVES_BY = "《民法典》第二百零三条"


def weekday(day: date) -> str:
    return f"星期{WEEKDAYS[day.weekday()]}"


def chinese_day(day: date) -> str:
    """E.g. 2026年6月24日（星期三）."""
    return f"{day.year}年{day.month}月{day.day}日（{weekday(day)}）"


def explain(deadline: Deadline, today: date, *, stored_due: date | None = None, done: bool = False) -> DeadlineView:
    """The deadline as a citizen asks for it; `stored_due` is what was written down when it was set, and holds, but for one
    that stands still: that one moves with every day."""
    due_on, rule = deadline.due_on if deadline.running else stored_due or deadline.due_on, deadline.rule
    return DeadlineView(
        name=rule.name,
        due=due_on.isoformat(),
        weekday=weekday(due_on),
        days_left=(due_on - today).days,
        article=f"{rule.article}；本地定得更紧：{rule.local_source}" if rule.local_source else rule.article,
        starts=f"从{rule.starts}那天算起，就是{chinese_day(deadline.starts_on)}。",
        counted=_counted(deadline),
        left_out=tuple(_left_out(deadline)),
        extension=_extension(deadline),
        notes=tuple(_notes(deadline, due_on)),
        calendar_known=deadline.calendar_known,
        overdue=not done and not rule.lapses and today > due_on,
        stands_still=bool(deadline.running) and not done,
        starts_on=deadline.starts_on.isoformat(),
    )


def _counted(deadline: Deadline) -> str:
    rule = deadline.rule
    still = "，停着的日子不数" if any(span.fate == "paused" for span in deadline.left_out) else ""
    sentences = [
        f"当天不算，从第二天数起，一共 {rule.limit}{_HOW[rule.unit]}{still}，数到{chinese_day(deadline.plain_end)}。",
        _extended(deadline),
        _moved(deadline),
        rule.explanation,
    ]
    return "".join(sentences)


def _extended(deadline: Deadline) -> str:
    given, longer = deadline.extension, deadline.rule.extended_by
    if given is None or longer is None:
        return ""
    more = in_words(given.days, longer.unit)
    return f"{chinese_day(given.approved_on)}批准延长 {more}，接着数，数到{chinese_day(deadline.last_counted)}。"


def _moved(deadline: Deadline) -> str:
    if deadline.due_on == deadline.last_counted:
        return ""
    return f"这一天不上班，照{_MOVES_BY}顺延到上班的第一天，就是{chinese_day(deadline.due_on)}。"


def _left_out(deadline: Deadline) -> Iterator[str]:
    """One sentence for each run of days, in the order of the calendar."""
    told = [(span.first, _span(span)) for span in deadline.left_out]
    told += [(day, f"{chinese_day(day)}是{holiday}的调休上班日，算 1 天。") for day, holiday in deadline.made_up]
    return (sentence for _, sentence in sorted(told))


def _span(span: Span) -> str:
    if span.fate == "paused":
        pause = PAUSES[span.why]
        return f"{_days(span)}{pause.what}，停 {span.days} 天，不算（{pause.basis}）。"
    return f"{_days(span)}是周末，不算。" if span.why == WEEKEND else f"{_days(span)}{span.why}放假，不算。"


def _days(span: Span) -> str:
    if span.days == 1:
        return chinese_day(span.first)
    return f"{chinese_day(span.first)}到{chinese_day(span.last)}"


def _extension(deadline: Deadline) -> str:
    return "已经延长过一次，不能再延。" if deadline.extension else deadline.rule.extension


def _notes(deadline: Deadline, due_on: date) -> Iterator[str]:
    """What may still change about the date, and what was asked for and does not count."""
    if deadline.unknown_years:
        years = "、".join(f"{year}年" for year in deadline.unknown_years)
        yield f"{years}的放假安排这里还没有，先按星期一到星期五上班来数。有了放假安排，这一天可能会变。"
    if deadline.running:
        what = PAUSES[deadline.running].what
        yield f"现在还{what}，期限停着。这是按今天停完算的；再停下去，这一天还会往后。"
    if deadline.late_extension:
        yield f"延长是过了{chinese_day(deadline.plain_end)}才批的，不算数。"
    if due_on != deadline.due_on:
        yield f"现在重数是{chinese_day(deadline.due_on)}，和当时定的不一样，以当时定的为准。"
