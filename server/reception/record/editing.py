"""Correcting a record: each kind of edit is one small function, all of a request are done or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import linewords, terms
from server.domain.formchecks import names_in
from server.domain.states import EDITABLE_RECORD, FormField, LineKind, RecordState, SuggestionState
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.base import Role
from server.protocol.edits import (
    Edit,
    EditDelete,
    EditDismiss,
    EditDismissProposal,
    EditField,
    EditHeard,
    EditInsert,
    EditJoin,
    EditMark,
    EditPromise,
    EditRestore,
    Edits,
    EditSpeaker,
    EditSplit,
    EditTake,
    EditTakeProposal,
    EditText,
)
from server.protocol.records import Record
from server.reception.record import deciding, following, promises, proposals, revisions, suggestions, undoing
from server.reception.record.drafts import ROOM, fill_once_speakers_are_known, new_id
from server.reception.record.records import form_values, line_view, require, view
from server.store import accusations, records
from server.store.access import Actor
from server.store.models import FormEntry, Line, Participant, StoredProposal, StoredSuggestion, VisitRecord

MOVES = {undoing.UNDO: undoing.undo, undoing.REDO: undoing.redo}
TELL_WHO = ("speaker", "delete")
"""Edits after which it may be known of every line who spoke."""
SHORT_FIELD = 200
"""Most characters in a field of one line."""
LONGEST_NAME = 50
"""Of one person, as at the kiosk: signatures and the case are in this name."""


MARKED = "待会儿再听"
"""Why a line is marked when nobody says why."""


class Stale(Exception):
    """Somebody else changed this line, field or promise since the clerk's page was read."""

    def __init__(self, *, line_id: str = "", field: str = "", promise_id: str = "") -> None:
        super().__init__()
        self.line_id = line_id
        self.field = field
        self.promise_id = promise_id


@dataclass
class Desk:
    """One request's work on a record: who, on what."""

    session: Session
    actor: Actor
    record: VisitRecord

    @cached_property
    def seats(self) -> dict[str, Participant]:
        return {seat.id: seat for seat in records.participants(self.session, self.record.reception_id)}

    @property
    def one_microphone(self) -> bool:
        """Whether who spoke is not known from the recording."""
        return any(seat.role == Role.ROOM for seat in self.seats.values())

    def line(self, line_id: str, version: int) -> Line:
        """The line if it still is at this version; raises Stale."""
        self.session.flush()
        line = records.line(self.session, self.record.id, line_id)
        if line is None or line.version != version:
            raise Stale(line_id=line_id)
        return line

    def standing_line(self, line_id: str, version: int) -> Line:
        """The same, but not one that was deleted."""
        line = self.line(line_id, version)
        if line.deleted:
            raise InvalidInput("这一句已经删去了，要改请先恢复。")
        return line

    def changed(self, line: Line) -> None:
        """Count the change, and take a petitioner's objection as dealt with."""
        line.version += 1
        line.edited_by = self.actor.name
        line.disputed = ""

    def wrote(self, entry: FormEntry) -> None:
        """Count the change of a field, and keep whose it is."""
        entry.version += 1
        entry.edited_by = self.actor.name

    def note(self, kind: str, **what: Any) -> None:
        revisions.add(self.session, self.record, kind, actor=self.actor, **what)


def edit(session: Session, actor: Actor, record_id: str, edits: Edits) -> Record:
    """Do all edits in order, or none; the whole record.  Raises as `apply` does."""
    return view(session, actor, apply(session, actor, record_id, edits))


def apply(session: Session, actor: Actor, record_id: str, edits: Edits) -> VisitRecord:
    """Do all edits in order, or none.

    Raises NotFound, WrongState (not in draft or correcting), InvalidInput, or Conflict whose details hold the
    `line`, `field` or `promise` as it stands now.
    """
    require(session, actor, record_id)
    record = records.lock(session, record_id, clock.now())
    if record.state not in EDITABLE_RECORD:
        raise WrongState("这份笔录已经交出去了，现在不能改。要改请先退回来。")
    try:
        with session.begin_nested():
            _start(session, actor, record)
            desk = Desk(session, actor, record)
            _do(desk, edits.edits)
            if desk.one_microphone and any(one.kind in TELL_WHO for one in edits.edits):
                fill_once_speakers_are_known(session, record)
    except Stale as stale:
        session.expire_all()
        raise _conflict(session, records.lock(session, record_id, clock.now()), stale) from None
    return record


