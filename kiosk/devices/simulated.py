"""Simulated devices: programs that speak what a maker's bridge, CUPS or the kernel speaks, for demonstrations and tests
(README.md beside this)."""

import asyncio
import contextlib
import json
import os
import re
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from kiosk.devices import ipp, keys
from kiosk.devices.bridge import HOST

CARD = {"name": "何守田", "number": "511025195803124412", "sex": "男", "ethnic_group": "汉", "address": "石桥镇柳湾村四组"}
"""Nobody's: the number is made up, its last digit is right."""


class SimulatedBridge:
    """Answers as a bridge does.  What is put on it (`card`), what it was told to show (`shown`) and how it misbehaves
    (`garbage`: bytes instead of an answer; `slow_s`) can be changed while it runs."""

    def __init__(self, device: str = "模拟读卡器") -> None:
        self.device = device
        self.card: dict[str, str] | None = None
        self.error = ""
        self.garbage = b""
        self.slow_s = 0.0
        self.shown: list[dict[str, Any]] = []
        self._put = asyncio.Event()

    def put(self, card: dict[str, str] | None) -> None:
        """Somebody puts a card there, or takes it away."""
        self.card = card
        self._put.set() if card else self._put.clear()

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[int]:
        """Open for questions; gives its port."""
        server = await asyncio.start_server(self._asked, HOST, port)
        async with server:
            yield int(server.sockets[0].getsockname()[1])

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            question = json.loads(await reader.readline())
            await asyncio.sleep(self.slow_s)
            writer.write(self.garbage or json.dumps(await self._answer(question), ensure_ascii=False).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if self.error:
            return {"error": self.error}
        match question.get("ask"):
            case "device":
                return {"device": self.device}
            case "card":
                return await self._read(float(question.get("wait_s", 0)))
            case "show":
                self.shown.append(question)
                return {"shown": True}
        return {"error": "unknown"}

    async def _read(self, wait_s: float) -> dict[str, Any]:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._put.wait(), wait_s)
        return {"card": self.card, "device": self.device} if self.card else {"error": "no_card"}


async def serve_simulated(port: int, card: dict[str, str]) -> None:
    """A reader on which this card lies for a moment every ten seconds, until cancelled."""
    bridge = SimulatedBridge()
    async with bridge.listening(port):
        while True:
            bridge.put(card)
            await asyncio.sleep(4)
            bridge.put(None)
            await asyncio.sleep(6)


async def serve_display(port: int, shown: Callable[[dict[str, Any]], None]) -> None:
    """A number display, until cancelled; `shown`: told what stands there."""
    bridge = SimulatedBridge("模拟叫号屏")
    async with bridge.listening(port):
        while True:
            await asyncio.sleep(0.2)
            while bridge.shown:
                shown(bridge.shown.pop(0))


class SimulatedKeys:
    """A button or a hook: a pipe that gives what the kernel gives of an input device."""

    def __init__(self, path: Path) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path)
        self._path = path
        self._pipe: BinaryIO | None = None

    @contextlib.contextmanager
    def plugged_in(self) -> Iterator[None]:
        """Waits until somebody reads it; unplugged at the end."""
        with self._path.open("wb", buffering=0) as self._pipe:
            yield

    def move(self, *, down: bool, code: int = 28) -> None:
        """Pressed or lifted, else let go or put back."""
        self.write(keys.EVENT.pack(0, 0, keys.EV_KEY, code, int(down)) + keys.EVENT.pack(0, 0, 0, 0, 0))

    def write(self, content: bytes) -> None:
        """Whatever it is."""
        assert self._pipe is not None, "plug it in first"
        self._pipe.write(content)


class SimulatedPrinter:
    """As much of CUPS as answers: a printer with this state and these reasons, jobs that become `becomes`."""

    def __init__(self) -> None:
        self.state, self.reasons, self.becomes, self.rubbish = 3, ["none"], 9, b""
        self.forgets = False
        """As with PreserveJobHistory=No: a job that is done is not found."""
        self.printed: list[bytes] = []

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[str]:
        """Open for jobs; gives its address."""
        server = await asyncio.start_server(self._answer, HOST, port)
        async with server:
            yield f"ipp://{HOST}:{server.sockets[0].getsockname()[1]}/printers/SLIP"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        content = self.rubbish or self._said(struct.unpack_from(">H", body, 2)[0], body)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        await writer.drain()
        writer.close()

    def _said(self, operation: int, body: bytes) -> bytes:
        if operation == ipp.PRINT_JOB:
            self.printed.append(body[body.index(b"%PDF-") :])
        if operation == ipp.GET_JOB and self.forgets:
            return b"\x02\x00" + ipp.NOT_FOUND.to_bytes(2) + ipp.encoded(0, [])[4:]
        values: list[tuple[int, str, str | int]] = [(ipp.ENUM, "printer-state", self.state), (ipp.ENUM, "job-state", self.becomes), (ipp.INTEGER, "job-id", 7)]
        values += [(ipp.KEYWORD, "printer-state-reasons" if not n else "", reason) for n, reason in enumerate(self.reasons)]
        return b"\x02\x00\x00\x00" + ipp.encoded(0, values)[4:]


async def serve_printer(port: int, printed: Callable[[bytes], None]) -> None:
    """A printer in order, until cancelled; `printed`: told each document."""
    printer = SimulatedPrinter()
    async with printer.listening(port):
        while True:
            await asyncio.sleep(0.2)
            while printer.printed:
                printed(printer.printed.pop(0))
