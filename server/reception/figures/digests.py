"""日研判、周会办、月通报、季核查: counted once when a period is over, by a durable job, and kept as they were.

After downtime the periods that were missed are counted then; a digest that is there is never made again.  Each is made
with the eyes of the organization's own supervisor: an accusation against it, or against one above it, is not in it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import periods, terms
from server.domain.periods import Kind, Period
from server.domain.states import Channel, StaffRole
from server.errors import NotFound
from server.protocol.figures import Counted, Digest, DigestRow, DigestView
from server.reception.figures import stats
from server.reception.office import Office
from server.settings import Settings
from server.store import case_figures, digests, figure_sums
from server.store.access import Actor
from server.store.case_figures import Scope
from server.store.models import Organization, StoredDigest

TITLES: dict[Kind, str] = {"day": "日研判", "week": "周会办", "month": "月通报", "quarter": "季核查"}
LOOK_BACK: dict[Kind, int] = {"day": 14, "week": 8, "month": 12, "quarter": 4}
"""Periods that are counted afterwards when nothing ran for a while."""
MOST = 10
"""Categories, places and units that are named; the rest is one line."""
REST = "其余"
PAGE_ROWS = 50


def due(office: Office) -> list[Period]:
    """Periods that are over and that some office has no digest of, the oldest first."""
    today = clock.today()
    found = []
    with office.store.read() as session:
        wanted = {one.id for one in digests.offices(session)}
        for kind, how_many in LOOK_BACK.items():
            over = list(periods.over(kind, today, how_many))
            known = digests.kept(session, kind, over[-1].first)
            found += [one for one in over if any((number, one.first) not in known for number in wanted)]
    return sorted(found, key=lambda one: (one.last, one.first))


def make(office: Office, key: str) -> int:
    """Make and keep what is missing of one period; how many were made.  Doing it again makes nothing."""
    period, made = periods.parse(key), 0
    if period.kind not in TITLES or period.last >= clock.today():
        return 0
    with office.store.read() as session:
        known = digests.kept(session, period.kind, period.first)
        missing = [one for one in digests.offices(session) if (one.id, period.first) not in known]
    for organization in missing:
        with office.store.read() as session:
            content = _count(session, office.settings, organization, period).model_dump(mode="json")
        with office.store.write() as session:
            if (organization.id, period.first) not in digests.kept(session, period.kind, period.first):
                session.add(StoredDigest(
                    organization_id=organization.id, kind=period.kind, first=period.first, period=period.key, made_at=clock.now(), content=content,
                ))  # fmt: skip
                made += 1
    return made


def _count(session: Session, settings: Settings, organization: Organization, period: Period) -> Digest:
    eyes = Actor(name="", organization_id=organization.id, organization_path=organization.path, role=StaffRole.SUPERVISOR)
    today: date = clock.today()
    scope = Scope(
        actor=eyes, path=organization.path, period=period, today=today, policy=stats.policy_of(session, settings, organization.path),
        hidden=case_figures.hidden_from(session, eyes),
    )
    before = scope.over(period.before())
    sums, earlier = figure_sums.of(session, scope), figure_sums.of(session, before)
    scopes, totals = (scope, before), (sums.registered, earlier.registered)
    units = {one.id: one.name for one in case_figures.organizations(session, "/")}
    return Digest(
        title=TITLES[period.kind], organization=organization.name, period=period.key, words=period.words, span=period.span,
        registered=Counted(name="登记", now=sums.registered, before=earlier.registered),
        by_category=_counted(session, scopes, "category", totals),
        by_place=_counted(session, scopes, "place", totals),
        by_unit=_counted(session, scopes, "unit", totals, units),
        by_channel=_counted(session, scopes, "channel", totals, {one.value: words for one, words in terms.CHANNEL.items()}),
        figures=stats.figure_views(scope, sums, earlier), looks=stats.look_views(session, scope),
    )  # fmt: skip


def _counted(
    session: Session, scopes: tuple[Scope, Scope], by: str, totals: tuple[int, int], names: Mapping[Any, str] | None = None
) -> tuple[Counted, ...]:
    """How many were registered per value, now and before; the most first, and what is left together: nothing is left out."""
    column, most = case_figures.VALUES[by], len(Channel) if by == "channel" else MOST
    found = [case_figures.registered_by(session, one, column, most) for one in scopes]
    now, then = (_completed(session, scope, column, one, found, most) for scope, one in zip(scopes, found, strict=True))
    order = sorted(now, key=lambda value: (-now[value], -then[value], str(value)))[:most]
    rows = [Counted(name=_name(value, names), now=now[value], before=then[value], value="" if value is None else str(value)) for value in order]
    rest = [total - sum(one[value] for value in order) for total, one in zip(totals, (now, then), strict=True)]
    if any(rest):
        rows.append(Counted(name=REST, now=rest[0], before=rest[1]))
    return tuple(rows)


def _completed(
    session: Session, scope: Scope, column: Any, known: Mapping[Any, int], found: Sequence[Mapping[Any, int]], most: int
) -> dict[Any, int]:
    """How many of each value that came most often in one of the two periods; `known`: those of this one."""
    missing = {value for one in found for value in one} - known.keys()
    if missing and len(known) == most:
        known = {**known, **case_figures.registered_with(session, scope, column, missing)}
    return {value: known.get(value, 0) for value in known.keys() | missing}


def _name(value: object, names: Mapping[Any, str] | None) -> str:
    if value is None or value == "":
        return stats.UNNAMED if names is None else stats.NO_UNIT
    return str(value) if names is None else names.get(value, str(value))


def listed(session: Session, actor: Actor, kind: str, organization_id: int | None, before: int | None) -> list[DigestRow]:
    """Digests that were kept, the newest first."""
    found = digests.listed(session, actor, kind, organization_id, before, PAGE_ROWS)
    return [_row(one, one.content) for one in found]


def _row(one: StoredDigest, content: Mapping[str, Any]) -> DigestRow:
    """Of the content only what a list shows: one digest that nobody can read any more hides no other."""
    return DigestRow(
        id=one.id, title=content["title"], organization=content["organization"], words=content["words"], span=content["span"],
        registered=content["registered"]["now"], made_at=one.made_at,
    )  # fmt: skip


def open_digest(session: Session, actor: Actor, digest_id: int) -> DigestView:
    """One digest as it was kept; raises NotFound."""
    found = digests.find(session, actor, digest_id)
    if found is None:
        raise NotFound
    return DigestView(id=found.id, organization_id=found.organization_id, made_at=found.made_at, digest=Digest.model_validate(found.content))

