"""Every query about digests that were kept."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from server.domain.organizations import own_and_above
from server.store.access import Actor, organizations_under
from server.store.models import Counter, Organization, StoredDigest


def offices(session: Session) -> list[Organization]:
    """Organizations that have registered matters, and those above them, the lowest first."""
    names = session.scalars(select(Counter.name).where(Counter.name.like("case:%")))
    own = {int(name.split(":")[1]) for name in names}
    found = {one.id: one for one in session.scalars(select(Organization))}
    wanted = {one for number in own if number in found for one in own_and_above(found[number].path)}
    return sorted((found[number] for number in wanted if number in found), key=lambda one: (-one.path.count("/"), one.id))


def kept(session: Session, kind: str, since: date) -> set[tuple[int, date]]:
    """(organization, first day) of the digests of a kind that there are."""
    query = select(StoredDigest.organization_id, StoredDigest.first).where(StoredDigest.first >= since, StoredDigest.kind == kind)
    return {(number, first) for number, first in session.execute(query)}


def listed(session: Session, actor: Actor, kind: str, organization_id: int | None, before: int | None, most: int) -> Sequence[StoredDigest]:
    """Digests of the actor's organization and below, the newest first."""
    query = select(StoredDigest).where(StoredDigest.organization_id.in_(organizations_under(actor)))
    if organization_id is not None:
        query = query.where(StoredDigest.organization_id == organization_id)
    if kind:
        query = query.where(StoredDigest.kind == kind)
    if before is not None:
        query = query.where(StoredDigest.id < before)
    query = query.options(joinedload(StoredDigest.organization), undefer(StoredDigest.content))
    return session.scalars(query.order_by(StoredDigest.id.desc()).limit(most)).all()


def find(session: Session, actor: Actor, digest_id: int) -> StoredDigest | None:
    """A digest of the actor's organization or below."""
    query = select(StoredDigest).where(StoredDigest.id == digest_id, StoredDigest.organization_id.in_(organizations_under(actor)))
    return session.scalars(query.options(joinedload(StoredDigest.organization))).one_or_none()
