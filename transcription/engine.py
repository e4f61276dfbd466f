"""Recognition of one piece of sound; the only module that imports faster-whisper.

faster-whisper's defaults are changed where they lose or invent words (measured in deploy/demo/model/CARD.md):
no conditioning on the text before, no skipping of a piece because the model doubts that it is speech (voice activity
has decided that), one window per piece.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import structlog

from transcription.languages import AUTO
from transcription.settings import TranscriberSettings
from transcription.voice import Signal

log = structlog.get_logger()


class ModelState(StrEnum):
    """Stable codes, also used as `reason` of a live trouble."""

    LOADING = "model_loading"
    READY = "ready"
    MISSING = "model_missing"
    BROKEN = "model_broken"


@dataclass(frozen=True)
class HeardWord:
    """Seconds from the start of the piece."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True)
class Heard:
    """What a model makes of one piece; `words` may be empty where an engine gives no word times."""

    text: str
    start: float
    end: float
    words: tuple[HeardWord, ...] = ()
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


class EngineUnavailable(Exception):
    """Recognition cannot work now; `message` is Chinese, for the user."""

    def __init__(self, state: ModelState, message: str) -> None:
        self.state = state
        self.message = message
        super().__init__(str(state))


class Engine(Protocol):
    """Something that recognises speech; every method may be called from any thread."""

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> ModelState: ...

    @property
    def message(self) -> str:
        """Chinese, why the engine is not ready; empty when it is."""
        ...

    def load(self) -> None:
        """Get ready if that is possible; sets `state`, raises nothing."""
        ...

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        """Recognise at most one window in `language` (languages.py); `quick` trades accuracy for time, `careful` time
        for accuracy.

        Raises EngineUnavailable.
        """
        ...


_MESSAGES = {
    ModelState.LOADING: "识别程序正在准备，文字过一会儿出来。请接着说。",
    ModelState.READY: "",
    ModelState.MISSING: "没有找到语音识别模型，暂时出不了文字。谈话可以照常进行，请管理员把模型放回原处，放好后会自己接上。",
    ModelState.BROKEN: "语音识别模型坏了或不完整，暂时出不了文字。谈话可以照常进行，请管理员换一份好的，换好后会自己接上。",
}
_NEEDED = ("config.json", "model.bin", "tokenizer.json")
"""Without its own tokenizer.json faster-whisper would ask the network for somebody else's."""


class WhisperEngine:
    """faster-whisper on this machine; the model is loaded once and looked for again while it is not there."""

    def __init__(self, settings: TranscriberSettings) -> None:
        self._settings = settings
        self._model: Any = None
        self._state = ModelState.LOADING
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        return Path(self._settings.model).name

    @property
    def state(self) -> ModelState:
        return self._state

    @property
    def message(self) -> str:
        return _MESSAGES[self._state]

    def load(self) -> None:
        with self._loading:
            if self._model is not None:
                return
            before = self._state
            self._state = self._try_to_load()
            if self._state != before:
                log.info("model", state=str(self._state), model=self.name)

    def _try_to_load(self) -> ModelState:
        source = self._source()
        if source is None:
            return ModelState.MISSING
        if Path(source).is_dir() and any(not (Path(source) / name).is_file() for name in _NEEDED):
            return ModelState.BROKEN
        try:
            self._model = self._open(source)
        except Exception as error:
            log.warning("model cannot be loaded", kind=type(error).__name__)
            return ModelState.BROKEN if Path(source).is_dir() else ModelState.MISSING
        return ModelState.READY

    def _source(self) -> str | None:
        """The folder or the published name, or None when neither is there."""
        from faster_whisper.utils import available_models

        model = self._settings.model
        if model and Path(model).is_dir():
            return model
        return model if model in available_models() else None

    def _open(self, source: str) -> Any:
        from faster_whisper import WhisperModel

        settings = self._settings
        started = time.monotonic()
        model = WhisperModel(
            source,
            device=settings.device,
            compute_type=settings.compute_type,
            cpu_threads=settings.cpu_threads,
            num_workers=settings.workers,
            local_files_only=not settings.download,
        )
        log.info("model loaded", seconds=round(time.monotonic() - started, 2))
        return model

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        model = self._model
        if model is None:
            raise EngineUnavailable(self._state, self.message)
        segments, _ = model.transcribe(
            signal,
            language=None if language == AUTO else language,
            beam_size=1 if quick else self._settings.second_beam_size if careful else self._settings.beam_size,
            temperature=0.0 if quick else (0.0, 0.2, 0.4),
            condition_on_previous_text=False,
            no_speech_threshold=None,
            word_timestamps=not quick,
            hotwords=" ".join(hotwords) or None,
        )
        return [_heard(segment) for segment in segments]


def _heard(segment: Any) -> Heard:
    words = tuple(HeardWord(w.start, w.end, w.word, w.probability) for w in segment.words or ())
    return Heard(
        text=segment.text,
        start=segment.start,
        end=segment.end,
        words=words,
        avg_logprob=segment.avg_logprob,
        no_speech_prob=segment.no_speech_prob,
        compression_ratio=segment.compression_ratio,
    )
