"""`jietan kiosk agent` with a fast clock: its timers run FACTOR times as fast, everything else is the real program.

What waits for another program on this computer waits as long as ever: a request for 30 s, a page that lost its connection
for two minutes.  The number in the file MINUTES says how often so long has passed at one stroke, because nobody was there.

    python -m tests.kiosk.hasty_agent FACTOR MINUTES
"""

import asyncio
import contextlib
import functools
import selectors
import sys
import time
from pathlib import Path
from typing import Any

from kiosk import agent, office
from kiosk.settings import KioskSettings

QUIET_S = 120.0


class HastySelector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Waits a FACTORth of the time that it is told to."""

    factor = 1.0

    def select(self, timeout: float | None = None) -> Any:
        return super().select(timeout / self.factor if timeout else timeout)


class HastyLoop(asyncio.SelectorEventLoop):
    """A loop whose clock runs fast."""

    def time(self) -> float:
        return time.monotonic() * HastySelector.factor


class HastyTime:
    """What the agent reads instead of `time`."""

    minutes = Path()

    @classmethod
    def monotonic(cls) -> float:
        passed = 0
        with contextlib.suppress(OSError, ValueError):
            passed = int(cls.minutes.read_text())
        return (time.monotonic() + passed * QUIET_S) * HastySelector.factor


def main() -> None:
    HastySelector.factor = float(sys.argv[1])
    HastyTime.minutes = Path(sys.argv[2])
    agent.time = HastyTime  # type: ignore[assignment,misc]
    agent.QUIET_S = QUIET_S * HastySelector.factor
    agent.serve = functools.partial(agent.serve, ping_interval=None, open_timeout=None, close_timeout=10 * HastySelector.factor)  # type: ignore[assignment]
    office.TIMEOUT_S *= HastySelector.factor
    with asyncio.Runner(loop_factory=lambda: HastyLoop(HastySelector())) as runner:
        runner.run(agent.Agent(KioskSettings()).run())


if __name__ == "__main__":
    main()
