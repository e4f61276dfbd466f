"""The durable jobs (DBOS Transact): closing a reception, and recognising later what could not be recognised then.

A workflow that was under way when the process was killed goes on at its next step when the program starts again;
a step may run twice, so every step of reception/closing.py may.
"""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID

from server.domain.states import Channel, ReceptionState, RecognitionState
from server.errors import Unavailable
from server.jobs.node import manifest_in
from server.protocol.media_control import Reply
from server.protocol.recording import Manifest
from server.reception.figures import digests
from server.reception.office import Office
from server.reception.record import (
    closing,
    filling,
    ingest,
    proposals,
    reviews,
    second_pass,
    stamping,
    transcriber,
    trying,
)
from server.store import copies, glossary, receptions
from server.store import proposals as proposal_store
from server.store import second_pass as second_pass_store
from server.store.models import Reception

log = structlog.get_logger()

P = ParamSpec("P")
R = TypeVar("R")

QUEUE = "recognise-later"
SECOND_QUEUE = "second-pass"
MODEL_QUEUE = "language-model"
WORD_QUEUE = "glossary"
CLOSE_ROOM_WAIT_S = 8.0
JOURNAL_WAIT_S = 5.0
"""How long the journal may stand still before its end is no longer waited for."""
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 5.0
LATER_FIRST_PAUSE_S = 3.0
LATER_LONGEST_PAUSE_S = 60.0
TURN_PAUSE_S = 15.0
"""Before what failed with a transcriber that works is tried again."""
READY_WAIT_S = 3.0
MOST_TRIES = 12
"""Of a step whose queue others wait in: most of a minute."""
FAILING_PAUSE_S = 300.0
"""Before what failed so often is tried again."""
_LATER = cast("float | None", FAILING_PAUSE_S)
FAILING: dict[str, Any] = {"state": RecognitionState.WAITING.value, "message": "", "retry": True, "pause_s": FAILING_PAUSE_S}
ALIVE = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
"""Of DBOS's states of a workflow: it will go on by itself."""


class Stopping(BaseException):
    """The program is going down: the workflow stays unfinished and goes on at the next start.

    Not an Exception, because DBOS would store that as the workflow's failure.
    """


class _Running:
    """The office the workflows of this process work for; DBOS itself is one per process."""

    office: Office | None = None
    stopping = threading.Event()


def office_at_work() -> Office:
    """The office that runs; raises Stopping when it no longer does."""
    office = _Running.office
    if office is None or _Running.stopping.is_set():
        raise Stopping
    return office


def stopping() -> bool:
    """Whether the program is going down."""
    return _Running.stopping.is_set()


def rest(seconds: float) -> None:
    """Wait; raises Stopping when the program goes down meanwhile."""
    if _Running.stopping.wait(seconds):
        raise Stopping


def growing_pauses(first: float = FIRST_PAUSE_S, longest: float = LONGEST_PAUSE_S) -> Callable[[], None]:
    """Each call waits twice as long as the one before it."""
    pause = first

    def wait() -> None:
        nonlocal pause
        rest(pause)
        pause = min(pause * 2, longest)

    return wait


def until_it_works(work: Callable[P, R]) -> Callable[P, R]:
    """Do it again, with growing pauses, until no error is raised: a full disk or a database that is away for a
    moment must not end a workflow, for DBOS would never take it up again."""

    @functools.wraps(work)
    def patiently(*args: P.args, **kwargs: P.kwargs) -> R:
        wait = growing_pauses()
        while True:
            try:
                return work(*args, **kwargs)
            except Exception as error:
                log.error("step of a job failed, trying again", step=work.__name__, kind=type(error).__name__)
            wait()

    return patiently


