"""What a language model proposes for the form, where an office has one: asked once after the draft, checked, shown to
the clerk beside the field, and never in a field unless the clerk takes it.

Whatever goes wrong with the model leaves the record as it is.
"""

from collections.abc import Callable, Mapping

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import CLOSED_RECORD, QuestionState, SuggestionState
from server.errors import Unavailable
from server.protocol import office
from server.protocol.drafting import DraftField, DraftInput
from server.reception import language_model
from server.reception.drafts import talk_of
from server.reception.office import Office
from server.store import proposals as store
from server.store import receptions, records
from server.store.models import FormEntry, ModelQuestion, StoredProposal, VisitRecord
from transcription.drafting.proposals import NAMES, check, numbered, read, tokens

log = structlog.get_logger()

NO_ANSWER = "模型没有答复，不影响笔录"
UNREADABLE = "模型的答复没法用，不影响笔录"


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


def ask(office: Office, reception_id: str, *, stopped: Callable[[], bool] = lambda: False) -> None:
    """Ask the model and keep what its citations carry; done once, it does nothing more.

    Raises Unavailable (code llm_stopped) when `stopped` became true meanwhile: it is to be asked again.
    """
    with office.store.read() as session:
        question, record = store.question(session, reception_id), receptions.record_of(session, reception_id)
        if question is None or question.state != QuestionState.WAITING or record is None:
            return
        given = talk_of(session, reception_id, records.utterances(session, reception_id))
    kept, message = _answer(office, given, stopped)
    with office.store.write() as session:
        question, record = store.question(session, reception_id), receptions.record_of(session, reception_id)
        if question is None or question.state != QuestionState.WAITING or record is None:
            return
        question.state = QuestionState.FAILED if message else QuestionState.DONE
        question.message, question.finished_at = message, clock.now()
        count = _keep(session, records.lock(session, record.id, clock.now()), kept, office.settings.llm_model)
    log.info("language model asked", reception=reception_id, state=question.state, proposals=count)


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


def says_something_new(entry: FormEntry, value: str) -> bool:
    """Whether a proposal may stand beside the field: what a clerk, the kiosk or the office wrote there stays alone."""
    if entry.version != 1 or entry.source not in ("", "speech"):
        return False
    stands, new = tokens(entry.value), tokens(value)
    within = any(stands[at : at + len(new)] == new for at in range(len(stands) - len(new) + 1))
    return stands != new and not (within and entry.field in NAMES)


# --- shown and decided -------------------------------------------------------------------------------------------


def progress(session: Session, reception_id: str) -> office.ModelView | None:
    """How far asking the model is; None: it is not asked."""
    question = store.question(session, reception_id)
    if question is None:
        return None
    words = "模型正在看笔录，有建议会写在登记表下面" if question.state == QuestionState.WAITING else question.message
    return office.ModelView(state=question.state, text=words)


def views(
    session: Session, record: VisitRecord, evidence: Callable[[list[str]], tuple[office.Evidence, ...]]
) -> list[office.FieldProposal]:
    """Proposals that can be decided."""
    if record.state in CLOSED_RECORD:
        return []
    open_ones = store.undecided(session, record.id)
    form: Mapping[str, FormEntry] = records.form(session, record.id) if open_ones else {}
    return [
        office.FieldProposal(id=one.id, field=one.field, value=one.value, evidence=evidence(one.utterance_ids))
        for one in open_ones
        if one.field in form and says_something_new(form[one.field], one.value)
    ]
