"""The durable jobs of a lecture: its room closed, and its film made by the archive's worker."""

from functools import partial

import structlog
from dbos import DBOS, SetWorkflowID

from server.archive.disk import is_full
from server.archive.plan import Result
from server.domain.lectures import LectureState
from server.errors import ODD, JietanError, Unavailable
from server.jobs.archive_worker import GIVEN_UP, QUEUE, outcome_of
from server.jobs.node import manifest_in
from server.jobs.workflows import fresh_id, growing_pauses, office_at_work, until_it_works
from server.reception.office import Office
from server.reception.paper import lecture_films as films
from server.reception.talk import lecture_journal
from server.store import lectures as store

log = structlog.get_logger()
CLOSE_WAIT_S = 8.0


def start_closing(lecture_id: str) -> None:
    """Close the lecture's room, unless that is under way."""
    fresh = fresh_id(f"lecture-end-{lecture_id}")
    if fresh is not None:
        with SetWorkflowID(fresh):
            DBOS.start_workflow(close_lecture, lecture_id)


def start_film(lecture_id: str) -> None:
    """Queue the film behind whatever the archive's worker has to do."""
    fresh = fresh_id(f"lecture-film-{lecture_id}")
    if fresh is not None:
        with SetWorkflowID(fresh):
            DBOS.enqueue_workflow(QUEUE, make_lecture_film, lecture_id)


def launch(office: Office) -> None:
    """Go on with what waits; after archiving.launch, whose queue this uses."""
    with office.store.read() as session:
        closing, films_waiting = store.ids_in(session, LectureState.CLOSING), store.films_unfinished(session)
    for lecture_id in closing:
        start_closing(lecture_id)
    for lecture_id in films_waiting:
        start_film(lecture_id)


@DBOS.workflow()
def close_lecture(lecture_id: str) -> None:
    """Everybody out, the recording closed, its film asked for."""
    if close_lecture_room(lecture_id):
        start_film(lecture_id)


@DBOS.step()
@until_it_works
def close_lecture_room(lecture_id: str) -> bool:
    """Have the node close the room, asking until it answers; whether a film is to be made."""
    wait = growing_pauses()
    while True:
        try:
            reply = office_at_work().media.close_room(lecture_id, timeout=CLOSE_WAIT_S)
        except Unavailable:
            reply = None
        if reply is not None and (reply.ok or reply.error == "not_found"):
            break
        wait()
    office = office_at_work()
    with office.store.write() as session:
        recorded = lecture_journal.take_manifest(session, lecture_id, manifest_in(reply) if reply.ok else None)
        log.info("lecture closed", lecture=lecture_id, recorded=recorded)
        return recorded and office.settings.archive_on_filing and films.ask_by_itself(session, lecture_id)


@DBOS.workflow()
def make_lecture_film(lecture_id: str) -> None:
    """From its plan to the file in its place."""
    draw_lecture_film(lecture_id)


@DBOS.step()
@until_it_works
def draw_lecture_film(lecture_id: str) -> None:
    """Have a worker do it; what cannot be done is told on the lecture's page, and is no failure of the job."""
    office = office_at_work()
    try:
        folder = films.begin(office, lecture_id)
    except JietanError as error:
        return films.fail(office, lecture_id, error.message)
    except OSError as error:
        return films.fail(office, lecture_id, films.WHY["disk_full" if is_full(error) else "disk_error"])
    except ODD as error:
        log.error("film cannot be planned", lecture=lecture_id, kind=type(error).__name__)
        return films.fail(office, lecture_id, films.WHY["internal"])
    if folder is None:
        return None
    outcome = outcome_of(folder, partial(_progress, lecture_id))
    if isinstance(outcome, Result):
        films.finish(office, lecture_id, outcome)
    elif outcome != GIVEN_UP:
        films.fail(office, lecture_id, films.WHY[outcome])
    return None


def _progress(lecture_id: str, done: float) -> bool:
    return films.progress(office_at_work(), lecture_id, done)