def in_its_turn(otherwise: R) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Do it again as `until_it_works` does, but MOST_TRIES times at most; then the answer is `otherwise`.

    For steps of queues that work on one thing at a time: what fails may be about this one thing, and everybody else's waits
    behind it.  Whoever gets that answer sees to it that it is tried again later.
    """

    def decorated(work: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(work)
        def for_a_while(*args: P.args, **kwargs: P.kwargs) -> R:
            wait = growing_pauses()
            for left in reversed(range(MOST_TRIES)):
                try:
                    return work(*args, **kwargs)
                except Exception as error:
                    log.error("step of a job failed", step=work.__name__, kind=type(error).__name__, tries_left=left)
                wait()
            return otherwise

        return for_a_while

    return decorated


class DurableJobs:
    """Starts jobs; implements server.reception.office.Jobs."""

    def close_reception(self, reception_id: str) -> None:
        """Start closing, once; a workflow with this id that exists is left as it is."""
        with SetWorkflowID(f"closing-{reception_id}"):
            DBOS.start_workflow(close_reception, reception_id)

    def recognise_later(self, reception_id: str) -> None:
        """Queue the recognition of what is missing; one at a time is worked on."""
        _enqueue(recognise_later, f"recognise-{reception_id}", reception_id, 0.0)

    def hear_again(self, reception_id: str) -> None:
        """Queue the second pass over a recording; one at a time is worked on."""
        _enqueue_fresh(hear_again, f"second-{reception_id}", reception_id, queue=SECOND_QUEUE)

    def ask_model(self, reception_id: str) -> None:
        """Queue asking the language model about a reception; one at a time is worked on."""
        _enqueue_fresh(ask_model, f"model-{reception_id}", reception_id, queue=MODEL_QUEUE)

    def ask_model_now(self, reception_id: str) -> None:
        """Queue it beside one that waits for its time, which finds it done or waits on."""
        name = f"model-{reception_id}"
        _enqueue(ask_model, _unused_id(name, _workflows_named(name)), reception_id, 0.0, queue=MODEL_QUEUE)

    def try_word(self, word_id: int) -> None:
        """Queue the trial of a word of a glossary; one at a time."""
        _enqueue_fresh(try_word, f"word-{word_id}", str(word_id), queue=WORD_QUEUE)

    def draw_reviews(self, day: str) -> None:
        """Draw from the records filed up to a day (ISO date); a workflow for that day that exists is left as it is."""
        with SetWorkflowID(f"reviews-{day}"):
            DBOS.start_workflow(draw_reviews)

    def make_digests(self, key: str) -> None:
        """Queue the digests of a period that is over; starting it again changes nothing."""
        _enqueue_fresh(make_digests, f"digest-{key}", key)

    def fill_gaps(self, copy_id: str) -> None:
        """Queue the filling of gaps from a copy; before its reception is closed nothing is done."""
        _enqueue_fresh(fill_gaps, f"fill-{copy_id}", copy_id)


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
        # Nothing here listens for DBOS's notifications; stopping waits for one turn of its listener (1 s by default).
        "notification_listener_polling_interval_sec": 0.05,
    }
    DBOS(config=config)
    DBOS.launch()
    for queue in (QUEUE, SECOND_QUEUE, MODEL_QUEUE, WORD_QUEUE):
        DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=1.0)
    take_up(office)


def take_up(office: Office) -> None:
    """See to it that whatever waits to be closed or recognised has a workflow that goes on."""
    with office.store.read() as session:
        to_close = receptions.ids_in(session, ReceptionState.CLOSING)
        to_recognise = receptions.ids_not_recognised(session)
        to_fill = copies.unsettled(session)
        to_hear = second_pass_store.unfinished(session)
        to_ask = proposal_store.unanswered(session)
        to_try = glossary.trying(session)
    for reception_id in to_close:
        fresh = fresh_id(f"closing-{reception_id}")
        if fresh is not None:
            with SetWorkflowID(fresh):
                DBOS.start_workflow(close_reception, reception_id)
    for reception_id in to_recognise:
        _enqueue_fresh(recognise_later, f"recognise-{reception_id}", reception_id)
    for copy_id in to_fill:
        DurableJobs().fill_gaps(copy_id)
    for reception_id in to_hear:
        DurableJobs().hear_again(reception_id)
    for reception_id in to_ask:
        DurableJobs().ask_model(reception_id)
    for word_id in to_try:
        DurableJobs().try_word(word_id)


def fresh_id(name: str) -> str | None:
    """An id for one more workflow of this name (`name`, `name-1`, …); None while one of them is alive."""
    own = _workflows_named(name)
    return None if ALIVE & set(own.values()) else _unused_id(name, own)


def _workflows_named(name: str) -> dict[str, str]:
    """State of every workflow of this name, by its id."""
    known = DBOS.list_workflows(workflow_id_prefix=name, load_input=False, load_output=False)
    return {found.workflow_id: found.status for found in known if _is_named(found.workflow_id, name)}


def _unused_id(name: str, own: Mapping[str, str]) -> str:
    return next(wanted for number in range(len(own) + 1) if (wanted := _numbered(name, number)) not in own)


def _is_named(workflow_id: str, name: str) -> bool:
    rest = workflow_id.removeprefix(name)
    return not rest or (rest.startswith("-") and rest[1:].isdecimal())


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number}" if number else name


def _next_id(name: str, workflow_id: str) -> str:
    """Id of the workflow that goes on where this one ends; the same however often it is asked for."""
    number = workflow_id.removeprefix(name).removeprefix("-")
    return _numbered(name, int(number or 0) + 1)


def _enqueue(
    work: Callable[[str], None], workflow_id: str, about: str, delay: float, *, queue: str = QUEUE
) -> None:
    options = SetEnqueueOptions(delay_seconds=delay) if delay else contextlib.nullcontext()
    with SetWorkflowID(workflow_id), options:
        DBOS.enqueue_workflow(queue, work, about)


def enqueue_alone(queue: str, work: Callable[[], None]) -> None:
    """Queue a workflow, unless it is queued or at work already."""
    with SetEnqueueOptions(deduplication_id=queue, duplication_policy="return-existing"):
        DBOS.enqueue_workflow(queue, work)


def _enqueue_fresh(work: Callable[[str], None], name: str, about: str, *, queue: str = QUEUE) -> None:
    """Queue it unless it is on its way already."""
    fresh = fresh_id(name)
    if fresh is not None:
        _enqueue(work, fresh, about, 0.0, queue=queue)


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
    else:
        _all_recognised(reception_id)
    for copy_id, workflow_id in copies_to_fill(reception_id):
        _enqueue(fill_gaps, workflow_id, copy_id, 0.0)
    for word_id in words_to_try_again(reception_id):
        DurableJobs().try_word(word_id)
    log.info("reception closed", reception=reception_id, recognition=outcome["state"])


@DBOS.step()
@until_it_works
def close_room(reception_id: str) -> None:
    """Have the node close the room, asking until it answers, and wait for the end of its journal.

    A sitting alone had no room: its manifest came with it, and its record waits for no node.
    """
    with office_at_work().store.read() as session:
        if session.get_one(Reception, reception_id).channel == Channel.ALONE:
            return
    wait = growing_pauses()
    while True:
        try:
            reply = office_at_work().media.close_room(reception_id, timeout=CLOSE_ROOM_WAIT_S)
        except Unavailable:
            reply = None
        if reply is not None and (reply.ok or reply.error == "not_found"):
            break
        wait()
    if reply.ok:
        _await_manifest(reception_id, reply)


def _await_manifest(reception_id: str, reply: Reply) -> None:
    """Until the journal's last entry is in; if it stands still without it, the manifest of the answer is taken."""
    deadline, last = 0.0, -1
    while True:
        with office_at_work().store.read() as session:
            if receptions.manifest_known(session, reception_id):
                return
            seq = receptions.journal_position(session, reception_id)
        now = time.monotonic()
        if seq != last:
            deadline, last = now + JOURNAL_WAIT_S, seq
        if now >= deadline:
            break
        rest(0.02)
    log.warning("journal did not come to its end, taking the manifest", reception=reception_id)
    found = manifest_in(reply)
    if found is not None:
        with office_at_work().store.write() as session:
            ingest.take_manifest(session, session.get_one(Reception, reception_id), Manifest.model_validate(found))


