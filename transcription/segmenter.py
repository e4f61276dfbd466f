"""Cuts one person's running sound into utterances at their pauses.

Nothing that was voice is left out: a piece begins `preroll_s` before the voice was noticed and ends after it, and a
piece that grows too long for the model is cut at its quietest place, the rest going on in the next piece.  The pause
that ends a piece shrinks as the piece grows, so that whole sentences are kept together where the window allows.
"""

from dataclasses import dataclass

import numpy as np

from transcription.voice import FRAME, RATE, Samples, Signal, VoiceDetector, to_float

_FRAME_S = FRAME / RATE
_TAIL_S = 0.25
_RELEASE = 0.15
"""Voice ends when the probability is this much below the threshold (hysteresis)."""
_MIN_VOICED = 3
"""Frames above the threshold (96 ms) that make a voice; below are clicks."""
_SILENCE_EVERY_S = 0.5


@dataclass(frozen=True)
class SegmenterOptions:
    """Seconds, and a probability for `threshold`."""

    max_s: float = 9.0
    pause_s: float = 0.6
    preroll_s: float = 0.35
    threshold: float = 0.5


@dataclass(frozen=True)
class Speech:
    """A piece of sound with voice in it; media time of its first and after its last sample.

    `voice_start` and `voice_end` bound the voice itself, as far as the detector hears it.
    """

    start: float
    end: float
    samples: Samples
    voice_start: float
    voice_end: float


@dataclass(frozen=True)
class Silence:
    """Before this media time nothing is left to be recognised."""

    until: float


Piece = Speech | Silence


