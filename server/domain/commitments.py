"""领导答复 that were confirmed: what becomes of one, until when it is due, and when it counts as kept."""

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from server.domain.figures import INDICATORS, Definition
from server.domain.workdays import OFFICIAL
from server.protocol.numbers import NUMERAL, parse

RULE = "promise"
"""Of limits.toml: the deadline that a promise gets once its matter is a case."""
LATEST_DAYS = 730
"""Nothing is promised for later than that; a year that was mistyped is."""


class CommitmentState(StrEnum):
    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"


STATE_WORDS: Mapping[CommitmentState, str] = {
    CommitmentState.OPEN: "正在办",
    CommitmentState.DONE: "办成了",
    CommitmentState.WITHDRAWN: "办不成，已说明",
}
PROMISES_KEPT = Definition(
    "领导答复按时办成率", "在答应的日子以前办成的", "答应的日子到了的，到了日子才收回的也算", "答应的那天", INDICATORS,
)  # fmt: skip


def due_of(words: str, said_on: date) -> date | None:
    """The day that 一周内, 五个工作日内, 下周五以前 or 6月18日前 mean when they are said; None where it is not certain.

    A day that is over by then is none: 6月18日前 said in November is next year's.
    """
    for pattern, day in _FORMS:
        if (found := pattern.search(words)) is not None:
            try:
                due = day(found, said_on)
            except (ValueError, OverflowError):
                return None
            return due if due is not None and said_on <= due <= said_on + timedelta(days=LATEST_DAYS) else None
    return None


_UNTIL = re.compile(r"[^，。；、]{1,10}?(?:[之以]?内|(?<![天周月年])(?<![天周月年][之以])[之以]?前)(?!的)")
"""三天前 is over: only a day is followed by 前."""


def due_within(words: str, said_on: date) -> date | None:
    """The same of a sentence that says what is to be done: 十天以内把结果送到家."""
    days = (due_of(found[0], said_on) for found in _UNTIL.finditer(words))
    return next((day for day in days if day is not None), None)


Form = Callable[[re.Match[str], date], date | None]


def _number(words: str) -> int:
    found = parse(words)
    if found is None:
        raise ValueError(words)
    return found


def _working_days(found: re.Match[str], said_on: date) -> date:
    left, day = min(_number(found[1]), LATEST_DAYS), said_on
    while left > 0:
        day += timedelta(days=1)
        left -= OFFICIAL.works(day)
    return day


def _after(days: int) -> Form:
    return lambda found, said_on: said_on + timedelta(days=days * (_number(found[1]) if found.re.groups else 1))


def _months(found: re.Match[str], said_on: date) -> date:
    month = said_on.month - 1 + _number(found[1])
    year, month = said_on.year + month // 12, month % 12 + 1
    return date(year, month, min(said_on.day, calendar.monthrange(year, month)[1]))


def _weekday(found: re.Match[str], said_on: date) -> date:
    monday = said_on - timedelta(days=said_on.weekday())
    day = monday + timedelta(days="一二三四五六日天".index(found[2]) % 8)
    day -= timedelta(days=1 if found[2] == "天" else 0)
    return day + timedelta(days=7 * found[1].count("下"))


def _of_year(found: re.Match[str], said_on: date) -> date:
    day = date(said_on.year, _number(found[1]), _number(found[2]))
    return day if day >= said_on else day.replace(year=said_on.year + 1)


def _of_month(found: re.Match[str], said_on: date) -> date:
    day = said_on.replace(day=_number(found[1]))
    return day if day >= said_on else _next_month(said_on).replace(day=day.day)


def _next_month(day: date) -> date:
    """Its first day."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _month_end(found: re.Match[str], said_on: date) -> date:
    first = _next_month(said_on) if "下" in found[0] else said_on.replace(day=1)
    return _next_month(first) - timedelta(days=1)


_FORMS: tuple[tuple[re.Pattern[str], Form], ...] = tuple(
    (re.compile(pattern), day)
    for pattern, day in (
        (rf"({NUMERAL})\s*个?工作日", _working_days),
        (r"半个?月", _after(15)),
        (rf"({NUMERAL})\s*个?月[之以]?内", _months),
        (rf"({NUMERAL})\s*个?(?:周|星期|礼拜)(?![一二三四五六日天])", _after(7)),
        (rf"({NUMERAL})\s*月\s*({NUMERAL})\s*[日号]", _of_year),
        (rf"({NUMERAL})\s*(?:天|日[之以]?内)", _after(1)),
        (r"(这|本|下{0,2})个?(?:周|星期|礼拜)([一二三四五六日天])", _weekday),
        (r"(?:下个?|这个|本)?月底", _month_end),
        (r"(?:今年)?年底", lambda found, said_on: date(said_on.year, 12, 31)),
        (rf"({NUMERAL})\s*[日号]", _of_month),
        (r"大后天", _after(3)),
        (r"后天", _after(2)),
        (r"明天|明日", _after(1)),
        (r"今天|今日|当天|当场", _after(0)),
    )
)


_TOWNSHIP = re.compile(r"^[你咱我]?们?(镇|乡|街道)(政府|里|上|办|办事处)?$")
"""A township without its name: the one where people sit and talk."""


def unit_of(words: str, units: Mapping[int, str], own: int | None = None) -> int | None:
    """The organization that 镇政府 or 住建局 means: the township where the talk is (`own`) if it is one, else the only one
    whose name ends with or holds these words."""
    if (township := _TOWNSHIP.match(words.strip())) is not None and own is not None:
        here, level, _ = units[own].partition(township[1])
        governments = [one for one, name in units.items() if level and name in (f"{here}{level}人民政府", f"{here}{level}政府", f"{here}{level}")]
        if level:
            return governments[0] if governments else own
    said = words.strip().removeprefix("县").removeprefix("市")
    if len(said) < 2:
        return None
    for fits in (str.__eq__, str.endswith, str.__contains__):
        found = [one for one, name in units.items() if fits(name, words.strip()) or fits(name, said)]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


def late(state: str, due_on: date, today: date) -> bool:
    """Whether it is open after its day."""
    return state == CommitmentState.OPEN and due_on < today
