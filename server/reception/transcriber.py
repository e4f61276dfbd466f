"""The transcriber as the office sees it: whole files over its OpenAI-compatible API (protocol/transcript.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import ValidationError

from server.errors import InvalidInput, Unavailable
from server.protocol.transcript import Word
from server.settings import Settings

CONNECT_S = 2.0
WAITING = "语音识别现在没有运行，录音都在，好了会自动接着转写。"


@dataclass(frozen=True)
class HeardUtterance:
    """What was heard in a file; seconds from the file's start."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...]
    measures: dict[str, Any]


@dataclass(frozen=True)
class HeardSound:
    """All that was heard in a file."""

    utterances: tuple[HeardUtterance, ...]
    unheard: tuple[tuple[float, float], ...] = ()
    """Where there is a voice of which nothing was understood; seconds from the file's start."""


def transcribe(
    settings: Settings, sound: bytes, *, timeout: float, longest: float = 0.0, hotwords: Sequence[str] = (), careful: bool = False
) -> HeardSound:
    """Recognise a sound file of at most `longest` seconds (0: any), waiting at most `timeout` seconds.

    `hotwords`: names that may be said; `careful`: with the settings of the second pass.

    Raises InvalidInput when the transcriber cannot read the file or it is too long, Unavailable (with its reason as code and message)
    when it cannot work now.
    """
    form = {"max_seconds": str(longest), "prompt": " ".join(hotwords), "quality": "careful" if careful else ""}
    answer = _post(settings, sound, timeout, form)
    if answer.status_code == httpx.codes.OK:
        return _heard(answer)
    code, message = _trouble(answer)
    if code == "audio_too_long":
        raise InvalidInput("这段话太长了，请说短一些。", code=code)
    if answer.status_code in (400, 413, 415, 422):
        raise InvalidInput("这段声音读不出来，请再说一遍。", code=code or "sound_unreadable")
    raise Unavailable(message or WAITING, code=code or "transcriber_away")


def ready(settings: Settings, *, timeout: float) -> bool:
    """Whether recognition works just now."""
    try:
        answer = httpx.get(f"{settings.transcriber_base}/readyz", timeout=timeout, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def _post(settings: Settings, sound: bytes, timeout: float, form: dict[str, str]) -> httpx.Response:
    form = form | {"model": "", "language": "zh", "response_format": "verbose_json", "timestamp_granularities[]": "word"}
    try:
        return httpx.post(
            f"{settings.transcriber_base}/v1/audio/transcriptions",
            headers={"Authorization": f"Bearer {settings.key('transcriber')}"},
            data=form,
            files={"file": ("sound", sound, "application/octet-stream")},
            timeout=httpx.Timeout(timeout, connect=CONNECT_S),
            trust_env=False,
        )
    except httpx.HTTPError:
        raise Unavailable(WAITING, code="transcriber_away") from None


def _trouble(answer: httpx.Response) -> tuple[str, str]:
    """(code, Chinese message) of an error answer, as far as it has them."""
    try:
        error = answer.json()["error"]
        return str(error["code"])[:40], str(error["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return "", ""


def _heard(answer: httpx.Response) -> HeardSound:
    try:
        body = answer.json()
        unheard = tuple((float(start), float(end)) for start, end in body.get("unheard", ()))
        return HeardSound(tuple(_utterance(item) for item in body["utterances"]), unheard)
    except (ValueError, KeyError, TypeError, ValidationError):
        raise Unavailable(WAITING, code="transcriber_broken") from None


def _utterance(item: dict[str, Any]) -> HeardUtterance:
    names = ("avg_logprob", "no_speech_prob", "compression_ratio", "doubt", "model")
    return HeardUtterance(
        start=float(item["start"]),
        end=float(item["end"]),
        text=str(item["text"]),
        words=tuple(Word.model_validate(word) for word in item.get("words", ())),
        measures={name: item.get(name) for name in names},
    )
