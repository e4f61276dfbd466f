"""The figures of store/case_figures.py summed up, all of a period at once: one walk over the matters that were registered
there, one over those that were given to it, one over the limits, one over the conclusions.

A page of figures asks for about a hundred numbers.  One query for each took 2.7 s of CPU over a year of 20,000 matters.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, func, literal, select
from sqlalchemy.orm import Session

from server.domain.figures import Figure, Share
from server.domain.flow import ACCEPTANCE_LIMITS, CONCLUSION_LIMITS
from server.domain.periods import Period
from server.domain.ratings import PLEASED, EnteredBy, RatedBody
from server.store import case_figures as counted
from server.store.case_figures import Scope
from server.store.models import StoredCase, StoredDeadline, StoredRating
from server.store.ratings import could_be_rated

DUE = {Figure.ACCEPTED_IN_TIME: ACCEPTANCE_LIMITS, Figure.CONCLUDED_IN_TIME: CONCLUSION_LIMITS}
RATED = {
    RatedBody.OFFICE: (Figure.SATISFIED_OFFICE, Figure.RATED_OFFICE), RatedBody.UNIT: (Figure.SATISFIED_UNIT, Figure.RATED_UNIT),
}  # fmt: skip


@dataclass
class Sums:
    """Every figure of a scope, and the parts that a page shows of some."""

    shares: dict[Figure, Share] = field(default_factory=dict)
    by_organization: dict[Figure, dict[int, Share]] = field(default_factory=dict)
    """Of the limits and of what units are rated for."""
    by_month: dict[Figure, list[Share]] = field(default_factory=dict)
    """Of the limits, per month that was asked for."""
    entered: dict[RatedBody, dict[EnteredBy, Share]] = field(default_factory=dict)
    """Satisfaction as petitioners told it themselves, and as staff wrote it down for them."""
    registered: int = 0
    young: int = 0
    """First-time matters concluded so recently that they may still come again within the window."""
    video: dict[int, Share] = field(default_factory=dict)
    """Leaders' receptions per organization of the leader."""


def of(session: Session, scope: Scope, months: Sequence[Period] = ()) -> Sums:
    """Sum a scope up; `months` of its period are told apart for the limits."""
    sums = Sums()
    _add_registered(session, scope, sums)
    _add_given(session, scope, sums)
    _add_limits(session, scope, months, sums)
    _add_resolved(session, scope, sums)
    sums.video = counted.video_by_organization(session, scope)
    sums.shares[Figure.VIDEO] = _sum(sums.video.values())
    return sums


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows are so."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0, type_=Integer)


def _sum(shares: Iterable[Share]) -> Share:
    every = list(shares)
    return Share(sum(one.part for one in every), sum(one.whole for one in every))


# --- registrations and ratings -----------------------------------------------------------------------------------


def _add_registered(session: Session, scope: Scope, sums: Sums) -> None:
    rows = _rated_rows(session, scope, RatedBody.OFFICE, func.count(), _number(StoredCase.repeat_of_id.is_not(None)))
    sums.registered = sum(row[1] for row in rows)
    sums.shares[Figure.REPEATS] = Share(sum(row[2] for row in rows), sums.registered)
    _add_ratings(RatedBody.OFFICE, [(row[0], *row[3:]) for row in rows], sums)


def _add_given(session: Session, scope: Scope, sums: Sums) -> None:
    _add_ratings(RatedBody.UNIT, _rated_rows(session, scope, RatedBody.UNIT), sums)


def _rated_rows(session: Session, scope: Scope, body: RatedBody, *first: Any) -> Sequence[tuple[int, ...]]:
    """Per organization what is in `first`, how many matters could be rated, were rated, with what, and by whom."""
    whose, could = counted.rated_of(body), could_be_rated(body)
    rated = and_(could, StoredRating.id.is_not(None))
    pleased, by_staff = and_(rated, StoredRating.score.in_(PLEASED)), StoredRating.entered_by == EnteredBy.STAFF
    numbers = [_number(one) for one in (could, rated, pleased, and_(rated, by_staff), and_(pleased, by_staff))]
    query = select(whose, *first, *numbers).select_from(StoredCase).outerjoin(StoredRating, counted.rating(body))
    return [tuple(row) for row in session.execute(query.where(counted.registered_in(scope, whose)).group_by(whose))]


def _add_ratings(body: RatedBody, rows: Sequence[tuple[int, ...]], sums: Sums) -> None:
    satisfied, participation = RATED[body]
    by = {row[0]: row[1:] for row in rows}
    sums.by_organization[satisfied] = {one: Share(row[2], row[1]) for one, row in by.items() if row[1]}
    sums.by_organization[participation] = {one: Share(row[1], row[0]) for one, row in by.items() if row[0]}
    for figure in (satisfied, participation):
        sums.shares[figure] = _sum(sums.by_organization[figure].values())
    staff = _sum(Share(row[4], row[3]) for row in by.values())
    every = sums.shares[satisfied]
    sums.entered[body] = {EnteredBy.PETITIONER: Share(every.part - staff.part, every.whole - staff.whole), EnteredBy.STAFF: staff}


# --- limits ------------------------------------------------------------------------------------------------------


