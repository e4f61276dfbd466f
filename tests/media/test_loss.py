"""Real peers behind bad lines: what is recorded, what is heard, how soon it goes on."""

import asyncio
import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from server.media import rtp
from server.media.inputs import TapInput
from server.media.node import Node
from server.media.retained import Retained
from server.media.tap import Tap
from server.media.timeline import Timeline
from server.protocol.base import TrackKind
from server.protocol.recording import Manifest
from server.protocol.transcript import LiveRepaired
from tests.media.client import until
from tests.media.conftest import Make, ScriptedTranscriber
from tests.media.lossy import Direction, LossyLine
from tests.media.speech import encoded
from transcription.measuring import load_samples
from transcription.voice import RATE

DEMO = Path(__file__).parents[2] / "deploy/demo"
TALK_S, OUTAGE_S = 4.0, 1.5


def test_losses_are_as_many_and_as_long_as_wanted() -> None:
    for burst in (1.0, 4.0):
        line = Direction(0.1, 0.0, burst, seed=3)
        fate = "".join("x" if line.loses() else "." for _ in range(20_000))
        assert line.lost / len(fate) == pytest.approx(0.1, abs=0.02)
        bursts = [len(run) for run in fate.split(".") if run]
        assert sum(bursts) / len(bursts) == pytest.approx(burst if burst > 1 else 1.11, rel=0.15)


def _speech(seconds: float) -> list[bytes]:
    """So much of a voice, from where it speaks."""
    voice = load_samples(DEMO / "land" / "petitioner.opus")[22 * RATE :]
    return encoded(voice[: round(seconds * RATE)], expected_loss=20)


class _Heard(Tap):
    """A tap that keeps what it is given, in place of the connection."""

    def __init__(self) -> None:
        self._sound, self._ending = Retained(), False


def test_what_nobody_sent_like_that_is_told() -> None:
    """Single losses are recovered from the next packet; of longer ones the rest is made up, and both are told."""
    packets = _speech(3.0)
    assert sum(map(rtp.opus_has_fec, packets)) > 50, "no FEC in the stream: the test shows nothing"
    tap = _Heard()
    single = [n for n in range(20, 100) if rtp.opus_has_fec(packets[n + 1])][:40:20]
    many = range(max(single) + 10, max(single) + 20)
    timeline = Timeline(rtp.AUDIO_CLOCK)
    into, lost = TapInput(tap, timeline, lambda t: t), {*single, *many}
    for number, payload in enumerate(packets):
        if number not in lost:
            timeline.arrived(number * 960, 10 + number * 0.02)
            into(rtp.Packet(number, number * 960, False, payload, 10 + number * 0.02))
            into.tick(12 + number * 0.02)
    into.flush()
    told = tap._sound.untold()
    seconds = {how: sum(r.end - r.start for r in told if r.how == how) for how in ("concealed", "recovered")}
    assert sum(seconds.values()) == pytest.approx(len(lost) * 0.02, abs=0.001)
    assert seconds["concealed"] in (pytest.approx(0.18), pytest.approx(0.2))
    assert [(r.start, r.how) for r in told[:2]] == [
        (pytest.approx(10 + n * 0.02, abs=0.01), "recovered") for n in single
    ]


def test_repairs_are_told_again_over_a_new_connection_until_they_are_decided() -> None:
    kept = Retained()
    kept.add(0.0, bytes(320_000))
    kept.repairs.extend(LiveRepaired(start=n, end=n + 0.1, how="concealed") for n in range(5))
    assert len(kept.untold()) == 5
    assert kept.untold() == []
    kept.decided(2.5)
    kept.restart()
    assert [r.start for r in kept.untold()] == [3.0, 4.0]


def _silent(path: Path) -> float:
    """Seconds of a recorded tone in which nothing sounds."""
    with av.open(str(path)) as container:
        frames = [f.to_ndarray().astype(float).reshape(-1) for f in container.decode(audio=0)]
    sound = np.concatenate(frames)
    tenth = sound[: len(sound) // 960 * 960].reshape(-1, 960)
    return float((np.abs(tenth).max(axis=1) < 1e-3).sum() * 0.01)


def _freezes(path: Path) -> list[tuple[float, float]]:
    """(when, how long) of each wait for the next picture, in seconds of the file."""
    with av.open(str(path)) as container:
        times = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.pts is not None]
    return [(a, b - a) for a, b in itertools.pairwise(times)]


def _files(manifest: Manifest, kind: TrackKind) -> list[tuple[str, float]]:
    return [(s.file, s.seconds) for s in manifest.segments if s.kind is kind]


async def test_a_tenth_lost_both_ways_is_recorded_whole(
    node: Node, seat: Make, transcriber: ScriptedTranscriber
) -> None:
    """At 10 % random loss both ways less than 1 % of the sound is missing, and no picture stands for a second.

    Then nothing passes for a second and a half: the sound of that time is fetched, and put in its place; the picture
    is back within a second.
    """
    clients = [await seat("p1", "petitioner"), await seat("l1", "leader")]
    await until(lambda: all(c.first_picture for c in clients), "both see each other")
    lines = [LossyLine(c.peer, up=0.1, down=0.1, seed=n) for n, c in enumerate(clients) if c.peer]
    await until(lambda: all(c.room and c.room.recording for c in clients), "recording")
    await asyncio.sleep(TALK_S)
    for loss, seconds in ((1.0, OUTAGE_S), (0.0, 1.0)):
        for line in lines:
            line.set_loss(loss)
        await asyncio.sleep(seconds)
    lost = [d.lost for line in lines for d in (line.up, line.down)]
    manifest = await node.hub.close_room("r1", "office")
    assert min(lost) > 15, "nothing was lost: the test shows nothing"
    for file, seconds in _files(manifest, TrackKind.AUDIO):
        assert seconds == pytest.approx(manifest.seconds, abs=0.5)
        assert _silent(node.hub.folder("r1") / file) < 0.01 * seconds + 0.03
    for file, _ in _files(manifest, TrackKind.VIDEO):
        freezes = _freezes(node.hub.folder("r1") / file)
        assert max(long for when, long in freezes if when + long < TALK_S) < 1.0
        assert max(long for _, long in freezes) < OUTAGE_S + 1.0
    assert len(_files(manifest, TrackKind.AUDIO)) == len(_files(manifest, TrackKind.VIDEO)) == 2
    for who in ("p1", "l1"):
        heard = sum(len(data) for _, data in transcriber.sound[who]) / 32_000
        assert heard > 0.95 * (TALK_S + OUTAGE_S)
