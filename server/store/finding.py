"""Finding cases, newest first, as quick with a million of them as with a thousand.

Pages go on from the last row (keyset), counts stop at COUNT_UP_TO, and nothing sorts what it does not show:

- an officer of few organizations reads each one's newest cases through an index and merges them;
- an officer of many walks down the numbers, since many of them are theirs;
- words are walked down the full-text index where it keeps the order (FTS5), and looked for in ever larger stretches
  of the newest cases where it does not (a GIN index gives all that match, in no order);
- an officer of few organizations looks for these in the index too: the word may stand in none of theirs;
- an officer who may see only a few cases has those read one by one, however common the word is.

Cases are numbered as they come, so the order by id is that of registration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, union_all
from sqlalchemy.orm import Session, joinedload, undefer

from server import clock
from server.domain import searchtokens
from server.domain.casequery import CaseQuery
from server.domain.states import CaseState, StaffRole
from server.domain.telephones import plain
from server.store import search
from server.store.access import ACTORS, Actor, cases_given, given_cases, own_cases, reads_case, visible_cases
from server.store.among import among
from server.store.models import CasePerson, Organization, SearchText, StoredAssignment, StoredCase

PAGE_ROWS = 20
COUNT_UP_TO = 100
FEW_ORGANIZATIONS = 8
"""Up to so many are read one by one and merged."""
STRETCHES = (1, 8)
"""So many stretches of the newest cases (search.STRETCH) are looked through before all are.  What stands in fewer than a page of
33,000 stands in few enough of all.  Of a million cases a common word takes PostgreSQL 8 ms of processor time, with (8,) alone 16, with (2,)
alone 120 where an officer's own are few."""
ENDED = ("", CaseState.CONCLUDED)
"""Nearly all cases are in this state: to look for it is to look for any."""
FEW_CASES = 2000
"""Up to so many are looked through without the full-text index."""


