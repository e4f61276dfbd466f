"""Every query about records, their lines, forms, revisions and signatures."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, Text, cast, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from server.domain.states import FormField, RecordState
from server.protocol.base import Role
from server.store import guard  # noqa: F401  (armed by being imported)
from server.store.access import Actor, visible_receptions, visible_records
from server.store.models import (
    AccessEntry,
    FormEntry,
    Line,
    Participant,
    Reception,
    StoredCase,
    StoredGap,
    StoredMark,
    StoredPromise,
    StoredProposal,
    StoredRevision,
    StoredSegment,
    StoredSignature,
    StoredSuggestion,
    StoredUtterance,
    VisitRecord,
)

MOST_ROWS = 500
Proposed = TypeVar("Proposed", StoredSuggestion, StoredProposal)


class LineCounts(NamedTuple):
    """Of a record's lines that stand: all, those heard, those with a doubt that nobody has heard, those disputed."""

    lines: int = 0
    heard: int = 0
    doubtful: int = 0
    disputed: int = 0


def find(session: Session, actor: Actor, record_id: str) -> VisitRecord | None:
    """The record if the actor may read it, with its reception, kiosk, office, receiver and clerk."""
    query = visible_records(actor).where(VisitRecord.id == record_id).options(
        joinedload(VisitRecord.clerk),
        joinedload(VisitRecord.reception).options(
            joinedload(Reception.kiosk), joinedload(Reception.organization), joinedload(Reception.receiver)
        ),
    )
    return session.scalars(query).one_or_none()


def of_reception(session: Session, reception_id: str) -> VisitRecord | None:
    """The record of a reception; for jobs, which act for nobody."""
    return session.scalars(select(VisitRecord).where(VisitRecord.reception_id == reception_id)).one_or_none()


def pulse(session: Session, actor: Actor, record_id: str) -> Row[int, str, str, datetime] | None:
    """Version, state and recognition of a record that the actor may read."""
    columns = (VisitRecord.version, VisitRecord.state, VisitRecord.recognition, VisitRecord.updated_at)
    return session.execute(visible_records(actor).with_only_columns(*columns).where(VisitRecord.id == record_id)).one_or_none()


def disputed_lines(session: Session, record_id: str) -> int:
    """How many lines the petitioner objects to."""
    query = select(func.count()).where(Line.record_id == record_id, ~Line.deleted, Line.disputed != "")
    return session.scalar(query) or 0


def listed(
    session: Session, actor: Actor, states: Sequence[str] = (), words: str = ""
) -> list[tuple[VisitRecord, LineCounts, str]]:
    """Newest first, at most 500: record, counts of its lines, case number.

    `words` are looked for in the petitioner's name, the matter and the case number.
    """
    query = visible_records(actor).join(VisitRecord.reception)
    if states:
        query = query.where(VisitRecord.state.in_(states))
    for word in words.split()[:5]:
        query = query.where(_matches(word))
    query = query.options(
        joinedload(VisitRecord.clerk), joinedload(VisitRecord.reception).joinedload(Reception.receiver)
    )
    found = session.scalars(query.order_by(VisitRecord.updated_at.desc()).limit(MOST_ROWS)).all()
    counts = line_counts(session, [record.id for record in found])
    numbers = _case_numbers(session, [record.id for record in found])
    return [(record, counts.get(record.id, LineCounts()), numbers.get(record.id, "")) for record in found]


def _matches(word: str) -> ColumnElement[bool]:
    numbered = select(StoredCase.record_id).where(StoredCase.case_no.icontains(word, autoescape=True))
    return or_(
        Reception.petitioner_name.icontains(word, autoescape=True),
        Reception.matter.icontains(word, autoescape=True),
        VisitRecord.id.in_(numbered),
    )


def form_values_of(session: Session, record_ids: Sequence[str], field: str) -> dict[str, str]:
    """What stands in one field of the form, per record; records where it is empty are left out."""
    query = select(FormEntry.record_id, FormEntry.value).where(
        FormEntry.record_id.in_(record_ids), FormEntry.field == field, FormEntry.value != ""
    )
    return {row.record_id: row.value for row in session.execute(query)}


def summaries_of(session: Session, reception_ids: Collection[str]) -> dict[str, str]:
    """What the forms of these talks say they were about."""
    query = select(VisitRecord.reception_id, FormEntry.value).join(FormEntry, FormEntry.record_id == VisitRecord.id).where(
        VisitRecord.reception_id.in_(reception_ids), FormEntry.field == FormField.SUMMARY, FormEntry.value != ""
    )
    return {row.reception_id: row.value for row in session.execute(query)}


