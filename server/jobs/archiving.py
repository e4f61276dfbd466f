"""The durable job that makes films and export bundles: one at a time, each by a worker process at low priority."""

from functools import partial

import structlog
from dbos import DBOS, SetWorkflowID
from prometheus_client import Counter

from server.archive.disk import is_full
from server.archive.plan import Result
from server.errors import ODD, JietanError
from server.jobs import importing, lectures
from server.jobs.archive_worker import GIVEN_UP, QUEUE, outcome_of
from server.jobs.workflows import DurableJobs, fresh_id, office_at_work, until_it_works
from server.reception.office import Office
from server.reception.paper import archiving
from server.reception.talk.lecture_journal import is_lecture
from server.store import archives

log = structlog.get_logger()

made_total = Counter("jietan_archives_total", "Films and bundles that were made or failed", ["outcome"])


class OfficeJobs(DurableJobs):
    """All durable jobs of an office."""

    def make_archive(self, archive_id: int) -> None:
        """Queue one film or bundle; one at a time is made."""
        fresh = fresh_id(f"archive-{archive_id}")
        if fresh is not None:
            with SetWorkflowID(fresh):
                DBOS.enqueue_workflow(QUEUE, make_archive, archive_id)

    def close_reception(self, reception_id: str) -> None:
        """Start closing what a room was held for."""
        if is_lecture(reception_id):
            lectures.start_closing(reception_id)
        else:
            super().close_reception(reception_id)

    def make_lecture_film(self, lecture_id: str) -> None:
        """Queue the film of a lecture."""
        lectures.start_film(lecture_id)

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
    except ODD as error:
        log.error("archive cannot be planned", id=archive_id, kind=type(error).__name__)
        return archiving.fail(office, archive_id, archiving.WHY["internal"])
    if folder is not None:
        outcome = _conclude(office, archive_id, outcome_of(folder, partial(_progress, archive_id)))
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


def _progress(archive_id: int, done: float) -> bool:
    return archiving.progress(office_at_work(), archive_id, done)