def _do(desk: Desk, edits: Sequence[Edit]) -> None:
    """All edits of a request are one step, which undo takes back as a whole."""
    first = edits[0].kind
    if first in MOVES and len(edits) == 1:
        MOVES[first](desk.session, desk.actor, desk.record)
        return
    if any(one.kind in MOVES for one in edits):
        raise InvalidInput("撤回要单独做，不能和别的改动一起。")
    with undoing.step(desk.session, desk.actor, desk.record, first):
        for one in edits:
            EDITS[one.kind](desk, one)


def _start(session: Session, actor: Actor, record: VisitRecord) -> None:
    """The first edit makes a draft somebody's work."""
    if record.state == RecordState.DRAFT:
        records.move(session, record.id, [RecordState.DRAFT], RecordState.CORRECTING)
    if record.clerk_id is None:
        record.clerk_id = actor.user_id
        session.flush()
        session.refresh(record, ["clerk"])


def _conflict(session: Session, record: VisitRecord, stale: Stale) -> Conflict:
    if stale.field:
        form = {value.field: value for value in form_values(session, record)}
        return Conflict(line=None, field=form[stale.field].model_dump(mode="json"))
    if stale.promise_id:
        (one,) = (one for one in promises.of_record(session, record) if one.id == stale.promise_id)
        return Conflict(line=None, field=None, promise=one.model_dump(mode="json"))
    line = line_view(session, record, stale.line_id)
    if line is None:
        return Conflict("这一句已经不在了，可能和别的句子连在一起了。", line=None, field=None)
    return Conflict(line=line.model_dump(mode="json"), field=None)


def _text(desk: Desk, edit: EditText) -> None:
    line = desk.standing_line(edit.line_id, edit.version)
    text = _said(edit.text)
    before = line.text
    words = linewords.retime(_heard_in(desk, line), text, line.start, line.end)
    line.text, line.words = text, linewords.to_store(words)
    desk.changed(line)
    desk.note("text", line_id=line.id, before={"text": before}, after={"text": text})
    following.line_changed(desk.session, desk.actor, desk.record, line, before, text)


def _heard_in(desk: Desk, line: Line) -> list[linewords.TimedWord]:
    """What the line's words are aligned with: what was deleted and is typed again has its true time again."""
    said = records.utterances(desk.session, desk.record.reception_id, line.utterance_ids)
    recognised = [word for one in said for word in linewords.from_store(one.words)]
    return linewords.all_heard(linewords.from_store(line.words), recognised, line.start, line.end)


def _said(text: str) -> str:
    cleaned = " ".join(text.split())
    if not cleaned:
        raise InvalidInput("一句话不能改成空的。不要这一句，请删去，并写明原因。")
    return cleaned


def _speaker(desk: Desk, edit: EditSpeaker) -> None:
    line = desk.standing_line(edit.line_id, edit.version)
    before = {"participant_id": line.participant_id, "kind": line.kind}
    line.kind = _kind_of(desk, edit.participant_id)
    line.participant_id = edit.participant_id
    desk.changed(line)
    after = {"participant_id": line.participant_id, "kind": line.kind}
    desk.note("speaker", line_id=line.id, before=before, after=after)


def _kind_of(desk: Desk, participant_id: str | None) -> LineKind:
    """What a line of this person is; raises InvalidInput for somebody who was not there."""
    if participant_id is None:
        return LineKind.NOTE
    seat = desk.seats.get(participant_id)
    if seat is None:
        raise InvalidInput("这个人没有参加这次接谈。")
    if seat.role == Role.ROOM:
        raise InvalidInput("现场话筒不是谁，请选是哪个人说的。")
    return LineKind.ANSWER if seat.role == Role.PETITIONER else LineKind.QUESTION


def _split(desk: Desk, edit: EditSplit) -> None:
    line = desk.standing_line(edit.line_id, edit.version)
    if edit.at >= len(line.text):
        raise InvalidInput("请把光标放在一句话的中间，再分开。")
    before = {"text": line.text, "words": line.words, "recognised": line.recognised}
    second = _cut_off(desk, line, edit.at)
    desk.session.add(second)
    desk.changed(line)
    desk.session.flush()
    suggestions.follow(desk.session, desk.record.id, line.id, (line, second))
    desk.note("split", line_id=line.id, before=before, after={"texts": [line.text, second.text], "new": second.id})


