"""The durable jobs that remind of deadlines, every hour, tell of what is wrong at kiosks, every five minutes, and send notices
out of the house, within seconds: an emergency button is told of like that, too."""

import structlog
from dbos import DBOS, SetWorkflowID

from server import clock
from server.jobs.workflows import enqueue_alone, in_its_turn, office_at_work, stopping, until_it_works
from server.reception.kiosk import fleet
from server.reception.matter import delivering, reminders
from server.reception.office import Office
from server.store import notices

log = structlog.get_logger()

QUEUE = "reminders"
SEND_QUEUE = "send-notices"
KIOSKS_EVERY_MIN = 5


def launch(office: Office) -> None:
    """Begin; after workflows.launch."""
    delivering.take_up(office.store)
    for queue in (QUEUE, SEND_QUEUE):
        DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=1.0)


def start_due(office: Office) -> None:
    """Queue this hour's look at the deadlines and at the kiosks; what is queued or done already stays as it is."""
    now = clock.now().astimezone(clock.OFFICE_ZONE)
    with SetWorkflowID(f"remind-{now:%Y-%m-%dT%H}"):
        DBOS.enqueue_workflow(QUEUE, remind)
    with SetWorkflowID(f"kiosks-{now:%Y-%m-%dT%H}-{now.minute // KIOSKS_EVERY_MIN}"):
        DBOS.enqueue_workflow(QUEUE, look_at_kiosks)


def start_sending(office: Office) -> None:
    """Queue the sending of what waits, if anything does and nobody is at it."""
    with office.store.read() as session:
        waiting = notices.any_due(session, clock.now())
    if waiting:
        enqueue_alone(SEND_QUEUE, send)


@DBOS.workflow()
def remind() -> None:
    """Say what is to be said by today, also what was missed while the program was down."""
    look()


@DBOS.step()
@in_its_turn(None)
def look() -> None:
    """Every deadline whose day to be looked at has come; begun again, as it is in the next hour, it goes on where it was."""
    office = office_at_work()
    looked = reminders.remind(office)
    log.info("reminders", looked=looked)


@DBOS.workflow()
def look_at_kiosks() -> None:
    """Tell of what is newly wrong."""
    tell_of_kiosks()


@DBOS.step()
@in_its_turn(None)
def tell_of_kiosks() -> None:
    """Begun again, as it is a little later, nothing is told twice."""
    with office_at_work().store.write() as session:
        told = fleet.tell_of_alerts(session)
    if told:
        log.info("alerts of kiosks", told=told)


@DBOS.workflow()
def send() -> None:
    """Send what waits."""
    send_waiting()


@DBOS.step()
@until_it_works
def send_waiting() -> None:
    """One after the other, each handed over at most once."""
    office = office_at_work()
    delivering.send_due(office, delivering.senders(office.settings), stopped=stopping)
