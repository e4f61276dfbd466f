"""What the petitioner said against lines of a record, as the clerk's desk shows it."""

from sqlalchemy.orm import Session

from server.protocol.records import DisputeView
from server.store import reading as store
from server.store import records
from server.store.models import StoredDispute, VisitRecord


def views(session: Session, record: VisitRecord) -> tuple[DisputeView, ...]:
    """For the staff: all that was said against lines that are there, oldest first."""
    said = store.disputes(session, record.id)
    there = set(records.line_ids(session, record.id)) if said else set()
    return tuple(_view(record, one) for one in said if one.line_id in there)


def _view(record: VisitRecord, one: StoredDispute) -> DisputeView:
    return DisputeView(
        id=one.id,
        line_id=one.line_id,
        before=one.before,
        piece=one.piece,
        reason=one.reason,
        said=one.said,
        sound_url=f"/api/records/{record.id}/disputes/{one.id}/sound" if one.sound_type else "",
        at=one.at,
        withdrawn=one.withdrawn_at is not None,
    )
