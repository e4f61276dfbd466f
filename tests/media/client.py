"""A native client for tests: stock aiortc with the fixed sections of signalling.md, a tone and a moving picture."""

import asyncio
import contextlib
import fractions
import math
import re
import time
from collections.abc import Callable
from typing import Any

import jwt
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from av import AudioFrame, VideoFrame
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.protocol.base import Message
from server.protocol.signalling import (
    SLOTS,
    Answer,
    Candidate,
    Caption,
    Join,
    Joined,
    Offer,
    Room,
    node_message,
)
from tests.patience import PATIENCE_S, until

__all__ = ["BEHIND_S", "Client", "Picture", "Tone", "caught_up", "token", "until"]

KEY = "seat-key-of-the-tests-0123456789abcdef"


def token(key: str, participant_id: str, role: str, **changes: Any) -> str:
    """A seat token as the office makes it."""
    now = time.time()
    claims = {
        "reception_id": "r1", "participant_id": participant_id, "role": role, "name": "某人", "publishes": True,
        "video": True, "may_end": role in ("leader", "petitioner"), "jti": f"{participant_id}-{now}", "iat": now,
        "exp": now + 60,
    }  # fmt: skip
    return jwt.encode({**claims, **changes}, key, algorithm="HS256")


class Tone(MediaStreamTrack):
    """A sine tone in real time, 20 ms a frame."""

    kind = "audio"

    def __init__(self, hertz: float) -> None:
        super().__init__()
        self.hertz, self._at, self._began = hertz, 0, 0.0
        self.paused = False

    async def recv(self) -> AudioFrame:
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._at / 48000 - time.monotonic()))
        while self.paused:
            self._at += 960
            await asyncio.sleep(0.02)
        times = (np.arange(960) + self._at) / 48000
        samples = (np.sin(2 * math.pi * self.hertz * times) * 8000).astype(np.int16)
        frame = AudioFrame.from_ndarray(np.repeat(samples, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, self._at, fractions.Fraction(1, 48000)
        self._at += 960
        return frame

    @property
    def behind(self) -> float:
        """Seconds that it is late: the machine does not keep up."""
        return time.monotonic() - self._began - self._at / 48000 if self._began else 0.0


class Picture(MediaStreamTrack):
    """A moving grey ramp, 15 pictures a second."""

    kind = "video"

    def __init__(self, width: int = 160, height: int = 120) -> None:
        super().__init__()
        self._number, self._began, self._shape = 0, 0.0, (height, width, 3)

    async def recv(self) -> VideoFrame:
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._number / 15 - time.monotonic()))
        image = np.full(self._shape, (self._number * 5) % 256, np.uint8)
        frame = VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = self._number * 6000, fractions.Fraction(1, 90000)
        self._number += 1
        return frame


BEHIND_S = 3.0
"""So far behind the talk the sound of a machine may be that does not keep up."""


async def caught_up(*clients: "Client") -> None:
    """Wait until everybody's sound is in time, but not for ever: some machines are too slow for so many."""
    end = time.monotonic() + PATIENCE_S / 3
    while any(client.tone.behind > 0.1 for client in clients) and time.monotonic() < end:
        await asyncio.sleep(0.02)


