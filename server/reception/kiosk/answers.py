"""The form of a sitting alone: whoever was asked one thing at a time answered for one field at a time."""

from sqlalchemy.orm import Session

from server.domain.alone import Answer, Said, question, values
from server.domain.states import FormField
from server.protocol.base import Role
from server.reception.record import revisions
from server.reception.record.drafts import fill_from_speech
from server.store import alone as store
from server.store import records
from server.store.models import AloneSitting, VisitRecord


def fill(session: Session, record: VisitRecord) -> None:
    """Put answers into fields that nobody has touched and the rules of drafting left empty, with what they rest on; of a
    sitting alone, once all of it is recognised.  The name goes to the reception, too, where none was typed."""
    sitting = store.of_reception(session, record.reception_id)
    if sitting is None:
        return
    form = records.form(session, record.id)
    filled = {field for field, entry in form.items() if entry.value or entry.version != 1}
    for field, (value, ids) in values(_answers(sitting), _said(session, record), filled).items():
        entry = form[field]
        fill_from_speech(entry, value, ids)
        revisions.add(session, record, "field", field=field, before={"value": ""}, after={"value": entry.value})
    reception = record.reception
    if not reception.petitioner_name and (name := form[FormField.NAME].value):
        reception.petitioner_name = name[:50]


def _answers(sitting: AloneSitting) -> list[Answer]:
    """Typed ones last a moment: they are at the very place where they were typed."""
    asked = ((question(name), start, end) for name, start, end in sitting.answers)
    return [Answer(one.id, one.field, start, max(end, start + 0.001)) for one, start, end in asked if one is not None]


def _said(session: Session, record: VisitRecord) -> list[Said]:
    own = {seat.id for seat in records.participants(session, record.reception_id) if seat.role == Role.PETITIONER}
    heard = records.utterances(session, record.reception_id)
    return sorted((Said(one.id, one.start, one.text) for one in heard if one.participant_id in own), key=lambda one: one.start)
