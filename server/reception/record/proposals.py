"""What a language model proposes for the form, where an office has one: asked once after the draft, checked, shown to
the clerk beside the field, and never in a field unless the clerk takes it.

Whatever goes wrong with the model leaves the record as it is.  A question without a usable answer is asked again after
growing pauses, a few times, and whenever a clerk wants it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import CLOSED_RECORD, EDITABLE_RECORD, QuestionState, StaffRole, SuggestionState
from server.errors import Unavailable, WrongState
from server.protocol.drafting import DraftField, DraftInput
from server.protocol.records import Evidence, FieldProposal, ModelView
from server.reception.office import Office
from server.reception.record import language_model
from server.reception.record.drafts import talk_of
from server.store import proposals as store
from server.store import receptions, records
from server.store.access import Actor
from server.store.models import FormEntry, ModelQuestion, StoredProposal, VisitRecord
from transcription.drafting.proposals import NAMES, check, numbered, read, tokens

log = structlog.get_logger()

OF_LINE = store.OF_LINE

NO_ANSWER = "模型没有答复，不影响笔录"
UNREADABLE = "模型的答复没法用，不影响笔录"
PAUSES_S = (60.0, 300.0, 1800.0, 7200.0)
"""Before it is asked again, after each question without a usable answer; so five questions at most, over some two and a
half hours: a model that is being loaded or restarted is back by then, and one that is broken is left alone."""


def plan(office: Office, reception_id: str) -> bool:
    """Note that the model is to be asked about a reception; False: there is none, or it was asked."""
    if not language_model.configured(office.settings):
        return False
    with office.store.write() as session:
        known = store.question(session, reception_id)
        if known is None:
            waiting = QuestionState.WAITING
            session.add(ModelQuestion(reception_id=reception_id, state=waiting, message="", asked_at=clock.now()))
        return known is None or known.state == QuestionState.WAITING


def ask(office: Office, reception_id: str, *, stopped: Callable[[], bool] = lambda: False) -> float | None:
    """Ask the model and keep what its citations carry; done once, it does nothing more.

    Returns the seconds after which it is to be asked again; None: it is not.  Raises Unavailable (code llm_stopped)
    when `stopped` became true meanwhile.
    """
    with office.store.read() as session:
        question, record = store.question(session, reception_id), receptions.record_of(session, reception_id)
        if question is None or question.state != QuestionState.WAITING or record is None:
            return None
        if (wait := _seconds_until(question)) > 0:
            return wait
        given = talk_of(session, reception_id, records.utterances(session, reception_id))
    kept, message = _answer(office, given, stopped)
    with office.store.write() as session:
        question, record = store.question(session, reception_id), receptions.record_of(session, reception_id)
        if question is None or question.state != QuestionState.WAITING or record is None:
            return None
        record = records.lock(session, record.id, clock.now())
        pause = _note(question, message, over=record.state in CLOSED_RECORD)
        count = _keep(session, record, kept, office.settings.llm_model)
    log.info("language model asked", reception=reception_id, state=question.state, proposals=count, again_in_s=pause)
    return pause


def _seconds_until(question: ModelQuestion) -> float:
    return (question.again_at - clock.now()).total_seconds() if question.again_at else 0.0


def _note(question: ModelQuestion, message: str, *, over: bool) -> float | None:
    """What became of asking once more (`message`: why there is no answer); `over`: the record needs none any more."""
    question.asked += 1
    pause = PAUSES_S[question.asked - 1] if message and not over and question.asked <= len(PAUSES_S) else None
    question.message = message
    question.again_at = clock.now() + timedelta(seconds=pause) if pause else None
    if pause is None:
        question.state = QuestionState.FAILED if message else QuestionState.DONE
        question.finished_at = clock.now()
    return pause


def ask_again(office: Office, session: Session, actor: Actor, record: VisitRecord) -> None:
    """A clerk wants the model asked once more, from the first pause on; the caller then starts the job.

    Raises WrongState where there is no model, it has answered, or nothing of the record changes any more.
    """
    record = records.lock(session, record.id, clock.now())
    question = store.question(session, record.reception_id)
    if question is None or not _may_ask_again(question, actor, record):
        raise WrongState("现在不用再问模型。", code="model_not_asked")
    if not language_model.configured(office.settings):
        raise WrongState("现在没有设模型，问不了。要用，请找管理员。", code="no_model")
    question.state, question.asked, question.again_at = QuestionState.WAITING, 0, None
    question.message, question.asked_at, question.finished_at = "", clock.now(), None


def _may_ask_again(question: ModelQuestion, actor: Actor, record: VisitRecord) -> bool:
    stuck = question.state == QuestionState.FAILED or question.again_at is not None
    return stuck and actor.role == StaffRole.CLERK and record.state in EDITABLE_RECORD


def _answer(
    office: Office, given: DraftInput, stopped: Callable[[], bool]
) -> tuple[tuple[DraftField, ...], str]:
    """What is left of the model's proposals, or why there are none."""
    said = numbered(given)
    if not said or not language_model.configured(office.settings):
        return (), ""
    try:
        return check(given, read(language_model.propose(office.settings, said, stopped=stopped))), ""
    except Unavailable as error:
        if error.code == "llm_stopped":
            raise
        log.warning("language model did not help", kind=error.code)
        return (), UNREADABLE if error.code == "llm_unreadable" else NO_ANSWER


