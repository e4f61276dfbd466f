"""How this kiosk is doing: what the office is told of it, and the office's orders to its page (server/protocol/health.py)."""

import importlib.metadata
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from kiosk.checking import Checks
from kiosk.events import EventLog
from server.protocol.checks import PageIs, PageOrder
from server.protocol.health import Checked, Health


class Doing:
    """Kept in memory only: a restarted program begins afresh, and the office remembers."""

    def __init__(self, data_dir: Path, checks: Checks) -> None:
        self._data_dir = data_dir
        self._checks = checks
        self._started_at = datetime.now(UTC)
        self._page_seen_at: datetime | None = None
        self._order = ""
        self._obeyed = ""
        self.events = EventLog(data_dir / "events.json")
        self.screens = ""
        """Version that is shown."""
        self.screens_back = ""
        self.welcome_s: float | None = None
        self.devices: Callable[[], tuple[datetime, tuple[str, ...]] | None] = lambda: None
        """When the devices were last looked at, and what was wrong."""

    def told(self) -> Health:
        """OSError: the disk cannot be asked."""
        return Health(
            version=importlib.metadata.version("jietan"),
            started_at=self._started_at,
            disk_free=shutil.disk_usage(self._data_dir).free,
            camera=_checked(self._checks.camera),
            microphone=_checked(self._checks.microphone),
            devices=_checked(self.devices()),
            page_seen_at=self._page_seen_at,
            restarted=self._obeyed,
            screens=self.screens,
            screens_back=self.screens_back,
            welcome_s=self.welcome_s,
        )

    def page_is_there(self) -> None:
        """It just said so."""
        self._page_seen_at = datetime.now(UTC)

    def ordered(self, restart: str) -> None:
        """The page is to be opened again; empty: it is not."""
        self._order = restart

    def page_asks(self, asked: PageIs) -> PageOrder:
        """The page is there; it opens itself again when it can, and says then that it did."""
        self.page_is_there()
        if asked.restarted:
            self._obeyed = asked.restarted
        return PageOrder(restart="" if self._order == self._obeyed else self._order)


def _checked(last: tuple[datetime, tuple[str, ...]] | None) -> Checked | None:
    return Checked(at=last[0], faults=last[1]) if last else None
