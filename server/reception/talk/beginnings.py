"""Talks that begin, for the kiosks that wait for just that: they are answered at once instead of asking over and over.

In the web program's memory, and on its event loop only: whoever missed it finds it in the store a moment later.
"""

import asyncio
import contextlib
from collections.abc import Iterator


class Beginnings:
    """One event for each that listens; somebody's talk begins for all of them, and each looks whether it was theirs."""

    def __init__(self) -> None:
        self._listening: set[asyncio.Event] = set()

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Is set when a talk begins."""
        event = asyncio.Event()
        self._listening.add(event)
        try:
            yield event
        finally:
            self._listening.discard(event)

    async def tell(self) -> None:
        """A talk has begun, and stands in the store."""
        for event in self._listening:
            event.set()
