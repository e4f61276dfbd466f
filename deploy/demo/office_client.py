"""Calls to the office that outlast a program being started again, and waiting with a reason."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from kiosk.office import Office

T = TypeVar("T")
PATIENCE_S = 40.0


def say(text: str) -> None:
    """Progress for the person watching: standard output is kept for the result."""
    print(text, file=sys.stderr, flush=True)


async def wait_for(ask: Callable[[], Awaitable[T | None]], what: str, seconds: float, every: float = 0.1) -> T:
    """Ask until the answer is true-ish, and return it; raises TimeoutError saying what did not come."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := await ask():
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(every)


async def patiently(office: Office, method: str, path: str, body: Any = None) -> Any:
    """`office.call`, asked again while no program answers."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await office.call(method, path, body)
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
