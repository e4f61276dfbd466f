"""An engine behind any server that speaks OpenAI's POST /v1/audio/transcriptions.

Servers differ in where they put words: at the top (OpenAI, without punctuation), within segments, or nowhere.  Word
times are taken wherever they are and laid over the text, which alone has the punctuation; where the two do not say the
same there are no word times.
"""

import io
import math
import wave
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import numpy as np

from transcription.engine import EngineUnavailable, Heard, HeardWord, ModelState
from transcription.languages import AUTO
from transcription.openai_shapes import ANY_MODEL
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Signal

_UNREACHABLE = "现在连不上语音识别服务器，文字过一会儿补。谈话可以照常进行。"
_KEY_WRONG = "语音识别服务器不认这把钥匙，文字过一会儿补。谈话可以照常进行，请管理员检查设置。"
_NO_MODEL = "语音识别服务器上没有设置的那个模型，文字过一会儿补。谈话可以照常进行，请管理员检查设置。"
_NONSENSE = "语音识别服务器的回答看不懂，文字过一会儿补。谈话可以照常进行，请管理员检查设置。"
_MESSAGES = {401: _KEY_WRONG, 403: _KEY_WRONG, 404: _NO_MODEL}
_COME_AGAIN = (401, 403, 404, 408, 429, 502, 503, 504)
"""Nothing is wrong with the piece: the server, its key or its model is not there now."""


class PieceRefused(Exception):
    """The server does not take this piece, or fails at it; whether it takes any other is not known."""


class RemoteEngine:
    """Sends every piece to a server; one that is away or of no use counts as model_missing and is tried again."""

    def __init__(self, settings: TranscriberSettings) -> None:
        self._settings = settings
        headers = {"Authorization": f"Bearer {settings.remote_key}"} if settings.remote_key else {}
        timeout = httpx.Timeout(settings.remote_timeout_s, connect=min(5.0, settings.remote_timeout_s))
        self._client = httpx.Client(base_url=settings.remote_url.rstrip("/"), headers=headers, timeout=timeout)
        self._state = ModelState.LOADING
        self._message = _UNREACHABLE

    @property
    def name(self) -> str:
        return self._settings.model or "remote"

    @property
    def state(self) -> ModelState:
        return self._state

    @property
    def message(self) -> str:
        return "" if self._state is ModelState.READY else self._message

    def load(self) -> None:
        """Ready when the server answers at all and takes the key; what it cannot do shows with the first piece."""
        if self._state is ModelState.READY:
            return
        try:
            status = self._client.get("/v1/models", timeout=5).status_code
        except httpx.HTTPError:
            status = httpx.codes.SERVICE_UNAVAILABLE
        if status < httpx.codes.INTERNAL_SERVER_ERROR and _MESSAGES.get(status) is not _KEY_WRONG:
            self._state = ModelState.READY
        else:
            self._state, self._message = ModelState.MISSING, _MESSAGES.get(status, _UNREACHABLE)

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        """Raises PieceRefused, EngineUnavailable."""
        try:
            answer = self._client.post(
                "/v1/audio/transcriptions",
                data=self._fields(language, hotwords, quick=quick),
                files={"file": ("piece.wav", wav(signal), "audio/wav")},
            )
        except httpx.HTTPError as error:
            raise self._unavailable(_UNREACHABLE) from error
        if answer.status_code in _COME_AGAIN:
            raise self._unavailable(_MESSAGES.get(answer.status_code, _UNREACHABLE))
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise PieceRefused(str(answer.status_code))
        try:
            return [_heard(answer.json(), len(signal) / RATE)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unavailable(_NONSENSE) from error

    def _fields(self, language: str, hotwords: Sequence[str], *, quick: bool) -> dict[str, Any]:
        """A quick look needs the text alone: finding each word's time is a good part of a server's work."""
        fields: dict[str, Any] = {"model": self._settings.model or ANY_MODEL, "response_format": "json"}
        if not quick:
            fields |= {"response_format": "verbose_json", "timestamp_granularities[]": ["word", "segment"]}
        if language != AUTO:
            fields["language"] = language
        if hotwords:
            fields["prompt"] = " ".join(hotwords)
        return fields

    def _unavailable(self, message: str) -> EngineUnavailable:
        self._state, self._message = ModelState.MISSING, message
        return EngineUnavailable(self._state, message)


def wav(signal: Signal) -> bytes:
    """The sound as a 16-bit WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(signal, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def _heard(body: dict[str, Any], seconds: float) -> Heard:
    segments = body.get("segments") or []
    text = body["text"]
    if not isinstance(text, str):
        raise TypeError("text")
    words = body.get("words") or [word for segment in segments for word in segment.get("words") or ()]
    return Heard(
        text=text,
        start=0.0,
        end=float(body.get("duration") or seconds),
        words=laid_over(text, [_word(word) for word in words]),
        avg_logprob=min(_measures(segments, "avg_logprob"), default=None),
        no_speech_prob=max(_measures(segments, "no_speech_prob"), default=None),
        compression_ratio=max(_measures(segments, "compression_ratio"), default=None),
    )


def _measures(segments: list[dict[str, Any]], name: str) -> list[float]:
    return [float(segment[name]) for segment in segments if segment.get(name) is not None]


def _word(word: dict[str, Any]) -> HeardWord:
    """Of a server that gives no probability none is known."""
    start, end = float(word["start"]), float(word["end"])
    probability = word.get("probability")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError("time")
    return HeardWord(start, end, str(word["word"]), None if probability is None else float(probability))


def laid_over(text: str, words: Sequence[HeardWord]) -> tuple[HeardWord, ...]:
    """The words with the text's punctuation, each mark at the word before it; () where they do not say the same."""
    found: list[HeardWord] = []
    at, before = 0, ""
    for word in words:
        plain = word.text.strip()
        place = text.find(plain, at)
        if place < 0 or _says(text[at:place]):
            return ()
        if found:
            found[-1] = replace(found[-1], text=found[-1].text + text[at:place])
        else:
            before = text[at:place]
        found.append(replace(word, text=before + plain if not found else plain))
        at = place + len(plain)
    if not found or _says(text[at:]):
        return ()
    found[-1] = replace(found[-1], text=found[-1].text + text[at:])
    return tuple(found)


def _says(text: str) -> bool:
    return any(character.isalnum() for character in text)
