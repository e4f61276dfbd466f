"""Visit records as their readers see them.

What the store has is shown without holding it against the contract once more: one odd row, of whatever program wrote it, must
not keep a whole record from being opened.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from server import clock
from server.domain import formchecks, masking, terms, titles
from server.domain.gaps import fill_sentence, gap_sentence
from server.domain.on_site import agreement
from server.domain.shares import share_sentence
from server.domain.states import (
    CLOSED_RECORD,
    EDITABLE_RECORD,
    FormField,
    RecognitionState,
    RecordState,
    StaffRole,
)
from server.errors import NotFound
from server.protocol.base import Role, Source, TrackKind
from server.protocol.receptions import Participant
from server.protocol.records import (
    Evidence,
    FieldFinding,
    FieldProposal,
    FormValue,
    LineWord,
    PlayableSegment,
    Record,
    RecordGap,
    RecordLine,
    RecordMark,
    RecordPulse,
    RecordRow,
    RecordShare,
    Revision,
    SecondPassView,
    Suggestion,
)
from server.reception.kiosk import papers
from server.reception.kiosk.copies import waiting_words
from server.reception.record import objections, promises, proposals, revisions, suggestions, undoing
from server.reception.record.drafts import add_recognised, create_draft
from server.reception.talk import attendance
from server.store import copies, on_site, receptions, records, second_pass
from server.store import proposals as proposal_store
from server.store.access import Actor
from server.store.models import FormEntry, GapFill, Reception, StoredSegment, VisitRecord

__all__ = ["add_recognised", "create_draft", "history", "list_records", "open_record", "require", "view"]

LINE_GONE = "出处的那句话删了，看看这一栏还对不对。"
FILEABLE = (RecordState.SIGNED, RecordState.REFUSED)


def require(session: Session, actor: Actor, record_id: str) -> VisitRecord:
    """The record; raises NotFound where it is not or the actor may not see it."""
    record = records.find(session, actor, record_id)
    if record is None:
        raise NotFound
    return record


def list_records(session: Session, actor: Actor, states: Sequence[str] = (), words: str = "") -> list[RecordRow]:
    """Rows of the records the actor may read, last changed first."""
    found = records.listed(session, actor, states, words)
    summaries = records.form_values_of(session, [record.id for record, *_ in found], FormField.SUMMARY)
    return [
        RecordRow(**_row(record, case_no, summaries.get(record.id, "")), **_counted(counts))
        for record, counts, case_no in found
    ]


def open_record(session: Session, actor: Actor, record_id: str) -> Record:
    """The record for reading; that it was opened is written down."""
    record = require(session, actor, record_id)
    records.note_access(session, actor, "open", "record", record.id, clock.now())
    return view(session, actor, record)


def second_pass_progress(session: Session, actor: Actor, record_id: str) -> SecondPassView | None:
    """How far hearing the recording again is; not written down as opening the record is."""
    record = require(session, actor, record_id)
    return suggestions.progress(second_pass.of_reception(session, record.reception_id))


def history(session: Session, actor: Actor, record_id: str) -> list[Revision]:
    """Every change of the record, oldest first."""
    return revisions.listed(session, require(session, actor, record_id))


def pulse(session: Session, actor: Actor, record_id: str) -> RecordPulse:
    """Whether the record is another one than a page shows; not written down as opening the record is.  Raises NotFound."""
    found = records.pulse(session, actor, record_id)
    if found is None:
        raise NotFound
    undo, redo = undoing.next_kinds(session, actor, record_id)
    return RecordPulse(
        version=found.version, state=found.state, recognition=found.recognition, updated_at=found.updated_at,
        undo=undo, redo=redo,
    )  # fmt: skip


def view(session: Session, actor: Actor, record: VisitRecord) -> Record:
    """The whole record as this member of the staff sees it; the number of queries does not depend on its length."""
    copied = copies.copied_utterance_ids(session, record.reception_id)
    unboosted = heard_unboosted(session, record.reception_id)
    return Record.model_construct(
        **head(session, actor, record),
        **surroundings(session, record),
        body=tuple(_line(row, copied, unboosted) for row in records.line_rows(session, record.id)),
        suggestions=tuple(open_suggestions(session, record)),
    )


def head(session: Session, actor: Actor, record: VisitRecord) -> dict[str, Any]:
    """The fields of a RecordHead as this member of the staff sees them; of the lines only their texts are read."""
    reception = record.reception
    form = form_values(session, record)
    counts = records.line_counts(session, [record.id]).get(record.id, records.LineCounts())
    case = records.case_of(session, record.id) if record.state == RecordState.FILED else None
    editable = actor.role == StaffRole.CLERK and record.state in EDITABLE_RECORD
    findings = form_findings(session, record, form) if editable else []
    blocked = blocked_by(session, record, counts, findings) if editable else []
    summary = next((field.value for field in form if field.field == FormField.SUMMARY), "")
    seats = records.participants(session, reception.id)
    any_gap = bool(records.gaps(session, reception.id))
    return {
        **_row(record, case.case_no if case else "", summary),
        **_counted(counts),
        "version": record.version,
        "started_at": reception.started_at,
        "promises": promises.of_record(session, record),
        "participants": tuple(Participant(id=seat.id, role=Role(seat.role), name=seat.name) for seat in seats),
        "form": tuple(_with_findings(form if case is None else _covered(form), findings)),
        "copy_message": waiting_words(session, reception.id, any_gap) if actor.role == StaffRole.CLERK else "",
        "second_pass": suggestions.progress(second_pass.of_reception(session, reception.id)),
        "model": proposals.progress(session, actor, record),
        "proposals": tuple(_proposals(session, record)),
        "disputes": objections.views(session, record),
        "refusal_reason": record.refusal_reason,
        "signed_at": record.signed_at,
        "filed_at": case.filed_at if case else None,
        "case_id": case.id if case else None,
        "may_edit": editable,
        "may_confirm": editable and not blocked,
        "may_file": actor.role == StaffRole.CLERK and record.state in FILEABLE,
        "blocked_by": tuple(blocked),
    }


def surroundings(session: Session, record: VisitRecord) -> dict[str, Any]:
    """The fields of RecordSurroundings."""
    reception = record.reception
    roles = {seat.id: Role(seat.role) for seat in records.participants(session, reception.id)}
    fills = copies.fills_of(session, reception.id)
    return {
        "segments": playable(session, record, fills),
        "gaps": tuple(_gaps(session, reception, roles, fills)),
        "shares": tuple(_shares(session, reception, roles)),
        "marks": tuple(
            RecordMark.model_construct(participant_id=one.participant_id, at=one.at, note=one.note)
            for one in records.marks(session, reception.id)
        ),
        "attendance": tuple(attendance.views(attendance.present(session, reception))),
        "papers": tuple(papers.views(session, reception)),
    }


def open_suggestions(
    session: Session, record: VisitRecord, line_ids: Collection[str] | None = None
) -> Sequence[Suggestion]:
    """Not beside what was signed; of these lines and of no line only, where lines are given."""
    if record.state in CLOSED_RECORD:
        return ()
    wanted = second_pass.open_suggestions(session, record.id, line_ids, new_lines=True)
    texts = records.standing_texts(session, record.id, {one.line_id for one in wanted if one.line_id})
    return suggestions.views(wanted, texts)


def _row(record: VisitRecord, case_no: str, summary: str) -> dict[str, Any]:
    """What every list shows; who said nothing of their matter at the kiosk is known by the form's summary."""
    reception = record.reception
    return {
        "id": record.id,
        "reception_id": reception.id,
        "state": record.state,
        "recognition": record.recognition,
        "recognition_message": record.recognition_message,
        "petitioner": reception.petitioner_name,
        "receiver": reception.receiver.name if reception.receiver else "",
        "matter": reception.matter or titles.short(summary),
        "talked_at": reception.started_at or reception.joined_at,
        "seconds": reception.seconds,
        "case_no": case_no,
        "clerk": record.clerk.name if record.clerk else "",
        "updated_at": record.updated_at,
    }


