"""Cheap rules against invented and lost words: what is certainly not speech goes, what is doubtful is marked.

Recognisers repeat themselves, say phrases of their training data over noise, and squeeze whole sentences into a
breath.  A doubtful utterance is kept with codes; only text that cannot have been said is dropped.  Codes:
low_probability, repetition, fast_speech, known_phrase, high_compression, missing_words, concealed.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from server.protocol.transcript import LiveRepaired, Utterance

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
_REPEATED = re.compile(r"(\w{2,})(?:[，。、\s]*\1){2,}|(\w{4,})(?:[，。、\s]*\2)+")


@cache
def known_phrases() -> tuple[str, ...]:
    """Phrases of training data that models say over noise, one a line in phrases.txt, letters and digits only."""
    lines = files("transcription").joinpath("phrases.txt").read_text("utf-8").splitlines()
    return tuple(letters(line) for line in lines if line and not line.startswith("#"))


def letters(text: str) -> str:
    """The text without punctuation and spaces."""
    return "".join(c for c in text if c.isalnum())


def syllables(text: str) -> float:
    """About how many syllables it takes to say the text, in whatever script."""
    return sum(1.0 if _SYLLABIC.match(character) else _LETTER for character in letters(text))


def check(utterance: Utterance, voice_start: float, voice_end: float) -> Utterance | None:
    """The utterance with its doubts, or None if it is certainly nothing that was said.

    `voice_start` and `voice_end`: media seconds between which the voice was heard.
    """
    if not letters(utterance.text) or _phrase_over_noise(utterance):
        return None
    rules = (
        ("low_probability", _improbable(utterance)),
        ("repetition", bool(_REPEATED.search(utterance.text))),
        ("fast_speech", _too_fast(utterance)),
        ("known_phrase", _has_known_phrase(utterance.text)),
        ("high_compression", (utterance.compression_ratio or 0) > _COMPRESSION),
        ("missing_words", _voice_without_words(utterance, voice_start, voice_end)),
    )
    return utterance.model_copy(update={"doubt": tuple(code for code, found in rules if found)})


def mark_repairs(utterance: Utterance, repairs: Iterable[LiveRepaired]) -> Utterance:
    """The utterance with how much of it was lost on the way, and a doubt where too much was made up."""
    seconds = {"concealed": 0.0, "recovered": 0.0}
    for repair in repairs:
        seconds[repair.how] += max(0.0, min(repair.end, utterance.end) - max(repair.start, utterance.start))
    doubt = (*utterance.doubt, "concealed") if seconds["concealed"] > _CONCEALED_S else utterance.doubt
    measured = {f"{how}_s": round(value, 3) for how, value in seconds.items()}
    return utterance.model_copy(update={"doubt": doubt, **measured})


def mean_probability(utterance: Utterance) -> float:
    """Mean over the words; 1 where there are none."""
    values = [word.probability for word in utterance.words]
    return sum(values) / len(values) if values else 1.0


def more_than_a_voice_says(utterance: Utterance, voice_s: float) -> bool:
    """Whether the voice was too short for so many syllables."""
    return syllables(utterance.text) > _FAST * voice_s + 2


def _phrase_over_noise(utterance: Utterance) -> bool:
    """Nothing but a training phrase, and the model itself does not believe it."""
    doubted = mean_probability(utterance) < _LOW_WORD or (utterance.no_speech_prob or 0) > 0.6
    return letters(utterance.text) in known_phrases() and doubted


def _improbable(utterance: Utterance) -> bool:
    lowest = min((word.probability for word in utterance.words), default=1.0)
    return lowest < _LOW_WORD or mean_probability(utterance) < _LOW_MEAN


def _too_fast(utterance: Utterance) -> bool:
    count = syllables(utterance.text)
    return count >= 4 and count > _FAST * (utterance.end - utterance.start)


def _has_known_phrase(text: str) -> bool:
    plain = letters(text)
    return any(phrase in plain for phrase in known_phrases())


def _voice_without_words(utterance: Utterance, voice_start: float, voice_end: float) -> bool:
    """Somebody spoke for a while before the first or after the last recognised word."""
    before, after = utterance.start - voice_start, voice_end - utterance.end
    return bool(utterance.words) and max(before, after) > _SILENT_VOICE_S
