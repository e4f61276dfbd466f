"""审计: who looked at what, for the audit administrator, who changes nothing and sees no matter."""

from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.protocol.accounts import AccessLog, AccessRow
from server.store import auditing as store
from server.store.access import Actor


def page(session: Session, actor: Actor, before: int | None, day: date | None) -> AccessLog:
    """A page of the log of accesses, newest first; `day`: of that day alone."""
    since = datetime.combine(day, time.min, clock.OFFICE_ZONE) if day is not None else None
    until = since + timedelta(days=1) if since is not None else None
    found = store.page(session, actor, before, since, until)
    entries = tuple(
        AccessRow(
            id=entry.id, at=entry.at, who=user or kiosk or "", organization=unit or "",
            action=terms.ACCESS.get(entry.action, entry.action), thing=terms.ACCESS_THING.get(entry.thing, entry.thing),
            thing_id=entry.thing_id,
        )
        for entry, user, kiosk, unit in found[: store.PAGE_ROWS]
    )  # fmt: skip
    return AccessLog(entries=entries, before=entries[-1].id if len(found) > store.PAGE_ROWS else None)
