"""How long a test waits for what another thread, program or page does: only one that fails waits as long."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 60.0
PATIENCE_MS = round(PATIENCE_S * 1000)


async def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> None:
    """Wait for something, and say what did not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"did not happen within {seconds} s: {what}"
        await asyncio.sleep(0.01)
