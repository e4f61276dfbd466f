"""An office with a scripted media node and transcriber beside it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from server.settings import Settings
from tests.office import TestOffice, running, settings_for
from tests.patience import PATIENCE_S
from tests.reception.programs import Node, Transcriber


@dataclass
class Neighbours:
    """The other programs and the settings by which the office finds them."""

    node: Node
    transcriber: Transcriber
    settings: Settings


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Wait for something that another thread does; fails saying what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"in vain waited for: {what}"
        time.sleep(0.01)


@pytest.fixture
def transcriber() -> Iterator[Transcriber]:
    """A scripted transcriber of one's own."""
    running = Transcriber()
    yield running
    running.stop()


@pytest.fixture
def neighbours(tmp_path) -> Iterator[Neighbours]:
    """A node and a transcriber, before the office is started."""
    key = settings_for(tmp_path).key("control")
    node, transcriber = Node(key).start(), Transcriber()
    settings = settings_for(
        tmp_path, media_url=f"ws://127.0.0.1:{node.port}", transcriber_url=transcriber.url
    )
    yield Neighbours(node, transcriber, settings)
    node.stop()
    transcriber.stop()


@pytest.fixture
def office(neighbours) -> Iterator[TestOffice]:
    """A running office that follows the scripted node."""
    with running(neighbours.settings) as started:
        until(lambda: started.office.media.connected, "the control connection")
        yield started
