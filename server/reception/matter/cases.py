"""Filed cases: finding, reading and supplementing them."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from server import clock
from server.domain import masking, searchtokens, terms
from server.domain.casequery import CaseQuery
from server.domain.flow import Step
from server.domain.states import CaseState, Channel, Purpose, StaffRole
from server.errors import NotAllowed, NotFound
from server.protocol.canonical import fingerprint
from server.protocol.cases import (
    Case,
    CaseDocument,
    CasePersonView,
    CaseRow,
    DeadlineView,
    MergedInto,
    NewSupplement,
    Supplement,
)
from server.protocol.flow import StepOrder
from server.reception.matter import (
    clocks,
    commitments,
    flow,
    history,
    mediation,
    offering,
    ratings,
    registering,
)
from server.reception.matter.issued import letter_views, written_parts
from server.reception.matter.registering import search_again, search_parts
from server.reception.paper.documents import NAMES
from server.reception.record import reviews, signatures, timestamps
from server.reception.record.agreeing import changes_of
from server.reception.record.canonical import same_words
from server.reception.record.records import view
from server.store import accounts, cases, finding, joins, records
from server.store import flow as flow_store
from server.store.access import Actor
from server.store.models import (
    CasePerson,
    StoredCase,
    StoredCaseEvent,
    StoredDocument,
    StoredSupplement,
    VisitRecord,
)
from server.store.querycodes import new_query_code


def require_case(session: Session, actor: Actor, case_id: int) -> StoredCase:
    """The case; raises NotFound where it is not or the actor may not see it."""
    case = cases.find(session, actor, case_id)
    if case is None:
        raise NotFound
    return case


def is_hidden(session: Session, actor: Actor, case: StoredCase) -> bool:
    """Whether whoever just registered it does not see it: it is against their own office (条例 art. 30)."""
    return case.accusation and cases.find(session, actor, case.id) is None


def require_talk(session: Session, actor: Actor, case_id: int) -> StoredCase:
    """The case of a talk; raises NotFound also where it did not come by one."""
    case = require_case(session, actor, case_id)
    if case.record_id is None:
        raise NotFound("这件事没有接谈笔录和录音。")
    return case


def require_document(session: Session, actor: Actor, case_id: int, name: str) -> StoredCase:
    """The case whose document is fetched, which is written down: telephone and ID numbers stand in it.  Raises NotFound."""
    case = require_talk(session, actor, case_id)
    if name not in NAMES:
        raise NotFound("没有这种文书。")
    records.note_access(session, actor, "download", name.partition(".")[0], case.talk_record_id, clock.now())
    return case


class CaseList(NamedTuple):
    """A page of cases, newest first; `total` is None where there are more than are counted, or on a later page."""

    rows: list[CaseRow]
    total: int | None
    older: bool
    newer: bool


def list_cases(session: Session, actor: Actor, query: CaseQuery | str = "", cursor: finding.Cursor = finding.Cursor()) -> CaseList:
    """A page of twenty cases that fit, newest first; a string asks for its words."""
    asked = CaseQuery(words=query) if isinstance(query, str) else query
    found = finding.page(session, actor, asked, cursor)
    return CaseList(rows_of(session, actor, found.cases, asked.words), found.total, found.older, found.newer)


def find_by_number(session: Session, actor: Actor, number: str) -> list[CaseRow]:
    """Cases of whoever has exactly this telephone or ID number; that it was looked for is written down, without it."""
    records.note_access(session, actor, "find_number", "case_person", "", clock.now())
    return rows_of(session, actor, finding.by_number(session, actor, number))


def rows_of(session: Session, actor: Actor, found: Sequence[StoredCase], words: str = "") -> list[CaseRow]:
    """Lines of a list; a few reads however many cases there are."""
    views = deadline_views(session, found)
    targets = _targets(session, actor, found)
    excerpts = _excerpts(session, actor, found, words) if words.strip() else {}
    return [_row(case, views.get(case.id), excerpts.get(case.id, ""), targets.get(case.merged_into_id or 0)) for case in found]


def _excerpts(session: Session, actor: Actor, found: Sequence[StoredCase], words: str) -> dict[int, str]:
    """Per case a place where a word stands: in its form or record, else in what was added to it or written since."""
    told = {case.id: searchtokens.excerpt(search_parts(case)[4:], words) for case in found}
    silent = [case for case in found if not told[case.id]]
    added = [(one.case_id, f"补正：{one.reason}　{one.text}") for one in cases.added_to(session, [case.id for case in silent])]
    for case_id, text in [*added, *written_parts(session, actor, silent)]:
        told[case_id] = told[case_id] or searchtokens.excerpt([text], words)
    return told


def _targets(session: Session, actor: Actor, found: Sequence[StoredCase]) -> dict[int, MergedInto]:
    """Those in which merged ones of these are handled, as far as the actor may read them."""
    numbers = {case.merged_into_id for case in found if case.merged_into_id is not None}
    readable = cases.readable(session, actor, numbers)
    return {one.id: MergedInto(id=one.id, case_no=one.case_no) for one in readable}


def deadline_views(session: Session, found: Sequence[StoredCase]) -> dict[int, DeadlineView]:
    """Per case the duty that falls first, as it explains itself."""
    return clocks.views(session, found, flow_store.first_duties(session, [case.id for case in found]))


def _row(case: StoredCase, deadline: DeadlineView | None, excerpt: str, target: MergedInto | None = None) -> CaseRow:
    return CaseRow(
        id=case.id,
        case_no=case.case_no,
        title=case.title,
        petitioner=case.petitioner,
        purpose=terms.PURPOSE[Purpose(case.purpose)] if case.purpose else "",
        state=terms.CASE_STATE[CaseState(case.state)],
        filed_at=case.filed_at,
        organization=case.organization.name,
        deadline=deadline,
        channel=terms.CHANNEL[Channel(case.channel)],
        unit=case.unit.name if case.unit else "",
        excerpt=excerpt,
        merged_into=target,
    )


def open_case(session: Session, actor: Actor, case_id: int) -> Case:
    """The case for reading; that it was opened is written down."""
    case = require_case(session, actor, case_id)
    records.note_access(session, actor, "open", "case", str(case.id), clock.now())
    return case_view(session, actor, case)


def case_view(session: Session, actor: Actor, case: StoredCase) -> Case:
    """Everything about a case that the actor may read."""
    record = session.get_one(VisitRecord, case.record_id) if case.record_id else None
    made = {document.name: document for document in cases.documents(session, case.id)} if record else {}
    return Case.model_construct(
        **dict(rows_of(session, actor, [case])[0]),
        version=case.version,
        stage=case.state,
        category=case.category,
        place=case.place,
        accused_unit=registering.accused_unit(case),
        hidden_from=_hidden_from(session, case) if case.accusation and flow.of_office(actor, case) else None,
        purpose_value=case.purpose,
        litigation=case.litigation,
        simple=case.simple,
        received_on=case.received_on.isoformat(),
        source_ref=case.source_ref or "",
        people=case.people,
        received_by=_received_by(session, case),
        deadlines=clocks.open_views(session, case),
        extension=offering.asked_extension(session, case),
        mediation=mediation.in_words(session, case),
        statement=case.statement,
        record=view(session, actor, record) if record else None,
        may_hear=record is not None and actor.role is not StaffRole.HANDLER and records.find(session, actor, record.id) is not None,
        persons=tuple(_person(one) for one in cases.persons(session, case.id)),
        events=history.views(session, case),
        supplements=tuple(_supplement(added) for added in cases.supplements(session, case.id)),
        documents=tuple(_document(case.id, name, made.get(name)) for name in NAMES) if record else (),
        changed=tuple(one.words for one in changes_of(session, case)),
        signed=tuple(one.words for one in signatures.views(session, record, case.record_sha256) if one.present) if record else (),
        assignments=flow.assignment_views(session, case),
        letters=letter_views(session, actor, case),
        ratings=ratings.views(session, actor, case),
        requests=flow.request_views(session, case) if flow.of_office(actor, case) else (),
        offers=offering.offers(session, actor, case),
        record_sha256=case.record_sha256,
        manifest_sha256=case.manifest_sha256,
        timestamps=timestamps.views(session, case.reception_id, case.record_sha256, case.manifest_sha256),
        intact=record is None or intact(session, record, case),
        prepared=commitments.prepared(session, case) if flow.of_office(actor, case) else (),
    )


def _received_by(session: Session, case: StoredCase) -> str:
    leader = accounts.user_with_organization(session, case.received_by_id) if case.received_by_id is not None else None
    return leader.name if leader is not None else ""


def _hidden_from(session: Session, case: StoredCase) -> tuple[str, ...]:
    found = accounts.named(session, joins.accused(session, case.id))
    return tuple(one.name for _, one in sorted(found.items()))


def _person(one: CasePerson) -> CasePersonView:
    return CasePersonView(id=one.id, name=one.name, phone=masking.phone(one.phone), id_number=masking.id_number(one.id_number), address=one.address)


def open_person(session: Session, actor: Actor, case_id: int, person_id: int) -> CasePersonView:
    """A person's numbers unmasked; that they were looked at is written down."""
    case = require_case(session, actor, case_id)
    one = next((found for found in cases.persons(session, case.id) if found.id == person_id), None)
    if one is None:
        raise NotFound
    records.note_access(session, actor, "open_numbers", "case_person", str(one.id), clock.now())
    return CasePersonView(id=one.id, name=one.name, phone=one.phone, id_number=one.id_number, address=one.address)


def open_query_code(session: Session, actor: Actor, case_id: int) -> str:
    """The petitioner's query code, for the office only; that it was looked at is written down, for it opens a rating."""
    case = require_case(session, actor, case_id)
    if not flow.of_office(actor, case):
        raise NotAllowed
    if case.query_code is None:
        case.query_code = new_query_code()
    records.note_access(session, actor, "open_code", "case", str(case.id), clock.now())
    return case.query_code


def take_step(session: Session, actor: Actor, case_id: int, step: Step, order: StepOrder) -> Case:
    """Take a step of the flow (reception/flow.py) and show the case as it is then."""
    case = require_case(session, actor, case_id)
    flow.take(session, actor, case, step, order)
    return case_view(session, actor, case)


def intact(session: Session, record: VisitRecord, case: StoredCase) -> bool:
    """The filed record has its hash, the signature is under that hash, and what is shown is what was filed."""
    if fingerprint(case.filed_record) != case.record_sha256:
        return False
    under = signatures.present(session, record, case.record_sha256)
    if record.signed_at is not None and not signatures.signed_by_reader(under):
        return False
    return same_words(case.filed_record, session, record)


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
    search_again(session, case)
    return case_view(session, actor, case)
