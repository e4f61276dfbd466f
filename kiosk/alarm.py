"""The emergency button tells the office, and goes on trying until it was told."""

import asyncio

import structlog

from kiosk.office import Office, OfficeRefused

log = structlog.get_logger(__name__)

AGAIN_S = 2.0


class Alarm:
    """Pressed while it is being told: once more afterwards."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._pressed = asyncio.Event()

    def press(self) -> None:
        """Somebody pressed the button."""
        self._pressed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._pressed.wait()
            self._pressed.clear()
            if not await self._told():
                await asyncio.sleep(AGAIN_S)
                self._pressed.set()

    async def _told(self) -> bool:
        try:
            await self._office.call("POST", "/api/agent/alarm")
        except (ConnectionError, OfficeRefused) as error:
            log.error("the office cannot be told of the emergency button", kind=getattr(error, "code", type(error).__name__))
            return False
        log.warning("emergency button, the office is told")
        return True
