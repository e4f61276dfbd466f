"""登记: a matter gets its number, its first deadline and its first event, whichever way it came."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server import clock
from server.domain import titles
from server.domain.casenumbers import case_number
from server.domain.limits import FIRST_RULE
from server.domain.organizations import own_and_above
from server.domain.states import CaseState, Channel, FormField, NoticeKind, Purpose, StaffRole
from server.domain.telephones import plain
from server.errors import InvalidInput
from server.protocol.flow import NewMatter
from server.reception.matter import clocks, notices
from server.store import accounts, accusations, cases, flow
from server.store.access import Actor
from server.store.models import CaseAccused, CasePerson, SearchText, StoredCase, StoredCaseEvent, User
from server.store.search import search_tokens


def new_case(session: Session, organization_id: int, channel: str, received_on: date, now: datetime, **fields: object) -> StoredCase:
    """A case with the next number of its office's year; whoever calls adds persons, events and what search reads."""
    return new_cases(session, organization_id, [{"channel": channel, "received_on": received_on, **fields}], now)[0]


def new_cases(session: Session, organization_id: int, rows: Sequence[Mapping[str, object]], now: datetime) -> list[StoredCase]:
    """Cases with the next numbers, in order, each with its first deadline; a few statements however many there are."""
    office = accounts.organization(session, organization_id)
    year = now.astimezone(clock.OFFICE_ZONE).year
    first = cases.next_number(session, organization_id, year, len(rows))
    numbered = [
        {
            "organization_id": organization_id, "year": year, "number": number, "case_no": case_number(office.code, year, number),
            "state": CaseState.REGISTERED, "filed_at": now, **row,
        }
        for number, row in enumerate(rows, start=first)
    ]  # fmt: skip
    session.execute(insert(StoredCase), numbered)
    made = cases.numbered(session, organization_id, year, first, len(rows))
    clocks.begin_received(session, office, made, FIRST_RULE)
    return made


def keep_accused(session: Session, case: StoredCase, words: str, known: Collection[int] = ()) -> None:
    """Note whom the matter is against, from the words for it, so that they never see it (条例 art. 30); where these name
    nobody, from all that was written.

    `known`: organizations that it is against whatever these words say.
    """
    case.accusation = case.purpose == Purpose.ACCUSATION
    cases.forget_accused(session, case.id)
    if case.accusation:
        found = {*known, *accusations.named(session, words)} or accusations.named(session, case.statement)
        session.add_all(CaseAccused(case_id=case.id, organization_id=number) for number in sorted(found))
    session.flush()


def hand_up(session: Session, case: StoredCase) -> None:
    """Tell those above of an accusation against the very office that registered it: it lies on nobody's desk there."""
    if case.accusation and cases.accused_by(session, case.id, case.organization.path):
        words = f"{case.case_no} 反映的是{case.organization.name}或者它的上级，登记的单位看不到了，请您这里甄别、交办。"
        notices.tell_all(session, officers_above(session, case), NoticeKind.HANDED_UP, case, words)


def officers_above(session: Session, case: StoredCase) -> list[User]:
    """Those of the nearest organization above the registering one who may read the case."""
    above = own_and_above(case.organization.path)[:-1]
    for number in reversed(above):
        found = [one for one in notices.of_unit(session, number) if notices.may_know(session, one, case)]
        if found:
            return found
    return []


def accused_unit(case: StoredCase) -> str:
    """The unit complained about, as the office wrote it down or the form of the talk has it; empty: nobody said."""
    form = {value["field"]: value["value"] for value in case.filed_record.get("form", ())}
    return case.accused_unit or form.get(FormField.ACCUSED_UNIT, "")


def register(session: Session, actor: Actor, new: NewMatter) -> tuple[StoredCase, bool]:
    """Register a matter that did not come by a talk, in the actor's office; False: it came before, nothing was added.

    Raises InvalidInput for a day of receipt in the future and for an unknown purpose.
    """
    ref = new.source_ref.strip()
    known = cases.by_source(session, actor.organization_id, new.channel, ref) if ref else None
    if known is not None:
        check(new)
        return known, False
    return register_all(session, actor, [Incoming(new)])[0], True


@dataclass(frozen=True)
class Incoming:
    """A matter that did not come before, and what its first event tells of where it came from."""

    new: NewMatter
    details: dict[str, object] = field(default_factory=dict)


def register_all(session: Session, actor: Actor, incoming: Sequence[Incoming], *, findable: bool = True) -> list[StoredCase]:
    """Register several at once; whoever calls has left out what came before, and has what is not `findable` made so later:
    that takes longer than all the rest.  Raises as `register` does."""
    if not incoming:
        return []
    for one in incoming:
        check(one.new)
        _check_receiver(session, actor, one.new)
    now = clock.now()
    made = new_cases(session, actor.organization_id, [_row(one.new) for one in incoming], now)
    both = list(zip(made, incoming, strict=True))
    session.execute(insert(CasePerson), [_petitioner(case, one.new) for case, one in both])
    session.execute(insert(StoredCaseEvent), [_registered(case, actor, actor.name, now, one.details) for case, one in both])
    if findable:
        make_findable(session, made)
    _keep_all_accused(session, made)
    return made


