"""What POST /v1/audio/transcriptions and GET /v1/models answer: OpenAI's shapes, with the utterances beside them.

Source: OpenAI's API reference, audio (`createTranscription`) and models; SubRip and WebVTT (W3C) for subtitles.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from server.protocol.base import Seconds
from server.protocol.transcript import Utterance
from transcription.text import tidy_text

ResponseFormat = Literal["json", "text", "verbose_json", "srt", "vtt"]
Granularity = Literal["word", "segment"]

ANY_MODEL = "whisper-1"
"""The name that clients send who do not care which model answers."""

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class FileWord(BaseModel):
    """OpenAI's shape of a word."""

    word: str
    start: float
    end: float
    probability: float


class FileSegment(BaseModel):
    """OpenAI's shape of a segment, as far as it is known here."""

    id: int
    start: float
    end: float
    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


class FileTranscript(BaseModel):
    """OpenAI's verbose_json, and the utterances."""

    task: str = "transcribe"
    language: str
    duration: Seconds
    text: str
    words: list[FileWord]
    segments: list[FileSegment]
    utterances: list[Utterance]
    unheard: list[tuple[float, float]]
    """From when to when there are voices of which nothing was understood."""


def transcript(
    utterances: Sequence[Utterance], unheard: Sequence[tuple[float, float]], language: str, duration: float
) -> FileTranscript:
    """All that was heard in a file; seconds."""
    return FileTranscript(
        language=language,
        duration=max(duration, 0.0),
        text=tidy_text(" ".join(u.text for u in utterances), language),
        words=[
            FileWord(word=w.text, start=w.start, end=w.end, probability=w.probability)
            for u in utterances
            for w in u.words
        ],
        segments=[_segment(i, u) for i, u in enumerate(utterances)],
        utterances=list(utterances),
        unheard=list(unheard),
    )


def _segment(number: int, utterance: Utterance) -> FileSegment:
    return FileSegment(
        id=number,
        start=utterance.start,
        end=utterance.end,
        text=utterance.text,
        avg_logprob=utterance.avg_logprob or 0.0,
        no_speech_prob=utterance.no_speech_prob or 0.0,
        compression_ratio=utterance.compression_ratio or 0.0,
    )


def verbose(given: FileTranscript, granularities: Sequence[Granularity]) -> dict[str, Any]:
    """verbose_json; as with OpenAI, words are in it only where they were asked for."""
    return given.model_dump(mode="json", exclude=None if "word" in granularities else {"words"})


def srt(given: FileTranscript) -> str:
    """SubRip subtitles, one cue an utterance."""
    cues = (
        f"{number}\n{_clock(u.start, ',')} --> {_clock(u.end, ',')}\n{u.text}\n"
        for number, u in enumerate(given.utterances, 1)
    )
    return "\n".join(cues)


def vtt(given: FileTranscript) -> str:
    """WebVTT subtitles, one cue an utterance."""
    cues = (f"{_clock(u.start, '.')} --> {_clock(u.end, '.')}\n{u.text}\n" for u in given.utterances)
    return "\n".join(("WEBVTT\n", *cues))


def _clock(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{thousandths:03}"


def model(name: str, since: float) -> dict[str, Any]:
    """One entry of GET /v1/models; `since`: Unix time."""
    return {"id": name, "object": "model", "created": int(since), "owned_by": "jietan"}


def error(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """The body of every answer that is an error."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"code": code, "message": message, "type": kind, "param": param}}