def _cut_off(desk: Desk, line: Line, at: int) -> Line:
    """Shorten `line` to its first `at` characters; the new line with the rest, right after it."""
    first, rest = line.text[:at], line.text[at:]
    words = linewords.retime(linewords.from_store(line.words), line.text, line.start, line.end)
    left, right = linewords.part(words, 0, at), linewords.part(words, at, len(line.text))
    middle = line.start + (line.end - line.start) * at / len(line.text)
    heard_at = linewords.position_in(line.recognised, line.text, at)
    second = _copy(line, rest, right, right[0].start if right else middle, line.end)
    second.recognised = line.recognised[heard_at:]
    second.position = _place_after(desk, line)
    second.edited_by = desk.actor.name
    line.text, line.words, line.recognised = first, linewords.to_store(left), line.recognised[:heard_at]
    # An engine may tell words that lie outside the sentence they are of.
    line.end = max(line.start, left[-1].end if left else middle)
    second.end = max(second.start, second.end)
    return second


def _copy(line: Line, text: str, words: list[linewords.TimedWord], start: float, end: float) -> Line:
    return Line(
        id=new_id(),
        record_id=line.record_id,
        kind=line.kind,
        participant_id=line.participant_id,
        start=start,
        end=end,
        text=text,
        words=linewords.to_store(words),
        utterance_ids=list(line.utterance_ids),
        doubt=list(line.doubt),
        heard=line.heard,
        version=1,
    )


def _place_after(desk: Desk, line: Line | None) -> float:
    """A position right after `line` (None: before all)."""
    for _ in range(2):
        position = line.position if line else 0.0
        following = records.line_after(desk.session, desk.record.id, position, standing=False)
        if following is None:
            return position + 1
        if following.position - position > ROOM:
            return (position + following.position) / 2
        records.spread(desk.session, desk.record.id)
    raise InvalidInput("这里放不下新的一句，请刷新再试。")


def _join(desk: Desk, edit: EditJoin) -> None:
    line = desk.standing_line(edit.line_id, edit.version)
    following = records.line_after(desk.session, desk.record.id, line.position, standing=True)
    if following is None:
        raise InvalidInput("后面没有别的句子了。")
    if following.version != edit.next_version:
        raise Stale(line_id=following.id)
    if following.participant_id != line.participant_id:
        raise InvalidInput("两句话不是同一个人说的，不能连成一句。")
    before = {"texts": [line.text, following.text], "joined": _as_stored(following)}
    gone = following.id
    _take_in(line, following)
    desk.changed(line)
    desk.session.delete(following)
    desk.session.flush()
    suggestions.follow(desk.session, desk.record.id, gone, (line,))
    desk.note("join", line_id=line.id, before=before, after={"text": line.text})


def _as_stored(line: Line) -> dict[str, Any]:
    """Everything of a line, so that a revision can bring it back."""
    return {column.key: getattr(line, column.key) for column in Line.__table__.columns}


def _take_in(line: Line, following: Line) -> None:
    words = [
        *linewords.retime(linewords.from_store(line.words), line.text, line.start, line.end),
        *linewords.retime(linewords.from_store(following.words), following.text, following.start, following.end),
    ]
    line.text += following.text
    line.recognised += following.recognised
    line.words = linewords.to_store(linewords.retime(words, line.text, line.start, following.end))
    line.start, line.end = min(line.start, following.start), max(line.end, following.end)
    line.utterance_ids = list(dict.fromkeys([*line.utterance_ids, *following.utterance_ids]))
    line.doubt = list(dict.fromkeys([*line.doubt, *following.doubt]))
    line.heard = line.heard and following.heard


def _delete(desk: Desk, edit: EditDelete) -> None:
    line = desk.standing_line(edit.line_id, edit.version)
    line.deleted, line.delete_reason = True, edit.reason
    desk.changed(line)
    desk.note("delete", line_id=line.id, before={"text": line.text}, after={"reason": edit.reason})
    following.line_changed(desk.session, desk.actor, desk.record, line, line.text, "")


def _restore(desk: Desk, edit: EditRestore) -> None:
    line = desk.line(edit.line_id, edit.version)
    if not line.deleted:
        raise InvalidInput("这一句没有删去，不用恢复。")
    reason, line.deleted, line.delete_reason = line.delete_reason, False, ""
    desk.changed(line)
    desk.note("restore", line_id=line.id, before={"reason": reason}, after={"text": line.text})
    following.line_changed(desk.session, desk.actor, desk.record, line, "", line.text)


