"""Where media comes in: local addresses, a fixed range of UDP ports, and the addresses that clients are told."""

import asyncio
import errno
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar

import structlog
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from prometheus_client import Counter

from server.errors import JietanError
from server.media.udp import open_endpoint
from server.settings import Settings

log = structlog.get_logger(__name__)
P = TypeVar("P", bound=asyncio.DatagramProtocol)
RECEIVE_BUFFER = 262_144
_refused = Counter("jietan_media_no_port_total", "Peer connections refused because no UDP port was to be had")


class NoPort(JietanError):
    """Every port of the range is taken, or none of the addresses is this machine's."""

    status = 503
    code = "media_full"
    message = "现在同时接谈的人太多，暂时接不进来，正在自己再试。一直不行请找管理员。"


@dataclass(frozen=True)
class MediaAddresses:
    """Settings of one node.  `announce` replaces the addresses of its own IP version; `ports` empty: any."""

    bind: tuple[str, ...]
    announce: tuple[str, ...] = ()
    ports: range = range(0)

    @classmethod
    def of(cls, settings: Settings) -> "MediaAddresses":
        ports = range(settings.media_port_min, settings.media_port_max + 1) if settings.media_port_min else range(0)
        return cls(tuple(settings.media_bind), tuple(settings.media_announce), ports)

    def told(self, address: str) -> list[str]:
        """What clients are told in place of a local address."""
        version = ip_address(address).version
        return [a for a in self.announce if ip_address(a).version == version] or [address]

    def _sockets(self) -> Iterator[socket.socket]:
        for address in self.bind:
            try:
                yield _bound(address, self.ports)
            except OSError as error:
                log.error("no port for media", address=address, first=self.ports.start, last=self.ports.stop - 1, error=error.errno)

    def open(
        self, component: int, make: Callable[[], P]
    ) -> list[tuple[P, list[Candidate]]]:
        """One socket per address: its protocol, made by `make`, and its host candidates as clients are told them.

        Raises NoPort if not one could be opened; an address that fails beside others is only logged.
        """
        opened = []
        for bound in self._sockets():
            protocol = open_endpoint(make, bound)
            address, port = bound.getsockname()[:2]
            opened.append((protocol, [host_candidate(component, a, port) for a in self.told(address)]))
        if not opened:
            _refused.inc()
            raise NoPort
        return opened


def _bound(address: str, ports: range) -> socket.socket:
    """A UDP socket on this address; raises OSError when every port of the range is taken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        _bind(made, address, ports)
    except OSError:
        made.close()
        raise
    return made


def _bind(made: socket.socket, address: str, ports: range) -> None:
    if not ports:
        made.bind((address, 0))
        return
    first = random.randrange(len(ports))
    for number in range(len(ports)):
        try:
            made.bind((address, ports[(first + number) % len(ports)]))
            return
        except OSError as error:
            if number == len(ports) - 1 or error.errno != errno.EADDRINUSE:
                raise


def host_candidate(component: int, address: str, port: int) -> Candidate:
    """A host candidate (RFC 8445 section 5.1.1.1)."""
    return Candidate(
        foundation=candidate_foundation("host", "udp", address),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=address,
        port=port,
        type="host",
    )
