"""The web program's end of the control connection, for tests."""

import asyncio
import contextlib

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.protocol.media_control import ControlRequest, JournalEntry, Reply, control_event
from server.settings import Settings
from tests.media.client import until


class Office:
    """The web program's end of /control."""

    def __init__(self, port: int, settings: Settings) -> None:
        self._url = f"ws://127.0.0.1:{port}/control"
        self._headers = {"Authorization": f"Bearer {settings.key('control')}"}
        self.entries: list[JournalEntry] = []
        self.replies: dict[int, Reply] = {}

    async def __aenter__(self) -> "Office":
        self.socket = await connect(self._url, additional_headers=self._headers, proxy=None, max_size=None)
        self._task = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self._task

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                event = control_event.validate_json(text)
                if isinstance(event, JournalEntry):
                    self.entries.append(event)
                else:
                    self.replies[event.id] = event

    async def ask(self, request: ControlRequest) -> Reply:
        await self.socket.send(request.model_dump_json())
        await until(lambda: request.id in self.replies, "reply")
        return self.replies.pop(request.id)

    @property
    def kinds(self) -> list[str]:
        return [e.entry.fact.kind for e in self.entries]
