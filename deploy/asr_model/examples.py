"""Training examples, composed on the fly from the bank's sentences.

All of it happens on log-mel frames: sentences joined with silence, loudness, spectral tilt, vocal-tract length, noise,
SpecAugment.  Targets follow Whisper: one segment a sentence, `<|start|>text<|end|>`; of a sentence that the window cuts
only the start; silence is <|nospeech|>; some examples have a prompt, some no timestamps.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized

import numpy as np
import torch

from deploy.asr_model.bank import Bank
from deploy.asr_model.sentences import PUNCTUATION, phrases
from deploy.asr_model.speech import MEL_BANDS
from deploy.asr_model.vocabulary import Vocabulary

_FLOOR = -10.0
_IGNORED = -100  # label that costs nothing, torch's default
_LN10 = 2.302585
_SHAPES = [(4, 24), (6, 16), (8, 12), (10, 10)]  # (window in seconds, examples of a batch)
_SLACK_S = 0.03
Span = tuple[int, int, int]
"""Row of the decoder, and the first and last encoder position (20 ms) that it should look at."""


@dataclass
class Sentence:
    """One in the window: characters, their (start, end) in seconds, their syllable ids."""

    characters: list[str]
    marks: list[tuple[float, float]]
    syllables: list[int]


@dataclass
class Example:
    """mel (frames, 80); tokens; the label of each row; spans to align; a syllable for every encoder position."""

    mel: np.ndarray
    tokens: list[int]
    labels: list[int]
    spans: list[Span]
    syllables: np.ndarray


class Composer:
    """Makes examples; `augmentation` is the share of the usual probabilities in force."""

    def __init__(self, bank: Bank, vocabulary: Vocabulary, syllables: dict[str, list[int]]) -> None:
        self._bank, self._vocabulary, self._syllables = bank, vocabulary, syllables
        self._phrases = [p for p in phrases() if len(p) > 1]
        self.augmentation = 1.0
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Begin again with other chances."""
        self.r = random.Random(seed)
        self._noise = np.random.default_rng(seed)

    def batch(self, limit_s: int, size: int, prompted: float) -> tuple[torch.Tensor, ...]:
        """mel (size, 80, frames), tokens, labels, first and last position to look at (size, rows), syllables."""
        examples = [self._example(limit_s, self._prompt_length(prompted)) for _ in range(size)]
        frames = limit_s * 100  # few shapes, since oneDNN keeps kernels by shape
        rows = (max(len(e.tokens) for e in examples) - 1 + 15) // 16 * 16
        mel = np.zeros((size, MEL_BANDS, frames), np.float32)
        tokens = np.full((size, rows), self._vocabulary.end, np.int64)
        labels = np.full((size, rows), _IGNORED, np.int64)
        first, last = np.ones((size, rows), np.int64), np.zeros((size, rows), np.int64)
        syllables = np.zeros((size, frames // 2), np.int64)
        for i, e in enumerate(examples):
            mel[i, :, : len(e.mel)] = e.mel.T
            tokens[i, : len(e.tokens) - 1] = e.tokens[:-1]
            labels[i, : len(e.labels)] = e.labels
            for row, a, b in e.spans:
                first[i, row], last[i, row] = a, b
            known = min(frames // 2, len(e.mel) // 2, len(e.syllables))
            syllables[i, :known] = e.syllables[:known]
        return tuple(torch.from_numpy(part) for part in (mel, tokens, labels, first, last, syllables))

    def _prompt_length(self, prompted: float) -> int:
        kind = self.r.random() / prompted  # below 1 with that probability
        if kind >= 1:
            return 0
        return self.r.randint(*((8, 50) if kind < 0.6 else (50, 110) if kind < 0.87 else (110, 223)))

    def _example(self, limit_s: int, prompt_length: int) -> Example:
        r, frames = self.r, limit_s * 100
        if r.random() < 0.04:
            return self._silence(r.randint(100, frames), prompt_length)
        full = r.random() < (0.6 if limit_s >= 8 else 0.1)
        mel, sentences, loudest = self._window(frames, full)
        if not sentences:
            return self._silence(r.randint(100, frames), prompt_length)
        last = sentences[-1].marks[-1][1]
        tail = r.choice([0, r.uniform(0, 0.4), r.uniform(0, 2.5)])
        cut = full and last > limit_s - 0.02
        mel = mel[: frames if cut else min(frames, int((last + tail) * 100) + 2)]
        seconds = len(mel) / 100
        if r.random() < 0.75 * self.augmentation:
            mel = self._noisy(mel, loudest).astype(np.float32)
        mel = self._normalised(mel)
        if r.random() < 0.5 * self.augmentation:
            mel = self._masked(mel)
        return Example(mel, *self._targets(sentences, seconds, prompt_length), _frame_syllables(sentences, frames // 2))

    def _window(self, frames: int, full: bool) -> tuple[np.ndarray, list[Sentence], float]:
        """Sentences one after the other: (mel, sentences, loudest mel); `full` lets the window cut the last one."""
        r = self.r
        single = not full and r.random() < 0.4
        voice = r.choice(self._bank.voices) if r.random() < 0.7 else None
        mel = np.full((frames, MEL_BANDS), _FLOOR, np.float32)
        lead = 0 if r.random() < 0.3 else int(r.random() ** 2 * 120)
        gain, at, tries = r.uniform(-0.8, 0.4), lead, 0
        sentences, loudest = list[Sentence](), _FLOOR
        while at < frames - 20 and tries < 30:
            index = self._bank.pick(r, voice)
            if not (full and sentences) and at + self._bank.clips[index].frames > frames:
                tries += 1
                continue
            part, sentence = self._sentence(index, at == 0 and not sentences)
            part = part + gain + r.uniform(-0.15, 0.15)
            room = min(len(part), frames - at)
            mel[at : at + room] = np.maximum(mel[at : at + room], part[:room])
            loudest = max(loudest, float(part.max()))
            sentence.marks = [(a + at / 100, b + at / 100) for a, b in sentence.marks]
            sentences.append(sentence)
            at += len(part) + int(self._gap() * 100)
            if single or (not full and r.random() < 0.3):
                break
        return mel, sentences, loudest

    def _gap(self) -> float:
        kind = self.r.random()
        return self.r.uniform(*((0.05, 0.4) if kind < 0.2 else (0.4, 1.2) if kind < 0.8 else (1.2, 3.5)))

    def _sentence(self, index: int, may_begin_inside: bool) -> tuple[np.ndarray, Sentence]:
        clip = self._bank.clips[index]
        mel = self._warped(self._bank.mel(index))
        marks = [(a, b) for a, b in clip.marks]
        sentence = Sentence(list(clip.text), marks, self._syllables[clip.text])
        if not (may_begin_inside and len(clip.text) > 8 and self.r.random() < 0.15):
            return mel, sentence
        k = self.r.randint(1, len(clip.text) // 2)
        while clip.text[k] in PUNCTUATION:
            k += 1
        frame = int(marks[k][0] * 100)
        moved = [(a - frame / 100, b - frame / 100) for a, b in marks[k:]]
        return mel[frame:], Sentence(sentence.characters[k:], moved, sentence.syllables[k:])

    # Acoustics, on log10 mel power

    def _warped(self, mel: np.ndarray) -> np.ndarray:
        """Another vocal-tract length, another spectral tilt."""
        r = self.r
        if r.random() < 0.4 * self.augmentation:
            source = np.clip(np.arange(MEL_BANDS) * r.uniform(0.9, 1.1), 0, MEL_BANDS - 1)
            low = source.astype(int)
            weight = (source - low).astype(np.float32)
            above = np.minimum(low + 1, MEL_BANDS - 1)
            mel = (mel[:, low] * (1 - weight) + mel[:, above] * weight).astype(np.float32)
        if r.random() < 0.4 * self.augmentation:
            tilt = np.linspace(-1, 1, MEL_BANDS, dtype=np.float32) * r.uniform(-0.7, 0.7)
            mel = np.maximum(mel + tilt, _FLOOR)
        return mel

    def _noisy(self, mel: np.ndarray, loudest: float) -> np.ndarray:
        """With noise of some colour, 8 to 45 dB below the loudest speech."""
        r, noise = self.r, self._noise
        t = np.linspace(0, 1, MEL_BANDS)
        colour = r.uniform(-1.5, 0.5) * t + r.uniform(-0.4, 0.4) * np.sin(2 * np.pi * (t * r.uniform(0.5, 2) + r.random()))
        freedom = np.linspace(1.5, 5, MEL_BANDS)
        power = noise.standard_gamma(freedom, size=mel.shape) / freedom
        added = loudest - r.uniform(0.8, 4.5) + colour + np.log10(power + 1e-4)
        if r.random() < 0.3:  # slowly louder and softer
            swell = np.interp(np.arange(len(mel)), np.linspace(0, len(mel), 8), noise.normal(0, 0.25, 8))
            added = added + swell[:, None]
        return np.logaddexp(mel * _LN10, added * _LN10) / _LN10

    def _masked(self, mel: np.ndarray) -> np.ndarray:
        """SpecAugment: up to two bands and some moments blotted out."""
        r, lowest = self.r, mel.min()
        for _ in range(r.randint(0, 2)):
            width = r.randint(1, 9)
            at = r.randint(0, MEL_BANDS - 1 - width)
            mel[:, at : at + width] = lowest
        for _ in range(r.randint(0, 1 + len(mel) // 400)):
            width = r.randint(1, 8)
            at = r.randint(0, max(0, len(mel) - width - 1))
            mel[at : at + width] = lowest
        return mel

    def _normalised(self, mel: np.ndarray) -> np.ndarray:
        """As Whisper does; half the time as if the recording were louder elsewhere."""
        loudest = mel.max() + (0 if self.r.random() < 0.5 else self.r.uniform(0, 0.8))
        return (np.maximum(mel, loudest - 8) + 4) / 4

    def _silence(self, frames: int, prompt_length: int) -> Example:
        r, v = self.r, self._vocabulary
        mel: np.ndarray = np.full((frames, MEL_BANDS), _FLOOR, np.float32)
        if r.random() < 0.8:
            mel = self._noisy(mel, r.uniform(-3, 1.5)).astype(np.float32)
        if r.random() < 0.4:  # the recording's loudest moment was elsewhere
            mel = (np.maximum(mel, max(mel.max() - 8, r.uniform(-7, -5))) + 4) / 4
        else:
            mel = self._normalised(mel)
        prompt = self._prompt([], prompt_length)
        stamp = v.no_stamps if r.random() < 0.2 else v.first_stamp
        tokens = [*prompt, v.start, v.chinese, v.transcribe, stamp, v.end]
        label = _IGNORED if stamp == v.no_stamps else stamp
        labels = [_IGNORED] * len(prompt) + [v.no_speech, v.transcribe, label, v.end]
        return Example(mel, tokens, labels, [], np.zeros(frames // 2, np.int64))

    # Tokens

    def _targets(self, sentences: Sequence[Sentence], seconds: float, prompt_length: int) -> tuple[list[int], list[int], list[Span]]:
        """(tokens, labels, spans) of a window that ends after so many seconds."""
        v = self._vocabulary
        prompt = self._prompt(sentences, prompt_length)
        stamped = self.r.random() >= 0.2
        body, spans = self._body(sentences, seconds, stamped)
        last = max((b for _, _, b in spans), default=-1) + 1
        # The end of text looks just behind the speech: its attention ends the last word.
        spans.append((len(body), last, min(last + 14, int(seconds * 50) - 1)))
        head = [*prompt, v.start, v.chinese, v.transcribe, *([] if stamped else [v.no_stamps])]
        tokens = [*head, *body, v.end]
        labels = [_IGNORED] * len(prompt) + [v.chinese, v.transcribe, *([] if stamped else [_IGNORED]), *body, v.end]
        return tokens, labels, [(len(head) - 1 + row, a, b) for row, a, b in spans]

    def _body(self, sentences: Sequence[Sentence], seconds: float, stamped: bool) -> tuple[list[int], list[Span]]:
        v, body, spans = self._vocabulary, list[int](), list[Span]()
        for index, sentence in enumerate(sentences):
            start, end = sentence.marks[0][0], sentence.marks[-1][1]
            if start > seconds - 0.1:
                break
            if stamped:
                body.append(v.stamp(start))
            if stamped and index and end > seconds + _SLACK_S:
                continue  # only the start of a sentence that the window cuts
            for character, (a, b) in zip(sentence.characters, sentence.marks, strict=True):
                if b <= seconds + _SLACK_S:
                    spans.append((len(body), int(a * 50 + 0.5), int(b * 50 + 0.5) - 1))
                    body.append(v.ids[character])
            if stamped:
                body.append(v.stamp(end if end <= seconds + _SLACK_S else seconds))
        return body, spans

    def _prompt(self, sentences: Sequence[Sentence], length: int) -> list[int]:
        """Start of previous with hotwords, earlier text or both, at most `length` tokens; or nothing."""
        if length == 0 or self.r.random() < 0.1:
            return []
        kind = self.r.random()
        ids = self._hotwords("".join("".join(s.characters) for s in sentences)) if kind < 0.55 else []
        if kind > 0.4:
            ids += self._earlier(length - len(ids))
        return [self._vocabulary.previous, *ids[-(length - 1) :]]

    def _hotwords(self, text: str) -> list[int]:
        r = self.r
        said = [p for p in self._phrases if p in text] if r.random() < 0.7 else []
        words = r.sample(said, min(len(said), r.randint(0, 5)))
        if text and r.random() < 0.5:
            start = r.randint(0, max(0, len(text) - 3))
            words += re.findall(f"[^{PUNCTUATION}]{{2,4}}", text[start : start + 5])
        words += r.sample(self._phrases, r.randint(0, 8))
        r.shuffle(words)
        ids = self._vocabulary.encode(" " + r.choice([" ", " ", "、", "，"]).join(words))
        if r.random() < 0.1:  # what the model has no token for
            ids += self._vocabulary.encode(chr(r.randint(0x4E00, 0x9FA5)) + r.choice(["ABC", "12", "-", "龘", ""]))
        return ids

    def _earlier(self, room: int) -> list[int]:
        r, v, ids = self.r, self._vocabulary, list[int]()
        stamped = r.random() < 0.7
        while len(ids) < room:
            clip = r.choice(self._bank.clips)
            start = r.uniform(0, 12)
            text = v.encode(clip.text)
            ids += [v.stamp(start), *text, v.stamp(start + clip.frames / 100)] if stamped else text
            if r.random() < 0.3:
                break
        return ids


def _frame_syllables(sentences: Sequence[Sentence], positions: int) -> np.ndarray:
    ids = np.zeros(positions, np.int64)
    for sentence in sentences:
        for (a, b), syllable in zip(sentence.marks, sentence.syllables, strict=True):
            ids[int(a * 50) : max(int(b * 50), int(a * 50) + 1)] = syllable
    return ids


class Stream(torch.utils.data.IterableDataset):
    """Endless batches; `progress` (0 to 1) moves the mixture from short windows to long ones."""

    def __init__(self, composer: Composer, seed: int, progress: "Synchronized[float]") -> None:
        self._composer, self._seed, self._progress = composer, seed, progress

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        worker = torch.utils.data.get_worker_info()
        self._composer.seed(self._seed + (worker.id if worker else 0))
        while True:
            done = self._progress.value
            limit_s, size = self._composer.r.choices(_SHAPES, _mixture(done))[0]
            if done < 0.95:  # more, smaller steps until the end
                size //= 2
            self._composer.augmentation = 0.35 if done < 0.4 else 0.6
            yield self._composer.batch(limit_s, size, 0.12 if done < 0.2 else 0.25 if done < 0.5 else 0.45)


def _mixture(done: float) -> list[float]:
    """Weights of the shapes."""
    if done < 0.08:
        return [0.6, 0.4, 0, 0]
    if done < 0.2:
        return [0.35, 0.4, 0.25, 0]
    return [0.15, 0.25, 0.25, 0.35] if done < 0.75 else [0.1, 0.15, 0.25, 0.5]
