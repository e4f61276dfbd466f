"""How a participant gets into a room of each server."""

import asyncio
import contextlib
import itertools
import json
import random
import secrets
import time
from abc import ABC, abstractmethod
from typing import Any

import jwt
from aiortc import RTCSessionDescription
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from deploy.bench.client import Crowd, Line, Publisher, answer, connected, offer
from deploy.bench.clip import SECONDS, Part
from server.protocol.signalling import SLOTS, Answer, Join, Joined, Offer, node_message

ROLES = ("petitioner", "leader", "joint", "interpreter", "clerk")
UNRECORDED = ("petitioner", "joint", "joint", "joint", "interpreter")
"""Without a receiver no talk begins, so nothing is recorded and nothing recognised."""


class Rooms(ABC):
    """Fills a server with rooms."""

    def __init__(self, address: str, crowd: Crowd, clip: list[Part], seats: int) -> None:
        self.address, self.crowd, self.clip, self.seats = address, crowd, clip, seats
        self.count = 0
        self._random = random.Random(7)
        self._sockets: list[ClientConnection] = []
        self._readers: list[asyncio.Task[None]] = []

    async def grow(self, rooms: int) -> None:
        """Open rooms until there are so many."""
        while self.count < rooms:
            await self.open(f"room{self.count}")
            self.count += 1

    @abstractmethod
    async def open(self, name: str) -> None:
        """Open a room and seat everybody."""

    def start(self, connection: Any, line: Line) -> Publisher:
        """Let a connected participant send."""
        publisher = Publisher(connection, line, self.clip, self._random.random() * SECONDS)
        self.crowd.lines.append(line)
        self.crowd.publishers.append(publisher)
        return publisher

    async def socket(self, address: str) -> ClientConnection:
        """A WebSocket that stays open."""
        made = await connect(address, proxy=None, compression=None, max_size=1 << 20, ping_interval=None, open_timeout=60)
        self._sockets.append(made)
        return made

    def drain(self, socket: ClientConnection) -> None:
        """Read on, so that the server never waits."""

        async def read() -> None:
            with contextlib.suppress(ConnectionClosed):
                async for _ in socket:
                    pass

        self._readers.append(asyncio.ensure_future(read()))


class Ours(Rooms):
    """The product's media node."""

    def __init__(self, *args: Any, key: str, recorded: bool) -> None:
        super().__init__(*args)
        self._key = key
        self._roles = ROLES if recorded else UNRECORDED

    async def open(self, name: str) -> None:
        seated = [await self._sit(f"{name}-{secrets.token_hex(3)}", name, n) for n in range(self.seats)]
        for publisher in seated:
            publisher.line.others = [s for p in seated if p is not publisher for s in p.streams]

    async def _sit(self, participant_id: str, room: str, number: int) -> Publisher:
        socket = await self.socket(self.address)
        await socket.send(Join(token=self._token(participant_id, room, number)).model_dump_json())
        await self._wait(socket, Joined)
        connection = await offer(SLOTS)
        await socket.send(Offer(sdp=connection.localDescription.sdp).model_dump_json())
        message = await self._wait(socket, Answer)
        await connection.setRemoteDescription(RTCSessionDescription(message.sdp, "answer"))
        self.drain(socket)
        return self.start(connection, await connected(connection))

    def _token(self, participant_id: str, room: str, number: int) -> str:
        now = time.time()
        claims = {
            "reception_id": room, "participant_id": participant_id, "role": self._roles[number], "name": "",
            "jti": secrets.token_hex(16), "iat": now, "exp": now + 60,
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="HS256")

    async def _wait(self, socket: ClientConnection, kind: type) -> Any:
        async for text in socket:
            message = node_message.validate_json(text)
            if isinstance(message, kind):
                return message
        raise RuntimeError("the node closed the socket")


class Stock(Rooms):
    """aiortc's MediaRelay (stock.py)."""

    async def open(self, name: str) -> None:
        for _ in range(self.seats):
            socket = await self.socket(self.address)
            connection = await offer(self.seats - 1)
            await socket.send(json.dumps({"room": name, "sdp": connection.localDescription.sdp}))
            reply = json.loads(await socket.recv())
            await connection.setRemoteDescription(RTCSessionDescription(reply["sdp"], "answer"))
            self.drain(socket)
            self.start(connection, await connected(connection))


