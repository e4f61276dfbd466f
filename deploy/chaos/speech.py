"""What the two people say: sentences of the demo's dialogues, one after another, with the time of every character."""

import json
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from transcription.evaluate import Character, Sentence, load_reference
from transcription.measuring import load_samples
from transcription.voice import RATE

DEMO = Path(__file__).parents[1] / "demo"
DIALOGUES = ("land", "wage")
_EDGE_S = 0.08
MICROPHONE_RATE = 48_000


@dataclass(frozen=True)
class Speech:
    """A microphone's file and what is said in it, in seconds from its start."""

    file: Path
    seconds: float
    sentences: tuple[Sentence, ...]


def write_speech(folder: Path, role: str, *, pause_s: float) -> Speech:
    """All sentences of a role with this pause between them, as a file for Chromium's fake microphone."""
    parts, sentences, at = [], [], pause_s
    for dialogue in DIALOGUES:
        tracks = json.loads((DEMO / dialogue / "reference.json").read_text("utf-8"))["tracks"]
        sound = load_samples(DEMO / dialogue / tracks[role])
        for sentence in load_reference(DEMO / dialogue / "reference.json"):
            if sentence.speaker != role:
                continue
            begin = max(0.0, sentence.start - _EDGE_S)
            piece = sound[int(begin * RATE) : int((sentence.end + _EDGE_S) * RATE)]
            parts += [np.zeros(int(pause_s * RATE), piece.dtype), piece]
            sentences.append(_moved(sentence, at - begin))
            at += len(piece) / RATE + pause_s
    samples = np.concatenate(parts)
    target = folder / f"{role}.wav"
    _write(target, samples)
    return Speech(target, len(samples) / RATE, tuple(sentences))


def _moved(sentence: Sentence, by: float) -> Sentence:
    characters = tuple(Character(c.text, c.at + by) for c in sentence.characters)
    return replace(sentence, start=sentence.start + by, end=sentence.end + by, characters=characters)


def _write(target: Path, samples: np.ndarray) -> None:
    """As Chromium wants it: 48 kHz, 16 bit, mono."""
    times = np.arange(int(len(samples) * MICROPHONE_RATE / RATE)) * RATE / MICROPHONE_RATE
    finer = np.interp(times, np.arange(len(samples)), samples.astype(np.float64))
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_RATE)
        file.writeframes(finer.round().astype("<i2").tobytes())


def said(speech: Speech, openings: list[float], start: float, end: float) -> list[Character]:
    """What was said between two moments, with the moment of each character.

    `openings`: when the microphone was opened; each time the file begins anew, and it begins again at its end.
    """
    found = []
    for index, opened in enumerate(openings):
        until = openings[index + 1] if index + 1 < len(openings) else end
        turn = opened
        while turn < until:
            for sentence in speech.sentences:
                found += [Character(c.text, c.at + turn) for c in sentence.characters if c.at + turn < until]
            turn += speech.seconds
    return [c for c in found if start <= c.at < end]
