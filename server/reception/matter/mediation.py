"""访调对接: a matter that somebody else mediates in, from the petitioner's agreement to its result.

It may begin before the matter is accepted and stops no clock by itself; while it goes on, the days may be stopped as a step of
its own (停算期限).  What is known of it are its two events.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from server import clock
from server.domain.deadline_words import chinese_day
from server.domain.flow import MEDIATION_RESULTS, MediationResult, Step
from server.store import cases
from server.store.models import StoredCase, StoredCaseEvent


def standing(session: Session, case: StoredCase) -> StoredCaseEvent | None:
    """The beginning of the mediation that goes on; None: none does."""
    found = _told(session, case)
    return found[-1] if found and found[-1].kind == Step.BEGIN_MEDIATION else None


def _told(session: Session, case: StoredCase) -> list[StoredCaseEvent]:
    """Beginnings and ends in the order in which they were written down: by its hours, a clock that was set back would leave a
    mediation that has ended standing for ever."""
    found = [one for one in cases.events(session, case.id) if one.kind in (Step.BEGIN_MEDIATION, Step.END_MEDIATION)]
    return sorted(found, key=lambda one: one.id)


def day_of(event: StoredCaseEvent) -> date:
    """The day that the event is of, which may be earlier than when it was written down."""
    told = (event.details or {}).get("day")
    return date.fromisoformat(told) if isinstance(told, str) else clock.day_in_office(event.at)


def in_words(session: Session, case: StoredCase) -> str:
    """The last mediation, for whoever handles the matter; empty: there was none."""
    found = _told(session, case)
    begun = next((one for one in reversed(found) if one.kind == Step.BEGIN_MEDIATION), None)
    if begun is None:
        return ""
    told = begun.details or {}
    return f"{told.get('by_whom')}，{chinese_day(day_of(begun))}起，{told.get('how')}；{_ended(found)}"


def _ended(found: Sequence[StoredCaseEvent]) -> str:
    last = found[-1]
    if last.kind == Step.BEGIN_MEDIATION:
        return "还在调解"
    told = last.details or {}
    result = MEDIATION_RESULTS[MediationResult(str(told.get("result")))]
    return f"{chinese_day(day_of(last))}{result}：{told.get('outcome')}"
