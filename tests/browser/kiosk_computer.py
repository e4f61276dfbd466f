"""A kiosk's computer for a test: `jietan kiosk run` as its own process, a simulated card reader, and a Chromium with a
profile on the disk that shows what the program serves."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, Playwright
from sqlalchemy import select

from server.reception.kiosk import copies
from server.store.models import Kiosk
from tests.browser import chromium
from tests.browser.kiosk_office import ROOT, KioskOffice, free_port
from tests.browser.programs import READY_S, wait_until
from tests.patience import PATIENCE_MS

ARGUMENTS = [
    "--no-sandbox", "--use-fake-device-for-media-stream=fps=5", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


class KioskComputer:
    """The programs of one kiosk, in one folder."""

    def __init__(self, office: KioskOffice, folder: Path, agent_port: int, *, reader: bool = True) -> None:
        """`reader`: it has a card reader, with a card on it now and then."""
        self.folder = folder
        self.screens_port, reader_port = free_port(), free_port() if reader else 0
        values = {"SERVER": office.url, "DATA_DIR": folder, "AGENT_PORT": agent_port, "SCREENS_PORT": self.screens_port,
                  "DISK_RESERVE_MB": 0} | ({"CARD_READER_PORT": reader_port} if reader else {})  # fmt: skip
        self._environment = os.environ | {f"JIETAN_KIOSK_{name}": str(value) for name, value in values.items()}
        with office.store.write() as session:
            kiosk = session.scalars(select(Kiosk)).first()
            assert kiosk is not None
            code = copies.agent_code(session, kiosk).code
        self._running = [self._start("run", "--code", code)]
        if reader:
            self._running.append(self._start("simulate-reader", "--port", str(reader_port)))
        wait_until(self._serves, "the kiosk's own screens", READY_S)

    def _start(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{command[0]}.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "server.cli", "kiosk", *command], cwd=ROOT, env=self._environment, stdout=output, stderr=output
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.screens_port}/kiosk"

    def _serves(self) -> bool:
        try:
            return "screen-welcome" in httpx.get(self.url, trust_env=False).text
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """End the programs."""
        for process in self._running:
            process.kill()
            process.wait(10)


@contextmanager
def profile(playwright: Playwright, folder: Path) -> Iterator[BrowserContext]:
    """A Chromium whose profile lies in this folder."""
    context = playwright.chromium.launch_persistent_context(
        str(folder), executable_path=chromium.find(), args=ARGUMENTS, has_touch=True, viewport={"width": 1080, "height": 1920},
        permissions=["camera", "microphone"],
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        context.close()
