"""What a step of work on a record changed, so that it can be taken back: its rows as they stood before.

A step is whatever one request did to lines, form, suggestions, proposals and promises, whichever rules did it: the rows
are noted as they are written.  The log of revisions tells people what happened; this is what machines need to undo it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from server.store.models import (
    Base,
    FormEntry,
    Line,
    RecordStep,
    StoredPromise,
    StoredProposal,
    StoredSuggestion,
)

WATCHED: Mapping[str, type[Base]] = {
    kind.__tablename__: kind for kind in (Line, FormEntry, StoredSuggestion, StoredProposal, StoredPromise)
}
FREE = {"version", "edited_by", "position", "decided_by", "user_id", "decided_at"}
"""Columns that may be otherwise and the row still is as a step left it."""

Row = dict[str, Any]
Rows = dict[str, Row | None]
"""By table and primary key; None: there was no such row."""


class Next(NamedTuple):
    """What a clerk can take back, and do again: numbers of steps."""

    done: int | None = None
    undone: int | None = None


@contextmanager
def noted(session: Session) -> Iterator[Rows]:
    """Fills the rows that are changed within, as they stood at the beginning; flushes at the end."""
    before: Rows = {}

    def note(flushing: Session, _context: UOWTransaction) -> None:
        for one in flushing.new:
            if _is_watched(one):
                before.setdefault(_key(one), None)
        for one in (*flushing.dirty, *flushing.deleted):
            if _is_watched(one) and (one in flushing.deleted or flushing.is_modified(one)):
                before.setdefault(_key(one), _was(one))

    event.listen(session, "after_flush", note)
    try:
        yield before
        session.flush()
    finally:
        event.remove(session, "after_flush", note)


def put_back(session: Session, before: Rows) -> None:
    """Let these rows stand as they did; versions go on, so that nobody's page takes one for what it knows."""
    for key, row in before.items():
        present = _present(session, key)
        if row is None:
            if present is not None:
                session.delete(present)
        elif present is None:
            session.add(_kind(key)(**_from_plain(key, row), **_next_version(row, row)))
        else:
            for name, value in {**_from_plain(key, row), **_next_version(row, _plain(present))}.items():
                setattr(present, name, value)
    session.flush()


def seal(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """A hash of each row as it stands now."""
    return {key: _hash(present(session, key)) for key in keys}


def present(session: Session, key: str) -> Row | None:
    """A row as it stands now."""
    one = _present(session, key)
    return None if one is None else _plain(one)


def table_of(key: str) -> str:
    """Which table a row is of."""
    return str(json.loads(key)[0])


def add(session: Session, step: RecordStep) -> None:
    """Keep a step that has been done, with what it left."""
    step.left = seal(session, list(step.before))
    session.add(step)
    session.flush()


def coming(session: Session, record_id: str, user_id: int | None) -> Next:
    """What this clerk can take back and do again."""
    query = select(RecordStep.done, RecordStep.undone).where(
        RecordStep.record_id == record_id, RecordStep.user_id == user_id
    )
    found = session.execute(query.order_by(RecordStep.number.desc()).limit(1)).one_or_none()
    return Next(*found) if found else Next()


def kind_of(session: Session, record_id: str, number: int | None) -> str:
    """Which edit a step was; empty where there is none."""
    query = select(RecordStep.kind).where(RecordStep.record_id == record_id, RecordStep.number == number)
    return session.scalar(query) or "" if number is not None else ""


def get(session: Session, record_id: str, number: int) -> RecordStep:
    """A step with its rows."""
    return session.get_one(RecordStep, (record_id, number))


def _is_watched(one: object) -> bool:
    return isinstance(one, tuple(WATCHED.values()))


def _key(one: Any) -> str:
    return json.dumps([one.__tablename__, *inspect(one).mapper.primary_key_from_instance(one)])


def _kind(key: str) -> type[Base]:
    return WATCHED[table_of(key)]


def _present(session: Session, key: str) -> Any:
    return session.get(_kind(key), tuple(json.loads(key)[1:]))


def _was(one: Any) -> Row:
    """A row as it was before what is being written."""
    state = inspect(one)
    row = {}
    for column in state.mapper.column_attrs:
        changed = state.attrs[column.key].history
        row[column.key] = _as_plain(changed.deleted[0] if changed.deleted else getattr(one, column.key))
    return row


def _plain(one: Any) -> Row:
    return {column.key: _as_plain(getattr(one, column.key)) for column in inspect(one).mapper.column_attrs}


def _as_plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _from_plain(key: str, row: Row) -> Row:
    """All but the version."""
    moments = {c.key for c in _kind(key).__table__.columns if c.type.python_type is datetime}
    return {
        name: datetime.fromisoformat(value) if name in moments and value else value
        for name, value in row.items()
        if name != "version"
    }


def _next_version(row: Row, present: Row) -> Row:
    return {"version": present["version"] + 1} if "version" in row else {}


def _hash(row: Row | None) -> str:
    told = None if row is None else {name: value for name, value in row.items() if name not in FREE}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
