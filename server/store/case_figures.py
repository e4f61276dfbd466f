"""What is counted for the figures of domain/figures.py, and the matters behind each number.

Every figure is one select of (case_id, good, organization_id), from which its lists are made; store/figure_sums.py sums
them up by the same conditions.  Whom an accusation must be hidden from counts it nowhere.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased, joinedload

from server import clock
from server.domain.figures import Figure, Look, Policy, Share
from server.domain.flow import ACCEPTANCE_LIMITS, CONCLUSION_LIMITS, Step
from server.domain.limits import RULES
from server.domain.periods import Period
from server.domain.ratings import PLEASED, EnteredBy, RatedBody, Score
from server.domain.states import CaseState, Channel, ReceptionState, StaffRole
from server.store.access import Actor, hidden_cases, shared_alias, visible_cases
from server.store.models import (
    CasePause,
    OnSiteTalk,
    Organization,
    Reception,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    StoredRating,
    User,
)
from server.store.ratings import could_be_rated, has_no

_ONE = timedelta(days=1)
_REPEAT = shared_alias(StoredCase)


@dataclass(frozen=True)
class Scope:
    """Which figures are asked for: of the organizations at and under `path`, as `actor` may know them, on `today`."""

    actor: Actor
    path: str
    period: Period
    today: date
    policy: Policy
    alone: bool = False
    """Of the organization at `path` itself, without those below it."""
    hidden: tuple[int, ...] | None = None
    """Matters that the actor must not know of (`hidden_from`); None: asked for with every figure."""

    def over(self, period: Period) -> "Scope":
        return replace(self, period=period)

    @property
    def began(self) -> datetime:
        """The moment the period begins."""
        return clock.end_of_day(self.period.first - _ONE)

    @property
    def ended(self) -> datetime:
        return clock.end_of_day(self.period.last)


def _under(scope: Scope) -> Select[int]:
    own = Organization.path == scope.path if scope.alone else Organization.path.startswith(scope.path, autoescape=True)
    return select(Organization.id).where(own)


MOST_HIDDEN = 500


def hidden_from(session: Session, actor: Actor) -> tuple[int, ...] | None:
    """Accusations that the actor must not know of, where they are few enough to be named: asked for once, not with every figure."""
    found = session.scalars(hidden_cases(actor).limit(MOST_HIDDEN + 1)).all()
    return tuple(found) if len(found) <= MOST_HIDDEN else None


def _known(scope: Scope, column: Any) -> ColumnElement[bool]:
    if scope.hidden is None:
        return column.not_in(hidden_cases(scope.actor))
    return column.not_in(scope.hidden) if scope.hidden else true()


def _rows(case_id: Any, good: ColumnElement[bool], organization: Any) -> Select[Any]:
    return select(case_id.label("case_id"), func.coalesce(good, literal(False)).label("good"), organization.label("organization_id"))


# --- figures -----------------------------------------------------------------------------------------------------


def rows(session: Session, scope: Scope, figure: Figure) -> Select[Any]:
    """(case_id, good, organization_id) of every matter that a figure counts; of receptions see `video`."""
    match figure:
        case Figure.ACCEPTED_IN_TIME:
            return _due(scope, ACCEPTANCE_LIMITS)
        case Figure.CONCLUDED_IN_TIME:
            return _due(scope, CONCLUSION_LIMITS)
        case Figure.SATISFIED_OFFICE:
            return _satisfied(scope, RatedBody.OFFICE)
        case Figure.SATISFIED_UNIT:
            return _satisfied(scope, RatedBody.UNIT)
        case Figure.RATED_OFFICE:
            return _rated(scope, RatedBody.OFFICE)
        case Figure.RATED_UNIT:
            return _rated(scope, RatedBody.UNIT)
        case Figure.REPEATS:
            return _rows(StoredCase.id, StoredCase.repeat_of_id.is_not(None), StoredCase.organization_id).where(registered_in(scope))
        case Figure.RESOLVED_ONCE:
            return _resolved_once(session, scope)
        case Figure.VIDEO:
            return _receptions(scope)


def _due(scope: Scope, rules: Sequence[str]) -> Select[Any]:
    d, conditions = StoredDeadline, due_conditions(scope, rules)
    return _rows(d.case_id, met_in_time(), d.organization_id).where(d.rule.in_(rules), *conditions.same, ~conditions.standing)


@dataclass(frozen=True)
class DueConditions:
    """Which limits count: those whose last day is over, unless they were dropped before (`same` whatever the rule), and not
    one that stands still, which has no last day yet."""

    same: tuple[ColumnElement[bool], ...]
    standing: ColumnElement[bool]


def due_conditions(scope: Scope, rules: Sequence[str]) -> DueConditions:
    """The conditions on StoredDeadline for limits of these rules, but for the rule itself."""
    d = StoredDeadline
    last = min(scope.period.last, scope.today - _ONE)
    same = (
        d.organization_id.in_(_under(scope)), d.due_on.between(scope.period.first, last),
        or_(d.dropped_on.is_(None), d.dropped_on > d.due_on), _known(scope, d.case_id),
    )  # fmt: skip
    return DueConditions(same, and_(d.done_on.is_(None), d.dropped_on.is_(None), _stands_still(rules)))


def met_in_time() -> ColumnElement[bool]:
    """Whether a limit was met on its last day or before."""
    return and_(StoredDeadline.done_on <= StoredDeadline.due_on, StoredDeadline.dropped_on.is_(None))


def _stands_still(rules: Sequence[str]) -> ColumnElement[bool]:
    kinds = sorted({kind for rule in rules for kind in RULES[rule].stopped_by})
    return exists().where(
        CasePause.case_id == StoredDeadline.case_id, CasePause.last.is_(None), CasePause.kind.in_(kinds),
        CasePause.first <= StoredDeadline.due_on,
    )  # fmt: skip


def registered_in(scope: Scope, organization: Any = StoredCase.organization_id) -> ColumnElement[bool]:
    """Registered in the period, by these organizations or given to them, and not part of another matter."""
    return and_(_came_in(scope, organization), StoredCase.state != CaseState.MERGED)


def _came_in(scope: Scope, organization: Any) -> ColumnElement[bool]:
    """The same with those that became part of another."""
    return and_(
        organization.in_(_under(scope)), StoredCase.filed_at >= scope.began, StoredCase.filed_at < scope.ended,
        _known(scope, StoredCase.id),
    )  # fmt: skip


def rated_of(body: RatedBody) -> Any:
    return StoredCase.organization_id if body is RatedBody.OFFICE else StoredCase.unit_id


def rating(body: RatedBody) -> ColumnElement[bool]:
    return and_(StoredRating.case_id == StoredCase.id, StoredRating.body == body)


def _rated(scope: Scope, body: RatedBody) -> Select[Any]:
    found = _rows(StoredCase.id, StoredRating.id.is_not(None), rated_of(body)).outerjoin(StoredRating, rating(body))
    return found.where(registered_in(scope, rated_of(body)), could_be_rated(body))


def _satisfied(scope: Scope, body: RatedBody) -> Select[Any]:
    found = _rows(StoredCase.id, StoredRating.score.in_(PLEASED), rated_of(body)).join(StoredRating, rating(body))
    return found.where(registered_in(scope, rated_of(body)), could_be_rated(body))


def _resolved_once(session: Session, scope: Scope) -> Select[Any]:
    found = _rows(StoredCase.id, held_at_once(session, scope), StoredCase.organization_id)
    return found.where(*concluded_first(scope))


def concluded_first(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """Concluded for the first time in the period, and registered for the first time: counted there whatever happens later."""
    return (
        StoredCase.organization_id.in_(_under(scope)), StoredCase.first_concluded_on.between(scope.period.first, scope.period.last),
        has_no(StoredCase.repeat_of_id), StoredCase.state != CaseState.MERGED, _known(scope, StoredCase.id),
    )  # fmt: skip


def held_at_once(session: Session, scope: Scope) -> ColumnElement[bool]:
    """Whether the first conclusion was the last word: no review had it handled anew, and it did not come again."""
    return and_(~StoredCase.handled_anew, StoredCase.id.not_in(came_again(session, scope)))


def came_again(session: Session, scope: Scope) -> Select[int]:
    """Matters that came again within the window after their first conclusion; a repeat of a repeat is one of the first."""
    window, parent, first = scope.policy.repeat_window_days, aliased(StoredCase), aliased(StoredCase)
    chain = (
        select(_REPEAT.received_on.label("came"), _REPEAT.repeat_of_id.label("first_id"))
        .where(
            _REPEAT.repeat_of_id.is_not(None), _REPEAT.state != CaseState.MERGED,
            _REPEAT.received_on.between(scope.period.first, scope.period.last + window * _ONE),
        )
        .cte(recursive=True)
    )  # fmt: skip
    further = select(chain.c.came, parent.repeat_of_id).join(parent, parent.id == chain.c.first_id)
    chain = chain.union_all(further.where(parent.repeat_of_id.is_not(None)))
    within = and_(chain.c.came >= first.first_concluded_on, chain.c.came <= _plus_days(session, first.first_concluded_on, window))
    return select(chain.c.first_id).join(first, first.id == chain.c.first_id).where(within)


def _plus_days(session: Session, column: Any, days: int) -> ColumnElement[date]:
    if session.get_bind().dialect.name == "postgresql":
        return type_coerce(column + days, Date)
    return type_coerce(func.date(column, f"+{days} days"), Date)


def _receptions(scope: Scope) -> Select[Any]:
    """Receptions that leaders of these organizations held, by video or on site; `case_id` is null until it is filed."""
    both = held(scope)
    return select(both.c.case_id, both.c.good, both.c.organization_id)


def held(scope: Scope) -> Subquery:
    """The same with `leader_id`, `reception_id` (null: on site, registered by hand), `at`, `kind` (of those on site that were
    recorded: a DayKind) and `asked_at` (when they came; null: they did not wait with a number)."""
    video = func.coalesce(StoredCase.channel, Reception.channel) == Channel.VIDEO
    talks = (
        _rows(StoredCase.id, video, User.organization_id)
        .add_columns(User.id.label("leader_id"), Reception.id.label("reception_id"), Reception.started_at.label("at"),
                     case((_walked_in(), None), else_=Reception.asked_at).label("asked_at"), OnSiteTalk.kind.label("kind"))
        .select_from(Reception)
        .join(User, User.id == Reception.receiver_id)
        .outerjoin(StoredCase, StoredCase.reception_id == Reception.id)
        .outerjoin(OnSiteTalk, OnSiteTalk.reception_id == Reception.id)
        .where(
            Reception.started_at >= scope.began, Reception.started_at < scope.ended, Reception.state == ReceptionState.CLOSED,
            User.role == StaffRole.LEADER, User.organization_id.in_(_under(scope)),
            or_(StoredCase.id.is_(None), _known(scope, StoredCase.id)),
        )
    )  # fmt: skip
    on_site = (
        _rows(StoredCase.id, literal(False), User.organization_id)
        .add_columns(User.id, null(), StoredCase.filed_at, null(), null())
        .join(User, User.id == StoredCase.received_by_id)
        .where(
            StoredCase.received_by_id.in_(select(User.id).where(User.organization_id.in_(_under(scope)))),
            StoredCase.received_on.between(scope.period.first, scope.period.last),
            has_no(StoredCase.reception_id, ""), StoredCase.state != CaseState.MERGED, _known(scope, StoredCase.id),
        )
    )  # fmt: skip
    return talks.union_all(on_site).subquery()


def _walked_in() -> ColumnElement[bool]:
    return and_(OnSiteTalk.reception_id.is_not(None), ~OnSiteTalk.queued)


# --- what somebody has to look at ----------------------------------------------------------------------------------


def looks(scope: Scope, look: Look) -> Select[Any]:
    """(case_id, good, organization_id) of what somebody has to look at; `good` is false throughout."""
    match look:
        case Look.NO_CONTACT:
            return _rows(StoredCase.id, literal(False), StoredCase.organization_id).where(
                StoredCase.organization_id.in_(_under(scope)), StoredCase.state != CaseState.MERGED,
                StoredCase.concluded_on.between(scope.period.first, scope.period.last), StoredCase.contacted_on.is_(None),
                _known(scope, StoredCase.id),
            )  # fmt: skip
        case Look.CONTRADICTED:
            return _ratings(scope).where(StoredRating.score.in_(PLEASED), _denied())
        case Look.BY_STAFF:
            return _ratings(scope).where(StoredRating.entered_by == EnteredBy.STAFF)
        case Look.MERGED:
            return _merged(scope)
        case Look.TAKEN_BACK_LATE:
            d = StoredDeadline
            return _rows(d.case_id, literal(False), d.organization_id).where(
                d.organization_id.in_(_under(scope)), d.rule.in_((*ACCEPTANCE_LIMITS, *CONCLUSION_LIMITS)),
                d.due_on.between(scope.period.first, scope.period.last), d.dropped_on > d.due_on, _known(scope, d.case_id),
            )  # fmt: skip


def _merged(scope: Scope) -> Select[Any]:
    """Registered in the period and part of another matter since."""
    found = _rows(StoredCase.id, literal(False), StoredCase.organization_id)
    return found.where(_came_in(scope, StoredCase.organization_id), StoredCase.state == CaseState.MERGED)


def _ratings(scope: Scope) -> Select[Any]:
    """Ratings that were given in the period."""
    return _rows(StoredRating.case_id, literal(False), StoredRating.organization_id).where(
        StoredRating.organization_id.in_(_under(scope)), StoredRating.at >= scope.began, StoredRating.at < scope.ended,
        _known(scope, StoredRating.case_id),
    )  # fmt: skip


def _denied() -> ColumnElement[bool]:
    """Whether a follow-up call heard the contrary."""
    said = StoredCaseEvent.details["score"].as_string()
    return exists().where(
        StoredCaseEvent.case_id == StoredRating.case_id, StoredCaseEvent.kind == Step.FOLLOW_UP, said == Score.DISSATISFIED
    )


# --- numbers -----------------------------------------------------------------------------------------------------


def how_many(session: Session, found: Select[Any]) -> int:
    """Matters in it."""
    inner = found.subquery()
    return session.scalar(select(func.count(inner.c.case_id.distinct()))) or 0


def video_by_organization(session: Session, scope: Scope) -> dict[int, Share]:
    """Leaders' receptions per organization of the leader."""
    inner = _receptions(scope).subquery()
    by_video = func.coalesce(func.sum(case((inner.c.good, 1), else_=0)), 0)
    query = select(inner.c.organization_id, by_video, func.count()).group_by(inner.c.organization_id)
    return {number: Share(int(part), whole) for number, part, whole in session.execute(query)}


