"""Finding what may be the same matter or a like one: a bounded number of candidates, found through indexes only.

Persons come through the indexes on ID number, telephone and name; texts through the full-text index, asked for the
pairs of characters that the fewest matters have.  How common a pair is is estimated from a sample of matters that is
read once an hour.  Nothing here grows with the number of cases, except the sample's age.
"""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Engine,
    Select,
    and_,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session, joinedload

from server.domain import searchtokens
from server.domain.likeness import NEAR, Person, Told, Weights
from server.domain.telephones import digits, plain
from server.store.access import ACTORS, Actor, reads_case
from server.store.among import among
from server.store.models import CasePerson, SearchText, StoredCase
from server.store.search import VECTOR, newest_first

SAMPLE = 500
"""Matters whose pairs are counted: one that 0.6 % of all have is in the sample with 95 % certainty."""
SAMPLE_AGE_S = 3600.0
PROBES = 24
"""Rare pairs that are looked up one by one."""
PER_PROBE = 60
PER_PERSON = 100
TOO_COMMON = 0.02
"""A pair that this share of the sample has is not looked up alone: on PostgreSQL its whole list would be read."""
TOGETHER = 4
"""Common pairs that are looked up together."""
NEWEST, MORE = 4, 16
"""So many stretches of the newest cases are looked through before all are, where the index has no order (PostgreSQL).  What has
to hold several words at once goes from the newest to all: more stretches than those take longer to join than its words' lists."""
VOTED = 150
COMPARED = 24
"""Candidates that are read and compared in full."""


@dataclass(frozen=True)
class Candidate:
    """A matter that may be alike, as it is compared."""

    case: StoredCase
    told: Told


def candidates(session: Session, actor: Actor, new: Told, *, apart_from: int | None = None) -> list[Candidate]:
    """The matters that the actor may read and that are most likely to be alike; at most COMPARED."""
    votes: dict[int, float] = defaultdict(float)
    for case_id in same_people(session, new.persons):
        votes[case_id] += 1000  # whoever brings it counts more than any text
    weights = weights_of(session)
    for case_id, weight in by_words(session, new, weights):
        votes[case_id] += weight
    if apart_from is not None:
        votes.pop(apart_from, None)
    best = sorted(votes, key=lambda case_id: (-votes[case_id], -case_id))[:VOTED]
    return _read(session, actor, best)


# Statements that do not change are made once: to make one takes as long as to ask it.
_CASES = select(StoredCase).where(among(StoredCase.id, "ids")).options(joinedload(StoredCase.organization), joinedload(StoredCase.unit))
_PEOPLE = select(CasePerson).where(among(CasePerson.case_id, "ids")).order_by(CasePerson.case_id, CasePerson.position)
_TEXTS = select(SearchText.case_id, SearchText.tokens).where(among(SearchText.case_id, "ids"))


@lru_cache(ACTORS)
def _readable(actor: Actor) -> Select[int]:
    """Those of some cases that the actor may read: nothing else is read of cases that nobody will compare."""
    return select(StoredCase.id).where(among(StoredCase.id, "ids"), reads_case(actor))


def _read(session: Session, actor: Actor, ids: Sequence[int]) -> list[Candidate]:
    if not ids:
        return []
    readable = set(session.scalars(_readable(actor), {"ids": ids}))
    chosen = [case_id for case_id in ids if case_id in readable][:COMPARED]
    if not chosen:
        return []
    found = {case.id: case for case in session.scalars(_CASES, {"ids": chosen})}
    cases = [found[case_id] for case_id in chosen]
    persons, texts = people_of(session, chosen), texts_of(session, chosen)
    return [Candidate(case, told_of(case, persons.get(case.id, ()), texts.get(case.id, ""))) for case in cases]


def told_of(case: StoredCase, persons: Sequence[Person], tokens: str) -> Told:
    """What is compared of a stored case; its text is what search reads of it."""
    return Told(persons=tuple(persons), text=searchtokens.text_of(tokens), place=case.place, category=case.category)


