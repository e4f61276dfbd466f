"""One piece of sound → one utterance, the same way for live sound and for files."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from server.protocol.transcript import UNTOLD, Utterance, Word
from transcription.boosting import gained, unsupported
from transcription.engine import Engine, Heard, HeardWord
from transcription.guard import (
    Circumstances,
    check,
    loudness_db,
    more_than_a_voice_says,
    taken_for_silence,
    too_faint_for_a_voice,
)
from transcription.segmenter import Speech
from transcription.steadiness import SHAKY, believed, steadiness
from transcription.text import marks_at_end, marks_at_pauses, tidy, tidy_text
from transcription.voice import to_float

_NAMESPACE = uuid.UUID("6f2b1f0e-6d0b-4c69-9c55-1c1f0a3f9f10")
_ONSET_S = 0.1
"""The detector hears a voice up to this much late; the model's first word may reach into the silence before it."""
_VOICE_S = 0.8
"""A shorter voice of which nothing is understood is a cough or a breath."""
_AFTER_S = 0.2
"""A piece that a pause ended has so much silence at its end; one that grew too long has none."""
BOOSTED = "boosted"
"""Doubt: a hotword is written that is not heard without it."""
LOOPS = frozenset({"repetition", "high_compression"})
"""Doubts with which what is heard with hotwords is not believed: prompts make models repeat themselves."""
SURE = 0.82
"""Mean probability from which a text is believed without being heard again; the most that an invented one had is 0.79."""


@dataclass(frozen=True)
class Source:
    """Whose sound it is and how to hear it."""

    participant_id: str
    reception_id: str = ""
    language: str = "zh"
    hotwords: tuple[str, ...] = ()

    def led(self, wanted: bool) -> "Source":
        """The same, with its hotwords only where they are wanted."""
        return self if wanted else replace(self, hotwords=())


class Unheard(NamedTuple):
    """From when to when there was a voice of which nothing was understood (media seconds)."""

    start: float
    end: float


def recognise(engine: Engine, speech: Speech, source: Source) -> Utterance | Unheard | None:
    """What was said in the piece; None if nothing was.  Raises EngineUnavailable."""
    heard = _recognise(engine, speech, source)
    if not source.hotwords:
        return heard
    return _led(heard, _recognise(engine, speech, source.led(False)), source.hotwords)


def _led(heard: Utterance | Unheard | None, plain: Utterance | Unheard | None, hotwords: Sequence[str]) -> Utterance | Unheard | None:
    """Of what is heard with hotwords and without them: with them only if that brings one in, and only where something is
    heard without them; doubted where nothing that sounds like it is.

    Hotwords disturb the other words of a model that was not trained with prompts: `wage` goes from 0.2 % wrong to 1.0 % with
    its own names, to 1.7 % with those of another talk, and none of these errors is a hotword.
    """
    if not isinstance(plain, Utterance) or not isinstance(heard, Utterance) or LOOPS & set(heard.doubt):
        return plain
    if not gained(hotwords, heard.text, plain.text):
        return plain
    if not unsupported(hotwords, heard.text, plain.text):
        return heard
    return heard.model_copy(update={"doubt": (*heard.doubt, BOOSTED), "unboosted": plain.text})


def _recognise(engine: Engine, speech: Speech, source: Source) -> Utterance | Unheard | None:
    loudness = loudness_db(speech)
    if too_faint_for_a_voice(loudness):
        return unheard(speech)
    signal = to_float(speech.samples)
    heard = engine.transcribe(signal, source.language, source.hotwords)
    sure = _sureness(heard)
    given = Circumstances(speech.voice_start, speech.voice_end, source.language, sure, loudness)
    utterance = None if taken_for_silence(heard) else _utterance(heard, speech, source, engine.name)
    checked = check(utterance, given) if utterance else None
    if checked is None:
        return unheard(speech)
    if sure is not None and sure >= SURE:
        return checked
    if more_than_a_voice_says(checked, given.voice_s):
        return Unheard(speech.voice_start, speech.voice_end)
    steady = steadiness(engine, signal, checked.text, source.language)
    if not believed(steady, sure):
        return Unheard(speech.voice_start, speech.voice_end)
    return checked if steady >= SHAKY else checked.model_copy(update={"doubt": (*checked.doubt, "unstable")})


def _sureness(heard: Sequence[Heard]) -> float | None:
    """Mean probability of the words; None where the engine gives none, or not of every word."""
    values = [word.probability for part in heard for word in part.words]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def unheard(speech: Speech) -> Unheard | None:
    """The voice in a piece of which nothing was understood; None: too short for words."""
    voice = Unheard(speech.voice_start, speech.voice_end)
    return voice if voice.end - voice.start > _VOICE_S else None


def recognise_quickly(engine: Engine, speech: Speech, source: Source) -> str:
    """A first idea of a sentence, for a caption that is replaced soon; led by no hotwords.  Raises EngineUnavailable."""
    if too_faint_for_a_voice(loudness_db(speech)):
        return ""
    heard = engine.transcribe(to_float(speech.samples), source.language, quick=True)
    if taken_for_silence(heard):
        return ""
    return tidy_text(" ".join(part.text for part in heard), source.language)


def _utterance(heard: Sequence[Heard], speech: Speech, source: Source, model: str) -> Utterance | None:
    ended = speech.end - speech.voice_end >= _AFTER_S
    words = tuple(marks_at_pauses(tidy(_words([word for part in heard for word in part.words], speech), source.language), ended=ended))
    text = "".join(word.text for word in words)
    text = text or marks_at_end(tidy_text(" ".join(part.text for part in heard), source.language), ended=ended)
    if not text:
        return None
    start = words[0].start if words else speech.voice_start
    end = words[-1].end if words else speech.voice_end
    return Utterance(
        id=_identifier(source, start, end, text, model),
        participant_id=source.participant_id,
        start=start,
        end=end,
        text=text,
        words=words,
        avg_logprob=min((p.avg_logprob for p in heard if p.avg_logprob is not None), default=None),
        no_speech_prob=max((p.no_speech_prob for p in heard if p.no_speech_prob is not None), default=None),
        compression_ratio=max((p.compression_ratio for p in heard if p.compression_ratio is not None), default=None),
        model=model,
    )


def _identifier(source: Source, start: float, end: float, text: str, model: str) -> str:
    """The same words at the same place have the same id, so hearing them again after a break adds nothing."""
    parts = (source.reception_id, source.participant_id, f"{start:.2f}", f"{end:.2f}", text, model)
    return uuid.uuid5(_NAMESPACE, "\x1f".join(parts)).hex


def _words(heard: Sequence[HeardWord], speech: Speech) -> list[Word]:
    """Words in media time, in order, inside the piece; the first not before the voice."""
    words: list[Word] = []
    earliest = max(speech.start, speech.voice_start - _ONSET_S)
    for word in heard:
        end = min(max(speech.start + word.end, earliest), speech.end)
        start = min(max(speech.start + word.start, earliest), end)
        probability = UNTOLD if word.probability is None else min(max(word.probability, 0.0), 1.0)
        words.append(Word(start=round(start, 3), end=round(end, 3), text=word.text, probability=round(probability, 4)))
        earliest = max(earliest, start)
    return words
