"""Databases of the offices that tests open: copies of one that was filled once, which is far quicker than filling each.

On SQLite, or with JIETAN_TEST_ENGINE=postgresql on a PostgreSQL server of the run's own (`make test-postgresql`).
"""

import atexit
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url

from tests.records import postgres

ON_POSTGRESQL = os.environ.get("JIETAN_TEST_ENGINE") == "postgresql"
KEPT = 120
"""So many databases of a process stay on the server; tests of one file may share older ones with nobody."""

Fill = Callable[[Path], None]
_names: dict[Path, str] = {}


def url_of(folder: Path) -> str:
    """The store's URL of the office in this folder, for `Settings.database_url`; empty on SQLite, which lies in the folder."""
    if not ON_POSTGRESQL:
        return ""
    name = _names.setdefault(folder.resolve(), f"office_{len(_names)}")
    return make_url(_server()).set(database=name).render_as_string(hide_password=False)


def copy_into(folder: Path, fill: Fill) -> None:
    """Give the office in this folder a copy of what `fill` makes of an empty folder, unless it has a store already."""
    folder.mkdir(parents=True, exist_ok=True)
    if ON_POSTGRESQL:
        _copy_on_server(folder, fill)
    elif not any(folder.glob("*.sqlite")):
        for file in _template(fill).glob("*.sqlite"):
            shutil.copy(file, folder)


def make_empty(folder: Path) -> None:
    """The office in this folder has a database without tables, as one has that is set up for the first time."""
    if ON_POSTGRESQL:
        _execute(f"CREATE DATABASE {_names[folder.resolve()]}")


@cache
def _template(fill: Fill) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="jietan-office-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "office").mkdir()
    if ON_POSTGRESQL:
        name = _names[(folder / "office").resolve()] = f"template_{len(_names)}"
        _execute(f"CREATE DATABASE {name}")
    fill(folder / "office")
    for file in (folder / "office").glob("*.sqlite"):
        _copy_whole(file, folder / file.name)
    return folder


def _copy_whole(source: Path, target: Path) -> None:
    """Copy a database with what still lies in its write-ahead log: some connection may be open until it is collected."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _copy_on_server(folder: Path, fill: Fill) -> None:
    template = _template(fill)
    if not any(folder.glob("*.sqlite")):
        for file in template.glob("*.sqlite"):
            shutil.copy(file, folder)
    name, from_name = _names[folder.resolve()], _names[(template / "office").resolve()]
    if not _asked(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        _asked(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from_name}'")
        _execute(f"CREATE DATABASE {name} TEMPLATE {from_name}")
        oldest = int(name.removeprefix("office_")) - KEPT
        if oldest >= 0:
            _execute(f"DROP DATABASE IF EXISTS office_{oldest} WITH (FORCE)")


@cache
def _server() -> str:
    running = ExitStack()
    atexit.register(running.close)
    return running.enter_context(postgres.server())


@cache
def _engine() -> Engine:
    return create_engine(_server(), isolation_level="AUTOCOMMIT")


def _execute(statement: str) -> None:
    with _engine().connect() as connection:
        connection.exec_driver_sql(statement)


def _asked(statement: str) -> bool:
    with _engine().connect() as connection:
        return connection.exec_driver_sql(statement).first() is not None
