"""待办、到期、督办: the lists of an actor with what each row tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import desks, terms
from server.domain.desks import DESKS, Desk, DueGroup
from server.domain.flow import STEPS, LetterKind, Step
from server.domain.letterkinds import SUPERVISION_LETTERS
from server.domain.limits import RULES, Rule
from server.domain.progress_words import BETWEEN_OFFICES, NAMES
from server.domain.states import AssignmentPart, AssignmentState, CaseState, Channel, PromiseState
from server.errors import NotFound
from server.protocol.work import DeskView, Due, DuePart, KeptPromise, NamedId, WorkPage, WorkRow
from server.reception import marks
from server.reception.matter import clocks
from server.store import desks as store
from server.store import flow as flow_store
from server.store import units as within_reach
from server.store.access import Actor
from server.store.desks import Hit, Narrowed, Place, ToldCase, ToldDuty, ToldEvent, ToldShare
from server.store.models import (
    CasePause,
    PetitionerRequest,
    Reception,
    StoredExtension,
    StoredLetter,
    StoredPromise,
)

UNITS_OFFERED = 50
DUE_ROWS = 20
_ABOUT: Mapping[Desk, type] = {Desk.REQUESTS: PetitionerRequest, Desk.EXTENSIONS: StoredExtension, Desk.UNDELIVERED: StoredLetter,
                               Desk.RECEPTIONS: Reception}  # fmt: skip
_OF_DUTIES = (Desk.LATE, Desk.ALL_LATE)
_SHARE_STATE = {Desk.OBJECTIONS: AssignmentState.OBJECTED, Desk.FEEDBACK: AssignmentState.FED_BACK,
                Desk.RETURNED: AssignmentState.SENT_BACK}  # fmt: skip
_OWN_SHARE = (Desk.TO_RECEIVE, Desk.TO_ACCEPT, Desk.WORKING, Desk.SENT_BACK)
_SAYS = {Desk.OBJECTIONS: (Step.OBJECT,), Desk.FEEDBACK: (Step.FEED_BACK,), Desk.SENT_BACK: (Step.SEND_BACK,),
         Desk.RETURNED: (Step.SEND_BACK,), Desk.CAME_BACK: (Step.WITHDRAW, Step.UPHOLD_OBJECTION)}  # fmt: skip
_TO_DO = {Desk.ARRIVED: "甄别，转送、交办", Desk.CAME_BACK: "重新交办", Desk.OBJECTIONS: "定同意不同意", Desk.EXTENSIONS: "定批不批",
          Desk.FEEDBACK: "看反馈", Desk.TO_RECEIVE: "签收", Desk.TO_ACCEPT: "告知受理不受理", Desk.WORKING: "答复、反馈",
          Desk.SENT_BACK: "补反馈", Desk.RETURNED: "补反馈", Desk.REPEATED: "办这件事", Desk.UNCONTACTED: "联系信访人"}  # fmt: skip


# --- lists -------------------------------------------------------------------------------------------------------


def overview(session: Session, actor: Actor, shown: Sequence[Desk]) -> tuple[DeskView, ...]:
    """The lists of the actor with how much is in each, never counted beyond a hundred."""
    found = store.counts(session, actor, shown, clock.today())
    return tuple(_view(actor, desk, found[desk]) for desk in shown)


def of_page(actor: Actor, supervision: bool) -> tuple[Desk, ...]:
    """The lists of 督办, or of 待办."""
    mine = desks.desks_of(actor.role)
    return tuple(desk for desk in mine if (desk in desks.SUPERVISION) == supervision)


def _view(actor: Actor, desk: Desk, found: int) -> DeskView:
    rule = DESKS[desk]
    hidden = actor.role is not None and desk in desks.HIDDEN_EMPTY.get(actor.role, ())
    return DeskView(
        key=desk, name=rule.name, waits=rule.waits, empty=rule.empty, count=min(found, store.MOST_COUNTED - 1),
        more=found >= store.MOST_COUNTED, bulk=rule.bulk, shown=found > 0 or not hidden,
    )  # fmt: skip


def listed(session: Session, actor: Actor, desk: Desk, after: str) -> WorkPage:
    """A page of one list; raises NotFound where this role has no such list."""
    if desk not in desks.desks_of(actor.role):
        raise NotFound
    most = store.PAGE_ROWS
    hits = store.page(session, actor, desk, clock.today(), marks.places(after, store.kinds(actor, desk)), most + 1)
    return _page(session, actor, desk, hits, most)


def _page(session: Session, actor: Actor, desk: Desk, hits: Sequence[Hit], most: int) -> WorkPage:
    shown = hits[:most]
    rows = tuple(_rows(session, actor, desk, shown))
    return WorkPage(rows=rows, next=marks.mark(shown[-1].places) if len(hits) > most else "")


# --- 到期 --------------------------------------------------------------------------------------------------------


def due(session: Session, actor: Actor, unit_id: int | None, rule: str) -> Due:
    """What is late and what falls within a week, with what the list can be narrowed to."""
    parts = _parts(session, actor, Narrowed(unit_id, rule))
    named = {one.id: one.name for one in store.units_below(session, actor)}
    named |= {row.who_id: row.who for part in parts for row in part.page.rows if row.who_id}
    if unit_id is not None and (asked := within_reach.reachable(session, actor, unit_id)) is not None:
        named[asked.id] = asked.name
    rules = tuple(NamedId(id=one.id, name=one.name) for one in RULES.values() if one.whose == "office" and not one.extends)
    return Due(parts=parts, units=tuple(NamedId(id=key, name=name) for key, name in named.items()), rules=rules)


def _parts(session: Session, actor: Actor, narrowed: Narrowed) -> tuple[DuePart, ...]:
    """Every part with its first page; what the rows tell is read once for all of them."""
    hits = store.due_pages(session, actor, clock.today(), narrowed, store.MOST_COUNTED)
    shown = [hit for group in DueGroup for hit in hits[group][:DUE_ROWS]]
    rows = dict(zip([hit.places for hit in shown], _rows(session, actor, Desk.ALL_LATE, shown), strict=True))
    return tuple(_part(group, hits[group], rows) for group in DueGroup)


def _part(group: DueGroup, hits: Sequence[Hit], rows: Mapping[tuple[Place, ...], WorkRow]) -> DuePart:
    shown, count = hits[:DUE_ROWS], len(hits)
    page = WorkPage(rows=tuple(rows[hit.places] for hit in shown), next=marks.mark(shown[-1].places) if len(hits) > DUE_ROWS else "")
    return DuePart(
        key=group, name=desks.DUE[group][0], count=min(count, store.MOST_COUNTED - 1), more=count >= store.MOST_COUNTED, page=page
    )


def due_part(session: Session, actor: Actor, group: DueGroup, unit_id: int | None, rule: str, after: str) -> WorkPage:
    """A further page of one part of 到期."""
    behind = marks.places(after, store.kinds(actor, Desk.ALL_LATE))
    hits = store.due_page(session, actor, group, clock.today(), Narrowed(unit_id, rule), behind, DUE_ROWS + 1)
    return _page(session, actor, Desk.ALL_LATE, hits, DUE_ROWS)


# --- rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Everything that the rows of one page tell, read at once."""

    desk: Desk
    actor: Actor
    cases: Mapping[int, ToldCase]
    shares: Mapping[int, list[ToldShare]]
    duties: Mapping[int, list[ToldDuty]]
    events: Mapping[int, list[ToldEvent]]
    pauses: Mapping[int, list[CasePause]]
    about: Mapping[Any, object]
    rules: Mapping[str, Mapping[str, Rule]]


