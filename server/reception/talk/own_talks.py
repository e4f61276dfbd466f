"""我的接谈: the talks that a leader or clerk held, what became of each promise, and how they were rated together.

How one person rated stands nowhere (reception/ratings.py): ratings are told as a sum, and only of enough people.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms, titles
from server.domain.commitments import STATE_WORDS, CommitmentState, late
from server.domain.states import CaseState, StaffRole
from server.protocol.briefs import OwnPromise, OwnReception, OwnReceptions
from server.reception import marks
from server.store import commitments, receptions, records
from server.store import own_talks as store
from server.store.access import Actor
from server.store.models import Commitment, Reception, StoredCase

YEAR = timedelta(days=365)
RATED_AT_LEAST = 5
"""Of fewer people, somebody could be known by how they rated."""


def listed(session: Session, actor: Actor, after: str) -> OwnReceptions:
    """A page of the actor's own talks; raises InvalidInput for a place that is none."""
    found = store.page(session, actor, marks.places(after, (datetime, str)))
    rows, more = found[: store.PAGE_ROWS], len(found) > store.PAGE_ROWS
    ids = [one.id for one in rows]
    promised, cases = store.promises_of(session, ids), store.cases_of(session, actor, ids)
    kept = receptions.records_of(session, ids)
    about = records.summaries_of(session, [one.id for one in rows if not one.matter])
    left = commitments.left(session, ids) if actor.role is StaffRole.LEADER else {}
    since, user_id = clock.now() - YEAR, actor.user_id or 0
    told = commitments.counts(session, actor, commitments.Wanted(leader_id=user_id), clock.today())
    rated, content = store.ratings_since(session, user_id, since)
    said, pleased = store.said_since(session, user_id, since)
    return OwnReceptions(
        rows=tuple(
            _row(one, kept.get(one.id), cases.get(one.id), promised.get(one.id, []), left.get(one.id, 0), about.get(one.id, ""))
            for one in rows
        ),
        next=marks.mark((rows[-1].asked_at, rows[-1].id)) if more else "",
        talks=store.talks_since(session, user_id, since), promises_done=told.get("done", 0), promises_open=told.get("open", 0),
        promises_late=told.get("late", 0), rated=rated, content=content if rated >= RATED_AT_LEAST else None,
        said=said, pleased=pleased if said >= RATED_AT_LEAST else None,
    )  # fmt: skip


def _row(
    one: Reception, record: tuple[str, str] | None, case: StoredCase | None, promised: list[Commitment], left: int, summary: str
) -> OwnReception:
    today = clock.today()
    return OwnReception(
        id=one.id, number=one.number, petitioner=one.petitioner_name, kiosk=one.venue, matter=one.matter or titles.short(summary), state=one.state,
        started_at=one.started_at or one.asked_at, seconds=one.seconds, record_id=record[0] if record else None,
        record_state=record[1] if record else "", case_id=case.id if case else None,
        case_state=terms.CASE_STATE[CaseState(case.state)] if case else "",
        promises=tuple(
            OwnPromise(
                what=promise.what, unit=promise.unit.name, due_on=promise.due_on, state=promise.state,
                state_words=STATE_WORDS[CommitmentState(promise.state)], late=late(promise.state, promise.due_on, today),
                words=promise.words,
            )
            for promise in promised
        ),
        unconfirmed=left,
    )  # fmt: skip
