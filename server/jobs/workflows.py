"""The durable jobs (DBOS Transact): closing a reception, and recognising later what could not be recognised then.

A workflow that was under way when the process was killed goes on at its next step when the program starts again;
a step may run twice, so every step of reception/closing.py may.
"""

import threading
import time
from typing import Any

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID

from server.domain.states import ReceptionState, RecognitionState
from server.errors import Unavailable
from server.jobs.node import manifest_in
from server.protocol.media_control import Reply
from server.protocol.recording import Manifest
from server.reception import closing, ingest
from server.reception.office import Office
from server.store import receptions
from server.store.models import Reception

log = structlog.get_logger()

QUEUE = "recognise-later"
CLOSE_ROOM_WAIT_S = 8.0
JOURNAL_WAIT_S = 5.0
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 5.0
LATER_FIRST_PAUSE_S = 3.0
LATER_LONGEST_PAUSE_S = 60.0


class Stopping(BaseException):
    """The program is going down: the workflow stays unfinished and goes on at the next start.

    Not an Exception, because DBOS would store that as the workflow's failure.
    """


class _Running:
    """The office the workflows of this process work for; DBOS itself is one per process."""

    office: Office | None = None
    stopping = threading.Event()


def _office() -> Office:
    office = _Running.office
    if office is None or _Running.stopping.is_set():
        raise Stopping
    return office


def _pause(seconds: float) -> None:
    if _Running.stopping.wait(seconds):
        raise Stopping


class DurableJobs:
    """Starts jobs; implements server.reception.office.Jobs."""

    def close_reception(self, reception_id: str) -> None:
        """Start closing, once; a workflow with this id that exists is left as it is."""
        with SetWorkflowID(f"closing-{reception_id}"):
            DBOS.start_workflow(close_reception, reception_id)

    def recognise_later(self, reception_id: str) -> None:
        """Queue the recognition of what is missing; one at a time is worked on."""
        with SetWorkflowID(f"recognise-{reception_id}"):
            DBOS.enqueue_workflow(QUEUE, recognise_later, reception_id)


def launch(office: Office) -> None:
    """Start DBOS: takes up unfinished workflows, then closes whatever waits for it without a workflow."""
    _Running.office = office
    _Running.stopping.clear()
    config: DBOSConfig = {
        "name": "jietan",
        "system_database_url": office.settings.jobs_url,
        "application_version": "1",
        "executor_id": "web",
        "console_log_level": "ERROR",
        "log_level": "ERROR",
        "max_executor_threads": 64,
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=1.0)
    with office.store.read() as session:
        waiting = receptions.ids_in(session, ReceptionState.CLOSING)
    for reception_id in waiting:
        office.jobs.close_reception(reception_id)


def stop() -> None:
    """Stop DBOS; what is under way goes on at the next start.  Idempotent."""
    _Running.stopping.set()
    DBOS.destroy()
    _Running.office = None


# --- closing -------------------------------------------------------------------------------------------------


@DBOS.workflow()
def close_reception(reception_id: str) -> None:
    """Hang-up to draft: close the room, take the journal in to its end, recognise the rest, build the draft."""
    close_room(reception_id)
    check_files(reception_id)
    find_unrecognised(reception_id)
    outcome = recognise_at_once(reception_id)
    build_draft(reception_id, outcome)
    if outcome["retry"]:
        DurableJobs().recognise_later(reception_id)
    log.info("reception closed", reception=reception_id, recognition=outcome["state"])


@DBOS.step()
def close_room(reception_id: str) -> None:
    """Have the node close the room, asking until it answers, and wait for the end of its journal."""
    pause = FIRST_PAUSE_S
    while True:
        try:
            reply = _office().media.close_room(reception_id, timeout=CLOSE_ROOM_WAIT_S)
        except Unavailable:
            reply = None
        if reply is not None and (reply.ok or reply.error == "not_found"):
            break
        _pause(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)
    if reply.ok:
        _await_manifest(reception_id, reply)


def _await_manifest(reception_id: str, reply: Reply) -> None:
    """Until the journal's last entry is in; if it does not come, the manifest of the answer is taken."""
    deadline = time.monotonic() + JOURNAL_WAIT_S
    while time.monotonic() < deadline:
        with _office().store.read() as session:
            if receptions.manifest_known(session, reception_id):
                return
        _pause(0.02)
    log.warning("journal did not come to its end, taking the manifest", reception=reception_id)
    found = manifest_in(reply)
    if found is not None:
        with _office().store.write() as session:
            ingest.take_manifest(session, session.get_one(Reception, reception_id), Manifest.model_validate(found))


@DBOS.step()
def check_files(reception_id: str) -> None:
    """Note what the recorded files no longer hold."""
    closing.check_files(_office(), reception_id)


@DBOS.step()
def find_unrecognised(reception_id: str) -> None:
    """Note what nobody has recognised."""
    closing.find_unrecognised(_office(), reception_id)


@DBOS.step()
def recognise_at_once(reception_id: str) -> dict[str, Any]:
    """Recognise the little that is missing."""
    return _plain(closing.recognise_at_once(_office(), reception_id))


@DBOS.step()
def build_draft(reception_id: str, outcome: dict[str, Any]) -> None:
    """Make the draft."""
    closing.build_draft(_office(), reception_id, _outcome(outcome))


# --- later -----------------------------------------------------------------------------------------------------


@DBOS.workflow()
def recognise_later(reception_id: str) -> None:
    """Go on trying until everything that was recorded is recognised."""
    recognise_rest(reception_id)


@DBOS.step()
def recognise_rest(reception_id: str) -> dict[str, Any]:
    """Try, with growing pauses, until there is nothing left to try."""
    pause = LATER_FIRST_PAUSE_S
    while True:
        outcome = closing.recognise_later(_office(), reception_id)
        if not outcome.retry:
            log.info("recognition completed", reception=reception_id, state=outcome.state)
            return _plain(outcome)
        _pause(pause)
        pause = min(pause * 2, LATER_LONGEST_PAUSE_S)


def _plain(outcome: closing.Outcome) -> dict[str, Any]:
    return {"state": outcome.state.value, "message": outcome.message, "retry": outcome.retry}


def _outcome(plain: dict[str, Any]) -> closing.Outcome:
    return closing.Outcome(RecognitionState(plain["state"]), plain["message"], plain["retry"])