def _rows(session: Session, actor: Actor, desk: Desk, hits: Sequence[Hit]) -> list[WorkRow]:
    ids = {hit.case_id for hit in hits}
    cases, duties = store.cases_by_id(session, ids), store.duties_of(session, ids)
    told = Told(
        desk=desk, actor=actor, cases=cases, duties=duties,
        shares=store.shares_of(session, ids) if desk in _OWN_SHARE or desk in _SHARE_STATE else {},
        events=store.told_of(session, ids), pauses=flow_store.pauses(session, list(ids)),
        about=_about(session, desk, hits, duties), rules=clocks.rules_of_each(session, {case.path for case in cases.values()}),
    )  # fmt: skip
    if desk is Desk.RECEPTIONS:
        kept = store.promises_of(session, [str(hit.places[-1]) for hit in hits])
        return [_reception_row(told, hit, kept.get(str(hit.places[-1]), [])) for hit in hits]
    return [_row(told, hit) for hit in hits]


def _about(session: Session, desk: Desk, hits: Sequence[Hit], duties: Mapping[int, list[ToldDuty]]) -> Mapping[Any, object]:
    """What each row is about, where that is neither the case nor a share; duties are there already."""
    if desk in _OF_DUTIES:
        return {one.id: one for some in duties.values() for one in some}
    kind = _ABOUT.get(desk)
    return store.by_id(session, kind, [hit.places[-1] for hit in hits]) if kind else {}


def _row(told: Told, hit: Hit) -> WorkRow:
    case = told.cases[hit.case_id]
    about = told.about.get(hit.places[-1])
    share = _share(told, hit)
    duty = about if isinstance(about, ToldDuty) else _duty(told, hit.case_id)
    who, what = _task(told, case, about, share)
    events = told.events.get(case.id, [])
    return WorkRow(
        key=f"{hit.places[-1]}", id=case.id, **_of_case(case), since=_since(case, about, share), who=who,
        who_id=duty.organization_id if duty else None, what=what, said=_said(told, about, events),
        **_when(told, case, duty),
        officer=share.officer or "" if share is not None else "",
        urged=sum(one.kind == "urged" for one in events), written=sum(one.kind in SUPERVISION_LETTERS for one in events),
        returned=sum(one.kind == Step.SEND_BACK for one in events),
    )  # fmt: skip


