"""Filing: a signed (or refused) record becomes a case with a number, hashes and its first deadline.

All of it is one transaction.  Printed documents are made afterwards (documents.py), because they can fail and be
made again without touching the case.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import titles
from server.domain.signers import READERS, SIGNED
from server.domain.states import Channel, FormField, RecordState
from server.errors import Conflict, WrongState
from server.protocol.canonical import fingerprint
from server.reception.matter import commitments, registering
from server.reception.record import revisions, signatures
from server.reception.record.canonical import same_words, settled
from server.reception.record.records import FILEABLE, require
from server.store import records
from server.store.access import Actor
from server.store.models import (
    CasePerson,
    Reception,
    SearchText,
    StoredCase,
    StoredCaseEvent,
    VisitRecord,
)
from server.store.search import search_tokens


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
    session.add_all(_events(session, record, case, actor, now))
    session.add(SearchText(case_id=case.id, tokens=search_tokens(registering.search_parts(case), [case.organization_id])))
    revisions.add(session, record, "file", actor=actor, after={"case_no": case.case_no})
    session.flush()
    if not records.move(session, record.id, FILEABLE, RecordState.FILED):
        raise WrongState
    commitments.filed(session, case)
    return Filed(case_id=case.id, case_no=case.case_no)


def _case(session: Session, record: VisitRecord, content: dict[str, Any], now: datetime) -> StoredCase:
    reception, form = record.reception, {value["field"]: value["value"] for value in content["form"]}
    received = reception.started_at or reception.joined_at or reception.asked_at
    case = registering.new_case(
        session, reception.organization_id, form.get(FormField.FORM_OF_VISIT) or Channel.VIDEO, clock.day_in_office(received),
        now, query_code=reception.query_code, reception_id=reception.id, record_id=record.id, title=_title(form, content),
        petitioner=form.get(FormField.NAME) or reception.petitioner_name, purpose=form.get(FormField.PURPOSE, ""),
        category=form.get(FormField.CATEGORY, "")[:100], place=form.get(FormField.PROBLEM_PLACE, "")[:200],
        people=_people(form), litigation=form.get(FormField.LITIGATION) == "yes", filed_record=content,
        record_sha256=fingerprint(content), manifest_sha256=content["manifest_sha256"],
    )  # fmt: skip
    session.add(_petitioner(case, form, reception))
    registering.keep_accused(session, case, form.get(FormField.ACCUSED_UNIT, ""))
    registering.hand_up(session, case)
    return case


def _people(form: dict[str, str]) -> int:
    number = form.get(FormField.PEOPLE, "")
    return int(number) if number.isdecimal() and 1 <= int(number) <= 100_000 else 1


def _petitioner(case: StoredCase, form: dict[str, str], reception: Reception) -> CasePerson:
    return CasePerson(
        case_id=case.id, position=0, name=case.petitioner, phone=(form.get(FormField.PHONE) or reception.petitioner_phone)[:20],
        id_type=form.get(FormField.ID_TYPE, "")[:20], id_number=form.get(FormField.ID_NUMBER, "")[:30],
        address=form.get(FormField.ADDRESS, "")[:200],
    )  # fmt: skip


def _title(form: dict[str, str], content: dict[str, Any]) -> str:
    """What the case is about in one line, in words that are in the record: summary, requests, first answer."""
    answers = (line["text"] for line in content["lines"] if line["kind"] == "answer")
    candidates = (form.get(FormField.SUMMARY), form.get(FormField.REQUESTS), next(answers, ""))
    return titles.short(next((found for found in candidates if found), "没有写明事由"))


def _events(
    session: Session, record: VisitRecord, case: StoredCase, actor: Actor, now: datetime
) -> list[StoredCaseEvent]:
    """How each reader signed, and that the case was registered."""
    readers = [one for one in signatures.present(session, record, case.record_sha256) if one.role in READERS]
    how = [
        StoredCaseEvent(case_id=case.id, at=one.at, author=one.name, kind=_kind(one.way), why=one.reason) for one in readers
    ]
    clerk = actor.name if actor.role else record.clerk.name if record.clerk else actor.name
    return [*how, registering.note_registered(case, actor, clerk, now)]


def _kind(way: str) -> str:
    return "signed" if way in SIGNED else way