def _keep(session: Session, record: VisitRecord, kept: tuple[DraftField, ...], model: str) -> int:
    if record.state in CLOSED_RECORD:
        return 0
    form = records.form(session, record.id)
    fresh = [one for one in kept if one.field in form and says_something_new(form[one.field], one.value)]
    session.add_all(
        StoredProposal(
            record_id=record.id, field=one.field, value=one.value, utterance_ids=list(one.utterance_ids),
            model=model[:100], state=SuggestionState.OPEN, decided_by="",
        )
        for one in fresh
    )  # fmt: skip
    return len(fresh)


def may_stand(entry: FormEntry, one: StoredProposal) -> bool:
    """Whether it is still to be decided: a new wording of other words than the field's, or a model's proposal."""
    return entry.value != one.value if one.model == store.OF_LINE else says_something_new(entry, one.value)


def says_something_new(entry: FormEntry, value: str) -> bool:
    """Whether a proposal may stand beside the field: what a clerk, the kiosk or the office wrote there stays alone."""
    if entry.version != 1 or entry.source not in ("", "speech"):
        return False
    stands, new = tokens(entry.value), tokens(value)
    within = any(stands[at : at + len(new)] == new for at in range(len(stands) - len(new) + 1))
    return stands != new and not (within and entry.field in NAMES)


# --- shown and decided -------------------------------------------------------------------------------------------


def progress(session: Session, actor: Actor, record: VisitRecord) -> ModelView | None:
    """How far asking the model is; None: it is not asked."""
    question = store.question(session, record.reception_id)
    if question is None:
        return None
    may = _may_ask_again(question, actor, record)
    return ModelView(state=question.state, text=_words(question), may_ask_again=may)


def _words(question: ModelQuestion) -> str:
    if question.again_at is not None:
        at = question.again_at.astimezone(clock.OFFICE_ZONE)
        return f"{question.message}。问过 {question.asked} 次，{at.hour}:{at.minute:02d} 再问"
    if question.state == QuestionState.FAILED:
        return f"{question.message}。问过 {question.asked} 次" if question.asked else question.message
    return "模型正在看笔录，有建议会写在登记表下面" if question.state == QuestionState.WAITING else ""


def views(
    session: Session, record: VisitRecord, evidence: Callable[[list[str]], tuple[Evidence, ...]]
) -> list[FieldProposal]:
    """Proposals that can be decided."""
    if record.state in CLOSED_RECORD:
        return []
    open_ones = store.undecided(session, record.id)
    form: Mapping[str, FormEntry] = records.form(session, record.id) if open_ones else {}
    return [
        FieldProposal(
            id=one.id, field=one.field, value=one.value, evidence=evidence(one.utterance_ids),
            of="line" if one.model == store.OF_LINE else "model",
        )
        for one in open_ones
        if one.field in form and may_stand(form[one.field], one)
    ]
