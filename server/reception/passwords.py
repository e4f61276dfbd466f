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
LOCK_MINUTES = 15
WAIT_S = 5.0

_hasher = PasswordHasher()
_no_one = _hasher.hash(secrets.token_hex(16))
"""Checked when there is no such account, so that the time taken does not tell."""
_turns = threading.BoundedSemaphore(2)
"""A check takes 64 MiB and a core: strangers cannot make us do more than two at a time."""


def hash_password(password: str) -> str:
    """What is stored of a password (Argon2id)."""
    return _hasher.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether this is the password; None: there is no such account.  Raises TooOften when too many are waiting."""
    with _turn():
        try:
            return _hasher.verify(stored or _no_one, password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


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
    """Who tries to log in: hashes of the name at an address, and of the address."""

    name: str
    address: str

    @classmethod
    def of(cls, settings: Settings, username: str, address: str) -> "Tries":
        network = network_of(address)
        return cls(hashed(settings, "log-in", network, username), hashed(settings, "log-in", network))

    def require_left(self, session: Session) -> None:
        """Raise TooOften while the name at this address, or the address, is locked."""
        if store.locked_log_in(session, (self.name, self.address), clock.now()):
            raise TooOften(f"密码连续输错 {WRONG_TRIES} 次，账号先锁 {LOCK_MINUTES} 分钟，过后再试。", code="locked")

    def count_wrong(self, session: Session) -> None:
        """One more wrong password; the last one that is allowed locks."""
        now = clock.now()
        store.drop_failures(session, now - timedelta(minutes=LOCK_MINUTES), now)
        for source, most in ((self.name, WRONG_TRIES), (self.address, WRONG_TRIES_OF_AN_ADDRESS)):
            if store.count_failure(session, source, now) >= most:
                store.lock_log_in(session, source, now + timedelta(minutes=LOCK_MINUTES))

    def begin_again(self, session: Session) -> None:
        """The password was right."""
        store.forget_failures(session, self.name)
