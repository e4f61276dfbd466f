"""All devices of one kiosk, as its settings name them, and what its page may ask of them (server/protocol/devices.py)."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from kiosk.devices import printers
from kiosk.devices.cards import BridgeReader, CardReader, CardUnreadable, NoCard, NoReader
from kiosk.devices.display import NumberDisplay
from kiosk.devices.ipp import IppPrinter, NoPrinter
from kiosk.devices.ipp import Refused as NotPrinted
from kiosk.devices.keys import Keys
from kiosk.settings import KioskSettings
from server.protocol.base import Message
from server.protocol.devices import (
    DeviceMessage,
    HandsetAsked,
    HandsetIs,
    PrintAsked,
    PrinterAsked,
    PrinterIs,
    ReadCard,
    ReaderAsked,
    ReaderIs,
)

SETTLE_S, LOOK_AT_ALL_S = 3.0, 60.0
LOOK_EVERY_S, MOST_LOOKS = 0.5, 60
"""What was sent to a printer is looked after for half a minute."""

WORDS = {
    "no_reader": "读卡器没有接好，请自己填，或者叫工作人员看看插头。",
    "no_card": "没有看到身份证，请平放在读卡的地方，不要拿开。",
    "card_unreadable": "身份证没有读全，请拿起来擦一下，再放一次。",
    "no_handset": "这台机器没有接听筒。",
    "no_printer": "这台机器没有接打印机。",
    "device_busy": "刚才那一次还没有做完，请等一等。",
}


class Refusal(Exception):
    """What the page asked for cannot be done; `code` is one of WORDS."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Devices:
    """What is plugged in; one thing at a time for each device."""

    def __init__(self, settings: KioskSettings, alarm: Callable[[], None]) -> None:
        """`alarm`: called when somebody presses the emergency button."""
        self.reader: CardReader | None = BridgeReader(settings.card_reader_port) if settings.card_reader_port else None
        self.printers = {"slip": settings.slip_printer, "paper": settings.paper_printer}
        """Addresses; empty: there is none."""
        self._reading: asyncio.Task[Message] | None = None
        self.seen: tuple[datetime, tuple[str, ...]] | None = None
        """When all was last looked at, and what was wrong."""
        self._alarm = alarm
        self._lifted = False
        self._handset_output = settings.handset_output
        self._hook_moved = asyncio.Event()
        self.button = Keys(Path(settings.alarm_device), self._pressed) if settings.alarm_device else None
        hall = f"{settings.server.rstrip('/')}/api/hall/{settings.hall_token}"
        self.display = NumberDisplay(settings.number_display_port, hall) if settings.number_display_port and settings.hall_token else None
        self.handset = Keys(Path(settings.handset_device), self._hook) if settings.handset_device else None

    async def run(self) -> None:
        """Watch button and hand-set, and look now and then whether all is plugged in, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            if any((self.reader, *self.printers.values(), self.button, self.handset, self.display)):
                tasks.create_task(self._look())
            for one in (self.button, self.handset, self.display):
                if one is not None:
                    tasks.create_task(one.run())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_S)
            self.seen = (datetime.now(UTC), tuple([code async for code in self.faults()]))
            await asyncio.sleep(LOOK_AT_ALL_S)

    async def faults(self) -> AsyncIterator[str]:
        """What is wrong, as codes: `no_reader`, `slip_` or `paper_` with a code of printers.WORDS, `no_button`, `no_handset`,
        `no_display`."""
        if self.reader is not None:
            try:
                await self.reader.name()
            except (NoReader, NoCard, CardUnreadable):
                yield "no_reader"
        for which, address in self.printers.items():
            if address and (code := await printers.trouble(IppPrinter(address))):
                yield f"{which}_{code}"
        if self.button is not None and not self.button.plugged:
            yield "no_button"
        if self.handset is not None and not self.handset.plugged:
            yield "no_handset"
        if self.display is not None and not self.display.plugged:
            yield "no_display"

    def _pressed(self, code: int, down: bool) -> None:
        if down:
            self._alarm()

    def _hook(self, code: int, down: bool) -> None:
        self._lifted = down
        self._hook_moved.set()
        self._hook_moved = asyncio.Event()

    async def answer(self, asked: DeviceMessage) -> Message:
        """Raises Refusal."""
        if isinstance(asked, PrinterAsked | PrintAsked):
            return await self._about_printer(asked)
        if isinstance(asked, HandsetAsked):
            return await self._about_handset(asked)
        return await self._about_card(asked)

    async def _about_handset(self, asked: HandsetAsked) -> HandsetIs:
        """One that is unplugged is not lifted: the person hears the loudspeaker."""
        if self.handset is None:
            raise Refusal("no_handset")
        try:
            async with asyncio.timeout(asked.wait_s):
                while asked.known == self._is_lifted():
                    await self._hook_moved.wait()
        except TimeoutError:
            pass
        return HandsetIs(lifted=self._is_lifted(), output=self._handset_output)

    def _is_lifted(self) -> bool:
        return self._lifted and self.handset is not None and self.handset.plugged

    async def _about_printer(self, asked: PrinterAsked | PrintAsked) -> PrinterIs:
        address = self.printers[asked.printer]
        if not address:
            raise Refusal("no_printer")
        printer = IppPrinter(address)
        if isinstance(asked, PrinterAsked):
            return _printer_is(await printers.trouble(printer) or "ready")
        return _printer_is(await _printed(printer, _pdf(asked.pdf)))

    async def _about_card(self, asked: ReaderAsked | ReadCard) -> Message:
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


def _pdf(coded: str) -> bytes:
    try:
        pdf = base64.b64decode(coded, validate=True)
    except binascii.Error:
        raise Refusal("unusable") from None
    if not pdf.startswith(b"%PDF-"):
        raise Refusal("unusable")
    return pdf


async def _printed(printer: IppPrinter, pdf: bytes) -> str:
    """What became of it: `printed`, `waits`, or a code of printers.WORDS; the title says nothing of whose it is."""
    try:
        job = await printer.print(pdf, "jietan")
    except NoPrinter:
        return "offline"
    except NotPrinted:
        return "not_printed"
    for _ in range(MOST_LOOKS):
        found = await printers.outcome(printer, job)
        if found != "waits":
            return "printed" if found == "done" else found
        await asyncio.sleep(LOOK_EVERY_S)
    return "waits"


def _printer_is(state: str) -> PrinterIs:
    if state in ("ready", "printed", "waits"):
        return PrinterIs(state=state)
    return PrinterIs(state="trouble", words=printers.WORDS[state])
