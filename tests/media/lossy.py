"""A bad line for a real peer in this process: packets lost singly or in bursts, late, or none for a while.

`LossyLine(peer, up=0.1, down=0.1)` once the peer's connection is being made; ICE goes past it, so a dead line is not
noticed as a lost connection.  Everything about it may be changed while it runs.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

from aiortc import RTCPeerConnection


class Direction:
    """One way: loses the share `loss` of the packets, `burst` at a time on average, the others `delay` seconds late.

    Two states, after Gilbert: with burst 1 every packet has the same chance.
    """

    def __init__(self, loss: float, delay: float, burst: float, seed: int) -> None:
        self.loss, self.delay, self.burst = loss, delay, burst
        self.passed = self.lost = 0
        self._random = random.Random(seed)
        self._losing = False

    def loses(self) -> bool:
        """Whether the next packet is lost."""
        stays = 1 - 1 / self.burst if self._losing else 0.0
        enters = min(1.0, self.loss / max(1e-9, self.burst * (1 - self.loss))) if self.burst > 1 else self.loss
        chance = 1.0 if self.loss >= 1 else stays if self._losing and self.burst > 1 else enters
        self._losing = self._random.random() < chance
        self.lost += self._losing
        self.passed += not self._losing
        return self._losing


class LossyLine:
    """Puts itself between a peer connection and its network, both ways."""

    def __init__(
        self, peer: RTCPeerConnection, *, up: float = 0.0, down: float = 0.0, delay: float = 0.0, burst: float = 1.0,
        seed: int = 1,
    ) -> None:  # fmt: skip
        self.up, self.down = Direction(up, delay, burst, seed), Direction(down, delay, burst, seed + 1)
        network = peer.getTransceivers()[0].sender.transport.transport
        self._send: Callable[[bytes], Awaitable[None]] = network._send
        self._receive: Callable[[], Awaitable[bytes]] = network._recv
        network._send, network._recv = self._lossy_send, self._lossy_receive

    def set_loss(self, share: float) -> None:
        """The same loss both ways from now on; 1: the line is dead."""
        self.up.loss = self.down.loss = share

    async def _lossy_send(self, data: bytes) -> None:
        if not _is_media(data):
            await self._send(data)
        elif not self.up.loses():
            if self.up.delay:
                loop = asyncio.get_running_loop()
                loop.call_later(self.up.delay, lambda: loop.create_task(self._send_late(data)))
            else:
                await self._send(data)

    async def _send_late(self, data: bytes) -> None:
        try:
            await self._send(data)
        except ConnectionError:
            return

    async def _lossy_receive(self) -> bytes:
        while True:
            data = await self._receive()
            if not _is_media(data) or not self.down.loses():
                return data


def _is_media(data: bytes) -> bool:
    """RTP or RTCP, not DTLS (RFC 7983)."""
    return bool(data) and 127 < data[0] < 192
