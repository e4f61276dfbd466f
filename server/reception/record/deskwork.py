"""What correcting takes and whether the marks are right: a clerk's own, and an office's as a whole.

No list and no figure of a person is made for anybody but that person: an office in which fewer than three clerks
corrected is summed up with others.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from server import clock
from server.domain import deskwork
from server.domain.linewords import TimedWord, from_store
from server.domain.states import SuggestionState
from server.protocol.deskwork import DeskFigures, OfficeFigures, OwnFigures
from server.store import figures as store
from server.store import records, second_pass
from server.store.access import Actor
from server.store.models import RecordFigures, StoredRevision, VisitRecord
from transcription.doubts import WEAK

DAYS = 30
LEAST_CLERKS = 3
OTHERS = "不足三人校对的单位，合在一起"
_BY_CLERK = ("text", "take")
_RESHAPED = ("split", "join", "insert")


def keep(session: Session, record: VisitRecord) -> None:
    """Measure a record that was just settled, once: the log of its edits is complete."""
    session.flush()
    log = records.revisions(session, record.id)
    marked, changed = _marks(session, record, log)
    decided = second_pass.decided(session, record.id)
    store.keep(session, RecordFigures(
        record_id=record.id, settled_at=clock.now(), audio_s=record.reception.seconds,
        work_s=deskwork.work_seconds((one.user_id, one.at) for one in log if one.user_id is not None),
        marked=marked, changed=changed, offered=sum(decided.values()), taken=decided.get(SuggestionState.TAKEN, 0),
    ))  # fmt: skip


def _marks(session: Session, record: VisitRecord, log: Iterable[StoredRevision]) -> tuple[int, int]:
    """Places that were underlined, and how many of them a clerk changed; lines that were cut or joined are left out."""
    before: dict[str, str] = {}
    reshaped = set[str]()
    for one in log:
        if one.line_id and one.kind in _BY_CLERK and "text" in one.before:
            before.setdefault(one.line_id, str(one.before["text"]))
        if one.line_id and one.kind in _RESHAPED:
            reshaped |= {one.line_id, str(one.after.get("new", ""))}
    heard = {one.id: from_store(one.words) for one in records.utterances(session, record.reception_id)}
    looked_at = [line for line in records.line_rows(session, record.id) if line.id not in reshaped]
    counted = [_of_line(line, before.get(line.id, line.text), heard) for line in looked_at]
    return sum(marked for marked, _ in counted), sum(changed for _, changed in counted)


def _of_line(line: Row[Any], before: str, heard: Mapping[str, list[TimedWord]]) -> tuple[int, int]:
    words = list(chain.from_iterable(heard.get(id_, ()) for id_ in line.utterance_ids))
    places = deskwork.marked_places(before, words, WEAK)
    return len(places), len(places) if line.deleted else deskwork.changed_places(before, line.text, places)


def own(session: Session, actor: Actor) -> OwnFigures:
    """The clerk's own figures of the last thirty days, and of the thirty before."""
    now = clock.now()
    since = now - timedelta(days=DAYS)
    user_id = actor.user_id or 0
    return OwnFigures(
        days=DAYS,
        now=_shown(store.of_clerk(session, user_id, since, now + timedelta(seconds=1))),
        before=_shown(store.of_clerk(session, user_id, since - timedelta(days=DAYS), since)),
    )


def of_offices(session: Session, actor: Actor) -> OfficeFigures:
    """The last thirty days of every office in which several clerks corrected; the others only together."""
    found = store.of_offices(session, actor, clock.now() - timedelta(days=DAYS))
    few = [one for one in found if len(one.clerks) < LEAST_CLERKS]
    rows = [(one.organization, one.sums) for one in found if len(one.clerks) >= LEAST_CLERKS]
    hidden = len(few)
    if len(frozenset[int]().union(*(one.clerks for one in few))) >= LEAST_CLERKS:
        rows.append((OTHERS, _together(one.sums for one in few)))
        hidden = 0
    return OfficeFigures(
        days=DAYS, offices=tuple((name, _shown(sums)) for name, sums in rows), hidden_offices=hidden, least_clerks=LEAST_CLERKS
    )


def _together(sums: Iterable[store.Sums]) -> store.Sums:
    every = list(sums)
    return store.Sums(*(sum(getattr(one, name) for one in every) for name in store.Sums.__dataclass_fields__))


def _shown(sums: store.Sums) -> DeskFigures:
    return DeskFigures(**vars(sums))
