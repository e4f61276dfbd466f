"""Queries for the words that a recognition should expect; nobody is shown what they return."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.domain.organizations import own_and_above
from server.domain.states import FormField, RecordState, StaffRole
from server.store import accusations
from server.store.models import FormEntry, Organization, Reception, StoredCase, StoredTold, User, VisitRecord

MOST_EARLIER = 3
"""Earlier receptions of the same person that are looked at."""
MOST_LEADERS = 8
MOST_OFFICES = 20
_MATTER = (FormField.PROBLEM_PLACE, FormField.ACCUSED_UNIT, FormField.RESPONSIBLE_UNIT)


def typed_fields(session: Session, reception_id: str) -> list[tuple[str, str]]:
    """(field, value) of a reception's form as far as people have typed it: what was recognised must not lead itself."""
    query = select(FormEntry.field, FormEntry.value).join(VisitRecord, VisitRecord.id == FormEntry.record_id)
    typed = query.where(VisitRecord.reception_id == reception_id, FormEntry.source != "speech", FormEntry.value != "")
    return [(row[0], row[1]) for row in session.execute(typed)]


def told_fields(session: Session, reception_id: str) -> list[tuple[str, str]]:
    """(field, value) of the identity card that the kiosk read, and of the earlier matter that was opened there by its code;
    nothing of an accusation."""
    told = session.get(StoredTold, reception_id)
    if told is None:
        return []
    found = [(str(FormField.ADDRESS), told.address)]
    case = session.get(StoredCase, told.earlier_case_id) if told.earlier_case_id else None
    if case is not None and not case.accusation:
        found += [(str(FormField.PROBLEM_PLACE), case.place), (str(FormField.ACCUSED_UNIT), case.accused_unit)]
        record = select(VisitRecord.id).where(VisitRecord.id == case.record_id, accusations.none())
        found += _matter_of(session, session.scalars(record).all())
    return [(field, value) for field, value in found if value]


def earlier_fields(session: Session, reception: Reception) -> list[tuple[str, str]]:
    """(field, value) of places and units in the latest signed records of the same person (same name and telephone);
    accusations are left out: nobody else's talk may be led by them."""
    if not reception.petitioner_phone:
        return []
    earlier = (
        select(VisitRecord.id)
        .join(Reception, Reception.id == VisitRecord.reception_id)
        .where(
            Reception.petitioner_phone == reception.petitioner_phone,
            Reception.petitioner_name == reception.petitioner_name,
            Reception.asked_at < reception.asked_at,
            VisitRecord.state.in_((RecordState.SIGNED, RecordState.FILED)),
            accusations.none(),
        )
        .order_by(Reception.asked_at.desc())
        .limit(MOST_EARLIER)
    )
    return _matter_of(session, session.scalars(earlier).all())


def _matter_of(session: Session, records: Sequence[str]) -> list[tuple[str, str]]:
    query = select(FormEntry.field, FormEntry.value).where(FormEntry.record_id.in_(records))
    rows = session.execute(query.where(FormEntry.field.in_(_MATTER), FormEntry.value != ""))
    return [(row[0], row[1]) for row in rows]


def leaders(session: Session, organization_id: int) -> Sequence[str]:
    """Names of an organization's leaders."""
    query = select(User.name).where(
        User.organization_id == organization_id, User.role == StaffRole.LEADER, User.active.is_(True)
    )
    return session.scalars(query.order_by(User.id).limit(MOST_LEADERS)).all()


def offices_around(session: Session, organization: Organization) -> Sequence[str]:
    """Names of the organizations below this one, beside it and above it."""
    above = own_and_above(organization.path)
    near = or_(
        Organization.parent_id == organization.id,
        Organization.id.in_(above),
        Organization.parent_id == organization.parent_id,
    )
    return session.scalars(select(Organization.name).where(near).order_by(Organization.id).limit(MOST_OFFICES)).all()
