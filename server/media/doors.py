"""Who may come in: sockets that have not joined yet are few, and descriptors are left for the recordings."""

import asyncio
import contextlib
import ipaddress
import os
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable
from errno import EMFILE, ENFILE, ENOBUFS, ENOMEM
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Counter as Metric
from websockets.asyncio.server import Server, ServerConnection
from websockets.server import ServerProtocol

log = structlog.get_logger(__name__)
MOST_WAITING = 64
MOST_PER_ADDRESS = 16
MOST_REFUSED = 64
"""Sockets that are only there to be told 503; more than that are cut without a word."""
THIN_LINEAR_TIMEOUTS = 16
"""Option of TCP sockets (linux/tcp.h; Python has no name for it): what a bad line lost is sent again at even intervals at
first, not after 1, 2, 4 and 8 s, so that captions and words go on as soon as the line does."""
RESERVE = 256
"""Descriptors that are kept for files and media of those who are in."""
_EXHAUSTED = (EMFILE, ENFILE, ENOBUFS, ENOMEM)
_OPEN_FILES = Path("/proc/self/fd")
_refused = Metric("jietan_media_refused_sockets_total", "Sockets that were not let in", ["reason"])


def raise_descriptor_limit() -> int:
    """Raise the number of files this process may open as far as it may; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            # macOS names no limit but does not grant it.
            log.warning("descriptor limit not raised", error=type(error).__name__, limit=soft)
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def descriptors_short() -> bool:
    """Whether so few descriptors are left that recordings come first.  False where it cannot be known."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY or not _OPEN_FILES.exists():
        return False
    try:
        used = len(os.listdir(_OPEN_FILES))
    except OSError:
        return True
    return limit - used < min(RESERVE, limit // 4)


class Doors:
    """Counts the sockets that are connected but have not joined.

    Behind a proxy all come from this machine: for such addresses only the number in all counts.
    """

    def __init__(self) -> None:
        self._waiting: dict[object, str] = {}
        self._by_address: Counter[str] = Counter()
        self._turned_away: set[object] = set()

    @property
    def waiting(self) -> int:
        """Sockets that have not joined."""
        return len(self._waiting)

    def arrived(self, socket: object, address: str) -> bool:
        """A socket is connected; False: there are so many that it is not even worth an answer."""
        if len(self._waiting) < MOST_WAITING and (
            _is_local(address) or self._by_address[address] < MOST_PER_ADDRESS
        ):
            self._waiting[socket] = address
            self._by_address[address] += 1
            return True
        _refused.labels("waiting").inc()
        if len(self._turned_away) >= MOST_REFUSED:
            return False
        self._turned_away.add(socket)
        return True

    def may_join(self, socket: object) -> bool:
        """Whether the socket is to be let through to its join; False: 503."""
        if socket in self._turned_away:
            return False
        if descriptors_short():
            _refused.labels("descriptors").inc()
            return False
        return True

    def settled(self, socket: object) -> None:
        """The socket has joined, is the office's, or is gone; may be called again."""
        self._turned_away.discard(socket)
        address = self._waiting.pop(socket, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _send_again_evenly(transport: asyncio.BaseTransport) -> None:
    own = transport.get_extra_info("socket")
    if own is not None:
        with contextlib.suppress(OSError):  # other systems have no such option
            own.setsockopt(socket.IPPROTO_TCP, THIN_LINEAR_TIMEOUTS, 1)


def connection_at(doors: Doors) -> type[ServerConnection]:
    """Makes connections that are counted from their first moment, before any request was read."""

    class Counted(ServerConnection):
        def __init__(self, protocol: ServerProtocol, server: Server, **options: Any) -> None:
            super().__init__(protocol, server, **options)

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            _send_again_evenly(transport)
            peer = transport.get_extra_info("peername")
            answered = doors.arrived(self, str(peer[0]) if peer else "")
            super().connection_made(transport)
            if not answered:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            doors.settled(self)
            super().connection_lost(exc)

    return Counted


class QuietExhaustion:
    """Loop exception handler: that no socket can be accepted is said at most once a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said_at = float("-inf")
        self._unsaid = 0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _EXHAUSTED:
            loop.default_exception_handler(context)
            return
        self._unsaid += 1
        now = self._clock()
        if now - self._said_at >= 1.0:
            log.error("no socket can be accepted", error=type(error).__name__, errno=error.errno, times=self._unsaid)
            self._said_at, self._unsaid = now, 0
