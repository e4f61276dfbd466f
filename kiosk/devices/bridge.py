"""A device behind its maker's own program: one line of JSON asked over 127.0.0.1, one line answered (README.md beside this)."""

import asyncio
import contextlib
import json
from typing import Any

import structlog

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
CONNECT_S = 2.0
GRACE_S = 3.0
"""A bridge that was asked to wait for something answers so much later at the latest."""
LONGEST_LINE = 65_536


class NoBridge(Exception):
    """Nobody listens there, or what came was no answer: the device counts as unplugged."""


class Bridge:
    """One bridge program.  Every question is a connection of its own, so that one that was left half-way spoils no other."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def ask(self, question: dict[str, Any], wait_s: float = 0) -> dict[str, Any]:
        """The answer, a JSON object; `wait_s`: how long the bridge may wait for somebody.  Raises NoBridge."""
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(HOST, self._port, limit=LONGEST_LINE)
        except (OSError, TimeoutError) as error:
            raise NoBridge from error
        try:
            async with asyncio.timeout(wait_s + GRACE_S):
                writer.write(json.dumps(question).encode() + b"\n")
                await writer.drain()
                return _object(await reader.readline())
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: a line without end, no UTF-8, no JSON
            log.warning("a device's bridge gave no answer", port=self._port, kind=type(error).__name__)
            raise NoBridge from error
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _object(line: bytes) -> dict[str, Any]:
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found
