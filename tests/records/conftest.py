from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from server import clock
from tests.records.office import TALK, World, draft, open_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path)


@pytest.fixture
def record_id(world: World) -> str:
    return draft(world)


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    clock.set_source(lambda: TALK + timedelta(hours=1))
    yield
    clock.set_source(None)
