"""Connections to the case store: SQLite in one file, or PostgreSQL.

On SQLite a writing transaction takes the write lock at its start (BEGIN IMMEDIATE): one that began by reading and
wrote later could fail with "database is locked" no matter how long it is ready to wait
(https://sqlite.org/lang_transaction.html, "read transaction upgraded").
"""

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy import create_engine as sqlalchemy_engine
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import Session, sessionmaker

for _sign in ("Did not locate an expression", "SELECT statement has a cartesian product"):
    # A condition that is about no matter which row would show matters to whom they do not concern: nothing is answered then.
    warnings.filterwarnings("error", _sign, SAWarning)

BUSY_TIMEOUT_MS = 15_000
"""How long a transaction waits for SQLite's write lock."""

SWITCH_S = 0.0005
"""How long a thread may compute while another waits to go on: each statement gives the interpreter up once for every row.
With Python's own 5 ms, opening a case beside one busy officer took half as long again."""

MAPPED_BYTES = 1 << 34
"""So much of the file is read through the page cache without a call for each page; SQLite takes less where it was built for less."""

PLANNED_ONCE = "-c jit=off -c plan_cache_mode=force_generic_plan"
"""To compile a query of ours to machine code took PostgreSQL 60 ms, to run it 2.  To plan the lists of a desk takes it 30 ms, to
run them 2 to 10, and a plan for these very values was the worse one more often than not: of a million cases a desk took
77 ms of its processor time instead of 36, a filtered list up to 123 instead of 23.  So a statement is planned once for a connection,
whatever is asked with it: see `Store.read`, `among` and `_prepare_postgresql`."""
ROOM = "-c work_mem=16MB"
"""With PostgreSQL's own 4 MB the hits of a common word (100,000 of a million cases) were kept as pages only, and every case on
them was cut into tokens again: 6.7 s instead of 1.0."""
STATEMENTS_KEPT = 400
"""So many planned statements are kept for each connection; those of all roles and pages take PostgreSQL 100 MB."""

READING = {"jietan_reading": True}
_ANSWERS = "jietan_answers"
"""Where a reading session keeps what it asked already."""

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def once_per_reading(
    find: Callable[Concatenate[Session, Asked], Answer],
) -> Callable[Concatenate[Session, Asked], Answer]:
    """Have a query asked once in a reading transaction, which sees one state of the store whoever asks again.

    A case page is put together by functions that know nothing of one another: a third of its queries were asked twice.
    Nobody may change what it answers.
    """

    @wraps(find)
    def remembering(session: Session, *asked: Asked.args, **named: Asked.kwargs) -> Answer:
        answers = session.info.get(_ANSWERS)
        if answers is None:
            return find(session, *asked, **named)
        key = (find, *(tuple(one) if isinstance(one, list | set) else one for one in asked), *sorted(named.items()))
        if key not in answers:
            answers[key] = find(session, *asked, **named)
        return cast("Answer", answers[key])

    return remembering


class Store:
    """The case store: short transactions for reading and for writing."""

    def __init__(self, url: str) -> None:
        sys.setswitchinterval(SWITCH_S)
        self.engine = create_engine(url)
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else None
        self._writing = sessionmaker(self.engine, expire_on_commit=False)
        self._reading = sessionmaker(self.engine.execution_options(**_reading(self.engine)), expire_on_commit=False, autoflush=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One writing transaction: committed at the end, rolled back on any error.

        On SQLite writers of one process take turns here: to one that finds its lock taken SQLite says no, and it asks
        again later and later, up to a tenth of a second, while others overtake it.
        """
        with self._in_turn(), self._writing() as session, session.begin():
            yield session

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Whoever has waited as long as SQLite would leaves it to SQLite to say that it is busy."""
        mine = self._turn is not None and self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            yield
        finally:
            if mine and self._turn is not None:
                self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading transaction: sees one state of the store and never waits for a writer.

        Rows added to it (the access log) are written by a short transaction of their own when it ends.  It ends by COMMIT,
        which changes nothing: at a ROLLBACK psycopg throws away every statement that PostgreSQL has planned for the connection.
        """
        with self._reading(info={_ANSWERS: {}}) as session:
            yield session
            if session.dirty or session.deleted:
                raise RuntimeError("a reading transaction cannot change what it read")
            added = list(session.new)
            session.expunge_all()
            session.commit()
        if added:
            with self.write() as writing:
                writing.add_all(added)

    def close(self) -> None:
        """Close every connection; may be called again."""
        self.engine.dispose()


def _reading(engine: Engine) -> dict[str, Any]:
    """Options of a connection that reads: PostgreSQL must be told that all of it is one state; WAL of SQLite is that way."""
    return READING if engine.dialect.name == "sqlite" else {**READING, "isolation_level": "REPEATABLE READ"}


def create_engine(url: str) -> Engine:
    """An engine for `url`; makes the folder of an SQLite file.  Errors never show bound values.

    The connection that was used last is used next: it has planned the usual statements and holds their pages.
    """
    if make_url(url).get_backend_name() != "sqlite":
        engine = sqlalchemy_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_size=20, pool_use_lifo=True, connect_args={"options": f"{PLANNED_ONCE} {ROOM}"}
        )
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    _make_folder(url)
    engine = sqlalchemy_engine(
        url, hide_parameters=True, pool_size=20, max_overflow=40, pool_use_lifo=True,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "cached_statements": STATEMENTS_KEPT},
    )  # fmt: skip
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(url: str) -> None:
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    connection.prepare_threshold = 0  # what is asked once is kept
    connection.prepared_max = STATEMENTS_KEPT
    # psycopg sends a number as the smallest type that holds it, and a statement is planned for its types: one plan for all.
    connection.adapters.register_dumper(int, Int8Dumper)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"mmap_size={MAPPED_BYTES}",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("jietan_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
