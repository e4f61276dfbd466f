"""Full-text search of cases, the same on SQLite (FTS5) and PostgreSQL (tsvector).

An index narrows the cases down to those that have all tokens; a LIKE on the stored tokens then keeps those in
which they stand side by side.  (A tsvector forgets positions above 16,383, so it cannot do phrases in a long
record: https://www.postgresql.org/docs/15/textsearch-limitations.html.)
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, event, literal, text
from sqlalchemy import select as select_
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.domain import searchtokens
from server.store.models import SearchText, StoredCase

MOST_TOKENS = 60_000
"""Different tokens kept of one case: a tsvector holds at most 1 MiB."""

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
VECTOR = "array_to_tsvector(string_to_array(search_texts.tokens, ' '))"
POSTGRESQL_DDL = (f"CREATE INDEX IF NOT EXISTS ix_search_texts_vector ON search_texts USING gin ({VECTOR})",)
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


def search_tokens(parts: list[str]) -> str:
    """Tokens to store for a case, cut off where it has too many different ones."""
    found = searchtokens.tokens(parts).split(" ")
    if len(found) > MOST_TOKENS:
        found = found[: _place_of_last(found)]
    return " ".join(found)


def _place_of_last(tokens: list[str]) -> int:
    """How many tokens from the start have at most MOST_TOKENS different ones among them."""
    seen: set[str] = set()
    for place, token in enumerate(tokens):
        seen.add(token)
        if len(seen) > MOST_TOKENS:
            return place
    return len(tokens)


def matching(session: Session, phrases: list[list[str]]) -> ColumnElement[bool]:
    """Condition on StoredCase: every phrase stands in the case's text."""
    column: InstrumentedAttribute[str] = SearchText.tokens
    query = select_(SearchText.case_id)
    query = query.where(_candidates(session.get_bind().dialect.name, phrases))
    for phrase in phrases:
        query = query.where((literal(" ") + column).contains(" " + " ".join(phrase)))
    return StoredCase.id.in_(query)


def _candidates(dialect: str, phrases: list[list[str]]) -> ColumnElement[bool]:
    whole = [token for phrase in phrases for token in phrase[:-1]]
    begun = [phrase[-1] for phrase in phrases]
    if dialect == "sqlite":
        match = " AND ".join([f'"{token}"' for token in whole] + [f'"{token}"*' for token in begun])
        found = text("search_texts.case_id IN (SELECT rowid FROM search_index WHERE search_index MATCH :match)")
    else:
        match = " & ".join([f"'{token}'" for token in whole] + [f"'{token}':*" for token in begun])
        found = text(f"{VECTOR} @@ CAST(:match AS tsquery)")
    return found.bindparams(match=match)  # type: ignore[return-value]
