"""Consistent copies of databases that are in use, and their way back."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url, text

from server.backup.files import BLOCK
from server.backup.manifest import Backend, BackupFailed
from server.durable import sync_file
from server.store.engine import Store

PAGES = 2_000
"""Pages of SQLite copied between two looks at how far it is."""
WAIT_S = 15.0


def backend_of(url: str) -> Backend:
    """Which kind of database a URL names."""
    return "sqlite" if make_url(url).get_backend_name() == "sqlite" else "postgresql"


def sqlite_path(url: str) -> Path:
    """The file of an SQLite database."""
    return Path(make_url(url).database or "").absolute()


def copy_sqlite(source: Path, target: Path, told: Callable[[int], None]) -> None:
    """Copy a database while others write; `told` gets the bytes of each step.  Raises sqlite3.Error, OSError.

    The copy is of the moment it began: the reading transaction that is open throughout keeps SQLite from starting again
    whenever somebody writes (https://sqlite.org/backup.html), and under WAL it keeps nobody from writing.
    """
    target.touch(mode=0o600, exist_ok=False)
    with closing(sqlite3.connect(source, timeout=WAIT_S)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.isolation_level = None
        page = int(reading.execute("PRAGMA page_size").fetchone()[0])
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        before = 0

        def step(_status: int, left: int, total: int) -> None:
            nonlocal before
            told(page * (total - left - before))
            before = total - left

        reading.backup(writing, pages=PAGES, progress=step, sleep=0.05)
    sync_file(target)
    check_sqlite(target)


def check_sqlite(path: Path) -> None:
    """Raises sqlite3.DatabaseError where a database that nobody uses is not whole."""
    with closing(_unused(path)) as reading:
        found = reading.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError("quick_check")


def revision_in(path: Path) -> str:
    """The revision of the tables in a database that nobody uses; raises sqlite3.Error."""
    with closing(_unused(path)) as reading:
        return str(reading.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _unused(path: Path) -> sqlite3.Connection:
    """A connection that makes no file beside it."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def _client(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise BackupFailed(f"这台机器上没有 {program}：请安装 PostgreSQL 的客户端（apt install postgresql-client），版本不低于服务器。")
    return found


def _connection(url: str) -> tuple[str, dict[str, str]]:
    """What libpq calls a connection string, and an environment with the password: everybody can read arguments."""
    parts = make_url(url)
    words = {"host": parts.host, "port": parts.port and str(parts.port), "user": parts.username, "dbname": parts.database}
    words |= {name: value for name, value in parts.query.items() if isinstance(value, str)}
    password = {"PGPASSWORD": str(parts.password)} if parts.password else {}
    return make_conninfo("", **{name: value for name, value in words.items() if value}), os.environ | password


def dump_postgresql(url: str) -> Iterator[bytes]:
    """pg_dump's custom format as a stream: one state of the database; nobody waits.  Raises BackupFailed."""
    where, environment = _connection(url)
    command = [_client("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--no-password", f"--dbname={where}"]
    with tempfile.TemporaryFile() as said:
        dump = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        try:
            assert dump.stdout is not None  # it was asked for
            while block := dump.stdout.read(BLOCK):
                yield block
            if dump.wait():
                said.seek(0)
                raise BackupFailed(f"数据库没有备份成：{_last_line(said.read())}")
        finally:
            dump.kill()
            dump.wait()
            if dump.stdout is not None:
                dump.stdout.close()


def load_postgresql(url: str, dump: Path) -> None:
    """Fill an empty database, all or nothing; raises BackupFailed."""
    where, environment = _connection(url)
    command = [_client("pg_restore"), "--no-owner", "--no-privileges", "--no-password", "--exit-on-error", "--single-transaction"]
    done = subprocess.run(
        [*command, f"--dbname={where}", str(dump)], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        raise BackupFailed(f"数据库没有恢复成，里面还是空的：{_last_line(done.stderr)}")


def is_empty(url: str) -> bool:
    """Whether a PostgreSQL database has no tables."""
    query = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    store = Store(url)
    try:
        with store.read() as session:
            return session.scalar(text(query)) == 0
    finally:
        store.close()


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "没有说明"