def _counted(counts: records.LineCounts) -> dict[str, int]:
    return {"lines": counts.lines, "heard_lines": counts.heard, "doubtful_lines": counts.doubtful}


class Unboosted:
    """What was heard without expecting any words: by utterance, and beside what the second pass heard with them."""

    def __init__(self, first: Mapping[str, str] | None = None, second: Sequence[second_pass.Unboosted] = ()) -> None:
        """`second`: in order of start."""
        self._first = first or {}
        self._second = second
        self._starts = [one.start for one in second]
        self._longest = max((one.end - one.start for one in second), default=0.0)

    def of(self, line: Row[Any], utterance_ids: Iterable[str]) -> str:
        """For a line, of whichever pass its text is from."""
        again = [one.plain for one in self._at(line.start, line.end) if one.text in line.recognised]
        return "".join(dict.fromkeys(again or [self._first[id_] for id_ in utterance_ids if id_ in self._first]))

    def _at(self, start: float, end: float) -> Iterable[second_pass.Unboosted]:
        first, last = bisect_left(self._starts, start - self._longest), bisect_right(self._starts, end)
        return (one for one in self._second[first:last] if one.end >= start)


def heard_unboosted(session: Session, reception_id: str, start: float = 0.0, end: float = float("inf")) -> Unboosted:
    """Of a reception, from both passes, as far as it touches this time."""
    first = records.heard_unboosted(session, reception_id, start, end)
    return Unboosted(first, second_pass.heard_unboosted(session, reception_id, start, end))


