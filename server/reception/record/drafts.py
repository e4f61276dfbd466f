"""From what was recognised to the lines and the form of a draft record."""

import gc
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.on_site import agreement
from server.domain.states import (
    CLOSED_RECORD,
    FormField,
    KioskKind,
    LineKind,
    PromiseState,
    RecognitionState,
    RecordState,
)
from server.protocol.base import Role
from server.protocol.drafting import Draft, DraftInput, DraftLine, Promise, Speaker
from server.protocol.transcript import Utterance
from server.reception.kiosk import papers
from server.reception.record import revisions
from server.store import accusations, on_site, records
from server.store.models import (
    FormEntry,
    Line,
    OnSiteTalk,
    Reception,
    SecondUtterance,
    StoredPromise,
    StoredTold,
    StoredUtterance,
    VisitRecord,
)
from transcription import drafting

ROOM = 1e-6
"""Smallest distance between the positions of two lines."""


def new_id() -> str:
    """Identifier of a record or line: 32 hexadecimal digits."""
    return secrets.token_hex(16)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """For a second or two in which all that is made is kept: Python's collector would look through a long sitting's hundred
    thousand objects, and all others of the program, again and again; half of the time would be its."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_nothing_collected()
def create_draft(session: Session, reception: Reception) -> VisitRecord:
    """The draft record of a closed reception, from its stored utterances; the one that is there if there is one."""
    known = records.of_reception(session, reception.id)
    if known is not None:
        return known
    draft = draft_of(session, reception, records.utterances(session, reception.id))
    record = _empty_record(reception)
    session.add(record)
    session.flush()
    talk = on_site.talk_of(session, reception.id)
    if talk is not None and talk.agreed_at is not None:
        session.add(_agreement(record.id, reception, talk))
    _keep_lines(session, record.id, draft.lines)
    session.add_all(_form_entries(session, record.id, reception, draft))
    accusations.keep_in_step(session, record)
    keep_promises(session, reception.id, draft)
    revisions.add(session, record, "drafted")
    session.flush()
    return record


def _agreement(record_id: str, reception: Reception, talk: OnSiteTalk) -> Line:
    """How the petitioner agreed to the recording, as it was written down then: the line before all that was recorded."""
    text = agreement(talk.agreed_before, reception.petitioner_name, talk.agreed_words)
    return Line(
        id=new_id(), record_id=record_id, position=0.0, kind=LineKind.NOTE, participant_id=None, start=0.0, end=0.0, text=text,
        recognised="", words=[], utterance_ids=[], doubt=[], edited_by=talk.agreed_before,
    )  # fmt: skip


def _empty_record(reception: Reception) -> VisitRecord:
    now = clock.now()
    return VisitRecord(
        id=new_id(),
        reception_id=reception.id,
        organization_id=reception.organization_id,
        state=RecordState.DRAFT,
        version=0,
        recognition=RecognitionState.DONE,
        recognition_message="",
        created_at=now,
        updated_at=now,
    )


def draft_of(session: Session, reception: Reception, heard: Iterable[StoredUtterance | Utterance]) -> Draft:
    """What drafting makes of these utterances."""
    return drafting.build_draft(talk_of(session, reception.id, heard))


def talk_of(session: Session, reception_id: str, heard: Iterable[StoredUtterance | Utterance]) -> DraftInput:
    """These utterances as drafting is given them."""
    utterances = sorted((as_message(one) for one in heard), key=lambda one: (one.start, one.id))
    return DraftInput(speakers=speakers_of(session, reception_id), utterances=tuple(utterances))


def speakers_of(session: Session, reception_id: str) -> tuple[Speaker, ...]:
    """Everyone who had a seat, as drafting knows them."""
    seats = records.participants(session, reception_id)
    return tuple(Speaker(id=seat.id, role=Role(seat.role), name=seat.name) for seat in seats)


def promise_ids(found: Iterable[Promise]) -> list[tuple[str, Promise]]:
    """Promises with what they are known by: the first utterance, and which one of its line it is."""
    seen = Counter[str]()
    known = list[tuple[str, Promise]]()
    for one in found:
        first = one.utterance_ids[0]
        known.append((f"{first}-{seen[first]}", one))
        seen[first] += 1
    return known


def keep_promises(session: Session, reception_id: str, draft: Draft) -> None:
    """Promises as heard, but those that are there: somebody may have confirmed or struck them during the talk."""
    known = {one.id for one in records.promises(session, reception_id)}
    starts = {id_: line.start for line in draft.lines for id_ in line.utterance_ids}
    for id_, one in promise_ids(draft.promises):
        if id_ not in known:
            session.add(
                StoredPromise(
                    reception_id=reception_id, id=id_, who=one.who, what=one.what, by=one.by, text=one.text,
                    start=starts[one.utterance_ids[0]], state=PromiseState.HEARD,
                )
            )  # fmt: skip
    session.flush()


def as_message(heard: StoredUtterance | SecondUtterance | Utterance) -> Utterance:
    """A stored utterance as the contract's message."""
    if isinstance(heard, Utterance):
        return heard
    measures = {name: heard.measures.get(name) for name in ("avg_logprob", "no_speech_prob", "compression_ratio")}
    # All at once: a sitting has tens of thousands of words.
    return Utterance.model_validate({
        "id": heard.id, "participant_id": heard.participant_id, "start": heard.start, "end": heard.end, "text": heard.text,
        "words": [{"start": start, "end": end, "text": text, "probability": sure} for start, end, text, sure, *_ in heard.words],
        "doubt": heard.measures.get("doubt") or (), "model": heard.measures.get("model") or "", **measures,
    })  # fmt: skip


