"""Which organizations an office may give a matter to: the one place of this rule.

An office gives to itself, to everything below it, and to what stands beside it under the same superior: a county's
office to its departments and townships, a township to its own stations and to the county's departments.  A city's
office gives to everything of the city.  What matters are against is never among them (条例 art. 30).
"""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from server.domain.states import StaffRole
from server.store.access import Actor
from server.store.models import CaseAccused, Organization, StoredCase, User
from server.store.search import has_word


def _within_reach(actor: Actor) -> ColumnElement[bool]:
    superior = select(Organization.parent_id).where(Organization.id == actor.organization_id).scalar_subquery()
    below = Organization.path.startswith(actor.organization_path, autoescape=True)
    return or_(below, Organization.parent_id == superior)


def reachable(session: Session, actor: Actor, organization_id: int) -> Organization | None:
    """The organization, if the actor's office may give it a matter."""
    return session.scalars(select(Organization).where(Organization.id == organization_id, _within_reach(actor))).one_or_none()


def ids_in_reach(actor: Actor) -> Select[int]:
    """Of all of them."""
    return select(Organization.id).where(_within_reach(actor))


def with_clerks(session: Session, actor: Actor, also: Collection[int], words: Collection[str], most: int) -> Sequence[Organization]:
    """Those, and of `also`, that have a clerk who works on what comes: those first whose name has one of the words, then the upper ones."""
    clerk = exists().where(User.organization_id == Organization.id, User.role == StaffRole.CLERK, User.active)
    query = select(Organization).where(or_(_within_reach(actor), Organization.id.in_(also)), clerk)
    named = or_(false(), *(Organization.name.contains(word, autoescape=True) for word in words if word))
    return session.scalars(query.order_by(case((named, 0), else_=1), func.length(Organization.path), Organization.id).limit(most)).all()


def find(session: Session, actor: Actor, case: StoredCase | None, words: str, most: int) -> Sequence[tuple[Organization, str]]:
    """Organizations whose name has these words, each with the name of the one above it; the upper ones first.
    Without those that the case is against, where there is one."""
    above = aliased(Organization)
    query = select(Organization, above.name).outerjoin(above, above.id == Organization.parent_id).where(_within_reach(actor))
    for word in words.split():
        query = query.where(has_word(Organization.name, word))
    if case is not None and case.accusation:
        query = query.where(~_accused(case.id))
    found = session.execute(query.order_by(Organization.parent_id, Organization.id).limit(most))
    return [(row[0], row[1] or "") for row in found]


def _accused(case_id: int) -> ColumnElement[bool]:
    """Whether the matter is against the organization or one above it."""
    accused = aliased(Organization)
    return exists().where(
        CaseAccused.case_id == case_id, CaseAccused.organization_id == accused.id, Organization.path.startswith(accused.path)
    )

