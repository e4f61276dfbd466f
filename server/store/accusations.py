"""Keeps with every record whether it is an accusation and against whom: what access.py hides it by."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.orm import Session

from server.domain.accused import Named, accused_in
from server.domain.states import FormField, Purpose
from server.store.models import AccusedUnit, FormEntry, Organization, StoredCase, VisitRecord

FIELDS = (FormField.PURPOSE, FormField.ACCUSED_UNIT)
"""Fields of the form that decide it."""


def named(session: Session, text: str) -> list[int]:
    """Ids of the organizations a petitioner named, the surest first; in doubt all that may be meant."""
    return named_in_each(session, [text])[0]


def named_in_each(session: Session, texts: Sequence[str]) -> list[list[int]]:
    """The same of several texts, each for itself."""
    if not any(text.strip() for text in texts):
        return [[] for _ in texts]
    known = [Named(*row) for row in session.execute(select(Organization.id, Organization.path, Organization.name))]
    return [accused_in(text, known) if text.strip() else [] for text in texts]


def keep_in_step(session: Session, record: VisitRecord) -> None:
    """Note anew what the form says now; to be called whenever purpose or accused unit may have changed."""
    session.flush()
    query = select(FormEntry.field, FormEntry.value)
    rows = session.execute(query.where(FormEntry.record_id == record.id, FormEntry.field.in_(FIELDS)))
    form = {row[0]: row[1] for row in rows}
    record.accusation = form.get(FormField.PURPOSE) == Purpose.ACCUSATION
    session.execute(delete(AccusedUnit).where(AccusedUnit.record_id == record.id))
    found = named(session, form.get(FormField.ACCUSED_UNIT, ""))
    session.add_all(AccusedUnit(record_id=record.id, organization_id=number) for number in found)
    session.flush()


def none() -> ColumnElement[bool]:
    """Whether a record is no accusation, neither by its form nor by what the office said of its case: then others' talks may
    learn from its words."""
    screened = exists().where(StoredCase.record_id == VisitRecord.id, StoredCase.accusation).correlate(VisitRecord)
    return and_(VisitRecord.accusation.is_(False), ~screened)
