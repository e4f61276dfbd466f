"""The record as the correction page gets it: short, and after an edit only what is new.

A two-hour sitting has 4,000 lines and 100,000 words.  Their words are handed on as the JSON that the store keeps, which
nobody reads on the way; a page that opens can have the beginning at once and the rest while that is being read; and a page
that has the record is told what the revisions since then touched.  Its form rests on hundreds of places and hardly ever
changes: a page that tells its stamp is given it only when it is another one.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row
from sqlalchemy.orm import Session

from server import clock
from server.protocol.edits import Edits
from server.protocol.records import DeskRecord, DeskRest, FormValue, RecordChanges, Suggestion
from server.reception.record import editing
from server.reception.record.records import head, heard_unboosted, open_suggestions, require, surroundings
from server.store import copies, records
from server.store.access import Actor
from server.store.models import StoredRevision, VisitRecord

MOST_REVISIONS = 300
"""A page that missed more is given the whole record; so is one after something was taken back, which may put back
suggestions of lines that no revision names."""


def open_record(session: Session, actor: Actor, record_id: str, most: int | None = None) -> str:
    """A DeskRecord as JSON, with this many lines at most; that it was opened is written down."""
    record = require(session, actor, record_id)
    records.note_access(session, actor, "open", "record", record.id, clock.now())
    return _whole(session, actor, record, most)


def rest(session: Session, actor: Actor, record_id: str, after: int) -> str:
    """What `open_record` left out with this many lines: a DeskRest as JSON.  Not written down as opening it is."""
    record = require(session, actor, record_id)
    rows = _rows(session, record, after=after)
    suggestions = tuple(_beside(open_suggestions(session, record), rows, first=False))
    message = DeskRest.model_construct(version=record.version, body=(), suggestions=suggestions)
    return _with_lines(message.model_dump_json(exclude={"body"}), _lines(session, record, rows))


def changes(session: Session, actor: Actor, record_id: str, since: int, form_stamp: str = "") -> str:
    """RecordChanges as JSON for a page that knows version `since` and a form; a DeskRecord where that is too long ago."""
    return _since(session, actor, require(session, actor, record_id), since, form_stamp)


def edit(session: Session, actor: Actor, record_id: str, edits: Edits, since: int, form_stamp: str = "") -> str:
    """Do all edits in order, or none; answers and raises as `changes` and `editing.apply` do."""
    record = editing.apply(session, actor, record_id, edits)
    if edits.edits[0].kind in editing.MOVES:
        return _whole(session, actor, record)
    return _since(session, actor, record, since, form_stamp)


def _whole(session: Session, actor: Actor, record: VisitRecord, most: int | None = None) -> str:
    rows = _rows(session, record, most=None if most is None else most + 1)
    partial = most is not None and len(rows) > most
    rows = rows[:most]
    known = {**head(session, actor, record), **surroundings(session, record)}
    suggestions = open_suggestions(session, record)
    message = DeskRecord.model_construct(**known, partial=partial, suggestions=tuple(_beside(suggestions, rows) if partial else suggestions))
    return _written(message, _lines(session, record, rows))


def _beside(suggestions: Iterable[Suggestion], rows: Sequence[Row[Any]], *, first: bool = True) -> Iterable[Suggestion]:
    """Those of these lines; what would be a new line belongs to the `first` lines."""
    ids = {row.id for row in rows}
    return (one for one in suggestions if (first if one.line_id is None else one.line_id in ids))


def _since(session: Session, actor: Actor, record: VisitRecord, since: int, form_stamp: str) -> str:
    if not 0 <= record.version - since <= MOST_REVISIONS:
        return _whole(session, actor, record)
    new = records.revisions(session, record.id, since)
    if any(one.kind in editing.MOVES for one in new):
        return _whole(session, actor, record)
    touched = _touched(new)
    message = RecordChanges.model_construct(
        **head(session, actor, record),
        since=since,
        order=tuple(records.line_ids(session, record.id)) if any(one.kind in RESHAPING for one in new) else None,
        suggestions=tuple(open_suggestions(session, record, touched)),
    )
    return _written(message, _lines(session, record, _rows(session, record, touched) if touched else ()), form_stamp)


RESHAPING = {"split", "join", "insert", "take", "recognised"}
"""Kinds of revisions after which there may be other lines, or in another order."""


def _touched(new: Iterable[StoredRevision]) -> set[str]:
    """Lines that these revisions name; some may be gone."""
    own = {one.line_id for one in new if one.line_id}
    return own | {one.after["new"] for one in new if one.kind == "split"}


def _rows(session: Session, record: VisitRecord, ids: Collection[str] | None = None, *, after: int = 0, most: int | None = None) -> Sequence[Row[Any]]:
    return records.lines_unread(session, record.id, ids, after=after, most=most)


def _lines(session: Session, record: VisitRecord, rows: Sequence[Row[Any]]) -> Sequence[str]:
    copied: set[str] = copies.copied_utterance_ids(session, record.reception_id) if rows else set()
    start, end = min((row.start for row in rows), default=0.0), max((row.end for row in rows), default=0.0)
    unboosted = heard_unboosted(session, record.reception_id, start, end) if rows else None
    return [_line(row, copied, unboosted.of(row, json.loads(row.utterance_ids)) if unboosted else "") for row in rows]


def _line(row: Row[Any], copied: set[str], unboosted: str) -> str:
    """A DeskLine as JSON."""
    short: dict[str, Any] = {"id": row.id, "start": row.start, "end": row.end, "text": row.text, "version": row.version}
    if row.recognised != row.text:
        short["recognised"] = row.recognised
    for name in ("participant_id", "heard", "deleted", "delete_reason", "disputed", "marked", "edited_by"):
        if value := getattr(row, name):
            short[name] = value
    if copied and not copied.isdisjoint(json.loads(row.utterance_ids)):
        short["copied"] = True
    if unboosted:
        short["unboosted"] = unboosted
    unread = "".join(f',"{name}":{getattr(row, name)}' for name in ("words", "utterance_ids", "doubt") if getattr(row, name) != "[]")
    return json.dumps(short, ensure_ascii=False)[:-1] + unread + "}"


_FORM = TypeAdapter(tuple[FormValue, ...])


def _written(message: DeskRecord | RecordChanges, lines: Iterable[str], known_form: str = "") -> str:
    form = _FORM.dump_json(message.form or ())
    stamp = hashlib.blake2s(form, digest_size=8).hexdigest()
    told = "null" if stamp == known_form else form.decode()
    known = message.model_dump_json(exclude={"form", "form_stamp", "body"})[:-1]
    return _with_lines(f'{known},"form":{told},"form_stamp":"{stamp}"}}', lines)


def _with_lines(message: str, lines: Iterable[str]) -> str:
    return f'{message[:-1]},"body":[{",".join(lines)}]}}'
