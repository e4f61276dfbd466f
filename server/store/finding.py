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

from sqlalchemy import ColumnElement, Select, func, or_, select, union_all
from sqlalchemy.orm import Session, joinedload, undefer

from server import clock
from server.domain import searchtokens
from server.domain.casequery import CaseQuery
from server.domain.states import CaseState, StaffRole
from server.domain.telephones import plain
from server.store import search
from server.store.access import Actor, cases_given, given_cases, own_cases, reads_case, visible_cases
from server.store.models import CasePerson, Organization, SearchText, StoredAssignment, StoredCase

PAGE_ROWS = 20
COUNT_UP_TO = 100
FEW_ORGANIZATIONS = 8
"""Up to so many are read one by one and merged."""
STRETCHES = (8,)
"""So many stretches of the newest cases (search.STRETCH) are looked through before all are.  What stands in fewer than a page of
those 33,000 stands in few enough of all: of a million cases 95 of 100 searches took 20 to 35 ms, with (2, 8, 64) 30 to 160."""
ENDED = ("", CaseState.CONCLUDED)
"""Nearly all cases are in this state: to look for it is to look for any."""
FEW_CASES = 2000
"""Up to so many are looked through without the full-text index."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: below or above the id of a row that was shown; None: at the newest."""

    before: int | None = None
    after: int | None = None

    @property
    def at_start(self) -> bool:
        """Whether it is the first page."""
        return self.before is None and self.after is None

    def beyond(self, column: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """Conditions on an id."""
        return [
            *([column < self.before] if self.before is not None else []),
            *([column > self.after] if self.after is not None else []),
        ]

    def order(self, column: ColumnElement[int]) -> ColumnElement[int]:
        """The next ones first."""
        return column.asc() if self.after is not None else column.desc()


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
    plan = _plan(session, actor, asked)
    if plan is None:
        return Page([], False, False, 0)
    found = plan.ids(cursor, (COUNT_UP_TO if cursor.at_start else PAGE_ROWS) + 1)
    more, ids = len(found) > PAGE_ROWS, found[:PAGE_ROWS]
    if cursor.after is not None:
        older, newer = True, more
    else:
        older, newer = more, cursor.before is not None
    total = len(found) if cursor.at_start and len(found) <= COUNT_UP_TO else None
    return Page(_load(session, ids, bool(asked.words.strip())), older, newer, total)


def _load(session: Session, ids: Sequence[int], with_record: bool) -> Sequence[StoredCase]:
    query = select(StoredCase).where(StoredCase.id.in_(ids)).order_by(StoredCase.id.desc())
    query = query.options(joinedload(StoredCase.organization), joinedload(StoredCase.unit))
    return session.scalars(query.options(undefer(StoredCase.filed_record)) if with_record else query).all()


def by_number(session: Session, actor: Actor, number: str) -> Sequence[StoredCase]:
    """The newest cases of whoever has exactly this telephone, however it is typed, or ID number."""
    theirs = select(CasePerson.case_id).where(or_(CasePerson.phone == plain(number), CasePerson.id_number == number))
    query = visible_cases(actor).with_only_columns(StoredCase.id).where(StoredCase.id.in_(theirs))
    return _load(session, list(session.scalars(query.order_by(StoredCase.id.desc()).limit(PAGE_ROWS))), False)


@dataclass(frozen=True)
class _Plan:
    """How the ids are found: by visibility (words looked for in each case), or by words."""

    session: Session
    actor: Actor
    conditions: tuple[ColumnElement[bool], ...]
    phrases: tuple[list[str], ...]
    own: tuple[int, ...]
    """Organizations whose cases are merged; empty with `given` empty, too: walk down all."""
    given: tuple[int, ...]
    by_words: bool
    of_state: bool
    """Only those of one state are asked for that few are in: a unit was given far more than are in any state but the last."""

    def ids(self, cursor: Cursor, limit: int) -> list[int]:
        if self.by_words:
            return self._worded(cursor, limit)
        return list(self.session.scalars(self._unworded(cursor, limit)))

    def _unworded(self, cursor: Cursor, limit: int) -> Select[int]:
        if self.own or self.given:
            return self._merged(cursor, limit)
        query = self._visible().where(*cursor.beyond(StoredCase.id))  # type: ignore[arg-type]
        return query.order_by(cursor.order(StoredCase.id)).limit(limit)  # type: ignore[arg-type]

    @property
    def _dialect(self) -> str:
        return self.session.get_bind().dialect.name

    def _visible(self, among: Select[StoredCase] | None = None) -> Select[int]:
        """Ids of cases that fit, among these or among all that the actor may read."""
        query = (visible_cases(self.actor) if among is None else among).with_only_columns(StoredCase.id).where(*self.conditions)
        if self.phrases and not self.by_words:
            query = query.join(SearchText, SearchText.case_id == StoredCase.id).where(*search.stand_in(self.phrases))
        return query

    def _merged(self, cursor: Cursor, limit: int) -> Select[int]:
        """The newest of each organization, and of what each was given."""
        parts = []
        for one in self.own:
            among = own_cases(self.actor, one) if self.given else visible_cases(self.actor).where(StoredCase.organization_id == one)
            part = self._visible(among).where(*cursor.beyond(StoredCase.id))  # type: ignore[arg-type]
            parts.append(part.order_by(cursor.order(StoredCase.id)))  # type: ignore[arg-type]
        if self.given and self.of_state:
            part = self._visible(cases_given(self.actor, self.given)).where(*cursor.beyond(StoredCase.id))  # type: ignore[arg-type]
            parts.append(part.order_by(cursor.order(StoredCase.id)))  # type: ignore[arg-type]
        for one in () if self.of_state else self.given:
            number = StoredAssignment.case_id
            part = self._visible(given_cases(self.actor, one)).where(*cursor.beyond(number))  # type: ignore[arg-type]
            parts.append(part.order_by(cursor.order(number)))  # type: ignore[arg-type]
        limited = [select(part.limit(limit).subquery().c[0].label("id")) for part in parts]
        both = union_all(*limited).subquery()
        return select(both.c.id).distinct().order_by(cursor.order(both.c.id)).limit(limit)

    def _by_index(self, match: str) -> Select[int]:
        query = self._visible(select(StoredCase).where(reads_case(self.actor)))
        if self._dialect == "sqlite":
            query = query.join(search.SQLITE_INDEX, search.SQLITE_INDEX.c.rowid == StoredCase.id)
            query = query.where(search.sqlite_match(match))
            if search.needs_look(self.phrases):
                query = query.join(SearchText, SearchText.case_id == search.SQLITE_INDEX.c.rowid)
                query = query.where(*search.stand_in(self.phrases))
            return query
        hits = select(SearchText.case_id).where(search.postgresql_match(match))
        if search.needs_look(self.phrases):
            hits = hits.where(*search.stand_in(self.phrases))
        found = hits.cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
        return query.join(found, found.c.case_id == StoredCase.id)

    def _worded(self, cursor: Cursor, limit: int) -> list[int]:
        match = search.match_of(self._dialect, self.phrases) + search.concerning(self._dialect, self.own + self.given)
        number: ColumnElement[int] = search.SQLITE_INDEX.c.rowid if self._dialect == "sqlite" else StoredCase.id  # type: ignore[assignment]
        for stretch in self._stretches(cursor):
            if not stretch and self.conditions:
                search.plan_for_values(self.session)
            query = self._by_index(match + stretch).where(*cursor.beyond(number)).order_by(cursor.order(number))
            found = list(self.session.scalars(query.limit(limit)))
            if len(found) == limit:
                break
        return found

    def _stretches(self, cursor: Cursor) -> list[str]:
        """Ever more of the cases that come next, as conditions to add to the match; the last one: all.  FTS5 needs none."""
        if self._dialect == "sqlite":
            return [""]
        if cursor.after is None:
            return search.newest_first(cursor.before or self.session.scalar(select(func.max(StoredCase.id))) or 0, STRETCHES)
        start = cursor.after // search.STRETCH
        return [*(search.within(range(start, start + length)) for length in STRETCHES), ""]


def _plan(session: Session, actor: Actor, asked: CaseQuery) -> _Plan | None:
    """How to find what was asked for; None: nothing can be found."""
    phrases = []
    for words in (asked.words, asked.place, asked.category):
        if words.strip():
            found = searchtokens.phrases(words)
            if not found:
                return None
            phrases += found
    conditions = tuple(_conditions(session, asked))
    own, given = _organizations(session, actor, asked)
    plan = _Plan(session, actor, conditions, tuple(phrases), own, given, by_words=False, of_state=asked.state not in ENDED)
    if not phrases:
        return plan
    few = (own or given) and _has_few(session, own, given)
    return plan if few else replace(plan, by_words=True)


def _has_few(session: Session, own: Sequence[int], given: Sequence[int]) -> bool:
    """Whether these organizations have FEW_CASES at most, of their own and as units; read from indexes alone."""
    number = 0
    for column, ids in ((StoredCase.organization_id, own), (StoredAssignment.organization_id, given)):
        some = select(column).where(column.in_(ids)).limit(FEW_CASES + 1).subquery()
        number += session.scalar(select(func.count()).select_from(some)) or 0
    return number <= FEW_CASES


def _organizations(session: Session, actor: Actor, asked: CaseQuery) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Organizations whose own cases, and whose shares, are merged; both empty: too many, or nothing to merge."""
    if asked.office is not None:
        below = _below(session, _path(session, asked.office))
        return (below, ()) if below and len(below) <= FEW_ORGANIZATIONS else ((), ())
    under = _below(session, actor.organization_path)
    if len(under) > FEW_ORGANIZATIONS:
        return (), ()
    return ((), under) if actor.role is StaffRole.HANDLER else (under, under)


def _path(session: Session, organization_id: int) -> str:
    return session.scalar(select(Organization.path).where(Organization.id == organization_id)) or "-"


def _below(session: Session, path: str) -> tuple[int, ...]:
    """Ids of the organizations at and under `path`, not more than one too many."""
    query = select(Organization.id).where(Organization.path.startswith(path, autoescape=True))
    return tuple(session.scalars(query.order_by(Organization.id).limit(FEW_ORGANIZATIONS + 1)))


def _conditions(session: Session, asked: CaseQuery) -> list[ColumnElement[bool]]:
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
        found += [text.contains(word, autoescape=True) for word in value.split()]
    if asked.office is not None:
        path = _path(session, asked.office)
        found.append(StoredCase.organization_id.in_(select(Organization.id).where(Organization.path.startswith(path, autoescape=True))))
    return found + _in_time(session, asked)


def _in_time(session: Session, asked: CaseQuery) -> list[ColumnElement[bool]]:
    """Conditions on the moment of registration, and the ids between which those cases lie."""
    found: list[ColumnElement[bool]] = []
    if asked.since is not None:
        found.append(StoredCase.filed_at >= _midnight(asked.since))
    if asked.until is not None:
        found.append(StoredCase.filed_at < _midnight(asked.until + timedelta(days=1)))
    if found:
        number = StoredCase.id + 0  # so that nobody walks the ids to find the first one that fits
        first, last = session.execute(select(func.min(number), func.max(number)).where(*found)).one()
        found += [StoredCase.id >= (first or 0), StoredCase.id <= (last or 0)]
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.OFFICE_ZONE)

