"""典型案例库: a person makes a model case of a case; the program proposes what to cover, the person decides each, a leader
publishes.  Nothing is published while a proposal is not decided."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.covering import WORDS, Found, Private, covered, find, instead
from server.domain.flow import LetterKind
from server.domain.modelcases import COVER, FIELDS, KEEP, STATE_WORDS, ModelState
from server.domain.states import CaseState, FormField, StaffRole
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.ledger import (
    CoverDecision,
    CoverView,
    ModelEdit,
    ModelRow,
    ModelText,
    ModelView,
    NewCover,
)
from server.reception.matter import flow
from server.reception.matter.cases import require_case
from server.store import cases, records
from server.store import flow as flow_store
from server.store import modelcases as store
from server.store.access import Actor
from server.store.models import ModelCase, ModelCover, StoredCase

READY_STATES = (CaseState.CONCLUDED, CaseState.REVIEWED, CaseState.REEXAMINED)
TOLD = ("assign", "accept", "feed_back", "reply", "contact", "deliver", "explain", "conclude", "follow_up", "improve")
"""Steps that the story is told with."""
FORM = {
    FormField.NAME: Private.NAME, FormField.REPRESENTATIVES: Private.NAME, FormField.PHONE: Private.PHONE,
    FormField.ID_NUMBER: Private.ID_NUMBER, FormField.ADDRESS: Private.ADDRESS,
}  # fmt: skip


def listed(session: Session, actor: Actor, words: str, before: int | None) -> tuple[list[ModelRow], bool, list[ModelRow]]:
    """A page of published ones that have every word, whether there are more, and those in work that the actor may see."""
    found = store.published(session, words.split()[:8], before)
    works = store.in_work(session, actor) if before is None and actor.role in flow.OFFICERS else ()
    rows = [_row(one, _told(one.published)) for one in found[: store.PAGE_ROWS]]
    return rows, len(found) > store.PAGE_ROWS, [_row(one, _shown(session, one)) for one in works]


def opened(session: Session, actor: Actor, model_id: int) -> ModelView:
    """One; who works on it sees its draft, too, which is written down: it still has the petitioner's data."""
    model = _require(session, actor, model_id)
    view = _view(session, actor, model)
    if view.draft is not None:
        records.note_access(session, actor, "open", "model_case", str(model.id), clock.now())
    return view


def make(session: Session, actor: Actor, case_id: int) -> ModelView:
    """Begin one from a case that is over.  Raises WrongState and InvalidInput where it cannot become one."""
    case = require_case(session, actor, case_id)
    if not flow.of_office(actor, case):
        raise NotAllowed
    if case.state not in READY_STATES:
        raise WrongState("办结了的事项才能做典型案例。")
    if case.accusation:
        raise InvalidInput("揭发控告的事项不做典型案例：内容不能让被举报的人看到。")
    if store.of_case(session, case.id) is not None:
        raise WrongState("这件事已经有典型案例了。")
    assert actor.user_id is not None
    model = ModelCase(
        case_id=case.id, organization_id=case.organization_id, organization=case.organization, state=ModelState.DRAFT, version=1,
        category=case.category, title=case.title, situation=_situation(case), handling=_handling(session, case),
        result=_result(session, case), made_by=actor.name, made_by_id=actor.user_id, made_at=clock.now(),
    )  # fmt: skip
    session.add(model)
    session.flush()
    _propose(session, model)
    return _view(session, actor, model)


def edit(session: Session, actor: Actor, model_id: int, order: ModelEdit) -> ModelView:
    """Change the text; what was decided stays for what still stands in it, new finds wait for a decision."""
    model = _working(session, actor, model_id, order.version)
    for name in FIELDS:
        setattr(model, name, getattr(order.text, name))
    _propose(session, model)
    return _view(session, actor, model)


def decide(session: Session, actor: Actor, model_id: int, cover_id: int, order: CoverDecision) -> ModelView:
    """Cover a stretch, leave it, or put the question again."""
    model = _working(session, actor, model_id, order.version)
    one = next((found for found in store.covers(session, model.id) if found.id == cover_id), None)
    if one is None:
        raise NotFound
    by = order.instead.strip() or one.instead
    if order.decision == COVER and one.text in by:
        raise InvalidInput("换上去的字里还有原来的字，没有盖住。", fields=["instead"])
    one.instead, one.decision = by, order.decision
    one.decided_by, one.decided_at = (actor.name, clock.now()) if order.decision else ("", None)
    return _view(session, actor, model)


