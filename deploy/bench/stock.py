"""The yardstick: stock aiortc with MediaRelay, which decodes each track once and encodes it again for each viewer.

    python -m deploy.bench.stock PORT

A client sends one JSON line {"room", "sdp"} over a WebSocket and gets {"sdp"}; its sections are microphone,
camera, then a pair for each other participant.
"""

import asyncio
import json
import sys
from collections import defaultdict

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.contrib.media import MediaRelay
from websockets.asyncio.server import ServerConnection, serve


class Member:
    """One participant's connection, the tracks it sends, and the pairs in which it is shown others."""

    def __init__(self) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.free: list[dict[str, RTCRtpTransceiver]] = []

    async def answer(self, sdp: str) -> str:
        """Take the offer; `tracks` and `free` are filled then."""
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        transceivers = self.peer.getTransceivers()
        for transceiver in transceivers[:2]:
            self.tracks[transceiver.kind] = transceiver.receiver.track
        for at in range(2, len(transceivers), 2):
            self.free.append({t.kind: t for t in transceivers[at : at + 2]})
            for transceiver in transceivers[at : at + 2]:
                transceiver.direction = "sendonly"
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return self.peer.localDescription.sdp

    def show(self, other: "Member", relay: MediaRelay) -> None:
        """Send the other's tracks in the next free pair."""
        pair = self.free.pop(0)
        for kind, transceiver in pair.items():
            transceiver.sender.replaceTrack(relay.subscribe(other.tracks[kind]))


class Relay:
    """All rooms."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._rooms: dict[str, list[Member]] = defaultdict(list)

    async def serve(self, socket: ServerConnection) -> None:
        """One participant, until its socket closes."""
        asked = json.loads(await socket.recv())
        member = Member()
        await socket.send(json.dumps({"sdp": await member.answer(asked["sdp"])}))
        for other in self._rooms[asked["room"]]:
            member.show(other, self._relay)
            other.show(member, self._relay)
        self._rooms[asked["room"]].append(member)
        await socket.wait_closed()


async def main() -> None:
    """Serve until killed."""
    async with serve(Relay().serve, "127.0.0.1", int(sys.argv[1]), max_size=1 << 20):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
