"""A real media node in this process, and two people on real peer connections in each of some rooms.

Node and office share the virtual clock.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from server.media.node import Node
from server.protocol.office import JoinTicket
from server.protocol.signalling import Joined
from server.settings import Settings
from tests.media.client import Client, until

PATIENCE_S = 60.0


class RealRooms:
    """Who talks with sound, by reception."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._loop = settings, asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._node = Node(settings)
        self._joining: dict[str, Future[list[Client]]] = {}
        self.most, self.heard = 0, 0
        self._wait(self._node.start())

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def open(self, reception_id: str, seats: tuple[JoinTicket, JoinTicket]) -> None:
        """Have two people take their seats, before the day goes on and their tickets are too old; their sound comes by itself."""
        people = [Client(seat.signalling_url, self._settings.key("seat"), seat.participant_id, "") for seat in seats]
        for one, seat in zip(people, seats, strict=True):
            self._wait(self._sit(one, seat.token))
        self._joining[reception_id] = asyncio.run_coroutine_threadsafe(self._publish(people), self._loop)
        self.most = max(self.most, len(self._joining))

    async def _sit(self, one: Client, token: str) -> None:
        await one.join(token)
        await until(lambda: one.last(Joined), "a seat")

    async def _publish(self, people: list[Client]) -> list[Client]:
        for one in people:
            await one.publish(video=False)
        return people

    def hear(self, reception_id: str) -> None:
        """Wait until each of the two has heard the other, and let them go; nothing where nobody talks with sound."""
        joining = self._joining.get(reception_id)
        if joining is None:
            return
        people = joining.result(PATIENCE_S)
        self._wait(self._heard(people))
        self.heard += 1

    async def _heard(self, people: list[Client]) -> None:
        for one in people:
            await until(lambda one=one: sum(one.received.values()) > 5, f"{one.id} hears the other", PATIENCE_S)

    def leave(self, reception_id: str) -> None:
        """The reception is over: its people hang up."""
        joining = self._joining.pop(reception_id, None)
        for one in joining.result() if joining is not None else ():
            self._wait(one.close())

    def stop(self) -> None:
        self._wait(self._node.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
