"""What a page has in hand, so that one that is opened again goes on with it: what somebody types, in memory only, and how the
sitting stands."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from pydantic import ValidationError

from kiosk.outbox import write_private
from server.protocol.base import Message, Moment
from server.protocol.devices import SittingIs, SittingStood

log = structlog.get_logger(__name__)

KEPT_S = 1800.0
"""Whoever goes without a word is forgotten after so long even if no page comes back."""
SITTING_KEPT = timedelta(minutes=10)
"""Without a word of a page for so long somebody else may stand before the kiosk."""
CLOCK_BACK = timedelta(minutes=-1)
"""So far this computer's clock may have been put back meanwhile."""


class Holding:
    """One text; the next takes its place."""

    def __init__(self) -> None:
        self._text, self._at = "", 0.0

    def hold(self, text: str | None) -> str:
        """Keep a text (empty: forget; None: only ask); what is kept now."""
        now = time.monotonic()
        if text is not None:
            self._text, self._at = text, now
        elif now - self._at > KEPT_S:
            self._text = ""
        return self._text


class _Noted(Message):
    at: Moment
    sitting: SittingStood


class LastSitting:
    """How the sitting at this kiosk stands; on the disk, because a power cut takes the line with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.told()

    def keep(self, sitting: SittingStood | None) -> None:
        """None: nobody sits here any more."""
        try:
            if sitting is None:
                self._path.unlink(missing_ok=True)
            else:
                write_private(self._path, _Noted(at=datetime.now(UTC), sitting=sitting).model_dump_json().encode())
        except OSError as error:
            log.warning("how the sitting stands is not kept", kind=type(error).__name__)

    def told(self) -> SittingIs:
        """What is kept; what is too old is deleted."""
        try:
            noted = _Noted.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return SittingIs()
        except (OSError, ValidationError):
            self.keep(None)
            return SittingIs()
        age = datetime.now(UTC) - noted.at
        if not CLOCK_BACK < age < SITTING_KEPT:
            self.keep(None)
            return SittingIs()
        return SittingIs(sitting=noted.sitting, for_s=min(SITTING_KEPT, SITTING_KEPT - age).total_seconds())
