"""Synthetic speech: a sentence to sound, the time of each character, and log-mel frames.

Debian's espeak-ng 1.51 spells hanzi in English with its voice cmn; only cmn-latn-pinyin, given toned pinyin, speaks
Mandarin.  Clauses are spoken one by one and joined with random pauses, so that every boundary is known.
"""

import random
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.signal import fftconvolve, resample_poly

from deploy.asr_model.espeak import Espeak
from deploy.asr_model.sentences import PUNCTUATION

SAMPLE_RATE = 16000
MEL_BANDS = 80
_HOP = 160  # samples; 100 frames a second
_WINDOW = 400
_LANGUAGE = "cmn-latn-pinyin"
VOICES = ["", *["+f1", "+f2", "+f4", "+m1", "+m2", "+m3", "+m4", "+m6", "+m7", "+Annie", "+Andy", "+Alicia", "+Denis", "+Gene", "+Jacky", "+Lee", "+Michael", "+Mike", "+anika", "+belinda", "+boris", "+edward2", "+grandpa", "+linda", "+max", "+pablo", "+paul", "+quincy", "+rob", "+sandro", "+steph2", "+travis", "+zac"]]
HELD_VOICES = ["+f3", "+f5", "+m5", "+m8", "+steph", "+Diogo"]

Mark = tuple[str, float, float]
"""A character with its start and end in seconds; a punctuation mark holds the pause after it."""


@dataclass(frozen=True)
class Style:
    """How espeak-ng speaks: voice variant, words a minute, pitch and its range (0 to 100)."""

    voice: str
    rate: int
    pitch: int
    pitch_range: int


def any_style(r: random.Random, voices: Sequence[str]) -> Style:
    """A way to speak with one of these voices."""
    return Style(r.choice(voices), r.randint(135, 245), r.randint(20, 85), r.randint(35, 75))


@cache
def _engine() -> Espeak:
    return Espeak()


