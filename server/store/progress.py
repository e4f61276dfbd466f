"""What the public page reads of a case that is known by its query code."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.store.models import (
    CasePerson,
    Organization,
    Reception,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
)


def events(session: Session, case_id: int) -> list[tuple[StoredCaseEvent, str]]:
    """Events of a case, oldest first, each with the name of its author's unit."""
    query = (
        select(StoredCaseEvent, Organization.name)
        .outerjoin(Organization, Organization.id == StoredCaseEvent.organization_id)
        .where(StoredCaseEvent.case_id == case_id)
        .order_by(StoredCaseEvent.at, StoredCaseEvent.id)
    )
    return [(event, name or "") for event, name in session.execute(query)]


def next_deadline(session: Session, case_id: int, left_out: Collection[str]) -> StoredDeadline | None:
    """The duty that falls first; where there is none, the petitioner's own limit."""
    query = select(StoredDeadline).where(
        StoredDeadline.case_id == case_id, StoredDeadline.done_at.is_(None), StoredDeadline.dropped_at.is_(None),
        StoredDeadline.rule.not_in(left_out),
    )  # fmt: skip
    own = StoredDeadline.organization_id.is_(None)
    return session.scalars(query.order_by(own, StoredDeadline.due_on, StoredDeadline.id).limit(1)).first()


def phones(session: Session, case: StoredCase | None, reception: Reception | None) -> Sequence[str]:
    """Telephone numbers that whoever brought the matter left."""
    found = [reception.petitioner_phone] if reception is not None else []
    if case is not None:
        query = select(CasePerson.phone).where(CasePerson.case_id == case.id, CasePerson.position == 0)
        found += session.scalars(query).all()
    return [phone for phone in found if phone]


def id_number(session: Session, case_id: int) -> str:
    """ID number of whoever brought the matter; empty: none is known."""
    query = select(CasePerson.id_number).where(CasePerson.case_id == case_id, CasePerson.position == 0)
    return session.scalars(query).first() or ""