class Janus(Rooms):
    """Janus's videoroom: one connection up, one down that carries all others."""

    def __init__(self, *args: Any, recordings: str) -> None:
        super().__init__(*args)
        self._recordings = recordings
        self._waiting: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._line: ClientConnection | None = None
        self._session = 0

    async def open(self, name: str) -> None:
        if self._line is None:
            await self._begin()
        room = 1000 + self.count
        manager = await self._attach()
        create = {"request": "create", "room": room, "publishers": 6, "bitrate": 0, "audiocodec": "opus", "videocodec": "vp8"}
        if self._recordings:
            create |= {"record": True, "rec_dir": self._recordings}
        await self._ask(manager, create)
        seated = [await self._publish(room) for _ in range(self.seats)]
        for feed, publisher in seated:
            await self._watch(room, [f for f, _ in seated if f != feed], [p for _, p in seated if p is not publisher])

    async def _begin(self) -> None:
        self._line = await connect(
            self.address, proxy=None, compression=None, subprotocols=["janus-protocol"], max_size=1 << 20
        )  # type: ignore[arg-type]
        self._readers.append(asyncio.ensure_future(self._read(self._line)))
        self._session = (await self._request({"janus": "create"}))["data"]["id"]

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["janus"] in ("hangup", "timeout", "detached"):
                raise RuntimeError(f"Janus hung up: {message}")
            queue = self._waiting.get(message.get("transaction", ""))
            if queue is not None and message["janus"] != "ack":
                queue.put_nowait(message)

    async def _request(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._line is None:
            raise RuntimeError("no session")
        number = str(next(self._numbers))
        queue = self._waiting[number] = asyncio.Queue()
        session = {"session_id": self._session} if self._session else {}
        await self._line.send(json.dumps({**message, **session, "transaction": number}))
        reply = await asyncio.wait_for(queue.get(), 15)
        del self._waiting[number]
        if reply["janus"] == "error":
            raise RuntimeError(f"Janus: {reply['error']}")
        return reply

    async def _attach(self) -> int:
        reply = await self._request({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(reply["data"]["id"])

    async def _ask(self, handle: int, body: dict[str, Any], sdp: tuple[str, str] | None = None) -> dict[str, Any]:
        jsep = {"jsep": {"type": sdp[0], "sdp": sdp[1]}} if sdp else {}
        reply = await self._request({"janus": "message", "handle_id": handle, "body": body, **jsep})
        data = reply["plugindata"]["data"]
        if "error" in data:
            raise RuntimeError(f"Janus: {data['error']}")
        return reply

    async def _publish(self, room: int) -> tuple[int, Publisher]:
        handle = await self._attach()
        joined = await self._ask(handle, {"request": "join", "ptype": "publisher", "room": room})
        connection = await offer(0)
        reply = await self._ask(handle, {"request": "publish"}, ("offer", connection.localDescription.sdp))
        await connection.setRemoteDescription(RTCSessionDescription(reply["jsep"]["sdp"], "answer"))
        return joined["plugindata"]["data"]["id"], self.start(connection, await connected(connection))

    async def _subscribe(self, handle: int, body: dict[str, Any]) -> dict[str, Any]:
        """Janus knows a feed only a moment after its publisher is connected."""
        for _ in range(20):
            try:
                return await self._ask(handle, body)
            except RuntimeError as error:
                if "No such feed" not in str(error):
                    raise
                await asyncio.sleep(0.1)
        return await self._ask(handle, body)

    async def _watch(self, room: int, feeds: list[int], shown: list[Publisher]) -> None:
        handle = await self._attach()
        streams = [{"feed": feed} for feed in feeds]
        reply = await self._subscribe(handle, {"request": "join", "ptype": "subscriber", "room": room, "streams": streams})
        connection = await answer(reply["jsep"]["sdp"])
        await self._ask(handle, {"request": "start"}, ("answer", connection.localDescription.sdp))
        line = await connected(connection)
        line.others = [s for p in shown for s in p.streams]
        self.crowd.lines.append(line)