def pinyin(clause: str) -> list[str]:
    """A toned syllable for each character, tones changed as they are when spoken."""
    from pypinyin import Style as Spelling
    from pypinyin import lazy_pinyin

    spelled = lazy_pinyin(clause, style=Spelling.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
    if len(spelled) != len(clause):
        raise ValueError(f"not every character of {clause!r} has a syllable")
    return list(spelled)


def speak(sentence: str, style: Style, r: random.Random) -> tuple[np.ndarray, list[Mark]]:
    """(float32 mono at 16 kHz, the marks of all characters); no pause at the end."""
    sounds, marks, now = list[np.ndarray](), list[Mark](), 0.0
    for clause, after in re.findall(f"([^{PUNCTUATION}]+)([{PUNCTUATION}]*)", sentence):
        sound, starts = _clause(clause, after, style)
        length = len(sound) / SAMPLE_RATE
        ends = [*starts[1:], length]
        marks += [(c, now + a, now + max(b, a + 0.02)) for c, a, b in zip(clause, starts, ends, strict=True)]
        now += length
        pause = int(_pause(after, r) * SAMPLE_RATE)
        marks += [(mark, now, now + pause / SAMPLE_RATE) for mark in after]
        sounds += [sound, np.zeros(pause, np.float32)]
        now += pause / SAMPLE_RATE
    sound = np.concatenate(sounds[:-1])
    end = len(sound) / SAMPLE_RATE
    return sound, [(c, min(a, end), min(b, end)) for c, a, b in marks]


def _clause(clause: str, after: str, style: Style) -> tuple[np.ndarray, list[float]]:
    """A clause without silence around it, and where its characters start, in seconds."""
    text, offsets = "", list[int]()
    for syllable in pinyin(clause):
        offsets.append(len(text) + 1)
        text += syllable + " "
    text += {"？": "?", "，": ",", "、": ","}.get(after[:1], ".")
    rate = _engine().sample_rate
    sound, events = _engine().say(text, _LANGUAGE + style.voice, style.rate, style.pitch, style.pitch_range)
    first, last = _edges(sound, rate)
    heard = dict(reversed(events))  # the first event at each position counts
    starts = list[float]()
    for offset in offsets:  # an odd syllable may have no event
        at = heard[offset] - first if offset in heard else (starts[-1] + 0.05 if starts else 0.0)
        starts.append(min(max(at, 0.0), last - first))
    cut = sound[int(first * rate) : int(last * rate)]
    return resample_poly(cut, SAMPLE_RATE // 50, rate // 50).astype(np.float32), starts


def _edges(sound: np.ndarray, rate: int) -> tuple[float, float]:
    """First and last second that is not 42 dB or more below the loudest 5 ms."""
    step = int(rate * 0.005)
    level = np.sqrt((sound[: len(sound) // step * step].reshape(-1, step) ** 2).mean(1) + 1e-12)
    loud = np.nonzero(level > level.max() * 10 ** (-42 / 20))[0]
    return loud[0] * 0.005, (loud[-1] + 1) * 0.005


def _pause(after: str, r: random.Random) -> float:
    if not after:
        return 0.0
    return r.uniform(0.08, 0.45) if after[0] in "，、" else r.uniform(0.25, 0.8)


def reverberate(sound: np.ndarray, r: random.Random, noise: np.random.Generator) -> np.ndarray:
    """The sound in a room with a reverberation time of 0.12 to 0.45 s, as long as before."""
    t60 = r.uniform(0.12, 0.45)
    count = int(t60 * SAMPLE_RATE)
    room = noise.standard_normal(count).astype(np.float32) * 10 ** (-3 * np.arange(count) / count)
    room *= r.uniform(0.03, 0.2) / np.sqrt((room**2).sum() / 8)
    room[0] = 1.0
    return fftconvolve(sound, room)[: len(sound)].astype(np.float32)


def through_opus(sounds: Sequence[np.ndarray], kbps: int) -> list[np.ndarray]:
    """The sounds after one Opus round trip of all of them, each as long as before."""
    gap = np.zeros(SAMPLE_RATE // 4, np.float32)
    joined = np.concatenate([part for sound in sounds for part in (sound, gap)])
    opus = ["-c:a", "libopus", "-b:a", f"{kbps}k", "-application", "voip", "-compression_level", "2", "-f", "ogg", "-"]
    raw = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1"]
    encoded = _ffmpeg([*raw, "-i", "-", *opus], joined.astype(np.float32).tobytes())
    decoded = np.frombuffer(_ffmpeg(["-i", "-", *raw, "-"], encoded), np.float32)
    decoded = np.pad(decoded, (0, max(0, len(joined) - len(decoded))))
    starts = np.cumsum([0, *(len(sound) + len(gap) for sound in sounds)])
    return [decoded[start : start + len(sound)].copy() for start, sound in zip(starts, sounds, strict=False)]


def _ffmpeg(arguments: list[str], content: bytes) -> bytes:
    return subprocess.run(["ffmpeg", "-v", "error", *arguments], input=content, stdout=subprocess.PIPE, check=True).stdout


def log_mel(sound: np.ndarray) -> np.ndarray:
    """log10 mel power, float32 (frames, 80), as faster-whisper computes it before it normalises."""
    padded = np.pad(sound, _WINDOW // 2, mode="reflect")
    count = 1 + (len(padded) - _WINDOW) // _HOP
    stride = padded.strides[0]
    frames = np.lib.stride_tricks.as_strided(padded, (count, _WINDOW), (_HOP * stride, stride))
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    mel = np.log10(np.maximum(power.astype(np.float32) @ _filters().T, 1e-10))
    return mel[: len(sound) // _HOP].astype(np.float32)


@cache
def _filters() -> np.ndarray:
    from faster_whisper.feature_extractor import FeatureExtractor

    return np.asarray(FeatureExtractor.get_mel_filters(SAMPLE_RATE, _WINDOW, MEL_BANDS), np.float32)
