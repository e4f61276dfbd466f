"""Figures of corrected records, summed up; per office only where several clerks corrected there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.store.access import Actor, organizations_under
from server.store.models import Organization, RecordFigures, VisitRecord


@dataclass(frozen=True)
class Sums:
    """Of some records: seconds of recording and of work, places marked and changed, other readings offered and taken."""

    records: int = 0
    audio_s: float = 0.0
    work_s: float = 0.0
    marked: int = 0
    changed: int = 0
    offered: int = 0
    taken: int = 0


def keep(session: Session, figures: RecordFigures) -> None:
    """Write a record's figures, over those it had when it was settled before."""
    session.merge(figures)


_SUMMED = ("audio_s", "work_s", "marked", "changed", "offered", "taken")


def _sums(*first: Any) -> Select[Any]:
    columns = [func.coalesce(func.sum(getattr(RecordFigures, name)), 0) for name in _SUMMED]
    return select(*first, func.count(RecordFigures.record_id), *columns).join(VisitRecord, VisitRecord.id == RecordFigures.record_id)


def of_clerk(session: Session, user_id: int, since: datetime, until: datetime) -> Sums:
    """Records that this clerk corrected and that were settled in that time."""
    query = _sums().where(VisitRecord.clerk_id == user_id, RecordFigures.settled_at >= since, RecordFigures.settled_at < until)
    return Sums(*session.execute(query).one())


@dataclass(frozen=True)
class OfficeSums:
    """The same of one office, and which clerks corrected there."""

    organization: str
    sums: Sums
    clerks: frozenset[int]


def of_offices(session: Session, actor: Actor, since: datetime) -> list[OfficeSums]:
    """One for each office at or under the actor's."""
    query = (
        _sums(VisitRecord.organization_id, Organization.name)
        .join(Organization, Organization.id == VisitRecord.organization_id)
        .where(VisitRecord.organization_id.in_(organizations_under(actor)), RecordFigures.settled_at >= since)
        .group_by(VisitRecord.organization_id, Organization.name, Organization.path)
        .order_by(Organization.path)
    )
    clerks = _clerks(session, actor, since)
    return [OfficeSums(row[1], Sums(*row[2:]), frozenset(clerks.get(row[0], ()))) for row in session.execute(query)]


def _clerks(session: Session, actor: Actor, since: datetime) -> dict[int, set[int]]:
    query = (
        select(VisitRecord.organization_id, VisitRecord.clerk_id)
        .join(RecordFigures, RecordFigures.record_id == VisitRecord.id)
        .where(
            VisitRecord.organization_id.in_(organizations_under(actor)),
            RecordFigures.settled_at >= since,
        )
        .distinct()
    )
    found: dict[int, set[int]] = {}
    for row in session.execute(query):
        if row[1] is not None:
            found.setdefault(row[0], set()).add(row[1])
    return found
