"""办理时限 of a case: begun, met, dropped and counted again when days stand still or are added."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server import clock
from server.domain.commitments import RULE as PROMISE
from server.domain.deadline_words import explain
from server.domain.deadlines import Deadline, Extension, Pause, check_extension, count
from server.domain.limits import RULES, LimitError, LocalRule, Rule, rules_for
from server.errors import InvalidInput, WrongState
from server.protocol.cases import CaseDeadline, DeadlineView
from server.store import flow as store
from server.store.models import (
    CasePause,
    LocalLimit,
    Organization,
    StoredCase,
    StoredDeadline,
    StoredExtension,
)

KEPT = 2048
"""So many deadlines are kept as they were counted and explained.  All that decides about one is in the question, the day,
too, so nothing kept is ever wrong."""


def rules_of(session: Session, path: str) -> Mapping[str, Rule]:
    """The limits of an organization: the law, and what it or the nearest one above it has set stricter."""
    return rules_of_each(session, [path])[path]


def rules_of_each(session: Session, paths: Collection[str]) -> dict[str, Mapping[str, Rule]]:
    """The same for several organizations, by their paths; one read."""
    found = store.local_limits(session, tuple(sorted(paths)))
    return {path: _rules(frozenset((name, _local(one)) for name, one in local.items() if name in RULES)) for path, local in found.items()}


def _local(one: LocalLimit) -> LocalRule:
    return LocalRule(value=one.value, unit=one.unit, source=one.source)  # type: ignore[arg-type]


@lru_cache(maxsize=256)
def _rules(local: frozenset[tuple[str, LocalRule]]) -> Mapping[str, Rule]:
    return MappingProxyType(rules_for(dict(local)))


def begin(
    session: Session, case: StoredCase, rule: str, organization_id: int | None, starts_on: date, *, days: int | None = None
) -> StoredDeadline:
    """A deadline that begins on this day, for whoever has to act; `days`: so long, whatever the rule says."""
    law = rules_of(session, case.organization.path)[rule]
    law = law if days is None else replace(law, value=days)
    made = StoredDeadline(**_row(case, law, organization_id, starts_on, count(law, starts_on, today=clock.today()).due_on))
    session.add(made)
    session.flush()
    return made


def begin_once(session: Session, case: StoredCase, rule: str, organization_id: int | None, starts_on: date) -> None:
    """A deadline of theirs that begins on this day; one that runs from then or before already becomes theirs, one that
    began later gives way."""
    running = store.open_deadlines_of(session, case.id, (rule,))
    earlier = [one for one in running if one.starts_on <= starts_on]
    for one in earlier:
        one.organization_id = organization_id
    if not earlier:
        for one in running:
            one.dropped_at = clock.now()
        begin(session, case, rule, organization_id, starts_on)


def begin_received(session: Session, office: Organization, cases: Sequence[StoredCase], rule: str) -> None:
    """The office's first deadline of each of these new cases, from the day it was received."""
    law, today = rules_of(session, office.path)[rule], clock.today()
    due = {day: count(law, day, today=today).due_on for day in {case.received_on for case in cases}}
    session.execute(insert(StoredDeadline), [_row(case, law, office.id, case.received_on, due[case.received_on]) for case in cases])


def _row(case: StoredCase, rule: Rule, organization_id: int | None, starts_on: date, due_on: date) -> dict[str, object]:
    """A deadline with the limit it begins with: it stays at that, whatever is decided later."""
    return {
        "case_id": case.id, "organization_id": organization_id, "office_id": case.organization_id, "rule": rule.id, "starts_on": starts_on,
        "due_on": due_on, "days": rule.value, "unit": rule.unit, "local_source": rule.local_source,
    }  # fmt: skip


def meet(session: Session, case: StoredCase, rules: Collection[str], day: date, organization_id: int | None = None) -> None:
    """What these limits ask for was done on that day."""
    for one in store.open_deadlines_of(session, case.id, rules) if rules else ():
        if organization_id is None or one.organization_id == organization_id:
            one.done_at, one.done_on = clock.now(), day


def drop(session: Session, case: StoredCase, *, organization_id: int | None = None, rules: Collection[str] = ()) -> None:
    """These do not hold any more: those of a unit, of these limits, or all but what a leader promised, which only the
    leader takes back."""
    for one in store.open_deadlines_of(session, case.id, rules):
        if one.rule == PROMISE and PROMISE not in rules:
            continue
        if organization_id is None or one.organization_id == organization_id:
            one.dropped_at = clock.now()


def recount(session: Session, case: StoredCase) -> None:
    """Every open deadline with its pauses and its extension as they are now."""
    rules, pauses = rules_of(session, case.organization.path), store.pauses(session, [case.id]).get(case.id, ())
    for one in store.open_deadlines_of(session, case.id):
        one.due_on = counted(one, rules, pauses).due_on


class Running(Protocol):
    """What counts a stored deadline, whether it was read whole or for a row of a list."""

    @property
    def rule(self) -> str: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def due_on(self) -> date: ...
    @property
    def days(self) -> int | None: ...
    @property
    def unit(self) -> str: ...
    @property
    def local_source(self) -> str: ...
    @property
    def extended_days(self) -> int: ...
    @property
    def extended_on(self) -> date | None: ...


def counted(deadline: Running, rules: Mapping[str, Rule], pauses: Sequence[CasePause]) -> Deadline:
    """A stored deadline counted as of today, by the limit it began with."""
    return _counted_once(*_what_counts(deadline, rules, pauses))


