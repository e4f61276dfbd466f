"""Cheap rules against invented and lost words: what is certainly not speech goes, what is doubtful is marked.

Recognisers repeat themselves, say phrases of their training data over noise, and squeeze whole sentences into a
breath.  A doubtful utterance is kept with codes; only text that cannot have been said is dropped.  Codes:
low_probability, repetition, fast_speech, known_phrase, high_compression, missing_words, no_speech, faint, concealed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from server.protocol.transcript import LiveRepaired, Utterance
from transcription.engine import Heard
from transcription.languages import AUTO
from transcription.phrases import has_phrase, is_phrase
from transcription.segmenter import Speech
from transcription.voice import RATE, to_float

_LOW_WORD = 0.5
_LOW_MEAN = 0.8
"""Right words have a median of 0.99, wrong ones of about 0.6 (deploy/demo/model/CARD.md)."""
_FAST = 9.0
"""Syllables a second; lively Mandarin has 5 to 7, other languages hardly more."""
_LETTER = 1 / 3
"""Syllables a letter of an alphabet: English has about 15 letters a second where it has 5 syllables."""
_SYLLABIC = re.compile(r"[\d\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
"""Digits, kana, Chinese characters, Hangul: a syllable each."""
_COMPRESSION = 2.4
_SILENT_VOICE_S = 0.8
_CONCEALED_S = 0.1
"""Half a syllable; what decoders make up for longer is no speech."""
_NO_SPEECH = 0.6
_LOW_LOGPROB = -1.0
"""OpenAI's Whisper takes a window for silence where both are passed (transcribe.py: no_speech_threshold, logprob_threshold)."""
_SILENT_DB = -75.0
"""Five steps of 16-bit sound: no microphone gives a voice so low."""
_FAINT_DB = -50.0
"""Below it a voice is hardly above what a quiet room gives; 17 dB under the softest sentence of the dialogues."""
_SLOW = 0.7
"""Syllables a second; who speaks with pauses is cut at them."""
_SLOW_FROM_S = 4.0
_REPEATED = re.compile(r"(\w{2,})(?:[，。、\s]*\1){2,}|(\w{4,})(?:[，。、\s]*\2)+")


def letters(text: str) -> str:
    """The text without punctuation and spaces."""
    return "".join(c for c in text if c.isalnum())


def syllables(text: str) -> float:
    """About how many syllables it takes to say the text, in whatever script."""
    return sum(1.0 if _SYLLABIC.match(character) else _LETTER for character in letters(text))


@dataclass(frozen=True)
class Circumstances:
    """What is known beside the text."""

    voice_start: float
    voice_end: float
    """Media seconds between which the voice was heard."""
    language: str = AUTO
    sureness: float | None = None
    """Mean probability of the words; None: the engine does not tell."""
    loudness_db: float = 0.0
    """Of the voice; 0: full scale."""

    @property
    def voice_s(self) -> float:
        return self.voice_end - self.voice_start


def check(utterance: Utterance, given: Circumstances) -> Utterance | None:
    """The utterance with its doubts, or None if it is certainly nothing that was said."""
    if not letters(utterance.text) or _phrase_over_noise(utterance, given):
        return None
    rules = (
        ("low_probability", _improbable(utterance, given)),
        ("repetition", bool(_REPEATED.search(utterance.text))),
        ("fast_speech", _too_fast(utterance)),
        ("known_phrase", has_phrase(utterance.text, given.language)),
        ("high_compression", (utterance.compression_ratio or 0) > _COMPRESSION),
        ("missing_words", _voice_without_words(utterance, given)),
        ("no_speech", (utterance.no_speech_prob or 0) > _NO_SPEECH),
        ("faint", given.loudness_db < _FAINT_DB),
    )
    return utterance.model_copy(update={"doubt": tuple(code for code, found in rules if found)})


def loudness_db(speech: Speech) -> float:
    """How loud the voice of a piece is: its power in decibels below full scale; -inf for digital silence."""
    first, last = (round((at - speech.start) * RATE) for at in (speech.voice_start, speech.voice_end))
    signal = to_float(speech.samples[first:last])
    power = float(np.mean(signal**2)) if len(signal) else 0.0
    return 10 * float(np.log10(power)) if power > 0 else float("-inf")


def too_faint_for_a_voice(loudness: float) -> bool:
    """Whether nobody can have spoken, whatever the detector and the model make of it."""
    return loudness < _SILENT_DB


def taken_for_silence(heard: Sequence[Heard]) -> bool:
    """Whether the model itself takes all of a piece for silence and believes nothing of its text: Whisper's own rule."""
    return bool(heard) and all((h.no_speech_prob or 0) > _NO_SPEECH and (h.avg_logprob or 0) < _LOW_LOGPROB for h in heard)


def mark_repairs(utterance: Utterance, repairs: Iterable[LiveRepaired]) -> Utterance:
    """The utterance with how much of it was lost on the way, and a doubt where too much was made up."""
    seconds = {"concealed": 0.0, "recovered": 0.0}
    for repair in repairs:
        seconds[repair.how] += max(0.0, min(repair.end, utterance.end) - max(repair.start, utterance.start))
    doubt = (*utterance.doubt, "concealed") if seconds["concealed"] > _CONCEALED_S else utterance.doubt
    measured = {f"{how}_s": round(value, 3) for how, value in seconds.items()}
    return utterance.model_copy(update={"doubt": doubt, **measured})


def more_than_a_voice_says(utterance: Utterance, voice_s: float) -> bool:
    """Whether the voice was too short for so many syllables."""
    return syllables(utterance.text) > _FAST * voice_s + 2


def _phrase_over_noise(utterance: Utterance, given: Circumstances) -> bool:
    """Nothing but a training phrase, and the model itself does not believe it."""
    unsure = given.sureness is not None and given.sureness < _LOW_WORD
    doubted = unsure or (utterance.no_speech_prob or 0) > _NO_SPEECH or (utterance.avg_logprob or 0) < _LOW_LOGPROB
    return doubted and is_phrase(utterance.text, given.language)


def _improbable(utterance: Utterance, given: Circumstances) -> bool:
    if (utterance.avg_logprob or 0) < _LOW_LOGPROB:
        return True
    if given.sureness is None:
        return False
    return min(word.probability for word in utterance.words) < _LOW_WORD or given.sureness < _LOW_MEAN


def _too_fast(utterance: Utterance) -> bool:
    count = syllables(utterance.text)
    return count >= 4 and count > _FAST * (utterance.end - utterance.start)


def _voice_without_words(utterance: Utterance, given: Circumstances) -> bool:
    """Somebody spoke for a while before the first or after the last recognised word, or so long for so few of them."""
    if given.voice_s > _SLOW_FROM_S and syllables(utterance.text) < _SLOW * given.voice_s:
        return True
    before, after = utterance.start - given.voice_start, given.voice_end - utterance.end
    return bool(utterance.words) and max(before, after) > _SILENT_VOICE_S