class Segmenter:
    """Feed sound, get pieces in order of time; holds at most one piece of sound."""

    def __init__(self, options: SegmenterOptions, offset: float = 0.0) -> None:
        self._options = options
        self._restart(offset)

    def _restart(self, offset: float) -> None:
        self._detector = VoiceDetector()
        self._offset = offset
        self._kept: Samples = np.zeros(0, np.int16)
        self._kept_from = 0
        self._seen = 0
        self._speaking = False
        self._silent_from: int | None = None
        self._probabilities: list[float] = []
        self._told = offset

    # --- input ----------------------------------------------------------------------------------------------

    def feed(self, samples: Samples) -> list[Piece]:
        """Take in sound of any length; s16, 16 kHz, mono."""
        self._kept = np.concatenate([self._kept, samples])
        fresh = self._kept[self._seen - self._kept_from :]
        fresh = fresh[: len(fresh) // FRAME * FRAME]
        if not len(fresh):
            return []
        pieces: list[Piece] = []
        for probability in self._detector.probabilities(to_float(fresh)):
            pieces += self._frame(float(probability))
        self._forget()
        return pieces + self._tell_silence()

    def seek(self, at: float) -> list[Piece]:
        """Finish what is open; the next sample belongs at media time `at`."""
        pieces = self.finish()
        self._restart(at)
        return pieces

    def finish(self) -> list[Piece]:
        """No more sound: what is open becomes a piece."""
        # A last incomplete frame is judged too: the last word may end in it.
        missing = -(len(self._kept) + self._kept_from) % FRAME
        end = self._kept_from + len(self._kept)
        pieces = self.feed(np.zeros(missing, np.int16)) if missing else []
        if self._speaking:
            pieces += self._close(end, end)
        return [*pieces, Silence(self._time(end))]

    @property
    def position(self) -> float:
        """Media time at which the next sample belongs."""
        return self._time(self._kept_from + len(self._kept))

    def open_speech(self) -> tuple[float, Samples] | None:
        """What is being said just now: media time of its start, and the sound so far."""
        return (self._time(self._kept_from), self._kept.copy()) if self._speaking else None

    @property
    def pause_end(self) -> float | None:
        """Where the piece ends that the present pause will end if it lasts; None while somebody speaks."""
        end = self._paused_at()
        return None if end is None else self._time(end)

    def pausing(self) -> Speech | None:
        """That piece, sample for sample."""
        end = self._paused_at()
        return None if end is None else self._cut(end)

    def _paused_at(self) -> int | None:
        if self._silent_from is None:
            return None
        end = self._silent_from + self._samples(_TAIL_S)
        return end if self._seen >= end and self._voiced() else None

    # --- frames ---------------------------------------------------------------------------------------------

    def _frame(self, probability: float) -> list[Piece]:
        """One more frame has been judged."""
        at = self._seen
        self._seen += FRAME
        if not self._speaking:
            if probability < self._options.threshold:
                return []
            self._speaking = True
            self._drop_before(at - self._samples(self._options.preroll_s))
            self._probabilities = [0.0] * ((at - self._kept_from) // FRAME)
        self._probabilities.append(probability)
        self._note_silence(probability, at)
        return self._pause() or self._too_long()

    def _note_silence(self, probability: float, at: int) -> None:
        if probability >= self._options.threshold:
            self._silent_from = None
        elif self._silent_from is None and probability < self._options.threshold - _RELEASE:
            self._silent_from = at

    def _pause(self) -> list[Piece]:
        """Close the piece when the silence is long enough for its length."""
        if self._silent_from is None:
            return []
        spoken = (self._silent_from - self._kept_from) / RATE
        if (self._seen - self._silent_from) / RATE < self._needed_pause(spoken):
            return []
        return self._close(min(self._silent_from + self._samples(_TAIL_S), self._seen), self._seen)

    def _needed_pause(self, spoken: float) -> float:
        """The full pause up to two thirds of the window, falling to half of it at its end."""
        share = min(max(spoken / self._options.max_s * 3 - 2, 0.0), 1.0)
        return self._options.pause_s * (1 - share / 2)

    def _too_long(self) -> list[Piece]:
        if self._seen - self._kept_from < self._samples(self._options.max_s):
            return []
        cut = self._kept_from + self._best_cut() * FRAME
        piece = self._piece(cut)
        self._probabilities = self._probabilities[(cut - self._kept_from) // FRAME :]
        self._drop_before(cut)
        return [piece]

    def _best_cut(self) -> int:
        """Frame, counted from the piece's start, at the middle of its quietest fifth of a second."""
        count = len(self._probabilities)
        kept = self._kept[: count * FRAME].astype(np.float32).reshape(-1, FRAME)
        loudness = np.log10(np.sqrt((kept**2).mean(axis=1)) + 1.0)
        score = np.asarray(self._probabilities[: len(loudness)]) + loudness / max(float(loudness.max()), 1e-6)
        smooth: Signal = np.convolve(score, np.ones(7) / 7, mode="same").astype(np.float32)
        first, last = count * 2 // 5, max(len(smooth) - 4, count * 2 // 5 + 1)
        return first + int(np.argmin(smooth[first:last]))

    def _close(self, end: int, seen: int) -> list[Piece]:
        """End the piece at sample `end`; keep what follows as pre-roll of the next."""
        piece: Piece = self._piece(end) if self._voiced() else Silence(self._time(end))
        self._speaking, self._silent_from, self._probabilities = False, None, []
        self._drop_before(min(end, seen))
        return [piece]

    def _voiced(self) -> bool:
        """Whether what was heard so far is a voice and no click."""
        return sum(p >= self._options.threshold for p in self._probabilities) >= _MIN_VOICED

    def _piece(self, end: int) -> Speech:
        self._told = self._time(end)
        return self._cut(end)

    def _cut(self, end: int) -> Speech:
        samples = self._kept[: end - self._kept_from].copy()
        voiced = [i for i, p in enumerate(self._probabilities) if p >= self._options.threshold]
        first, last = (voiced[0], voiced[-1] + 1) if voiced else (0, len(self._probabilities))
        voice_start = self._time(self._kept_from + first * FRAME)
        voice_end = self._time(min(self._kept_from + last * FRAME, end))
        return Speech(self._time(self._kept_from), self._time(end), samples, voice_start, voice_end)

    # --- memory ---------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        if not self._speaking:
            self._drop_before(self._seen - self._samples(self._options.preroll_s))

    def _drop_before(self, sample: int) -> None:
        if sample > self._kept_from:
            self._kept = self._kept[sample - self._kept_from :].copy()
            self._kept_from = sample

    def _tell_silence(self) -> list[Piece]:
        until = self._time(self._kept_from)
        if self._speaking or until - self._told < _SILENCE_EVERY_S:
            return []
        self._told = until
        return [Silence(until)]

    def _samples(self, seconds: float) -> int:
        return round(seconds * RATE)

    def _time(self, sample: int) -> float:
        return round(self._offset + sample / RATE, 4)
