"""Utterances, and the wire between the media node and the transcriber.  See transcript.md."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationInfo

from server.protocol.base import AnySeconds, Identifier, Kept, Measure, Message, Seconds, in_talk, kept

STUCK = "stuck"
"""`state` of GET /healthz while a decoding does not come to an end: no stream gets any further there."""
UNTOLD = 0.85
"""Probability of a word of which its engine tells none: neither sure nor weak."""


class Word(Message):
    """One recognised word with its place in the recording; Chinese words are mostly single characters."""

    start: AnySeconds
    end: AnySeconds
    """Both in the talk and in order within an utterance."""
    text: str
    probability: Annotated[float, Field(ge=0, le=1)]
    """UNTOLD where the engine tells none."""


def _begun(start: float) -> float:
    return in_talk(start, start)[0]


def _not_before_start(end: float, info: ValidationInfo) -> float:
    return in_talk(info.data.get("start", end), end)[1]


def _in_order(words: tuple[Word, ...]) -> tuple[Word, ...]:
    spelled = "".join(word.text for word in words)
    if kept(spelled) == spelled and all(0 <= word.start <= word.end for word in words):
        return words
    return tuple(_kept_word(word, *in_talk(word.start, word.end)) for word in words)


def _kept_word(word: Word, start: float, end: float) -> Word:
    return word.model_copy(update={"start": start, "end": end, "text": kept(word.text)})


class Utterance(Message):
    """What one participant said without a pause, exactly as it was recognised; never changed afterwards.

    Whatever an engine or a row of an older program tells, it does not begin before the talk nor end before it begins, and every
    database keeps it: a talk must not stay open, nor a record be unreadable, for the sake of one of its sentences.
    """

    id: Identifier
    participant_id: Identifier
    start: Annotated[AnySeconds, AfterValidator(_begun)]
    """First word's start where words are known, else where the voice begins."""
    end: Annotated[AnySeconds, AfterValidator(_not_before_start)]
    text: Kept
    words: Annotated[tuple[Word, ...], AfterValidator(_in_order)] = ()
    avg_logprob: Measure = None
    no_speech_prob: Measure = None
    compression_ratio: Measure = None
    doubt: tuple[str, ...] = ()
    """Stable codes of why a listener should check it (transcription/guard.py); empty: nothing found."""
    concealed_s: Seconds = 0
    """How much of it was lost on the way and made up by the decoder, in seconds."""
    recovered_s: Seconds = 0
    """How much of it was lost and came a second time within a later packet (Opus in-band FEC), in seconds."""
    model: Kept = ""
    """Name of the model that heard it."""
    unboosted: Kept = ""
    """Where a word that was expected is in the text and may not have been said: what is heard without expecting any."""


SeatLanguage = Literal["zh", "yue", "bo", "mn", "kk", "ko", "en", "auto"]
"""What is spoken on a seat, by Whisper's codes: Chinese with its dialects, Cantonese, Tibetan, Mongolian, Kazakh, Korean,
English; auto: whatever the model hears, for languages that it has no code for."""


# --- media node -> transcriber: one WebSocket per audio track, /live -------------------------------------

class LiveStart(Message):
    """First message.  PCM follows as binary messages: signed 16-bit little-endian, 16 kHz, mono."""

    type: Literal["start"] = "start"
    reception_id: Identifier
    participant_id: Identifier
    offset: Seconds
    """Media time of the first sample that will be sent."""
    language: str = "zh"
    """A code of Whisper, or auto."""
    hotwords: tuple[str, ...] = ()


class LiveSeek(Message):
    """The next sample belongs at `at`; whatever was being said is finished first."""

    type: Literal["seek"] = "seek"
    at: Seconds


class LiveRepaired(Message):
    """This stretch of the sound that follows did not come as it was sent: it was made up by the decoder, or taken
    from a later packet's in-band FEC.  Told before the sound."""

    type: Literal["repaired"] = "repaired"
    start: Seconds
    end: Seconds
    how: Literal["concealed", "recovered"]


class LiveEnd(Message):
    """No more sound: finish what is open, answer `finished`, close."""

    type: Literal["end"] = "end"


LiveRequest = Annotated[LiveStart | LiveSeek | LiveRepaired | LiveEnd, Field(discriminator="type")]


# --- transcriber -> media node ---------------------------------------------------------------------------

class LiveProgress(Message):
    """Everything before `until` is decided (recognised or silence): the sender may forget that audio, and
    after a broken connection starts again with `offset = until`."""

    type: Literal["progress"] = "progress"
    until: Seconds
    unheard: tuple[Seconds, Seconds] | None = None
    """From when to when there was a voice of which nothing was understood; what was said there is not known."""


class LivePartial(Message):
    """What is being said just now; replaced by the next partial or by the utterance.  Nothing of it is settled.

    Without text: what was shown last is nothing that was said, or cannot be recognised.
    """

    type: Literal["partial"] = "partial"
    start: Seconds
    text: str


class LiveUtterance(Message):
    """A finished utterance; implies progress until `until`."""

    type: Literal["utterance"] = "utterance"
    utterance: Utterance
    until: Seconds
    echoes: tuple[Identifier, ...] = ()
    """Ids of utterances of other tracks, told before, that are this one come back."""


class LiveGivenUp(Message):
    """This stretch cannot be recognised: decoding it failed again and again while other sound can be decoded.
    Implies progress until `until`; recognition goes on after it."""

    type: Literal["given_up"] = "given_up"
    start: Seconds
    until: Seconds


class LiveFinished(Message):
    """Answer to `end`: all utterances were sent."""

    type: Literal["finished"] = "finished"


class LiveTrouble(Message):
    """Recognition cannot go on now.  `reason` is a stable code (model_missing, model_broken, overloaded)."""

    type: Literal["trouble"] = "trouble"
    reason: str
    message: str
    """Chinese, for the user."""
    retry_s: Seconds = 5.0


LiveReply = Annotated[
    LiveProgress | LivePartial | LiveUtterance | LiveGivenUp | LiveFinished | LiveTrouble, Field(discriminator="type")
]

live_request: TypeAdapter[LiveRequest] = TypeAdapter(LiveRequest)
live_reply: TypeAdapter[LiveReply] = TypeAdapter(LiveReply)
