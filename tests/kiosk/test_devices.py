"""Devices beside the screen: in order, unplugged, answering slowly, answering rubbish."""

import asyncio
import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk import alarm
from kiosk.devices import bridge, keys
from kiosk.devices.cards import right_number
from kiosk.devices.display import OLD_S, NumberDisplay
from kiosk.devices.simulated import CARD, SimulatedBridge, SimulatedKeys, SimulatedPrinter
from kiosk.settings import KioskSettings
from server.reception.matter import delivering
from tests.kiosk.test_agent import enrolled, keeping, office, settings
from tests.kiosk.test_checking import asked
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.records.test_delivering import Sms, serving, ways

__all__ = ["enrolled", "office", "settings"]


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
    reader = SimulatedBridge()
    async with reader.listening() as own, keeping(settings.model_copy(update={"card_reader_port": own})) as (_, port):
        for rubbish in (b"\xff\x00\xfe\n", b"[1]\n", b"{\n", b"x" * 70_000, b"\n"):
            reader.garbage = rubbish
            assert (await asked(port, type="card", wait_s=0))["code"] == "no_reader", rubbish[:10]
        reader.garbage, reader.slow_s = b"", 1
        with monkeypatch.context() as hasty:
            hasty.setattr(bridge, "GRACE_S", 0.1)
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
    async with reader.listening() as own, keeping(settings.model_copy(update={"card_reader_port": own})) as (agent, port):
        first = asyncio.create_task(asked(port, type="card", wait_s=30))
        await until(lambda: agent.devices._reading)
        second = asyncio.create_task(asked(port, type="card", wait_s=30))
        assert (await first)["code"] == "device_busy"
        reader.put(CARD)
        assert (await second)["name"] == "何守田"


def test_the_last_digit_of_a_number_belongs_to_it() -> None:
    assert right_number("11010519491231002X")  # the example of GB 11643-1999
    assert not right_number("110105194912310021")
    assert right_number("C12345678"), "a passport has none"


@pytest.mark.parametrize(
    ("state", "reasons", "words"),
    [
        (3, ["none"], ""),
        (3, ["media-low-warning", "toner-low-report"], ""),
        (5, ["media-empty-error", "paused"], "没有纸"),
        (4, ["connecting-to-device"], "没有接好"),
        (3, ["cups-waiting-for-job-completed", "cover-open"], "盖子"),
        (5, ["paused"], "停了"),
    ],
)
async def test_how_a_printer_is_stands_in_words(settings: KioskSettings, state: int, reasons: list[str], words: str) -> None:
    cups = SimulatedPrinter()
    cups.state, cups.reasons = state, reasons
    async with cups.listening() as uri, keeping(settings.model_copy(update={"slip_printer": uri})) as (_, port):
        answer = await asked(port, type="printer")
        assert (answer["state"] == "ready") == (not words)
        assert words in answer["words"]