def line_counts(session: Session, record_ids: Sequence[str]) -> dict[str, LineCounts]:
    """Per record that has lines standing."""
    doubtful = func.length(cast(Line.doubt, Text)) > 2
    query = (
        select(
            Line.record_id,
            func.count(),
            func.count().filter(Line.heard),
            func.count().filter(doubtful, ~Line.heard),
            func.count().filter(Line.disputed != ""),
        )
        .where(Line.record_id.in_(record_ids), ~Line.deleted)
        .group_by(Line.record_id)
    )
    return {row[0]: LineCounts(*row[1:]) for row in session.execute(query)}


def unassigned(session: Session, record: VisitRecord) -> int:
    """How many lines that stand are a room's microphone's: nobody has told yet who spoke."""
    rooms = [seat.id for seat in participants(session, record.reception_id) if seat.role == Role.ROOM]
    if not rooms:
        return 0
    query = select(func.count()).where(Line.record_id == record.id, ~Line.deleted, Line.participant_id.in_(rooms))
    return session.scalar(query) or 0


def _case_numbers(session: Session, record_ids: Sequence[str]) -> dict[str, str]:
    query = select(StoredCase.record_id, StoredCase.case_no).where(StoredCase.record_id.in_(record_ids))
    return {record_id: case_no for record_id, case_no in session.execute(query) if record_id}


def lock(session: Session, record_id: str, at: datetime) -> VisitRecord:
    """Keep everybody else from changing this record until the transaction ends, and read it afresh."""
    session.execute(update(VisitRecord).where(VisitRecord.id == record_id).values(updated_at=at))
    return session.get_one(VisitRecord, record_id, populate_existing=True)


def move(session: Session, record_id: str, old: Iterable[RecordState], new: RecordState, **values: Any) -> bool:
    """Change the state if it still is one of `old`; False when it is not."""
    query = update(VisitRecord).where(VisitRecord.id == record_id, VisitRecord.state.in_(list(old)))
    done = session.execute(query.values(state=new, **values).returning(VisitRecord.id)).first() is not None
    session.get_one(VisitRecord, record_id, populate_existing=True)
    return done


def line_rows(session: Session, record_id: str) -> Sequence[Row[Any]]:
    """All lines as plain rows in the order of the record: reading them costs no object each."""
    columns = Line.__table__.columns
    query = select(*columns).where(columns.record_id == record_id).order_by(columns.position, columns.id)
    return session.execute(query).all()


def lines_unread(
    session: Session, record_id: str, ids: Iterable[str] | None = None, *, after: int = 0, most: int | None = None
) -> Sequence[Row[Any]]:
    """Lines as rows in the order of the record, of these ids only where given, without the first `after` and not more
    than `most`; `words`, `utterance_ids` and `doubt` are the JSON as it is stored, which nobody has read: a long record
    has 100,000 words."""
    columns = Line.__table__.columns
    unread = {"words", "utterance_ids", "doubt"}
    chosen = [cast(column, Text).label(column.key) if column.key in unread else column for column in columns]
    query = select(*chosen).where(columns.record_id == record_id)
    if ids is not None:
        query = query.where(columns.id.in_(list(ids)))
    return session.execute(query.order_by(columns.position, columns.id).offset(after).limit(most)).all()


def texts(session: Session, record_id: str) -> list[str]:
    """Texts of the lines that are not deleted, in the order of the record."""
    query = select(Line.text).where(Line.record_id == record_id, ~Line.deleted)
    return list(session.scalars(query.order_by(Line.position, Line.id)))


def only_in_deleted(session: Session, record_id: str, utterance_ids: Collection[str]) -> set[str]:
    """Those of these utterances of which no line stands any more."""
    query = select(Line.utterance_ids).where(Line.record_id == record_id)
    gone = {one for ids in session.scalars(query.where(Line.deleted)) for one in ids if one in utterance_ids}
    return gone - {one for ids in session.scalars(query.where(~Line.deleted)) for one in ids} if gone else gone


def line_ids(session: Session, record_id: str) -> list[str]:
    """In the order of the record."""
    query = select(Line.id).where(Line.record_id == record_id)
    return list(session.scalars(query.order_by(Line.position, Line.id)))


def standing_texts(session: Session, record_id: str, ids: Iterable[str]) -> dict[str, str]:
    """Texts of those of these lines that are not deleted."""
    query = select(Line.id, Line.text).where(Line.record_id == record_id, Line.id.in_(list(ids)), ~Line.deleted)
    return {row.id: row.text for row in session.execute(query)}


