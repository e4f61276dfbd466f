"""From the start of the kiosk's program to the welcome screen in the browser that it keeps open, against a running office.

With a display (Xvfb) and the whole Chromium where they are installed, else with the one that draws without a display.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from websockets.sync.client import connect

from kiosk import startup
from server.reception.kiosk import copies, kiosk_health
from server.store.models import KioskAgent
from tests.browser import chromium
from tests.browser.kiosk_office import ROOT, KioskOffice, free_port
from tests.browser.programs import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
GOAL_S = 20.0
COVERED_S = 240.0
"""On a busy machine, until a page that is covered has its browser opened again."""


@pytest.fixture
def display() -> Iterator[dict[str, str]]:
    """Environment of a browser, and which one."""
    whole = shutil.which("chromium")
    if whole is None or shutil.which("Xvfb") is None:
        yield {"JIETAN_KIOSK_BROWSER": str(chromium.find())}
        return
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1080x1920x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        yield {"JIETAN_KIOSK_BROWSER": whole, "DISPLAY": f":{server.stdout.readline().strip()}"}
        server.terminate()


@pytest.fixture
def profiles() -> Iterator[Path]:
    """A folder with a short name: Chromium makes a socket in it."""
    with tempfile.TemporaryDirectory(prefix="jt") as folder:
        yield Path(folder)


def cover(inspector: int) -> None:
    """Another tab in the kiosk's own window; what the inspector itself opens is a window beside it, which covers nothing."""
    found = httpx.get(f"http://127.0.0.1:{inspector}/json/list", trust_env=False).raise_for_status().json()
    address = next(one["webSocketDebuggerUrl"] for one in found if one["url"].endswith("/kiosk"))
    opened = {"expression": "window.open('about:blank') !== null", "userGesture": True}
    with connect(address, proxy=None) as page:
        page.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": opened}))
        assert json.loads(page.recv())["result"]["result"]["value"] is True


def test_the_program_opens_its_browser_on_the_welcome_screen_and_leaves_nothing_of_it(
    tmp_path: Path, profiles: Path, display: dict[str, str]
) -> None:
    office, folder = KioskOffice(tmp_path / "office"), tmp_path / "kiosk"
    ports = {"JIETAN_KIOSK_AGENT_PORT": str(free_port()), "JIETAN_KIOSK_SCREENS_PORT": str(free_port())}
    own = {"JIETAN_KIOSK_SERVER": office.url, "JIETAN_KIOSK_DATA_DIR": str(folder), "JIETAN_DATA_DIR": str(folder)}
    inspector = free_port()
    flags = json.dumps(["--no-sandbox", "--disable-gpu", f"--remote-debugging-port={inspector}"])
    own |= {"JIETAN_KIOSK_BROWSER_DIR": str(profiles), "JIETAN_KIOSK_BROWSER_FLAGS": flags}
    output = tmp_path / "kiosk.log"
    try:
        office.start()
        with office.store.write() as session:
            kiosk = session.scalars(select(copies.Kiosk)).one()
            code = copies.agent_code(session, kiosk).code
        command = [sys.executable, "-m", "server.cli", "kiosk", "run", "--screen", "--code", code]
        with output.open("wb") as log, subprocess.Popen(
            command, cwd=ROOT, env=os.environ | ports | own | display, stdout=log, stderr=log
        ) as program:
            try:
                wait_until(lambda: startup.last(folder / "startup.json"), "the welcome screen")
                (first,) = profiles.iterdir()
                if "DISPLAY" in display:  # the other has no tabs that cover each other
                    cover(inspector)
                    wait_until(lambda: set(profiles.iterdir()) - {first}, "a browser in which the kiosk's page is not covered", COVERED_S)
            finally:
                program.send_signal(signal.SIGTERM)
            assert program.wait(20) == 0
        took = startup.last(folder / "startup.json")
        assert took is not None
        print(took.model_dump_json())
        assert took.program_s < GOAL_S
        assert list(profiles.iterdir()) == [], "the profile is gone with the program"
        with office.store.read() as session:
            health = kiosk_health.health_of(session.scalars(select(KioskAgent)).one())
        assert health is not None
        assert json.loads((folder / "screens" / "state.json").read_text())["current"]
    finally:
        office.close()
