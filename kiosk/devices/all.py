"""All devices of one kiosk, as its settings name them, and what its page may ask of them (server/protocol/devices.py)."""

import asyncio

from kiosk.devices.cards import BridgeReader, CardReader, CardUnreadable, NoCard, NoReader
from kiosk.settings import KioskSettings
from server.protocol.base import Message
from server.protocol.devices import ReadCard, ReaderAsked, ReaderIs

WORDS = {
    "no_reader": "读卡器没有接好，请自己填，或者叫工作人员看看插头。",
    "no_card": "没有看到身份证，请平放在读卡的地方，不要拿开。",
    "card_unreadable": "身份证没有读全，请拿起来擦一下，再放一次。",
    "device_busy": "刚才那一次还没有做完，请等一等。",
}


class Refusal(Exception):
    """What the page asked for cannot be done; `code` is one of WORDS."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Devices:
    """What is plugged in; one thing at a time for each device."""

    def __init__(self, settings: KioskSettings) -> None:
        self.reader: CardReader | None = BridgeReader(settings.card_reader_port) if settings.card_reader_port else None
        self._reading: asyncio.Task[Message] | None = None

    async def answer(self, asked: ReaderAsked | ReadCard) -> Message:
        """Raises Refusal."""
        if self.reader is None:
            raise Refusal("no_reader")
        try:
            if isinstance(asked, ReaderAsked):
                return ReaderIs(device=await self.reader.name())
            return await self._read(self.reader, asked)
        except NoReader:
            raise Refusal("no_reader") from None
        except NoCard:
            raise Refusal("no_card") from None
        except CardUnreadable:
            raise Refusal("card_unreadable") from None

    async def _read(self, reader: CardReader, asked: ReadCard) -> Message:
        """A page that was opened again asks anew: the wait of the one before it ends."""
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()
        task: asyncio.Task[Message] = asyncio.ensure_future(reader.read(asked.wait_s))
        self._reading = task
        try:
            return await task
        except asyncio.CancelledError:
            if task.cancelled() and self._reading is not task:
                raise Refusal("device_busy") from None
            task.cancel()
            raise
