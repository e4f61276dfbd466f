"""Leaders' receptions of a period: held, by video, waited for, rated, promised in; each number opens to its receptions."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from server.domain import terms
from server.domain.figures import Share, counts
from server.domain.on_site import ON_SITE_KINDS
from server.domain.ratings import PLEASED
from server.domain.reception_days import DayKind
from server.domain.reception_figures import LEAST_RATED, LONG_WAIT_MINUTES, Waits, waits
from server.domain.states import Channel, StaffRole
from server.errors import NotAllowed, NotFound
from server.protocol.figures import HeldPage, HeldRow, LeaderHeld, ReceptionFigures, WaitView
from server.reception.figures import stats
from server.settings import Settings
from server.store import case_figures, commitments
from server.store import reception_figures as store
from server.store.access import Actor
from server.store.case_figures import Scope
from server.store.models import Organization, User
from server.store.reception_figures import Held

PAGE_ROWS = 50
Scores = Mapping[int, str | None]
"""Per case that can be rated how the office was rated; None: not at all."""


def figures(session: Session, settings: Settings, actor: Actor, key: str, organization_id: int | None) -> ReceptionFigures:
    """Everything about leaders' receptions of an organization and below.  Raises as stats.scope_of does."""
    scope, organization = stats.scope_of(session, settings, actor, key, organization_id)
    every, scores = store.held(session, scope), store.scores(session, scope)
    found = commitments.kept(session, actor, "leader", scope.began, scope.ended, scope.today, scope.path)
    kept = {number: share for number, _, share in found}
    people = store.leaders(session, {one.leader_id for one in every} | kept.keys())
    named = {one.id: one for one in case_figures.organizations(session, scope.path)}
    by: dict[int, list[Held]] = {number: [] for number in people}
    for one in every:
        by[one.leader_id].append(one)
    rated, satisfied = _rated(every, scores)
    said, pleased = store.said_at_the_end(session, scope)
    return ReceptionFigures(
        organization=organization.name, words=scope.period.words, video=stats.levels(session, scope, _by_organization(every), named.values()),
        leaders=tuple(
            _leader(person, stats.level_of(session, named, person.organization_id), by[number], scores, kept.get(number, Share()))
            for number, person in sorted(people.items(), key=lambda one: (-len(by[one[0]]), one[1].name, one[0]))
        ),
        waits=_wait_view(every), long_minutes=LONG_WAIT_MINUTES, promises=stats.shown(_sum(kept.values())),
        rated=stats.shown(rated), satisfied=stats.shown(satisfied), counts=counts(rated, scope.policy), least_rated=LEAST_RATED,
        at_the_end=stats.shown(Share(pleased, said)), could_say=sum(one.video and one.reception_id is not None for one in every),
    )  # fmt: skip


def _leader(person: User, level: str, held: Sequence[Held], scores: Scores, promises: Share) -> LeaderHeld:
    rated, satisfied = _rated(held, scores)
    return LeaderHeld(
        id=person.id, name=person.name, title=person.title, organization=person.organization.name, level=level,
        video=stats.shown(_video(held)), waits=_wait_view(held), promises=stats.shown(promises), rated=stats.shown(rated),
        satisfied=stats.shown(satisfied) if rated.part >= LEAST_RATED else None,
    )  # fmt: skip


def _sum(shares: Iterable[Share]) -> Share:
    every = list(shares)
    return Share(sum(one.part for one in every), sum(one.whole for one in every))


def _video(held: Sequence[Held]) -> Share:
    return Share(sum(one.video for one in held), len(held))


def _by_organization(held: Iterable[Held]) -> dict[int, Share]:
    found: dict[int, Share] = {}
    for one in held:
        before = found.get(one.organization_id, Share())
        found[one.organization_id] = Share(before.part + one.video, before.whole + 1)
    return found


def _rated(held: Iterable[Held], scores: Scores) -> tuple[Share, Share]:
    """Rated of what could be, and satisfied of what was rated."""
    could = [scores[number] for one in held if (number := one.case_id) is not None and number in scores]
    given = [score for score in could if score is not None]
    return Share(len(given), len(could)), Share(sum(score in PLEASED for score in given), len(given))


def _waited(one: Held) -> float | None:
    """Seconds."""
    return (one.at - one.asked_at).total_seconds() if one.asked_at is not None else None


def _wait_view(held: Iterable[Held]) -> WaitView:
    found: Waits = waits([waited for one in held if (waited := _waited(one)) is not None])
    return WaitView(people=found.people, half=found.half, nine_tenths=found.nine_tenths, long=found.long)


# --- behind a number ---------------------------------------------------------------------------------------------

_Fits = Callable[[Held, Scores], bool]
PARTS: Mapping[str, tuple[str, _Fits]] = {
    "held": ("领导接访", lambda one, scores: True),
    "video": ("领导视频接访", lambda one, scores: one.video),
    "other": ("领导现场接访", lambda one, scores: not one.video),
    "waited": ("取号等过的，等得最久的在前", lambda one, scores: _waited(one) is not None),
    "long": (f"等了 {LONG_WAIT_MINUTES} 分钟以上的", lambda one, scores: (_waited(one) or 0) > LONG_WAIT_MINUTES * 60),
    "rated": ("评了信访部门的", lambda one, scores: scores.get(one.case_id or 0) is not None),
    "displeased": (
        "评信访部门不满意的", lambda one, scores: scores.get(one.case_id or 0) not in (None, *PLEASED),
    ),
}  # fmt: skip
KEPT: Mapping[str, tuple[str, Callable[[Share], bool]]] = {
    "promised": ("答应的事到了期的", lambda share: True),
    "unkept": ("答应的事没有按时办成的", lambda share: share.part < share.whole),
}
SAID = ("said", "谈完当场评过的")
"""Which talks were rated at the kiosk, not how; what people added is read by supervisors."""
PRIVATE = ("displeased",)
"""Lists that tell how somebody rated."""


