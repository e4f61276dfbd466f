"""Media sockets that are read together: nothing is lost over quiet times, faults and closing."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from server.media import udp
from tests.media.client import until


def bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", 0))
    return made


class Ear(asyncio.DatagramProtocol):
    """Keeps what it hears; may do something about it."""

    def __init__(self, act: Callable[["Ear"], None] = lambda ear: None) -> None:
        self.heard: list[bytes] = []
        self.lost = False
        self.act = act

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        self.act(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def open_ear(*acts: Callable[[Ear], None]) -> tuple[Ear, Any]:
    ear = udp.open_endpoint(lambda: Ear(*acts), bound())
    return ear, ear.transport.get_extra_info("sockname")


async def test_bursts_and_what_comes_after_a_quiet_time_are_heard() -> None:
    one, at = open_ear()
    other, there = open_ear()
    for number in range(200):
        one.transport.sendto(bytes([number]), there)
    await until(lambda: len(other.heard) == 200, "a burst")
    assert other.heard == [bytes([n]) for n in range(200)]
    await asyncio.sleep(2 * udp.QUIET)  # the poller rests now
    other.transport.sendto(b"again", at)
    await until(lambda: one.heard == [b"again"], "the first packet after a quiet time")
    one.transport.close()
    other.transport.close()
    await until(lambda: one.lost and other.lost, "both heard that they are closed")
    assert not udp._pollers, "the epoll of a loop without sockets is closed"


async def test_a_fault_over_one_packet_stops_nobody() -> None:
    faults: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context["exception"]))

    def fail(ear: Ear) -> None:
        raise LookupError

    bad, bad_at = open_ear(fail)
    good, good_at = open_ear()
    for _ in range(3):
        good.transport.sendto(b"x", bad_at)
        bad.transport.sendto(b"y", good_at)
    await until(lambda: len(bad.heard) == len(good.heard) == 3, "all were heard")
    assert [type(f) for f in faults] == [LookupError] * 3
    bad.transport.close()
    good.transport.close()


async def test_a_socket_may_be_closed_by_what_it_hears() -> None:
    def close(ear: Ear) -> None:
        ear.transport.close()

    first, first_at = open_ear(close)
    second, second_at = open_ear(close)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for at in (first_at, second_at) * 2:
            sender.sendto(b"end", at)
    await until(lambda: first.lost and second.lost, "both are closed")
    assert len(first.heard) == len(second.heard) == 1
    first.transport.sendto(b"late", second_at)
    assert first.transport.is_closing()
    assert not udp._pollers
