"""Messages that have arrived and wait for their turn, bounded by bytes.

A socket that is not read answers no ping either, and the sender would think the transcriber dead.  So sound that comes
faster than it is recognised is taken in up to a limit; only beyond it the sender is stopped.
"""

import asyncio
from collections import deque
from collections.abc import MutableMapping
from typing import Any

RawMessage = MutableMapping[str, Any]

INBOX_BYTES = 8 << 20
"""About four minutes of sound."""


class Inbox:
    """First in, first out; one task puts, one gets."""

    def __init__(self, limit: int = INBOX_BYTES) -> None:
        self._limit = limit
        self._messages: deque[RawMessage] = deque()
        self._size = 0
        self._changed = asyncio.Condition()

    async def put(self, message: RawMessage) -> None:
        """Add a message; waits while the inbox is full."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._size < self._limit)
            self._messages.append(message)
            self._size += _size(message)
            self._changed.notify_all()

    async def get(self) -> RawMessage:
        """The oldest message; waits for one."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._messages))
            message = self._messages.popleft()
            self._size -= _size(message)
            self._changed.notify_all()
            return message


def _size(message: RawMessage) -> int:
    return len(message.get("bytes") or message.get("text") or b"") + 64
