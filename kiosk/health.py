"""How this kiosk is doing: what the office is told of it, and the office's orders to it (server/protocol/health.py)."""

import importlib.metadata
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from kiosk.checking import Checks
from kiosk.events import EventLog
from kiosk.outbox import write_private
from server.protocol.checks import PageIs, PageOrder
from server.protocol.health import Checked, Health, Measured, OrderKind, order_kind

OBEYED = "order-obeyed"
"""File with the name of the last order that was obeyed: a program that was started again by one must not obey it twice."""


class Doing:
    """Kept in memory, but for the last order: a restarted program begins afresh, and the office remembers."""

    def __init__(self, data_dir: Path, checks: Checks) -> None:
        self._data_dir = data_dir
        self._checks = checks
        self._started_at = datetime.now(UTC)
        self._page_seen_at: datetime | None = None
        self._order = ""
        self._obeyed = self._last_obeyed()
        self.obeys: tuple[OrderKind, ...] = ("page", "room")
        """The kinds of orders that somebody here obeys."""
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
            camera=_checked(self._checks.camera, self._checks.camera_measured),
            microphone=_checked(self._checks.microphone, self._checks.microphone_measured),
            devices=_checked(self.devices()),
            page_seen_at=self._page_seen_at,
            restarted=self._obeyed,
            obeys=self.obeys,
            screens=self.screens,
            screens_back=self.screens_back,
            welcome_s=self.welcome_s,
        )

    def page_is_there(self) -> None:
        """It just said so."""
        self._page_seen_at = datetime.now(UTC)

    def ordered(self, order: str) -> None:
        """By the office (ReportAnswer.restart); empty: nothing."""
        self._order = order
        if self.waits("room"):
            self._checks.forget_room()
            self.obeyed()

    def waits(self, *kinds: OrderKind) -> bool:
        """Whether an order of such a kind was not obeyed yet."""
        return bool(self._order) and self._order != self._obeyed and order_kind(self._order) in kinds

    @property
    def order(self) -> OrderKind:
        return order_kind(self._order)

    def obeyed(self) -> None:
        """What was ordered last is done, or is being done.  OSError: that cannot be kept, and it must not be done."""
        write_private(self._data_dir / OBEYED, self._order.encode())
        self._obeyed = self._order

    def _last_obeyed(self) -> str:
        try:
            return (self._data_dir / OBEYED).read_text()[:40]
        except (OSError, UnicodeDecodeError):
            return ""

    def page_asks(self, asked: PageIs) -> PageOrder:
        """The page is there; it opens itself again when it can, and says then that it did."""
        self.page_is_there()
        if asked.restarted:
            self._obeyed = asked.restarted
        return PageOrder(restart=self._order if self.waits("page") else "")


def _checked(last: tuple[datetime, tuple[str, ...]] | None, measured: tuple[Measured, ...] = ()) -> Checked | None:
    return Checked(at=last[0], faults=last[1], measured=measured) if last else None
