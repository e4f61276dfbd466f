"""`make bench-lecture`: what a lecture costs, 1 speaker at 720p 1 Mbit/s and 10, 50, 100 viewers.

The media node has one core, its clients another.  Viewers are native clients with real ICE, DTLS and SRTP; once they
are connected what comes is counted and not decrypted.  Progress goes to standard error; the last line of standard
output is one JSON object; the figures go into deploy/performance.md.
"""

import argparse
import asyncio
import datetime
import json
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jwt
import uvloop
from aiortc import RTCSessionDescription
from websockets.asyncio.client import ClientConnection

from deploy.bench import report, servers
from deploy.bench.client import Crowd, Line, Publisher, connected, offer
from deploy.bench.clip import encode_picture, read_clip
from deploy.bench.load import Counts, Work, count, memory_mb, percentile
from deploy.bench.media import CLIENT_CORE, SERVER_CORE, VOICE
from deploy.bench.rooms import Rooms
from deploy.bench.servers import ROOT, Running, own_address
from server.media import compiled
from server.media.addresses import MediaAddresses
from server.media.aiortc_internals import bind_media_to
from server.protocol.signalling import LECTURE, Answer, Join, Joined, Offer, node_message

VIEWERS = (10, 50, 100)
BITRATE = 1_000_000
SECONDS = 10.0
WARM_S = 3.0
AT_A_TIME = 10
"""Viewers who come in together."""
PAIRS = 2
"""Sections to receive: the speaker's, and those of whoever has the floor."""


class Audience(Rooms):
    """One lecture on the product's media node; `count` counts its viewers."""

    def __init__(self, running: Running, crowd: Crowd, picture: Path) -> None:
        super().__init__(running.address, crowd, read_clip(picture, VOICE), 1)
        self._key = running.key
        self._id = f"{LECTURE}{secrets.token_hex(8)}"
        self.speaker: Publisher

    async def begin(self) -> None:
        """The speaker comes in and sends."""
        connection, line = await self._sit("leader")
        self.speaker = self.start(connection, line)

    async def open(self, name: str) -> None:
        """One more viewer."""
        _, line = await self._sit("observer")
        line.others = list(self.speaker.streams)
        self.crowd.lines.append(line)

    async def fill(self, viewers: int) -> None:
        """Viewers come in until there are so many."""
        while self.count < viewers:
            more = min(AT_A_TIME, viewers - self.count)
            await asyncio.gather(*(self.open("") for _ in range(more)))
            self.count += more

    async def _sit(self, role: str) -> tuple[Any, Line]:
        socket = await self.socket(self.address)
        await socket.send(Join(token=self._token(role)).model_dump_json())
        await _wait(socket, Joined)
        connection = await offer(PAIRS, sends=role == "leader")
        await socket.send(Offer(sdp=connection.localDescription.sdp).model_dump_json())
        await connection.setRemoteDescription(RTCSessionDescription((await _wait(socket, Answer)).sdp, "answer"))
        self.drain(socket)
        return connection, await connected(connection)

    def _token(self, role: str) -> str:
        now = time.time()
        claims = {
            "reception_id": self._id, "participant_id": f"{role}-{secrets.token_hex(6)}", "role": role, "name": "",
            "office": f"单位{self.count % 30}", "jti": secrets.token_hex(16), "iat": now, "exp": now + 60,
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="HS256")


async def _wait(socket: ClientConnection, kind: type) -> Any:
    async for text in socket:
        message = node_message.validate_json(text)
        if isinstance(message, kind):
            return message
    raise RuntimeError("the node closed the socket")


async def measure(running: Running, crowd: Crowd, viewers: int, seconds: float) -> dict[str, Any]:
    """The figures of so many seconds."""
    delays: list[float] = []
    crowd.publishers[0].lags.clear()
    for line in crowd.lines:
        line.delays = delays
    work = Work("ours", running.address, running.pid, CLIENT_CORE, "", "", 1, [], seconds, recordings=running.recordings)
    before = count(work, crowd)
    await asyncio.sleep(seconds)
    after = count(work, crowd)
    for line in crowd.lines:
        line.delays = None
    return figures(before, after, viewers) | {
        "delay_p50_ms": percentile(delays, 0.5),
        "delay_p95_ms": percentile(delays, 0.95),
        "client_late_p95_ms": percentile(list(crowd.publishers[0].lags), 0.95),
        "lines_lost": sum(not line.stands for line in crowd.lines),
        "memory_mb": round(memory_mb(running.pid)),
    }


