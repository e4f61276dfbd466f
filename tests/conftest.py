"""For all tests: generated examples take as long as the machine needs, passwords are hashed with little work, and what
is imported is not looked through for rubbish, which is more rarely looked for (a tenth of the tests' time).

What an installation hashes with is tested in tests/server/test_passwords.py.
"""

import gc

from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

gc.disable()

from server.reception.account import passwords  # noqa: E402

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

INSTALLED = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def pytest_collection_finish() -> None:
    """Everything is imported now."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()