def _heard(desk: Desk, edit: EditHeard) -> None:
    line = desk.standing_line(edit.line_id, edit.version)
    line.heard = edit.heard
    edited_by = line.edited_by
    desk.changed(line)
    line.edited_by = edited_by
    if edit.heard:
        suggestions.dismiss_all(desk.session, desk.actor, desk.record.id, line.id)
    desk.note("heard" if edit.heard else "unheard", line_id=line.id, after={"heard": edit.heard})


def _mark(desk: Desk, edit: EditMark) -> None:
    line = desk.line(edit.line_id, edit.version)
    before, line.marked = line.marked, (edit.note.strip() or MARKED) if edit.marked else ""
    line.version += 1
    desk.note("mark" if edit.marked else "unmark", line_id=line.id, before={"reason": before}, after={"reason": line.marked})


def _insert(desk: Desk, edit: EditInsert) -> None:
    desk.session.flush()
    before = records.line(desk.session, desk.record.id, edit.after_id) if edit.after_id else None
    if edit.after_id and before is None:
        raise Stale(line_id=edit.after_id)
    line = _typed(desk, edit, before)
    desk.session.add(line)
    desk.note("insert", line_id=line.id, after={"text": line.text, "participant_id": line.participant_id})


def _typed(desk: Desk, edit: EditInsert, before: Line | None) -> Line:
    """A line typed by hand: no words, in the time that its neighbours leave."""
    position = _place_after(desk, before)
    following = records.line_after(desk.session, desk.record.id, position, standing=False)
    start = before.end if before else 0.0
    return Line(
        id=new_id(),
        record_id=desk.record.id,
        position=position,
        kind=_kind_of(desk, edit.participant_id),
        participant_id=edit.participant_id,
        start=start,
        end=max(start, following.start) if following else start,
        text=_said(edit.text),
        recognised="",
        words=[],
        utterance_ids=[],
        doubt=[],
        version=1,
        edited_by=desk.actor.name,
    )


def _take(desk: Desk, edit: EditTake) -> None:
    one = _suggestion(desk, edit.suggestion_id)
    if one.line_id is None:
        added = suggestions.put_line_in(desk.session, desk.record, one)
        suggestions.decide(desk.session, desk.actor, one, SuggestionState.TAKEN)
        desk.note("take", line_id=added.id, after={"text": added.text})
        return
    line = desk.standing_line(one.line_id, edit.version)
    place = suggestions.place_in(one, line)
    if place is None:
        raise InvalidInput("这一处后来改过了，要改请直接改这句话。")
    before = line.text
    _said(before[: place[0]] + one.text + before[place[1] :])
    suggestions.put_in(one, line, place)
    desk.changed(line)
    suggestions.decide(desk.session, desk.actor, one, SuggestionState.TAKEN)
    desk.note("take", line_id=line.id, before={"text": before}, after={"text": line.text})
    following.line_changed(desk.session, desk.actor, desk.record, line, before, line.text)


def _suggestion(desk: Desk, suggestion_id: int) -> StoredSuggestion:
    return deciding.undecided(desk.session, StoredSuggestion, desk.record.id, suggestion_id, "这一处")


def _dismiss(desk: Desk, edit: EditDismiss) -> None:
    one = _suggestion(desk, edit.suggestion_id)
    suggestions.decide(desk.session, desk.actor, one, SuggestionState.DISMISSED)
    desk.note("dismiss", line_id=one.line_id, after={"text": one.text})


def _field(desk: Desk, edit: EditField) -> None:
    entry = _entry(desk, edit.field, edit.version)
    before = {"value": entry.value, "source": entry.source, "utterance_ids": entry.utterance_ids}
    entry.value = _field_value(FormField(edit.field), edit.value)
    entry.source = "clerk" if entry.value else ""
    entry.utterance_ids = _evidence_ids(desk, edit) if entry.value else []
    desk.wrote(entry)
    following.settled(desk.session, desk.record.id, entry.field)
    after = {"value": entry.value, "source": entry.source, "utterance_ids": entry.utterance_ids}
    desk.note("field", field=entry.field, before=before, after=after)
    if entry.field in accusations.FIELDS:
        accusations.keep_in_step(desk.session, desk.record)


def _entry(desk: Desk, field: str, version: int) -> FormEntry:
    desk.session.flush()
    if field not in terms.FIELD:
        raise NotFound("登记表上没有这一项。")
    entry = records.form(desk.session, desk.record.id).get(field)
    if entry is None:
        raise NotFound("登记表上没有这一项。")
    if entry.version != version:
        raise Stale(field=field)
    return entry