def behind(
    session: Session, settings: Settings, actor: Actor, what: str, key: str, organization_id: int | None, leader_id: int | None, after: int,
    level: str | None = None,
) -> HeldPage:
    """A page of the receptions behind a number; `after`: how many were shown already; `level`: of leaders of this level alone.

    Raises NotFound, InvalidInput, and NotAllowed where the list would tell how somebody rated.
    """
    scope, organization = stats.scope_of(session, settings, actor, key, organization_id)
    if what not in PARTS and what not in KEPT and what != SAID[0]:
        raise NotFound("没有这种清单。")
    if what in PRIVATE and actor.role is not StaffRole.SUPERVISOR:
        raise NotAllowed("谁评了什么，只有督查督办人员能打开。")
    if what in KEPT:
        return _promised(session, scope, actor, what, organization, leader_id, after)
    said = _said(session, scope, actor) if what == SAID[0] else {}
    name, fits = PARTS.get(what) or (SAID[1], lambda one, scores: one.reception_id in said)
    scores = store.scores(session, scope)
    found = [one for one in store.held(session, scope) if leader_id in (None, one.leader_id) and fits(one, scores)]
    if level is not None:
        found = _of_level(session, scope, found, level)
    if what == "waited":
        found.sort(key=lambda one: _waited(one) or 0, reverse=True)
    page = found[after : after + PAGE_ROWS]
    people = store.leaders(session, {one.leader_id for one in page})
    who = f"{people[leader_id].name} " if leader_id in people else f"{stats.level_name(level)} " if level is not None else ""
    rows = _rows(session, actor, page, people)
    return HeldPage(
        heading=f"{organization.name} {scope.period.words} {who}{name}，{len(found)} 次",
        rows=tuple(_with_words(page, rows, said) if actor.role is StaffRole.SUPERVISOR else rows),
        next=after + PAGE_ROWS if len(found) > after + PAGE_ROWS else None,
    )


def _said(session: Session, scope: Scope, actor: Actor) -> Mapping[str, str]:
    """Talks that were rated at the kiosk, with what was added.  Raises NotAllowed where so few rated that the sum beside the
    list would tell how they did."""
    rated = store.rated_at_the_end(session, scope)
    if len(rated) < LEAST_RATED and actor.role is not StaffRole.SUPERVISOR:
        raise NotAllowed(stats.FEW_RATED)
    return rated


def _with_words(held: Sequence[Held], rows: Sequence[HeldRow], said: Mapping[str, str]) -> list[HeldRow]:
    """What was added to a rating stands beside a talk that the actor may read."""
    return [row.model_copy(update={"said": said.get(one.reception_id or "", "") if row.title else ""}) for one, row in zip(held, rows, strict=True)]


def _of_level(session: Session, scope: Scope, found: Sequence[Held], level: str) -> list[Held]:
    named = {one.id: one for one in case_figures.organizations(session, scope.path)}
    of = {number: stats.level_id(session, named, number) for number in {one.organization_id for one in found}}
    return [one for one in found if of[one.organization_id] == level]


def _promised(
    session: Session, scope: Scope, actor: Actor, what: str, organization: Organization, leader_id: int | None, after: int
) -> HeldPage:
    """The receptions behind the promises that were kept in time, of those whose day has come."""
    name, wanted = KEPT[what]
    counted = commitments.kept_by_reception(session, actor, scope.began, scope.ended, scope.today, scope.path, leader_id)
    found = [(number, share) for number, share in counted if wanted(share)]
    page = dict(found[after : after + PAGE_ROWS])
    held = sorted(store.of_receptions(session, page), key=lambda one: list(page).index(one.reception_id or ""))
    people = store.leaders(session, {one.leader_id for one in held})
    who = f"{people[leader_id].name} " if leader_id in people else ""
    rows = _rows(session, actor, held, people)
    return HeldPage(
        heading=f"{organization.name} {scope.period.words} {who}{name}，{len(found)} 次接访",
        rows=tuple(
            row.model_copy(update={"promised": _promised_words(page[one.reception_id or ""])}) for one, row in zip(held, rows, strict=True)
        ),
        next=after + PAGE_ROWS if len(found) > after + PAGE_ROWS else None,
    )  # fmt: skip


def _promised_words(share: Share) -> str:
    return f"{share.whole} 件里按时办成 {share.part} 件"


def _rows(session: Session, actor: Actor, held: Sequence[Held], people: Mapping[int, User]) -> list[HeldRow]:
    matters = store.matters(session, actor, [one.reception_id for one in held if one.reception_id])
    cases = store.cases(session, actor, [one.case_id for one in held if one.case_id])
    return [_row(one, people[one.leader_id], matters.get(one.reception_id or "", ""), cases) for one in held]


def _how(one: Held) -> str:
    if one.kind and not one.video:
        return ON_SITE_KINDS[DayKind(one.kind)]
    return terms.CHANNEL[Channel.VIDEO if one.video else Channel.ON_SITE]


def _row(one: Held, leader: User, matter: str, cases: Mapping[int, object]) -> HeldRow:
    case, waited = cases.get(one.case_id or 0), _waited(one)
    return HeldRow(
        at=one.at, leader=leader.name, how=_how(one),
        waited=None if waited is None else max(0, round(waited / 60)), title=getattr(case, "title", matter),
        case_id=one.case_id if case is not None else None, case_no=getattr(case, "case_no", ""),
    )  # fmt: skip
