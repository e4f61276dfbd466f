"""How long the disk lasts at the rate at which it fills."""

import shutil
from collections.abc import Callable
from pathlib import Path

import structlog
from prometheus_client import Gauge

log = structlog.get_logger(__name__)
SMOOTHED_OVER = 60.0
"""Seconds; one big file that somebody puts there is no rate."""
_free = Gauge("jietan_media_disk_free_bytes", "Free space where recordings go")
_rate = Gauge("jietan_media_disk_filled_bytes_per_second", "How fast that space is being filled, by whomever")
_minutes = Gauge("jietan_media_disk_minutes_left", "Minutes until it is full at this rate; +Inf while nothing fills it")


class Space:
    """The disk that recordings go to, looked at now and then."""

    def __init__(self, folder: Path, reserve: int, minutes: float, written: Callable[[], int]) -> None:
        """`reserve` in bytes and `minutes`: below either it is low.  `written` counts what this process has written."""
        self._folder, self._reserve, self._warn_minutes, self._written = folder, reserve, minutes, written
        self._rate = 0.0
        self._before: tuple[float, int, int] | None = None
        self.free = 0
        self.look(0.0)

    def look(self, now: float) -> None:
        """Measure; `now` is monotonic.  Blocks; a disk that does not answer leaves the last figures."""
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            log.error("free space not known", error=error.errno)
            return
        self.note(now, free, self._written())

    def note(self, now: float, free: int, written: int) -> None:
        """Take one measurement, in bytes.  What others write counts too: it is the same disk."""
        if self._before is not None and now > self._before[0]:
            since, free_then, written_then = self._before
            passed = now - since
            filled = max(written - written_then, free_then - free, 0) / passed
            self._rate += (filled - self._rate) * min(1.0, passed / SMOOTHED_OVER)
        self._before, self.free = (now, free, written), free
        _free.set(free)
        _rate.set(self._rate)
        _minutes.set(float("inf") if self.minutes is None else self.minutes)

    @property
    def minutes(self) -> float | None:
        """Minutes until the disk is full at the present rate; None while hardly anything is written."""
        return self.free / self._rate / 60 if self._rate > 1000 else None

    @property
    def low(self) -> bool:
        """Whether somebody should see to it now, while everything is still being recorded."""
        return self.free < self._reserve or (self.minutes is not None and self.minutes < self._warn_minutes)

    @property
    def words(self) -> str:
        """A Chinese sentence for whoever can do something about it; empty while there is space enough."""
        if not self.low:
            return ""
        left = "" if self.minutes is None else f"，{_lasts(self.minutes)}"
        return f"磁盘空间快满了{left}。录音还在继续，请找管理员。"


def _lasts(minutes: float) -> str:
    """Rounded down, and coarsely while it is much, so that it does not change all the time."""
    if minutes < 1:
        return "一分钟内就会录不下"
    if minutes >= 120:
        return f"大约还能录 {int(minutes / 60)} 小时"
    return f"大约还能录 {int(minutes) if minutes < 10 else int(minutes / 10) * 10} 分钟"
