"""The one thread that writes to disk, so that no disk ever stops a packet."""

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

log = structlog.get_logger(__name__)
Job = Callable[[], None]
CAPACITY = 8192
DROP_ABOVE = 2048
_waiting = Gauge("jietan_media_write_queue", "Jobs waiting for the writer thread")
_dropped = Counter("jietan_media_write_dropped_total", "Clusters not written because the disk was too slow")


class Syncable(Protocol):
    def fileno(self) -> int: ...


class Overloaded(RuntimeError):
    """The disk is so slow that even what must not be lost cannot be queued any more."""


class Writer:
    """Runs jobs in order in its own thread and syncs the files they touched once per batch."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue(CAPACITY)
        self._dirty: list[Syncable] = []
        self._after: list[Job] = []
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="media-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job, *, droppable: bool = False) -> bool:
        """Queue a job; False if it was dropped because too much waits."""
        if droppable and self._jobs.qsize() >= DROP_ABOVE:
            _dropped.inc()
            return False
        try:
            self._jobs.put_nowait(job)
        except queue.Full as error:
            raise Overloaded from error
        _waiting.set(self._jobs.qsize())
        return True

    def touched(self, file: Syncable, after: Job | None = None) -> None:
        """For jobs: `file` is to be synced at the end of this batch; then `after` runs in the event loop."""
        if file not in self._dirty:
            self._dirty.append(file)
        if after is not None:
            self._after.append(after)

    def closing(self, file: Syncable) -> None:
        """For jobs: sync a file now, because it is closed next."""
        os.fsync(file.fileno())
        if file in self._dirty:
            self._dirty.remove(file)

    def tell(self, job: Job) -> None:
        """For jobs: run `job` in the event loop (not at all if that is gone)."""
        try:
            self._loop.call_soon_threadsafe(job)
        except RuntimeError:
            log.warning("event loop is gone")

    async def barrier(self) -> None:
        """Wait until everything queued so far is on the disk."""
        done = asyncio.Event()
        self.submit(lambda: self._after.append(done.set))
        await done.wait()

    async def close(self) -> None:
        """Write what is queued and stop the thread."""
        await self.barrier()
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            batch = [job, *self._more()]
            for item in batch:
                if item is not None:
                    self._do(item)
            self._sync()
            if None in batch:
                return

    def _more(self) -> list[Job | None]:
        found: list[Job | None] = []
        while len(found) < 64:
            try:
                found.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return found

    def _do(self, job: Job) -> None:
        try:
            job()
        except Exception:
            log.exception("write job failed")

    def _sync(self) -> None:
        dirty, self._dirty = self._dirty, []
        for file in dirty:
            try:
                os.fsync(file.fileno())
            except (OSError, ValueError) as error:
                log.error("sync failed", error=type(error).__name__)
        after, self._after = self._after, []
        for job in after:
            self.tell(job)
        _waiting.set(self._jobs.qsize())
