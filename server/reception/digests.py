"""日研判、周会办、月通报、季核查: counted once when a period is over, by a durable job, and kept as they were.

After downtime the periods that were missed are counted then; a digest that is there is never made again.  Each is made
with the eyes of the organization's own supervisor: an accusation against it, or against one above it, is not in it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import periods, terms
from server.domain.periods import Kind, Period
from server.domain.states import Channel, StaffRole
from server.errors import NotFound
from server.protocol.figures import Counted, Digest, DigestRow, DigestView
from server.reception import stats
from server.reception.office import Office
from server.settings import Settings
from server.store import case_figures, digests, figure_sums
from server.store.access import Actor
from server.store.case_figures import Scope
from server.store.models import Organization, StoredCase, StoredDigest

TITLES: dict[Kind, str] = {"day": "日研判", "week": "周会办", "month": "月通报", "quarter": "季核查"}
LOOK_BACK: dict[Kind, int] = {"day": 14, "week": 8, "month": 12, "quarter": 4}
"""Periods that are counted afterwards when nothing ran for a while."""
MOST = 10
"""Categories, places and units that are named; the rest is one line."""
REST = "其余"
UNNAMED = "没有写明"
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
    units = {one.id: one.name for one in case_figures.organizations(session, "/")}
    return Digest(
        title=TITLES[period.kind], organization=organization.name, period=period.key, words=period.words, span=period.span,
        registered=Counted(name="登记", now=sums.registered, before=earlier.registered),
        by_category=_counted(session, scope, before, StoredCase.category),
        by_place=_counted(session, scope, before, StoredCase.place),
        by_unit=_counted(session, scope, before, StoredCase.unit_id, units),
        by_channel=_counted(session, scope, before, StoredCase.channel, {one.value: words for one, words in terms.CHANNEL.items()}, len(Channel)),
        figures=stats.figure_views(scope, sums, earlier), looks=stats.look_views(session, scope),
    )  # fmt: skip


def _counted(
    session: Session, scope: Scope, before: Scope, column: object, names: dict[int, str] | dict[str, str] | None = None, most: int = MOST
) -> tuple[Counted, ...]:
    """How many were registered per value, now and before; the most first, what is left together."""
    now = dict(case_figures.registered_by(session, scope, column, 1000))
    then = dict(case_figures.registered_by(session, before, column, 1000))
    order = sorted(now.keys() | then.keys(), key=lambda value: (-now.get(value, 0), -then.get(value, 0), str(value)))
    rows = [Counted(name=_name(value, names), now=now.get(value, 0), before=then.get(value, 0)) for value in order[:most]]
    if rest := order[most:]:
        rows.append(Counted(name=REST, now=sum(now.get(one, 0) for one in rest), before=sum(then.get(one, 0) for one in rest)))
    return tuple(rows)


def _name(value: object, names: dict[int, str] | dict[str, str] | None) -> str:
    if value is None or value == "":
        return UNNAMED if names is None else "还没有交给单位"
    return str(value) if names is None else names.get(value, str(value))  # type: ignore[call-overload]


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
    return DigestView(id=found.id, made_at=found.made_at, digest=Digest.model_validate(found.content))

