"""`make bench-archive`: how fast the archive's film is made of two 720p recordings, by the worker as the office runs it.

The last line of standard output is one JSON object.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import av

from deploy.bench import report
from deploy.bench.clip import RATE, encode_picture
from deploy.bench.recordings import ROOT, write_track, write_voice
from server.archive.plan import PLAN, RESULT, Caption, Notice, Result, Seat, Source, VideoPlan
from server.media import webm

SEATS = {"petitioner": "信访人", "leader": "接访领导"}


def record(folder: Path, seconds: float) -> list[Source]:
    """Two people's files as the media node writes them: 1280x720 VP8 at 1.2 Mbit/s, 30 pictures a second, and Opus."""
    encode_picture(folder / "clip.webm")
    with av.open(str(folder / "clip.webm")) as clip:
        frames = [(bytes(packet), packet.is_keyframe) for packet in clip.demux(video=0) if packet.size]
    sources = []
    for seat in SEATS:
        pictures = (webm.Block(n / RATE, *frames[n % len(frames)]) for n in range(round(seconds * RATE)))
        sources.append(_source(write_track(folder / f"{seat}-video.webm", webm.vp8_track(1280, 720), pictures, RATE), seat, "video", seconds))
        sources.append(_source(write_voice(folder / f"{seat}-audio.webm", seat, seconds), seat, "audio", seconds))
    return sources


def _source(path: Path, seat: str, kind: str, seconds: float) -> Source:
    content = path.read_bytes()
    return Source(
        id=path.stem, seat_id=seat, kind=kind, file=path, start=0.0, seconds=seconds, size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def main() -> None:
    """Record, have the film made, say how fast that was."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=240.0, help="length of the recording")
    seconds = asked.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="bench-archive-") as name:
        folder = Path(name)
        print("recording …", file=sys.stderr)
        plan = VideoPlan(
            heading="临溪县信访局　石桥镇智能接谈室　LX-2026-000001", started_at=datetime(2026, 6, 9, 1, 41, tzinfo=UTC),
            seconds=seconds, seats=tuple(Seat(id=seat, role=role, name="") for seat, role in SEATS.items()),
            sources=tuple(record(folder, seconds)),
            notices=(Notice(start=10, end=14, text="09:41:10 到 09:41:14，接谈机网络断开，这一段没有录上。"),),
            captions=tuple(Caption(start=at, end=at + 3, text="信访人：补偿款一分没给。") for at in range(0, int(seconds), 4)),
        )  # fmt: skip
        (folder / PLAN).write_text(plan.model_dump_json())
        figures = measure(folder, seconds)
    report.write(report.PAGE, part(figures))
    print(json.dumps(figures, ensure_ascii=False))


def part(figures: dict[str, object]) -> str:
    """What deploy/performance.md tells of it."""
    return _PART.format(date=datetime.now(UTC).date(), machine=report.machine(), **figures)


_PART = """# How fast the archive's film is made

Written by `make bench-archive` ({date}).  {machine}.  Load average before: {load_before}.

{seconds:.0f} s of two people at 1280x720, VP8 at 1.2 Mbit/s, become one film with captions in {took_s} s: **{realtime_factor} times as fast
as it was spoken** (wanted: 3), {core_seconds_per_second} core-seconds for each second, {memory_mb} MB of memory, {film_kbit_s} kbit/s.
"""


def measure(folder: Path, seconds: float) -> dict[str, object]:
    """Run the worker on a folder with a plan."""
    began = time.monotonic()
    command = [sys.executable, "-m", "server.archive.worker", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as worker:
        worker.wait()  # its standard input stays open until it has ended
    took = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = Result.model_validate_json((folder / RESULT).read_bytes())
    return {
        "realtime_factor": round(seconds / took, 2),
        "seconds": seconds,
        "took_s": round(took, 1),
        "cores": len(os.sched_getaffinity(0)),
        "core_seconds_per_second": round((used.ru_utime + used.ru_stime) / seconds, 3),
        "memory_mb": round(used.ru_maxrss / 1024),
        "film_kbit_s": round(result.size * 8 / seconds / 1000),
        "load_before": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
