"""An engine behind any server that speaks OpenAI's POST /v1/audio/transcriptions."""

import io
import wave
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from transcription.engine import EngineUnavailable, Heard, HeardWord, ModelState
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Signal

_UNREACHABLE = "现在连不上语音识别服务器，文字过一会儿补。谈话可以照常进行。"


class RemoteEngine:
    """Sends every piece to a server; not reachable counts as model_missing and is tried again."""

    def __init__(self, settings: TranscriberSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        headers = {"Authorization": f"Bearer {settings.remote_key}"} if settings.remote_key else {}
        self._client = httpx.Client(
            base_url=settings.remote_url.rstrip("/"), headers=headers, timeout=60, transport=transport
        )
        self._state = ModelState.LOADING

    @property
    def name(self) -> str:
        return self._settings.model or "remote"

    @property
    def state(self) -> ModelState:
        return self._state

    @property
    def message(self) -> str:
        return "" if self._state is ModelState.READY else _UNREACHABLE

    def load(self) -> None:
        """Ready when the server answers at all; what it cannot do shows with the first piece."""
        if self._state is ModelState.READY:
            return
        try:
            answer = self._client.get("/v1/models", timeout=5)
            self._state = ModelState.READY if answer.status_code < 500 else ModelState.MISSING
        except httpx.HTTPError:
            self._state = ModelState.MISSING

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        fields = {
            "model": self.name,
            "language": language,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
            "prompt": " ".join(hotwords),
        }
        try:
            answer = self._client.post(
                "/v1/audio/transcriptions", data=fields, files={"file": ("piece.wav", wav(signal), "audio/wav")}
            )
            answer.raise_for_status()
            return [_heard(answer.json(), len(signal) / RATE)]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            self._state = ModelState.MISSING
            raise EngineUnavailable(self._state, _UNREACHABLE) from error


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
    words = tuple(_word(w) for w in body.get("words") or [])
    return Heard(
        text=str(body["text"]),
        start=0.0,
        end=float(body.get("duration") or seconds),
        # Words of most servers carry no punctuation: then only the text says everything.
        words=words if "".join(w.text for w in words).strip() == str(body["text"]).strip() else (),
        avg_logprob=min((s["avg_logprob"] for s in segments if "avg_logprob" in s), default=None),
        no_speech_prob=max((s["no_speech_prob"] for s in segments if "no_speech_prob" in s), default=None),
        compression_ratio=max((s["compression_ratio"] for s in segments if "compression_ratio" in s), default=None),
    )


def _word(word: dict[str, Any]) -> HeardWord:
    """Servers that give no probability are believed."""
    return HeardWord(float(word["start"]), float(word["end"]), str(word["word"]), float(word.get("probability", 1.0)))