def figures(before: Counts, after: Counts, viewers: int) -> dict[str, Any]:
    """Differences of the counters; the node's own CPU time and the kernel's for it."""
    passed = after.at - before.at
    user, system = (after.user - before.user) / passed, (after.system - before.system) / passed
    expected, received = after.expected - before.expected, after.received - before.received
    sent = after.sent - before.sent
    return {
        "viewers": viewers,
        "core_seconds": round(user + system, 3),
        "own": round(user, 3),
        "kernel": round(system, 3),
        "microseconds_per_packet": round((user + system) * passed / received * 1e6, 1) if received else None,
        "packets_per_second": round(received / passed),
        "lost_fraction": round(max(0, expected - received) / expected, 6) if expected else None,
        "delivered_fraction": round(received / (sent * viewers), 4) if sent else None,
        "mbit_each": round((after.octets - before.octets) * 8e-6 / passed / viewers, 3),
        "recorded_mbit": round((after.recorded - before.recorded) * 8e-6 / passed, 3),
        "client_cores": round((after.client - before.client) / passed, 3),
    }


async def run(running: Running, picture: Path, seconds: float) -> dict[str, Any]:
    """A lecture that more and more people watch."""
    crowd = Crowd()
    sending = asyncio.ensure_future(crowd.run())
    audience = Audience(running, crowd, picture)
    await audience.begin()
    found = {}
    for viewers in VIEWERS:
        await audience.fill(viewers)
        await asyncio.sleep(WARM_S)
        if sending.done():
            sending.result()
        step = await measure(running, crowd, viewers, seconds)
        say(json.dumps(step))
        found[str(viewers)] = step
    return found


def of_checkout(root: Path, picture: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """Start a node from a checkout and hold a lecture on it."""
    folder.mkdir()
    with servers.ours(folder, SERVER_CORE, CLIENT_CORE, root) as running:
        return uvloop.run(_quickly(running, picture, seconds))


async def _quickly(running: Running, picture: Path, seconds: float) -> dict[str, Any]:
    """Without farewells of a hundred connections: the node is stopped next."""
    found = await run(running, picture, seconds)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    return found


_COLUMNS = (
    ("viewers", "viewers"), ("core_seconds", "cores"), ("own", "of it own"), ("kernel", "of it kernel"),
    ("microseconds_per_packet", "µs a packet"), ("packets_per_second", "packets/s"), ("lost_fraction", "lost"),
    ("delivered_fraction", "delivered"), ("mbit_each", "Mbit/s each"), ("delay_p50_ms", "delay p50 ms"),
    ("delay_p95_ms", "p95"), ("client_cores", "client cores"), ("client_late_p95_ms", "client late p95 ms"), ("memory_mb", "MB"),
)  # fmt: skip


def page(result: dict[str, Any]) -> str:
    """The part of deploy/performance.md that tells of lectures."""
    rows = ["| node | " + " | ".join(title for _, title in _COLUMNS) + " |", "|---" * (len(_COLUMNS) + 1) + "|"]
    for name, steps in (("before", result.get("before", {})), ("now", result["viewers"])):
        for step in steps.values():
            rows.append(f"| {name} | " + " | ".join("–" if step[key] is None else str(step[key]) for key, _ in _COLUMNS) + " |")
    path = report.COMPILED if result["compiled"] else report.INTERPRETED
    today = datetime.date.today().isoformat()
    return _PAGE.format(
        date=today, machine=report.machine(), path=path, load=result["load_average_before"], rows="\n".join(rows)
    )  # fmt: skip


_PAGE = """# What a lecture costs

Written by `make bench-lecture` ({date}).  {machine}.  {path}

One speaker sends 1280x720 VP8 at 1 Mbit/s and Opus, recorded; viewers are native clients with ICE, DTLS and SRTP.
`cores` is the CPU time of the media node's process for each second.  "Before" (where it was measured, in the same run)
gives every viewer a stream of their own numbers; "now" numbers and writes each packet once for all (fan.py).
Load average before: {load}; above 1 other work took time on both cores, and losses and delays tell of that work.

{rows}
"""


def say(text: str) -> None:
    """Progress."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="measured at each number of viewers")
    parser.add_argument("--against", type=Path, help="another checkout: its node is measured first, as `before`")
    parser.add_argument("--quick", action="store_true", help="only print the figures")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("bench-lecture needs two cores: one for the node, one for its clients")
    load = os.getloadavg()[0]
    os.sched_setaffinity(0, {CLIENT_CORE})
    bind_media_to(MediaAddresses(bind=(own_address(),)))
    result: dict[str, Any] = {"bench": "lecture", "load_average_before": round(load, 1), "compiled": compiled.usable()}
    with tempfile.TemporaryDirectory(prefix="jietan-bench-") as name:
        folder = Path(name)
        picture = folder / "clip.webm"
        say("encoding the clip")
        encode_picture(picture, BITRATE)
        if options.against is not None:
            say(f"before: {options.against}")
            result["before"] = of_checkout(options.against.resolve(), picture, folder / "before", options.seconds)
            say("now")
        result["viewers"] = of_checkout(ROOT, picture, folder / "now", options.seconds)
    if not options.quick:
        report.write(report.PAGE, page(result))
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
