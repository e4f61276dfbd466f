"""For all tests: generated examples take as long as the machine needs, and passwords are hashed with little work.

What an installation hashes with is tested in tests/server/test_passwords.py.
"""

from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from server.reception import passwords

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

INSTALLED = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
