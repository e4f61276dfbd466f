"""`jietan serve`: keeps the web, media and transcriber programs of one machine running.

A program that ends is started again, at once the first time and then after growing pauses; nothing here knows
what the programs do.  They die with the supervisor, so a data folder never has two owners.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from server import signing_key
from server.errors import JietanError
from server.settings import Settings, UnusableSecret, make_private

log = structlog.get_logger()

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_AFTER_S = 30.0
"""A program that ran this long is taken as healthy: its next end is restarted at once again."""
STOP_GRACE_S = 15.0
PR_SET_PDEATHSIG = 1


class CannotServe(JietanError):
    """The programs cannot be started here; the message says why (English: it goes to a shell)."""

    code = "cannot_serve"


@dataclass(frozen=True)
class Program:
    """One child: its name, its command line, and what its environment has beside ours."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Supervisor:
    """Runs programs until `stop()`; `run_dir` gets one NAME.pid a program."""

    programs: Sequence[Program]
    run_dir: Path
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Keep every program running; returns when all have ended after `stop()`."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        async with asyncio.TaskGroup() as group:
            for program in self.programs:
                group.create_task(self._keep(program))

    def stop(self) -> None:
        """Ask all programs to end; idempotent."""
        self._stopping.set()

    async def _keep(self, program: Program) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(program)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > STEADY_AFTER_S:
                pause = FIRST_PAUSE_S
            log.warning("program ended, starting it again", name=program.name, code=code, pause_s=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _run_once(self, program: Program) -> int:
        process = await asyncio.create_subprocess_exec(
            *program.argv, env={**os.environ, **program.env}, start_new_session=True, preexec_fn=_die_with_parent()
        )
        pid_file = self.run_dir / f"{program.name}.pid"
        pid_file.write_text(str(process.pid))
        log.info("program started", name=program.name, pid=process.pid)
        try:
            return await self._wait(process)
        finally:
            pid_file.unlink(missing_ok=True)

    async def _wait(self, process: asyncio.subprocess.Process) -> int:
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            process.terminate()
            await asyncio.wait({ended}, timeout=STOP_GRACE_S)
        if not ended.done():
            log.error("program did not stop, killing it", pid=process.pid)
            process.kill()
        return await ended


def _die_with_parent() -> Callable[[], None] | None:
    """For the child, before exec: end when the supervisor is killed (prctl(2), Linux)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def programs(settings: Settings) -> list[Program]:
    """The programs of one machine, in the order in which they are started: one web, one transcriber, some nodes."""
    python = [sys.executable, "-m", "server.cli"]
    nodes = [
        Program(media_name(node), [*python, "media"], {"JIETAN_MEDIA_NODE": str(node)})
        for node in range(settings.media_nodes)
    ]
    return [Program("transcriber", [*python, "transcriber"]), *nodes, Program("web", [*python, "web"])]


def media_name(node: int) -> str:
    """What a media node's process is called."""
    return "media" if node == 0 else f"media-{node}"


def check_ports(settings: Settings) -> None:
    """Raise CannotServe when something else listens where a program would."""
    for what, host, port in (
        ("web", settings.web_host, settings.web_port),
        *((media_name(n), settings.media_host, settings.media_port_of(n)) for n in range(settings.media_nodes)),
        ("transcriber", settings.transcriber_host, settings.transcriber_port),
    ):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotServe(f"{what} cannot listen on {host}:{port}: {error.strerror}") from error


@contextlib.contextmanager
def own_data_dir(folder: Path) -> Iterator[None]:
    """Hold the data folder for this supervisor alone; raises CannotServe when another has it."""
    make_private(folder)
    with (folder / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotServe(f"another jietan serve uses {folder}") from error
        yield


async def supervise(settings: Settings) -> None:
    """Run the programs until SIGTERM or SIGINT."""
    supervisor = Supervisor(programs(settings), settings.data_dir / "run")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    await supervisor.run()


def _make_keys(settings: Settings) -> None:
    """Make the keys before three programs race for them; raises CannotServe when there is a bad one."""
    try:
        settings.key("seat")
        signing_key.load(settings)
    except UnusableSecret as error:
        raise CannotServe(str(error)) from error


def run(settings: Settings) -> None:
    """Blocking entry of `jietan serve`."""
    with own_data_dir(settings.data_dir):
        check_ports(settings)
        _make_keys(settings)
        log.info("serving", url=settings.base_url, data_dir=str(settings.data_dir))
        asyncio.run(supervise(settings))
