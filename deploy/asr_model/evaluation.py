"""What a model does, through faster-whisper as the product uses it: held-out sentences, dialogues, and no speech at all."""

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

from deploy.asr_model.sentences import Sentences
from deploy.asr_model.speech import HELD_VOICES, SAMPLE_RATE, VOICES, Mark, any_style, speak, through_opus
from deploy.asr_model.steps import say
from transcription.evaluate import Character, align, load_reference
from transcription.guard import letters
from transcription.measuring import load_dialogue
from transcription.voice import to_float

_AROUND_S = 0.3  # of silence before and after a clip
_SNR_DB = 15
_NO_SPEECH_S = 8


@dataclass(frozen=True)
class Clip:
    """Sound (float32 mono, 16 kHz) and the characters spoken in it."""

    sound: np.ndarray
    spoken: list[Character]


@dataclass
class _Tally:
    clips: int = 0
    edits: int = 0
    characters: int = 0
    wall_s: float = 0.0
    sound_s: float = 0.0
    start_errors: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        errors = self.start_errors
        return {
            "clips": self.clips,
            "cer": self.edits / self.characters,
            "start_error_median_s": float(np.median(errors)) if errors else None,
            "start_error_p90_s": float(np.quantile(errors, 0.9)) if errors else None,
            "rtf": self.wall_s / self.sound_s,
        }


def measure(model_folder: Path, sentences: Sentences, dialogues: Sequence[Path], clips: int) -> dict[str, Any]:
    """Error rates, times and inventions of the model in a folder; `clips` of each set of sentences."""
    model = WhisperModel(str(model_folder), device="cpu", compute_type="int8", cpu_threads=1)
    found: dict[str, Any] = {"sentences": {}, "dialogues": {}}
    for name, made in _sets(sentences, clips).items():
        found["sentences"][name] = _score(model, made)
        say(f"evaluation: {name}, error rate {found['sentences'][name]['cer']:.1%}")
    for folder in dialogues:
        found["dialogues"][folder.name] = _score(model, _tracks(folder))
        say(f"evaluation: {folder.name}, error rate {found['dialogues'][folder.name]['cer']:.1%}")
    found["no_speech"] = {name: _inventions(model, sound) for name, sound in _no_speech().items()}
    return found


def _sets(sentences: Sentences, count: int) -> dict[str, list[Clip]]:
    held = random.Random(99).sample(sentences.held, min(2 * count, len(sentences.held)))
    talk = random.Random(98).sample(sentences.held_talk, min(count, len(sentences.held_talk)))
    r = random.Random(100)
    half = len(held) // 2
    sets = {
        "template_sentences": [_clip(text, VOICES, r) for text in held[:half]],
        "held_out_voices": [_clip(text, HELD_VOICES, r) for text in held[half:]],
        "conversation": [_clip(text, HELD_VOICES, r) for text in talk],
    }
    both = [*sets["template_sentences"][: (count + 1) // 2], *sets["held_out_voices"][: (count + 1) // 2]]
    return {**sets, "opus_and_noise": _degraded(both)}


def _clip(text: str, voices: Sequence[str], r: random.Random) -> Clip:
    sound, marks = speak(text, any_style(r, voices), r)
    return Clip(np.pad(sound * 0.5, int(_AROUND_S * SAMPLE_RATE)), _spoken(marks, _AROUND_S))


def _spoken(marks: Iterable[Mark], later_s: float = 0.0) -> list[Character]:
    return [Character(character, start + later_s) for character, start, _ in marks if letters(character)]


def _degraded(clips: Sequence[Clip]) -> list[Clip]:
    """After Opus at 24 kbit/s, with low-pass noise at 15 dB."""
    noise, made = np.random.default_rng(1), list[Clip]()
    for clip, sound in zip(clips, through_opus([clip.sound for clip in clips], 24), strict=True):
        added = np.convolve(noise.standard_normal(len(sound)), [0.5, 0.3, 0.2], "same")
        added *= np.sqrt((sound**2).mean() / (added**2).mean()) * 10 ** (-_SNR_DB / 20)
        made.append(Clip((sound + added).astype(np.float32), clip.spoken))
    return made


def _tracks(folder: Path) -> list[Clip]:
    reference = load_reference(folder / "reference.json")
    return [
        Clip(to_float(samples), [c for sentence in reference if sentence.speaker == speaker for c in sentence.characters])
        for speaker, samples in load_dialogue(folder).tracks.items()
    ]


def _score(model: WhisperModel, clips: Sequence[Clip]) -> dict[str, Any]:
    tally = _Tally()
    for clip in clips:
        begun = time.monotonic()
        heard = _heard(model, clip.sound, vad_filter=True)
        tally.wall_s += time.monotonic() - begun
        tally.sound_s += len(clip.sound) / SAMPLE_RATE
        edits, pairs = align(heard, clip.spoken)
        tally.clips += 1
        tally.edits += edits
        tally.characters += len(clip.spoken)
        tally.start_errors += [
            abs(character.at - clip.spoken[pair].at)
            for character, pair in zip(heard, pairs, strict=True)
            if pair is not None and clip.spoken[pair].text == character.text
        ]
    return tally.figures()


def _heard(model: WhisperModel, sound: np.ndarray, vad_filter: bool) -> list[Character]:
    """Characters without punctuation; each is a word of the model, with its punctuation.

    Temperature 0, so that the same model has the same figures every time.
    """
    segments, _ = model.transcribe(
        sound, language="zh", beam_size=5, temperature=0.0, vad_filter=vad_filter, word_timestamps=True,
        condition_on_previous_text=False)
    words = [word for segment in segments for word in segment.words or ()]
    return [Character(character, word.start) for word in words for character in letters(word.word)]


def _no_speech() -> dict[str, np.ndarray]:
    noise, count = np.random.default_rng(5), _NO_SPEECH_S * SAMPLE_RATE
    sounds = {
        "digital silence": np.zeros(count),
        "white noise, faint": 0.01 * noise.standard_normal(count),
        "white noise, loud": 0.1 * noise.standard_normal(count),
        "hum at 100 Hz": 0.05 * np.sin(2 * np.pi * 100 * np.arange(count) / SAMPLE_RATE),
        "clicks": (noise.random(count) < 1e-4) * 0.5,
    }
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}


def _inventions(model: WhisperModel, sound: np.ndarray) -> dict[str, int]:
    return {
        "with_filter": len(_heard(model, sound, vad_filter=True)),
        "without_filter": len(_heard(model, sound, vad_filter=False)),
    }
