"""Which days are worked in China: weekends, official holidays and the make-up workdays that pay for them.

The table of chinesecalendar (MIT) follows the State Council's yearly notices (放假安排).  A year's notice appears in the
November before, so the coming year can be missing: its days count as a plain Monday to Friday, and `missing_notice` says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from chinese_calendar import Holiday
from chinese_calendar.constants import holidays, workdays

WEEKEND = "周末"
_SATURDAY = 5
_OCTOBER = 10
_NEW_YEAR_REACHES_BACK = (12, 25)
"""A year's notice also moves the last days of the year before: 29 December 2018 was worked by the notice for 2019.
None has reached further back than 29 December (table of 2004 to 2026); the rest of that week is for safety."""
LOOK_AHEAD_DAYS = 90
"""A deadline that begins today seldom ends later; told earlier, nobody could do anything yet."""
_SHORT = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}


@dataclass(frozen=True)
class Workdays:
    """Days off with the holiday's Chinese name, weekend days that are worked with the holiday they pay for."""

    off: Mapping[date, str]
    worked: Mapping[date, str]
    years: frozenset[int]
    """Years whose notice is in the table."""

    def works(self, day: date) -> bool:
        return day in self.worked or (day.weekday() < _SATURDAY and day not in self.off)

    def why_off(self, day: date) -> str:
        """Name of the holiday, else 周末; only for days that are not worked."""
        return self.off.get(day, WEEKEND)

    def missing_notice(self, day: date) -> int:
        """The year whose notice decides about this day and is not in the table; 0 if none is missing."""
        reached = (day.month, day.day) >= _NEW_YEAR_REACHES_BACK
        deciding = (day.year, day.year + 1) if reached else (day.year,)
        return next((year for year in deciding if year not in self.years), 0)

    def missing_ahead(self, today: date) -> int:
        """The year within the next LOOK_AHEAD_DAYS whose notice is not in the table; 0 if none is missing."""
        years = {today.year, (today + timedelta(days=LOOK_AHEAD_DAYS)).year}
        return min(years - self.years, default=0)


def _named(table: Mapping[date, str]) -> dict[date, str]:
    chinese = {holiday.value: _SHORT.get(holiday.chinese, holiday.chinese) for holiday in Holiday}
    return {day: chinese[name] for day, name in table.items()}


def _years(days: Iterable[date]) -> frozenset[int]:
    """A holiday in October is in every notice; the days around New Year may stem from the neighbour's."""
    return frozenset(day.year for day in days if day.month == _OCTOBER)


OFFICIAL = Workdays(_named(holidays), _named(workdays), _years(holidays))
