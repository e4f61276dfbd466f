"""Queries over invitations, and the accounts that may be invited."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.orm import Session, joinedload

from server.domain.states import ReceptionState, StaffRole
from server.store.access import Actor, visible_invitations
from server.store.models import Invitation, Organization, Reception, User

INVITED_ROLES = (StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER, StaffRole.SUPERVISOR)
INVITABLE = (ReceptionState.WAITING, ReceptionState.RUNNING)


def _with_all(query: Select[Invitation]) -> Select[Invitation]:
    return query.options(
        joinedload(Invitation.inviter).joinedload(User.organization),
        joinedload(Invitation.reception).joinedload(Reception.kiosk),
    )


def of_reception(session: Session, actor: Actor, reception_id: str) -> Sequence[Invitation]:
    """Visible invitations to a reception that were not taken back, oldest first."""
    query = visible_invitations(actor).where(Invitation.reception_id == reception_id, Invitation.revoked_at.is_(None))
    return session.scalars(_with_all(query.order_by(Invitation.created_at))).all()


def addressed_to(session: Session, actor: Actor) -> Sequence[Invitation]:
    """Invitations of the actor's own account to receptions that are not over."""
    query = visible_invitations(actor).join(Reception, Reception.id == Invitation.reception_id)
    mine = query.where(
        Invitation.user_id == actor.user_id, Invitation.revoked_at.is_(None), Reception.state.in_(INVITABLE)
    )
    return session.scalars(_with_all(mine.order_by(Invitation.created_at))).all()


def find(session: Session, actor: Actor, invitation_id: str) -> Invitation | None:
    """One invitation, if the actor may see it."""
    return session.scalar(_with_all(visible_invitations(actor).where(Invitation.id == invitation_id)))


def by_code(session: Session, code_sha256: str) -> Invitation | None:
    """A guest's invitation: who holds its code needs no account."""
    return session.scalar(_with_all(select(Invitation).where(Invitation.code_sha256 == code_sha256)))


def use(session: Session, invitation_id: str, key_sha256: str, now: datetime) -> bool:
    """Mark an invitation as used by the browser with this key; of two that use it at once one wins."""
    query = update(Invitation).where(
        Invitation.id == invitation_id,
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )
    used = query.values(used_at=now, key_sha256=key_sha256).returning(Invitation.id)
    return session.scalar(used) is not None


def colleagues(session: Session, path: str, words: str, limit: int) -> Sequence[User]:
    """Active leaders, clerks, handling officers and supervisors at or below `path` whose name, post or office contains these words."""
    query = (
        select(User)
        .join(User.organization)
        .where(Organization.path.startswith(path, autoescape=True), User.active)
        .where(User.role.in_(INVITED_ROLES))
        .options(joinedload(User.organization))
    )
    if words:
        fields = (User.name, User.title, Organization.name)
        query = query.where(or_(*(field.contains(words, autoescape=True) for field in fields)))
    return session.scalars(query.order_by(Organization.path, User.id).limit(limit)).all()


def anybody_came(session: Session, reception_id: str) -> bool:
    """Whether somebody who was asked into this reception has taken their seat and was not sent out again."""
    came = exists().where(Invitation.reception_id == reception_id, Invitation.used_at.is_not(None), Invitation.revoked_at.is_(None))
    return bool(session.scalar(select(came)))
