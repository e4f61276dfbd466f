"""Every query about the flow of cases: moving on, shares of units, deadlines, pauses, extensions, letters."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, undefer

from server.domain.states import AssignmentState, CaseState
from server.store.engine import once_per_reading
from server.store.models import (
    CasePause,
    LocalLimit,
    PetitionerRequest,
    StoredAssignment,
    StoredCase,
    StoredDeadline,
    StoredExtension,
    StoredLetter,
)


def move(session: Session, case: StoredCase, version: int, state: CaseState) -> bool:
    """Take the case on to `state` if it is still as the officer saw it; False: somebody was quicker."""
    query = update(StoredCase).where(StoredCase.id == case.id, StoredCase.version == version, StoredCase.state == case.state)
    moved = session.execute(
        query.values(version=version + 1, state=state).returning(StoredCase.id).execution_options(synchronize_session=False)
    ).first()
    session.refresh(case, ["version", "state"])
    return moved is not None


@once_per_reading
def assignments(session: Session, case_id: int) -> Sequence[StoredAssignment]:
    """Shares of a case, oldest first."""
    query = select(StoredAssignment).where(StoredAssignment.case_id == case_id).order_by(StoredAssignment.id)
    return session.scalars(query.options(joinedload(StoredAssignment.organization), joinedload(StoredAssignment.officer))).all()


def standing_assignments(session: Session, case_id: int) -> list[StoredAssignment]:
    """Those that were not taken back."""
    return [one for one in assignments(session, case_id) if one.state != AssignmentState.WITHDRAWN]


@once_per_reading
def open_deadlines_of(session: Session, case_id: int, rules: Collection[str] = ()) -> Sequence[StoredDeadline]:
    """Deadlines of a case that are neither met nor dropped (of these limits), the nearest first."""
    query = select(StoredDeadline).where(
        StoredDeadline.case_id == case_id, StoredDeadline.done_at.is_(None), StoredDeadline.dropped_at.is_(None)
    )
    if rules:
        query = query.where(StoredDeadline.rule.in_(rules))
    return session.scalars(query.order_by(StoredDeadline.due_on, StoredDeadline.id)).all()


@once_per_reading
def pauses(session: Session, case_ids: Sequence[int]) -> dict[int, list[CasePause]]:
    """Pauses per case, in order."""
    found: dict[int, list[CasePause]] = {}
    query = select(CasePause).where(CasePause.case_id.in_(case_ids)).order_by(CasePause.first, CasePause.id)
    for one in session.scalars(query):
        found.setdefault(one.case_id, []).append(one)
    return found


@once_per_reading
def running_pause(session: Session, case_id: int) -> CasePause | None:
    """The pause that goes on, if one does."""
    query = select(CasePause).where(CasePause.case_id == case_id, CasePause.last.is_(None))
    return session.scalars(query).first()


@once_per_reading
def open_extension(session: Session, case_id: int) -> StoredExtension | None:
    """What was asked for and is not decided yet."""
    query = select(StoredExtension).where(StoredExtension.case_id == case_id, StoredExtension.granted.is_(None))
    return session.scalars(query).first()


@once_per_reading
def open_requests(session: Session, case_id: int) -> Sequence[PetitionerRequest]:
    """What the petitioner asked for and the office has not taken on yet."""
    query = select(PetitionerRequest).where(PetitionerRequest.case_id == case_id, PetitionerRequest.taken_at.is_(None))
    return session.scalars(query.order_by(PetitionerRequest.id)).all()


@once_per_reading
def letters(session: Session, case_id: int) -> Sequence[StoredLetter]:
    """Letters of a case, oldest first."""
    return session.scalars(select(StoredLetter).where(StoredLetter.case_id == case_id).order_by(StoredLetter.id)).all()


def letter_of(session: Session, case_id: int, letter_id: int) -> StoredLetter | None:
    """A letter of this case with all its words."""
    query = select(StoredLetter).where(StoredLetter.id == letter_id, StoredLetter.case_id == case_id)
    return session.scalars(query.options(undefer(StoredLetter.content))).one_or_none()


def settle(session: Session, deadline: StoredDeadline, now: datetime, day: date) -> bool:
    """Note that what a deadline asks for was done; False: somebody was quicker."""
    query = update(StoredDeadline).where(StoredDeadline.id == deadline.id, StoredDeadline.done_at.is_(None))
    return session.execute(query.values(done_at=now, done_on=day).returning(StoredDeadline.id)).first() is not None


@once_per_reading
def local_limits(session: Session, paths: tuple[str, ...]) -> dict[str, dict[str, LocalLimit]]:
    """Per path and limit what the organization at that path, or the nearest one above it, has set."""
    lines = {path: [int(part) for part in path.split("/") if part] for path in paths}
    found = session.scalars(select(LocalLimit).where(LocalLimit.organization_id.in_({one for line in lines.values() for one in line}))).all()
    return {
        path: {one.rule: one for one in sorted((one for one in found if one.organization_id in line), key=lambda one: line.index(one.organization_id))}
        for path, line in lines.items()
    }
