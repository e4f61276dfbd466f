"""The durable job that asks a time-stamping authority for what waits, within seconds of the closing or the signing."""

from dbos import DBOS

from server import clock
from server.jobs.workflows import enqueue_alone, office_at_work, stopping, until_it_works
from server.reception.office import Office
from server.reception.record import stamping
from server.reception.record.timestamp_authority import configured
from server.store import timestamps as store

QUEUE = "timestamps"


def launch(office: Office) -> None:
    """Begin; after workflows.launch."""
    stamping.take_up(office.store, office.settings)
    if configured(office.settings):
        DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=1.0)


def start_due(office: Office) -> None:
    """Queue the asking, if anything is due, there is an authority, and nobody is at it."""
    if not configured(office.settings):
        return
    with office.store.read() as session:
        waiting = store.any_due(session, clock.now())
    if waiting:
        enqueue_alone(QUEUE, stamp)


@DBOS.workflow()
def stamp() -> None:
    """Ask for what waits."""
    stamp_waiting()


@DBOS.step()
@until_it_works
def stamp_waiting() -> None:
    """One after the other; killed between an answer and its keeping, it asks for that one again."""
    stamping.get_due(office_at_work(), stopped=stopping)
