"""The threads that decode: shared by all streams, first come first served; what can wait lets them all go first."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_WAIT_S = 5.0
"""So long what can wait waits for a moment in which nobody speaks."""


class Decodings(Protocol):
    """Somewhere to decode."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` in a thread; its result or its exception."""
        ...


class DecodingPool:
    """A stream has at most one decoding here at a time, so a busy one cannot starve the others."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._waiting = 0
        self._begun: dict[object, float] = {}
        self._speaking: set[object] = set()
        self._freed = asyncio.Event()
        self._turn = asyncio.Semaphore(1)
        self.patient = _Patient(self)
        """The same threads for work that can wait."""

    @property
    def idle(self) -> bool:
        """No stream waits for a thread right now."""
        return self._waiting < self._workers

    @property
    def waiting(self) -> int:
        """Decodings of streams that run or wait."""
        return self._waiting

    @property
    def longest_s(self) -> float:
        """How long the oldest decoding that runs has been running."""
        begun = tuple(self._begun.values())
        return time.monotonic() - min(begun) if begun else 0.0

    def _timed(self, work: Callable[[], T]) -> T:
        this = object()
        self._begun[this] = time.monotonic()
        try:
            return work()
        finally:
            del self._begun[this]

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` in a thread; its result or its exception."""
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._timed, lambda: work(*args, **kwargs))
        finally:
            self._waiting -= 1
            self._freed.set()

    def speaks(self, stream: object, now: bool) -> None:
        """Whether somebody is speaking on this stream: then it will need a thread soon."""
        if now:
            self._speaking.add(stream)
        elif stream in self._speaking:
            self._speaking.discard(stream)
            self._freed.set()

    async def run_patiently(self, work: Callable[[], T]) -> T:
        """The same for what can wait: it takes a thread only when no stream needs one, and never more than one, so
        that a stream waits for the end of one such decoding at most.  It begins when nobody speaks, so that mostly
        no stream waits at all, or where somebody always does, after a while."""
        await self._turn.acquire()
        try:
            await self._until_nobody_needs_it()
            begun = asyncio.get_running_loop().run_in_executor(self._threads, self._timed, work)
        except BaseException:
            self._turn.release()
            raise
        begun.add_done_callback(self._took_turn)
        return await asyncio.shield(begun)  # whoever gives up does not free the thread

    async def _until_nobody_needs_it(self) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + LONGEST_WAIT_S
        while not self.idle or (self._speaking and clock() < until):
            self._freed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._freed.wait(), until - clock() if self.idle else None)

    def _took_turn(self, done: "asyncio.Future[T]") -> None:
        self._turn.release()
        if not done.cancelled():
            done.exception()  # looked at, though nobody may wait for it any more

    def close(self) -> None:
        """Drop what waits; what runs ends on its own."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Patient:
    """A pool's threads, for work that lets every stream go first."""

    def __init__(self, pool: DecodingPool) -> None:
        self._pool = pool

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` in a thread when no stream needs it; its result or its exception."""
        return await self._pool.run_patiently(lambda: work(*args, **kwargs))
