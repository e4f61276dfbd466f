"""The durable job that registers the rows of a file; one file at a time."""

from dbos import DBOS, SetWorkflowID

from server.jobs.workflows import fresh_id, office_at_work, rest, until_it_works
from server.reception.matter import importing
from server.reception.office import Office
from server.store import imports

QUEUE = "import"
BREATH_S = 0.12
"""Between two pieces that search reads: whoever waits for SQLite's write lock looks every 0.1 s at most (sqliteDefaultBusyCallback), so
without a gap that long nobody else would ever find it free."""


def start(import_id: int) -> None:
    """Queue it unless it is on its way already."""
    fresh = fresh_id(f"import-{import_id}")
    if fresh is not None:
        with SetWorkflowID(fresh):
            DBOS.enqueue_workflow(QUEUE, import_matters, import_id)


def launch(office: Office) -> None:
    """Go on with what had begun; after workflows.launch."""
    DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=1.0)
    with office.store.read() as session:
        begun = imports.running(session)
    for import_id in begun:
        start(import_id)


@DBOS.workflow()
def import_matters(import_id: int) -> None:
    """Every row of a file whose import has begun."""
    register_rows(import_id)


@DBOS.step()
@until_it_works
def register_rows(import_id: int) -> None:
    """All that are not, at once, or search to read what it has not read."""
    importing.work(office_at_work(), import_id, rest, BREATH_S)
