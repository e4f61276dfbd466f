"""Every simulated device as its command starts it (kiosk/devices/README.md), used by the kiosk's program."""

import asyncio
import base64
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.devices.all import Devices, Refusal
from kiosk.devices.display import NumberDisplay
from kiosk.settings import KioskSettings
from server.protocol.base import Message
from server.protocol.devices import (
    DeviceMessage,
    HandsetAsked,
    HandsetIs,
    PrintAsked,
    PrinterAsked,
    ReadCard,
    ReaderAsked,
)
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
LONGEST_S = 60.0
SECRET = "s" * 43

pytestmark = pytest.mark.nightly


@contextlib.asynccontextmanager
async def started(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`jietan kiosk …` as its own process; ended by Ctrl+C, as by hand."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", "kiosk", *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(2)
        _, errors = await asyncio.wait_for(process.communicate(), LONGEST_S)
        assert "Traceback" not in errors.decode(), errors.decode()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LONGEST_S):
        while not condition():
            await asyncio.sleep(0.05)


async def answered(devices: Devices, asked: DeviceMessage) -> Message:
    """As soon as the simulator listens."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            try:
                return await devices.answer(asked)
            except Refusal:
                await asyncio.sleep(0.2)


async def test_the_card_reader() -> None:
    port = free_port()
    devices = Devices(KioskSettings(card_reader_port=port), lambda: None)
    async with started("simulate-reader", "--port", str(port)):
        reader = await answered(devices, ReaderAsked(secret=SECRET))
        assert reader.model_dump()["device"] == "模拟读卡器"
        card = await answered(devices, ReadCard(secret=SECRET, wait_s=15))
        assert card.model_dump()["name"] == "何守田"
    with pytest.raises(Refusal, match="no_reader"):
        await devices.answer(ReaderAsked(secret=SECRET))


async def test_the_printer() -> None:
    port, pdf = free_port(), b"%PDF-1.7 slip"
    devices = Devices(KioskSettings(slip_printer=f"ipp://127.0.0.1:{port}/printers/SLIP"), lambda: None)
    async with started("simulate-printer", "--port", str(port)) as printer:
        asked = PrinterAsked(secret=SECRET, printer="slip")
        async with asyncio.timeout(LONGEST_S):
            while (await devices.answer(asked)).model_dump()["state"] != "ready":
                await asyncio.sleep(0.2)
        told = await devices.answer(PrintAsked(secret=SECRET, printer="slip", pdf=base64.b64encode(pdf).decode()))
        assert told.model_dump()["state"] == "printed"
        assert printer.stdout is not None
        assert (await asyncio.wait_for(printer.stdout.readline(), LONGEST_S)).decode() == f"打印了 {len(pdf)} 字节\n"


async def test_the_number_display() -> None:
    port = free_port()
    hall: dict[str, Any] = {"hall": "柳河镇", "called": [{"number": "A07", "kiosk": "柳河镇 1 号机"}], "next": ["A08"], "waiting": 3, "talking": []}
    display = NumberDisplay(port, "http://office/api/hall/t")
    async with started("simulate-display", "--port", str(port)) as shown, httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=hall))) as office:
        async with asyncio.timeout(LONGEST_S):
            now = 0.0
            await display.look(office, now)
            while not display.plugged:
                await asyncio.sleep(0.2)
                await display.look(office, now := now + 3)
        assert shown.stdout is not None
        told = json.loads(await asyncio.wait_for(shown.stdout.readline(), LONGEST_S))
        assert (told["called"], told["next"], told["waiting"]) == ([{"number": "A07", "place": "柳河镇 1 号机"}], ["A08"], 3)


async def test_the_button_and_the_hand_set(tmp_path: Path) -> None:
    presses = list[int]()
    settings = KioskSettings(alarm_device=str(tmp_path / "button"), handset_device=str(tmp_path / "hook"))
    devices = Devices(settings, lambda: presses.append(1))
    async with started("simulate-button", settings.alarm_device) as button, started("simulate-handset", settings.handset_device) as hook:
        watching = asyncio.create_task(devices.run())
        try:
            await until(lambda: devices.button and devices.button.plugged and devices.handset and devices.handset.plugged)
            for line in (button.stdin, hook.stdin):
                assert line is not None
            button.stdin.write(b"\n\n")  # type: ignore[union-attr]
            await until(lambda: len(presses) == 2)
            for lifted in (True, False):
                hook.stdin.write(b"\n")  # type: ignore[union-attr]
                told = await devices.answer(HandsetAsked(secret=SECRET, known=not lifted, wait_s=60))
                assert isinstance(told, HandsetIs)
                assert told.lifted is lifted
            button.stdin.close()  # type: ignore[union-attr]
            await until(lambda: devices.button and not devices.button.plugged)
        finally:
            watching.cancel()
