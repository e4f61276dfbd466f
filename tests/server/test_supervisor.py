"""The supervisor, with small real programs."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from server.settings import Settings
from server.supervisor import FIRST_PAUSE_S, CannotServe, Program, Supervisor, check_ports, own_data_dir
from tests.patience import PATIENCE_S, until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(60)",
]


async def pid_of(folder: Path, name: str, other_than: int = 0) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        file = folder / f"{name}.pid"
        with contextlib.suppress(FileNotFoundError):
            if (text := file.read_text()) and int(text) != other_than:
                return int(text)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{name} was not started")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_killed_program_is_started_again_and_all_stop_together(tmp_path: Path) -> None:
    supervisor = Supervisor([Program("one", SLEEPER), Program("two", SLEEPER)], tmp_path)
    running = asyncio.create_task(supervisor.run())
    one, two = await pid_of(tmp_path, "one"), await pid_of(tmp_path, "two")
    os.kill(one, signal.SIGKILL)
    again = await pid_of(tmp_path, "one", other_than=one)
    assert alive(again)
    assert alive(two), "the other program must not notice"
    supervisor.stop()
    await asyncio.wait_for(running, PATIENCE_S)
    assert not alive(again)
    assert not alive(two)
    assert not list(tmp_path.glob("*.pid"))


async def test_a_program_that_ignores_the_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.supervisor.STOP_GRACE_S", 0.5)
    supervisor = Supervisor([Program("stubborn", STUBBORN)], tmp_path)
    running = asyncio.create_task(supervisor.run())
    pid = await pid_of(tmp_path, "stubborn")
    await asyncio.sleep(0.5)  # until it has set its handler; were it late, SIGTERM would simply end it
    supervisor.stop()
    await asyncio.wait_for(running, PATIENCE_S)
    assert not alive(pid)


async def test_pauses_grow_when_a_program_cannot_start(tmp_path: Path) -> None:
    code = f"import time; open({str(tmp_path / 'starts')!r}, 'a').write(f'{{time.monotonic()}}\\n')"
    supervisor = Supervisor([Program("failing", [sys.executable, "-c", code])], tmp_path / "run")
    running = asyncio.create_task(supervisor.run())

    def starts() -> list[float]:
        file = tmp_path / "starts"
        return [float(line) for line in file.read_text().splitlines()] if file.exists() else []

    await until(lambda: len(starts()) >= 4, "it is started again and again")
    supervisor.stop()
    await asyncio.wait_for(running, PATIENCE_S)
    pauses = [after - before for before, after in pairwise(starts())]
    assert all(pause > FIRST_PAUSE_S * 2**number for number, pause in enumerate(pauses)), pauses


async def test_programs_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from server.supervisor import Program, Supervisor;"
        f"asyncio.run(Supervisor([Program('child', {SLEEPER!r})], Path({str(tmp_path)!r})).run())"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    child = await pid_of(tmp_path, "child")
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + PATIENCE_S
    while alive(child) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert not alive(child)


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotServe) as caught:
            check_ports(Settings(web_port=port))
    assert f"127.0.0.1:{port}" in caught.value.message


def test_a_data_folder_has_one_owner(tmp_path: Path) -> None:
    with own_data_dir(tmp_path):
        held = subprocess.run(
            [sys.executable, "-c", f"from pathlib import Path; from server.supervisor import own_data_dir\nwith own_data_dir(Path({str(tmp_path)!r})): pass"],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
    assert held.returncode != 0
    assert "cannot_serve" in held.stderr
