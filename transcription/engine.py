"""Recognition of one piece of sound; with fitting.py the only module that imports faster-whisper.

faster-whisper's defaults are changed where they lose or invent words (measured in deploy/demo/model/CARD.md):
no conditioning on the text before, no skipping of a piece because the model doubts that it is speech (voice activity
has decided that), one window per piece.
"""

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import structlog

from transcription.languages import AUTO
from transcription.models.shelf import NEEDED, ModelError, Shelf
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Signal

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
    probability: float | None
    """None: the engine does not tell."""


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
QUIET_WAIT_S = 30.0
"""A new model waits so long for a moment in which nothing is decoded; then it takes the next piece."""


@dataclass(frozen=True)
class _Wanted:
    """Which model to load: a folder or a published name, and which choice of it this is."""

    source: str
    choice: int = 0

    @property
    def name(self) -> str:
        return Path(self.source).name


class WhisperEngine:
    """faster-whisper on this machine: the model that the settings name, or the one chosen with `jietan models use`.

    It is looked for again while it is not there.  Another choice is loaded beside the one in use and takes its place
    when nothing is decoded; if it cannot be loaded, the one in use stays.
    """

    def __init__(self, settings: TranscriberSettings) -> None:
        self._settings = settings
        self._shelf = Shelf(Path(settings.models_dir)) if settings.models_dir else None
        self._model: Any = None
        self._loaded = _Wanted(settings.model)
        self._refused: _Wanted | None = None
        self._state = ModelState.LOADING
        self._loading = threading.Lock()
        self._quiet = threading.Condition()
        self._decodings = 0

    @property
    def name(self) -> str:
        return self._loaded.name

    @property
    def state(self) -> ModelState:
        return self._state

    @property
    def message(self) -> str:
        return _MESSAGES[self._state]

    def load(self) -> None:
        with self._loading:
            wanted = self._wanted()
            if self._model is None:
                self._load_first(wanted)
            elif wanted not in (None, self._loaded, self._refused):
                self._change_to(wanted)

    def _load_first(self, wanted: _Wanted | None) -> None:
        before = self._state
        model, state = self._try_to_load(wanted)
        if model is not None and wanted is not None:
            self._model, self._loaded = model, wanted
        self._state = state
        if state != before:
            log.info("model", state=str(state), model=self.name)

    def _change_to(self, wanted: _Wanted) -> None:
        model, _ = self._try_to_load(wanted)
        if model is None:
            self._refused = wanted
            log.error("the chosen model cannot be loaded, the one in use stays", model=wanted.name, in_use=self.name)
            return
        with self._quiet:
            self._quiet.wait_for(lambda: self._decodings == 0, QUIET_WAIT_S)
            self._model, self._loaded = model, wanted
        log.info("model changed", model=self.name)

    def _try_to_load(self, wanted: _Wanted | None) -> tuple[Any, ModelState]:
        """The model, or None and why not."""
        if wanted is None:
            return None, ModelState.MISSING
        folder = Path(wanted.source)
        if folder.is_dir() and any(not (folder / name).is_file() for name in NEEDED):
            return None, ModelState.BROKEN
        try:
            return open_model(wanted.source, self._settings), ModelState.READY
        except Exception as error:
            log.warning("model cannot be loaded", kind=type(error).__name__)
            return None, ModelState.BROKEN if folder.is_dir() else ModelState.MISSING

    def _wanted(self) -> _Wanted | None:
        """The model that is to be used: a folder, one on the shelf or a published name; None: it is not there."""
        model = self._settings.model
        if not model:
            choice = self._shelf.choice() if self._shelf else None
            return _Wanted(str(choice.folder), choice.stamp) if choice else None
        if Path(model).is_dir():
            return _Wanted(model)
        if self._shelf and model in self._shelf.names():
            return _Wanted(str(self._shelf.folder(model)))
        return _Wanted(model) if published(model) else None

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        with self._decoding() as model, model.fitted(signal) if quick else contextlib.nullcontext():
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

    @property
    def batch_size(self) -> int:
        return self._settings.batch_size

    def transcribe_batch(
        self, signals: Sequence[Signal], language: str, hotwords: Sequence[str], *, careful: bool = False
    ) -> list[list[Heard]]:
        """What was heard in each of several pieces, decoded together; without a second attempt."""
        from faster_whisper import BatchedInferencePipeline

        ends = list(itertools.accumulate(len(signal) / RATE for signal in signals))
        clips = [{"start": start, "end": end} for start, end in zip([0.0, *ends], ends, strict=False)]
        with self._decoding() as model:
            segments, _ = BatchedInferencePipeline(model).transcribe(
                np.concatenate(signals),
                language=language,
                beam_size=self._settings.second_beam_size if careful else self._settings.beam_size,
                temperature=0.0,
                condition_on_previous_text=False,
                no_speech_threshold=None,
                word_timestamps=True,
                hotwords=" ".join(hotwords) or None,
                # Without the tokens of times small models lose words (2 of 17 sentences of `land`), with them none.
                without_timestamps=False,
                vad_filter=False,
                clip_timestamps=clips,
                batch_size=self._settings.batch_size,
            )
            heard = [_heard(segment) for segment in segments]
        return [[_moved(h, -c["start"]) for h in heard if c["start"] <= (h.start + h.end) / 2 < c["end"]] for c in clips]

    @contextlib.contextmanager
    def _decoding(self) -> Iterator[Any]:
        """The model, which stays in use for as long as this lasts."""
        with self._quiet:
            model = self._model
            if model is None:
                raise EngineUnavailable(self._state, self.message)
            self._decodings += 1
        try:
            yield model
        finally:
            with self._quiet:
                self._decodings -= 1
                self._quiet.notify_all()


def open_model(source: str, settings: TranscriberSettings) -> Any:
    """A model from a folder or by its published name; raises whatever faster-whisper raises."""
    from transcription.fitting import FittingModel

    started = time.monotonic()
    model = FittingModel(
        source,
        device=settings.device,
        compute_type=settings.compute_type,
        cpu_threads=settings.cpu_threads,
        num_workers=settings.workers,
        local_files_only=True,
    )
    log.info("model loaded", seconds=round(time.monotonic() - started, 2))
    return model


def try_model(folder: Path, settings: TranscriberSettings) -> None:
    """Load a model as the transcriber would and let it hear a second of silence; raises ModelError."""
    try:
        segments, _ = open_model(str(folder), settings).transcribe(
            np.zeros(RATE, np.float32), language=settings.language, beam_size=1
        )
        list(segments)
    except Exception as error:
        raise ModelError(f"faster-whisper cannot use it ({type(error).__name__}: {error})"[:300]) from error


def published(name: str) -> str:
    """The repository of a model that faster-whisper knows by a short name; empty: it knows none such."""
    from faster_whisper import utils

    return str(utils._MODELS.get(name, ""))


def _moved(heard: Heard, by: float) -> Heard:
    """The same, so many seconds later."""
    words = tuple(replace(word, start=word.start + by, end=word.end + by) for word in heard.words)
    return replace(heard, start=heard.start + by, end=heard.end + by, words=words)


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
