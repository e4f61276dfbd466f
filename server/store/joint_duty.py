"""Every query over 联合接访值班."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from server.store.access import Actor
from server.store.models import JointDuty

MOST = 300
"""Rows of one list; an office has some dozens."""


def on_lists_of(session: Session, organizations: Collection[int]) -> Sequence[JointDuty]:
    """Everybody on the lists of these organizations, at most MOST."""
    query = select(JointDuty).where(JointDuty.organization_id.in_(organizations))
    query = query.options(joinedload(JointDuty.organization), joinedload(JointDuty.user))
    return session.scalars(query.order_by(JointDuty.kind, JointDuty.unit, JointDuty.id).limit(MOST)).all()


def own(session: Session, actor: Actor, duty_id: int) -> JointDuty | None:
    """A row of the list of the actor's own organization."""
    return session.scalar(select(JointDuty).where(JointDuty.id == duty_id, JointDuty.organization_id == actor.organization_id))
