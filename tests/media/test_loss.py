"""Real peers behind bad lines: what is recorded, what is heard, how soon it goes on."""

import asyncio
import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from server.media.node import Node
from server.protocol.base import TrackKind
from server.protocol.recording import Manifest
from tests.media.client import until
from tests.media.conftest import Make, ScriptedTranscriber
from tests.media.lossy import Direction, LossyLine

TALK_S = 5.0


def test_losses_are_as_many_and_as_long_as_wanted() -> None:
    for burst in (1.0, 4.0):
        line = Direction(0.1, 0.0, burst, seed=3)
        fate = "".join("x" if line.loses() else "." for _ in range(20_000))
        assert line.lost / len(fate) == pytest.approx(0.1, abs=0.02)
        bursts = [len(run) for run in fate.split(".") if run]
        assert sum(bursts) / len(bursts) == pytest.approx(burst if burst > 1 else 1.11, rel=0.15)


def _silent(path: Path) -> float:
    """Seconds of a recorded tone in which nothing sounds."""
    with av.open(str(path)) as container:
        frames = [f.to_ndarray().astype(float).reshape(-1) for f in container.decode(audio=0)]
    sound = np.concatenate(frames)
    tenth = sound[: len(sound) // 960 * 960].reshape(-1, 960)
    return float((np.abs(tenth).max(axis=1) < 1e-3).sum() * 0.01)


def _longest_freeze(path: Path) -> float:
    with av.open(str(path)) as container:
        times = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.pts is not None]
    return max(b - a for a, b in itertools.pairwise(times))


def _files(manifest: Manifest, kind: TrackKind) -> list[tuple[str, float]]:
    return [(s.file, s.seconds) for s in manifest.segments if s.kind is kind]


async def test_a_tenth_lost_both_ways_is_recorded_whole(
    node: Node, seat: Make, transcriber: ScriptedTranscriber
) -> None:
    """At 10 % random loss both ways less than 1 % of the sound is missing, and no picture stands for a second."""
    clients = [await seat("p1", "petitioner"), await seat("l1", "leader")]
    await until(lambda: all(c.first_picture for c in clients), "both see each other", 20)
    lines = [LossyLine(c.peer, up=0.1, down=0.1, seed=n) for n, c in enumerate(clients) if c.peer]
    await until(lambda: all(c.room and c.room.recording for c in clients), "recording", 20)
    await asyncio.sleep(TALK_S)
    lost = [d.lost for line in lines for d in (line.up, line.down)]
    manifest = await node.hub.close_room("r1", "office")
    assert min(lost) > 15, "nothing was lost: the test shows nothing"
    for file, seconds in _files(manifest, TrackKind.AUDIO):
        assert seconds > TALK_S - 1
        assert _silent(node.hub.folder("r1") / file) < 0.01 * seconds + 0.03
    for file, _ in _files(manifest, TrackKind.VIDEO):
        assert _longest_freeze(node.hub.folder("r1") / file) < 1.0
    assert len(_files(manifest, TrackKind.AUDIO)) == len(_files(manifest, TrackKind.VIDEO)) == 2
    for who in ("p1", "l1"):
        heard = sum(len(data) for _, data in transcriber.sound[who]) / 32_000
        assert heard > 0.95 * TALK_S