def registered_by(session: Session, scope: Scope, column: Any, most: int) -> dict[Any, int]:
    """How many matters were registered per value of a column of StoredCase, of those values that came most often."""
    number = func.count()
    query = select(column, number).where(registered_in(scope)).group_by(column).order_by(number.desc(), column)
    return {row[0]: row[1] for row in session.execute(query.limit(most))}


def registered_with(session: Session, scope: Scope, column: Any, values: Collection[Any]) -> dict[Any, int]:
    """How many matters were registered with each of these values."""
    one_of_them = or_(*(has_value(column, value) for value in values))
    query = select(column, func.count()).where(registered_in(scope), one_of_them).group_by(column)
    return {row[0]: row[1] for row in session.execute(query)}


VALUES: Mapping[str, Any] = {
    "category": StoredCase.category, "place": StoredCase.place, "unit": StoredCase.unit_id, "channel": StoredCase.channel,
}
"""What registrations are told apart by."""


def has_value(column: Any, value: Any) -> ColumnElement[bool]:
    """Whether a column has the value; none is one, too."""
    found: ColumnElement[bool] = column.is_(None) if value is None else column == value
    return found


def registered(scope: Scope) -> Select[Any]:
    """(case_id, good, organization_id) of what was registered; `good` is false throughout."""
    return _rows(StoredCase.id, literal(False), StoredCase.organization_id).where(registered_in(scope))


# --- lists -------------------------------------------------------------------------------------------------------


def behind(
    session: Session, scope: Scope, found: Select[Any], good: bool | None, after: int | None, most: int
) -> Sequence[StoredCase]:
    """Matters behind a number that the actor may open, newest first, at most `most`; `after`: the last one seen."""
    inner = found.subquery()
    ids = select(inner.c.case_id).where(inner.c.case_id.is_not(None)).group_by(inner.c.case_id)
    if good is not None:
        all_good = func.min(type_coerce(case((inner.c.good, 1), else_=0), Integer))
        ids = ids.having(all_good == int(good))
    query = visible_cases(scope.actor).where(StoredCase.id.in_(ids))
    if after is not None:
        query = query.where(StoredCase.id < after)
    return session.scalars(query.options(joinedload(StoredCase.organization)).order_by(StoredCase.id.desc()).limit(most)).all()


def organizations(session: Session, path: str) -> Sequence[Organization]:
    """At and under a path, in the order of the tree."""
    query = select(Organization).where(Organization.path.startswith(path, autoescape=True))
    return session.scalars(query.order_by(Organization.path)).all()
