"""What all rooms of a node share: writer, transcriber, times, and connections that say goodbye."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from server.media.cameras import Cameras
from server.media.disk import Space
from server.media.journal import OnEntry
from server.media.participant import MediaLink
from server.media.transcribers import Transcribers
from server.media.writer import Writer
from server.signing_key import SigningKey

AWAY_SECONDS = 30.0
EMPTY_SECONDS = 600.0
FAREWELL_SECONDS = 0.3
"""How long a line outlives the message that it ends, so that nobody sees it fail first."""
FINISH_SECONDS = 3.0


@dataclass
class Tools:
    """What all rooms of a node share."""

    writer: Writer
    closer: ThreadPoolExecutor
    transcribers: Transcribers
    key: SigningKey
    segment_seconds: float
    on_entry: OnEntry
    space: Space
    cameras: Cameras
    finish_seconds: float = FINISH_SECONDS
    away_seconds: float = AWAY_SECONDS
    empty_seconds: float = EMPTY_SECONDS
    viewers_left: Callable[[], int] = field(default=lambda: 0)
    """How many more may watch lectures on this node."""
    farewells: set[asyncio.Task[None]] = field(default_factory=set)

    def close_soon(self, link: MediaLink) -> None:
        """Silence a connection at once and close it when its farewell has arrived."""
        link.silence()
        task = asyncio.ensure_future(_close_after(FAREWELL_SECONDS, link))
        self.farewells.add(task)
        task.add_done_callback(self.farewells.discard)


async def _close_after(seconds: float, link: MediaLink) -> None:
    await asyncio.sleep(seconds)
    await link.close()
