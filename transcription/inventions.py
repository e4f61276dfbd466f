"""What is written while nobody speaks: by the second pass, and by the model alone, with nothing that guards it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from transcription.engine import Engine
from transcription.guard import letters
from transcription.measuring import Dialogue
from transcription.recognise import Source
from transcription.service import Service
from transcription.voice import RATE, Signal, to_float


@dataclass(frozen=True)
class Inventions:
    """Of one noise, or of several together."""

    second: int = 0
    """Sentences that the second pass writes."""
    windows: int = 0
    """Stretches as long as an utterance may be, each given to the model alone."""
    unguarded: int = 0
    """Windows in which it writes something, searching as it does live."""
    second_unguarded: int = 0
    """The same, searching as in the second pass."""

    def __add__(self, other: "Inventions") -> "Inventions":
        return Inventions(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))


async def inventions(service: Service, noise: Dialogue) -> Inventions:
    """Have a noise heard by the second pass and by the model alone."""
    language, second = service.settings.language, 0
    for speaker, samples in noise.tracks.items():
        heard = await service.file_carefully(iter([samples]), Source(speaker, language=language), 0.0, _never)
        second += sum(bool(letters(one.text)) for one in heard.utterances)
    windows = list(_windows(noise, round(service.settings.max_utterance_s * RATE)))
    live = await asyncio.to_thread(_written, service.engine, windows, language)
    async with service.second.lent() as engine:
        wide = await asyncio.to_thread(_written, engine, windows, language)
    return Inventions(second, len(windows), live, wide)


async def _never() -> bool:
    return False


def _windows(noise: Dialogue, size: int) -> Iterator[Signal]:
    for samples in noise.tracks.values():
        yield from (to_float(samples[at : at + size]) for at in range(0, len(samples), size))


def _written(engine: Engine, windows: list[Signal], language: str) -> int:
    """In how many windows the model alone writes something."""
    heard = (engine.transcribe(window, language) for window in windows)
    return sum(bool(letters("".join(part.text for part in parts))) for parts in heard)
