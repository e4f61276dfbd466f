"""`jietan kiosk agent` with a fast clock: its timers run FACTOR times as fast, everything else is the real program.

What waits for another program on this computer waits as long as ever: a request for 30 s, a page that lost its connection
for 3 s at least.

    python -m tests.kiosk.hasty_agent FACTOR
"""

import asyncio
import functools
import selectors
import sys
import time
from typing import Any

from kiosk import agent, office
from kiosk.settings import KioskSettings


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

    @staticmethod
    def monotonic() -> float:
        return time.monotonic() * HastySelector.factor


def main() -> None:
    HastySelector.factor = float(sys.argv[1])
    agent.time = HastyTime  # type: ignore[assignment,misc]
    agent.QUIET_S = max(agent.QUIET_S, 3 * HastySelector.factor)
    agent.serve = functools.partial(agent.serve, ping_interval=None, open_timeout=None, close_timeout=None)  # type: ignore[assignment]
    office.TIMEOUT_S *= HastySelector.factor
    with asyncio.Runner(loop_factory=lambda: HastyLoop(HastySelector())) as runner:
        runner.run(agent.Agent(KioskSettings()).run())


if __name__ == "__main__":
    main()