def lines(session: Session, record_id: str) -> Sequence[Line]:
    """All lines in the order of the record."""
    query = select(Line).where(Line.record_id == record_id).order_by(Line.position, Line.id)
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def line(session: Session, record_id: str, line_id: str) -> Line | None:
    """A line of this record, as it stands in the database now."""
    query = select(Line).where(Line.id == line_id, Line.record_id == record_id)
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def line_after(session: Session, record_id: str, position: float, *, standing: bool) -> Line | None:
    """The next line (that is not deleted, if `standing`)."""
    query = select(Line).where(Line.record_id == record_id, Line.position > position)
    if standing:
        query = query.where(~Line.deleted)
    return session.scalars(query.order_by(Line.position).limit(1)).one_or_none()


def spread(session: Session, record_id: str) -> None:
    """Number the lines 1, 2, 3 … again, when no room is left between two of them."""
    lines = session.scalars(select(Line).where(Line.record_id == record_id).order_by(Line.position, Line.id))
    for number, found in enumerate(lines.all(), start=1):
        found.position = float(number)
    session.flush()


def heard_utterance_ids(session: Session, record_id: str) -> set[str]:
    """Utterances that some line of the record rests on."""
    rows = session.scalars(select(Line.utterance_ids).where(Line.record_id == record_id))
    return {str(found) for ids in rows for found in ids}


def form(session: Session, record_id: str) -> dict[str, FormEntry]:
    """Entries of the form by field."""
    query = select(FormEntry).where(FormEntry.record_id == record_id)
    found = session.scalars(query, execution_options={"populate_existing": True})
    return {entry.field: entry for entry in found}


def participants(session: Session, reception_id: str) -> Sequence[Participant]:
    """Everyone who had a seat, in order."""
    query = select(Participant).where(Participant.reception_id == reception_id).order_by(Participant.position)
    return session.scalars(query).all()


def utterances(session: Session, reception_id: str, ids: Iterable[str] | None = None) -> Sequence[StoredUtterance]:
    """Utterances in order of start; of these ids only, where given."""
    query = select(StoredUtterance).where(StoredUtterance.reception_id == reception_id)
    if ids is not None:
        query = query.where(StoredUtterance.id.in_(list(ids)))
    return session.scalars(query.order_by(StoredUtterance.start, StoredUtterance.id)).all()


def said_at(session: Session, reception_id: str, ids: Iterable[str]) -> Sequence[Row[Any]]:
    """Who said these utterances, when and in which words as a text: id, participant_id, start, end, text; in order of
    start.  Their single words are not read: a field may rest on many."""
    columns = StoredUtterance.__table__.columns
    wanted = [columns[name] for name in ("id", "participant_id", "start", "end", "text")]
    query = select(*wanted).where(columns.reception_id == reception_id, columns.id.in_(list(ids)))
    return session.execute(query.order_by(columns.start, columns.id)).all()


def heard_unboosted(session: Session, reception_id: str, start: float = 0.0, end: float = float("inf")) -> dict[str, str]:
    """What was heard without expecting any words, by utterance, where that was kept: expected ones made a difference.
    Of what touches the time from `start` to `end` (media seconds)."""
    plain = StoredUtterance.measures["unboosted"].as_string()
    query = select(StoredUtterance.id, plain.label("plain")).where(
        StoredUtterance.reception_id == reception_id, StoredUtterance.start <= end, StoredUtterance.end >= start, plain != ""
    )
    return {row.id: row.plain for row in session.execute(query)}


def utterances_between(session: Session, reception_id: str, start: float, end: float) -> Sequence[StoredUtterance]:
    """Utterances that begin from `start` on and before `end` (media seconds), in order."""
    query = select(StoredUtterance).where(
        StoredUtterance.reception_id == reception_id, StoredUtterance.start >= start, StoredUtterance.start < end
    )
    return session.scalars(query.order_by(StoredUtterance.start, StoredUtterance.id)).all()


def proposed(session: Session, kind: type[Proposed], record_id: str, number: int) -> Proposed | None:
    """What a machine proposed for this record, as it is in the database now."""
    query = select(kind).where(kind.id == number, kind.record_id == record_id)
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def promise(session: Session, reception_id: str, promise_id: str) -> StoredPromise | None:
    """One promise that is kept, as it is in the database now."""
    return session.get(StoredPromise, (reception_id, promise_id), populate_existing=True)


def promises(session: Session, reception_id: str) -> Sequence[StoredPromise]:
    """Promises that are kept, struck ones too, in order of time."""
    query = select(StoredPromise).where(StoredPromise.reception_id == reception_id)
    return session.scalars(query.order_by(StoredPromise.start, StoredPromise.id)).all()