def add_cover(session: Session, actor: Actor, model_id: int, order: NewCover) -> ModelView:
    """Cover what the program did not find."""
    model = _working(session, actor, model_id, order.version)
    text = order.text.strip()
    if not text or text not in _whole(model):
        raise InvalidInput("正文里没有这几个字。", fields=["text"])
    by = order.instead.strip() or "某某"
    if text in by:
        raise InvalidInput("换上去的字里还有原来的字，没有盖住。", fields=["instead"])
    one = next((found for found in store.covers(session, model.id) if found.text == text), None)
    if one is None:
        one = ModelCover(model_id=model.id, kind=Private.OTHER, text=text)
        session.add(one)
    one.instead, one.decision, one.decided_by, one.decided_at = by, COVER, actor.name, clock.now()
    session.flush()
    return _view(session, actor, model)


def ready(session: Session, actor: Actor, model_id: int, version: int) -> ModelView:
    """Everything is decided: a leader is to read it."""
    model = _working(session, actor, model_id, version)
    _require_decided(session, model)
    model.state = ModelState.WAITING
    return _view(session, actor, model)


def publish(session: Session, actor: Actor, model_id: int, version: int) -> ModelView:
    """Put it into the library.  The text is looked through once more: what is found and nobody decided stops it."""
    model = _moved(session, actor, model_id, version, ModelState.WAITING)
    if not _may_publish(actor, model):
        raise NotAllowed("写的人不能自己入库，请另一位领导看过再入库。")
    _propose(session, model)
    _require_decided(session, model)
    shown = _shown(session, model)
    model.published = shown.model_dump(mode="json")
    model.published_text = "\n".join(getattr(shown, name) for name in FIELDS)
    model.state, model.approved_by, model.approved_at = ModelState.PUBLISHED, actor.name, clock.now()
    return _view(session, actor, model)


def send_back(session: Session, actor: Actor, model_id: int, version: int) -> ModelView:
    """It is not right yet."""
    model = _moved(session, actor, model_id, version, ModelState.WAITING)
    model.state = ModelState.DRAFT
    return _view(session, actor, model)


def withdraw(session: Session, actor: Actor, model_id: int, version: int) -> ModelView:
    """Take it out of the library, or give it up; nobody reads it any more."""
    model = _moved(session, actor, model_id, version, ModelState.DRAFT, ModelState.WAITING, ModelState.PUBLISHED)
    model.state, model.published, model.published_text = ModelState.WITHDRAWN, None, ""
    return _view(session, actor, model)


# --- who and when ------------------------------------------------------------------------------------------------


def _require(session: Session, actor: Actor, model_id: int) -> ModelCase:
    model = store.find(session, actor, model_id)
    if model is None:
        raise NotFound
    return model


def _works_on(session: Session, actor: Actor, model: ModelCase) -> StoredCase | None:
    """The case, where the actor works in the office that has it; else None."""
    case = cases.find(session, actor, model.case_id) if actor.role in flow.OFFICERS else None
    return case if case is not None and flow.of_office(actor, case) else None


def _moved(session: Session, actor: Actor, model_id: int, version: int, *states: ModelState) -> ModelCase:
    model = _require(session, actor, model_id)
    if _works_on(session, actor, model) is None:
        raise NotAllowed
    if model.state not in states:
        raise WrongState(f"现在是“{STATE_WORDS[ModelState(model.state)]}”，不能这样做。")
    if not store.move(session, model, version):
        raise Conflict("刚刚有人改过这一件，请刷新看过再办。")
    return model


def _working(session: Session, actor: Actor, model_id: int, version: int) -> ModelCase:
    return _moved(session, actor, model_id, version, ModelState.DRAFT)


def _may_publish(actor: Actor, model: ModelCase) -> bool:
    return actor.role is StaffRole.LEADER and actor.user_id != model.made_by_id


def _require_decided(session: Session, model: ModelCase) -> None:
    waiting = [one for one in store.covers(session, model.id) if not one.decision]
    if waiting:
        raise WrongState(f"还有 {len(waiting)} 处没有定：盖住，还是留着。")


# --- the text ----------------------------------------------------------------------------------------------------


def _situation(case: StoredCase) -> str:
    form = {value["field"]: value["value"] for value in case.filed_record.get("form", ())}
    told = [form.get(name, "") for name in (FormField.SUMMARY, FormField.FACTS, FormField.REQUESTS)]
    return "\n".join(part for part in told if part) or case.statement or case.title


