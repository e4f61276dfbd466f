"""Devices beside the screen: in order, unplugged, answering slowly, answering rubbish."""

import asyncio

import pytest

from kiosk.devices import bridge
from kiosk.devices.cards import right_number
from kiosk.devices.simulated import CARD, SimulatedBridge
from kiosk.settings import KioskSettings
from tests.kiosk.test_agent import keeping, settings
from tests.kiosk.test_checking import asked

__all__ = ["settings"]


async def test_a_card_is_read_and_nothing_of_it_stays(settings: KioskSettings) -> None:
    reader = SimulatedBridge()
    async with reader.listening() as own, keeping(settings.model_copy(update={"card_reader_port": own})) as (_, port):
        assert await asked(port, type="reader") == {"type": "reader_is", "device": "模拟读卡器"}
        assert (await asked(port, type="card", wait_s=0))["code"] == "no_card"
        waiting = asyncio.create_task(asked(port, type="card", wait_s=5))
        await asyncio.sleep(0.05)
        reader.put(CARD)
        card = await waiting
        assert (card["type"], card["name"], card["number"], card["sex"]) == ("card_read", "何守田", CARD["number"], "male")
        for wrong in ({"number": "511025195803124411"}, {"name": ""}, {"number": "12"}, {"name": "长" * 60}):
            reader.put(CARD | wrong)
            assert (await asked(port, type="card", wait_s=0))["code"] == "card_unreadable", wrong
        reader.put(CARD | {"photo": "x" * 1000})
        assert (await asked(port, type="card", wait_s=0))["name"] == "何守田", "what the form has no place for is left out"
        kept = b"".join(file.read_bytes() for file in settings.data_dir.rglob("*") if file.is_file())
        assert CARD["number"].encode() not in kept
        assert (await asked(port, type="card", secret="x" * 43))["code"] == "secret_wrong"


async def test_a_reader_that_misbehaves_is_told_of_and_works_again_when_it_does(settings: KioskSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "GRACE_S", 0.1)
    reader = SimulatedBridge()
    async with reader.listening() as own, keeping(settings.model_copy(update={"card_reader_port": own})) as (_, port):
        for rubbish in (b"\xff\x00\xfe\n", b"[1]\n", b"{\n", b"x" * 70_000, b"\n"):
            reader.garbage = rubbish
            assert (await asked(port, type="card", wait_s=0))["code"] == "no_reader", rubbish[:10]
        reader.garbage, reader.slow_s = b"", 1
        assert (await asked(port, type="reader"))["code"] == "no_reader"
        reader.slow_s, reader.error = 0, "unreadable"
        assert (await asked(port, type="card", wait_s=0))["code"] == "card_unreadable"
        reader.error = "no_device"
        assert (await asked(port, type="card", wait_s=0))["code"] == "no_reader"
        reader.error = ""
        reader.put(CARD)
        assert (await asked(port, type="card", wait_s=0))["name"] == "何守田"
    async with keeping(settings.model_copy(update={"card_reader_port": own})) as (_, port):
        assert (await asked(port, type="reader"))["code"] == "no_reader", "its program has ended"
    async with keeping(settings) as (_, port):
        assert (await asked(port, type="card"))["code"] == "no_reader", "there is none"


async def test_the_page_that_was_opened_again_gets_the_card(settings: KioskSettings) -> None:
    reader = SimulatedBridge()
    async with reader.listening() as own, keeping(settings.model_copy(update={"card_reader_port": own})) as (_, port):
        first = asyncio.create_task(asked(port, type="card", wait_s=30))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(asked(port, type="card", wait_s=30))
        assert (await first)["code"] == "device_busy"
        reader.put(CARD)
        assert (await second)["name"] == "何守田"


def test_the_last_digit_of_a_number_belongs_to_it() -> None:
    assert right_number("11010519491231002X")  # the example of GB 11643-1999
    assert not right_number("110105194912310021")
    assert right_number("C12345678"), "a passport has none"
