"""Ports of this machine for programs that tests start."""

import secrets
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LOWEST, HIGHEST = 12_000, 65_000
BLOCK = 50
"""So many ports a process of the tests takes at a time."""
GIVEN_BY_THE_SYSTEM = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port that nobody listens on, and that until the program is up goes to nobody else: neither to another process of the
    tests, nor to a connection, which the system gives a port of its own range."""
    return next(_ports())


@cache
def _ports() -> Iterator[int]:
    return (port for block in _blocks() for port in range(block, block + BLOCK) if _is_free(port))


def _blocks() -> Iterator[int]:
    """Blocks of ports that are this process's until it ends, from a random one on."""
    from_here = _range()
    start = secrets.randbelow(len(from_here))
    for block in (*from_here[start:], *from_here[:start]):
        if _take(block):
            yield block
    raise AssertionError("no ports are left on this machine")


def _range() -> range:
    """Where blocks begin: below what the system gives to connections, or, where it gives them all, anywhere."""
    lowest_given = int(GIVEN_BY_THE_SYSTEM.read_text().split()[0])
    return range(LOWEST, lowest_given if lowest_given > LOWEST + 100 * BLOCK else HIGHEST, BLOCK)


_held: list[socket.socket] = []


def _take(block: int) -> bool:
    """Hold a name that only one process of the machine can have, and that is free again when this one ends, however it does."""
    held = socket.socket(socket.AF_UNIX)
    try:
        held.bind(f"\0jietan-tests-ports-{block}")
    except OSError:
        held.close()
        return False
    _held.append(held)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
