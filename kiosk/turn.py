"""Which of several TURN addresses gets through from here.

aiortc takes the first TURN address it is given and does not look whether anything answers there; a browser tries
all.  So each is tried here before a connection is made, and the first that lets us in is the one that is used.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any

import aioice.turn
import structlog
from aioice.stun import TransactionError
from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

log = structlog.get_logger()

PATIENCE_S = 1.6
"""Time for a TURN address to let us in: two repetitions of a lost STUN request (RFC 8489 section 6.2.1)."""


def ice_server(described: dict[str, object]) -> RTCIceServer:
    """An RTCIceServer from its dictionary in `joined`."""
    urls = described.get("urls", [])
    return RTCIceServer(
        urls=[str(url) for url in urls] if isinstance(urls, list | tuple) else [str(urls)],
        username=str(described["username"]) if "username" in described else None,
        credential=str(described["credential"]) if "credential" in described else None,
    )


async def usable(servers: Sequence[RTCIceServer]) -> list[RTCIceServer]:
    """The STUN servers, and of all TURN addresses the first that lets us in, if any does."""
    single = [RTCIceServer([url], s.username, s.credential) for s in servers for url in s.urls]
    relays = [server for server in single if server.urls[0].startswith("turn")]
    trials = [asyncio.create_task(_lets_us_in(relay)) for relay in relays]
    try:
        chosen = await _first(relays, trials)
    finally:
        for trial in trials:
            trial.cancel()
        await asyncio.gather(*trials, return_exceptions=True)
    if relays and not chosen:
        log.warning("no TURN address lets us in", tried=len(relays))
    return [server for server in single if server not in relays] + chosen


async def _first(relays: Sequence[RTCIceServer], trials: Sequence[asyncio.Task[bool]]) -> list[RTCIceServer]:
    for relay, trial in zip(relays, trials, strict=True):
        if await trial:
            return [relay]
    return []


async def _lets_us_in(relay: RTCIceServer) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            allocation = await _allocate(relay, parse_stun_turn_uri(relay.urls[0]))
    except (OSError, TimeoutError, ssl.SSLError, TransactionError, ValueError) as error:
        log.info("TURN address passed over", cause=type(error).__name__)
        return False
    allocation.close()
    return True


async def _allocate(relay: RTCIceServer, place: dict[str, Any]) -> aioice.turn.TurnTransport:
    allocation, _ = await aioice.turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        (place["host"], place["port"]),
        relay.username,
        relay.credential,
        ssl=place["scheme"] == "turns",
        transport=place["transport"],
    )
    return allocation