def _field_value(field: FormField, value: str) -> str:
    cleaned = value.strip()
    choices = dict(terms.CHOICES.get(field, ()))
    if cleaned and choices and cleaned not in choices:
        raise InvalidInput(f"“{terms.FIELD[field]}”请从列出的里面选一个。")
    if field not in terms.LONG_FIELDS and len(cleaned) > SHORT_FIELD:
        raise InvalidInput(f"“{terms.FIELD[field]}”太长了，最多 {SHORT_FIELD} 个字。")
    if field is FormField.NAME and len(cleaned) > LONGEST_NAME:
        raise InvalidInput(f"“{terms.FIELD[field]}”太长了，最多 {LONGEST_NAME} 个字。这里只写一个人，其他人写在“{terms.FIELD[FormField.REPRESENTATIVES]}”里。")
    if field is FormField.REPRESENTATIVES and any(len(name) > LONGEST_NAME for name in names_in(cleaned)):
        raise InvalidInput(f"“{terms.FIELD[field]}”里有一个名字太长了，最多 {LONGEST_NAME} 个字。几个人之间请用顿号分开。")
    return cleaned


def _evidence_ids(desk: Desk, edit: EditField) -> list[str]:
    known = {one.id for one in records.utterances(desk.session, desk.record.reception_id, edit.evidence)}
    if set(edit.evidence) - known:
        raise InvalidInput("指的那句话不在这次接谈里。")
    return list(dict.fromkeys(edit.evidence))


def _take_proposal(desk: Desk, edit: EditTakeProposal) -> None:
    one = _proposal(desk, edit.proposal_id, edit.kind)
    entry = _entry(desk, one.field, edit.version)
    if not proposals.may_stand(entry, one):
        raise InvalidInput("这一栏已经填过了，要改请直接改。")
    before = {"value": entry.value, "source": entry.source, "utterance_ids": entry.utterance_ids}
    entry.value = _field_value(FormField(one.field), one.value)
    if one.model != proposals.OF_LINE:
        entry.source, entry.utterance_ids = "model", list(one.utterance_ids)
    desk.wrote(entry)
    deciding.decide(desk.session, desk.actor, one, SuggestionState.TAKEN)
    following.settled(desk.session, desk.record.id, entry.field)
    after = {"value": entry.value, "source": entry.source, "utterance_ids": entry.utterance_ids, **_by(one)}
    desk.note(edit.kind, field=entry.field, before=before, after=after)
    if entry.field in accusations.FIELDS:
        accusations.keep_in_step(desk.session, desk.record)


def _proposal(desk: Desk, proposal_id: int, kind: str) -> StoredProposal:
    """Raises NotFound also where it is one of the other kind."""
    one = deciding.undecided(desk.session, StoredProposal, desk.record.id, proposal_id, "这一条建议")
    if (one.model == proposals.OF_LINE) != kind.endswith("_wording"):
        raise NotFound
    return one


def _dismiss_proposal(desk: Desk, edit: EditDismissProposal) -> None:
    one = _proposal(desk, edit.proposal_id, edit.kind)
    deciding.decide(desk.session, desk.actor, one, SuggestionState.DISMISSED)
    desk.note(edit.kind, field=one.field, after={"value": one.value, **_by(one)})


def _by(one: StoredProposal) -> dict[str, str]:
    """The model that proposed it, if one did."""
    return {} if one.model == proposals.OF_LINE else {"model": one.model}


def _promise(desk: Desk, edit: EditPromise) -> None:
    one = records.promise(desk.session, desk.record.reception_id, edit.promise_id)
    if one is None:
        raise NotFound("没有找到这一条答复。")
    if one.version != edit.version:
        raise Stale(promise_id=one.id)
    promises.settle(desk.session, desk.actor, desk.record, one, edit)


EDITS: dict[str, Callable[[Desk, Any], None]] = {
    "text": _text,
    "speaker": _speaker,
    "split": _split,
    "join": _join,
    "delete": _delete,
    "restore": _restore,
    "heard": _heard,
    "mark": _mark,
    "insert": _insert,
    "field": _field,
    "take": _take,
    "dismiss": _dismiss,
    "take_proposal": _take_proposal,
    "take_wording": _take_proposal,
    "dismiss_proposal": _dismiss_proposal,
    "dismiss_wording": _dismiss_proposal,
    "promise": _promise,
}