async def test_a_slip_is_printed_or_it_is_told_why_not(settings: KioskSettings) -> None:
    cups, pdf = SimulatedPrinter(), base64.b64encode(b"%PDF-1.7 slip").decode()
    async with cups.listening() as uri, keeping(settings.model_copy(update={"slip_printer": uri})) as (_, port):
        assert (await asked(port, type="print", pdf=pdf))["state"] == "printed"
        assert cups.printed == [b"%PDF-1.7 slip"]
        cups.forgets = True
        assert (await asked(port, type="print", pdf=pdf))["state"] == "printed"
        cups.forgets = False
        cups.becomes = 8
        assert "没有打出来" in (await asked(port, type="print", pdf=pdf))["words"]
        for rubbish in (b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x44", b"\xff" * 40, b"<html>"):
            cups.rubbish = rubbish
            assert "没有接好" in (await asked(port, type="printer"))["words"]
        assert (await asked(port, type="print", pdf="AAAA"))["code"] == "unusable"
        assert (await asked(port, type="printer", printer="paper"))["code"] == "no_printer"
    async with keeping(settings.model_copy(update={"slip_printer": uri})) as (_, port):
        assert "没有接好" in (await asked(port, type="print", pdf=pdf))["words"]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


def pressed(office: TestOffice) -> list[Any]:
    """How often it was, in the log of accesses."""
    return [one for one in office.auditor.get("/api/admin/log").json()["entries"] if "紧急按钮" in str(one)]


async def test_the_emergency_button_tells_the_staff_once_the_line_is_there(enrolled: KioskSettings, office: TestOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "AGAIN_S", 0.01)
    path = tmp_path / "button"
    button = SimulatedKeys(path)
    async with keeping(enrolled.model_copy(update={"alarm_device": str(path)}), office) as (agent, _):
        office.clerk.put("/api/notices/contact", json={"mail": "", "phone": "13800001111"})
        real, lost = agent.office._client.request, [1, 1]

        async def losing(*told: Any, **values: Any) -> httpx.Response:
            if lost and lost.pop():
                raise httpx.ConnectError("no line")
            return await real(*told, **values)

        agent.office._client.request = losing  # type: ignore[method-assign]
        tasks = [asyncio.create_task(one.run()) for one in (agent.devices, agent.alarm)]
        await until(lambda: agent.devices.button.plugged)
        with button.plugged_in():
            button.write(b"\xff" * 2 * keys.EVENT.size)  # rubbish
            button.move(down=True)
            button.move(down=False)
            await until(lambda: office.clerk.get("/api/notices").json()["notices"])
            button.move(down=True)  # once more: nobody is told twice within the minute
            await until(lambda: len(pressed(office)) == 2)
        (told,) = office.clerk.get("/api/notices").json()["notices"]
        assert told["label"] == "紧急呼叫"
        assert "按了紧急按钮" in told["words"]
        with serving(Sms, 202) as gateway:
            assert delivering.send_due(office.office, ways(gateway.server_address[1], "sms")) == 1
            ((_, sms),) = gateway.got
        assert (sms["to"], sms["text"]) == ("13800001111", "紧急呼叫：柳河镇 1 号机。请登录查看。")
        assert office.leader.get("/api/receptions").json()["calls"]
        assert office.stranger.get("/api/notices").json()["notices"] == []
        await until(lambda: not agent.devices.button.plugged)
        for task in tasks:
            task.cancel()
    assert office.anonymous.post("/api/agent/alarm").status_code == 401


async def test_the_hand_set_is_told_of_as_soon_as_it_is_lifted(settings: KioskSettings, tmp_path: Path) -> None:
    path = tmp_path / "hook"
    hook = SimulatedKeys(path)
    async with keeping(settings.model_copy(update={"handset_device": str(path)})) as (agent, port):
        watching = asyncio.create_task(agent.devices.run())
        await until(lambda: agent.devices.handset.plugged)
        with hook.plugged_in():
            assert (await asked(port, type="handset"))["lifted"] is False
            waiting = asyncio.create_task(asked(port, type="handset", known=False, wait_s=10))
            await asyncio.sleep(0.05)
            hook.move(down=True, code=169)
            assert (await waiting)["lifted"] is True
        assert [code async for code in agent.devices.faults()] == []
        await until(lambda: not agent.devices.handset.plugged)
        assert [code async for code in agent.devices.faults()] == ["no_handset"]
        agent.devices.seen = (datetime.now(UTC), ("no_handset",))
        assert agent.doing.told().devices.faults == ("no_handset",)
        assert (await asked(port, type="handset", known=True, wait_s=0))["lifted"] is False, "unplugged: the loudspeaker is used"
        watching.cancel()
    async with keeping(settings) as (_, port):
        assert (await asked(port, type="handset"))["code"] == "no_handset"


async def test_the_halls_numbers_are_shown_while_the_office_answers_and_no_longer() -> None:
    hall: dict[str, Any] = {"hall": "柳河镇", "called": [{"number": "A07", "kiosk": "柳河镇 1 号机"}], "next": ["A08"], "waiting": 3, "talking": []}
    answers = [hall, hall, {**hall, "called": []}, None, None]
    office = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answers[0]) if answers[0] else httpx.Response(502)))
    shown = SimulatedBridge("叫号屏")
    async with shown.listening() as port, office:
        display = NumberDisplay(port, "http://office/api/hall/t")
        for now in (0.0, 3.0, 6.0, 9.0, 6.0 + OLD_S):
            await display.look(office, now)
            answers.pop(0)
        answers.append(hall)
        told = [(one["called"], one["next"], one["silent"]) for one in shown.shown]
        assert told == [([{"number": "A07", "place": "柳河镇 1 号机"}], ["A08"], False), ([], ["A08"], False), ([], [], True)]
        assert display.plugged
        shown.error = "no_device"
        await display.look(office, 50)
        assert not display.plugged
        shown.error = ""
        await display.look(office, 53)
        assert (display.plugged, shown.shown[-1]["next"]) == (True, ["A08"]), "told again as soon as it is there"