def _handling(session: Session, case: StoredCase) -> str:
    """Who did what, without the days and the officers' names."""
    told = [one for one in cases.events(session, case.id) if one.kind in TOLD]
    return "\n".join("：".join(part for part in (terms.CASE_EVENT[one.kind], one.why) if part) for one in told)


def _result(session: Session, case: StoredCase) -> str:
    opinions = (LetterKind.HANDLING_OPINION, LetterKind.REVIEW_OPINION, LetterKind.REEXAMINATION_OPINION)
    return "\n".join(one.text for one in flow_store.letters(session, case.id) if one.kind in opinions and one.text)


def _whole(model: ModelCase) -> str:
    return "\n".join(getattr(model, name) for name in FIELDS)


def _known(session: Session, model: ModelCase) -> list[Found]:
    """What the case's form and persons name."""
    case = session.get_one(StoredCase, model.case_id)
    found = [Found(Private.NAME, case.petitioner)]
    for one in cases.persons(session, case.id):
        found += [
            Found(Private.NAME, one.name), Found(Private.PHONE, one.phone), Found(Private.ID_NUMBER, one.id_number),
            Found(Private.ADDRESS, one.address),
        ]  # fmt: skip
    for value in case.filed_record.get("form", ()):
        if (kind := FORM.get(value["field"])) is not None:
            parts = value["value"].replace("，", "、").split("、") if kind is Private.NAME else [value["value"]]
            found += [Found(kind, part.strip()) for part in parts]
    return [one for one in found if len(one.text) > 1]


def _propose(session: Session, model: ModelCase) -> None:
    """Bring the proposals up to the text: what is not in it any more goes, what is new waits for a decision."""
    session.flush()
    text, before = _whole(model), {one.text: one for one in store.covers(session, model.id)}
    gone = [one.id for what, one in before.items() if what not in text]
    store.drop_covers(session, gone)
    taken = [one.instead for one in before.values()]
    for one in find(text, _known(session, model)):
        if one.text not in before:
            by = instead(one, taken)
            taken.append(by)
            session.add(ModelCover(model_id=model.id, kind=one.kind, text=one.text[:300], instead=by, decision="", decided_by=""))
    session.flush()


def _shown(session: Session, model: ModelCase) -> ModelText:
    """As everybody will read it: what is not decided is covered, too."""
    pairs = [(one.text, one.instead) for one in store.covers(session, model.id) if one.decision != KEEP]
    return _told({name: covered(getattr(model, name), pairs) for name in FIELDS})


def _told(text: Mapping[str, Any] | None) -> ModelText:
    """Not held against the limits of what somebody types: a case has more words, and covering adds some.  Whoever edits it
    is told then."""
    return ModelText.model_construct(**(text or {}))


# --- what it looks like ------------------------------------------------------------------------------------------


def _row(model: ModelCase, shown: ModelText) -> ModelRow:
    return ModelRow(
        id=model.id, state=model.state, state_words=STATE_WORDS[ModelState(model.state)], title=shown.title, category=shown.category,
        organization=model.organization.name, excerpt=shown.situation.replace("\n", " ")[:90], approved_at=model.approved_at,
    )  # fmt: skip


def _view(session: Session, actor: Actor, model: ModelCase) -> ModelView:
    session.flush()
    shown = _told(model.published) if model.published else _shown(session, model)
    common = {
        "id": model.id, "version": model.version, "state": model.state, "state_words": STATE_WORDS[ModelState(model.state)],
        "organization": model.organization.name, "shown": shown,
    }  # fmt: skip
    case = _works_on(session, actor, model)
    if case is None:
        return ModelView.model_validate(common)
    return ModelView.model_validate({
        **common, "draft": _told({name: getattr(model, name) for name in FIELDS}),
        "covers": tuple(_cover(one) for one in store.covers(session, model.id)), "case_id": case.id, "case_no": case.case_no,
        "made_by": model.made_by, "approved_by": model.approved_by, "approved_at": model.approved_at,
        "may": _may(actor, model),
    })  # fmt: skip


def _may(actor: Actor, model: ModelCase) -> tuple[str, ...]:
    if model.state == ModelState.DRAFT:
        return ("edit", "ready", "withdraw")
    if model.state == ModelState.WAITING:
        return ("publish", "send_back", "withdraw") if _may_publish(actor, model) else ("send_back", "withdraw")
    return ("withdraw",) if model.state == ModelState.PUBLISHED else ()


def _cover(one: ModelCover) -> CoverView:
    return CoverView(
        id=one.id, kind=WORDS[Private(one.kind)], text=one.text, instead=one.instead, decision=one.decision, decided_by=one.decided_by
    )
