"""Filed cases: finding, reading and supplementing them."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from server import clock
from server.domain import searchtokens, terms
from server.domain.deadline_words import explain
from server.domain.deadlines import count
from server.domain.limits import RULES
from server.domain.states import Purpose
from server.errors import NotFound
from server.protocol.canonical import fingerprint
from server.protocol.office import (
    Case,
    CaseDocument,
    CaseEvent,
    CaseRow,
    DeadlineView,
    NewSupplement,
    Supplement,
)
from server.reception import reviews, signatures
from server.reception.canonical import same_words
from server.reception.documents import NAMES
from server.reception.filing import search_parts
from server.reception.records import require, view
from server.store import cases, records
from server.store.access import Actor
from server.store.models import (
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    StoredDocument,
    StoredSupplement,
    VisitRecord,
)
from server.store.search import search_tokens

PAGES = 10_000


def require_case(session: Session, actor: Actor, case_id: int) -> StoredCase:
    """The case; raises NotFound where it is not or the actor may not see it."""
    case = cases.find(session, actor, case_id)
    if case is None:
        raise NotFound
    return case


def list_cases(session: Session, actor: Actor, query: str = "", page: int = 1) -> tuple[list[CaseRow], int]:
    """A page of twenty cases that have every word of `query`, newest first, and how many there are in all."""
    found, total = cases.page(session, actor, query, min(max(1, page), PAGES))
    deadlines = cases.open_deadlines(session, [case.id for case in found])
    return [_row(case, deadlines, query) for case in found], total


def _row(case: StoredCase, deadlines: Mapping[int, StoredDeadline], query: str = "") -> CaseRow:
    return CaseRow(
        id=case.id,
        case_no=case.case_no,
        title=case.title,
        petitioner=case.petitioner,
        purpose=terms.PURPOSE[Purpose(case.purpose)] if case.purpose else "",
        state=terms.CASE_STATE.get(case.state, case.state),
        filed_at=case.filed_at,
        organization=case.organization.name,
        deadline=deadline_view(deadlines.get(case.id)),
        excerpt=searchtokens.excerpt(search_parts(case)[4:], query) if query else "",
    )


def deadline_view(deadline: StoredDeadline | None) -> DeadlineView | None:
    """A deadline that explains itself, as of today."""
    if deadline is None:
        return None
    today, done = clock.today_in_office().date(), deadline.done_at is not None
    counted = count(RULES[deadline.rule], deadline.starts_on, today=today)
    return explain(counted, today, stored_due=deadline.due_on, done=done)


def open_case(session: Session, actor: Actor, case_id: int) -> Case:
    """The case for reading; that it was opened is written down."""
    case = require_case(session, actor, case_id)
    records.note_access(session, actor, "open", "case", str(case.id), clock.now())
    return case_view(session, actor, case)


def case_view(session: Session, actor: Actor, case: StoredCase) -> Case:
    """Everything about a case."""
    record = require(session, actor, case.record_id)
    row = _row(case, cases.open_deadlines(session, [case.id]))
    made = {document.name: document for document in cases.documents(session, case.id)}
    return Case.model_construct(
        **dict(row),
        record=view(session, actor, record),
        events=tuple(_event(event) for event in cases.events(session, case.id)),
        supplements=tuple(_supplement(added) for added in cases.supplements(session, case.id)),
        documents=tuple(_document(case.id, name, made.get(name)) for name in NAMES),
        record_sha256=case.record_sha256,
        manifest_sha256=case.manifest_sha256,
        intact=intact(session, record, case),
    )


def intact(session: Session, record: VisitRecord, case: StoredCase) -> bool:
    """The filed record has its hash, the signature is under that hash, and what is shown is what was filed."""
    if fingerprint(case.filed_record) != case.record_sha256:
        return False
    under = signatures.present(session, record, case.record_sha256)
    if record.signed_at is not None and not signatures.signed_by_reader(under):
        return False
    return same_words(case.filed_record, session, record)


def _event(event: StoredCaseEvent) -> CaseEvent:
    return CaseEvent(
        at=event.at, author=event.author, what=terms.CASE_EVENT.get(event.kind, event.kind), why=event.why
    )


def _supplement(added: StoredSupplement) -> Supplement:
    return Supplement(id=added.id, at=added.at, author=added.author, reason=added.reason, text=added.text, finding_id=added.finding_id)


def _document(case_id: int, name: str, made: StoredDocument | None) -> CaseDocument:
    """A document to fetch; one that is not made yet (size 0) is made when it is fetched."""
    return CaseDocument(
        name=name,
        url=f"/api/cases/{case_id}/documents/{name}",
        sha256=made.sha256 if made else "",
        size=made.size if made else 0,
    )


def add_supplement(session: Session, actor: Actor, case_id: int, new: NewSupplement) -> Case:
    """Add to a filed case what its record does not say; the record itself stays as it is."""
    case = require_case(session, actor, case_id)
    now = clock.now()
    if new.finding_id is not None and reviews.told_to(session, actor, new.finding_id)[1].case_id != case.id:
        raise NotFound("这一条意见是另一件事的。")
    session.add(
        StoredSupplement(
            case_id=case.id, at=now, author=actor.name, user_id=actor.user_id, reason=new.reason, text=new.text,
            finding_id=new.finding_id,
        )
    )  # fmt: skip
    session.add(StoredCaseEvent(case_id=case.id, at=now, author=actor.name, kind="supplement", why=new.reason))
    session.flush()
    _search_again(session, case)
    return case_view(session, actor, case)


def _search_again(session: Session, case: StoredCase) -> None:
    added = [part for one in cases.supplements(session, case.id) for part in (one.reason, one.text)]
    cases.set_search_tokens(session, case.id, search_tokens([*search_parts(case), *added]))
