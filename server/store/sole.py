"""One web program for one store.

Its jobs are taken up again by whoever starts next, a media node answers one web program, and who sits at which desk is known
in its memory alone; so a second one beside it would close talks and send notices twice.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Engine, text

from server.errors import JietanError

WAIT_S = 20.0
"""As long as a program that is told to end may take to do so."""
LOOK_EVERY_S = 0.5
LOCK = 0x4A54_0002
"""Key of the PostgreSQL advisory lock; the one of migrations is another."""


class AnotherWebProgram(JietanError):
    """The store is another web program's; the message is English: it goes to a shell."""

    code = "another_web_program"


@contextmanager
def alone(engine: Engine, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the store for this web program; it is free again however the program ends.

    Raises AnotherWebProgram where it is still held when the wait is over.
    """
    with ExitStack() as held:
        take = _with_file(engine, held) if engine.dialect.name == "sqlite" else _with_server(engine, held)
        until = time.monotonic() + wait_s
        while not take():
            if time.monotonic() > until:
                raise AnotherWebProgram("another jietan web works on this store; there can be one only")
            time.sleep(LOOK_EVERY_S)
        yield


def _with_file(engine: Engine, held: ExitStack) -> Callable[[], bool]:
    database = engine.url.database
    if not database or database == ":memory:":
        return lambda: True
    lock = os.open(f"{database}.web.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    held.callback(os.close, lock)

    def take() -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    return take


def _with_server(engine: Engine, held: ExitStack) -> Callable[[], bool]:
    """A connection of its own, which PostgreSQL lets go of with the program."""
    connection = held.enter_context(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
    connection.detach()
    return lambda: bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}))
