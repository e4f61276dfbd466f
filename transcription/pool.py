"""The threads that decode: shared by all streams, first come first served."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DecodingPool:
    """A stream has at most one decoding here at a time, so a busy one cannot starve the others."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._waiting = 0

    @property
    def idle(self) -> bool:
        """A thread is free right now."""
        return self._waiting < self._workers

    @property
    def waiting(self) -> int:
        """Decodings running or waiting."""
        return self._waiting

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` in a thread; its result or its exception."""
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Drop what waits; what runs ends on its own."""
        self._threads.shutdown(wait=False, cancel_futures=True)
