"""A node in this process, a scripted transcriber that speaks the contract, and clients."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from server.media.node import Node
from server.protocol.transcript import (
    LiveEnd,
    LiveFinished,
    LiveGivenUp,
    LiveProgress,
    LiveSeek,
    LiveStart,
    LiveTrouble,
    LiveUtterance,
    Utterance,
    live_request,
)
from server.settings import Settings
from tests.media.client import Client


class ScriptedTranscriber:
    """Says one utterance for every whole second of sound; keeps what it was sent."""

    def __init__(self) -> None:
        self.starts: list[LiveStart] = []
        self.seeks: list[float] = []
        self.sound: dict[str, list[tuple[float, bytes]]] = {}
        self.trouble: LiveTrouble | None = None
        self.answers = True
        self.gives_up = 0
        """How many stretches of a second, the first of each track, it cannot decode."""
        self.understands = True
        """False: every second holds a voice without words."""
        self.looks = 0
        """How often it was asked how it does."""
        self.silent = False
        """Takes everything in and answers nobody any more, as a machine that was cut off."""
        self.state = "ready"
        """What it says it is; unless that is so, it decodes nothing."""
        self.sockets: set[ServerConnection] = set()
        self.port = 0
        self._server: Server | None = None

    async def start(self, port: int = 0) -> None:
        self._server = await serve(self._serve, "127.0.0.1", port, process_request=self._health)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _health(self, socket: ServerConnection, request: Request) -> Response | None:
        if request.path != "/healthz":
            return None
        self.looks += 1
        while self.silent:
            await asyncio.sleep(0.05)
        return socket.respond(200, json.dumps({"state": self.state, "streams": len(self.sockets), "waiting": 0}))

    async def _serve(self, socket: ServerConnection) -> None:
        self.sockets.add(socket)
        with contextlib.suppress(ConnectionClosed):
            await self._talk(socket)
        self.sockets.discard(socket)

    async def _talk(self, socket: ServerConnection) -> None:
        start = live_request.validate_json(await socket.recv())
        assert isinstance(start, LiveStart)
        self.starts.append(start)
        if self.trouble is not None:
            await socket.send(self.trouble.model_dump_json())
            return
        at = said = start.offset
        given_up = 0
        async for message in socket:
            if isinstance(message, bytes):
                self.sound.setdefault(start.participant_id, []).append((at, message))
                at += len(message) / 32000
            else:
                request = live_request.validate_json(message)
                if isinstance(request, LiveSeek):
                    self.seeks.append(request.at)
                    at = said = request.at
                if isinstance(request, LiveEnd):
                    await socket.send(LiveFinished().model_dump_json())
                    return
            while self.answers and not self.silent and self.state == "ready" and at - said >= 1.0:
                if given_up < self.gives_up:
                    given_up += 1
                    await socket.send(LiveGivenUp(start=said, until=said + 1.0).model_dump_json())
                elif self.understands:
                    await socket.send(self._say(start.participant_id, said))
                else:
                    await socket.send(LiveProgress(until=said + 0.95, unheard=(said, said + 0.9)).model_dump_json())
                said += 1.0
                await socket.send(LiveProgress(until=said).model_dump_json())

    def _say(self, participant_id: str, at: float) -> str:
        utterance = Utterance(
            id=f"u-{participant_id}-{round(at * 1000)}", participant_id=participant_id, start=at, end=at + 0.9,
            text="你好",
        )  # fmt: skip
        return LiveUtterance(utterance=utterance, until=at + 1.0).model_dump_json()


@pytest.fixture
async def transcriber() -> AsyncIterator[ScriptedTranscriber]:
    scripted = ScriptedTranscriber()
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest.fixture
def settings(tmp_path: Path, transcriber: ScriptedTranscriber) -> Settings:
    return Settings(
        data_dir=tmp_path, secret="a secret of the tests, and a long one", media_port=0, media_bind=["127.0.0.1"],
        transcriber_url=f"http://127.0.0.1:{transcriber.port}", disk_reserve_mb=0,
    )  # fmt: skip


@pytest.fixture
async def node(settings: Settings) -> AsyncIterator[Node]:
    running = Node(settings)
    await running.start()
    yield running
    await running.stop()
    left = [t for t in asyncio.all_tasks() if "server/media" in str(t.get_coro()) and not t.done()]
    assert not left, f"tasks were left behind: {left}"


Make = Callable[..., Awaitable[Client]]


@pytest.fixture
async def seat(node: Node, settings: Settings) -> AsyncIterator[Make]:
    """Makes a client that has joined; `publish=True` sends sound and picture too."""
    clients: list[Client] = []

    async def make(participant_id: str, role: str, *, publish: bool = True, **claims: Any) -> Client:
        url = f"ws://127.0.0.1:{node.port}/signal"
        client = Client(url, settings.key("seat"), participant_id, role, **claims)
        clients.append(client)
        await client.join()
        if publish:
            await client.publish()
        return client

    yield make
    for client in clients:
        await client.close()
