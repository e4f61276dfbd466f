"""Loads one server with growing numbers of rooms and prints one JSON line for each step.

    python -m deploy.bench.load.py '{"server": "ours", "address": …}'      (started by media)
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from deploy.bench.client import Crowd
from deploy.bench.clip import read_clip
from deploy.bench.rooms import Janus, Ours, Rooms, Stock
from deploy.bench.servers import own_address
from server.media.addresses import MediaAddresses
from server.media.aiortc_internals import bind_media_to

WARM_S = 4.0
ENOUGH_LOSS = 0.01


@dataclass(frozen=True)
class Work:
    """What to do; comes as JSON."""

    server: str
    address: str
    pid: int
    core: int
    picture: str
    voice: str
    seats: int
    steps: list[int]
    seconds: float
    key: str = ""
    recorded: bool = False
    recordings: str = ""
    bitrate: int = 5_000_000


def cpu_seconds(pid: int) -> tuple[float, float]:
    """CPU time that a process and its threads have used, in the program itself and in the kernel for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK"), int(fields[12]) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def recorded_bytes(folder: str) -> int:
    """What lies in a recording folder."""
    return sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) if folder else 0


def percentile(values: list[float], share: float) -> float | None:
    """In milliseconds."""
    return round(sorted(values)[int(share * (len(values) - 1))] * 1000, 2) if values else None


@dataclass
class Counts:
    """Counters of one moment."""

    at: float
    user: float
    system: float
    client: float
    sent: int
    sent_octets: int
    received: int
    expected: int
    octets: int
    recorded: int


def count(work: Work, crowd: Crowd) -> Counts:
    streams = [s for line in crowd.lines for s in line.streams.values()]
    outgoing = [s for p in crowd.publishers for s in p.streams]
    return Counts(
        time.monotonic(), *cpu_seconds(work.pid), time.process_time(), sum(s.packets for s in outgoing),
        sum(s.octets for s in outgoing), sum(s.packets for s in streams), sum(s.expected for s in streams),
        sum(s.octets for s in streams), recorded_bytes(work.recordings),
    )  # fmt: skip


async def measure(work: Work, crowd: Crowd, rooms: int, idle_mb: float) -> dict[str, Any]:
    """The figures of `seconds` at this number of rooms."""
    delays: list[float] = []
    for line in crowd.lines:
        line.delays = delays
    for publisher in crowd.publishers:
        publisher.lags.clear()
    gc.collect()
    gc.freeze()
    before = count(work, crowd)
    await asyncio.sleep(work.seconds)
    after = count(work, crowd)
    for line in crowd.lines:
        line.delays = None
    lags = [lag for publisher in crowd.publishers for lag in publisher.lags]
    return figures(work, rooms, before, after) | {
        "delay_p50_ms": percentile(delays, 0.5), "delay_p95_ms": percentile(delays, 0.95),
        "delay_p99_ms": percentile(delays, 0.99), "client_lag_p95_ms": percentile(lags, 0.95),
        "memory_mb_per_room": round((memory_mb(work.pid) - idle_mb) / rooms, 2),
        "streams": sum(len(line.streams) for line in crowd.lines),
        "lines_lost": sum(not line.stands for line in crowd.lines),
        "client_refused": sum(line.refused for line in crowd.lines),
    }  # fmt: skip


def figures(work: Work, rooms: int, before: Counts, after: Counts) -> dict[str, Any]:
    """Differences of the counters."""
    seconds = after.at - before.at
    expected = after.expected - before.expected
    lost = max(0, expected - (after.received - before.received))
    # What never came at all leaves no hole in the numbers: everybody sends to all others in the room.
    wanted = (after.sent - before.sent) * (work.seats - 1)
    user, system = (after.user - before.user) / seconds, (after.system - before.system) / seconds
    cores = user + system
    return {
        "server": work.server, "recorded": work.recorded, "rooms": rooms, "seats": work.seats,
        "seconds": round(seconds, 1), "server_cores": round(cores, 3), "core_per_room": round(cores / rooms, 5),
        "user_per_room": round(user / rooms, 5), "system_per_room": round(system / rooms, 5),
        "client_cores": round((after.client - before.client) / seconds, 3),
        "sent_pps": round((after.sent - before.sent) / seconds),
        "received_pps": round((after.received - before.received) / seconds),
        "sent_mbps_each": round((after.sent_octets - before.sent_octets) * 8e-6 / seconds / rooms / work.seats, 3),
        "received_mbps_each": round((after.octets - before.octets) * 8e-6 / seconds / rooms / work.seats / (work.seats - 1), 3),
        "lost": lost, "lost_fraction": round(lost / expected, 6) if expected else None,
        "delivered_fraction": round((after.received - before.received) / wanted, 4) if wanted else None,
        "recorded_mbps_each": round((after.recorded - before.recorded) * 8e-6 / seconds / rooms / work.seats, 3),
    }  # fmt: skip


def rooms_of(work: Work, crowd: Crowd) -> Rooms:
    """The server's own way of seating people."""
    clip = read_clip(Path(work.picture), Path(work.voice))
    common = (work.address, crowd, clip, work.seats)
    if work.server == "ours":
        return Ours(*common, key=work.key, recorded=work.recorded)
    if work.server == "janus":
        return Janus(*common, recordings=work.recordings if work.recorded else "")
    return Stock(*common)


def steps(work: Work) -> Iterator[int]:
    yield from sorted(set(work.steps))


async def main() -> None:
    """Step after step, until one loses packets."""
    work = Work(**json.loads(sys.argv[1]))
    os.sched_setaffinity(0, {work.core})
    bind_media_to(MediaAddresses(bind=(own_address(),)))
    crowd = Crowd()
    crowd.bitrate = work.bitrate
    running = asyncio.ensure_future(crowd.run())
    idle_mb = memory_mb(work.pid)
    rooms = rooms_of(work, crowd)
    for wanted in steps(work):
        await rooms.grow(wanted)
        await asyncio.sleep(WARM_S)
        if running.done():
            running.result()
        found = await measure(work, crowd, wanted, idle_mb)
        print(json.dumps(found), flush=True)
        if (found["lost_fraction"] or 0.0) > ENOUGH_LOSS or found["lines_lost"]:
            break
    os._exit(0)  # the server is stopped next; hundreds of farewells would only take time


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
