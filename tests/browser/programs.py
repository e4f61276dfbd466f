"""The product's own programs as processes of a test, on free ports of the loopback; their output is shown when a
test fails."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from server.settings import Settings
from tests.patience import PATIENCE_S
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
READY_S = 180.0


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Ask until it is true; says what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come within {seconds:.0f} s: {what}")
        time.sleep(0.05)


class Programs:
    """Some of `jietan serve|web|media|transcriber` over one data folder."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        """`settings`: what is to be other than on a machine of its own."""
        self.folder = folder
        self._environment = os.environ | {
            "JIETAN_DATA_DIR": str(folder),
            "JIETAN_CONFIG": str(folder / "no-config.toml"),
            "JIETAN_WEB_PORT": str(free_port()),
            "JIETAN_MEDIA_PORT": str(free_port()),
            "JIETAN_TRANSCRIBER_HOST": "127.0.0.1",
            "JIETAN_ARCHIVE_ON_FILING": "false",
            "JIETAN_SECOND_PASS": "false",
            "JIETAN_TRANSCRIBER_PORT": str(free_port()),
            "JIETAN_TRANSCRIBER_MODEL": str(ROOT / "deploy/demo/model"),
        }
        for name, value in settings.items():
            self._environment[f"JIETAN_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        ports = {f"{name}_port": int(self._environment[f"JIETAN_{name.upper()}_PORT"]) for name in ("web", "media", "transcriber")}
        self.settings = Settings(**{"data_dir": folder} | ports | settings)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.settings.web_port}"

    def start(self, name: str) -> None:
        """Start one program; it need not be ready yet."""
        with (self.folder / f"{name}.log").open("ab") as output:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "server.cli", name],
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self, name: str, port: int) -> None:
        """Wait until it says that it is ready."""
        wait_until(lambda: self._ready(name, port), f"{name} is ready", READY_S)

    def kill(self, name: str) -> None:
        """kill -9."""
        self._processes[name].send_signal(signal.SIGKILL)
        self._processes[name].wait(10)

    def stop(self) -> None:
        """End all of them."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def output(self) -> str:
        """The last lines of each program."""
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {f.name}\n" + f.read_text(errors="replace")[-3000:] for f in files)

    def _ready(self, name: str, port: int) -> bool:
        if self._processes[name].poll() is not None:
            raise AssertionError(f"{name} ended\n{self.output()}")
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
        except httpx.TransportError:
            return False
        return answer.is_success


@contextmanager
def talking(folder: Path) -> Iterator[Programs]:
    """What a talk needs that nobody recognises: the web program and a media node, both ready."""
    running = Programs(folder)
    try:
        for name in ("web", "media"):
            running.start(name)
        running.wait_ready("media", running.settings.media_port)
        running.wait_ready("web", running.settings.web_port)
        yield running
    finally:
        running.stop()
