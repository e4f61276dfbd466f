"""The record on paper, for whoever would rather read that than a screen."""

from typing import Any

from sqlalchemy.orm import Session

from server.domain.canonical import check_code
from server.errors import WrongState
from server.reception.record import reading
from server.reception.record.records import require
from server.store.access import Actor

NOT_YET = "先“交给群众核对”，再打印核对单：打出来的要和签的是同一版。"


def of_record(session: Session, actor: Actor, record_id: str) -> dict[str, Any]:
    """What the sheet says.  Raises NotFound, WrongState while the record is not with the petitioner: only what is to be
    signed is printed."""
    record = require(session, actor, record_id)
    shown = reading.view(session, record)
    if not shown.sha256:
        raise WrongState(NOT_YET, code="not_handed_over")
    names = {seat.id: seat.name for seat in shown.participants}
    form = [(one.label, one.words, one.before) for one in shown.form]
    lines = [(names.get(line.participant_id or "", "说明"), line.text, line.before) for line in shown.lines]
    return {
        "reading": shown,
        "lines": lines,
        "form": form,
        "check": check_code(shown.sha256),
        "office": record.reception.organization.name,
        "kiosk": record.reception.venue,
        "petitioner": record.reception.petitioner_name,
        "talked_at": record.reception.started_at or record.reception.joined_at,
    }
