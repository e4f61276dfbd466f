"""Queries over organizations, accounts, log-ins, kiosks and one-time links."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from server.domain.organizations import own_and_above
from server.domain.states import KioskKind, StaffRole
from server.store.among import among
from server.store.models import Kiosk, LogInFailures, LogInSession, OneTimeLink, Organization, User


def live_session(session: Session, token_sha256: str, now: datetime) -> LogInSession | None:
    """A log-in that has not run out."""
    query = select(LogInSession).where(LogInSession.token_sha256 == token_sha256, LogInSession.expires_at > now)
    return session.scalar(query)


def drop_session(session: Session, token_sha256: str) -> None:
    """Forget one log-in."""
    session.execute(delete(LogInSession).where(LogInSession.token_sha256 == token_sha256))


def drop_expired(session: Session, now: datetime) -> None:
    """Forget log-ins that have run out."""
    session.execute(delete(LogInSession).where(LogInSession.expires_at <= now))


def drop_other_sessions(session: Session, user_id: int, token_sha256: str) -> None:
    """Log an account out everywhere but here."""
    here = LogInSession.token_sha256 == token_sha256
    session.execute(delete(LogInSession).where(LogInSession.user_id == user_id, ~here))


def count_other_sessions(session: Session, user_id: int, token_sha256: str, now: datetime) -> int:
    """In how many other browsers an account is logged in."""
    query = select(func.count()).select_from(LogInSession)
    live = (LogInSession.user_id == user_id, LogInSession.expires_at > now)
    return session.scalar(query.where(*live, LogInSession.token_sha256 != token_sha256)) or 0


def use_step(session: Session, user_id: int, step: int) -> bool:
    """Take the code of this half minute; False when it, or a later one, was taken before.  Of two callers one wins."""
    query = update(User).where(User.id == user_id, User.two_step_used < step).values(two_step_used=step)
    return session.execute(query.returning(User.id)).scalar() is not None


def use_recovery_code(session: Session, user_id: int, kept: str) -> bool:
    """Take a recovery code; False when it was taken before.  Of two callers one wins."""
    query = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    user = session.scalars(query).one()
    left = [code for code in user.recovery_codes if code != kept]
    found = len(left) < len(user.recovery_codes)
    user.recovery_codes = left
    return found


def drop_kiosk_sessions(session: Session, kiosk_id: int) -> None:
    """Take a kiosk's key away."""
    session.execute(delete(LogInSession).where(LogInSession.kiosk_id == kiosk_id))


def drop_kiosk_links(session: Session, kiosk_id: int) -> None:
    """Take back a kiosk's enrolment links that were not used."""
    query = delete(OneTimeLink).where(OneTimeLink.kiosk_id == kiosk_id, OneTimeLink.used_at.is_(None))
    session.execute(query)


def user_with_organization(session: Session, user_id: int) -> User | None:
    """An active account and its organization."""
    query = select(User).where(User.id == user_id, User.active).options(joinedload(User.organization))
    return session.scalar(query)


def kiosk_with_organization(session: Session, kiosk_id: int) -> Kiosk | None:
    """An active kiosk and its organization."""
    query = select(Kiosk).where(Kiosk.id == kiosk_id, Kiosk.active).options(joinedload(Kiosk.organization))
    return session.scalar(query)


def user_by_name(session: Session, username: str) -> User | None:
    """The account with this log-in name."""
    return session.scalar(select(User).where(User.username == username).options(joinedload(User.organization)))


