"""The clips that training composes its examples from: synthesised once, kept as log-mel frames in files."""

import json
import multiprocessing
import os
import random
import re
import threading
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from deploy.asr_model.scale import Scale
from deploy.asr_model.sentences import KINDS, PUNCTUATION, Sentences
from deploy.asr_model.speech import HELD_VOICES, VOICES, any_style, log_mel, reverberate, speak, through_opus
from deploy.asr_model.steps import keep, say, write_whole

_BATCH = 48
_SHARDS = 16
"""Of each kind, on whatever machine: a run that goes on elsewhere goes on with the same; each is under a minute of work."""
_OPUS_SHARE = {"train": 0.25, "salad": 0.25}  # of other kinds one in twenty
_SHARES = {"train": 0.28, "salad": 0.04, "free": 0.14, "talk": 0.24, "fixed": 0.30}  # of the examples


@dataclass(frozen=True)
class Clip:
    """One rendition: its text, voice, first frame in the bank, frames (10 ms) and (start, end) of each character in s."""

    kind: str
    text: str
    voice: str
    first: int
    frames: int
    marks: list[list[float]]


def synthesise(sentences: Sentences, scale: Scale, folder: Path, processes: int) -> None:
    """Two files per kind and shard, and the list of voices held out; what is whole already is kept."""
    names = "".join(f"{voice}\n" for voice in HELD_VOICES)
    write_whole(folder / "held-out-voices.txt", names)
    jobs = [
        (folder, kind, shard, sentences.training[kind][: scale.at_most][shard::_SHARDS], scale.renditions[kind])
        for kind in KINDS
        for shard in range(_SHARDS)
        if not (folder / f"{kind}-{shard}.json").exists()
    ]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_end_with_parent) as pool:
        for name, count, frames in pool.map(_shard, *zip(*jobs, strict=True)) if jobs else ():
            say(f"speech: {name}, {count} clips, {frames / 360000:.2f} h")


def _end_with_parent() -> None:
    """A worker whose run was killed would wait for work for ever, and write beside the run that goes on."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _shard(folder: Path, kind: str, shard: int, texts: Sequence[str], renditions: float) -> tuple[str, int, int]:
    """Speak one share of a kind; the list is written last and says that the frames are whole."""
    r = random.Random(zlib.crc32(f"{kind}{shard}".encode()))
    noise = np.random.default_rng(r.randint(0, 2**31))
    todo = [text for text in texts for _ in range(int(renditions) + (r.random() < renditions % 1))]
    r.shuffle(todo)
    clips, mels, first = list[Clip](), list[np.ndarray](), 0
    for start in range(0, len(todo), _BATCH):
        for text, voice, sound, marks in _batch(todo[start : start + _BATCH], kind, r, noise):
            mel = log_mel(sound).astype(np.float16)
            clips.append(Clip(kind, text, voice, first, len(mel), marks))
            mels.append(mel)
            first += len(mel)
    part = folder / f"{kind}-{shard}.part.npy"
    np.save(part, np.concatenate(mels) if mels else np.zeros((0, 80), np.float16))
    keep(part, folder / f"{kind}-{shard}.npy")
    write_whole(folder / f"{kind}-{shard}.json", json.dumps([asdict(clip) for clip in clips], ensure_ascii=False))
    return f"{kind}-{shard}", len(clips), first


def _batch(
    texts: Sequence[str], kind: str, r: random.Random, noise: np.random.Generator
) -> list[tuple[str, str, np.ndarray, list[list[float]]]]:
    """(text, voice, sound, times): random loudness, a third in a room, some after Opus."""
    made, styles = list[tuple[np.ndarray, list[list[float]]]](), [any_style(r, VOICES) for _ in texts]
    for text, style in zip(texts, styles, strict=True):
        sound, marks = speak(text, style, r)
        sound = sound * 10 ** r.uniform(-1.0, 0.0)
        if r.random() < 0.35:
            sound = reverberate(sound, r, noise)
        made.append((sound.astype(np.float32), [[round(a, 3), round(b, 3)] for _, a, b in marks]))
    sounds = [sound for sound, _ in made]
    chosen = [i for i in range(len(made)) if r.random() < _OPUS_SHARE.get(kind, 0.05)]
    if chosen:
        coded = through_opus([sounds[i] for i in chosen], r.choice([16, 24, 24, 32]))
        for i, sound in zip(chosen, coded, strict=True):
            sounds[i] = sound
    return [(t, s.voice, a, m[1]) for t, s, a, m in zip(texts, styles, sounds, made, strict=True)]


class Bank:
    """All clips in memory, by kind of text and voice."""

    def __init__(self, folder: Path) -> None:
        self.clips, mels, base = list[Clip](), list[np.ndarray](), 0
        for path in sorted(folder.glob("*.json")):
            for row in json.loads(path.read_text("utf-8")):
                row["first"] += base
                self.clips.append(Clip(**row))
            mels.append(np.load(path.with_suffix(".npy")))
            base += len(mels[-1])
        self._frames = np.concatenate(mels)
        self.voices = sorted({clip.voice for clip in self.clips})
        self._pool = dict[tuple[str, str], list[int]]()
        for index, clip in enumerate(self.clips):
            self._pool.setdefault((clip.kind, clip.voice), []).append(index)
        self._shares = {kind: share for kind, share in _SHARES.items() if any(key[0] == kind for key in self._pool)}

    @property
    def hours(self) -> float:
        """Length of all clips together."""
        return len(self._frames) / 360000

    def pick(self, r: random.Random, voice: str | None) -> int:
        """Index of a clip, in this voice if there is one of the kind that is drawn."""
        kind = r.choices(list(self._shares), list(self._shares.values()))[0]
        while True:
            pool = self._pool.get((kind, r.choice(self.voices) if voice is None else voice))
            if pool:
                return r.choice(pool)
            voice = None

    def mel(self, index: int) -> np.ndarray:
        """log10 mel power of a clip, float32 (frames, 80)."""
        clip = self.clips[index]
        return self._frames[clip.first : clip.first + clip.frames].astype(np.float32)


def syllable_ids(
    texts: Sequence[str], known: dict[str, int], spell: Callable[[str], list[str]]
) -> tuple[dict[str, int], dict[str, list[int]]]:
    """(ids of all toned syllables, continuing the known ones; the ids of each text, punctuation 0)."""
    ids, rows = {"_": 0, **known}, dict[str, list[int]]()
    for text in texts:
        row = rows.setdefault(text, [])
        for part in re.findall(f"[{PUNCTUATION}]+|[^{PUNCTUATION}]+", text):
            silent = part[0] in PUNCTUATION
            row += [0] * len(part) if silent else [ids.setdefault(s, len(ids)) for s in spell(part)]
    return ids, rows
