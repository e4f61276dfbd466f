"""Undo and redo over the whole history of a record: each clerk takes back their own steps, the latest first.

Nothing leaves the log: taking back is a change like any other.  A step whose places somebody has changed since cannot be
taken back: that would take back their work, too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from server.domain import undertakings
from server.errors import InvalidInput
from server.reception.record import revisions
from server.store import accusations, steps
from server.store.access import Actor
from server.store.models import FormEntry, Line, RecordStep, StoredPromise, VisitRecord

DO, UNDO, REDO = "do", "undo", "redo"
CHANGED_SINCE = "这一处后来又有人改过了，不能撤回。要改请直接改。"


@contextmanager
def step(session: Session, actor: Actor, record: VisitRecord, kind: str) -> Iterator[None]:
    """What is done within is one step of this clerk's work; what was taken back before cannot be done again then."""
    number, coming = record.version + 1, steps.coming(session, record.id, actor.user_id)
    with steps.noted(session) as before:
        yield
    if before:
        _keep(session, actor, record, number, before, action=DO, kind=kind, done=number, below=coming.done)


def _keep(
    session: Session, actor: Actor, record: VisitRecord, number: int, before: steps.Rows, **rest: Any
) -> None:
    steps.add(session, RecordStep(record_id=record.id, number=number, user_id=actor.user_id, before=before, **rest))


def next_kinds(session: Session, actor: Actor, record_id: str) -> tuple[str, str]:
    """What undo and redo would be about, as Chinese sentences; empty: nothing."""
    coming = steps.coming(session, record_id, actor.user_id)
    done, undone = (steps.kind_of(session, record_id, number) for number in coming)
    return revisions.SENTENCES.get(done, done), revisions.SENTENCES.get(undone, undone)


def undo(session: Session, actor: Actor, record: VisitRecord) -> None:
    """Take the clerk's last step back; raises InvalidInput."""
    coming = steps.coming(session, record.id, actor.user_id)
    if coming.done is None:
        raise InvalidInput("没有可以撤回的改动了。")
    back = steps.get(session, record.id, coming.done)
    _put_back(session, actor, record, back, action=UNDO, done=back.below, undone=record.version + 1, below=coming.undone)


def redo(session: Session, actor: Actor, record: VisitRecord) -> None:
    """Do again what was taken back last; raises InvalidInput."""
    coming = steps.coming(session, record.id, actor.user_id)
    if coming.undone is None:
        raise InvalidInput("没有可以重做的改动。")
    back = steps.get(session, record.id, coming.undone)
    _put_back(session, actor, record, back, action=REDO, done=record.version + 1, undone=back.below, below=coming.done)


def _put_back(session: Session, actor: Actor, record: VisitRecord, back: RecordStep, *, action: str, **rest: Any) -> None:
    if steps.seal(session, list(back.before)) != back.left:
        raise InvalidInput(CHANGED_SINCE)
    number = record.version + 1
    with steps.noted(session) as before:
        for key, row in back.before.items():
            _tell(session, actor, record, action, key, steps.present(session, key), row)
        steps.put_back(session, back.before)
        if any(steps.table_of(key) == FormEntry.__tablename__ for key in back.before):
            accusations.keep_in_step(session, record)
    _keep(session, actor, record, number, before, action=action, kind=back.kind, **rest)


def _tell(
    session: Session, actor: Actor, record: VisitRecord, kind: str, key: str, was: steps.Row | None, now: steps.Row | None
) -> None:
    """One revision for each line, field and promise that is otherwise afterwards."""
    row = now or was or {}
    told = _TOLD.get(steps.table_of(key))
    if told is None:
        return
    place = {name: row[column] for name, column in told.place.items()}
    before, after = (told.words(one) if one is not None else {} for one in (was, now))
    revisions.add(session, record, kind, actor=actor, before=before, after=after, **place)


class _Told(NamedTuple):
    place: dict[str, str]
    words: Callable[[steps.Row], dict[str, str]]


_TOLD = {
    Line.__tablename__: _Told({"line_id": "id"}, lambda row: {"text": row["text"]}),
    FormEntry.__tablename__: _Told({"field": "field"}, lambda row: {"value": row["value"]}),
    StoredPromise.__tablename__: _Told({}, lambda row: {"text": undertakings.in_words(row["who"], row["what"], row["by"])}),
}
