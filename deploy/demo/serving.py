"""`jietan serve` for the demo, on a data folder that is thrown away at every start."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from office_client import wait_for

from kiosk.office import Office
from server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MARKER = "THROW-AWAY"
READY_S = 90.0
STOP_S = 25.0


class DemoFailed(Exception):
    """The demo cannot go on; the message says why."""


def fresh_data_dir(folder: Path) -> None:
    """An empty folder; one that this demo did not make is never emptied."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise DemoFailed(f"{folder} is not a demo's folder; move it away first")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("Made by make demo, emptied at its next start.\n")


def demo_settings(folder: Path) -> Settings:
    """Settings of the demo's programs, put into the environment for them; an address set there is kept."""
    os.environ["JIETAN_DATA_DIR"] = str(folder)
    os.environ["JIETAN_CONFIG"] = str(folder / "no-config.toml")
    os.environ["JIETAN_MEDIA_BIND"] = '["127.0.0.1"]'
    os.environ.setdefault("JIETAN_TRANSCRIBER_MODEL", str(ROOT / "deploy/demo/model"))
    settings = Settings()
    os.environ.setdefault("JIETAN_TRANSCRIBER_HOST", settings.transcriber_host)
    os.environ.setdefault("JIETAN_TRANSCRIBER_PORT", str(settings.transcriber_port))
    return settings


class Serving:
    """The running server; its output goes to serve.log in the data folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log_file = settings.data_dir / "serve.log"
        with self.log_file.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "serve"],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ready(self, office: Office) -> None:
        """Wait until the web program can work with all others; tells what is awaited."""
        await wait_for(lambda: self._all_up(office), "the server to be ready", READY_S)

    async def _all_up(self, office: Office) -> bool:
        if self._process.poll() is not None:
            raise DemoFailed(f"jietan serve ended:\n{self.log_tail()}")
        try:
            ready = await office.call("GET", "/readyz")
        except ConnectionError:
            return False
        return not ready.get("missing")

    def kill(self, program: str) -> None:
        """kill -9 of one of its programs, as a crash would be."""
        os.kill(int((self.settings.data_dir / "run" / f"{program}.pid").read_text()), signal.SIGKILL)

    def log_tail(self) -> str:
        """The last lines that the programs wrote."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-15:])

    def wait(self) -> None:
        """Serve until the process ends."""
        self._process.wait()

    def stop(self) -> None:
        """End all programs."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()

