"""Whether the office or its media node can be reached again, asked by a fresh connection every tenth of a second.

What a dead line swallowed a system sends again after 1, 3, 7 and 15 s (RFC 6298 section 5), and a browser gives who asks anew a connection
that it is trying already: after a line had been away for a minute, none of a page's requests came through in the first 0.6 s,
and its socket was open 0.6 to 1.6 s late (make chaos, gone_60).
"""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

EVERY_S = 0.1
EACH_S = 1.0
"""Longer than an answer takes from far away."""
LASTS_S = 8.0
"""For one question of the page."""
PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443}

Place = tuple[socket.AddressFamily, str, int]


class Reaching:
    """Where offices and nodes were, so that they are known by their number when no name is answered; and whether they are there."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], list[Place]] = {}

    async def reached(self, address: str, within: float = LASTS_S) -> bool:
        """Whether somebody at this address takes a connection within so many seconds.  Raises ValueError for an address that is
        none."""
        parts = urlsplit(address)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("no address")
        host, port = parts.hostname, parts.port or PORTS[parts.scheme]
        with suppress(TimeoutError):
            async with asyncio.timeout(within), asyncio.TaskGroup() as group:
                there = asyncio.Event()
                looking = group.create_task(self._find(host, port))
                knocking = group.create_task(self._knock((host, port), there))
                await there.wait()
                looking.cancel()
                knocking.cancel()
            return True
        return False

    async def _find(self, host: str, port: int) -> None:
        """One question for the name at a time: it may stay without an answer for long."""
        while True:
            with suppress(OSError):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
                self._known[host, port] = [(family, *place[:2]) for family, _, _, _, place in found]
                return
            await asyncio.sleep(EVERY_S)

    async def _knock(self, node: tuple[str, int], there: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            while not there.is_set():
                for family, host, port in self._known.get(node, ()):
                    group.create_task(_try(family, host, port, there))
                await asyncio.sleep(EVERY_S)


async def _try(family: socket.AddressFamily, host: str, port: int, there: asyncio.Event) -> None:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(EACH_S):
            _, writer = await asyncio.open_connection(host, port, family=family)
            writer.close()
            there.set()