def check(new: NewMatter) -> None:
    """Raise InvalidInput for a day of receipt in the future and for an unknown purpose."""
    if new.received_on > clock.today():
        raise InvalidInput("收到的日子不能在今天以后。", fields=["received_on"])
    if new.purpose and new.purpose not in list(Purpose):
        raise InvalidInput("没有这种信访目的。", fields=["purpose"])


def _check_receiver(session: Session, actor: Actor, new: NewMatter) -> None:
    """Raise InvalidInput where the leader who received them on site is none of the office's."""
    if new.received_by_id is None:
        return
    leader = accounts.user_with_organization(session, new.received_by_id)
    known = leader is not None and leader.role == StaffRole.LEADER and _related(leader.organization.path, actor.organization_path)
    if not known or new.channel != Channel.ON_SITE:
        raise InvalidInput("请选接访的领导；只有现场接访才填。", fields=["received_by_id"])


def _related(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _row(new: NewMatter) -> dict[str, object]:
    return {
        "channel": new.channel, "received_on": new.received_on, "source_ref": new.source_ref.strip() or None,
        "title": titles.short(new.title or new.statement), "petitioner": new.name, "purpose": new.purpose,
        "category": new.category, "place": new.place, "accused_unit": new.accused_unit.strip(), "people": new.people,
        "statement": new.statement, "filed_record": {}, "received_by_id": new.received_by_id,
    }  # fmt: skip


def _petitioner(case: StoredCase, new: NewMatter) -> dict[str, object]:
    return {
        "case_id": case.id, "position": 0, "name": new.name, "phone": plain(new.phone), "id_type": new.id_type,
        "id_number": new.id_number, "address": new.address,
    }  # fmt: skip


def _keep_all_accused(session: Session, made: Sequence[StoredCase]) -> None:
    """As `keep_accused`, for new cases: the organizations are read once for all of them."""
    against = [case for case in made if case.purpose == Purpose.ACCUSATION]
    found = accusations.named_in_each(session, [words for case in against for words in (case.accused_unit, case.statement)])
    for case, by_unit, by_statement in zip(against, found[::2], found[1::2], strict=True):
        case.accusation = True
        session.add_all(CaseAccused(case_id=case.id, organization_id=number) for number in by_unit or by_statement)
    session.flush()
    for case in against:
        hand_up(session, case)


def note_registered(
    case: StoredCase, actor: Actor, author: str, now: datetime, details: dict[str, object] | None = None
) -> StoredCaseEvent:
    """The event that begins a case's history."""
    return StoredCaseEvent(**_registered(case, actor, author, now, details))


def _registered(
    case: StoredCase, actor: Actor, author: str, now: datetime, details: dict[str, object] | None
) -> dict[str, object]:
    return {
        "case_id": case.id, "at": now, "author": author, "kind": "registered", "why": case.case_no, "user_id": actor.user_id,
        "organization_id": actor.organization_id, "to_state": CaseState.REGISTERED, "details": details or None,
    }  # fmt: skip


def search_parts(case: StoredCase) -> list[str]:
    """Everything of a case that search reads; telephone and ID numbers are left out."""
    private = {FormField.PHONE, FormField.ID_NUMBER}
    content = case.filed_record
    form = [value["value"] for value in content.get("form", ()) if value["field"] not in private and value["value"]]
    lines = [line["text"] for line in content.get("lines", ())]
    return [case.case_no, str(case.number), case.petitioner, case.title, case.statement, case.place, case.category, case.accused_unit, *form, *lines]


def search_again(session: Session, case: StoredCase) -> None:
    """Have search read a case anew, with its supplements and letters."""
    cases.set_search_tokens(session, case.id, _all_tokens(session, case))


def _all_tokens(session: Session, case: StoredCase) -> str:
    added = [part for one in cases.supplements(session, case.id) for part in (one.reason, one.text)]
    written = [part for one in flow.letters(session, case.id) for part in (one.number, one.text) if part]
    return search_tokens([*search_parts(case), *added, *written], cases.concerned(session, case))


def make_findable(session: Session, new: Sequence[StoredCase]) -> None:
    """Have search read cases that have just come: nothing was added to them yet."""
    texts = [{"case_id": one.id, "tokens": search_tokens(search_parts(one), [one.organization_id])} for one in new]
    session.execute(insert(SearchText), texts)


def make_findable_late(session: Session, organization_id: int, since: datetime, most: int) -> int:
    """The same for those of an office that were registered since then without it, whatever became of them meanwhile; how many."""
    found = cases.not_findable(session, organization_id, since, most)
    session.add_all(SearchText(case_id=one.id, tokens=_all_tokens(session, one)) for one in found)
    session.flush()
    return len(found)
