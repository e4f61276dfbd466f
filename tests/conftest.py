import pytest

from tests import templates


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OURS] = templates.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(_OURS, False):
        templates.end()


_OURS = pytest.StashKey[bool]()