@DBOS.step()
@until_it_works
def check_files(reception_id: str) -> None:
    """Note what the recorded files no longer hold."""
    closing.check_files(office_at_work(), reception_id)


@DBOS.step()
@until_it_works
def find_unrecognised(reception_id: str) -> None:
    """Note what nobody has recognised."""
    closing.find_unrecognised(office_at_work(), reception_id)


@DBOS.step()
@until_it_works
def recognise_at_once(reception_id: str) -> dict[str, Any]:
    """Recognise the little that is missing."""
    return _plain(closing.recognise_at_once(office_at_work(), reception_id))


@DBOS.step()
@until_it_works
def build_draft(reception_id: str, outcome: dict[str, Any]) -> None:
    """Make the draft, and note that the recording is to be heard again and its manifest to be stamped."""
    second_pass.plan(office_at_work(), reception_id)
    closing.build_draft(office_at_work(), reception_id, _outcome(outcome))
    stamping.note_manifest(office_at_work(), reception_id)


@DBOS.step()
@until_it_works
def copies_to_fill(reception_id: str) -> list[tuple[str, str]]:
    """Copies that came before the record was there, each with the id of a new workflow: one that is alive may have
    looked before there was a record."""
    with office_at_work().store.read() as session:
        found = copies.unsettled(session, reception_id)
    return [(copy_id, _unused_id(f"fill-{copy_id}", _workflows_named(f"fill-{copy_id}"))) for copy_id in found]


