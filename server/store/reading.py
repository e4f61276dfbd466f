"""Queries about reading back: what was handed over, and what the petitioner said should stand there."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.store.models import ReadingLink, StoredDispute, StoredRevision

CONFIRM = "confirm"


def handed_over(session: Session, record_id: str, *, last: bool = False) -> dict[str, Any] | None:
    """What a revision keeps of the record as it was first (or last) handed to the petitioner; None: it was not."""
    order = StoredRevision.number.desc() if last else StoredRevision.number
    query = select(StoredRevision.after).where(StoredRevision.record_id == record_id, StoredRevision.kind == CONFIRM)
    found = session.scalars(query.order_by(order).limit(1)).first()
    return found if found and "record" in found else None


def handed_over_number(session: Session, record_id: str) -> int:
    """Number of the revision by which the record was last handed to the petitioner; 0: it was not."""
    query = select(func.max(StoredRevision.number)).where(
        StoredRevision.record_id == record_id, StoredRevision.kind == CONFIRM
    )
    return session.scalar(query) or 0


def disputes(session: Session, record_id: str) -> Sequence[StoredDispute]:
    """All objections to lines of a record, without their sound, oldest first."""
    query = select(StoredDispute).where(StoredDispute.record_id == record_id)
    return session.scalars(query.order_by(StoredDispute.id)).all()


def dispute_count(session: Session, record_id: str) -> int:
    """How often something was objected to."""
    return session.scalar(select(func.count()).where(StoredDispute.record_id == record_id)) or 0


def disputes_of_line(session: Session, record_id: str, line_id: str, text: str) -> Sequence[StoredDispute]:
    """Objections to a line while it had this text that were not taken back, oldest first."""
    query = select(StoredDispute).where(
        StoredDispute.record_id == record_id,
        StoredDispute.line_id == line_id,
        StoredDispute.before == text,
        StoredDispute.withdrawn_at.is_(None),
    )
    return session.scalars(query.order_by(StoredDispute.id)).all()


def dispute_sound(session: Session, record_id: str, dispute_id: int) -> tuple[bytes, str] | None:
    """How an objection was spoken, and how that is packed; None where it was not."""
    query = select(StoredDispute.sound, StoredDispute.sound_type).where(
        StoredDispute.record_id == record_id, StoredDispute.id == dispute_id, StoredDispute.sound.is_not(None)
    )
    found = session.execute(query).first()
    return (found[0] or b"", found[1]) if found else None


def links_of(session: Session, record_id: str) -> Sequence[ReadingLink]:
    """Links to a record, oldest first, also those that are over."""
    query = select(ReadingLink).where(ReadingLink.record_id == record_id)
    return session.scalars(query.order_by(ReadingLink.created_at)).all()


def link_by_code(session: Session, code_sha256: str) -> ReadingLink | None:
    """The link of a code."""
    return session.scalars(select(ReadingLink).where(ReadingLink.code_sha256 == code_sha256)).one_or_none()


def link_by_key(session: Session, key_sha256: str) -> ReadingLink | None:
    """The link that a browser opened."""
    return session.scalars(select(ReadingLink).where(ReadingLink.key_sha256 == key_sha256)).one_or_none()


def link(session: Session, link_id: str) -> ReadingLink:
    """One link that is there."""
    return session.get_one(ReadingLink, link_id)