def _keep_lines(session: Session, record_id: str, lines: Sequence[DraftLine]) -> None:
    """All lines of a new record, as rows: a long sitting has thousands."""
    if lines:
        session.execute(insert(Line), [_row(record_id, line, float(i)) for i, line in enumerate(lines, start=1)])


def _row(record_id: str, line: DraftLine, position: float) -> dict[str, Any]:
    return {
        "id": new_id(),
        "record_id": record_id,
        "position": position,
        "kind": line.kind,
        "participant_id": line.participant_id,
        "start": line.start,
        "end": line.end,
        "text": line.text,
        "recognised": line.recognised,
        "words": [[word.start, word.end, word.text, word.probability] for word in line.words],
        "utterance_ids": list(line.utterance_ids),
        "doubt": list(line.doubt),
    }


def _form_entries(session: Session, record_id: str, reception: Reception, draft: Draft) -> list[FormEntry]:
    spoken = {field.field: field for field in draft.fields}
    given = _given(reception) | _told(session, reception)
    shown = papers.for_form(session, reception.id)
    entries = []
    for field in FormField:
        entry = FormEntry(record_id=record_id, field=field, value="", source="", utterance_ids=[], version=1)
        if field in given:
            entry.value, entry.source = given[field]
        elif field in spoken:
            fill_from_speech(entry, spoken[field].value, spoken[field].utterance_ids)
        if field == FormField.MATERIALS and shown:
            entry.value, entry.source = "；".join(one for one in (entry.value, shown) if one), entry.source or "kiosk"
        entries.append(entry)
    return entries


def fill_from_speech(entry: FormEntry, value: str, utterance_ids: Sequence[str]) -> None:
    """Put in a value that was spoken, with where; a value without a source stays out.  Sentences about a court decide
    the choice 涉法涉诉."""
    if value and utterance_ids:
        if entry.field == FormField.LITIGATION and value not in dict(terms.YES_NO):
            value = "yes"
        entry.value, entry.source, entry.utterance_ids = value, "speech", list(utterance_ids)


def _given(reception: Reception) -> dict[FormField, tuple[str, str]]:
    """What the kiosk was told and what the office knows by itself: (value, source)."""
    receiver = reception.receiver
    title = f"（{receiver.title}）" if receiver and receiver.title else ""
    told = "kiosk" if reception.kiosk.kind == KioskKind.KIOSK else "office"
    known = {
        FormField.NAME: (reception.petitioner_name, told),
        FormField.PHONE: (reception.petitioner_phone, told),
        FormField.SUMMARY: (reception.matter, told),
        FormField.VISIT_TIME: (visit_time(reception), "office"),
        FormField.PLACE: (reception.venue, "office"),
        FormField.FORM_OF_VISIT: (reception.channel, "office"),
        FormField.RECEIVED_BY: (receiver.name + title if receiver else "", "office"),
    }
    return {field: (value, source) for field, (value, source) in known.items() if value}


def _told(session: Session, reception: Reception) -> dict[FormField, tuple[str, str]]:
    """What an identity card said that was read at the kiosk, and whether an earlier matter was opened there."""
    told = session.get(StoredTold, reception.id)
    if told is None:
        return {}
    known = {
        FormField.ID_TYPE: ("identity_card" if told.number else "", "card"),
        FormField.ID_NUMBER: (told.number, "card"),
        FormField.SEX: (told.sex, "card"),
        FormField.ETHNIC_GROUP: (told.ethnic_group, "card"),
        FormField.ADDRESS: (told.address, "card"),
        FormField.FIRST_OR_REPEAT: ("repeat" if told.earlier_case_id else "", "kiosk"),
    }
    return {field: value for field, value in known.items() if value[0]}


def visit_time(reception: Reception) -> str:
    """E.g. 2026年6月9日 9:41–10:05, in the office's time."""
    first = (reception.started_at or reception.joined_at or reception.asked_at).astimezone(clock.OFFICE_ZONE)
    shown = f"{first.year}年{first.month}月{first.day}日 {first.hour}:{first.minute:02d}"
    if reception.ended_at is None:
        return shown
    last = reception.ended_at.astimezone(clock.OFFICE_ZONE)
    return f"{shown}–{last.hour}:{last.minute:02d}"


