"""The fingerprint pad: a picture of a finger, from whatever program its maker gives.

The pad's own program is run for each print.  It writes one PNG to its output and ends with 0; anything else means that no
finger was there.  The picture goes to the page and on to the record; nothing is kept here and nothing is compared.
"""

import asyncio
import contextlib
import shlex
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

MAGIC = b"\x89PNG\r\n\x1a\n"
LARGEST = 300_000
"""Bytes of a picture, as the office takes it."""
WAIT_S = 30.0


class NoPrint(Exception):
    """No finger, or the pad's program failed."""


class FingerprintPad(Protocol):
    """What the kiosk's program needs of a pad."""

    name: str

    async def press(self) -> bytes:
        """A PNG of the finger that is put on it now; raises NoPrint."""


class CommandPad:
    """A pad behind the program that its maker gives, called without a shell."""

    def __init__(self, command: str, name: str, wait_s: float = WAIT_S) -> None:
        self.name = name
        self._command = shlex.split(command)
        self._wait_s = wait_s

    async def press(self) -> bytes:
        """Raises NoPrint also for what is no PNG, or a larger one than the office takes."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, limit=LARGEST
            )
        except OSError as error:
            log.error("fingerprint pad's program does not start", kind=type(error).__name__)
            raise NoPrint from error
        try:
            return await self._picture(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _picture(self, process: asyncio.subprocess.Process) -> bytes:
        output = process.stdout
        if output is None:
            raise NoPrint
        picture = b""
        try:
            async with asyncio.timeout(self._wait_s):
                while len(picture) <= LARGEST and (piece := await output.read(65_536)):
                    picture += piece
                code = await process.wait() if len(picture) <= LARGEST else 1
        except TimeoutError:
            raise NoPrint from None
        if code or not picture.startswith(MAGIC):
            raise NoPrint
        return picture
