"""The transcriber as the office sees it: whole files over its OpenAI-compatible API (protocol/transcript.md)."""

import contextlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import ValidationError

from server.errors import InvalidInput, Unavailable
from server.protocol.base import in_talk
from server.protocol.transcript import Utterance, Word
from server.settings import Settings

CONNECT_S = 2.0
LOOK_S = 1.0
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
    settings: Settings, sound: bytes, *, timeout: float, longest: float = 0.0, language: str = "zh", hotwords: Sequence[str] = (), careful: bool = False,
    led: bool = False,
) -> HeardSound:
    """Recognise a sound file of at most `longest` seconds (0: any), waiting at most `timeout` seconds.

    `language`: what the seat speaks (SeatLanguage); `hotwords`: names that may be said; `careful`: with the settings of the second pass;
    `led`: hotwords are used whatever the transcriber's settings say, to try them.

    Raises InvalidInput when the transcriber cannot read the file or it is too long, Unavailable (with its reason as code and message)
    when it cannot work now.
    """
    form = {"language": language, "max_seconds": str(longest), "prompt": " ".join(hotwords), "quality": "careful" if careful else "", "led": str(led)}
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
    """Whether recognition works just now, somewhere."""
    return any(answer.status_code == httpx.codes.OK for _, answer in _asked(settings, "readyz", timeout))


def _post(settings: Settings, sound: bytes, timeout: float, form: dict[str, str]) -> httpx.Response:
    form = form | {"model": "", "response_format": "verbose_json", "timestamp_granularities[]": "word"}
    answer: httpx.Response | None = None
    for base in _best_first(settings):
        with contextlib.suppress(httpx.HTTPError):
            answer = _post_to(base, settings, sound, timeout, form)
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                break
    if answer is None:
        raise Unavailable(WAITING, code="transcriber_away")
    return answer


def _post_to(base: str, settings: Settings, sound: bytes, timeout: float, form: dict[str, str]) -> httpx.Response:
    try:
        return httpx.post(
            f"{base}/v1/audio/transcriptions",
            headers={"Authorization": f"Bearer {settings.key('transcriber')}"},
            data=form,
            files={"file": ("sound", sound, "application/octet-stream")},
            timeout=httpx.Timeout(timeout, connect=CONNECT_S),
            trust_env=False,
        )
    except (httpx.ReadTimeout, httpx.WriteTimeout):
        # The whole time that the caller has is over: another one would come too late.
        raise Unavailable(WAITING, code="transcriber_away") from None


def _best_first(settings: Settings) -> list[str]:
    """The transcribers: those with a model and little to do first, those that do not answer last."""
    bases = settings.transcriber_bases
    if len(bases) == 1:
        return bases
    told = dict(_asked(settings, "healthz", LOOK_S))
    return sorted(bases, key=lambda base: _busyness(told.get(base)))


def _busyness(told: httpx.Response | None) -> tuple[int, int]:
    try:
        body = told.json() if told is not None else {}
        return body["state"] != "ready", int(body["streams"]) + int(body["waiting"])
    except (ValueError, KeyError, TypeError):
        return 2, 0


def _asked(settings: Settings, what: str, timeout: float) -> list[tuple[str, httpx.Response]]:
    """What each transcriber that answers says, all asked at the same time."""

    def ask(base: str) -> httpx.Response | None:
        try:
            return httpx.get(f"{base}/{what}", timeout=timeout, trust_env=False)
        except httpx.HTTPError:
            return None

    bases = settings.transcriber_bases
    with ThreadPoolExecutor(len(bases)) as threads:
        return [(base, answer) for base, answer in zip(bases, threads.map(ask, bases), strict=True) if answer is not None]


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
        unheard = tuple(in_talk(_time(start), _time(end)) for start, end in body.get("unheard", ()))
        return HeardSound(tuple(_utterance(item) for item in body["utterances"]), unheard)
    except (ValueError, KeyError, TypeError, ValidationError):
        raise Unavailable(WAITING, code="transcriber_broken") from None


MEASURES = ("avg_logprob", "no_speech_prob", "compression_ratio", "doubt", "model", "unboosted")


def _utterance(item: dict[str, Any]) -> HeardUtterance:
    """Held against the contract here, where it can be asked for again: what is kept is read again by everything after it."""
    told = Utterance.model_validate({
        "id": "told", "participant_id": "told", "start": item["start"], "end": item["end"], "text": item["text"],
        "words": item.get("words", ()), **{name: item[name] for name in MEASURES if item.get(name) is not None},
    })  # fmt: skip
    return HeardUtterance(
        start=told.start, end=told.end, text=told.text, words=told.words, measures=told.model_dump(mode="json", include=set(MEASURES))
    )


def _time(told: Any) -> float:
    """Seconds of the file."""
    seconds = float(told)
    if not math.isfinite(seconds):
        raise ValueError("no time")
    return seconds
