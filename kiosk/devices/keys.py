"""Buttons and switches by Linux's input events (evdev): an emergency button, a hand-set's hook; USB (HID) or GPIO, which the
kernel's gpio-keys driver gives as the same.

struct input_event of linux/input.h: two longs of time, type, code, value.
"""

import asyncio
import os
import struct
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

EVENT = struct.Struct("@llHHi")
EV_KEY = 1
AGAIN_S = 2.0


class Keys:
    """One device; tells of its keys as long as it is plugged in, and is looked for again when it is not."""

    def __init__(self, path: Path, changed: Callable[[int, bool], None], *, again_s: float = AGAIN_S) -> None:
        """`changed`: told the key's code, and whether it is down now."""
        self._path, self._changed, self._again_s = path, changed, again_s
        self.plugged = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                number = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
            except OSError:
                number = -1
            if number >= 0:
                self.plugged = True
                try:
                    await self._read(number)
                finally:
                    self.plugged = False
                    os.close(number)
                log.warning("a device was unplugged", device=self._path.name)
            await asyncio.sleep(self._again_s)

    async def _read(self, number: int) -> None:
        """Until it is unplugged."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(number, ready.set)
        try:
            while True:
                await ready.wait()
                ready.clear()
                try:
                    content = os.read(number, EVENT.size * 64)
                except BlockingIOError:
                    continue
                except OSError:
                    return
                if not content:
                    return
                self._take(content)
        finally:
            loop.remove_reader(number)

    def _take(self, content: bytes) -> None:
        """The kernel gives whole events only: what is none is passed over."""
        for at in range(0, len(content) - EVENT.size + 1, EVENT.size):
            _, _, kind, code, value = EVENT.unpack_from(content, at)
            if kind == EV_KEY and value in (0, 1):  # 2: held down and repeated
                self._changed(code, value == 1)
