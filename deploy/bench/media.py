"""`make bench-media`: the price of a room, side by side with stock aiortc and Janus, in one run on one machine.

The server has one core, the load client (and a sink for the sound) another.  Writes deploy/performance.md; the
last line of standard output is one JSON object.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.bench import report, servers
from deploy.bench.clip import BITRATE, encode_picture
from deploy.bench.load import Work
from deploy.bench.servers import ROOT, NotThere, Running

VOICE = ROOT / "deploy/demo/land/petitioner.opus"
SERVER_CORE, CLIENT_CORE = 0, 1
STEP_LIMIT_S = 90.0

Steps = list[dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """How much to try: numbers of rooms for each server, and seconds measured at each."""

    seconds: float
    alike: int
    """Rooms of two at which all SFUs are compared."""
    fives: int
    each: int
    """Rooms for each of two media processes side by side; few enough that its client fits on the same core."""
    more: tuple[int, ...]
    """Further steps, until one core is full."""


WHOLE = Plan(8.0, 12, 3, 8, (16, 20, 24, 28, 32, 40))
QUICK = Plan(4.0, 6, 1, 4, (12,))


class Bench:
    """One run."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.picture = folder / "clip.webm"
        self.missing: dict[str, str] = {}

    def run(self) -> dict[str, Steps]:
        """All servers, one after the other."""
        say("encoding the clip")
        encode_picture(self.picture)
        plan, found = self.plan, dict[str, Steps]()
        everything = [plan.alike, *plan.more]
        for name, steps in (("stock", [1, 2]), ("ours", everything), ("ours_recorded", everything)):
            found[name] = self.load(name, 2, steps)
        for name in ("janus", "janus_recorded"):
            found[name] = self.load(name, 2, everything)
        found["stock_five"] = self.load("stock", 5, [1])
        for name in ("ours", "ours_recorded", "janus", "janus_recorded"):
            found[name + "_five"] = self.load(name, 5, [plan.fives])
        found["one_node"] = self.side_by_side(plan.each, (SERVER_CORE,))
        found["two_nodes"] = self.side_by_side(plan.each, (SERVER_CORE, CLIENT_CORE))
        return found

    def side_by_side(self, rooms: int, cores: tuple[int, ...]) -> Steps:
        """A media process that records on each of these cores, and its client on the same core: what is added with
        a core is a server and its whole load."""
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(cores)) as pool:
            works = []
            for core in cores:
                folder = self.folder / f"node{core}of{len(cores)}"
                folder.mkdir()
                running = stack.enter_context(servers.ours(folder, core, core))
                works.append(self._work(running, 2, [rooms], recorded=True, core=core))
            outputs = list(pool.map(lambda work: list(_output(work)), works))
        found = [json.loads(line) for output in outputs for line in output]
        say(f"nodes on cores {cores}: {json.dumps(found)}")
        return found

    def load(self, name: str, seats: int, steps: list[int]) -> Steps:
        """Start a server afresh and load it; nothing where it is not installed."""
        kind, _, recorded = name.partition("_")
        try:
            with self._server(kind) as running:
                return self._steps(name, running, seats, steps, bool(recorded))
        except NotThere as error:
            say(f"{name}: left out, {error}")
            self.missing[kind] = str(error)
            return []

    def _server(self, kind: str) -> AbstractContextManager[Running]:
        if kind == "stock":
            return servers.stock(self.folder, SERVER_CORE)
        if kind == "ours":
            return servers.ours(self.folder, SERVER_CORE, CLIENT_CORE)
        return servers.janus(self.folder, SERVER_CORE)

    def _steps(self, name: str, running: Running, seats: int, steps: list[int], recorded: bool) -> Steps:
        work = self._work(running, seats, steps, recorded=recorded)
        found: Steps = []
        for line in _output(work):
            found.append(json.loads(line))
            say(f"{name}, rooms of {seats}: {line.strip()}")
        return found

    def _work(
        self, running: Running, seats: int, steps: list[int], *, recorded: bool, core: int = CLIENT_CORE
    ) -> Work:
        return Work(
            server=running.name, address=running.address, pid=running.pid, core=core,
            picture=str(self.picture), voice=str(VOICE), seats=seats, steps=steps, seconds=self.plan.seconds,
            key=running.key, recorded=recorded, recordings=running.recordings,
            # Stock aiortc encodes at what receivers ask for: the same bitrate as comes in.
            bitrate=BITRATE if running.name == "stock" else 5_000_000,
        )  # fmt: skip


def _output(work: Work) -> Iterator[str]:
    """The load client's lines, as they come."""
    argv = [sys.executable, "-m", "deploy.bench.load", json.dumps(asdict(work))]
    limit = STEP_LIMIT_S + 20 * len(work.steps)
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        killer = _after(limit, child.kill)
        try:
            if child.stdout is not None:
                yield from child.stdout
        finally:
            killer()
            child.kill()


def _after(seconds: float, act: Callable[[], None]) -> Callable[[], None]:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    return timer.cancel


def say(text: str) -> None:
    """Progress."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> None:
    """Measure, write the page, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute or two, to see that it works; writes no page")
    parser.add_argument("--only", default="", help="some servers (stock, ours, ours_recorded, janus, janus_recorded, nodes), with commas")
    parser.add_argument("--rooms", type=int, nargs="+", default=[16], help="with --only: numbers of rooms")
    parser.add_argument("--seats", type=int, default=2, help="with --only: participants in a room")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("bench-media needs two cores: one for the server, one for its clients")
    before = os.getloadavg()[0]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jietan-bench-")))
        bench = Bench(QUICK if options.quick else WHOLE, folder)
        if options.only:
            encode_picture(bench.picture)
            for name in options.only.split(","):
                if name == "nodes":
                    for cores in ((SERVER_CORE,), (SERVER_CORE, CLIENT_CORE)):
                        bench.side_by_side(options.rooms[0], cores)
                    continue
                bench.load(name, options.seats, options.rooms)
            return
        found = bench.run()
    summary = report.summary(found, bench.plan.alike)
    if not options.quick:
        report.write(report.PAGE, report.page(found, summary, bench.missing, (before, os.getloadavg()[0])))
    sys.stdout.write(json.dumps(summary) + "\n")


if __name__ == "__main__":
    main()