def _line(row: Row[Any], copied: Collection[str], unboosted: Unboosted) -> RecordLine:
    """Built without checking again: it comes from the store, and a long record has 100,000 words."""
    words = tuple(
        LineWord.model_construct(start=word[0], end=word[1], text=word[2], probability=word[3], typed=len(word) > 4)
        for word in row.words
    )
    return RecordLine.model_construct(
        id=row.id,
        position=row.position,
        kind=row.kind,
        participant_id=row.participant_id,
        start=row.start,
        end=row.end,
        text=row.text,
        recognised=row.recognised,
        utterance_ids=tuple(row.utterance_ids),
        words=words,
        doubt=tuple(row.doubt),
        heard=row.heard,
        deleted=row.deleted,
        delete_reason=row.delete_reason,
        disputed=row.disputed,
        marked=row.marked,
        version=row.version,
        edited_by=row.edited_by,
        copied=any(found in copied for found in row.utterance_ids),
        unboosted=unboosted.of(row, row.utterance_ids),
    )


def line_view(session: Session, record: VisitRecord, line_id: str) -> RecordLine | None:
    """One line as it stands now; None when it is gone."""
    found = records.line_row(session, record.id, line_id)
    if found is None:
        return None
    reception_id = record.reception_id
    return _line(found, copies.copied_utterance_ids(session, reception_id), heard_unboosted(session, reception_id))


def form_values(session: Session, record: VisitRecord) -> list[FormValue]:
    """The form in the order of printing, each value with what it rests on."""
    entries = records.form(session, record.id)
    ids = {str(found) for entry in entries.values() for found in entry.utterance_ids}
    heard = {one.id: one for one in records.said_at(session, record.reception_id, ids)} if ids else {}
    taken = any(entry.source == "model" for entry in entries.values())
    takers = proposal_store.takers(session, record.id) if taken else {}
    return [_form_value(field, entries[field], heard, takers) for field in FormField if field in entries]


def _proposals(session: Session, record: VisitRecord) -> Sequence[FieldProposal]:
    """With where it was said."""

    def evidence(ids: list[str]) -> tuple[Evidence, ...]:
        return tuple(_evidence(one) for one in records.said_at(session, record.reception_id, ids))

    return proposals.views(session, record, evidence)


def _form_value(
    field: FormField, entry: FormEntry, heard: Mapping[str, Row[Any]], takers: Mapping[str, str]
) -> FormValue:
    return FormValue(
        field=field,
        label=terms.FIELD[field],
        value=entry.value,
        choices=terms.CHOICES.get(field, ()),
        source=entry.source,
        taken_by=takers.get(field, "") if entry.source == "model" else "",
        edited_by=entry.edited_by,
        evidence=tuple(_evidence(heard[found]) for found in entry.utterance_ids if found in heard),
        version=entry.version,
        required=field in terms.REQUIRED_FIELDS,
    )


def _evidence(heard: Row[Any]) -> Evidence:
    return Evidence.model_construct(
        utterance_id=heard.id,
        participant_id=heard.participant_id,
        start=heard.start,
        end=heard.end,
        text=heard.text,
    )


def playable(session: Session, record: VisitRecord, fills: Sequence[GapFill] | None = None) -> tuple[PlayableSegment, ...]:
    """What there is to hear and see: files of the recording, and pieces of the kiosk's copy for its gaps."""
    fills = copies.fills_of(session, record.reception_id) if fills is None else fills
    return (
        *(_segment(record.id, found) for found in records.segments(session, record.reception_id)),
        *(piece for fill in fills for piece in _pieces(record.id, fill)),
    )


def gaps_of(session: Session, reception: Reception) -> tuple[RecordGap, ...]:
    """What was not recorded or not recognised, as sentences of the record."""
    roles = {seat.id: Role(seat.role) for seat in records.participants(session, reception.id)}
    return tuple(_gaps(session, reception, roles, copies.fills_of(session, reception.id)))


def _segment(record_id: str, found: StoredSegment) -> PlayableSegment:
    return PlayableSegment(
        id=found.id,
        participant_id=found.participant_id,
        kind=TrackKind(found.kind),
        source=Source(found.source or Source.of(found.kind)),
        start=found.start,
        seconds=found.seconds,
        url=f"/api/records/{record_id}/recordings/{found.id}",
        sha256=found.sha256,
        size=found.size,
        repaired=found.closed == "repaired",
    )


