"""The other end of a seat, for tests of the client alone: answers by the contract with a stock peer connection.

The real media node has its own tests; this one can be told to refuse, to break and to end at will.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiortc import RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.server import ServerConnection, serve

from server.protocol.base import Message
from server.protocol.kiosks import JoinTicket
from server.protocol.signalling import (
    Answer,
    ClientMessage,
    Ended,
    HangUp,
    Join,
    Joined,
    Offer,
    Room,
    Trouble,
    client_message,
)
from tests.patience import PATIENCE_S


@dataclass
class Answerer:
    """What it heard, and what it should do."""

    address: str = ""
    tokens: list[str] = field(default_factory=list)
    messages: list[ClientMessage] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)
    peers: list[RTCPeerConnection] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    tickets: int = 0

    async def ticket(self) -> JoinTicket:
        """As the office gives it."""
        self.tickets += 1
        return JoinTicket(token=f"ticket-{self.tickets}", signalling_url=self.address, participant_id="p1")

    async def serve(self, socket: ServerConnection) -> None:
        """One connection of the client."""
        self.sockets.append(socket)
        with contextlib.suppress(Exception):
            async for text in socket:
                message = client_message.validate_json(text)
                self.messages.append(message)
                await self._react(socket, message)

    async def _react(self, socket: ServerConnection, message: ClientMessage) -> None:
        if isinstance(message, Join):
            await self._join(socket, message.token)
        elif isinstance(message, Offer):
            await self._answer(socket, message.sdp)
        elif isinstance(message, HangUp):
            await send(socket, Ended(reason="hung_up"))

    async def _join(self, socket: ServerConnection, token: str) -> None:
        self.tokens.append(token)
        if token in self.refuse:
            await send(socket, Trouble(code="token_expired", message="请重新进入。", fatal=True))
            await socket.close(4401)
            return
        await send(socket, Joined(reception_id="r1", participant_id="p1", resume=f"resume-{len(self.tokens)}", now=datetime.now(UTC)))
        await send(socket, Room(state="running", recording=True, seats=()))

    async def _answer(self, socket: ServerConnection, sdp: str) -> None:
        peer = RTCPeerConnection()
        self.peers.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        await send(socket, Answer(sdp=peer.localDescription.sdp))


async def send(socket: ServerConnection, message: Message) -> None:
    """One message of the contract."""
    await socket.send(message.model_dump_json())


@contextlib.asynccontextmanager
async def answerer() -> AsyncIterator[Answerer]:
    """An answerer on a free port of the loopback."""
    other = Answerer()
    async with serve(other.serve, "127.0.0.1", 0) as server:
        other.address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/signal"
        try:
            yield other
        finally:
            await asyncio.gather(*(peer.close() for peer in other.peers))


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE_S) -> None:
    """Wait for a condition; says what did not come."""
    try:
        async with asyncio.timeout(seconds):
            while not await _value(condition):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"did not come within {seconds} s: {what}") from None


async def _value(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> bool:
    value = condition()
    return value if isinstance(value, bool) else await value
