"""Days that figures are counted over, under short names: 2026-06-09, 2026-W24, 2026-06, 2026-Q2, 2026-H1, 2026."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["day", "week", "month", "quarter", "half", "year"]

_ONE = timedelta(days=1)
_MONTHS: dict[Kind, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_SHAPES: tuple[tuple[Kind, str], ...] = (
    ("day", r"(\d{4})-(\d\d)-(\d\d)"),
    ("week", r"(\d{4})-W(\d\d)"),
    ("quarter", r"(\d{4})-Q([1-4])"),
    ("half", r"(\d{4})-H([12])"),
    ("month", r"(\d{4})-(\d\d)"),
    ("year", r"(\d{4})"),
)
FIRST_YEAR, LAST_YEAR = 2000, 2199
HALVES = {1: "上", 2: "下"}


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both included."""

    kind: Kind
    first: date
    last: date

    @property
    def key(self) -> str:
        """The short name; `parse` reads it."""
        year, month = self.first.year, self.first.month
        if self.kind == "day":
            return self.first.isoformat()
        if self.kind == "week":
            iso = self.first.isocalendar()
            return f"{iso.year}-W{iso.week:02}"
        part = {"month": f"-{month:02}", "quarter": f"-Q{(month + 2) // 3}", "half": f"-H{1 if month == 1 else 2}"}
        return f"{year}{part.get(self.kind, '')}"

    @property
    def words(self) -> str:
        """As the office says it: 2026 年上半年."""
        year, month = self.first.year, self.first.month
        if self.kind == "day":
            return f"{year} 年 {month} 月 {self.first.day} 日"
        if self.kind == "week":
            iso = self.first.isocalendar()
            return f"{iso.year} 年第 {iso.week} 周"
        part = {"month": f" {month} 月", "quarter": f"第 {(month + 2) // 3} 季度", "half": f"{HALVES[1 if month == 1 else 2]}半年"}
        return f"{year} 年{part.get(self.kind, '')}"

    @property
    def span(self) -> str:
        """Its days in words."""
        first, last = self.first, self.last
        begin = f"{first.year} 年 {first.month} 月 {first.day} 日"
        if first == last:
            return begin
        year = "" if first.year == last.year else f"{last.year} 年 "
        return f"{begin}至 {year}{last.month} 月 {last.day} 日"

    def before(self) -> "Period":
        """The period before this one."""
        return of(self.kind, self.first - _ONE)

    def a_year_before(self) -> "Period":
        """The same period of last year; of a week, the one 52 weeks before."""
        if self.kind == "week":
            return of("week", self.first - timedelta(weeks=52))
        day = 28 if (self.first.month, self.first.day) == (2, 29) else self.first.day
        return of(self.kind, self.first.replace(year=self.first.year - 1, day=day))

    def months(self) -> list["Period"]:
        """The months that it touches, in order; one month for a day or a week."""
        found = [of("month", self.first)]
        while self.kind not in ("day", "week") and found[-1].last < self.last:
            found.append(of("month", found[-1].last + _ONE))
        return found


def of(kind: Kind, day: date) -> Period:
    """The period of this kind that a day is in."""
    if kind == "day":
        return Period(kind, day, day)
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(kind, monday, monday + timedelta(days=6))
    months = _MONTHS[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(kind, first, _plus_months(first, months) - _ONE)


def _plus_months(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def parse(key: str) -> Period:
    """The period of that short name; ValueError where there is none."""
    for kind, shape in _SHAPES:
        if found := re.fullmatch(shape, key, re.ASCII):
            numbers = [int(part) for part in found.groups()]
            if not FIRST_YEAR <= numbers[0] <= LAST_YEAR:
                break
            return of(kind, _first_day(kind, numbers))
    raise ValueError(f"no such period: {key[:20]}")


def _first_day(kind: Kind, numbers: list[int]) -> date:
    if kind == "day":
        return date(*numbers)
    if kind == "week":
        return date.fromisocalendar(numbers[0], numbers[1], 1)
    return date(numbers[0], (numbers[1] - 1) * _MONTHS[kind] + 1 if len(numbers) > 1 else 1, 1)


def over(kind: Kind, today: date, how_many: int) -> Iterator[Period]:
    """The last periods of this kind that are over, the newest first."""
    found = of(kind, today)
    for _ in range(how_many):
        found = found.before()
        yield found
