"""The queue's numbers on a display that is no browser: what a hall's page shows, told to its bridge program (README.md)."""

import asyncio
import time
from typing import Any

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from kiosk.devices.bridge import Bridge, NoBridge

log = structlog.get_logger(__name__)

EVERY_S = 3.0
AGAIN_S = 30.0
"""The same numbers are told again after so long: a display that was switched on meanwhile shows them."""
OLD_S = 30.0
"""Numbers of an office that has not answered for so long are taken away."""
SILENT: dict[str, Any] = {"called": [], "next": [], "waiting": 0, "silent": True}


class _Called(BaseModel):
    number: str
    kiosk: str


class _Hall(BaseModel):
    """What a display needs of HallDisplay (server/protocol/queueing.py); the office may tell more."""

    called: tuple[_Called, ...]
    next: tuple[str, ...]
    waiting: int


class NumberDisplay:
    """One display; told what is new, every three seconds."""

    def __init__(self, port: int, hall: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`hall`: address of the hall's numbers, …/api/hall/TOKEN."""
        self._bridge, self._hall, self._transport = Bridge(port), hall, transport
        self._told: dict[str, Any] = {}
        self._told_at = self._heard_at = -OLD_S
        self.plugged = True
        """Whether it showed what it was told last."""

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=EVERY_S * 2, trust_env=False, transport=self._transport) as office:
            while True:
                await self.look(office, time.monotonic())
                await asyncio.sleep(EVERY_S)

    async def look(self, office: httpx.AsyncClient, now: float) -> None:
        """Once: ask the office, and tell the display what is new."""
        numbers = await self._numbers(office)
        if numbers is not None:
            self._heard_at = now
        elif now - self._heard_at < OLD_S:
            return
        told = numbers or SILENT
        if told == self._told and now - self._told_at < AGAIN_S:
            return
        self._told, self._told_at = told, now
        try:
            self.plugged = (await self._bridge.ask({"ask": "show", **told})).get("shown") is True
        except NoBridge:
            self.plugged = False
        if not self.plugged:
            self._told = {}

    async def _numbers(self, office: httpx.AsyncClient) -> dict[str, Any] | None:
        """None: the office does not answer."""
        try:
            hall = _Hall.model_validate_json((await office.get(self._hall)).raise_for_status().content)
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("the hall's numbers cannot be had", kind=type(error).__name__)
            return None
        called = [{"number": one.number, "place": one.kiosk} for one in hall.called]
        return {"called": called, "next": list(hall.next), "waiting": hall.waiting, "silent": False}