def _pieces(record_id: str, fill: GapFill) -> Iterable[PlayableSegment]:
    """A piece of the kiosk's copy as sound, and as picture where it has one."""
    kinds = [TrackKind.AUDIO, *([TrackKind.VIDEO] if fill.pictures else [])] if fill.size else []
    for kind in kinds:
        yield PlayableSegment(
            id=f"{fill.copy_id[:40]}-{fill.gap_id}-{kind}",
            participant_id=fill.participant_id,
            kind=kind,
            source=Source.of(kind),
            start=fill.file_start,
            seconds=fill.file_seconds,
            url=f"/api/records/{record_id}/copies/{fill.copy_id}/{fill.gap_id}",
            sha256=fill.sha256,
            size=fill.size,
            only=(fill.start, fill.end),
        )


def _shares(session: Session, reception: Reception, roles: Mapping[str, Role]) -> Iterable[RecordShare]:
    started = reception.started_at.astimezone(clock.OFFICE_ZONE) if reception.started_at else None
    for share in receptions.shares_of(session, reception.id):
        end = share.end if share.end is not None else share.start
        yield RecordShare.model_construct(
            participant_id=share.participant_id,
            source=Source(share.source),
            start=share.start,
            end=end,
            text=share_sentence(started, share.start, end, Source(share.source), roles.get(share.participant_id)),
        )


def _gaps(
    session: Session, reception: Reception, roles: Mapping[str, Role], fills: Sequence[GapFill]
) -> Iterable[RecordGap]:
    started = reception.started_at.astimezone(clock.OFFICE_ZONE) if reception.started_at else None
    for gap in records.gaps(session, reception.id):
        yield RecordGap.model_construct(
            participant_id=gap.participant_id,
            start=gap.start,
            end=gap.end,
            cause=gap.cause,
            text=gap_sentence(started, gap.start, gap.end, gap.cause, roles.get(gap.participant_id or ""))
            + "".join(fill_sentence(started, fill.start, fill.end, fill.outcome) for fill in fills if fill.gap_id == gap.id),
        )


def form_findings(session: Session, record: VisitRecord, form: Iterable[FormValue]) -> list[formchecks.Finding]:
    """What is wrong or missing on the form, held against the record's lines and the day of the talk."""
    started = record.reception.started_at or record.reception.joined_at
    talk = formchecks.Talk(
        on=clock.day_in_office(started) if started else None,
        today=clock.today(),
        said=records.texts(session, record.id),
    )
    values = list(form)
    return formchecks.check({one.field: one.value for one in values}, talk) + list(_without_lines(session, record, values))


def _without_lines(session: Session, record: VisitRecord, form: Iterable[FormValue]) -> Iterable[formchecks.Finding]:
    """Fields all of whose sentences were deleted."""
    said = {one.field: {place.utterance_id for place in one.evidence} for one in form if one.value and one.evidence}
    gone = records.only_in_deleted(session, record.id, {one for ids in said.values() for one in ids})
    return (formchecks.Finding(FormField(field), LINE_GONE) for field, ids in said.items() if ids <= gone)


def _covered(form: Iterable[FormValue]) -> Iterable[FormValue]:
    """The form of a filed record: its numbers are opened at the case, which is written down."""
    return (one.model_copy(update={"value": masking.in_form(one.field, one.value)}) for one in form)


def _with_findings(form: Iterable[FormValue], findings: Iterable[formchecks.Finding]) -> Iterable[FormValue]:
    by_field: dict[str, list[FieldFinding]] = {}
    for one in findings:
        by_field.setdefault(one.field, []).append(FieldFinding(text=one.text, blocks=one.blocks))
    for value in form:
        found = by_field.get(value.field)
        yield value.model_copy(update={"findings": tuple(found)}) if found else value


def _only_agreed(session: Session, record: VisitRecord) -> bool:
    """Whether nothing is written but how the petitioner agreed to the recording: that is not what they came to say."""
    talk = on_site.talk_of(session, record.reception_id)
    if talk is None:
        return False
    return records.texts(session, record.id) == [agreement(talk.agreed_before, record.reception.petitioner_name, talk.agreed_words)]


def blocked_by(
    session: Session, record: VisitRecord, counts: records.LineCounts, findings: Iterable[formchecks.Finding]
) -> list[str]:
    """Chinese sentences: what is missing before the petitioner can be asked to read and sign."""
    found = []
    if record.recognition == RecognitionState.RUNNING:
        found.append("还在认最后一段话，认完再交给群众核对。")
    if not counts.lines or (counts.lines == 1 and _only_agreed(session, record)):
        found.append("笔录里一句话都没有。请听录音补记；没有录上的，写一句是什么原因。")
    if unassigned := records.unassigned(session, record):
        found.append(f"还有 {unassigned} 句没有写是谁说的。现场只有一个话筒，谁说的要您听了来定。")
    if counts.disputed:
        found.append(f"信访人说有 {counts.disputed} 句不对，还没有改。")
    return found + [one.text for one in findings if one.blocks]
