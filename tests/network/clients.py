"""Native clients as a program of their own, in a network of their own: one order a line on stdin, one answer a line."""

import asyncio
import contextlib
import json
import sys
import time
from typing import Any

import aioice.turn
import jwt
from aioice.stun import TransactionFailed
from aiortc import RTCIceServer

from kiosk import turn
from kiosk.aioice_loopback import bind_media_to
from kiosk.publisher import Speech, SpeechTrack
from kiosk.seat import Seat
from server.log import configure
from server.protocol.base import Role
from server.protocol.kiosks import JoinTicket
from server.protocol.signalling import SeatClaims

HEARD = 25
"""So many packets of the other's sound are taken for a connection."""


def ticket(order: dict[str, Any], role: Role) -> JoinTicket:
    """A ticket as the office makes it."""
    now = time.time()
    claims = SeatClaims(
        reception_id=order["reception"], participant_id=f"p-{role.value}", role=role, name="某人",
        jti=f"{order['reception']}{role.value}{now}", iat=now, exp=now + 60,
    )  # fmt: skip
    token = jwt.encode(claims.model_dump(mode="json"), order["key"], "HS256")
    return JoinTicket(token=token, signalling_url=order["url"], participant_id=claims.participant_id)


async def talk(order: dict[str, Any]) -> dict[str, Any]:
    """Two people in a room; whether both hear each other within `seconds`."""
    bind_media_to(order["bind"])

    def seat(role: Role) -> Seat:
        async def given() -> JoinTicket:
            return ticket(order, role)

        return Seat(given, lambda: (SpeechTrack(Speech()), None))

    seats = [seat(Role.PETITIONER), seat(Role.LEADER)]
    running = [asyncio.create_task(one.run()) for one in seats]
    end = time.monotonic() + order["seconds"]
    while time.monotonic() < end and any(one.received.get("audio", 0) < HEARD for one in seats):
        await asyncio.sleep(0.02)
    heard = [one.received.get("audio", 0) for one in seats]
    for one in seats:
        await one.close()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return {"heard": heard, "through": min(heard) >= HEARD}


def _server(order: dict[str, Any]) -> RTCIceServer:
    return RTCIceServer([order["turn"]], order["username"], order["credential"])


async def credentials(order: dict[str, Any]) -> dict[str, Any]:
    """Whether the TURN server lets these in."""
    return {"in": bool(await turn.usable([_server(order)]))}


async def reach(order: dict[str, Any]) -> dict[str, Any]:
    """Which of these addresses the TURN server agrees to relay to."""
    place = turn.parse_stun_turn_uri(order["turn"])
    made, _ = await aioice.turn.create_turn_endpoint(
        asyncio.DatagramProtocol, (place["host"], place["port"]), order["username"], order["credential"],
        transport=place["transport"],
    )  # fmt: skip
    inside = made._TurnTransport__inner_protocol
    reached = []
    for number, peer in enumerate(order["peers"]):
        with contextlib.suppress(TransactionFailed):
            await inside.channel_bind(0x4000 + number, (peer, 40001))
            reached.append(peer)
    made.close()
    return {"reached": reached}


ORDERS = {"talk": talk, "credentials": credentials, "reach": reach}


async def main() -> None:
    configure("clients", level="info")
    print(json.dumps({"ready": True}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        print(json.dumps(await ORDERS[order["do"]](order)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
