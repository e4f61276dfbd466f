"""Stands for the transcriber in a bench: takes the sound over the live protocol and recognises nothing.

    python -m deploy.bench.sink PORT
"""

import asyncio
import contextlib
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from server.protocol.transcript import LiveEnd, LiveFinished, LiveProgress, LiveSeek, LiveStart, live_request

BYTES_PER_SECOND = 32_000


async def take(socket: ServerConnection) -> None:
    """One participant's sound: every second of it is silence, as far as this program can tell."""
    with contextlib.suppress(ConnectionClosed):
        start = live_request.validate_json(await socket.recv())
        if not isinstance(start, LiveStart):
            return
        at = told = start.offset
        async for message in socket:
            if isinstance(message, bytes):
                at += len(message) / BYTES_PER_SECOND
            else:
                request = live_request.validate_json(message)
                if isinstance(request, LiveSeek):
                    at = request.at
                elif isinstance(request, LiveEnd):
                    await socket.send(LiveFinished().model_dump_json())
                    return
            if at - told >= 1.0:
                told = at
                await socket.send(LiveProgress(until=at).model_dump_json())


async def main() -> None:
    """Serve until killed."""
    async with serve(take, "127.0.0.1", int(sys.argv[1]), compression=None):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
