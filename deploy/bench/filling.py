"""Fills an empty, migrated case store with a synthetic county, quickly: in bulk, with indexes built afterwards."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Connection, Table

from deploy.bench import synthetic
from server.store.engine import Store
from server.store.models import Base

ORDER = ("organizations", "users", "counters", "cases", "case_persons", "case_events", "assignments", "deadlines", "letters", "search_texts")


def fill(store: Store, size: synthetic.Size) -> None:
    """Fill it; says on standard error how far it is."""
    kind = _Sqlite if store.engine.dialect.name == "sqlite" else _Postgresql
    began = time.monotonic()
    now = datetime.now(UTC)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        target = kind(connection)
        with target.loading():
            target.insert("organizations", synthetic.organizations())
            target.insert("users", synthetic.users(now))
            target.insert("counters", synthetic.counters(size))
            done = 0
            for portion in synthetic.portions(size):
                for name in ORDER:
                    if portion.get(name):
                        target.insert(name, portion[name])
                done += len(portion["cases"])
                if done % 100_000 < synthetic.PORTION:
                    _say(f"{done} cases after {time.monotonic() - began:.0f} s")
        _say(f"filled with indexes after {time.monotonic() - began:.0f} s")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _columns(name: str, row: dict[str, Any]) -> tuple[list[str], list[Any], set[str]]:
    """Columns to write, the values of those that the row does not name, and those that hold JSON."""
    table: Table = Base.metadata.tables[name]
    others = [column for column in table.columns if column.name not in row and column.default is not None and column.default.is_scalar]
    names = [*row, *(column.name for column in others)]
    return names, [column.default.arg for column in others], {c.name for c in table.columns if isinstance(c.type, JSON)}  # type: ignore[union-attr]


class _Sqlite:
    def __init__(self, connection: Connection) -> None:
        self.raw = connection.connection.driver_connection
        assert self.raw is not None

    @contextmanager
    def loading(self) -> Iterator[None]:
        run = self.raw.execute
        found = list(run("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"))
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
            run(f"PRAGMA {pragma}")
        for kind, name, _ in found:
            run(f"DROP {kind} {name}")
        yield
        run("BEGIN")
        for _, _, sql in found:
            run(sql)
        _say("building the full-text index …")
        run("INSERT INTO search_index(search_index) VALUES ('rebuild')")
        run("COMMIT")
        for pragma in ("wal_checkpoint(TRUNCATE)", "foreign_keys=ON", "synchronous=FULL", "cache_size=-2000"):
            run(f"PRAGMA {pragma}")

    def insert(self, name: str, rows: list[synthetic.Row]) -> None:
        names, others, dumped = _columns(name, rows[0])
        statement = f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        tail = tuple(map(_sqlite_value, others))
        self.raw.execute("BEGIN")
        self.raw.executemany(
            statement,
            ((*(json.dumps(value) if key in dumped else _sqlite_value(value) for key, value in row.items()), *tail) for row in rows),
        )
        self.raw.execute("COMMIT")


def _sqlite_value(value: Any) -> Any:
    """As SQLAlchemy's types write it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value


class _Postgresql:
    def __init__(self, connection: Connection) -> None:
        self.connection, self.raw = connection, connection.connection.driver_connection
        assert self.raw is not None

    @contextmanager
    def loading(self) -> Iterator[None]:
        run = self.raw.execute
        query = ("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN"
                 " (SELECT conname FROM pg_constraint)")  # fmt: skip
        found = run(query).fetchall()
        run("SET session_replication_role = replica")
        run("SET synchronous_commit = off")
        run("SET maintenance_work_mem = '512MB'")
        for name, _ in found:
            run(f"DROP INDEX {name}")
        yield
        _say("building the indexes …")
        for _, definition in found:
            run(definition)
        for name in ORDER:
            if "id" in Base.metadata.tables[name].columns:
                run(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
        run("VACUUM ANALYZE")
        run("CHECKPOINT")

    def insert(self, name: str, rows: list[synthetic.Row]) -> None:
        names, others, dumped = _columns(name, rows[0])
        with self.raw.cursor().copy(f"COPY {name} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((*(json.dumps(value) if key in dumped else value for key, value in row.items()), *others))
