"""接访日: kinds of days, their times, how often a level's leaders owe one, and who has met that."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args

from server.clock import OFFICE_ZONE
from server.domain import periods
from server.domain.states import Channel, OrganizationLevel

_TABLE = Path(__file__).parent / "data" / "reception_days.toml"
SHOWN_FOR = timedelta(weeks=4)
"""How far ahead the public schedule goes."""
PLANNED_FOR = timedelta(days=366)
DAY_MINUTES = 24 * 60
DutyPeriod = Literal["month", "quarter", "half", "year"]
MONTHS: Mapping[DutyPeriod, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
PERIOD_WORDS: Mapping[DutyPeriod, str] = {"month": "每月", "quarter": "每季度", "half": "每半年", "year": "每年"}


class DayKind(StrEnum):
    """How a leader receives people on a day."""

    VIDEO = "video"
    ON_SITE = "on_site"
    VILLAGE = "village"
    APPOINTED = "appointed"


DAY_KIND = {DayKind.VIDEO: "远程视频", DayKind.ON_SITE: "现场接访", DayKind.VILLAGE: "下访", DayKind.APPOINTED: "约访"}
PUBLIC_KINDS = (DayKind.VIDEO, DayKind.ON_SITE, DayKind.VILLAGE)
"""约访 is on the office's own initiative: it asks the people, nobody books it."""


class DayState(StrEnum):
    """Where a reception day stands."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


DAY_STATE = {DayState.PLANNED: "排了", DayState.HELD: "接了", DayState.CANCELLED: "取消了"}


def channel_of(kind: str) -> Channel:
    """What a talk on such a day counts as: only what was by video is a reception by video."""
    return Channel.VIDEO if kind == DayKind.VIDEO else Channel.ON_SITE


def in_words(minute: int) -> str:
    """A minute of the day as the office writes it: 570 → 9:30."""
    return f"{minute // 60}:{minute % 60:02d}"


def moment_of(day: date, minute: int) -> datetime:
    """The moment at which a minute of an office's day comes, aware."""
    return datetime.combine(day, time(minute // 60, minute % 60), OFFICE_ZONE)


@dataclass(frozen=True)
class Hours:
    """When a day's slots are; minutes of the office's day."""

    begins: int
    slot_minutes: int
    slots: int

    @property
    def ends(self) -> int:
        return self.begins + self.slots * self.slot_minutes

    def start(self, number: int) -> str:
        """When slot `number` (from 0) begins: 9:30."""
        return in_words(self.begins + number * self.slot_minutes)

    def slot(self, number: int) -> str:
        """From when to when slot `number` is: 9:30–10:00."""
        return f"{self.start(number)}–{self.start(number + 1)}"

    def starts(self, day: date, number: int) -> datetime:
        return moment_of(day, self.begins + number * self.slot_minutes)

    def free(self, day: date, taken: Collection[int], now: datetime) -> tuple[int, ...]:
        """Slots that nobody has and that have not begun."""
        return tuple(n for n in range(self.slots) if n not in taken and self.starts(day, n) > now)


def day_problem(day: date, hours: Hours, today: date) -> str:
    """Why a day cannot be entered, in a Chinese sentence; empty where it can."""
    if day < today:
        return "接访日不能排在今天以前。"
    if day > today + PLANNED_FOR:
        return "最多排到一年以后。"
    if hours.ends > DAY_MINUTES:
        return f"{hours.slots} 段、每段 {hours.slot_minutes} 分钟，从 {in_words(hours.begins)} 起会排到第二天，请少排几段。"
    return ""


# --- how often ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Duty:
    """How often each leader of an organization receives; `times` 0: at any time, nothing is counted."""

    words: str
    source: str
    times: int = 0
    period: DutyPeriod = "month"

    def __post_init__(self) -> None:
        if self.period not in get_args(DutyPeriod) or type(self.times) is not int or self.times < 0:
            raise ValueError("reception_days.toml: times is a whole number from 0, period one of month, quarter, half, year")

    def period_of(self, day: date) -> periods.Period:
        """The period that a day is counted in."""
        return periods.of(self.period, day)

    def missing(self, days: int) -> int:
        """How many days are still owed after so many."""
        return max(0, self.times - days)


def duty_words(times: int, period: DutyPeriod) -> str:
    return f"{PERIOD_WORDS[period]}至少 {times} 天"


def read(table: Mapping[str, Any]) -> dict[str, Duty]:
    """Duties by level; ValueError names what is wrong with the table."""
    try:
        return {OrganizationLevel(name).value: Duty(**row) for name, row in table["level"].items()}
    except (KeyError, TypeError) as error:
        raise ValueError(f"reception_days.toml: {error}") from None


DUTIES = read(tomllib.loads(_TABLE.read_text("utf-8")))


def stricter_problem(level: str, times: int, period: DutyPeriod, source: str) -> str:
    """Why an organization cannot set this for itself; empty where it can: as often as the rule in each of its periods, or more."""
    if not source.strip():
        return "请写明依据本地哪个文件。"
    law = DUTIES.get(level)
    if law is None or not law.times:
        return ""
    if MONTHS[period] > MONTHS[law.period] or times * MONTHS[law.period] < law.times * MONTHS[period]:
        return f"规定是{law.words}，本地只能更严，不能比它少。"
    return ""
