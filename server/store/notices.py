"""Every query about what officers are told: notices, where else they want them, and what is on its way."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from server.domain.states import DeliveryState, StaffRole
from server.store.access import Actor, visible_notices
from server.store.models import Notice, NoticeDelivery, Organization, StaffContact, StoredCase, User

MOST_COUNTED = 100
"""More unread notices than this are not counted: the bell says 99+."""


def officers(session: Session, organization_ids: Collection[int], roles: Collection[StaffRole]) -> Sequence[User]:
    """Active accounts of these roles in these very organizations."""
    query = select(User).join(Organization, Organization.id == User.organization_id)
    query = query.where(User.organization_id.in_(organization_ids), User.role.in_(roles), User.active)
    return session.scalars(query.options(joinedload(User.organization)).order_by(User.id)).all()


def told_since(session: Session, kind: str, words: str, since: datetime) -> set[int]:
    """Accounts that were told just this since then."""
    query = select(Notice.user_id).where(Notice.kind == kind, Notice.words == words, Notice.at >= since)
    newest = select(func.max(Notice.id)).scalar_subquery()
    return set(session.scalars(query.where(Notice.id > newest - 1000)))


def contacts(session: Session, user_ids: Collection[int]) -> dict[int, StaffContact]:
    """Where these accounts want notices besides the page."""
    found = session.scalars(select(StaffContact).where(StaffContact.user_id.in_(user_ids)))
    return {one.user_id: one for one in found}


def of_user(session: Session, actor: Actor, before: int | None, rows: int) -> Sequence[tuple[Notice, str | None]]:
    """The newest notices of an account (older than `before`), each with its case's number."""
    number = select(StoredCase.case_no).where(StoredCase.id == Notice.case_id).scalar_subquery()
    query = visible_notices(actor).add_columns(number)
    if before is not None:
        query = query.where(Notice.id < before)
    return [(one, case_no) for one, case_no in session.execute(query.order_by(Notice.id.desc()).limit(rows))]


def still_told(session: Session, actor: Actor, notice_id: int) -> bool:
    """Whether the account may still read it."""
    return session.scalar(visible_notices(actor).with_only_columns(Notice.id).where(Notice.id == notice_id)) is not None


def unread(session: Session, actor: Actor) -> int:
    """How many are not read yet, counted up to MOST_COUNTED."""
    some = visible_notices(actor).with_only_columns(Notice.id).where(Notice.read_at.is_(None)).limit(MOST_COUNTED)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def read(session: Session, user_id: int, up_to: int, only: int | None, now: datetime) -> None:
    """Note that the account read one notice, or all up to `up_to`."""
    which = Notice.id == only if only is not None else Notice.id <= up_to
    session.execute(update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None), which).values(read_at=now))


def any_due(session: Session, now: datetime) -> bool:
    """Whether something waits to be sent."""
    query = select(NoticeDelivery.id).where(NoticeDelivery.next_at <= now).limit(1)
    return session.scalar(query) is not None


def next_due(session: Session, now: datetime, without: Collection[str]) -> NoticeDelivery | None:
    """The delivery that has waited longest, leaving these ways out."""
    query = select(NoticeDelivery).where(NoticeDelivery.next_at <= now, NoticeDelivery.way.not_in(without))
    query = query.order_by(NoticeDelivery.next_at, NoticeDelivery.id).limit(1)
    return session.scalars(query.with_for_update(skip_locked=True)).first()


def interrupted(session: Session) -> Sequence[NoticeDelivery]:
    """Those that were being handed over when the program ended."""
    return session.scalars(select(NoticeDelivery).where(NoticeDelivery.state == DeliveryState.SENDING)).all()


def last_code(session: Session, case_id: int) -> NoticeDelivery | None:
    """The message with a case's query code that was made last."""
    query = select(NoticeDelivery).where(NoticeDelivery.case_id == case_id).order_by(NoticeDelivery.id.desc()).limit(1)
    return session.scalars(query).first()


def notice_and_case(session: Session, notice_id: int) -> tuple[Notice, str]:
    """A notice and the number of its case; "" where it has none."""
    one = session.get_one(Notice, notice_id)
    case = session.get(StoredCase, one.case_id) if one.case_id else None
    return one, case.case_no if case else ""
