"""A PostgreSQL server of its own for a test run, where one is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port


def programs() -> Path:
    """The folder of initdb and pg_ctl; skips the test where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb")
    if not found and not path:
        pytest.skip("PostgreSQL is not installed here: apt install postgresql")
    return found[-1].parent if found else Path(str(path)).parent


def _as_user(folder: Path) -> list[str]:
    """PostgreSQL does not run as root: run it as its own user there."""
    if os.getuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root and there is no user postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextmanager
def server() -> Iterator[str]:
    """URL of an empty database on a fresh server, which ends with the block."""
    binaries, port = programs(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="jietan-pg-"))
    user = _as_user(folder)
    data = str(folder / "data")

    def run(*command: str) -> None:
        subprocess.run([*user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    run(str(binaries / "initdb"), "-D", data, "-U", "jietan", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run(str(binaries / "pg_ctl"), "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql+psycopg://jietan@127.0.0.1:{port}/postgres"
    finally:
        run(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
