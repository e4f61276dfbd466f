"""登记: a matter gets its number, its first deadline and its first event, whichever way it came."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from server import clock
from server.domain.casenumbers import case_number
from server.domain.limits import FIRST_RULE
from server.domain.states import CaseState, FormField, Purpose
from server.errors import InvalidInput
from server.protocol.flow import NewMatter
from server.reception import clocks
from server.store import accounts, accusations, cases
from server.store.access import Actor
from server.store.models import CaseAccused, CasePerson, SearchText, StoredCase, StoredCaseEvent
from server.store.search import search_tokens

TITLE_LENGTH = 60


def new_case(session: Session, organization_id: int, channel: str, received_on: date, now: datetime, **fields: object) -> StoredCase:
    """A case with the next number of its office's year; whoever calls adds persons, events and what search reads."""
    office = accounts.organization(session, organization_id)
    year = now.astimezone(clock.OFFICE_ZONE).year
    number = cases.next_number(session, organization_id, year)
    case = StoredCase(
        organization_id=organization_id, organization=office, year=year, number=number,
        case_no=case_number(office.code, year, number), channel=channel, state=CaseState.REGISTERED, received_on=received_on,
        filed_at=now, **fields,
    )  # fmt: skip
    session.add(case)
    session.flush()
    clocks.begin(session, case, FIRST_RULE, organization_id, received_on)
    return case


def short_title(words: str) -> str:
    """What a case is about in one line."""
    line = words.strip().replace("\n", " ")
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"


def keep_accused(session: Session, case: StoredCase, words: str) -> None:
    """Note whom the matter is against, from the petitioner's words, so that they never see it (条例 art. 30)."""
    case.accusation = case.purpose == Purpose.ACCUSATION
    cases.forget_accused(session, case.id)
    if case.accusation:
        found = accusations.named(session, words)
        session.add_all(CaseAccused(case_id=case.id, organization_id=number) for number in found)
    session.flush()


def accused_words(case: StoredCase) -> str:
    """What the case says of the unit complained about."""
    form = {value["field"]: value["value"] for value in case.filed_record.get("form", ())}
    return form.get(FormField.ACCUSED_UNIT, "") or case.statement


def register(session: Session, actor: Actor, new: NewMatter) -> tuple[StoredCase, bool]:
    """Register a matter that did not come by a talk, in the actor's office; False: it came before, nothing was added.

    Raises InvalidInput for a day of receipt in the future and for an unknown purpose.
    """
    now = clock.now()
    if new.received_on > clock.day_in_office(now):
        raise InvalidInput("收到的日子不能在今天以后。", fields=["received_on"])
    if new.purpose and new.purpose not in list(Purpose):
        raise InvalidInput("没有这种信访目的。", fields=["purpose"])
    ref = new.source_ref.strip() or None
    known = cases.by_source(session, actor.organization_id, new.channel, ref) if ref else None
    if known is not None:
        return known, False
    case = new_case(
        session, actor.organization_id, new.channel, new.received_on, now, source_ref=ref,
        title=short_title(new.title or new.statement), petitioner=new.name, purpose=new.purpose, category=new.category,
        place=new.place, people=new.people, statement=new.statement, filed_record={},
    )  # fmt: skip
    session.add(
        CasePerson(
            case_id=case.id, position=0, name=new.name, phone=new.phone, id_type=new.id_type, id_number=new.id_number,
            address=new.address,
        )
    )  # fmt: skip
    keep_accused(session, case, new.accused_unit or new.statement)
    session.add(note_registered(case, actor, actor.name, now))
    session.add(SearchText(case_id=case.id, tokens=search_tokens(search_parts(case))))
    session.flush()
    return case, True


def note_registered(case: StoredCase, actor: Actor, author: str, now: datetime) -> StoredCaseEvent:
    """The event that begins a case's history."""
    return StoredCaseEvent(
        case_id=case.id, at=now, author=author, kind="registered", why=case.case_no, user_id=actor.user_id,
        organization_id=actor.organization_id, to_state=CaseState.REGISTERED,
    )  # fmt: skip


def search_parts(case: StoredCase) -> list[str]:
    """Everything of a case that search reads; telephone and ID numbers are left out."""
    private = {FormField.PHONE, FormField.ID_NUMBER}
    content = case.filed_record
    form = [value["value"] for value in content.get("form", ()) if value["field"] not in private and value["value"]]
    lines = [line["text"] for line in content.get("lines", ())]
    return [case.case_no, str(case.number), case.petitioner, case.title, case.statement, case.place, case.category, *form, *lines]
