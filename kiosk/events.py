"""What happened to this program, for the office's administrator: codes, numbers and times of our own, never a word of
anybody.  Bounded, kept through restarts, sent with the next report (server/protocol/health.py)."""

import contextlib
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import Field, ValidationError

from kiosk.outbox import write_private
from server.protocol.base import Message
from server.protocol.health import MOST_EVENTS, Event, EventCode

log = structlog.get_logger(__name__)

MOST_KEPT = 200
_NO_CODE = re.compile(r"[^a-z0-9_.-]")


class _Kept(Message):
    """events.json."""

    log: str
    next: int = 1
    events: tuple[Event, ...] = Field((), max_length=MOST_KEPT)


class EventLog:
    """Those that the office does not have yet, oldest first; the oldest go when there are too many."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = self._read()

    def _read(self) -> _Kept:
        with contextlib.suppress(OSError, ValidationError):
            return _Kept.model_validate_json(self._path.read_bytes())
        return _Kept(log=secrets.token_hex(8))

    @property
    def name(self) -> str:
        """Of this log: its numbers are its own."""
        return self._kept.log

    def add(self, code: EventCode, what: str = "") -> None:
        """The same once more only counts."""
        what = _NO_CODE.sub("_", what.lower())[:64]
        log.info("event", code=code, what=what)
        events, number, now = self._kept.events, self._kept.next, datetime.now(UTC)
        last = events[-1] if events else None
        if last is not None and (last.code, last.what) == (code, what):
            events = (*events[:-1], last.model_copy(update={"number": number, "at": now, "count": last.count + 1}))
        else:
            events = (*events, Event(number=number, at=now, code=code, what=what))[-MOST_KEPT:]
        self._keep(self._kept.model_copy(update={"events": events, "next": number + 1}))

    def unsent(self) -> tuple[Event, ...]:
        """For one report."""
        return self._kept.events[:MOST_EVENTS]

    def sent(self, number: int) -> None:
        """The office has all up to this one."""
        left = tuple(event for event in self._kept.events if event.number > number)
        if len(left) < len(self._kept.events):
            self._keep(self._kept.model_copy(update={"events": left}))

    def _keep(self, kept: _Kept) -> None:
        self._kept = kept
        try:
            write_private(self._path, kept.model_dump_json().encode())
        except OSError as error:
            log.warning("events not kept", error=type(error).__name__)
