"""What may be the same matter or a like one, shown with reasons while a matter is registered, before a record is filed, and
on the case page; and what hangs together with a case."""

from collections.abc import Container

from sqlalchemy.orm import Session

from server.domain import terms
from server.domain.joins import BEING_HANDLED, NAMES, OPEN, Deed, JoinKind
from server.domain.likeness import Likeness, Person, Told, compare
from server.domain.states import CaseState, Channel, FormField
from server.protocol.alike import Alike, LinkedCase, Links, LookedFor
from server.reception.matter import cases as filed
from server.reception.matter import flow
from server.reception.record import records
from server.reception.talk import queue
from server.store import alike as store
from server.store import cases, groups, joins
from server.store import records as stored
from server.store.access import Actor
from server.store.models import StoredCase

SHOWN = 8
STRENGTH_WORDS = {"strong": "很像同一件事", "middle": "比较像", "weak": "有一点像"}
LINKED = 30
HOW = {
    "repeat_of": "重复前面这一件", "repeated_by": "后来又来过", "merged_into": "已经并到这一件里办", "merged_in": "并进来的",
    "split_from": "从这一件里拆出来的", "split_off": "拆出去的",
}  # fmt: skip


def while_typing(session: Session, actor: Actor, wanted: LookedFor) -> list[Alike]:
    """Matters like one that is being typed, the likeliest first; at most SHOWN, and only those that the actor may read."""
    persons = tuple(Person(one.name, one.phone, one.id_number, one.address) for one in wanted.persons)
    told = Told(persons, f"{wanted.title}\n{wanted.statement}", wanted.place, wanted.category)
    return [_view(*one) for one in _like(session, actor, told)]


def of_record(session: Session, actor: Actor, record_id: str) -> list[Alike]:
    """Matters like the one of a record that is not filed yet."""
    record = records.require(session, actor, record_id)
    form = {name: entry.value for name, entry in stored.form(session, record.id).items()}
    text = [form.get(name, "") for name in (FormField.SUMMARY, FormField.REQUESTS, FormField.FACTS)]
    one = Person(
        form.get(FormField.NAME) or record.reception.petitioner_name, form.get(FormField.PHONE) or record.reception.petitioner_phone,
        form.get(FormField.ID_NUMBER, ""), form.get(FormField.ADDRESS, ""),
    )  # fmt: skip
    told = Told((one,), "\n".join([*text, *stored.texts(session, record.id)]), form.get(FormField.PROBLEM_PLACE, ""), form.get(FormField.CATEGORY, ""))
    known = cases.case_of_reception(session, record.reception_id)
    return [_view(*found) for found in _like(session, actor, told, apart_from=known.id if known else None)]


def of_reception(session: Session, actor: Actor, reception_id: str) -> list[Alike]:
    """Matters like the one that somebody waits with, by what they said at the kiosk: for the leader to read before the talk."""
    reception = queue.one(session, actor, reception_id)
    person = Person(reception.petitioner_name, reception.petitioner_phone, "", "")
    known = cases.case_of_reception(session, reception.id)
    found = _like(session, actor, Told((person,), reception.matter, "", ""), apart_from=known.id if known else None)
    return [_view(*one) for one in found]


def of_case(session: Session, actor: Actor, case_id: int) -> list[Alike]:
    """Matters like this case, with what the actor may decide about each."""
    case = filed.require_case(session, actor, case_id)
    persons, texts = store.people_of(session, [case.id]), store.texts_of(session, [case.id])
    told = store.told_of(case, persons.get(case.id, ()), texts.get(case.id, ""))
    found = _like(session, actor, told, apart_from=case.id)
    standing = groups.standing_of(session, [one.id for one, _ in found])
    return [_view(one, likeness, _may(actor, case, one), _may_group(actor, one, standing)) for one, likeness in found]


def _may_group(actor: Actor, one: StoredCase, standing: Container[int]) -> bool:
    return flow.of_office(actor, one) and not one.accusation and one.state != CaseState.MERGED and one.id not in standing


