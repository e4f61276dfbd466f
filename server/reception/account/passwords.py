"""Passwords: how they are kept, how many wrong ones are taken from where, and how many are checked at once.

Wrong ones are counted for a name at one address and for the address alone, whether or not there is such a name: a
stranger elsewhere can lock nobody out, and learns no names.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from server import clock
from server.errors import TooOften
from server.reception.callers import hashed, network_of
from server.settings import Settings
from server.store import accounts as store

WRONG_TRIES = 5
WRONG_TRIES_OF_AN_ADDRESS = 50
"""A whole office may come from one address."""
WRONG_CODES = 10
LOCK_MINUTES = 15
WAIT_S = 5.0

_hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(2)
"""A check takes 64 MiB and a core: strangers cannot make us do more than two at a time."""


def hash_password(password: str) -> str:
    """What is stored of a password (Argon2id)."""
    return _hasher.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether this is the password; None: there is no such account.  Raises TooOften when too many are waiting."""
    with _turn():
        nobodys = _no_one()
        try:
            return _hasher.verify(stored or nobodys, password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


@cache
def _no_one() -> str:
    """Checked when there is no such account, so that the time taken does not tell."""
    return _hasher.hash(secrets.token_hex(16))


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT_S):
        raise TooOften("现在登录的人太多，请等一会儿再试。", code="log_in_busy")
    try:
        yield
    finally:
        _turns.release()


@dataclass(frozen=True)
class Tries:
    """Who tries to log in: how many wrong tries each source has, by its hash; the first begins again after a right one."""

    most: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, settings: Settings, username: str, address: str) -> "Tries":
        """The name at an address, and the address."""
        network = network_of(address)
        name = hashed(settings, "log-in", network, username)
        return cls(((name, WRONG_TRIES), (hashed(settings, "log-in", network), WRONG_TRIES_OF_AN_ADDRESS)))

    @classmethod
    def of_codes(cls, settings: Settings, user_id: int) -> "Tries":
        """The account, from wherever: only who knows its password can lock it, and a million codes are not many for a thousand
        addresses."""
        return cls(((hashed(settings, "second-step", str(user_id)), WRONG_CODES),))

    def require_left(self, session: Session) -> None:
        """Raise TooOften while any source is locked."""
        if store.locked_log_in(session, [source for source, _ in self.most], clock.now()):
            raise TooOften(f"连续输错的次数太多，账号先锁 {LOCK_MINUTES} 分钟，过后再试。", code="locked")

    def count_wrong(self, session: Session) -> None:
        """One more wrong try; the last one that is allowed locks."""
        now = clock.now()
        store.drop_failures(session, now - timedelta(minutes=LOCK_MINUTES), now)
        for source, most in self.most:
            if store.count_failure(session, source, now) >= most:
                store.lock_log_in(session, source, now + timedelta(minutes=LOCK_MINUTES))

    def begin_again(self, session: Session) -> None:
        """It was right."""
        store.forget_failures(session, self.most[0][0])
