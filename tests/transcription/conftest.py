"""A real transcriber with the small model, and sound to send to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from transcription.measuring import load_samples, running
from transcription.service import Service
from transcription.settings import TranscriberSettings
from transcription.voice import Samples

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
MODEL = DEMO / "model"
KEY = "test-key"


def settings(**changes: object) -> TranscriberSettings:
    """The small model on a free port; nothing from this machine's own configuration."""
    return TranscriberSettings(**{"model": str(MODEL), "key": KEY, "reload_s": 0.05, **changes})  # type: ignore[arg-type]


@pytest.fixture
async def transcriber() -> AsyncIterator[tuple[str, Service]]:
    """Address and service of a transcriber that is ready."""
    async with running(settings()) as (address, service):
        service.engine.load()
        yield address, service


@pytest.fixture(scope="session")
def petitioner() -> Samples:
    """The first 66 seconds of the petitioner of `land`: four sentences."""
    return load_samples(DEMO / "land" / "petitioner.opus")[: 66 * 16_000]


def tone(seconds: float, *, hertz: float = 100.0, level: float = 0.05) -> Samples:
    """A hum."""
    t = np.arange(round(seconds * 16_000)) / 16_000
    return np.asarray(np.sin(2 * np.pi * hertz * t) * level * 32767, np.int16)


def noise(seconds: float, level: float) -> Samples:
    """White noise, the same every time."""
    values = np.random.default_rng(7).normal(0, level, round(seconds * 16_000))
    return np.asarray(np.clip(values, -1, 1) * 32767, np.int16)


def clicks(seconds: float) -> Samples:
    """A click every half second."""
    samples = np.zeros(round(seconds * 16_000), np.int16)
    samples[:: 8000] = 20_000
    return samples
