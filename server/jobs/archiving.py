"""The durable job that makes films and export bundles: one at a time, each by a worker process at low priority.

A worker lives no longer than this program: it ends when its standard input closes.  What it had finished is taken up
by the next one.
"""

import select
import subprocess
import sys
from pathlib import Path

import structlog
from dbos import DBOS, SetWorkflowID
from prometheus_client import Counter

from server.archive.disk import is_full
from server.archive.plan import BUSY, DISK_ERROR, DISK_FULL, RESULT, Result
from server.errors import JietanError
from server.jobs import importing
from server.jobs.workflows import DurableJobs, fresh_id, office_at_work, rest, until_it_works
from server.reception import archiving
from server.reception.office import Office
from server.store import archives

log = structlog.get_logger()

QUEUE = "archive"
ROOT = Path(__file__).resolve().parents[2]
LOOK_EVERY_S = 1.0
"""How often a running worker is looked at: whether it was given up, and how far it is."""
AGAIN_PAUSE_S = 1.0
"""Before trying again where a worker of the program before this one is still ending, or one was killed."""
KILLED_AT_MOST = 3
"""A worker that is killed more often than this, as by want of memory, will not come to an end."""
LINE = 4096
GIVEN_UP = "cancelled"
FAILURES = {DISK_FULL: "disk_full", DISK_ERROR: "disk_error"}

made_total = Counter("jietan_archives_total", "Films and bundles that were made or failed", ["outcome"])


class OfficeJobs(DurableJobs):
    """All durable jobs of an office."""

    def make_archive(self, archive_id: int) -> None:
        """Queue one film or bundle; one at a time is made."""
        fresh = fresh_id(f"archive-{archive_id}")
        if fresh is not None:
            with SetWorkflowID(fresh):
                DBOS.enqueue_workflow(QUEUE, make_archive, archive_id)

    def import_matters(self, import_id: int) -> None:
        """Queue the import of a file."""
        importing.start(import_id)


def launch(office: Office) -> None:
    """Begin to work on what was asked for; after workflows.launch."""
    DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=1.0)
    with office.store.read() as session:
        waiting = archives.unfinished(session)
    for archive_id in waiting:
        OfficeJobs().make_archive(archive_id)


@DBOS.workflow()
def make_archive(archive_id: int) -> None:
    """One film or bundle, from its plan to the file in its place."""
    work(archive_id)


@DBOS.step()
@until_it_works
def work(archive_id: int) -> None:
    """Have a worker do it; what cannot be done is told where it was asked for, and is no failure of the job."""
    office = office_at_work()
    try:
        folder = archiving.begin(office, archive_id)
    except JietanError as error:
        return archiving.fail(office, archive_id, error.message)
    except OSError as error:
        return archiving.fail(office, archive_id, archiving.WHY["disk_full" if is_full(error) else "disk_error"])
    if folder is not None:
        outcome = _conclude(office, archive_id, _outcome(archive_id, folder))
        made_total.labels(outcome).inc()
        log.info("archive", id=archive_id, outcome=outcome)
    return None


def _conclude(office: Office, archive_id: int, outcome: Result | str) -> str:
    """Put a file in its place, or clear up; the outcome in a word."""
    if isinstance(outcome, Result):
        archiving.finish(office, archive_id, outcome)
        return "made"
    if outcome == GIVEN_UP:
        archiving.clear(office, archive_id)
    else:
        archiving.fail(office, archive_id, archiving.WHY[outcome])
    return outcome


def _outcome(archive_id: int, folder: Path) -> Result | str:
    """What the worker made, or why there is nothing.  Raises Stopping."""
    known, killed = folder / RESULT, 0
    while not known.exists():
        code = _run(archive_id, folder)
        if code is None:
            return GIVEN_UP
        killed += code < 0
        if (code > 0 and code != BUSY) or killed > KILLED_AT_MOST:
            return FAILURES.get(code, "internal")
        if code:
            rest(AGAIN_PAUSE_S)
    return Result.model_validate_json(known.read_bytes())


def _run(archive_id: int, folder: Path) -> int | None:
    """Run a worker to its end; its exit code, or None when it was given up and killed.  Raises Stopping."""
    command = [sys.executable, "-m", "server.archive.worker", str(folder)]
    with (folder / "worker.log").open("ab") as errors:
        worker = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    try:
        return _watch(archive_id, worker)
    finally:
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            if pipe is not None:
                pipe.close()


def _watch(archive_id: int, worker: "subprocess.Popen[bytes]") -> int | None:
    assert worker.stdout is not None  # it was asked for
    said, ended = b"", False
    while not ended:
        ready, _, _ = select.select([worker.stdout], [], [], LOOK_EVERY_S)
        if ready:
            told = worker.stdout.read1(LINE)  # type: ignore[attr-defined]
            said, ended = (said + told)[-LINE:], not told
        if not archiving.progress(office_at_work(), archive_id, _last_number(said)):
            return None
        rest(0 if ended else LOOK_EVERY_S / 2)
    return worker.wait()


def _last_number(said: bytes) -> float:
    """The last whole line, from 0 to 1."""
    lines = said.split(b"\n")[:-1]
    try:
        return max(0.0, min(1.0, float(lines[-1])))
    except (IndexError, ValueError):
        return 0.0
