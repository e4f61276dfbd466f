"""The one place that reads the clock, so that tests can set it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
"""Every office in China keeps this time; deadlines and printed times are in it."""


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


def today_in_office() -> datetime:
    """The present moment in the office's time zone."""
    return now().astimezone(OFFICE_ZONE)


def today() -> date:
    """The office's day of the present moment."""
    return day_in_office(now())


def day_in_office(moment: datetime) -> date:
    """The office's day of an aware moment: from its midnight on, wherever the server stands; ValueError if naive."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone has no day")
    return moment.astimezone(OFFICE_ZONE).date()


def end_of_day(day: date) -> datetime:
    """The moment this day of the office ends and the next begins, in UTC: a deadline lasts until then."""
    return datetime.combine(day + timedelta(days=1), time(), OFFICE_ZONE).astimezone(UTC)


def set_source(source: Callable[[], datetime] | None) -> None:
    """Tests only: take time from `source`; None goes back to the system's clock."""
    global _source
    _source = source or _system
