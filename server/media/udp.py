"""UDP sockets of media, read together every few milliseconds instead of one wake-up for each packet.

A room's sockets each get a packet every few milliseconds, so an event loop wakes, reads one, asks in vain for
another and sleeps again: half of a busy node's time (measured, deploy/bench).  Here one epoll holds all sockets of
the loop.  While packets come it is read every INTERVAL, which costs half of that in delay; when none came for
QUIET it wakes the loop by itself again.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Any, TypeVar

P = TypeVar("P", bound=asyncio.DatagramProtocol)
INTERVAL = 0.002
QUIET = 0.1
LARGEST = 2048
"""Bytes; media fits into a packet of Ethernet."""
MOST_ROUNDS = 32
"""Packets read from one socket at a time: a flood on it does not keep the others waiting."""


class Poller:
    """Reads all media sockets of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._endpoints: dict[int, Endpoint] = {}
        self._armed = False
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0

    def add(self, endpoint: "Endpoint") -> None:
        """Read this socket from now on."""
        self._endpoints[endpoint.number] = endpoint
        self._epoll.register(endpoint.number, select.EPOLLIN)
        if self._timer is None:
            self._sleep()

    def remove(self, endpoint: "Endpoint") -> None:
        """Read it no more."""
        if self._endpoints.pop(endpoint.number, None) is not None:
            self._epoll.unregister(endpoint.number)
        if not self._endpoints:
            self._end()

    def _sleep(self) -> None:
        """Nothing comes: the loop wakes when something does."""
        self._timer = None
        if not self._armed:
            self._armed = True
            self._loop.add_reader(self._epoll.fileno(), self._woken)

    def _end(self) -> None:
        if self._armed:
            self._loop.remove_reader(self._epoll.fileno())
        if self._timer is not None:
            self._timer.cancel()
        self._epoll.close()
        _pollers.pop(self._loop, None)

    def _woken(self) -> None:
        self._armed = False
        self._loop.remove_reader(self._epoll.fileno())
        self._heard_at = self._loop.time()
        self._turn()

    def _turn(self) -> None:
        now = self._loop.time()
        if self._read():
            self._heard_at = now
        if self._epoll.closed:
            return
        if now - self._heard_at > QUIET:
            self._sleep()
        else:
            self._timer = self._loop.call_later(INTERVAL, self._turn)

    def _read(self) -> bool:
        """Read what waits, a packet of each socket in turn; False: nothing did."""
        poll, endpoints = self._epoll.poll, self._endpoints
        ready = poll(0)
        found = bool(ready)
        rounds = 0
        while ready and rounds < MOST_ROUNDS:  # a reader may close the last socket, and the epoll with it
            for number, _ in ready:
                endpoint = endpoints.get(number)
                if endpoint is not None:
                    endpoint.read()
            rounds += 1
            ready = [] if self._epoll.closed else poll(0)
        return found


_pollers: dict[asyncio.AbstractEventLoop, Poller] = {}


def _poller() -> Poller:
    """The running loop's; it lives as long as it has sockets."""
    loop = asyncio.get_running_loop()
    if loop not in _pollers:
        _pollers[loop] = Poller(loop)
    return _pollers[loop]


class Endpoint(asyncio.DatagramTransport):
    """The transport of one UDP socket, as asyncio's protocols know it."""

    def __init__(self, bound: socket.socket, protocol: asyncio.DatagramProtocol) -> None:
        super().__init__({"socket": bound, "sockname": bound.getsockname()})
        self.number = bound.fileno()
        self._socket, self._protocol = bound, protocol
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._poller = _poller()
        protocol.connection_made(self)
        self._poller.add(self)

    def read(self) -> None:
        """Take one packet to the protocol."""
        try:
            data, address = self._socket.recvfrom(LARGEST)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._protocol.error_received(error)  # an ICMP answer to something sent before
            return
        try:
            self._protocol.datagram_received(data, address)
        except Exception as fault:
            # One packet's fault must not stop the reading of all.
            self._loop.call_exception_handler({"message": "datagram not handled", "exception": fault, "protocol": self._protocol})

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send at once; what the socket's buffer does not take is lost, as on the way."""
        if self._closed:
            return
        try:
            self._socket.sendto(data, addr)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._protocol.error_received(error)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Close the socket; the protocol hears of it a moment later."""
        if self._closed:
            return
        self._closed = True
        self._poller.remove(self)
        self._socket.close()
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()


def open_endpoint(make: Callable[[], P], bound: socket.socket) -> P:
    """Give a bound, non-blocking socket a protocol, in the running event loop."""
    protocol = make()
    Endpoint(bound, protocol)
    return protocol
