"""The one place that reads the clock, so that tests can set it."""

from collections.abc import Callable
from datetime import UTC, datetime
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


def set_source(source: Callable[[], datetime] | None) -> None:
    """Tests only: take time from `source`; None goes back to the system's clock."""
    global _source
    _source = source or _system
