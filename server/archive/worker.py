"""The archive's worker: `python -m server.archive.worker FOLDER` does what FOLDER/plan.json asks, at low priority.

A process of its own, so that the web program and a running reception are not held up, and so that it can be killed at
any moment: parts that are finished stay finished.  It says how far it is on standard output (a number from 0 to 1 per
line), ends when its standard input is closed (whoever started it died), and leaves FOLDER/result.json
or, because a full disk takes no file, an exit code that says what went wrong.
"""

import fcntl
import hashlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from server.archive.bundle import Bundle
from server.archive.disk import Disk, is_full
from server.archive.film import Film
from server.archive.plan import (
    BUSY,
    DISK_ERROR,
    DISK_FULL,
    LOCK,
    PLAN,
    RESULT,
    BundlePlan,
    Notice,
    Result,
    Source,
    VideoPlan,
    plan_adapter,
)
from server.durable import replace_file
from server.protocol.base import TrackKind

ORPHANED = 4
"""Exit code: whoever started this one is gone."""
NICENESS = 19
SAY_EVERY_S = 0.5


def main(folder: Path) -> int:
    """Do the work; returns the exit code."""
    os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return BUSY
        try:
            replace_file(folder / RESULT, _work(folder).model_dump_json().encode())
        except OSError as error:  # FFmpeg's errors of the disk are among them
            return DISK_FULL if is_full(error) else DISK_ERROR
    return 0


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(ORPHANED)


def _work(folder: Path) -> Result:
    plan = plan_adapter.validate_json((folder / PLAN).read_bytes())
    disk = Disk(folder, plan.reserve_mb)
    made, notes = _film(plan, folder, disk) if isinstance(plan, VideoPlan) else _bundle(plan, folder, disk)
    return Result(file=made.name, size=made.stat().st_size, sha256=_hash(made), notes=tuple(notes))


def _film(plan: VideoPlan, folder: Path, disk: Disk) -> tuple[Path, list[str]]:
    changed = [source for source in plan.sources if _changed(source)]
    told = (Notice(start=one.start, end=one.end, text=_sentence(plan, one)) for one in changed)
    film = Film(plan.model_copy(update={"notices": (*plan.notices, *told)}), folder, disk, Progress())
    made = film.make()
    unreadable = {one.id: one for one in (*changed, *film.broken.values())}
    return made, [_sentence(plan, one) for one in sorted(unreadable.values(), key=lambda one: (one.start, one.id))]


def _bundle(plan: BundlePlan, folder: Path, disk: Disk) -> tuple[Path, list[str]]:
    made = folder / "bundle.zip"
    disk.check(sum(one.size or 0 for one in plan.files))
    bundle = Bundle(plan, disk, Progress())
    bundle.pack(made)
    with made.open("rb") as file:
        os.fsync(file.fileno())
    return made, bundle.notes


def _changed(source: Source) -> bool:
    try:
        return source.file.stat().st_size != source.size or _hash(source.file) != source.sha256
    except OSError:
        return True


def _sentence(plan: VideoPlan, source: Source) -> str:
    who = next((seat.role for seat in plan.seats if seat.id == source.seat_id), "")
    what = "录音" if source.kind == TrackKind.AUDIO else "录像"
    state = "和登记的校验值不一样，能放的照放" if source.file.exists() else "不在了，片里没有这一段"
    return f"{who}的一段{what}（{_span(source)}），文件{state}。"


def _span(source: Source) -> str:
    first, last = (f"{int(at) // 60} 分 {int(at) % 60} 秒" for at in (source.start, source.end))
    return f"{first}到 {last}"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Progress:
    """Says how far the work is, not more often than anybody wants to know."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, done: float) -> None:
        now = time.monotonic()
        if done >= 1 or now - self._said >= SAY_EVERY_S:
            self._said = now
            print(f"{done:.4f}", flush=True)  # noqa: T201


def _where(error: BaseException) -> Iterator[str]:
    """The places of an error, without its message: that could carry what people said."""
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        yield f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}"


if __name__ == "__main__":
    os.umask(0o077)
    try:
        code = main(Path(sys.argv[1]))
    except Exception as failure:
        print(type(failure).__name__, *_where(failure), file=sys.stderr, flush=True)  # noqa: T201
        code = 1
    sys.stdout.flush()
    os._exit(code)  # threads of parts that are still drawn are not waited for
