"""The one thread that writes to disk, so that no disk ever stops a packet."""

import asyncio
import errno
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

from server.durable import sync_folder

log = structlog.get_logger(__name__)
Job = Callable[[], None]
CAPACITY = 8192
DROP_ABOVE = 2048
_waiting = Gauge("jietan_media_write_queue", "Jobs waiting for the writer thread")
_dropped = Counter("jietan_media_write_dropped_total", "Clusters not written because the disk was too slow")


class Syncable(Protocol):
    def fileno(self) -> int: ...


@dataclass(frozen=True)
class _Touched:
    """A file that was written to, and what follows when that is on the disk, or is not."""

    file: Syncable
    after: Job
    failed: Callable[[OSError], None] | None
    due: float
    """By when it is to be synced, in seconds of the monotonic clock."""


class Overloaded(RuntimeError):
    """The disk is so slow that even what must not be lost cannot be queued any more."""


class Writer:
    """Runs jobs in order in its own thread and syncs the files they touched once per batch, or a little later."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()  # C: whoever puts does not wait for Python's locks
        self.written = 0
        """Bytes of recordings; counted by the jobs that write them."""
        self._touched: list[_Touched] = []
        self._folders: set[Path] = set()
        self._after: list[Job] = []
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="media-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job, *, droppable: bool = False) -> bool:
        """Queue a job; False if it was dropped because too much waits."""
        if droppable and self._jobs.qsize() >= DROP_ABOVE:
            _dropped.inc()
            return False
        if self._jobs.qsize() >= CAPACITY:
            raise Overloaded
        self._jobs.put(job)
        return True

    def touched(
        self, file: Syncable, after: Job, failed: Callable[[OSError], None] | None = None, within: float = 0.0
    ) -> None:
        """For jobs: `file` is to be synced at the end of this batch, or so many seconds later at most; then `after` runs
        in the event loop, or `failed` at once, in the writer thread."""
        self._touched.append(_Touched(file, after, failed, time.monotonic() + within))

    def named(self, folder: Path) -> None:
        """For jobs: a file is new in `folder`, whose names are to be synced with this batch."""
        self._folders.add(folder)

    def closing(self, file: Syncable) -> None:
        """For jobs: sync a file now, because it is closed next."""
        mine = [touched for touched in self._touched if touched.file is file]
        self._touched = [touched for touched in self._touched if touched.file is not file]
        self._settle(mine, _try(partial(_sync_file, file)))

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
            batch = self._batch()
            for item in batch:
                if item is not None:
                    self._do(item)
            self._do(self._sync)
            if None in batch:
                return

    def _batch(self) -> list[Job | None]:
        """What is to be done next; nothing if a file is to be synced before anything comes."""
        due = min((touched.due for touched in self._touched), default=None)
        try:
            first = self._jobs.get(timeout=None if due is None else max(0.0, due - time.monotonic()))
        except queue.Empty:
            return []
        return [first, *self._more()]

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

    def _settle(self, touched: list[_Touched], error: OSError | None) -> None:
        for one in touched:
            if error is None:
                self._after.append(one.after)
            elif one.failed is not None:
                one.failed(error)

    def _sync(self) -> None:
        """Files that are due first, then their names, then whoever waits for it is told.  Who waits for everything has
        everything synced."""
        waiting, self._after = self._after, []
        now = float("inf") if waiting else time.monotonic()
        due = {touched.file for touched in self._touched if touched.due <= now}
        by_file: dict[Syncable, list[_Touched]] = {}
        for touched in self._touched:
            if touched.file in due:
                by_file.setdefault(touched.file, []).append(touched)
        self._touched = [touched for touched in self._touched if touched.file not in due]
        for file, all_touched in by_file.items():
            self._settle(all_touched, _try(partial(_sync_file, file)))
        folders, self._folders = self._folders, set()
        for folder in folders:
            _try(partial(sync_folder, folder))
        after, self._after = self._after + waiting, []
        for job in after:
            self.tell(job)
        _waiting.set(self._jobs.qsize())


def _sync_file(file: Syncable) -> None:
    os.fsync(file.fileno())


def _try(work: Job) -> OSError | None:
    """Do it; the error, if the disk raised one."""
    try:
        work()
    except OSError as error:
        log.error("sync failed", error=error.errno)
        return error
    except ValueError:
        log.error("sync of a closed file")
        return OSError(errno.EBADF, "closed")
    return None