def add_recognised(session: Session, record: VisitRecord, heard: Iterable[StoredUtterance | Utterance]) -> int:
    """Add what was recognised later as lines in order of time; nothing that stands there changes.

    Returns how many lines were added.  Utterances the record already rests on are passed over, so it may be
    called again.  A confirmed record goes back to correcting, because nobody has read the new lines; one that is
    signed stays as it was signed, and the text is kept in its revisions.
    """
    record = records.lock(session, record.id, clock.now())
    known = records.heard_utterance_ids(session, record.id)
    fresh = _no_echoes(session, record, [one for one in heard if one.id not in known])
    if not fresh:
        return 0
    draft = draft_of(session, record.reception, fresh)
    if record.state in CLOSED_RECORD:
        _keep_late(session, record, draft.lines)
        return 0
    for line in draft.lines:
        added = insert_by_time(session, record, line)
        revisions.add(session, record, "recognised", line_id=added.id, after={"text": added.text})
    _fill_empty_fields(session, record)
    keep_promises(session, record.reception_id, draft)
    _back_to_correcting(session, record)
    session.flush()
    return len(draft.lines)


def _no_echoes(
    session: Session, record: VisitRecord, fresh: Sequence[StoredUtterance | Utterance]
) -> list[StoredUtterance | Utterance]:
    """Those that are not somebody else's words, come back through this person's microphone."""
    said = {one.id: as_message(one) for one in [*records.utterances(session, record.reception_id), *fresh]} if fresh else {}
    kept = {one.id for one in drafting.without_echoes(tuple(said.values()))}
    return [one for one in fresh if one.id in kept]


def _keep_late(session: Session, record: VisitRecord, lines: Iterable[DraftLine]) -> None:
    """Late text under a signed record: one revision per utterance line, unless it is there already."""
    kept = {tuple(found.after.get("utterance_ids", ())) for found in records.revisions(session, record.id)}
    for line in lines:
        if line.utterance_ids not in kept:
            after = {
                "text": line.text,
                "recognised": line.recognised,
                "start": line.start,
                "utterance_ids": list(line.utterance_ids),
            }
            if record.state == RecordState.FILED:
                records.append_late_revision(session, record.id, revisions.RECOGNITION, after, clock.now())
            else:
                revisions.add(session, record, "late_speech", after=after)


def insert_by_time(session: Session, record: VisitRecord, line: DraftLine) -> Line:
    """The line at its place in the record."""
    before, after = records.places_around(session, record.id, line.start)
    if after is not None and after - before < ROOM:
        records.spread(session, record.id)
        before, after = records.places_around(session, record.id, line.start)
    added = Line(**_row(record.id, line, before + 1 if after is None else (before + after) / 2))
    session.add(added)
    session.flush()
    return added


def _fill_empty_fields(session: Session, record: VisitRecord) -> None:
    """Fields nobody has touched and nothing has filled may now have something to rest on."""
    _fill(session, record, draft_of(session, record.reception, records.utterances(session, record.reception_id)))


def _fill(session: Session, record: VisitRecord, draft: Draft) -> None:
    form = records.form(session, record.id)
    for found in draft.fields:
        entry = form.get(found.field)
        if entry is not None and entry.version == 1 and not entry.value:
            fill_from_speech(entry, found.value, found.utterance_ids)
            after = {"value": entry.value}
            revisions.add(session, record, "field", field=entry.field, before={"value": ""}, after=after)
    accusations.keep_in_step(session, record)


def fill_once_speakers_are_known(session: Session, record: VisitRecord) -> None:
    """A room's microphone does not tell who speaks: once a clerk has told it of every line, fields that nobody has touched and
    nothing has filled get what the petitioner said, and what the leader undertook is listed.  May be called again."""
    if records.unassigned(session, record):
        return
    draft = drafting.build_draft(DraftInput(speakers=speakers_of(session, record.reception_id), utterances=_as_told(session, record)))
    _fill(session, record, draft)
    keep_promises(session, record.reception_id, draft)
    session.flush()


def _as_told(session: Session, record: VisitRecord) -> tuple[Utterance, ...]:
    """The lines that rest on something recognised, as they stand and of whom they are."""
    return tuple(
        Utterance(id=one.utterance_ids[0], participant_id=one.participant_id, start=one.start, end=one.end, text=one.text)
        for one in records.line_rows(session, record.id)
        if one.utterance_ids and one.participant_id and not one.deleted
    )


def _back_to_correcting(session: Session, record: VisitRecord) -> None:
    session.flush()
    if records.move(session, record.id, [RecordState.CONFIRMED], RecordState.CORRECTING):
        reason = "又认出了一些话，要再看一遍"
        revisions.add(session, record, "reopen", author=revisions.RECOGNITION, after={"reason": reason})
