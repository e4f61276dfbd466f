"""Queries over stricter local limits and their changes (which of them holds: flow.local_limits)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.store import flow
from server.store.models import LocalLimit, LocalLimitChange

MOST = 100


def on_the_way(session: Session, path: str) -> dict[str, LocalLimit]:
    """Per limit what holds at `path`: set there or by the nearest organization above."""
    return flow.local_limits(session, (path,))[path]


def changes(session: Session, organization_id: int) -> Sequence[LocalLimitChange]:
    """What was changed here, the newest first, at most MOST."""
    query = select(LocalLimitChange).where(LocalLimitChange.organization_id == organization_id)
    return session.scalars(query.order_by(LocalLimitChange.id.desc()).limit(MOST)).all()
