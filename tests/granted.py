"""Time as this process was given it, for bounds that a test must not lose because the machine was busy elsewhere."""

import threading
import time
from types import TracebackType
from typing import Self

LOOK_S = 0.01
MOST_S = 0.03


class Granted:
    """`with Granted() as granted: ...; assert granted.seconds < 1`: a stretch in which the process got nothing counts as a moment.

    A thread looks at the clock every hundredth of a second.  Where it comes to it later, what the process worked meanwhile
    counts, and nothing more than a moment beside it.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _count(self) -> None:
        before, worked = time.monotonic(), time.process_time()
        while not self._over.wait(LOOK_S):
            now, work = time.monotonic(), time.process_time()
            self.seconds += min(now - before, max(work - worked, MOST_S))
            before, worked = now, work
