"""A real media node in this process, and two people on real peer connections in each of some rooms.

Node and office share the virtual clock.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from av import AudioFrame

from server.media.node import Node
from server.protocol.kiosks import JoinTicket
from server.protocol.signalling import Joined
from server.settings import Settings
from tests.media.client import Client, Tone, until

PATIENCE_S = 600.0
"""For a computer that has other things to do."""
FRAMES = 6
"""So many of the other's must have come before somebody is heard."""


class Voice(Tone):
    """Sounds while `speaks` is set: sixteen people who go on for the whole of a talk would be the simulation's dearest part."""

    def __init__(self, hertz: float) -> None:
        super().__init__(hertz)
        self.speaks = asyncio.Event()
        self.said = 0
        """Frames that were handed over to be sent."""

    async def recv(self) -> AudioFrame:
        """Silence takes its time too, as with a sender that sends nothing meanwhile (DTX)."""
        silent_since = time.monotonic()
        if not self.speaks.is_set():
            await self.speaks.wait()
        if self._began:
            self._at += round((time.monotonic() - silent_since) * 50) * 960
        frame = await super().recv()
        self.said += 1
        return frame


class Room:
    """Two people who hear each other."""

    def __init__(self, people: list[Client]) -> None:
        self._people = people
        self.heard = 0
        """How often each of them has heard the other."""

    @classmethod
    async def open(cls, seats: tuple[JoinTicket, JoinTicket], key: str) -> "Room":
        people = [Client(seat.signalling_url, key, seat.participant_id, "") for seat in seats]
        for one, seat in zip(people, seats, strict=True):
            one.tone, one.patience = Voice(440), PATIENCE_S
            await one.join(seat.token)
            await until(lambda one=one: one.last(Joined), "a seat", PATIENCE_S)
        return cls(people)

    async def publish(self) -> "Room":
        for one in self._people:
            await one.publish(video=False)
        await self.speak()
        # Recording begins where both send sound: what begins it is not in it.
        for one in self._people:
            await until(lambda one=one: one.room and one.room.recording, "the recording", PATIENCE_S)
        await self.speak()
        return self

    async def speak(self) -> None:
        """Until each of the two has said something now and heard the other: on a busy computer what is heard may be older."""
        before = [(sum(one.received.values()), one.tone.said) for one in self._people]
        for one in self._people:
            one.tone.speaks.set()
        for one, (count, said) in zip(self._people, before, strict=True):
            done = lambda one=one, count=count, said=said: sum(one.received.values()) >= count + FRAMES and one.tone.said > said + FRAMES  # noqa: E731
            await until(done, f"{one.id} speaks and hears the other", PATIENCE_S)
        for one in self._people:
            one.tone.speaks.clear()
        self.heard += 1

    async def close(self) -> None:
        for one in self._people:
            await one.close()


class RealRooms:
    """Who talks with sound, by reception."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._loop = settings, asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._node = Node(settings)
        self._rooms: dict[str, Future[Room]] = {}
        self.most = 0
        self.heard: set[str] = set()
        """Receptions in which each of the two heard the other."""
        self._wait(self._node.start())

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def open(self, reception_id: str, seats: tuple[JoinTicket, JoinTicket]) -> None:
        """Have two people take their seats, before the day goes on and their tickets are too old; their sound comes by itself."""
        room = self._wait(Room.open(seats, self._settings.key("seat")))
        self._rooms[reception_id] = asyncio.run_coroutine_threadsafe(room.publish(), self._loop)
        self.most = max(self.most, len(self._rooms))

    def hear(self, reception_id: str) -> None:
        """Wait until each of the two has heard the other; nothing where nobody talks with sound."""
        if reception_id in self._rooms:
            self._rooms[reception_id].result(PATIENCE_S)
            self.heard.add(reception_id)

    def hear_again(self) -> int:
        """Everybody who talks with sound says something more, and is heard; how many rooms that are."""
        for opening in list(self._rooms.values()):
            self._wait(opening.result(PATIENCE_S).speak())
        return len(self._rooms)

    def leave(self, reception_id: str) -> None:
        """The reception is over: its people hang up."""
        opening = self._rooms.pop(reception_id, None)
        if opening is not None:
            self._wait(opening.result().close())

    def stop(self) -> None:
        self._wait(self._node.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
