"""Filing: a signed (or refused) record becomes a case with a number, hashes and its first deadline.

All of it is one transaction.  Printed documents are made afterwards (documents.py), because they can fail and be
made again without touching the case.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain.casenumbers import case_number
from server.domain.deadlines import count
from server.domain.limits import FIRST_RULE, RULES
from server.domain.signers import READERS, SIGNED
from server.domain.states import FormField, RecordState
from server.errors import Conflict, WrongState
from server.protocol.canonical import fingerprint
from server.reception import revisions, signatures
from server.reception.canonical import same_words, settled
from server.reception.records import FILEABLE, require
from server.store import accusations, cases, records
from server.store.access import Actor
from server.store.models import (
    Reception,
    SearchText,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    VisitRecord,
)
from server.store.search import search_tokens

TITLE_LENGTH = 60


@dataclass(frozen=True)
class Filed:
    """What filing gave."""

    case_id: int
    case_no: str


def file_record(session: Session, actor: Actor, record_id: str) -> Filed:
    """File the record; filing it again gives the same case.

    Raises WrongState before it is signed or refused, and Conflict when what stands in the record is not what was
    signed.
    """
    require(session, actor, record_id)
    record = records.lock(session, record_id, clock.now())
    known = records.case_of(session, record.id)
    if known is not None:
        return Filed(case_id=known.id, case_no=known.case_no)
    if record.state not in FILEABLE:
        raise WrongState("笔录还没有签字，不能归档。不签字的，先写明原因。")
    return _file(session, actor, record, _signed_content(session, record))


def _signed_content(session: Session, record: VisitRecord) -> dict[str, Any]:
    """The record as it was signed or refused; raises Conflict when it is not that any more."""
    content = settled(session, record)
    right = content is not None and same_words(content, session, record)
    if right and record.state == RecordState.SIGNED:
        right = signatures.signed_by_reader(signatures.present(session, record, fingerprint(content)))
    if content is None or not right:
        raise Conflict("笔录和签字时的不一样，不能归档，请找管理员查明。", code="not_as_signed")
    return content


def _file(session: Session, actor: Actor, record: VisitRecord, content: dict[str, Any]) -> Filed:
    now = clock.now()
    case = _case(session, record, content, now)
    session.add(case)
    session.flush()
    session.add_all(_events(session, record, case, actor, now))
    session.add(_first_deadline(record.reception, case))
    session.add(SearchText(case_id=case.id, tokens=search_tokens(search_parts(case))))
    revisions.add(session, record, "file", actor=actor, after={"case_no": case.case_no})
    session.flush()
    if not records.move(session, record.id, FILEABLE, RecordState.FILED):
        raise WrongState
    return Filed(case_id=case.id, case_no=case.case_no)


def _case(session: Session, record: VisitRecord, content: dict[str, Any], now: datetime) -> StoredCase:
    reception, form = record.reception, {value["field"]: value["value"] for value in content["form"]}
    year = now.astimezone(clock.OFFICE_ZONE).year
    accused = accusations.named(session, form.get(FormField.ACCUSED_UNIT, ""))
    number = cases.next_number(session, reception.organization_id, year)
    return StoredCase(
        organization_id=reception.organization_id,
        year=year,
        number=number,
        case_no=case_number(reception.organization.code, year, number),
        reception_id=reception.id,
        record_id=record.id,
        state="registered",
        title=_title(form, content),
        petitioner=form.get(FormField.NAME) or reception.petitioner_name,
        purpose=form.get(FormField.PURPOSE, ""),
        accused_organization_id=accused[0] if accused else None,
        filed_at=now,
        filed_record=content,
        record_sha256=fingerprint(content),
        manifest_sha256=content["manifest_sha256"],
    )


def _title(form: dict[str, str], content: dict[str, Any]) -> str:
    """What the case is about in one line, in words that are in the record: summary, requests, first answer."""
    answers = (line["text"] for line in content["lines"] if line["kind"] == "answer")
    candidates = (form.get(FormField.SUMMARY), form.get(FormField.REQUESTS), next(answers, ""))
    words = next((found for found in candidates if found), "没有写明事由").replace("\n", " ")
    return words if len(words) <= TITLE_LENGTH else words[: TITLE_LENGTH - 1] + "…"


def _events(
    session: Session, record: VisitRecord, case: StoredCase, actor: Actor, now: datetime
) -> list[StoredCaseEvent]:
    """How each reader signed, and that the case was registered."""
    readers = [one for one in signatures.present(session, record, case.record_sha256) if one.role in READERS]
    how = [
        StoredCaseEvent(case_id=case.id, at=one.at, author=one.name, kind=_kind(one.way), why=one.reason) for one in readers
    ]
    clerk = actor.name if actor.role else record.clerk.name if record.clerk else actor.name
    return [*how, StoredCaseEvent(case_id=case.id, at=now, author=clerk, kind="registered", why=case.case_no)]


def _kind(way: str) -> str:
    return "signed" if way in SIGNED else way


def _first_deadline(reception: Reception, case: StoredCase) -> StoredDeadline:
    """The office received the matter on the day of the talk."""
    received = reception.started_at or reception.joined_at or reception.asked_at
    first = count(RULES[FIRST_RULE], clock.day_in_office(received))
    return StoredDeadline(case_id=case.id, rule=FIRST_RULE, starts_on=first.starts_on, due_on=first.due_on)


def search_parts(case: StoredCase) -> list[str]:
    """Everything of a case that search reads; telephone and ID numbers are left out."""
    content = case.filed_record
    private = {FormField.PHONE, FormField.ID_NUMBER}
    form = [value["value"] for value in content["form"] if value["field"] not in private and value["value"]]
    lines = [line["text"] for line in content["lines"]]
    return [case.case_no, str(case.number), case.petitioner, case.title, *form, *lines]