@dataclass(frozen=True)
class Way:
    """From where to where a page goes, the ids left open."""

    before: bool
    after: bool

    def on(self, query: Select[Any], column: ColumnElement[int]) -> Select[Any]:
        """The rows there, the next ones first."""
        if self.before:
            query = query.where(column < bindparam("before"))
        if self.after:
            query = query.where(column > bindparam("after"))
        return query.order_by(self.order(column))

    def order(self, column: ColumnElement[int]) -> ColumnElement[int]:
        """The next ones first."""
        return column.asc() if self.after else column.desc()


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: below or above the id of a row that was shown; None: at the newest."""

    before: int | None = None
    after: int | None = None

    @property
    def at_start(self) -> bool:
        """Whether it is the first page."""
        return self.before is None and self.after is None

    @property
    def way(self) -> Way:
        """In which direction the page lies."""
        return Way(self.before is not None, self.after is not None)

    @property
    def places(self) -> dict[str, int]:
        """The ids that `way` leaves open."""
        places = {"before": self.before, "after": self.after}
        return {name: place for name, place in places.items() if place is not None}


@dataclass(frozen=True)
class Page:
    """Cases, newest first; whether there are older and newer ones; how many in all (None: more than COUNT_UP_TO, or
    not counted, because this is not the first page)."""

    cases: Sequence[StoredCase]
    older: bool
    newer: bool
    total: int | None


def page(session: Session, actor: Actor, asked: CaseQuery, cursor: Cursor = Cursor()) -> Page:
    """A page of the cases that the actor may read and that fit.

    Words that have nothing to look for, such as a lone full stop, find nothing.
    """
    search_for = _search(session, actor, asked)
    if search_for is None:
        return Page([], False, False, 0)
    found = search_for.ids(session, cursor, (COUNT_UP_TO if cursor.at_start else PAGE_ROWS) + 1)
    more, ids = len(found) > PAGE_ROWS, found[:PAGE_ROWS]
    if cursor.after is not None:
        older, newer = True, more
    else:
        older, newer = more, cursor.before is not None
    total = len(found) if cursor.at_start and len(found) <= COUNT_UP_TO else None
    return Page(_load(session, ids, bool(asked.words.strip())), older, newer, total)


_ROWS = select(StoredCase).where(among(StoredCase.id, "ids")).order_by(StoredCase.id.desc()).options(
    joinedload(StoredCase.organization), joinedload(StoredCase.unit)
)  # fmt: skip
_ROWS_WITH_RECORD = _ROWS.options(undefer(StoredCase.filed_record))


def _load(session: Session, ids: Sequence[int], with_record: bool) -> Sequence[StoredCase]:
    return session.scalars(_ROWS_WITH_RECORD if with_record else _ROWS, {"ids": ids}).all() if ids else []


def by_number(session: Session, actor: Actor, number: str) -> Sequence[StoredCase]:
    """The newest cases of whoever has exactly this telephone, however it is typed, or ID number."""
    theirs = select(CasePerson.case_id).where(or_(CasePerson.phone == plain(number), CasePerson.id_number == number))
    query = visible_cases(actor).with_only_columns(StoredCase.id).where(StoredCase.id.in_(theirs))
    return _load(session, list(session.scalars(query.order_by(StoredCase.id.desc()).limit(PAGE_ROWS))), False)


# --- how it is looked for ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Search:
    """What is looked for, and what has to be known first to look for it."""

    plan: "_Plan"
    phrases: tuple[list[str], ...]

    def ids(self, session: Session, cursor: Cursor, limit: int) -> list[int]:
        query = _statement(self.plan, cursor.way, limit)
        if not self.plan.by_words:
            return list(session.scalars(query, cursor.places))
        plan = self.plan
        match = search.match_of(plan.dialect, self.phrases) + search.concerning(plan.dialect, plan.own + plan.given)
        for stretch in self._stretches(session, cursor):
            if not stretch and not plan.asked.empty:
                search.plan_for_values(session)
            found = list(session.scalars(query, {"match": match + stretch, **cursor.places}))
            if len(found) == limit:
                break
        return found

    def _stretches(self, session: Session, cursor: Cursor) -> list[str]:
        """Ever more of the cases that come next, as conditions to add to the match; the last one: all.  FTS5 needs none."""
        if self.plan.dialect == "sqlite":
            return [""]
        if cursor.after is None:
            return search.newest_first(cursor.before or session.scalar(_NEWEST) or 0, STRETCHES)
        start = cursor.after // search.STRETCH
        return [*(search.within(range(start, start + length)) for length in STRETCHES), ""]


_NEWEST = select(func.max(StoredCase.id))


def _search(session: Session, actor: Actor, asked: CaseQuery) -> _Search | None:
    """How to find what was asked for; None: nothing can be found."""
    phrases = []
    for words in (asked.words, asked.place, asked.category):
        if words.strip():
            found = searchtokens.phrases(words)
            if not found:
                return None
            phrases += found
    path = _path(session, asked.office) if asked.office is not None else ""
    own, given = _organizations(session, actor, asked, path)
    by_words = bool(phrases) and not ((own or given) and _has_few(session, own, given))
    looked_for = phrases if not by_words or search.needs_look(phrases) else []
    plan = _Plan(
        actor, session.get_bind().dialect.name, replace(asked, words=""), path, _numbers(session, asked),
        tuple(tuple(one) for one in looked_for), own, given, by_words,
    )  # fmt: skip
    return _Search(plan, tuple(phrases))


@lru_cache(ACTORS)
def _some_of(own: tuple[int, ...], given: tuple[int, ...], most: int) -> Select[Any]:
    counted = []
    for column, ids in ((StoredCase.organization_id, own), (StoredAssignment.organization_id, given)):
        some = select(column).where(column.in_(ids)).limit(most).subquery()
        counted.append(select(func.count()).select_from(some).scalar_subquery())
    return select(*counted)


def _has_few(session: Session, own: tuple[int, ...], given: tuple[int, ...]) -> bool:
    """Whether these organizations have FEW_CASES at most, of their own and as units; read from indexes alone."""
    return sum(session.execute(_some_of(own, given, FEW_CASES + 1)).one()) <= FEW_CASES


def _organizations(session: Session, actor: Actor, asked: CaseQuery, path: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Organizations whose own cases, and whose shares, are merged; both empty: too many, or nothing to merge."""
    if asked.office is not None:
        below = _below(session, path)
        return (below, ()) if below and len(below) <= FEW_ORGANIZATIONS else ((), ())
    under = _below(session, actor.organization_path)
    if len(under) > FEW_ORGANIZATIONS:
        return (), ()
    return ((), under) if actor.role is StaffRole.HANDLER else (under, under)


def _path(session: Session, organization_id: int) -> str:
    return session.scalar(select(Organization.path).where(Organization.id == organization_id)) or "-"


def _below(session: Session, path: str) -> tuple[int, ...]:
    """Ids of the organizations at and under `path`, not more than one too many."""
    return tuple(session.scalars(_some_below(path, FEW_ORGANIZATIONS + 1)))


@lru_cache(ACTORS)
def _some_below(path: str, most: int) -> Select[int]:
    query = select(Organization.id).where(Organization.path.startswith(path, autoescape=True))
    return query.order_by(Organization.id).limit(most)


def _numbers(session: Session, asked: CaseQuery) -> tuple[int, int] | None:
    """The ids between which the cases of the days that are asked for lie."""
    when = _registered(asked)
    if not when:
        return None
    number = StoredCase.id + 0  # so that nobody walks the ids to find the first one that fits
    first, last = session.execute(select(func.min(number), func.max(number)).where(*when)).one()
    return first or 0, last or 0


