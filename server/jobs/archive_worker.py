"""Runs the archive's worker (server/archive/worker.py) in a process of its own and follows it.

A worker lives no longer than this program: it ends when its standard input closes.  What it had finished is taken up
by the next one.
"""

import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from server.archive.plan import BUSY, DISK_ERROR, DISK_FULL, RESULT, Result
from server.jobs.workflows import rest

QUEUE = "archive"
"""Of all work for which there is one worker at a time."""
ROOT = Path(__file__).resolve().parents[2]
LOOK_EVERY_S = 1.0
"""How often a running worker is looked at: whether it was given up, and how far it is."""
AGAIN_PAUSE_S = 1.0
"""Before trying again where a worker of the program before this one is still ending, or one was killed."""
KILLED_AT_MOST = 3
"""A worker that is killed more often than this, as by want of memory, will not come to an end."""
LINE = 4096
GIVEN_UP = "cancelled"
FAILURES = {DISK_FULL: "disk_full", DISK_ERROR: "disk_error"}


def outcome_of(folder: Path, progress: Callable[[float], bool]) -> Result | str:
    """What the worker made of the plan in a folder, or why there is nothing: a key of archiving.WHY, or GIVEN_UP.
    `progress` is told how far it is (0 to 1), and says whether it is still wanted.  Raises Stopping."""
    known, killed = folder / RESULT, 0
    while not known.exists():
        code = _run(folder, progress)
        if code is None:
            return GIVEN_UP
        killed += code < 0
        if (code > 0 and code != BUSY) or killed > KILLED_AT_MOST:
            return FAILURES.get(code, "internal")
        if code:
            rest(AGAIN_PAUSE_S)
    return Result.model_validate_json(known.read_bytes())


def _run(folder: Path, progress: Callable[[float], bool]) -> int | None:
    """Run a worker to its end; its exit code, or None when it was given up and killed.  Raises Stopping."""
    command = [sys.executable, "-m", "server.archive.worker", str(folder)]
    with (folder / "worker.log").open("ab") as errors:
        worker = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    try:
        return _watch(worker, progress)
    finally:
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            if pipe is not None:
                pipe.close()


def _watch(worker: "subprocess.Popen[bytes]", progress: Callable[[float], bool]) -> int | None:
    assert worker.stdout is not None  # it was asked for
    said, ended = b"", False
    while not ended:
        ready, _, _ = select.select([worker.stdout], [], [], LOOK_EVERY_S)
        if ready:
            told = worker.stdout.read1(LINE)  # type: ignore[attr-defined]
            said, ended = (said + told)[-LINE:], not told
        if not progress(_last_number(said)):
            return None
        rest(0 if ended else LOOK_EVERY_S / 2)
    return worker.wait()


def _last_number(said: bytes) -> float:
    """The last whole line, from 0 to 1."""
    lines = said.split(b"\n")[:-1]
    try:
        return max(0.0, min(1.0, float(lines[-1])))
    except (IndexError, ValueError):
        return 0.0
