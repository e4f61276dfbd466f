"""Starts and stops the servers of a bench, each pinned to one core."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
READY_S = 20.0
PR_SET_PDEATHSIG = 1


class NotThere(Exception):
    """This server cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Running:
    """A server under load: where clients go, and the process whose CPU time counts."""

    name: str
    address: str
    pid: int
    key: str = ""
    recordings: str = ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_address() -> str:
    """This machine's address for media: Janus and aioice leave 127.0.0.1 out.  Packets to it stay in the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # documentation address (RFC 5737): nothing is sent
        except OSError as error:
            raise NotThere("this machine has no address but 127.0.0.1") from error
        return str(probe.getsockname()[0])


def on_core(core: int) -> Callable[[], None]:
    """For the child, before exec: on this core, and not longer than its parent (prctl(2))."""
    prctl = ctypes.CDLL(None).prctl

    def settle() -> None:
        os.sched_setaffinity(0, {core})
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return settle


@contextlib.contextmanager
def process(
    argv: Sequence[str], core: int, port: int, log: Path, env: dict[str, str] | None = None, root: Path = ROOT
) -> Iterator[int]:
    """A child that listens on `port`; its output goes to `log`.  Raises NotThere when it does not."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            argv, cwd=root, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})},
            preexec_fn=on_core(core), start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for(child, port, log)
        yield child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
        if child.poll() is None:
            child.kill()
            child.wait()


def _wait_for(child: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if child.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NotThere(f"does not listen; its last words: {log.read_text(errors='replace')[-300:]}")


@contextlib.contextmanager
def stock(folder: Path, core: int) -> Iterator[Running]:
    """Stock aiortc with MediaRelay."""
    port = free_port()
    argv = [sys.executable, "-m", "deploy.bench.stock", str(port)]
    with process(argv, core, port, folder / "stock.log") as pid:
        yield Running("stock", f"ws://127.0.0.1:{port}", pid)


@contextlib.contextmanager
def ours(folder: Path, core: int, client_core: int, root: Path = ROOT) -> Iterator[Running]:
    """The product's media node as `jietan media` starts it, from another checkout if `root` names one, with a sink for
    the sound beside the client."""
    data, port, sink_port = folder / "ours", free_port(), free_port()
    shutil.rmtree(data, ignore_errors=True)
    settings = Settings(data_dir=data)
    env = {
        "JIETAN_DATA_DIR": str(data), "JIETAN_CONFIG": str(folder / "none.toml"), "JIETAN_MEDIA_PORT": str(port),
        "JIETAN_MEDIA_BIND": f'["{own_address()}"]', "JIETAN_TRANSCRIBER_URL": f"http://127.0.0.1:{sink_port}",
        "JIETAN_DISK_RESERVE_MB": "0", "JIETAN_LOG_LEVEL": "warning",
    }  # fmt: skip
    key = settings.key("seat")
    sink = [sys.executable, "-m", "deploy.bench.sink", str(sink_port)]
    node = [sys.executable, "-m", "server.cli", "media"]
    with process(sink, client_core, sink_port, folder / "sink.log"), process(node, core, port, folder / "ours.log", env, root) as pid:
        yield Running("ours", f"ws://127.0.0.1:{port}/signal", pid, key, str(data / "recordings"))
    shutil.rmtree(data, ignore_errors=True)


_JANUS = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{libraries}/plugins"
    transports_folder = "{libraries}/transports"
    events_folder = "{folder}/none"
    loggers_folder = "{folder}/none"
    log_to_stdout = true
    debug_level = 3
    session_timeout = 0
}}
media: {{ ipv6 = false }}
nat: {{ ice_enforce_list = "{address}" }}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
"""
_SOCKETS = """
general: {{ ws = true; ws_port = {port}; ws_ip = "127.0.0.1"; wss = false }}
admin: {{ admin_ws = false }}
"""


def _others(folder: Path, wanted: str) -> str:
    return ",".join(f.name for f in folder.glob("*.so") if wanted not in f.name)


@contextlib.contextmanager
def janus(folder: Path, core: int) -> Iterator[Running]:
    """Debian's Janus with a configuration of its own."""
    program = shutil.which("janus")
    libraries = next(iter(sorted(Path("/usr/lib").glob("*/janus"))), None)
    if program is None or libraries is None:
        raise NotThere("janus is not installed (Debian: apt-get install janus)")
    own, port = folder / "janus", free_port()
    shutil.rmtree(own, ignore_errors=True)
    recordings = own / "recordings"
    recordings.mkdir(parents=True)
    plugins = _others(libraries / "plugins", "videoroom")
    transports = _others(libraries / "transports", "websockets")
    (own / "janus.jcfg").write_text(
        _JANUS.format(address=own_address(), folder=own, libraries=libraries, other_plugins=plugins, other_transports=transports)
    )
    (own / "janus.transport.websockets.jcfg").write_text(_SOCKETS.format(port=port))
    (own / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")
    argv = [program, "--configs-folder", str(own), "--config", str(own / "janus.jcfg")]
    with process(argv, core, port, folder / "janus.log") as pid:
        yield Running("janus", f"ws://127.0.0.1:{port}", pid, recordings=str(recordings))
    shutil.rmtree(own, ignore_errors=True)
