"""Conditions on tables under another name stay conditions on them, however many threads make the first one."""

import sys
import threading
from collections.abc import Iterator

import pytest

from server.store.access import shared_alias
from server.store.models import Reception

THREADS, ALIASES = 4, 120


@pytest.fixture
def eager() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def asked_at_once() -> list[bool]:
    """Whether each of several threads that ask a new alias for a column gets the alias's own."""
    alias, together, own = shared_alias(Reception), threading.Barrier(THREADS), []

    def ask() -> None:
        together.wait()
        own.append(alias.receiver_id.expression.table is not Reception.__table__)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return own


@pytest.mark.usefixtures("eager")
def test_no_thread_is_given_a_column_of_the_table_itself():
    assert all(all(asked_at_once()) for _ in range(ALIASES))