def count_failure(session: Session, source: str, now: datetime) -> int:
    """Raise the number of wrong passwords of this source by one and return it; its row stays locked until the end."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    query: Insert = (
        insert(LogInFailures)
        .values(source=source, since=now, count=1)
        .on_conflict_do_update(index_elements=[LogInFailures.source], set_={"count": LogInFailures.count + 1})
        .returning(LogInFailures.count)
    )
    return int(session.execute(query).scalar_one())


def lock_log_in(session: Session, source: str, until: datetime) -> None:
    """Let this source try no more until then."""
    session.execute(update(LogInFailures).where(LogInFailures.source == source).values(locked_until=until))


def locked_log_in(session: Session, sources: Sequence[str], now: datetime) -> bool:
    """Whether any of these sources may not try just now."""
    query = select(LogInFailures.source).where(LogInFailures.source.in_(sources), LogInFailures.locked_until > now)
    return session.scalar(query.limit(1)) is not None


def forget_failures(session: Session, source: str) -> None:
    """The count of this source begins again."""
    session.execute(delete(LogInFailures).where(LogInFailures.source == source))


def drop_failures(session: Session, before: datetime, now: datetime) -> None:
    """Forget counts begun before then, and locks that have run out."""
    unlocked = LogInFailures.locked_until.is_(None) & (LogInFailures.since < before)
    session.execute(delete(LogInFailures).where(unlocked | (LogInFailures.locked_until <= now)))


def any_user(session: Session) -> bool:
    """Whether there is any account yet."""
    return session.scalar(select(User.id).limit(1)) is not None


def use_link(session: Session, token_sha256: str, purpose: str, now: datetime) -> OneTimeLink | None:
    """Mark a link as used and return it; None if there is none that still works.  Of two callers one wins."""
    query = (
        update(OneTimeLink)
        .where(
            OneTimeLink.token_sha256 == token_sha256,
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeLink)
    )
    return session.scalar(query)


def has_live_link(session: Session, purpose: str, now: datetime) -> bool:
    """Whether a link of this purpose still works."""
    query = select(OneTimeLink.token_sha256).where(
        OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now
    )
    return session.scalar(query.limit(1)) is not None


def organization_in(session: Session, organization_id: int, path: str) -> Organization | None:
    """An organization at or below `path`."""
    query = select(Organization).where(
        Organization.id == organization_id, Organization.path.startswith(path, autoescape=True)
    )
    return session.scalar(query)


def organization_or_none(session: Session, organization_id: int) -> Organization | None:
    """Any organization, or None."""
    return session.get(Organization, organization_id)


def organization(session: Session, organization_id: int) -> Organization:
    """An organization that is known to be there."""
    return session.get_one(Organization, organization_id)


_ORGANIZATION = Organization.__mapper__.identity_key_from_primary_key
_NAMED = select(Organization).where(among(Organization.id, "ids"))


def named(session: Session, ids: Collection[int]) -> dict[int, Organization]:
    """Organizations by id, of those that there are; those that the transaction has read are not read again."""
    known = {one: session.identity_map.get(_ORGANIZATION((one,))) for one in ids}
    found = {one: read for one, read in known.items() if isinstance(read, Organization)}
    missing = [one for one in known if one not in found]
    if missing:
        found |= {one.id: one for one in session.scalars(_NAMED, {"ids": missing})}
    return found


def organization_by_code(session: Session, code: str) -> Organization | None:
    """The organization with this short code."""
    return session.scalar(select(Organization).where(Organization.code == code))


def organizations_under(session: Session, path: str) -> Sequence[Organization]:
    """Organizations at or below `path`, parents first."""
    query = select(Organization).where(Organization.path.startswith(path, autoescape=True))
    return session.scalars(query.order_by(Organization.path)).all()


def users_under(session: Session, path: str) -> Sequence[User]:
    """Accounts of the organizations at or below `path`."""
    query = (
        select(User)
        .join(User.organization)
        .where(Organization.path.startswith(path, autoescape=True))
        .options(joinedload(User.organization))
        .order_by(User.id)
    )
    return session.scalars(query).all()


def user_in(session: Session, user_id: int, path: str) -> User | None:
    """An account, also one that is not active, of an organization at or below `path`."""
    query = select(User).join(User.organization).where(User.id == user_id, Organization.path.startswith(path, autoescape=True))
    return session.scalar(query.options(joinedload(User.organization)))


def security_above(session: Session, path: str) -> bool:
    """Whether an active security administrator stands at or above `path`."""
    ids = own_and_above(path)
    query = select(User.id).where(User.organization_id.in_(ids), User.role == StaffRole.SECURITY, User.active)
    return session.scalar(query.limit(1)) is not None


def drop_user_sessions(session: Session, user_id: int) -> None:
    """Log an account out everywhere."""
    session.execute(delete(LogInSession).where(LogInSession.user_id == user_id))


def kiosks_under(session: Session, path: str) -> Sequence[Kiosk]:
    """Kiosks of the organizations at or below `path`."""
    query = (
        select(Kiosk)
        .join(Kiosk.organization)
        .where(Organization.path.startswith(path, autoescape=True), Kiosk.kind == KioskKind.KIOSK)
        .options(joinedload(Kiosk.organization))
        .order_by(Kiosk.id)
    )
    return session.scalars(query).all()


def enrolled_kiosk_ids(session: Session, now: datetime) -> set[int]:
    """Ids of the kiosks that hold a working key."""
    query = select(LogInSession.kiosk_id).where(LogInSession.kiosk_id.is_not(None), LogInSession.expires_at > now)
    return {kiosk_id for kiosk_id in session.scalars(query) if kiosk_id is not None}


def count_users(session: Session) -> int:
    """How many accounts there are."""
    return session.scalar(select(func.count()).select_from(User)) or 0
