"""Measures recognition through the real service: `python -m transcription.bench --model … --dialogues …`."""

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvicorn

from server.protocol.transcript import LiveStart, LiveUtterance, Utterance
from transcription.audio_files import read_samples
from transcription.client import recognise_live
from transcription.engine import Engine
from transcription.evaluate import Score, load_reference, percentile, score
from transcription.service import Service, create_app, server_config
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Samples


@dataclass(frozen=True)
class Dialogue:
    """A folder with reference.json and one sound file per speaker."""

    folder: Path
    tracks: dict[str, Samples]

    @property
    def seconds(self) -> float:
        """Length of all tracks together."""
        return sum(len(samples) for samples in self.tracks.values()) / RATE


def load_dialogue(folder: Path) -> Dialogue:
    """Read a dialogue folder."""
    files = json.loads((folder / "reference.json").read_text("utf-8"))["tracks"]
    return Dialogue(folder, {speaker: load_samples(folder / name) for speaker, name in files.items()})


def load_samples(path: Path) -> Samples:
    """A sound file as 16 kHz mono."""
    with path.open("rb") as file:
        return np.concatenate(list(read_samples(file)))


@contextlib.asynccontextmanager
async def running(settings: TranscriberSettings, engine: Engine | None = None) -> AsyncIterator[tuple[str, Service]]:
    """A transcriber on a free port of this machine: its address (host:port) and its service; `engine`: not the set one."""
    app = create_app(settings, engine)
    server = uvicorn.Server(server_config(app, "127.0.0.1", 0))
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", app.state.service
    finally:
        server.should_exit = True
        await task


async def transcribe_dialogue(address: str, key: str, dialogue: Dialogue) -> list[tuple[str, Utterance]]:
    """All tracks at once through the live WebSocket, as fast as they are taken."""

    async def one(speaker: str, samples: Samples) -> list[tuple[str, Utterance]]:
        start = LiveStart(reception_id="bench", participant_id=speaker, offset=0.0)
        replies = recognise_live(f"ws://{address}", key, start, samples, block_s=0.5)
        return [(speaker, r.reply.utterance) async for r in replies if isinstance(r.reply, LiveUtterance)]

    parts = await asyncio.gather(*(one(speaker, samples) for speaker, samples in dialogue.tracks.items()))
    return [item for part in parts for item in part]


async def caption_latencies(address: str, key: str, dialogue: Dialogue, seconds: float) -> list[float]:
    """Seconds from the end of each utterance's last word to its arrival, with sound in real time."""

    async def one(speaker: str, samples: Samples) -> list[float]:
        began: list[float] = []
        start = LiveStart(reception_id="bench", participant_id=speaker, offset=0.0)
        sound = samples[: round(seconds * RATE)]
        replies = recognise_live(f"ws://{address}", key, start, sound, speed=1.0, began=began.append)
        return [
            r.at - began[0] - r.reply.utterance.end async for r in replies if isinstance(r.reply, LiveUtterance)
        ]

    parts = await asyncio.gather(*(one(speaker, samples) for speaker, samples in dialogue.tracks.items()))
    return [value for part in parts for value in part]


async def measure(settings: TranscriberSettings, folders: list[Path], live_s: float) -> dict[str, object]:
    """The figures of the bench, ready to be printed."""
    dialogues = [load_dialogue(folder) for folder in folders]
    async with running(settings) as (address, service):
        await asyncio.to_thread(service.engine.load)
        scores, wall, sound = list[Score](), 0.0, 0.0
        for dialogue in dialogues:
            _progress(f"{dialogue.folder.name}: as fast as it goes")
            started = time.monotonic()
            transcript = await transcribe_dialogue(address, settings.key, dialogue)
            wall += time.monotonic() - started
            sound += dialogue.seconds
            scores.append(score(transcript, load_reference(dialogue.folder / "reference.json")))
        _progress(f"{dialogues[0].folder.name}: {live_s:.0f} s in real time")
        before = time.process_time()
        latencies = await caption_latencies(address, settings.key, dialogues[0], live_s)
        cpu = (time.process_time() - before) / max(live_s, 1e-6)
    return _figures(folders, scores, latencies, wall / sound, cpu)


def _figures(
    folders: list[Path], scores: list[Score], latencies: list[float], rtf: float, cpu: float
) -> dict[str, object]:
    errors = [abs(error) for s in scores for error in s.start_errors]
    edits, characters = sum(s.edits for s in scores), sum(s.characters for s in scores)
    return {
        "bench": "asr",
        "cer": round(edits / max(characters, 1), 4),
        "cer_by_dialogue": {f.name: round(s.cer, 4) for f, s in zip(folders, scores, strict=True)},
        "speaker_errors": sum(s.speaker_errors for s in scores),
        "utterances": sum(s.utterances for s in scores),
        "start_error_p95_s": round(percentile(errors, 95), 3),
        "latency_p50_s": round(percentile(latencies, 50), 3),
        "latency_p95_s": round(percentile(latencies, 95), 3),
        "rtf": round(rtf, 4),
        "live_cores_two_tracks": round(cpu, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _progress(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> None:
    """One line of JSON on standard output, progress on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="deploy/demo/model")
    parser.add_argument("--dialogues", nargs="+", default=["deploy/demo/land", "deploy/demo/wage"])
    parser.add_argument("--live-seconds", type=float, default=60.0)
    options = parser.parse_args()
    settings = TranscriberSettings(model=options.model, key="bench")
    figures = asyncio.run(measure(settings, [Path(d) for d in options.dialogues], options.live_seconds))
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
