"""The record as the petitioner reads it, at the kiosk or on a phone: what was said, and nothing of the staff's work."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from server import clock
from server.domain import masking, terms
from server.domain.states import FormField, RecordState
from server.protocol.base import Role, TrackKind
from server.protocol.canonical import fingerprint
from server.protocol.reading import (
    Reading,
    ReadingField,
    ReadingGap,
    ReadingLine,
    ReadingPromise,
    ReadingSigner,
    ReadingState,
    ReadWord,
)
from server.protocol.receptions import Participant
from server.protocol.records import PlayableSegment
from server.reception.record import promises, signatures
from server.reception.record.canonical import canonical_record
from server.reception.record.records import gaps_of, playable, require
from server.reception.talk import attendance
from server.store import reading as store
from server.store import records
from server.store.access import Actor
from server.store.models import VisitRecord

STATES = {RecordState.CONFIRMED: "reading", RecordState.CORRECTING: "correcting"}


def open_reading(session: Session, actor: Actor, record_id: str) -> Reading:
    """The record for reading; that it was opened is written down.  Raises NotFound for any other record."""
    record = require(session, actor, record_id)
    records.note_access(session, actor, "read" if actor.is_kiosk else "read_by_link", "record", record.id, clock.now())
    return view(session, record, actor.name if actor.reads else "")


def state(session: Session, actor: Actor, record_id: str) -> ReadingState:
    """Whether it can be read and signed now."""
    record = require(session, actor, record_id)
    return ReadingState(state=state_of(record), version=record.version)


def state_of(record: VisitRecord) -> Any:
    return STATES.get(RecordState(record.state), "settled")


def view(session: Session, record: VisitRecord, whose: str = "") -> Reading:
    """For whoever is at the kiosk, or for the signer of this name.  The number of queries does not depend on the record's
    length."""
    reception = record.reception
    seats = records.participants(session, reception.id)
    first = store.handed_over(session, record.id)
    known = {line["id"]: line["text"] for line in first["record"]["lines"]} if first else None
    filled = {one["field"]: one["value"] for one in first["record"]["form"]} if first else None
    rows = [row for row in records.line_rows(session, record.id) if not row.deleted]
    confirmed = record.state == RecordState.CONFIRMED
    sha256 = fingerprint(canonical_record(session, record)) if confirmed else ""
    signers = signers_of(session, record, sha256)
    return Reading.model_construct(
        record_id=record.id,
        reception_id=reception.id,
        state=state_of(record),
        version=record.version,
        sha256=sha256,
        participants=tuple(Participant(id=seat.id, role=Role(seat.role), name=seat.name) for seat in seats),
        own=next(seat.id for seat in seats if seat.role == Role.PETITIONER),
        attendance=tuple(attendance.views(attendance.present(session, reception))),
        lines=tuple(_line(row, known) for row in rows),
        segments=_sound(session, record),
        gaps=tuple(ReadingGap(cause=gap.cause, text=gap.text) for gap in gaps_of(session, reception)),
        promises=tuple(
            ReadingPromise(who=one.who, what=one.what, by=one.by)
            for one in promises.of_record(session, record, confirmed_only=True)
        ),
        form=tuple(_form(session, record, filled)),
        signers=signers,
        signer=next((one.number for one in signers if whose and one.name == whose), None),
    )


OWN_FIELDS = tuple(
    field for field in FormField
    if field not in (FormField.VISIT_TIME, FormField.PLACE, FormField.FORM_OF_VISIT, FormField.RECEIVED_BY, FormField.FIRST_OR_REPEAT,
                     FormField.GROUP_VISIT, FormField.HANDLING, FormField.RESPONSIBLE_UNIT)
)  # fmt: skip
"""What the form says of the person and the matter; where and by whom they were received, and what the office means to do, are not
theirs to say."""


def _form(session: Session, record: VisitRecord, before: Mapping[str, str] | None) -> Iterator[ReadingField]:
    """What is filled in, or was when the record was first handed over."""
    entries = records.form(session, record.id)
    for field in OWN_FIELDS:
        now = _as_read(field, entries[field].value if field in entries else "")
        was = _as_read(field, before.get(field, "")) if before is not None else now
        if now or was:
            yield ReadingField(field=field, label=terms.FIELD[field], words=now or "（空着）", before=was if was != now else None)


def _as_read(field: FormField, value: str) -> str:
    return masking.in_form(field, terms.choice_label(field, value))


def signers_of(session: Session, record: VisitRecord, sha256: str) -> tuple[ReadingSigner, ...]:
    """Who reads and signs, and how those who have did."""
    found = signatures.present(session, record, sha256) if sha256 else []
    done = {one: signatures.of_reader(found, one) for one in signatures.readers_of(session, record)}
    return tuple(
        ReadingSigner(number=one.number, name=one.name, role=one.role, done=row.way if row else "")
        for one, row in done.items()
    )


def _line(row: Row[Any], known: Mapping[str, str] | None) -> ReadingLine:
    """Built without checking again: it comes from the store, and a long record has 100,000 words."""
    before = known.get(row.id) if known is not None else None
    return ReadingLine.model_construct(
        id=row.id,
        position=row.position,
        kind=row.kind,
        participant_id=row.participant_id,
        start=row.start,
        end=row.end,
        text=row.text,
        words=tuple(ReadWord.model_construct(start=word[0], end=word[1], text=word[2]) for word in row.words),
        by_hand=not row.recognised,
        corrected=bool(row.recognised and row.edited_by),
        before=before if before != row.text else None,
        added=known is not None and row.id not in known,
        objection=row.disputed,
        version=row.version,
    )


def _sound(session: Session, record: VisitRecord) -> tuple[PlayableSegment, ...]:
    """Sound of the recording and of what the kiosk's copy has for its gaps, by addresses that a reader may ask for."""
    found = playable(session, record)
    return tuple(
        one.model_copy(update={"url": one.url.replace("/api/records/", "/api/reading/", 1)})
        for one in found
        if one.kind == TrackKind.AUDIO
    )
