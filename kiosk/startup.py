"""What this computer's start takes, and systemd's word for that a program is ready and alive (sd_notify(3))."""

import contextlib
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from kiosk.outbox import write_private
from server.protocol.base import Message, Moment

_IMPORTED = time.monotonic()
STARTED_FIELD = 19
"""Of /proc/self/stat after the name, from 0: when the process began, in clock ticks since the computer did (proc(5))."""


class Startup(Message):
    """startup.json: of the last start."""

    at: Moment
    program_s: float
    """From the start of the program to the first screen on the display."""
    computer_s: float
    """From the start of the kernel to the same."""
    page_s: float
    """Of that, from the opening of the page."""


def since_start() -> float:
    """Seconds since this process began, its interpreter's own start included."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        return since_boot() - int(fields[STARTED_FIELD]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return time.monotonic() - _IMPORTED


def since_boot() -> float:
    """Seconds since the kernel began."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def keep(path: Path, page_ms: int) -> Startup:
    """The first screen is up.  Raises OSError."""
    found = Startup(at=datetime.now(UTC), program_s=round(since_start(), 2), computer_s=round(since_boot(), 1), page_s=page_ms / 1000)
    write_private(path, found.model_dump_json().encode())
    return found


def last(path: Path) -> Startup | None:
    """None: no screen was ever up."""
    with contextlib.suppress(OSError, ValidationError):
        return Startup.model_validate_json(path.read_bytes())
    return None


def notify(state: str) -> None:
    """Tell systemd, where it started this; a computer without it is told nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.send(state.encode())


def watched_every_s() -> float | None:
    """How often systemd wants to hear that the program is alive (half of WatchdogSec=); None: not at all."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 2e6 if usec.isdecimal() and int(usec) else None
