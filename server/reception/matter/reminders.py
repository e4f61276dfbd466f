"""Reminders of deadlines: what is due to be said is found by one index, in batches, and said once (domain/reminding.py)."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from server import clock
from server.domain.commitments import CommitmentState
from server.domain.limits import LAPSING, RULES
from server.domain.organizations import own_and_above
from server.domain.reminding import Audience, Plan, Stage, next_look, promise_words, reached, words
from server.domain.states import StaffRole
from server.reception.account.accounts import actor_of_user
from server.reception.matter import clocks, notices, registering
from server.reception.office import Office
from server.settings import Settings
from server.store import accounts, commitments
from server.store import flow as flow_store
from server.store import notices as notice_store
from server.store import reminders as store
from server.store.models import Commitment, Organization, StoredCase, StoredDeadline, StoredReminder, User

BATCH = 300
"""Deadlines in one transaction."""


def plan_of(settings: Settings) -> Plan:
    """When to remind, as the office has set it."""
    return Plan(before=settings.remind_before_days, late=settings.remind_late_days)


def remind(office: Office, today: date | None = None) -> int:
    """Say everything that is to be said by today; how many deadlines were looked at.

    May be killed and begun again at any time: a batch is said, and noted as said, in one transaction.
    """
    plan, day, looked = plan_of(office.settings), today or clock.today(), 0
    _move_on(office)
    for one_batch in (batch, promises):
        found = BATCH
        while found == BATCH:
            with office.store.write() as session:
                found = one_batch(session, plan, day)
            looked += found
    return looked


def _move_on(office: Office) -> None:
    last = -1
    while last:
        with office.store.write() as session:
            last = stand_still(session, last, BATCH)


def stand_still(session: Session, after: int, rows: int) -> int:
    """Every day that a limit stands still moves its last day on by one, so that it is not late meanwhile: as of today, of so many
    pauses behind that one.  The id of the last of them; 0: there are none."""
    found = store.running_pauses(session, after, rows)
    if not found:
        return 0
    ids = [one.case_id for one in found]
    cases, deadlines, pauses = store.cases_of(session, ids), flow_store.open_deadlines(session, ids), flow_store.pauses(session, ids)
    rules = clocks.rules_of_each(session, {case.organization.path for case in cases.values()})
    for case_id, case in cases.items():
        for one in deadlines.get(case_id, ()):
            due_on = clocks.counted(one, rules[case.organization.path], pauses[case_id]).due_on
            if one.due_on != due_on:
                one.due_on = due_on
    session.flush()
    return found[-1].id


def batch(session: Session, plan: Plan, today: date, rows: int = BATCH) -> int:
    """The deadlines that have waited longest to be looked at."""
    deadlines = store.to_look_at(session, today, rows)
    running = [one for one in deadlines if one.done_at is None and one.dropped_at is None and one.organization_id is not None]
    for one in deadlines:
        one.remind_on = None
    if running:
        _Batch(session, plan, today, running).say()
    session.flush()
    return len(deadlines)


def promises(session: Session, plan: Plan, today: date, rows: int = BATCH) -> int:
    """What leaders promised and what has no deadline yet, because its record is not filed: by its own day."""
    found = commitments.to_remind(session, today, rows)
    for one in found:
        one.remind_on = None
        if one.state != CommitmentState.OPEN or one.deadline_id is not None:
            continue
        for stage in reached(plan, one.due_on, today, lapses=False):
            if stage.name not in one.reminded.split():
                one.reminded += f"{stage.name} "
                told = promise_words(one.reception.number, one.promised_by.name, one.due_on, today)
                notices.announce(session, _of_promise(session, one, stage.audience), stage.kind, told)
        one.remind_on = next_look(plan, one.due_on, today, lapses=False)
    session.flush()
    return len(found)


def _of_promise(session: Session, one: Commitment, audience: Audience) -> list[User]:
    """Who made it and the office's clerks; its unit, too, once somebody has said that it is no accusation (条例 art. 30)."""
    if audience is Audience.LEADER:
        users = [one.promised_by]
    elif audience is Audience.SUPERVISOR:
        users = list(notice_store.officers(session, [one.organization_id], [StaffRole.SUPERVISOR]))
    else:
        users = [one.promised_by, *notice_store.officers(session, [one.organization_id], [StaffRole.CLERK]), *notices.of_unit(session, one.unit_id)]
    known = {user.id: user for user in users if user.active}
    return [user for user in known.values() if commitments.one(session, actor_of_user(user), one.id) is not None]


class _Batch:
    """What the deadlines of a batch have in common, read at once."""

    def __init__(self, session: Session, plan: Plan, today: date, deadlines: Sequence[StoredDeadline]) -> None:
        ids = {one.case_id for one in deadlines}
        self.session, self.plan, self.today, self.deadlines = session, plan, today, deadlines
        self.cases = store.cases_of(session, ids)
        self.standing = store.standing_still(session, ids)
        self.said = store.said(session, [one.id for one in deadlines])
        self.officers = store.officers_of(session, ids)
        self.units = accounts.named(session, {one.organization_id for one in deadlines if one.organization_id is not None})
        self.known: dict[tuple[frozenset[int], tuple[StaffRole, ...]], Sequence[User]] = {}

    def say(self) -> None:
        for one in self.deadlines:
            # While the days stand still nothing falls due; when they go on, the day is counted anew and looked at again.  What had
            # run out before is late all the same.
            pause = self.standing.get(one.case_id)
            if pause is not None and pause.kind in RULES[one.rule].stopped_by and pause.first <= one.due_on:
                continue
            lapses = one.rule in LAPSING
            for stage in reached(self.plan, one.due_on, self.today, lapses):
                if (one.id, one.due_on, stage.name) not in self.said:
                    self._say(one, stage)
            one.remind_on = next_look(self.plan, one.due_on, self.today, lapses)

    def _say(self, deadline: StoredDeadline, stage: Stage) -> None:
        case, unit = self.cases[deadline.case_id], self.units[deadline.organization_id or 0]
        self.session.add(StoredReminder(deadline_id=deadline.id, due_on=deadline.due_on, stage=stage.name, at=clock.now()))
        name = RULES[deadline.rule].name
        told = words(case.case_no, name, deadline.due_on, self.today, "" if stage.audience is Audience.UNIT else unit.name)
        users = self._audience(stage.audience, case, unit)
        if case.accusation:
            users = [one for one in users if notices.may_know(self.session, one, case)]
            if not users and unit.id == case.organization_id:
                users = registering.officers_above(self.session, case)
        if users:
            notices.tell_all(self.session, users, stage.kind, case, told, about=name)

    def _audience(self, audience: Audience, case: StoredCase, unit: Organization) -> Sequence[User]:
        if audience is Audience.SUPERVISOR:
            return self._of(own_and_above(case.organization.path), StaffRole.SUPERVISOR)
        if audience is Audience.LEADER:
            return self._of([unit.id, case.organization_id], StaffRole.LEADER)
        officer = self.officers.get((case.id, unit.id))
        if officer is not None and officer.active:
            return [officer]
        return self._of([unit.id], *notices.DOERS) or self._of([unit.id], StaffRole.LEADER)

    def _of(self, organization_ids: Sequence[int], *roles: StaffRole) -> Sequence[User]:
        key = (frozenset(organization_ids), roles)
        if key not in self.known:
            self.known[key] = notice_store.officers(self.session, organization_ids, roles)
        return self.known[key]
