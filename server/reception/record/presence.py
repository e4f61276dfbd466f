"""Who has which record's correction page open just now, and on which line.

Kept in the web program's memory: a few seconds later it is of no use, and after a restart every page tells it again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from server.protocol.records import Fellow
from server.store.access import Actor

FORGET_S = 4.0
"""Pages tell it every second."""
TELL_S = 5.0
"""That somebody chooses between two texts is told at least so long: every other page asks meanwhile."""


@dataclass(frozen=True)
class _Place:
    fellow: Fellow
    seen_at: float
    choosing_until: float = 0.0


class Presence:
    """Callable from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: dict[str, dict[int, _Place]] = {}

    def here(self, record_id: str, actor: Actor, line_id: str | None, choosing: str = "") -> tuple[Fellow, ...]:
        """Note that somebody has the record open, at this line, and chooses between two texts of a place; all others who have
        it open, by name."""
        now = self._clock()
        own = actor.user_id or 0
        with self._lock:
            self._forget(now)
            places = self._records.setdefault(record_id, {})
            known = places.get(own)
            until = now + TELL_S if choosing else known.choosing_until if known else 0.0
            if known and not choosing and now < until:
                choosing = known.fellow.choosing
            fellow = Fellow(name=actor.name, role=actor.role or "", line_id=line_id, choosing=choosing)
            places[own] = _Place(fellow, now, until)
            return tuple(sorted((one.fellow for user, one in places.items() if user != own), key=lambda one: one.name))

    def _forget(self, now: float) -> None:
        for record_id, places in list(self._records.items()):
            for user in [user for user, one in places.items() if now - one.seen_at > FORGET_S]:
                del places[user]
            if not places:
                del self._records[record_id]
