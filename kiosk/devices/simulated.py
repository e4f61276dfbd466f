"""Simulated devices: programs that speak what a maker's bridge speaks, for demonstrations and tests (README.md beside this)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

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