# --- later -----------------------------------------------------------------------------------------------------


@DBOS.workflow()
def recognise_later(reception_id: str) -> None:
    """Recognise what is missing; what cannot be had now goes back to the end of the queue, so that the others get
    their turn."""
    outcome = recognise_rest(reception_id)
    if outcome["retry"]:
        following = _next_id(f"recognise-{reception_id}", DBOS.workflow_id or "")
        _enqueue(recognise_later, following, reception_id, outcome.get("pause_s", TURN_PAUSE_S))
    else:
        _all_recognised(reception_id)


def _all_recognised(reception_id: str) -> None:
    """Of a workflow: what begins when nothing of the recording is missing."""
    if to_hear_again(reception_id):
        _enqueue(hear_again, f"second-{reception_id}", reception_id, 0.0, queue=SECOND_QUEUE)
    if to_ask_model(reception_id):
        _enqueue(ask_model, f"model-{reception_id}", reception_id, 0.0, queue=MODEL_QUEUE)


@DBOS.step()
@in_its_turn(FAILING)
def recognise_rest(reception_id: str) -> dict[str, Any]:
    """One attempt with a transcriber that works."""
    outcome = _with_transcriber(lambda office: closing.recognise_later(office, reception_id))
    if not outcome.retry:
        log.info("recognition completed", reception=reception_id, state=outcome.state)
    return _plain(outcome)


def _with_transcriber(attempt: Callable[[Office], closing.Outcome]) -> closing.Outcome:
    """Try until it is done, or fails with a transcriber that works; while that one does not work, nobody's turn
    would be of any use."""
    wait = growing_pauses(LATER_FIRST_PAUSE_S, LATER_LONGEST_PAUSE_S)
    while True:
        outcome = attempt(office_at_work())
        if not outcome.retry or transcriber.ready(office_at_work().settings, timeout=READY_WAIT_S):
            return outcome
        wait()


# --- the second pass ---------------------------------------------------------------------------------------------


@DBOS.step()
@until_it_works
def to_hear_again(reception_id: str) -> bool:
    """Whether the recording is to be heard again; noted, so that it is taken up whatever happens."""
    return second_pass.plan(office_at_work(), reception_id)


@DBOS.workflow()
def hear_again(reception_id: str) -> None:
    """The whole recording once more, then what comes of the differences."""
    if not (hear_rest(reception_id) and conclude_second_pass(reception_id)):
        following = _next_id(f"second-{reception_id}", DBOS.workflow_id or "")
        _enqueue(hear_again, following, reception_id, FAILING_PAUSE_S, queue=SECOND_QUEUE)


@DBOS.step()
@in_its_turn(False)
def hear_rest(reception_id: str) -> bool:
    """Until all is heard; while it cannot go on, nobody else's turn would be of any use."""
    wait = growing_pauses(LATER_FIRST_PAUSE_S, LATER_LONGEST_PAUSE_S)
    while second_pass.hear(office_at_work(), reception_id).retry:
        wait()
    return True


