"""What the petitioner's reading changed, of a filed record: for its documents and the case page."""

from sqlalchemy.orm import Session

from server.domain.agreed import Change, changes
from server.reception.paper.letters import began
from server.store import reading
from server.store.models import StoredCase


def changes_of(session: Session, case: StoredCase) -> tuple[Change, ...]:
    """What stands in the filed record otherwise than when it was first handed over for reading."""
    first = reading.handed_over(session, case.record_id) if case.record_id else None
    return changes(first["record"], case.filed_record, began(case.filed_record)) if first else ()
