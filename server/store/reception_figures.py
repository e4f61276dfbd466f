"""Leaders' receptions of a period, and how those who came rated the office."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, null, select
from sqlalchemy.orm import Session, joinedload

from server.domain.ratings import RatedBody
from server.domain.states import Channel
from server.store import case_figures
from server.store.access import Actor, visible_cases, visible_receptions
from server.store.case_figures import Scope
from server.store.models import OnSiteTalk, Reception, SittingRating, StoredCase, StoredRating, User
from server.store.ratings import could_be_rated, of_sittings

_AT_ONCE = 500


class Held(NamedTuple):
    """One reception of a leader."""

    at: datetime
    """When it began; of one on site that was registered by hand, when it was registered."""
    leader_id: int
    organization_id: int
    video: bool
    asked_at: datetime | None
    """When the petitioner came; None: on site, without a number."""
    reception_id: str | None
    case_id: int | None
    kind: str | None
    """DayKind of one on site that was recorded."""


def held(session: Session, scope: Scope) -> list[Held]:
    """Every reception of the scope, the newest first."""
    one = case_figures.held(scope).c
    query = select(one.at, one.leader_id, one.organization_id, one.good, one.asked_at, one.reception_id, one.case_id, one.kind)
    return [Held(*row) for row in session.execute(query.order_by(one.at.desc(), one.reception_id, one.case_id))]


def of_receptions(session: Session, reception_ids: Collection[str]) -> list[Held]:
    """These talks, the newest first; at most as many as one page asks for."""
    video = func.coalesce(StoredCase.channel, Reception.channel) == Channel.VIDEO
    query = (
        select(Reception.started_at, User.id, User.organization_id, video, null(), Reception.id, StoredCase.id, OnSiteTalk.kind)
        .join(User, User.id == Reception.receiver_id)
        .outerjoin(StoredCase, StoredCase.reception_id == Reception.id)
        .outerjoin(OnSiteTalk, OnSiteTalk.reception_id == Reception.id)
        .where(Reception.id.in_(reception_ids), Reception.started_at.is_not(None))
    )
    return [Held._make(row) for row in session.execute(query.order_by(Reception.started_at.desc(), Reception.id))]


def scores(session: Session, scope: Scope) -> dict[int, str | None]:
    """Per case of these receptions that can be rated, how the office was rated for it; None: it was not."""
    cases = select(case_figures.held(scope).c.case_id)
    query = select(StoredCase.id, StoredRating.score).outerjoin(StoredRating, case_figures.rating(RatedBody.OFFICE))
    found = session.execute(query.where(StoredCase.id.in_(cases), could_be_rated(RatedBody.OFFICE)))
    return {row.id: row.score for row in found}


def said_at_the_end(session: Session, scope: Scope) -> tuple[int, int]:
    """How many said at the kiosk how satisfied they were with one of these talks, and how many of them were pleased."""
    return of_sittings(session, select(case_figures.held(scope).c.reception_id))


def rated_at_the_end(session: Session, scope: Scope) -> dict[str, str]:
    """These talks, each with what was added to the rating, without the rating."""
    talks = select(case_figures.held(scope).c.reception_id)
    query = select(SittingRating.reception_id, SittingRating.words).where(SittingRating.reception_id.in_(talks))
    return {row.reception_id: row.words for row in session.execute(query)}


def leaders(session: Session, ids: Collection[int]) -> dict[int, User]:
    """Accounts by id, with their organizations."""
    found: dict[int, User] = {}
    wanted = sorted(ids)
    for first in range(0, len(wanted), _AT_ONCE):
        query = select(User).where(User.id.in_(wanted[first : first + _AT_ONCE])).options(joinedload(User.organization))
        found |= {one.id: one for one in session.scalars(query)}
    return found


def matters(session: Session, actor: Actor, reception_ids: Collection[str]) -> dict[str, str]:
    """What those of these talks are about that the actor may read."""
    query = visible_receptions(actor).where(Reception.id.in_(reception_ids))
    return {row.id: row.matter for row in session.execute(query.with_only_columns(Reception.id, Reception.matter))}


def cases(session: Session, actor: Actor, case_ids: Collection[int]) -> dict[int, StoredCase]:
    """Those of these cases that the actor may read."""
    return {one.id: one for one in session.scalars(visible_cases(actor).where(StoredCase.id.in_(case_ids)))}