def explained(
    deadline: Running, rules: Mapping[str, Rule], pauses: Sequence[CasePause], done: bool = False
) -> DeadlineView:
    """The same as it explains itself."""
    return _explained_once(*_what_counts(deadline, rules, pauses), deadline.due_on, done)


_Counts = tuple[Rule, date, tuple[Pause, ...], Extension | None, date]


def _what_counts(deadline: Running, rules: Mapping[str, Rule], pauses: Sequence[CasePause]) -> _Counts:
    """Everything that decides about the day."""
    rule = _began_with(deadline, rules)
    extension = (
        Extension(days=deadline.extended_days, approved_on=deadline.extended_on) if deadline.extended_on is not None else None
    )
    stopping = tuple(Pause(kind=one.kind, first=one.first, last=one.last) for one in pauses if one.kind in rule.stopped_by)
    return rule, deadline.starts_on, stopping, extension, clock.today()


@lru_cache(maxsize=KEPT)
def _counted_once(rule: Rule, starts_on: date, pauses: tuple[Pause, ...], extension: Extension | None, today: date) -> Deadline:
    """What began on one day under one limit falls due on one day; on a page of a desk many did."""
    return count(rule, starts_on, pauses=pauses, extension=extension, today=today)


@lru_cache(maxsize=KEPT)
def _explained_once(
    rule: Rule, starts_on: date, pauses: tuple[Pause, ...], extension: Extension | None, today: date, due_on: date, done: bool
) -> DeadlineView:
    return explain(_counted_once(rule, starts_on, pauses, extension, today), today, stored_due=due_on, done=done)


def _began_with(deadline: Running, rules: Mapping[str, Rule]) -> Rule:
    """What was granted when it was allowed to be longer stays granted, so an extension is checked against the law."""
    rule = rules[deadline.rule]
    if deadline.extended_on is not None:
        rule = replace(rule, extended_by=RULES[deadline.rule].extended_by)
    if deadline.days is None or (deadline.days, deadline.unit, deadline.local_source) == (rule.value, rule.unit, rule.local_source):
        return rule
    return replace(rule, value=deadline.days, unit=deadline.unit, local_source=deadline.local_source)  # type: ignore[arg-type]


def views(session: Session, cases: Sequence[StoredCase], deadlines: Mapping[int, StoredDeadline]) -> dict[int, DeadlineView]:
    """Per case its deadline as it explains itself, as of today; a few reads however many cases there are."""
    pauses = store.pauses(session, list(deadlines))
    rules = rules_of_each(session, {case.organization.path for case in cases if case.id in deadlines})
    found = {}
    for case in cases:
        if (deadline := deadlines.get(case.id)) is not None:
            own = rules[case.organization.path]
            found[case.id] = explained(deadline, own, pauses.get(case.id, ()), deadline.done_at is not None)
    return found


def open_views(session: Session, case: StoredCase) -> tuple[CaseDeadline, ...]:
    """Every limit of a case that is not met yet, as it explains itself today, the nearest first."""
    rules, pauses = rules_of(session, case.organization.path), store.pauses(session, [case.id]).get(case.id, ())
    return tuple(
        CaseDeadline(
            **dict(explained(one, rules, pauses)), rule=one.rule, organization_id=one.organization_id,
        )
        for one in store.open_deadlines_of(session, case.id)
    )  # fmt: skip


# --- extensions --------------------------------------------------------------------------------------------------


def ask_extension(session: Session, case: StoredCase, rules: Collection[str], days: int, reason: str, author: str) -> None:
    """Write down that a unit asks for more days; raises InvalidInput where the law does not give them."""
    deadline = _extendable(session, case, rules)
    try:
        check_extension(_counted(session, case, deadline), Extension(days=days, approved_on=clock.today()))
    except LimitError as error:
        raise InvalidInput(str(error)) from None
    if store.open_extension(session, case.id) is not None:
        raise WrongState("已经有一个延期申请在等批准。")
    session.add(
        StoredExtension(deadline_id=deadline.id, case_id=case.id, days=days, reason=reason, asked_by=author, asked_at=clock.now())
    )


def decide_extension(session: Session, case: StoredCase, granted: bool, author: str) -> StoredExtension:
    """Decide what a unit asked for.  Raises WrongState where nothing was asked, InvalidInput where it is too late."""
    asked = store.open_extension(session, case.id)
    if asked is None:
        raise WrongState("没有等着批准的延期申请。")
    deadline = session.get_one(StoredDeadline, asked.deadline_id)
    if granted:
        try:
            check_extension(_counted(session, case, deadline), Extension(days=asked.days, approved_on=clock.today()))
        except LimitError as error:
            raise InvalidInput(str(error)) from None
        deadline.extended_days, deadline.extended_on = asked.days, clock.today()
        recount(session, case)
    asked.granted, asked.decided_by, asked.decided_at = granted, author, clock.now()
    return asked


def _extendable(session: Session, case: StoredCase, rules: Collection[str]) -> StoredDeadline:
    open_ones = store.open_deadlines_of(session, case.id, rules)
    if not open_ones:
        raise WrongState("这一步没有可以延长的期限。")
    return open_ones[0]


def _counted(session: Session, case: StoredCase, deadline: StoredDeadline) -> Deadline:
    return counted(
        deadline, rules_of(session, case.organization.path), store.pauses(session, [case.id]).get(case.id, ())
    )
