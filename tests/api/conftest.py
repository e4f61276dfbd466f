"""A running office for the tests of the API."""

from collections.abc import Iterator

import pytest

from tests.office import TestOffice, running, settings_for


@pytest.fixture
def office(tmp_path) -> Iterator[TestOffice]:
    """A fresh office whose media node and transcriber do not answer."""
    with running(settings_for(tmp_path)) as started:
        yield started