@DBOS.step()
@in_its_turn(False)
def conclude_second_pass(reception_id: str) -> bool:
    """A better draft, or suggestions."""
    second_pass.conclude(office_at_work(), reception_id)
    return True


# --- the language model ------------------------------------------------------------------------------------------


@DBOS.step()
@until_it_works
def to_ask_model(reception_id: str) -> bool:
    """Whether a language model is to be asked; noted, so that it is taken up whatever happens."""
    return proposals.plan(office_at_work(), reception_id)


@DBOS.workflow()
def ask_model(reception_id: str) -> None:
    """What a language model proposes for the form; without a usable answer another workflow asks later."""
    pause = ask_and_check(reception_id)
    if pause is not None:
        following = _next_id(f"model-{reception_id}", DBOS.workflow_id or "")
        _enqueue(ask_model, following, reception_id, pause, queue=MODEL_QUEUE)


@DBOS.step()
@in_its_turn(_LATER)
def ask_and_check(reception_id: str) -> float | None:
    """Ask once; after how many seconds it is to be asked again, None: not any more."""
    try:
        return proposals.ask(office_at_work(), reception_id, stopped=_Running.stopping.is_set)
    except Unavailable:
        raise Stopping from None


# --- the glossary ------------------------------------------------------------------------------------------------


@DBOS.step()
@until_it_works
def words_to_try_again(reception_id: str) -> list[int]:
    """A word in use that was not tried for long, if the office of this reception has one."""
    return trying.due(office_at_work(), reception_id)


@DBOS.workflow()
def try_word(word_id: str) -> None:
    """Hear clips with a word and without it, and decide about it."""
    try_on_clips(word_id)


@DBOS.step()
@until_it_works
def try_on_clips(word_id: str) -> None:
    """Until it is decided."""
    wait = growing_pauses(LATER_FIRST_PAUSE_S, LATER_LONGEST_PAUSE_S)
    while trying.attempt(office_at_work(), int(word_id)).retry:
        wait()


# --- 每日评查 ----------------------------------------------------------------------------------------------------


@DBOS.workflow()
def draw_reviews() -> None:
    """Draw from the records of every day that is over."""
    draw_from_days()


@DBOS.step()
@until_it_works
def draw_from_days() -> None:
    """Once from each; a day that was drawn from is left alone."""
    reviews.draw_due(office_at_work())


def draw_due(office: Office) -> None:
    """Start the day's draw where there is something to draw from."""
    if due := reviews.days_due(office):
        DurableJobs().draw_reviews(due[-1].isoformat())


# --- 研判、通报 -----------------------------------------------------------------------------------------------------


@DBOS.workflow()
def make_digests(key: str) -> None:
    """Count a period that is over, for every office."""
    count_period(key)


@DBOS.step()
@in_its_turn(0)
def count_period(key: str) -> int:
    """Once each; a digest that is kept is left alone, and one that could not be made is asked for again (`digests_due`)."""
    return digests.make(office_at_work(), key)


def digests_due(office: Office) -> None:
    """Have digests made of every period that is over and lacks some."""
    for period in digests.due(office):
        DurableJobs().make_digests(period.key)


# --- the kiosk's copy --------------------------------------------------------------------------------------------


@DBOS.workflow()
def fill_gaps(copy_id: str) -> None:
    """Fill what the recording lacks from a copy; a stretch that cannot be recognised now is tried again later."""
    outcome = fill_rest(copy_id)
    if outcome["retry"]:
        following = _next_id(f"fill-{copy_id}", DBOS.workflow_id or "")
        _enqueue(fill_gaps, following, copy_id, outcome.get("pause_s", TURN_PAUSE_S))


@DBOS.step()
@in_its_turn(FAILING)
def fill_rest(copy_id: str) -> dict[str, Any]:
    """One attempt with a transcriber that works."""
    return _plain(_with_transcriber(lambda office: filling.fill(office, copy_id)))


def _plain(outcome: closing.Outcome) -> dict[str, Any]:
    return {"state": outcome.state.value, "message": outcome.message, "retry": outcome.retry}


def _outcome(plain: dict[str, Any]) -> closing.Outcome:
    return closing.Outcome(RecognitionState(plain["state"]), plain["message"], plain["retry"])