def _registered(asked: CaseQuery) -> list[ColumnElement[bool]]:
    """Conditions on the moment of registration."""
    found: list[ColumnElement[bool]] = []
    if asked.since is not None:
        found.append(StoredCase.filed_at >= _midnight(asked.since))
    if asked.until is not None:
        found.append(StoredCase.filed_at < _midnight(asked.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.OFFICE_ZONE)


# --- statements that are kept --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """All that a statement depends on but the place in the list and what the index is asked for.  One is made for each and kept:
    to make it takes longer than to ask it."""

    actor: Actor
    dialect: str
    asked: CaseQuery
    """Its filters; the words are not among them."""
    path: str
    """Of the office that is asked for."""
    numbers: tuple[int, int] | None
    phrases: tuple[tuple[str, ...], ...]
    """What has to stand in the text, if no index says whether it does."""
    own: tuple[int, ...]
    """Organizations whose cases are merged; empty with `given` empty, too: walk down all."""
    given: tuple[int, ...]
    by_words: bool
    """Found by words, not by visibility (words looked for in each case)."""

    @property
    def of_state(self) -> bool:
        """Only those of one state are asked for that few are in: a unit was given far more than are in any state but the last."""
        return self.asked.state not in ENDED


@lru_cache(ACTORS)
def _statement(plan: _Plan, way: Way, limit: int) -> Select[int]:
    """Ids of the cases that fit."""
    if plan.by_words:
        return _by_index(plan, way).limit(limit)
    if plan.own or plan.given:
        return _merged(plan, way, limit)
    return way.on(_visible(plan), StoredCase.id).limit(limit)  # type: ignore[arg-type]


def _visible(plan: _Plan, among: Select[StoredCase] | None = None) -> Select[int]:
    """Ids of cases that fit, among these or among all that the actor may read."""
    query = (visible_cases(plan.actor) if among is None else among).with_only_columns(StoredCase.id).where(*_conditions(plan))
    if plan.phrases and not plan.by_words:
        query = query.join(SearchText, SearchText.case_id == StoredCase.id).where(*search.stand_in(plan.phrases))
    return query


def _merged(plan: _Plan, way: Way, limit: int) -> Select[int]:
    """The newest of each organization, and of what each was given."""
    parts = []
    for one in plan.own:
        among = own_cases(plan.actor, one) if plan.given else visible_cases(plan.actor).where(StoredCase.organization_id == one)
        parts.append(way.on(_visible(plan, among), StoredCase.id))  # type: ignore[arg-type]
    if plan.given and plan.of_state:
        parts.append(way.on(_visible(plan, cases_given(plan.actor, plan.given)), StoredCase.id))  # type: ignore[arg-type]
    for one in () if plan.of_state else plan.given:
        parts.append(way.on(_visible(plan, given_cases(plan.actor, one)), StoredAssignment.case_id))  # type: ignore[arg-type]
    limited = [select(part.limit(limit).subquery().c[0].label("id")) for part in parts]
    both = union_all(*limited).subquery()
    return select(both.c.id).distinct().order_by(way.order(both.c.id)).limit(limit)


def _by_index(plan: _Plan, way: Way) -> Select[int]:
    query = _visible(plan, select(StoredCase).where(reads_case(plan.actor)))
    looked_at = search.stand_in(plan.phrases)
    if plan.dialect == "sqlite":
        number: ColumnElement[int] = search.SQLITE_INDEX.c.rowid
        query = query.join(search.SQLITE_INDEX, number == StoredCase.id).where(search.SQLITE_MATCH)
        if looked_at:
            query = query.join(SearchText, SearchText.case_id == number).where(*looked_at)
        return way.on(query, number)
    hits = select(SearchText.case_id).where(search.POSTGRESQL_MATCH, *looked_at)
    found = hits.cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
    return way.on(query.join(found, found.c.case_id == StoredCase.id), StoredCase.id)  # type: ignore[arg-type]


def _conditions(plan: _Plan) -> list[ColumnElement[bool]]:
    asked = plan.asked
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (StoredCase.state, asked.state), (StoredCase.channel, asked.channel), (StoredCase.purpose, asked.purpose),
        (StoredCase.unit_id, asked.unit),
    ):  # fmt: skip
        if value:
            found.append(column == value)
    if asked.person.strip():
        found.append(StoredCase.id.in_(select(CasePerson.case_id).where(CasePerson.name == asked.person.strip())))
    for text, value in ((StoredCase.place, asked.place), (StoredCase.category, asked.category)):
        found += [search.has_word(text, word) for word in value.split()]
    if asked.office is not None:
        found.append(StoredCase.organization_id.in_(select(Organization.id).where(Organization.path.startswith(plan.path, autoescape=True))))
    if plan.numbers is not None:
        found += [*_registered(asked), StoredCase.id >= plan.numbers[0], StoredCase.id <= plan.numbers[1]]
    return found
