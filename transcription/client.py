"""A sender of live sound, for measuring and testing; the media node has its own."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import websockets

from server.protocol.transcript import (
    LiveEnd,
    LiveFinished,
    LiveReply,
    LiveStart,
    LiveTrouble,
    live_reply,
)
from transcription.voice import RATE, Samples


@dataclass(frozen=True)
class Arrival:
    """A reply and when it came (monotonic seconds)."""

    reply: LiveReply
    at: float


async def recognise_live(
    url: str,
    key: str,
    start: LiveStart,
    samples: Samples,
    *,
    block_s: float = 0.1,
    speed: float = 0.0,
    began: Callable[[float], None] = lambda at: None,
) -> AsyncIterator[Arrival]:
    """Send the sound at `speed` times real time (0: as fast as it is taken) and give the replies until the last.

    `began` is told the monotonic time at which the first sample was sent.  Raises websockets' exceptions.
    """
    headers = {"Authorization": f"Bearer {key}"}
    connection = websockets.connect(
        f"{url}/live", additional_headers=headers, max_size=1 << 20, ping_timeout=300
    )
    async with connection as socket:
        await socket.send(start.model_dump_json())
        began(time.monotonic())
        sending = asyncio.create_task(_send(socket, samples, round(block_s * RATE), speed))
        try:
            async for message in socket:
                reply = live_reply.validate_json(message)
                yield Arrival(reply, time.monotonic())
                if isinstance(reply, LiveFinished | LiveTrouble):
                    break
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, websockets.ConnectionClosed):
                await sending


async def _send(socket: websockets.ClientConnection, samples: Samples, block: int, speed: float) -> None:
    started = time.monotonic()
    for first in range(0, len(samples), block):
        part = samples[first : first + block]
        await socket.send(part.astype("<i2").tobytes())
        if speed:
            due = started + (first + len(part)) / RATE / speed
            await asyncio.sleep(max(due - time.monotonic(), 0))
    await socket.send(LiveEnd().model_dump_json())