def segments(session: Session, reception_id: str) -> Sequence[StoredSegment]:
    """Closed files of the recording, by participant and start."""
    query = select(StoredSegment).where(StoredSegment.reception_id == reception_id)
    return session.scalars(query.order_by(StoredSegment.start, StoredSegment.id)).all()


def gaps(session: Session, reception_id: str) -> Sequence[StoredGap]:
    """What was not recorded or not recognised, in order."""
    query = select(StoredGap).where(StoredGap.reception_id == reception_id)
    return session.scalars(query.order_by(StoredGap.start, StoredGap.id)).all()


def marks(session: Session, reception_id: str) -> Sequence[StoredMark]:
    """Moments that were marked during the sitting, in order."""
    query = select(StoredMark).where(StoredMark.reception_id == reception_id)
    return session.scalars(query.order_by(StoredMark.at, StoredMark.id)).all()


def revisions(session: Session, record_id: str, since: int = 0) -> Sequence[StoredRevision]:
    """Revisions after this number, oldest first."""
    query = select(StoredRevision).where(StoredRevision.record_id == record_id, StoredRevision.number > since)
    return session.scalars(query.order_by(StoredRevision.number)).all()


def revisions_of_field(session: Session, record_id: str, field: str) -> Sequence[StoredRevision]:
    """Revisions of one field of the form, newest first."""
    query = select(StoredRevision).where(StoredRevision.record_id == record_id, StoredRevision.field == field)
    return session.scalars(query.order_by(StoredRevision.number.desc())).all()


def signatures(session: Session, record_id: str, sha256: str = "") -> Sequence[StoredSignature]:
    """Who signed a record or did not, oldest first; of all its versions, or under one hash."""
    query = select(StoredSignature).where(StoredSignature.record_id == record_id)
    if sha256:
        query = query.where(StoredSignature.record_sha256 == sha256)
    return session.scalars(query.order_by(StoredSignature.id)).all()


def case_of(session: Session, record_id: str) -> StoredCase | None:
    """The case a record was filed as."""
    return session.scalars(select(StoredCase).where(StoredCase.record_id == record_id)).one_or_none()


def segment(session: Session, actor: Actor, reception_id: str, segment_id: str) -> StoredSegment | None:
    """A file of the recording of a reception that the actor may read."""
    seen = visible_receptions(actor).with_only_columns(Reception.id).where(Reception.id == reception_id)
    query = select(StoredSegment).where(StoredSegment.id == segment_id, StoredSegment.reception_id.in_(seen))
    return session.scalars(query).one_or_none()


def note_access(session: Session, actor: Actor, action: str, thing: str, thing_id: str, at: datetime) -> None:
    """Write down who looked at what."""
    session.add(
        AccessEntry(
            at=at, user_id=actor.user_id, kiosk_id=actor.kiosk_id, action=action, thing=thing, thing_id=thing_id
        )
    )


def accessed_since(session: Session, actor: Actor, action: str, thing: str, thing_id: str, since: datetime) -> bool:
    """Whether it is written down that this account did that since then."""
    query = select(AccessEntry.id).where(
        AccessEntry.at >= since, AccessEntry.user_id == actor.user_id, AccessEntry.action == action, AccessEntry.thing == thing,
        AccessEntry.thing_id == thing_id,
    )  # fmt: skip
    return session.scalar(query.limit(1)) is not None


def places_around(session: Session, record_id: str, start: float) -> tuple[float, float | None]:
    """Positions between which a line that begins at `start` belongs: after the last one that begins no later."""
    earlier = select(func.max(Line.position)).where(Line.record_id == record_id, Line.start <= start)
    before = session.scalar(earlier) or 0.0
    later = select(func.min(Line.position)).where(Line.record_id == record_id, Line.position > before)
    return before, session.scalar(later)


def append_late_revision(
    session: Session,
    record_id: str,
    author: str,
    after: dict[str, Any],
    at: datetime,
    *,
    kind: str = "late_speech",
    before: dict[str, Any] | None = None,
) -> None:
    """Keep text that came too late for the record; the record itself, version and all, stays as it is."""
    highest = select(func.max(StoredRevision.number)).where(StoredRevision.record_id == record_id)
    number = (session.scalar(highest) or 0) + 1
    session.add(
        StoredRevision(
            record_id=record_id, number=number, at=at, author=author, kind=kind, before=before or {}, after=after
        )
    )
    session.flush()


def line_row(session: Session, record_id: str, line_id: str) -> Row[Any] | None:
    """One line as a plain row."""
    columns = Line.__table__.columns
    query = select(*columns).where(columns.id == line_id, columns.record_id == record_id)
    return session.execute(query).one_or_none()
