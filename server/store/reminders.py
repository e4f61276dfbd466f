"""Every query about reminders of deadlines; each reads what one batch needs, by an index."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, load_only

from server.domain.states import AssignmentState
from server.store.models import (
    CasePause,
    StoredAssignment,
    StoredCase,
    StoredDeadline,
    StoredReminder,
    User,
)


def to_look_at(session: Session, today: date, rows: int) -> Sequence[StoredDeadline]:
    """Deadlines whose next look is due, those that have waited longest first; locked where the database can."""
    query = select(StoredDeadline).where(StoredDeadline.remind_on <= today)
    return session.scalars(query.order_by(StoredDeadline.remind_on).limit(rows).with_for_update(skip_locked=True)).all()


def cases_of(session: Session, case_ids: Collection[int]) -> dict[int, StoredCase]:
    """These cases with their office and without their words."""
    few = load_only(StoredCase.id, StoredCase.case_no, StoredCase.organization_id, StoredCase.accusation, StoredCase.record_id)
    query = select(StoredCase).where(StoredCase.id.in_(case_ids)).options(few, joinedload(StoredCase.organization))
    return {one.id: one for one in session.scalars(query)}


def running_pauses(session: Session, after: int, rows: int) -> Sequence[CasePause]:
    """Of all cases, those that go on behind this one's id; locked where the database can."""
    query = select(CasePause).where(CasePause.last.is_(None), CasePause.id > after)
    return session.scalars(query.order_by(CasePause.id).limit(rows).with_for_update(skip_locked=True)).all()


def standing_still(session: Session, case_ids: Collection[int]) -> dict[int, CasePause]:
    """Per case the pause that goes on."""
    query = select(CasePause).where(CasePause.case_id.in_(case_ids), CasePause.last.is_(None))
    return {one.case_id: one for one in session.scalars(query)}


def said(session: Session, deadline_ids: Collection[int]) -> set[tuple[int, date, str]]:
    """(deadline, its day then, stage) of every reminder that was given."""
    query = select(StoredReminder.deadline_id, StoredReminder.due_on, StoredReminder.stage)
    return {(one, day, stage) for one, day, stage in session.execute(query.where(StoredReminder.deadline_id.in_(deadline_ids)))}


def officers_of(session: Session, case_ids: Collection[int]) -> dict[tuple[int, int], User]:
    """Per (case, unit) the officer who has it in hand (经办人)."""
    query = select(StoredAssignment).where(
        StoredAssignment.case_id.in_(case_ids), StoredAssignment.officer_id.is_not(None),
        StoredAssignment.state != AssignmentState.WITHDRAWN,
    )  # fmt: skip
    found = session.scalars(query.options(joinedload(StoredAssignment.officer).joinedload(User.organization)))
    return {(one.case_id, one.organization_id): one.officer for one in found if one.officer is not None}