class Client:
    """One participant; `got` keeps every message of the node."""

    def __init__(self, url: str, key: str, participant_id: str, role: str, **claims: Any) -> None:
        self.id, self.got = participant_id, []
        self.first_picture: float | None = None
        self.sees = (0, 0)
        """Size of the last picture in the first slot."""
        self.received: dict[int, int] = {}
        """Frames by number of the receiving section."""
        self.on_frame: Callable[[int, Any], None] = lambda number, frame: None
        """Told of every frame that comes: number of the receiving section, and the frame."""
        self.document: RTCRtpSender
        self.tone = Tone(440)
        self.close_code: int | None = None
        self.patience = PATIENCE_S
        """Seconds that the node may take to answer."""
        self.peer: RTCPeerConnection | None = None
        self.socket: ClientConnection
        self._url = url
        self._token = token(key, participant_id, role, **claims)
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, given: str | None = None, line: str = "") -> "Client":
        self.socket = await connect(self._url, proxy=None, open_timeout=self.patience, ping_timeout=max(20.0, self.patience))
        self._tasks.append(asyncio.ensure_future(self._read()))
        await self.send(Join(token=given or self._token, line=line))
        return self

    async def send(self, message: Message) -> None:
        await self.socket.send(message.model_dump_json())

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                self.got.append(node_message.validate_json(text))
        self.close_code = self.socket.close_code

    def last(self, kind: type) -> Any:
        return next((m for m in reversed(self.got) if isinstance(m, kind)), None)

    @property
    def room(self) -> Room | None:
        return self.last(Room)

    @property
    def captions(self) -> list[Caption]:
        return [m for m in self.got if isinstance(m, Caption) and m.final]

    async def publish(
        self, *, video: bool = True, documents: bool = True, hidden: bool = False, only: str = ""
    ) -> "Client":
        """Offer the fixed sections (`documents=False`: the older shape) and take the answer; `hidden`: without telling
        an own address, as a browser does that was not given a camera; `only`: the one video codec it knows."""
        await until(lambda: self.last(Joined), "joined", self.patience)
        if self.peer is not None:
            await self.peer.close()
        peer = self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        peer.addTransceiver(self.tone, direction="sendonly")
        peer.addTransceiver(Picture() if video else "video", direction="sendonly" if video else "inactive")
        if documents:
            self.document = peer.addTransceiver("video", direction="sendonly").sender
        for _ in range(SLOTS):
            peer.addTransceiver("audio", direction="recvonly")
            peer.addTransceiver("video", direction="recvonly")
        if documents:
            peer.addTransceiver("video", direction="recvonly")
        if only:
            knows = [c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType in (only, "video/rtx")]
            for section in peer.getTransceivers():
                if section.kind == "video":
                    section.setCodecPreferences(knows)
        await peer.setLocalDescription(await peer.createOffer())
        # aiortc guesses how much it can receive far too low: the node shall not go by it.
        sdp = re.sub(r"a=rtcp-fb:\d+ goog-remb\r\n", "", peer.localDescription.sdp)
        answers = self._count(Answer)
        await self.send(Offer(sdp=re.sub("a=(candidate:|end-of-candidates).*\r\n", "", sdp) if hidden else sdp))
        if hidden:
            await self.send(Candidate(candidate="candidate:1 1 udp 1 9f0e.local 5004 typ host", sdp_mid="0"))
            await self.send(Candidate(candidate=None))
        await until(lambda: self._count(Answer) > answers, "answer", self.patience)
        if hidden:
            await asyncio.sleep(0.3)  # the node has long looked at what it knows when this side makes itself known
        await peer.setRemoteDescription(RTCSessionDescription(self.last(Answer).sdp, "answer"))
        self._watch(peer)
        return self

    async def watch(self) -> "Client":
        """Offer to receive only, as a viewer of a lecture does; after a first time on a new socket."""
        if self.peer is not None:
            await self._new_socket()
            await self.peer.close()
        await until(lambda: self.last(Joined), "joined", self.patience)
        peer = self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        for kind in ("audio", "video", "video"):
            peer.addTransceiver(kind, direction="inactive")
        for kind in ("audio", "video") * 2 + ("video",):
            peer.addTransceiver(kind, direction="recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        answers = self._count(Answer)
        await self.send(Offer(sdp=re.sub(r"a=rtcp-fb:\d+ goog-remb\r\n", "", peer.localDescription.sdp)))
        await until(lambda: self._count(Answer) > answers, "answer", self.patience)
        await peer.setRemoteDescription(RTCSessionDescription(self.last(Answer).sdp, "answer"))
        self._watch(peer)
        return self

    async def again(self) -> "Client":
        """The same seat on a new socket, now with microphone and camera."""
        await self._new_socket()
        return await self.publish()

    async def _new_socket(self) -> None:
        joined, old = self._count(Joined), self.socket
        await self.join(self.last(Joined).resume, self.last(Answer).line)
        await until(lambda: self._count(Joined) > joined, "joined again", self.patience)
        await old.close()

    def _count(self, kind: type) -> int:
        return sum(isinstance(m, kind) for m in self.got)

    def _watch(self, peer: RTCPeerConnection) -> None:
        receiving = [t for t in peer.getTransceivers() if t.direction == "recvonly"]
        for number, transceiver in enumerate(receiving):
            self._tasks.append(asyncio.ensure_future(self._consume(transceiver.receiver.track, number)))

    async def _consume(self, track: MediaStreamTrack, number: int) -> None:
        """`number`: of the receiving section; 2n and 2n + 1 are slot n, the last one is the document."""
        with contextlib.suppress(Exception):
            while True:
                frame = await track.recv()
                self.received[number] = self.received.get(number, 0) + 1
                self.on_frame(number, frame)
                if number == 1:
                    self.first_picture = self.first_picture or time.monotonic()
                    self.sees = (frame.width, frame.height)

    async def close(self) -> None:
        await self.socket.close()
        if self.peer is not None:
            await self.peer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
