"""Who may read what: the one place that decides it.

Every query for receptions, records, cases and recordings starts from one of the `visible_*` selects; a use-case
never writes a select of its own over these tables.  What an actor may not see does not exist for them (404).
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select

from server.domain.states import Purpose, RecordState, StaffRole
from server.store.models import Kiosk, Organization, Reception, StoredCase, VisitRecord

READABLE_AT_KIOSK = (RecordState.CONFIRMED, RecordState.SIGNED, RecordState.REFUSED, RecordState.FILED)


@dataclass(frozen=True)
class Actor:
    """Who is asking: an account of the staff, or a kiosk on behalf of the person in front of it."""

    name: str
    organization_id: int
    organization_path: str
    """Path of the actor's organization, e.g. "/1/4/": what lies under it is theirs to see."""
    user_id: int | None = None
    role: StaffRole | None = None
    kiosk_id: int | None = None
    title: str = ""

    @property
    def is_kiosk(self) -> bool:
        return self.kiosk_id is not None


def _organizations_under(actor: Actor) -> Select[int]:
    """Ids of the actor's own organization and all below it."""
    return select(Organization.id).where(Organization.path.startswith(actor.organization_path, autoescape=True))


def _accused_ids(actor: Actor) -> list[int]:
    """The actor's organization and those above it: an accusation against any of them is hidden from the actor."""
    return [int(part) for part in actor.organization_path.split("/") if part]


def _reads_matters(actor: Actor) -> bool:
    return actor.role in (StaffRole.LEADER, StaffRole.CLERK)


def _hidden_accusation(actor: Actor) -> ColumnElement[bool]:
    return and_(
        StoredCase.purpose == Purpose.ACCUSATION, StoredCase.accused_organization_id.in_(_accused_ids(actor))
    )


def _no_hidden_case(actor: Actor, reception_id: ColumnElement[str]) -> ColumnElement[bool]:
    return ~exists().where(StoredCase.reception_id == reception_id, _hidden_accusation(actor))


def visible_receptions(actor: Actor) -> Select[Reception]:
    """Receptions the actor may read.

    Leaders and clerks: those of their organization and below; a kiosk: those held at it until its screen was
    cleared; administrators: none.  An accusation against the actor's own unit stays hidden (条例 art. 30).
    """
    query = select(Reception)
    if actor.is_kiosk:
        return query.where(Reception.kiosk_id == actor.kiosk_id, Reception.left_kiosk_at.is_(None))
    if not _reads_matters(actor):
        return query.where(false())
    return query.where(
        Reception.organization_id.in_(_organizations_under(actor)), _no_hidden_case(actor, Reception.id.expression)
    )


def visible_records(actor: Actor) -> Select[VisitRecord]:
    """Records the actor may read: as with receptions; a kiosk only once the clerk has confirmed."""
    query = select(VisitRecord)
    if actor.is_kiosk:
        return query.join(Reception, Reception.id == VisitRecord.reception_id).where(
            Reception.kiosk_id == actor.kiosk_id,
            Reception.left_kiosk_at.is_(None),
            VisitRecord.state.in_(READABLE_AT_KIOSK),
        )
    if not _reads_matters(actor):
        return query.where(false())
    return query.where(
        VisitRecord.organization_id.in_(_organizations_under(actor)),
        _no_hidden_case(actor, VisitRecord.reception_id.expression),
    )


def visible_cases(actor: Actor) -> Select[StoredCase]:
    """Filed cases the actor may read: leaders and clerks, those of their organization and below."""
    query = select(StoredCase)
    if not _reads_matters(actor):
        return query.where(false())
    return query.where(
        StoredCase.organization_id.in_(_organizations_under(actor)),
        or_(StoredCase.accused_organization_id.is_(None), ~_hidden_accusation(actor)),
    )


def visible_kiosks(actor: Actor) -> Select[Kiosk]:
    """Kiosks of the actor's organization and below."""
    return select(Kiosk).where(Kiosk.organization_id.in_(_organizations_under(actor)))
