"""Every query about the flow of cases: moving on, shares of units, deadlines, pauses, extensions, letters."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, false, select, update
from sqlalchemy.orm import Session, joinedload, undefer

from server.domain.flow import GOING_ON
from server.domain.limits import LAPSING
from server.domain.organizations import own_and_above
from server.domain.progress_words import BETWEEN_OFFICES
from server.domain.states import AssignmentState, CaseState
from server.store.among import among
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
    """Take the case on to `state` if it is still as the officer saw it; False: somebody was quicker.  Its shares are as they
    will be then."""
    query = update(StoredCase).where(StoredCase.id == case.id, StoredCase.version == version, StoredCase.state == case.state)
    values = {"version": version + 1, "state": state, "came_back": _came_back(state)}
    going_on = state in GOING_ON
    changes = going_on != (case.state in GOING_ON)
    moved = session.execute(query.values(values).returning(StoredCase.id).execution_options(synchronize_session=False)).first()
    session.refresh(case, ["version", "state", "came_back"])
    if moved is not None and changes:
        _tell_shares(session, case.id, going_on)
    return moved is not None


def _tell_shares(session: Session, case_id: int, going_on: bool) -> None:
    """Note in every share whether its matter goes on: a unit's desk would have to look through all that lie undone in matters
    that are over, ever more of them, for those that wait."""
    query = update(StoredAssignment).where(StoredAssignment.case_id == case_id, StoredAssignment.going_on != going_on)
    session.execute(query.values(going_on=going_on).execution_options(synchronize_session=False))


def note_shares(session: Session, case: StoredCase) -> None:
    """Say in the case's row what its shares say, where they changed after it was moved."""
    query = update(StoredCase).where(StoredCase.id == case.id).values(came_back=_came_back(CaseState(case.state)))
    session.execute(query.execution_options(synchronize_session=False))
    session.refresh(case, ["came_back"])


def _came_back(state: CaseState) -> ColumnElement[bool]:
    """Whether the office has to look at it again: asked of the shares once, when they change, and kept, because a desk that asked
    them would have to look through all of an office's open matters for the few."""
    share = exists().where(StoredAssignment.case_id == StoredCase.id)
    if state == CaseState.REGISTERED:
        return share
    return share.where(StoredAssignment.state == AssignmentState.FED_BACK) if state in GOING_ON else false()


def undecided() -> ColumnElement[bool]:
    """Of an extension: nobody has decided it, and the limit that it is about still runs."""
    running = exists().where(
        StoredDeadline.id == StoredExtension.deadline_id, StoredDeadline.done_at.is_(None), StoredDeadline.dropped_at.is_(None)
    )
    return and_(StoredExtension.granted.is_(None), running)


# Statements that do not change are made once: to make one takes as long as to ask it.
_CASE: BindParameter[int] = bindparam("case")
_ASSIGNMENTS = (
    select(StoredAssignment).where(StoredAssignment.case_id == _CASE).order_by(StoredAssignment.id)
    .options(joinedload(StoredAssignment.organization), joinedload(StoredAssignment.officer))
)  # fmt: skip
_OPEN_DEADLINES = (
    select(StoredDeadline)
    .where(among(StoredDeadline.case_id, "cases"), StoredDeadline.done_at.is_(None), StoredDeadline.dropped_at.is_(None))
    .order_by(StoredDeadline.due_on, StoredDeadline.id)
)
_PAUSES = select(CasePause).where(among(CasePause.case_id, "cases")).order_by(CasePause.first, CasePause.id)
_OPEN_EXTENSION = select(StoredExtension).where(StoredExtension.case_id == _CASE, undecided())
_OPEN_REQUESTS = (
    select(PetitionerRequest).where(PetitionerRequest.case_id == _CASE, PetitionerRequest.taken_at.is_(None)).order_by(PetitionerRequest.id)
)
_LETTERS = select(StoredLetter).where(StoredLetter.case_id == _CASE).order_by(StoredLetter.id)
_WRITTEN = select(StoredLetter).where(among(StoredLetter.case_id, "cases"), StoredLetter.text != "").order_by(StoredLetter.id)
_LOCAL_LIMITS = select(LocalLimit).where(among(LocalLimit.organization_id, "ids"))


