"""Every query over the log of accesses."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.store.access import Actor, organizations_under
from server.store.models import AccessEntry, Kiosk, Organization, User

PAGE_ROWS = 100


def page(
    session: Session, actor: Actor, before: int | None, since: datetime | None, until: datetime | None
) -> Sequence[tuple[AccessEntry, str | None, str | None, str | None]]:
    """Entries of people and kiosks at or under the actor's organization, newest first, one more than a page shows: each
    with the account's name, the kiosk's and the organization's."""
    unit = or_(Organization.id == User.organization_id, Organization.id == Kiosk.organization_id)
    query = (
        select(AccessEntry, User.name, Kiosk.name, Organization.name)
        .outerjoin(User, User.id == AccessEntry.user_id)
        .outerjoin(Kiosk, Kiosk.id == AccessEntry.kiosk_id)
        .join(Organization, unit)
        .where(Organization.id.in_(organizations_under(actor)))
    )
    if before is not None:
        query = query.where(AccessEntry.id < before)
    if since is not None and until is not None:
        query = query.where(AccessEntry.at >= since, AccessEntry.at < until)
    found = session.execute(query.order_by(AccessEntry.id.desc()).limit(PAGE_ROWS + 1))
    return [(entry, user, kiosk, unit) for entry, user, kiosk, unit in found]
