"""The kiosk's program through days of use: its memory stays flat."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kiosk import agent as program
from kiosk.computer import Computer
from kiosk.screens import ShownScreens
from kiosk.serving import Screens as OwnAddress
from kiosk.serving import own_socket, serving
from kiosk.settings import KioskSettings
from server.protocol.copies import AgentKey, ToldOffice
from tests.kiosk.test_screens import Maker

pytestmark = pytest.mark.nightly
DAYS = 6
"""Each as long as the first one, which warms everything up."""
BEATS = 2000
GROWS_MB = 3.0


def resident_mb() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Streamed(httpx.AsyncByteStream):
    """A body that arrives while it is passed on, as over a network."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 65_536):
            yield self._content[start : start + 65_536]


def office(request: httpx.Request) -> httpx.Response:
    """Answers, refuses, and is away now and then."""
    if request.url.path == "/api/kiosk/sitting":
        return httpx.Response(404, stream=Streamed(b'{"error": {"code": "not_found", "message": "x"}}'))
    if request.url.path == "/api/kiosk/help":
        raise httpx.ConnectError("away")
    return httpx.Response(200, stream=Streamed(bytes(200_000)))


async def day(page: httpx.AsyncClient, computer: Computer, screens: ShownScreens, maker: Maker, number: int) -> None:
    maker.offer(f"day {number}")
    await maker.get()
    for beat in range(BEATS):
        version = computer.state().version
        said = {"version": version, "screen": "welcome" if beat % 5 else "talk", "busy": not beat % 5}
        assert (await page.post("/agent/page", json=said)).status_code == 200
        await page.get("/static/a.js")
        await page.get("/api/kiosk/sitting")
        computer._look_once(float(beat))
        if not beat % 50:
            await page.post("/api/kiosk/help", content=b"x" * 50_000)
            await page.get("/api/receptions/x")
            computer.browser_ended(beat % 7)
    assert screens.current is not None


async def test_memory_stays_flat_through_beats_questions_new_screens_and_lost_lines(tmp_path: Path) -> None:
    settings = KioskSettings(server="http://office.test", data_dir=tmp_path / "kiosk", agent_port=0, disk_reserve_mb=0)
    program.keep_key(settings, AgentKey(token="t" * 43, kiosk="k", office=ToldOffice(key="ab" * 32, kiosk_id=1)))
    computer = Computer(settings, httpx.MockTransport(office))
    maker = Maker(tmp_path / "screens")
    computer.screens = screens = maker.computer
    listener = own_socket(0)
    port = listener.getsockname()[1]
    async with serving(OwnAddress(computer, computer.to_office, port), listener):
        headers = {"X-Jietan": "1", "Origin": f"http://127.0.0.1:{port}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as page:
            while True:
                try:
                    await page.get("/agent/state")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.01)
            used = []
            for number in range(DAYS + 1):
                await day(page, computer, screens, maker, number)
                used.append(resident_mb())
    computer.agent.outbox.close()
    print([round(megabytes, 1) for megabytes in used])
    assert used[-1] - used[0] < GROWS_MB, used
