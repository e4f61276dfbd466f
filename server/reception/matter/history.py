"""这件事的经过: what happened to a case, in words, each with what filters of the page ask about it."""

from collections.abc import Iterator, Mapping
from datetime import date

from sqlalchemy.orm import Session

from server.domain import terms
from server.domain.deadline_words import chinese_day
from server.domain.flow import (
    ABOUT_LETTERS,
    ABOUT_UNITS,
    GROUNDS,
    MEDIATION_RESULTS,
    LetterKind,
    MediationResult,
    Step,
)
from server.domain.limits import PAUSES
from server.domain.ratings import Score
from server.domain.states import Purpose
from server.protocol.cases import CaseEvent
from server.store import accounts, cases
from server.store.models import StoredCase, StoredCaseEvent


def views(session: Session, case: StoredCase) -> tuple[CaseEvent, ...]:
    """Every event of the case, oldest first."""
    found = cases.events(session, case.id)
    offices = accounts.named(session, {event.organization_id for event in found if event.organization_id is not None})
    names = {number: office.name for number, office in offices.items()}
    return tuple(_view(event, names) for event in found)


def _view(event: StoredCaseEvent, offices: Mapping[int, str]) -> CaseEvent:
    about = [name for name, steps in (("units", ABOUT_UNITS), ("letters", ABOUT_LETTERS)) if event.kind in steps]
    return CaseEvent(
        at=event.at, author=event.author, kind=event.kind, what=terms.CASE_EVENT.get(event.kind, event.kind), why=event.why,
        unit=offices.get(event.organization_id or 0, ""), details=tuple(_details(event.kind, event.details or {})), about=tuple(about),
    )  # fmt: skip


def _details(kind: str, told: Mapping[str, object]) -> Iterator[str]:
    """What a step was told beside its reason; what is not there is not said."""
    if isinstance(unit := told.get("unit"), str):
        yield unit
    if isinstance(purpose := told.get("purpose"), str) and purpose in list(Purpose):
        yield terms.PURPOSE[Purpose(purpose)]
    if isinstance(category := told.get("category"), str):
        yield category
    if isinstance(accused := told.get("accused_unit"), str):
        yield f"被反映的是{accused}"
    if told.get("litigation"):
        yield "涉法涉诉"
    if told.get("simple"):
        yield "简易办理"
    if isinstance(days := told.get("days"), int):
        yield f"{days} 天"
    if isinstance(pause := told.get("pause"), str) and pause in PAUSES:
        yield PAUSES[pause].name
    if isinstance(result := told.get("result"), str) and result in list(MediationResult):
        yield MEDIATION_RESULTS[MediationResult(result)]
    if kind == Step.BEGIN_MEDIATION:
        yield str(told.get("by_whom"))
    if isinstance(score := told.get("score"), str) and score in list(Score):
        yield f"他说{terms.SCORE[Score(score)]}"
    if isinstance(ground := told.get("ground"), str) and ground in GROUNDS:
        yield GROUNDS[ground].rstrip("。") + (f"（{told['by_whom']}）" if told.get("by_whom") else "")
    if kind == Step.EXPLAIN:
        yield f"{told.get('by_whom')} {chinese_day(date.fromisoformat(str(told.get('day'))))}讲的"
    letters = told.get("letters")
    if kind == Step.DELIVER and isinstance(letters, list):
        yield from (terms.LETTER[LetterKind(kind)] for kind in letters)