def _of_case(case: ToldCase) -> dict[str, object]:
    return {
        "version": case.version, "case_no": case.case_no, "title": case.title, "petitioner": case.petitioner,
        "people": case.people, "place": case.place, "state": terms.CASE_STATE[CaseState(case.state)],
        "channel": terms.CHANNEL[Channel(case.channel)], "organization": case.organization,
        "unit": case.unit or "",
    }  # fmt: skip


def _share(told: Told, hit: Hit) -> ToldShare | None:
    """The unit's share that the row is about."""
    shares = told.shares.get(hit.case_id, [])
    if told.desk in _OWN_SHARE:
        return next((one for one in shares if one.id == hit.places[-1]), None)
    state = _SHARE_STATE.get(told.desk)
    return next((one for one in shares if one.state == state), None) if state else None


def _duty(told: Told, case_id: int) -> ToldDuty | None:
    """The nearest of the actor's own unit, else of whoever owes the petitioner something first; a right that lapsed is nobody's duty."""
    lapsed = [one for one in told.duties.get(case_id, []) if one.rule in store.RIGHTS and one.due_on < clock.today()]
    open_ones = [one for one in told.duties.get(case_id, []) if one not in lapsed]
    own = [one for one in open_ones if one.organization_id == told.actor.organization_id]
    return next(iter(own or sorted(open_ones, key=lambda one: one.rule in BETWEEN_OFFICES)), None)


def _task(told: Told, case: ToldCase, about: object, share: ToldShare | None) -> tuple[str, str]:
    """Who has to do what."""
    if isinstance(about, ToldDuty):
        return about.organization, RULES[about.rule].name
    if isinstance(about, PetitionerRequest):
        return case.organization, STEPS[Step(about.step)].name
    if isinstance(about, StoredLetter):
        return case.organization if about.organization_id == case.organization_id else _unit(case), f"送达{terms.LETTER[LetterKind(about.kind)]}"
    if share is not None:
        return share.organization, f"{terms.ASSIGNMENT_PART[AssignmentPart(share.part)]}，{_TO_DO[told.desk]}"
    office = told.desk in (Desk.ARRIVED, Desk.CAME_BACK, Desk.EXTENSIONS)
    return case.organization if office else _unit(case), _TO_DO[told.desk]


def _unit(case: ToldCase) -> str:
    return case.unit or case.organization


def _said(told: Told, about: object, events: Sequence[ToldEvent]) -> str:
    if isinstance(about, PetitionerRequest):
        return f"申请{NAMES[Step(about.step)]}" + (f"：{about.words}" if about.words else "")
    if isinstance(about, StoredExtension):
        return f"申请延长 {about.days} 天：{about.reason}"
    kinds = _SAYS.get(told.desk, ())
    return next((one.why for one in reversed(events) if one.kind in kinds), "")


def _since(case: ToldCase, about: object, share: ToldShare | None) -> date | datetime:
    if isinstance(about, StoredExtension | PetitionerRequest):
        return about.asked_at
    if isinstance(about, StoredLetter):
        return about.issued_at
    return share.given_at if share is not None else case.received_on


def _when(told: Told, case: ToldCase, duty: ToldDuty | None) -> dict[str, object]:
    """Until when and why, in short and as it explains itself."""
    if duty is None:
        return {}
    rules, pauses = told.rules[case.path], told.pauses.get(case.id, ())
    rule = clocks.counted(duty, rules, pauses).rule
    return {"basis": desks.basis(rule.article, rule.limit), "deadline": clocks.explained(duty, rules, pauses)}


def _reception_row(told: Told, hit: Hit, kept: Sequence[StoredPromise]) -> WorkRow:
    """A talk with what was undertaken in it, and what became of the matter."""
    reception = told.about[hit.places[-1]]
    assert isinstance(reception, Reception)
    case = told.cases.get(hit.case_id)
    duty = _duty(told, case.id) if case else None
    of_case = _of_case(case) if case else {
        "version": 0, "case_no": "", "title": reception.matter, "petitioner": reception.petitioner_name, "people": 1, "place": "",
        "state": "笔录还没有归档", "channel": "", "organization": "", "unit": "",
    }  # fmt: skip
    return WorkRow(
        key=reception.id, id=hit.case_id, **of_case, since=reception.asked_at, who=_unit(case) if case else "",
        what=RULES[duty.rule].name if duty else "", **(_when(told, case, duty) if case else {}), reception_id=reception.id,
        promises=tuple(
            KeptPromise(id=one.id, who=one.who, what=one.what, by=one.by, confirmed=one.state == PromiseState.CONFIRMED)
            for one in kept
        ),
    )  # fmt: skip


# --- what can be chosen ------------------------------------------------------------------------------------------


def units(session: Session, actor: Actor, words: str) -> tuple[NamedId, ...]:
    """Units that the actor's office may give a matter to (store/units.py), by words of their name."""
    return tuple(NamedId(id=one.id, name=one.name) for one, _ in within_reach.find(session, actor, None, words, UNITS_OFFERED))


def officers(session: Session, actor: Actor) -> tuple[NamedId, ...]:
    """Who in the actor's unit can work on a share."""
    return tuple(NamedId(id=one.id, name=one.name) for one in store.officers_of(session, actor.organization_id))
