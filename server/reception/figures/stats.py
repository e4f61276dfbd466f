"""Figures that offices are judged by: asked for, opened to the matters behind them, exported, printed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from server import clock
from server.domain import periods, terms
from server.domain.figures import (
    DEFINITIONS,
    LOOKS,
    PARTICIPATION,
    PRIVATE,
    RATES,
    TELLS_WHO,
    VIDEO_TARGETS,
    Figure,
    Look,
    Policy,
    Share,
    counts,
)
from server.domain.organizations import own_and_above
from server.domain.periods import Period
from server.domain.ratings import EnteredBy, RatedBody
from server.domain.reception_figures import LEAST_RATED
from server.domain.states import CaseState, Channel, OrganizationLevel, StaffRole
from server.errors import InvalidInput, NotAllowed, NotFound
from server.protocol.figures import (
    Behind,
    BehindRow,
    EnteredView,
    FigureView,
    LevelView,
    LookView,
    MonthView,
    OrganizationChoice,
    ShareView,
    Stats,
    StatsChoices,
    UnitView,
)
from server.reception.matter import local_limits
from server.settings import Settings
from server.store import accounts, figure_sums, ratings
from server.store import case_figures as store
from server.store.access import Actor
from server.store.case_figures import Scope
from server.store.figure_sums import Sums
from server.store.models import Organization, StoredCase

PAGE_ROWS = 50
MOST_ORGANIZATIONS = 500
LEVELS = (OrganizationLevel.CITY, OrganizationLevel.COUNTY, OrganizationLevel.TOWNSHIP)
PARTS = {"all": None, "good": True, "bad": False}
REGISTERED = "registered"
FEW_RATED = "评的人太少，打开名单就知道谁评了什么，只有督查督办人员能打开。"
VALUE_NAMES = {"category": "内容", "place": "问题发生在", "channel": "来的方式"}
UNNAMED, NO_UNIT = "没有写明", "还没有交给单位"


def policy_of(session: Session, settings: Settings, path: str) -> Policy:
    """What this installation and the organization at `path`, or one above it, have set about figures."""
    targets = tuple((VIDEO_TARGETS[name][0], percent) for name, percent in local_limits.video_targets(session, settings, path).items())
    return Policy(
        least_participation=settings.figures_least_participation, repeat_window_days=settings.figures_repeat_window_days,
        target_in_time=settings.figures_target_in_time, video_targets=targets,
    )


def scope_of(
    session: Session, settings: Settings, actor: Actor, key: str, organization_id: int | None, alone: bool = False
) -> tuple[Scope, Organization]:
    """What is asked for; `alone`: without what is below the organization.  Raises InvalidInput (no such period) and NotFound (not the actor's organization or below)."""
    today = clock.today()
    try:
        period = periods.parse(key) if key else periods.of("half", today)
    except ValueError:
        raise InvalidInput("没有这段时间，请重新选。", fields=["period"]) from None
    found = accounts.organization_or_none(session, organization_id or actor.organization_id)
    if found is None or not found.path.startswith(actor.organization_path):
        raise NotFound
    scope = Scope(
        actor=actor, path=found.path, period=period, today=today, policy=policy_of(session, settings, found.path), alone=alone,
        hidden=store.hidden_from(session, actor),
    )
    return scope, found


def choices(session: Session, actor: Actor) -> StatsChoices:
    """Periods and organizations to choose from."""
    today = clock.today()
    recent = [periods.of("half", today), *periods.over("half", today, 2), periods.of("year", today), *periods.over("year", today, 1)]
    quarters = [periods.of("quarter", today), *periods.over("quarter", today, 4)]
    months = [periods.of("month", today), *periods.over("month", today, 12)]
    own = actor.organization_path.count("/")
    found = store.organizations(session, actor.organization_path)[:MOST_ORGANIZATIONS]
    return StatsChoices(
        periods=tuple((one.key, one.words) for one in [*recent, *quarters, *months]),
        organizations=tuple(OrganizationChoice(id=one.id, name=one.name, depth=one.path.count("/") - own) for one in found),
    )


def overview(session: Session, settings: Settings, actor: Actor, key: str = "", organization_id: int | None = None) -> Stats:
    """The figures of an organization and all below it over a period."""
    scope, organization = scope_of(session, settings, actor, key, organization_id)
    found, period = store.organizations(session, scope.path), scope.period
    running = scope.today <= period.last
    months = [month for month in period.months() if month.first < scope.today]
    sums, then = figure_sums.of(session, scope, months), figure_sums.of(session, scope.over(period.a_year_before()))
    return Stats(
        organization_id=organization.id, organization=organization.name, period=period.key, words=period.words, span=period.span,
        until=scope.today - timedelta(days=1) if running else None, registered=sums.registered,
        figures=figure_views(scope, sums, then), months=_months(months, sums), units=_units(scope, sums, found),
        video=levels(session, scope, sums.video, found), looks=look_views(session, scope),
        entered=tuple(_entered(sums, body) for body in RatedBody), target_in_time=scope.policy.target_in_time,
        least_participation=scope.policy.least_participation, least_rated=LEAST_RATED,
    )  # fmt: skip


def shown(share: Share) -> ShareView:
    """A share as it goes out."""
    return ShareView(part=share.part, whole=share.whole, percent=None if share.percent is None else float(share.percent))


def figure_views(scope: Scope, now: Sums, then: Sums) -> tuple[FigureView, ...]:
    """Every figure, and what it was in an earlier period."""
    return tuple(_figure(scope, one, now, then.shares[one]) for one in Figure)


def _figure(scope: Scope, figure: Figure, now: Sums, then: Share) -> FigureView:
    defined, beside = DEFINITIONS[figure], PARTICIPATION.get(figure)
    return FigureView(
        id=figure, name=defined.name, formula=defined.formula, day=defined.day, source=defined.source, measure=defined.measure,
        less_is_better=defined.less_is_better, now=shown(now.shares[figure]), a_year_before=shown(then),
        counts=beside is None or counts(now.shares[beside], scope.policy), remark=_remark(scope, figure, now),
        private=figure in PRIVATE,
    )  # fmt: skip


def _remark(scope: Scope, figure: Figure, now: Sums) -> str:
    if (beside := PARTICIPATION.get(figure)) is not None and now.shares[figure].whole:
        least = scope.policy.least_participation
        little = f"不到 {least}%，不作数" if not counts(now.shares[beside], scope.policy) else "要一起看"
        return f"参评率 {now.shares[beside].words}，{little}"
    if figure is Figure.RESOLVED_ONCE and now.young:
        return f"其中 {now.young} 件办结还不满 {scope.policy.repeat_window_days} 天，还会变"
    return ""


def _months(months: Sequence[Period], sums: Sums) -> tuple[MonthView, ...]:
    concluded, accepted = sums.by_month[Figure.CONCLUDED_IN_TIME], sums.by_month[Figure.ACCEPTED_IN_TIME]
    return tuple(
        MonthView(period=month.key, words=f"{month.first.month}月", concluded=shown(one), accepted=shown(other))
        for month, one, other in zip(months, concluded, accepted, strict=True)
    )


_OF_UNITS = (Figure.ACCEPTED_IN_TIME, Figure.CONCLUDED_IN_TIME, Figure.SATISFIED_UNIT, Figure.RATED_UNIT)


def _units(scope: Scope, sums: Sums, found: Sequence[Organization]) -> tuple[UnitView, ...]:
    shares = {one: sums.by_organization[one] for one in _OF_UNITS}
    busy = [one for one in found if any(one.id in by for by in shares.values())]
    return tuple(_unit(one, [shares[figure].get(one.id, Share()) for figure in _OF_UNITS], scope.policy) for one in busy)


def _unit(organization: Organization, shares: Sequence[Share], policy: Policy) -> UnitView:
    accepted, concluded, satisfied, rated = (shown(one) for one in shares)
    return UnitView(
        organization_id=organization.id, name=organization.name, accepted=accepted, concluded=concluded, satisfied=satisfied,
        rated=rated, counts=counts(shares[3], policy),
    )


def levels(
    session: Session, scope: Scope, video: Mapping[int, Share], found: Iterable[Organization]
) -> tuple[LevelView, ...]:
    """Per level of leader; a department's leaders belong to the level of the office above it."""
    named = {one.id: one for one in found}
    sums: dict[str, Share] = {}
    for number, share in video.items():
        level = level_id(session, named, number)
        before = sums.get(level, Share())
        sums[level] = Share(before.part + share.part, before.whole + share.whole)
    targets = dict(scope.policy.video_targets)
    order = [one for one in (*LEVELS, "") if one in sums]
    return tuple(_level_view(level, sums[level], targets.get(OrganizationLevel(level)) if level else None) for level in order)


def _level_view(level: str, share: Share, target: int | None) -> LevelView:
    return LevelView(level=level, name=level_name(level), share=shown(share), target=target, short=share.short_of(target) if target else 0)


def level_name(level: str) -> str:
    """What leaders of a level are called."""
    return f"{terms.ORGANIZATION_LEVEL[OrganizationLevel(level)]}领导" if level else "级别没填的领导"


def level_of(session: Session, named: Mapping[int, Organization], number: int) -> str:
    """Name of the level of an organization's leaders."""
    return level_name(level_id(session, named, number))


def level_id(session: Session, named: Mapping[int, Organization], number: int) -> str:
    """The level of an organization's leaders, also of one above those that are named; empty where none is set."""

    def place(one: int) -> Organization:
        return named.get(one) or accounts.organization(session, one)

    for one in reversed(own_and_above(place(number).path)):
        level = place(one).level
        if level in LEVELS:
            return level
    return ""


def look_views(session: Session, scope: Scope) -> tuple[LookView, ...]:
    """What somebody has to look at."""
    return tuple(
        LookView(id=one, name=words, cases=store.how_many(session, store.looks(scope, one)), private=one in PRIVATE)
        for one, words in LOOKS.items()
    )


def _entered(sums: Sums, body: RatedBody) -> EnteredView:
    found = sums.entered[body]
    return EnteredView(
        body=terms.RATED_BODY[body], by_petitioner=shown(found[EnteredBy.PETITIONER]), by_staff=shown(found[EnteredBy.STAFF])
    )


# --- behind a number ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A number: `what` is a Figure, a Look or REGISTERED, `part` all, good or bad; of what was registered those that have a
    `value` of what they are told apart `by` (case_figures.VALUES; empty: all); `alone`: of the organization itself."""

    what: str
    part: str = "all"
    alone: bool = False
    by: str = ""
    value: str = ""


def behind(
    session: Session, settings: Settings, actor: Actor, asked: Asked, key: str, organization_id: int | None, after: int | None
) -> Behind:
    """A page of the matters behind a number.

    Raises NotFound, InvalidInput, and NotAllowed where the list would tell how somebody rated.
    """
    scope, organization = scope_of(session, settings, actor, key, organization_id, asked.alone)
    what, part = asked.what, asked.part
    if part not in PARTS:
        raise InvalidInput("没有这种清单。", fields=["part"])
    query, name, explanation, private = _registered(session, scope, asked) if what == REGISTERED else _named(session, scope, what, part)
    if private and actor.role is not StaffRole.SUPERVISOR:
        raise NotAllowed("谁评了什么，只有督查督办人员能打开。")
    if actor.role is not StaffRole.SUPERVISOR and part in TELLS_WHO.get(what, ()) and _few_rated(session, scope, what):
        raise NotAllowed(FEW_RATED)
    found = store.behind(session, scope, query, PARTS[part], after, PAGE_ROWS + 1)
    shown_rows = found[:PAGE_ROWS]
    said = _said(session, shown_rows, RATES.get(what, ())) if actor.role is StaffRole.SUPERVISOR else {}
    return Behind(
        heading=f"{organization.name} {scope.period.words} {name}", explanation=explanation + ("只是本单位的，下面的单位不在里面。" if asked.alone else ""),
        rows=tuple(_row(one, said.get(one.id, ())) for one in shown_rows), next=shown_rows[-1].id if len(found) > PAGE_ROWS else None,
    )  # fmt: skip


def _named(session: Session, scope: Scope, what: str, part: str) -> tuple[Select[Any], str, str, bool]:
    """What is counted, its name, a sentence about it, and whether it tells how somebody rated."""
    if what in list(Look):
        look = Look(what)
        return store.looks(scope, look), LOOKS[look], "", look in PRIVATE
    if what not in list(Figure):
        raise NotFound("没有这个指标。")
    figure = Figure(what)
    defined = DEFINITIONS[figure]
    words = {"all": defined.denominator, "good": defined.numerator, "bad": defined.missed}[part]
    explanation = f"{words}。按{defined.day}算在这段时间里。" + ("还没归档的接访不在里面。" if figure is Figure.VIDEO else "")
    return store.rows(session, scope, figure), defined.name, explanation, figure in PRIVATE and part != "all"


def _few_rated(session: Session, scope: Scope, what: str) -> bool:
    """Whether somebody rated, and so few that the rate tells how."""
    rated = next(satisfied for satisfied, beside in PARTICIPATION.items() if what in (satisfied, beside))
    return 0 < store.how_many(session, store.rows(session, scope, rated)) < LEAST_RATED


def _registered(session: Session, scope: Scope, asked: Asked) -> tuple[Select[Any], str, str, bool]:
    """The same of what was registered.  Raises InvalidInput for what cannot be told apart so."""
    query, name = store.registered(scope), "登记的"
    if asked.by:
        if asked.by not in store.VALUES:
            raise InvalidInput("没有这种清单。", fields=["by"])
        query = query.where(store.has_value(store.VALUES[asked.by], _value(asked)))
        name += f"，{_value_words(session, asked)}"
    return query, name, "按登记那天算在这段时间里，并到别的件里的不算。", False


def _value(asked: Asked) -> str | int | None:
    if asked.by != "unit":
        return asked.value
    if asked.value and not (asked.value.isascii() and asked.value.isdigit() and len(asked.value) < 10):
        raise InvalidInput("没有这个单位。", fields=["value"])
    return int(asked.value) if asked.value else None


def _value_words(session: Session, asked: Asked) -> str:
    if asked.by == "unit":
        found = accounts.organization_or_none(session, int(asked.value)) if asked.value else None
        return f"主办单位：{found.name}" if found else NO_UNIT
    words = asked.value if asked.by != "channel" or asked.value not in list(Channel) else terms.CHANNEL[Channel(asked.value)]
    return f"{VALUE_NAMES[asked.by]}：{words or UNNAMED}"


def _said(session: Session, cases: Sequence[StoredCase], bodies: Sequence[RatedBody]) -> Mapping[int, Sequence[str]]:
    """Per matter what was added to its ratings."""
    found: dict[int, list[str]] = {}
    for one in ratings.with_words(session, [case.id for case in cases], bodies):
        by_staff = "，工作人员代记" if one.entered_by == EnteredBy.STAFF else ""
        found.setdefault(one.case_id, []).append(f"评{terms.RATED_BODY[RatedBody(one.body)]}时说{by_staff}：「{one.words}」")
    return found


def _row(case: StoredCase, said: Sequence[str]) -> BehindRow:
    return BehindRow(
        id=case.id, case_no=case.case_no, title=case.title, organization=case.organization.name,
        unit=case.unit.name if case.unit else "", state=terms.CASE_STATE[CaseState(case.state)], received_on=case.received_on,
        concluded_on=case.concluded_on, said=tuple(said),
    )  # fmt: skip

