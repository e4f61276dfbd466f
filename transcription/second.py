"""The engine of the second pass over a whole recording: a wider search, or a model of its own.

A model of its own is loaded when it is first needed and let go when nobody has needed it for a while.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import structlog

from transcription.engine import Engine, EngineUnavailable, Heard, ModelState, WhisperEngine
from transcription.settings import TranscriberSettings
from transcription.voice import Signal

log = structlog.get_logger()

NOT_THERE = "复听用的语音识别模型没有找到或者打不开，先用当场听的文字。请管理员把模型放好，放好后会自己接着听。"


class Careful:
    """An engine that searches wider; implements Engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def state(self) -> ModelState:
        return self._engine.state

    @property
    def message(self) -> str:
        return self._engine.message

    def load(self) -> None:
        self._engine.load()

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = True
    ) -> list[Heard]:
        return self._engine.transcribe(signal, language, hotwords, quick=quick, careful=not quick)


class CarefulInBatches(Careful):
    """The same over an engine that takes several pieces at once."""

    def __init__(self, engine: WhisperEngine) -> None:
        super().__init__(engine)
        self._batches = engine

    @property
    def batch_size(self) -> int:
        return self._batches.batch_size

    def transcribe_batch(self, signals: Sequence[Signal], language: str, hotwords: Sequence[str]) -> list[list[Heard]]:
        return self._batches.transcribe_batch(signals, language, hotwords, careful=True)


def careful(engine: Engine) -> Careful:
    """The engine, searching wider."""
    if isinstance(engine, WhisperEngine):
        return CarefulInBatches(engine)
    return Careful(engine)


class SecondEngine:
    """Lends the engine of the second pass; all methods belong to one event loop."""

    def __init__(
        self, settings: TranscriberSettings, live: Engine, make: Callable[[TranscriberSettings], Engine]
    ) -> None:
        self._settings, self._live, self._make = settings, live, make
        self._own: Engine | None = None
        self._loading = asyncio.Lock()
        self._users = 0
        self._leaving: asyncio.TimerHandle | None = None

    @property
    def loaded(self) -> bool:
        """Whether a model of its own is in memory."""
        return self._own is not None

    @contextlib.asynccontextmanager
    async def lent(self) -> AsyncIterator[Engine]:
        """The engine, ready; raises EngineUnavailable, and nothing of it disturbs the live one."""
        self._users += 1
        try:
            yield careful(await self._ready())
        finally:
            self._users -= 1
            self._leave_later()

    async def _ready(self) -> Engine:
        if not self._settings.second_model:
            if self._live.state is not ModelState.READY:
                raise EngineUnavailable(self._live.state, self._live.message)
            return self._live
        async with self._loading:
            if self._own is None or self._own.state is not ModelState.READY:
                self._own = await self._loaded()
            return self._own

    async def _loaded(self) -> Engine:
        engine = self._make(self._settings.model_copy(update={"model": self._settings.second_model}))
        await asyncio.to_thread(engine.load)
        if engine.state is not ModelState.READY:
            self._own = None
            raise EngineUnavailable(engine.state, NOT_THERE)
        return engine

    def _leave_later(self) -> None:
        self.close()
        loop = asyncio.get_running_loop()
        self._leaving = loop.call_later(self._settings.second_idle_minutes * 60, self._let_go)

    def _let_go(self) -> None:
        if not self._users and self._own is not None:
            self._own = None
            log.info("model of the second pass let go")

    def close(self) -> None:
        """Do not think of letting go any more; idempotent."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
