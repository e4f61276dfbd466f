"""Full-text search of cases, the same on SQLite (FTS5) and PostgreSQL (tsvector).

An index narrows the cases down to those that have all tokens; where a word has several, a LIKE on the stored tokens
keeps those in which they stand side by side.  store/finding.py asks.  (A tsvector forgets positions above 16,383, so it cannot do phrases in a long
record: https://www.postgresql.org/docs/15/textsearch-limitations.html.)
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, column, event, literal, or_, table, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.domain import searchtokens
from server.store.models import SearchText

MOST_TOKENS = 60_000
"""Different tokens kept of one case: a tsvector holds at most 1 MiB."""
PAIR_LENGTH = 12
"""Of a token of two characters."""

SQLITE_DDL = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5"
    "(tokens, content='search_texts', content_rowid='case_id', detail='none', tokenize='unicode61')",
    "CREATE TRIGGER IF NOT EXISTS search_texts_added AFTER INSERT ON search_texts BEGIN"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.case_id, new.tokens); END",
    "CREATE TRIGGER IF NOT EXISTS search_texts_removed AFTER DELETE ON search_texts BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.case_id, old.tokens); END",
    "CREATE TRIGGER IF NOT EXISTS search_texts_changed AFTER UPDATE ON search_texts BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.case_id, old.tokens);"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.case_id, new.tokens); END",
)
VECTOR = (
    "array_to_tsvector(string_to_array(search_texts.tokens, ' ')"
    " || ARRAY['s' || CAST(search_texts.case_id / 4096 AS text)])"
)
"""All tokens, and the stretch of ids (STRETCH) that the case lies in."""
POSTGRESQL_DDL = (f"CREATE INDEX IF NOT EXISTS ix_search_texts_vector ON search_texts USING gin ({VECTOR}) WITH (fastupdate = off)",)
"""What is written stands in the index at once: otherwise up to 4 MB wait to be entered, and every look-up reads all of that.
Registering looks up 26 times, and one of 800 who register waited until all of it was entered."""
SQLITE_DROP = (
    "DROP TRIGGER IF EXISTS search_texts_added",
    "DROP TRIGGER IF EXISTS search_texts_removed",
    "DROP TRIGGER IF EXISTS search_texts_changed",
    "DROP TABLE IF EXISTS search_index",
)
POSTGRESQL_DROP = ("DROP INDEX IF EXISTS ix_search_texts_vector",)


def create_index(connection: Connection) -> None:
    """Make the index beside `search_texts`; for migrations, and done by itself with create_all."""
    for statement in SQLITE_DDL if connection.dialect.name == "sqlite" else POSTGRESQL_DDL:
        connection.exec_driver_sql(statement)


def drop_index(connection: Connection) -> None:
    """Take the index away again."""
    for statement in SQLITE_DROP if connection.dialect.name == "sqlite" else POSTGRESQL_DROP:
        connection.exec_driver_sql(statement)


@event.listens_for(SearchText.__table__, "after_create")
def _with_table(_table: Any, connection: Connection, **_: Any) -> None:
    create_index(connection)


def search_tokens(parts: list[str], organizations: Iterable[int]) -> str:
    """Tokens to store for a case, cut off where it has too many different ones, and those of the organizations it concerns."""
    found = searchtokens.tokens(parts).split(" ")
    if len(found) > MOST_TOKENS:
        found = found[: _place_of_last(found)]
    return " ".join([*found, *map(searchtokens.place_token, sorted(set(organizations)))])


def _place_of_last(tokens: list[str]) -> int:
    """How many tokens from the start have at most MOST_TOKENS different ones among them."""
    seen: set[str] = set()
    for place, token in enumerate(tokens):
        seen.add(token)
        if len(seen) > MOST_TOKENS:
            return place
    return len(tokens)


STRETCH = 4_096
"""Ids of cases that share a token in PostgreSQL's index, so that the newest can be looked through first."""
SQLITE_INDEX = table("search_index", column("rowid", Integer))


def match_of(dialect: str, phrases: Sequence[Sequence[str]]) -> str:
    """The query for the index: a case has every token of the phrases."""
    quote, mark, joint = ('"', "*", " AND ") if dialect == "sqlite" else ("'", ":*", " & ")
    whole = [f"{quote}{token}{quote}" for phrase in phrases for token in phrase[:-1]]
    begun = [f"{quote}{phrase[-1]}{quote}" + ("" if _is_pair(phrase[-1]) else mark) for phrase in phrases]
    return joint.join([*whole, *begun])


def concerning(dialect: str, organizations: Iterable[int]) -> str:
    """What is added to a match: only cases that one of these organizations registered or was given."""
    tokens = sorted({searchtokens.place_token(one) for one in organizations})
    if not tokens:
        return ""
    quote, either, also = ('"', " OR ", " AND ") if dialect == "sqlite" else ("'", " | ", " & ")
    return f"{also}({either.join(quote + token + quote for token in tokens)})"


def _is_pair(token: str) -> bool:
    """Whether the token is two characters, so that none goes on from it."""
    return token.startswith("u") and len(token) == PAIR_LENGTH


def needs_look(phrases: Sequence[Sequence[str]]) -> bool:
    """Whether the index alone cannot say that the phrases stand in a text."""
    return any(len(phrase) > 1 for phrase in phrases)


def stand_in(phrases: Sequence[Sequence[str]]) -> list[ColumnElement[bool]]:
    """Conditions on SearchText: each phrase stands in it, its tokens side by side."""
    text_column: InstrumentedAttribute[str] = SearchText.tokens
    return [(literal(" ") + text_column).contains(" " + " ".join(phrase)) for phrase in phrases]


def has_word(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether a column that the index does not read has this word, its letters large or small, in full or half width."""
    return or_(*(column.icontains(one, autoescape=True) for one in sorted(searchtokens.spellings(word))))


SQLITE_MATCH: ColumnElement[bool] = text("search_index MATCH :match")  # type: ignore[assignment]
"""Condition on SQLITE_INDEX; what is to match (match_of) is given with the question."""
POSTGRESQL_MATCH: ColumnElement[bool] = text(f"{VECTOR} @@ CAST(:match AS tsquery)")  # type: ignore[assignment]
"""The same on SearchText."""


def plan_for_values(session: Session) -> None:
    """Have PostgreSQL plan the rest of this transaction for the very values that are asked for (engine.PLANNED_ONCE).

    A common word and a state that hardly any case is in: read from the state's end it takes 30 ms of a million cases, from the word's 900.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def newest_first(newest: int, lengths: Iterable[int]) -> list[str]:
    """What is added to a match on PostgreSQL, one after the other: ever more stretches up to the one of case `newest`, then all."""
    last = newest // STRETCH
    return [*(within(range(max(0, last - length + 1), last + 1)) for length in lengths), ""]


def within(stretches: Iterable[int]) -> str:
    """What is added to a match on PostgreSQL: only cases of these stretches."""
    return " & (" + " | ".join(f"'s{number}'" for number in stretches) + ")"