def _like(session: Session, actor: Actor, told: Told, *, apart_from: int | None = None) -> list[tuple[StoredCase, Likeness]]:
    weights = store.weights_of(session)
    found = []
    for one in store.candidates(session, actor, told, apart_from=apart_from):
        likeness = compare(told, one.told, weights)
        if likeness is not None:
            found.append((one.case, likeness))
    found.sort(key=lambda pair: (-pair[1].points, -pair[1].text, -pair[0].id))
    return found[:SHOWN]


def _view(case: StoredCase, likeness: Likeness, may: tuple[Deed, ...] = (), may_group: bool = False) -> Alike:
    return Alike(
        case_id=case.id, version=case.version, case_no=case.case_no, title=case.title, petitioner=case.petitioner,
        state=terms.CASE_STATE[CaseState(case.state)], channel=terms.CHANNEL[Channel(case.channel)], received_on=case.received_on,
        organization=case.organization.name, unit=case.unit.name if case.unit else "", strength=likeness.strength,
        strength_words=STRENGTH_WORDS[likeness.strength], same_person=bool(likeness.person), reasons=likeness.reasons, may=may,
        may_group=may_group,
    )  # fmt: skip


def _may(actor: Actor, case: StoredCase, one: StoredCase) -> tuple[Deed, ...]:
    """What makes sense between the two; whether it holds is decided when it is done (reception/joining.py)."""
    if not flow.of_office(actor, case) or CaseState.MERGED in (case.state, one.state) or one.received_on > case.received_on:
        return ()
    may = []
    if case.state == CaseState.REGISTERED and one.state in BEING_HANDLED and case.repeat_of_id in (None, one.id):
        may.append(Deed.GUIDE_BACK)
    if case.repeat_of_id is None:
        may.append(Deed.REPEAT)
    if case.state in OPEN and one.state in OPEN and flow.of_office(actor, one):
        may.append(Deed.MERGE)
    return tuple(may)


# --- what hangs together -----------------------------------------------------------------------------------------


def links_of(session: Session, actor: Actor, case_id: int) -> Links:
    """Earlier, later, merged and split cases that the actor may read, and what they may decide."""
    case = filed.require_case(session, actor, case_id)
    found = joins.around(session, actor, case, LINKED)
    office = flow.of_office(actor, case)
    group = groups.group_of(session, actor, case.id)
    standing = case.state != CaseState.MERGED
    why = _why_repeat(session, case)
    return Links(
        version=case.version,
        linked=tuple(_linked(how, one, why) for how, one in found[:LINKED]),
        more=len(found) > LINKED,
        repeat=case.repeat_of_id is not None,
        may_split=office and case.state in OPEN,
        may_undo=tuple((deed.value, NAMES[deed]) for deed in _undoable(session, case)) if office else (),
        may_group=office and standing and not case.accusation and group is None,
        group=group,
        groups=tuple(groups.open_refs(session, actor)) if office and standing and group is None and not case.accusation else (),
    )  # fmt: skip


def _why_repeat(session: Session, case: StoredCase) -> str:
    """What the person wrote who said that it repeats an earlier one."""
    if case.repeat_of_id is None:
        return ""
    said = [one.why for one in cases.events(session, case.id) if one.kind in (Deed.REPEAT, Deed.GUIDE_BACK)]
    return said[-1] if said else ""


def _linked(how: str, one: StoredCase, why: str) -> LinkedCase:
    return LinkedCase(
        case_id=one.id, version=one.version, case_no=one.case_no, title=one.title, state=terms.CASE_STATE[CaseState(one.state)],
        received_on=one.received_on, how=how, words=HOW[how], why=why if how == "repeat_of" else "",
    )  # fmt: skip


def _undoable(session: Session, case: StoredCase) -> list[Deed]:
    kinds = ((JoinKind.MERGE, Deed.UNMERGE), (JoinKind.GUIDE_BACK, Deed.UNGUIDE_BACK), (JoinKind.SPLIT, Deed.UNSPLIT))
    found = []
    for kind, deed in kinds:
        join = joins.standing(session, kind, case.id)
        if join is not None and join.case_version == case.version:
            found.append(deed)
    if case.repeat_of_id is not None and case.state != CaseState.MERGED and Deed.UNGUIDE_BACK not in found:
        found.append(Deed.UNREPEAT)
    return found


