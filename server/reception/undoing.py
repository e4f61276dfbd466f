"""Undo and redo over the whole history of a record: each clerk takes back their own steps, the latest first.

Nothing leaves the log: taking back is a change like any other.  A step whose places somebody has changed since cannot be
taken back: that would take back their work, too.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy.orm import Session

from server.domain import undertakings
from server.errors import InvalidInput
from server.reception import revisions
from server.store import accusations, steps
from server.store.access import Actor
from server.store.models import FormEntry, Line, StoredPromise, VisitRecord

DO, UNDO, REDO = "do", "undo", "redo"
CHANGED_SINCE = "这一处后来又有人改过了，不能撤回。要改请直接改。"


class Stacks(NamedTuple):
    """What can be taken back, and what was taken back and can be done again; the next one last."""

    done: list[steps.Known]
    undone: list[steps.Known]


@contextmanager
def step(session: Session, actor: Actor, record: VisitRecord, kind: str, action: str = DO) -> Iterator[None]:
    """What is done within is one step of this clerk's work."""
    number = record.version + 1
    with steps.noted(session) as before:
        yield
    if before:
        steps.add(
            session, record_id=record.id, number=number, user_id=actor.user_id, action=action, kind=kind, before=before
        )


def stacks(known: Sequence[steps.Known]) -> Stacks:
    """Whoever does something new after taking back cannot do again what was taken back."""
    done: list[steps.Known] = []
    undone: list[steps.Known] = []
    for one in known:
        if one.action == UNDO:
            done.pop()
            undone.append(one)
            continue
        if one.action == REDO:
            undone.pop()
        else:
            undone.clear()
        done.append(one)
    return Stacks(done, undone)


def next_kinds(session: Session, actor: Actor, record: VisitRecord) -> tuple[str, str]:
    """What undo and redo would be about, as Chinese sentences; empty: nothing."""
    found = stacks(steps.known(session, record.id, actor.user_id))
    return _last(found.done), _last(found.undone)


def _last(stack: Sequence[steps.Known]) -> str:
    return revisions.SENTENCES.get(stack[-1].kind, "上一步") if stack else ""


def move(session: Session, actor: Actor, record: VisitRecord, action: str) -> None:
    """Take the last step back (UNDO), or do again what was taken back (REDO); raises InvalidInput."""
    found = stacks(steps.known(session, record.id, actor.user_id))
    stack = found.done if action == UNDO else found.undone
    if not stack:
        raise InvalidInput("没有可以撤回的改动了。" if action == UNDO else "没有可以重做的改动。")
    stored = steps.get(session, record.id, stack[-1].number)
    if steps.seal(session, list(stored.before)) != stored.left:
        raise InvalidInput(CHANGED_SINCE)
    with step(session, actor, record, stored.kind, action):
        for key, row in stored.before.items():
            _tell(session, actor, record, action, key, steps.present(session, key), row)
        steps.put_back(session, stored.before)
        accusations.keep_in_step(session, record)


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