@once_per_reading
def assignments(session: Session, case_id: int) -> Sequence[StoredAssignment]:
    """Shares of a case, oldest first."""
    return session.scalars(_ASSIGNMENTS, {"case": case_id}).all()


def standing_assignments(session: Session, case_id: int) -> list[StoredAssignment]:
    """Those that were not taken back."""
    return [one for one in assignments(session, case_id) if one.state != AssignmentState.WITHDRAWN]


def open_deadlines_of(session: Session, case_id: int, rules: Collection[str] = ()) -> Sequence[StoredDeadline]:
    """Deadlines of a case that are neither met nor dropped (of these limits), the nearest first.

    All of the case are read: asked for a limit, SQLite walked every open deadline of that limit there is.
    """
    return [one for one in open_deadlines(session, [case_id]).get(case_id, ()) if not rules or one.rule in rules]


@once_per_reading
def open_deadlines(session: Session, case_ids: Sequence[int]) -> dict[int, list[StoredDeadline]]:
    """The same per case, of several; one read."""
    found: dict[int, list[StoredDeadline]] = {}
    for one in session.scalars(_OPEN_DEADLINES, {"cases": case_ids}) if case_ids else ():
        found.setdefault(one.case_id, []).append(one)
    return found


def first_duties(session: Session, case_ids: Sequence[int]) -> dict[int, StoredDeadline]:
    """Per case the duty that falls first and is not met yet; a petitioner's own limit is no duty, nor is a unit's to object.

    What a unit owes another office comes only where nothing is owed to the petitioner."""
    found = {}
    for case_id, waiting in open_deadlines(session, case_ids).items():
        duties = [one for one in waiting if one.organization_id is not None and one.rule not in LAPSING]
        if duties:
            found[case_id] = min(duties, key=lambda one: one.rule in BETWEEN_OFFICES)
    return found


@once_per_reading
def pauses(session: Session, case_ids: Sequence[int]) -> dict[int, list[CasePause]]:
    """Pauses per case, in order."""
    found: dict[int, list[CasePause]] = {}
    for one in session.scalars(_PAUSES, {"cases": case_ids}) if case_ids else ():
        found.setdefault(one.case_id, []).append(one)
    return found


def running_pause(session: Session, case_id: int) -> CasePause | None:
    """The pause that goes on, if one does."""
    return next((one for one in pauses(session, [case_id]).get(case_id, ()) if one.last is None), None)


@once_per_reading
def open_extension(session: Session, case_id: int) -> StoredExtension | None:
    """What was asked for and is not decided yet."""
    return session.scalars(_OPEN_EXTENSION, {"case": case_id}).first()


@once_per_reading
def open_requests(session: Session, case_id: int) -> Sequence[PetitionerRequest]:
    """What the petitioner asked for and the office has not taken on yet."""
    return session.scalars(_OPEN_REQUESTS, {"case": case_id}).all()


@once_per_reading
def letters(session: Session, case_id: int) -> Sequence[StoredLetter]:
    """Letters of a case, oldest first."""
    return session.scalars(_LETTERS, {"case": case_id}).all()


def written_in(session: Session, case_ids: Sequence[int]) -> Sequence[StoredLetter]:
    """Letters of these cases in which somebody wrote something, oldest first."""
    return session.scalars(_WRITTEN, {"cases": case_ids}).all() if case_ids else ()


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
    lines = {path: own_and_above(path) for path in paths}
    found = session.scalars(_LOCAL_LIMITS, {"ids": {one for line in lines.values() for one in line}}).all()
    return {
        path: {one.rule: one for one in sorted((one for one in found if one.organization_id in line), key=lambda one: line.index(one.organization_id))}
        for path, line in lines.items()
    }
