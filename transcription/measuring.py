"""What every measurement of recognition needs: dialogues, a running transcriber, and sound sent to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvicorn

from server.protocol.transcript import LiveStart, LiveUtterance, Utterance
from transcription.audio_files import read_samples
from transcription.client import recognise_live
from transcription.engine import Engine
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