def _add_limits(session: Session, scope: Scope, months: Sequence[Period], sums: Sums) -> None:
    """A matter counts once in each number and is good only where every limit of it that is counted there is.

    Nearly every matter has one: those are summed where they lie, the others are looked at one by one.
    """
    tallies = {figure: _Tally(len(months)) for figure in DUE}
    rows = _limits(scope, months).subquery()
    several = case((func.count() > 1, rows.c.case_id))
    grouped = select(
        rows.c.figure, several.label("several"), func.min(rows.c.organization_id).label("organization_id"),
        func.min(rows.c.month).label("month"), func.min(rows.c.good).label("good"),
    ).group_by(rows.c.figure, rows.c.case_id).subquery()  # fmt: skip
    of_one = (grouped.c.figure, grouped.c.organization_id, grouped.c.month, grouped.c.good, grouped.c.several)
    again: set[tuple[int, int]] = set()
    for number, organization, month, good, case_id, how_many in session.execute(select(*of_one, func.count()).group_by(*of_one)):
        if case_id is not None:
            again.add((number, case_id))
        else:
            tallies[_FIGURES[number]].add(organization, month, bool(good), how_many)
    _look_at_each(session, scope, months, again, tallies)
    for figure, tally in tallies.items():
        sums.shares[figure], sums.by_organization[figure], sums.by_month[figure] = tally.whole, tally.organizations, tally.months


_FIGURES = tuple(DUE)
_AT_ONCE = 500


def _limits(scope: Scope, months: Sequence[Period]) -> Select[Any]:
    """Every limit that a figure counts: which figure, whose, in which month (from 0), and whether it was met."""
    one = StoredDeadline
    acceptance, conclusion = (counted.due_conditions(scope, rules) for rules in DUE.values())
    figure = case((one.rule.in_(ACCEPTANCE_LIMITS), 0), else_=1)
    month: Any = case(*((one.due_on <= month.last, number) for number, month in enumerate(months))) if months else literal(0)
    kept = case((counted.met_in_time(), 1), else_=0)
    found = select(one.case_id, figure.label("figure"), one.organization_id, month.label("month"), kept.label("good"))
    either = case((one.rule.in_(ACCEPTANCE_LIMITS), acceptance.standing), else_=conclusion.standing)
    rules = (*ACCEPTANCE_LIMITS, *CONCLUSION_LIMITS)
    return found.where(one.rule.in_(rules), *acceptance.same, ~either)


def _look_at_each(
    session: Session, scope: Scope, months: Sequence[Period], again: Set[tuple[int, int]], tallies: Mapping[Figure, "_Tally"]
) -> None:
    case_ids = sorted({case_id for _, case_id in again})
    found: dict[tuple[int, int], list[tuple[int, int, bool]]] = {one: [] for one in again}
    for first in range(0, len(case_ids), _AT_ONCE):
        part = _limits(scope, months).where(StoredDeadline.case_id.in_(case_ids[first : first + _AT_ONCE]))
        for case_id, number, organization, month, good in session.execute(part):
            if (number, case_id) in again:
                found[number, case_id].append((organization, month, bool(good)))
    for (number, _), limits in found.items():
        tallies[_FIGURES[number]].add_together(limits)


class _Tally:
    """Sums of one figure."""

    def __init__(self, months: int) -> None:
        self.whole = Share()
        self.organizations: dict[int, Share] = {}
        self.months = [Share()] * months

    def add(self, organization: int, month: int | None, good: bool, how_many: int) -> None:
        """So many matters that have one limit."""
        self._add_to_whole(good, how_many)
        self._add_to(organization, month, good, how_many)

    def add_together(self, limits: Sequence[tuple[int, int | None, bool]]) -> None:
        """One matter that has several."""
        self._add_to_whole(all(good for *_, good in limits), 1)
        for organization in {one for one, _, _ in limits}:
            self._add_to(organization, None, all(good for one, _, good in limits if one == organization), 1)
        for month in {one for _, one, _ in limits}:
            self._add_to(None, month, all(good for _, one, good in limits if one == month), 1)

    def _add_to_whole(self, good: bool, how_many: int) -> None:
        self.whole = _plus(self.whole, good, how_many)

    def _add_to(self, organization: int | None, month: int | None, good: bool, how_many: int) -> None:
        if organization is not None:
            self.organizations[organization] = _plus(self.organizations.get(organization, Share()), good, how_many)
        if month is not None and self.months:
            self.months[month] = _plus(self.months[month], good, how_many)


def _plus(share: Share, good: bool, how_many: int) -> Share:
    return Share(share.part + how_many * good, share.whole + how_many)


# --- conclusions -------------------------------------------------------------------------------------------------


def _add_resolved(session: Session, scope: Scope, sums: Sums) -> None:
    since = scope.today - timedelta(days=scope.policy.repeat_window_days)
    query = select(func.count(), _number(counted.held_at_once(session, scope)), _number(StoredCase.first_concluded_on >= since))
    whole, good, sums.young = session.execute(query.select_from(StoredCase).where(*counted.concluded_first(scope))).one()
    sums.shares[Figure.RESOLVED_ONCE] = Share(good, whole)