def people_of(session: Session, ids: Sequence[int]) -> dict[int, list[Person]]:
    """Per case whoever brings it."""
    found: dict[int, list[Person]] = {}
    for one in session.scalars(_PEOPLE, {"ids": ids}):
        person = Person(name=one.name, phone=one.phone, id_number=one.id_number, address=one.address)
        found.setdefault(one.case_id, []).append(person)
    return found


def texts_of(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Per case the tokens of its text, without its number and name, which stand first and are no matter of likeness."""
    return {row[0]: _without_first_parts(row[1]) for row in session.execute(_TEXTS, {"ids": ids})}


def _without_first_parts(tokens: str, parts: int = 3) -> str:
    boundary = f"{searchtokens.BOUNDARY} "
    for _ in range(parts):
        tokens = tokens.partition(boundary)[2] or tokens
    return tokens


# --- the same person ---------------------------------------------------------------------------------------------


def same_people(session: Session, persons: Iterable[Person]) -> list[int]:
    """Cases brought by one of these: by ID number, telephone, name and place; at most PER_PERSON for each of them."""
    found: list[int] = []
    for one in list(persons)[:20]:
        for condition in _conditions(one):
            query = select(CasePerson.case_id).where(condition).order_by(CasePerson.id.desc()).limit(PER_PERSON)
            found += session.scalars(query)
    return list(dict.fromkeys(found))


def _conditions(one: Person) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if one.id_number.strip():
        number = one.id_number.strip()
        conditions.append(CasePerson.id_number.in_({number, number.upper(), number.lower()}))
    if len(digits(one.phone)) >= 7:
        conditions.append(CasePerson.phone.in_({plain(one.phone), digits(one.phone)}))
    if one.name.strip() and one.address.strip():
        conditions.append(and_(CasePerson.name == one.name.strip(), _begins_like(one.address.strip())))
    return conditions


def _begins_like(address: str) -> ColumnElement[bool]:
    """The addresses that may be near this one (likeness.NEAR): those that begin as it does, and its own beginning alone."""
    shorter = [address[:length] for length in range(1, min(len(address), NEAR))]
    return or_(CasePerson.address.startswith(address[:NEAR], autoescape=True), CasePerson.address.in_(shorter))


# --- like words --------------------------------------------------------------------------------------------------


def by_words(session: Session, new: Told, weights: Weights) -> list[tuple[int, float]]:
    """Cases that have rare pairs of the text, each with that pair's weight; newest first for each pair."""
    ranked = sorted(new.pairs, key=lambda pair: (-weights(pair), pair))
    rare = [pair for pair in ranked if weights.documents < SAMPLE or weights.share(pair) < TOO_COMMON]
    together = [pair for pair in ranked if pair not in rare[:PROBES]][:TOGETHER]
    asked = [[pair] for pair in rare[:PROBES]] + ([together] if len(together) == TOGETHER else [])
    asked += [[pair, place] for pair in _names(new) for place in pairs_in_order(new.place)[-1:]]
    found: list[tuple[int, float]] = []
    for pairs, cases in zip(asked, _having(session, asked), strict=True):
        weight = sum(weights(pair) for pair in pairs)
        found += [(case_id, weight) for case_id in cases]
    return found


def _names(new: Told) -> list[str]:
    return [one.name.strip()[-2:] for one in new.persons[:5] if len(one.name.strip()) >= 2]


def pairs_in_order(words: str) -> list[str]:
    """Pairs of the Chinese runs of a text as they follow each other."""
    runs = [run for run in searchtokens.RUN.findall(words) if not run[0].isascii()]
    return [run[i : i + 2] for run in runs for i in range(len(run) - 1)]


_SQLITE = text(
    "SELECT (SELECT group_concat(rowid) FROM"
    " (SELECT rowid FROM search_index WHERE search_index MATCH asked.value ORDER BY rowid DESC LIMIT :most))"
    " FROM json_each(:matches) AS asked ORDER BY asked.key"
)
_POSTGRESQL = text(
    "SELECT (SELECT string_agg(CAST(case_id AS text), ',') FROM"
    f" (WITH found AS MATERIALIZED (SELECT case_id FROM search_texts WHERE {VECTOR} @@ CAST(asked.match AS tsquery))"
    " SELECT case_id FROM found ORDER BY case_id DESC LIMIT :most) AS newest)"
    " FROM unnest(CAST(:matches AS text[])) WITH ORDINALITY AS asked(match, place) ORDER BY place"
)
"""Any number of look-ups in one statement, a row for each: what was found, with commas.  Materialised, so that the planner does
not walk the primary key backwards until it has met :most rare ones."""


def _look_up(session: Session, matches: list[str]) -> list[list[int]]:
    """For each of these the newest cases that it finds, at most PER_PROBE."""
    asked = (_SQLITE, json.dumps(matches)) if _on_sqlite(session) else (_POSTGRESQL, matches)
    rows = session.scalars(asked[0], {"matches": asked[1], "most": PER_PROBE})
    return [[int(one) for one in (ids or "").split(",") if one] for ids in rows]


def _matches(session: Session, asked: Iterable[Sequence[str]]) -> list[list[str]]:
    """For each of these what is looked for one after the other; FTS5 keeps the order of cases and needs only all of them."""
    if _on_sqlite(session):
        return [[_match(pairs, True)] for pairs in asked]
    newest = session.scalar(select(func.max(SearchText.case_id))) or 0
    alone, together = newest_first(newest, (NEWEST, MORE)), newest_first(newest, (NEWEST,))
    return [[_match(pairs, False) + stretch for stretch in (together if len(pairs) > 1 else alone)] for pairs in asked]


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _having(session: Session, asked: Sequence[Sequence[str]]) -> list[list[int]]:
    """For each of these the newest cases that have all of its pairs, at most PER_PROBE.

    One statement looks for all of them; what found fewer than it might looks through more, where there is more.
    """
    matches = _matches(session, asked)
    found: list[list[int]] = [[] for _ in asked]
    for turn in range(max(map(len, matches), default=0)):
        waiting = [number for number, cases in enumerate(found) if len(cases) < PER_PROBE and turn < len(matches[number])]
        if not waiting:
            break
        for number, cases in zip(waiting, _look_up(session, [matches[one][turn] for one in waiting]), strict=True):
            found[number] = cases
    return found


def _match(pairs: Sequence[str], sqlite: bool) -> str:
    tokens = [searchtokens.pair_token(pair) for pair in pairs]
    return " AND ".join(f'"{token}"' for token in tokens) if sqlite else " & ".join(f"'{token}'" for token in tokens)


# --- how common a pair is ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sampled:
    weights: Weights
    at: float
    newest: int


_sampled: WeakKeyDictionary[Engine, _Sampled] = WeakKeyDictionary()
_sampling = threading.Lock()


def weights_of(session: Session) -> Weights:
    """How much each pair says, from a sample of this store; read again after an hour, or once the store has grown by half."""
    engine = session.get_bind().engine
    known = _sampled.get(engine)
    if known is not None and time.monotonic() - known.at < SAMPLE_AGE_S and known.newest >= SAMPLE * 4:
        return known.weights
    newest = session.scalar(select(func.max(SearchText.case_id))) or 0
    fresh = known is not None and time.monotonic() - known.at < SAMPLE_AGE_S and newest <= known.newest * 1.5
    if known is not None and fresh:
        return known.weights
    with _sampling:
        weights = _sample(session, newest)
        _sampled[engine] = _Sampled(weights, time.monotonic(), newest)
    return weights


def _sample(session: Session, newest: int) -> Weights:
    """Pairs of matters spread evenly over all."""
    ids = sorted({max(1, newest * step // SAMPLE) for step in range(1, SAMPLE + 1)})
    counts: Counter[str] = Counter()
    documents = 0
    for tokens in session.scalars(select(SearchText.tokens).where(SearchText.case_id.in_(ids))):
        documents += 1
        counts.update(Told(text=searchtokens.text_of(_without_first_parts(tokens))).pairs)
    return Weights(dict(counts), documents)
