"""Cameras that are no browser: encoders that send by WHIP (RFC 9725) and stand in for a kiosk's own camera.

An encoder may connect before any talk and stays over many: what it sends is dropped unless a seat uses it.  One
connection per kiosk; a new one replaces the old, as an encoder that was switched off and on leaves no farewell.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from aiortc import RTCSessionDescription
from prometheus_client import Gauge

from server.errors import NotFound
from server.media.addresses import NoPort
from server.media.aiortc_internals import ForwardingConnection, ForwardingReceiver
from server.media.participant import OfferUnusable, add_candidate, sections
from server.protocol.base import TrackKind
from server.protocol.media_control import CameraState
from server.protocol.signalling import Candidate

log = structlog.get_logger(__name__)
CONNECT_WITHIN = 30.0
SILENT_AFTER = 5.0
"""Seconds without a packet after which the kiosk's own camera is used again."""
GONE_AFTER = 60.0
"""Seconds without a packet after which the connection is given up."""
_connected = Gauge("jietan_media_cameras", "Encoders that send just now")

Tracks = dict[TrackKind, ForwardingReceiver]


@dataclass
class Camera:
    """One encoder's connection."""

    camera_id: str
    session: str
    connection: ForwardingConnection
    tracks: Tracks
    since: float
    flowing: frozenset[TrackKind] = frozenset()

    def look(self, now: float) -> bool:
        """Note which tracks flow; whether that changed."""
        before = self.flowing
        self.flowing = frozenset(k for k, r in self.tracks.items() if now - r.last_packet < SILENT_AFTER)
        return self.flowing != before

    def over(self, now: float) -> bool:
        """Whether nothing is to be expected of this connection any more."""
        last = max((r.last_packet for r in self.tracks.values()), default=0.0)
        patience = GONE_AFTER if last else CONNECT_WITHIN
        return self.connection.connectionState in ("failed", "closed") or now - max(last, self.since) > patience


class Cameras:
    """All encoders of a node; `changed` is called with a camera's id when what it sends began or stopped."""

    def __init__(self, changed: Callable[[str], None] = lambda camera_id: None) -> None:
        self._cameras: dict[str, Camera] = {}
        self._changed = changed

    async def offer(self, camera_id: str, sdp: str) -> tuple[str, str]:
        """Connect an encoder: its session's id and the answer.  Raises OfferUnusable, NoPort."""
        camera, answer = await _accept(camera_id, sdp)
        old = self._cameras.get(camera_id)
        self._cameras[camera_id] = camera
        if old is not None:
            await old.connection.close()
        log.info("encoder accepted", camera=camera_id, tracks=sorted(kind.value for kind in camera.tracks))
        return camera.session, answer

    async def trickle(self, camera_id: str, session: str, candidates: Sequence[Candidate]) -> None:
        """Try these addresses of an encoder, too; raises NotFound."""
        camera = self._cameras.get(camera_id)
        if camera is None or session != camera.session:
            raise NotFound
        for candidate in candidates:
            await add_candidate(camera.connection, candidate)

    async def end(self, camera_id: str, session: str | None) -> None:
        """End a session, whichever it is where none is named; raises NotFound."""
        camera = self._cameras.get(camera_id)
        if camera is None or session not in (None, camera.session):
            raise NotFound
        del self._cameras[camera_id]
        await camera.connection.close()
        self._changed(camera_id)
        log.info("encoder ended", camera=camera_id)

    def tracks(self, camera_id: str | None) -> Tracks:
        """What this camera sends at present."""
        camera = self._cameras.get(camera_id or "")
        return {kind: camera.tracks[kind] for kind in camera.flowing} if camera else {}

    def states(self) -> tuple[CameraState, ...]:
        """How each camera is doing."""
        return tuple(CameraState(camera_id=c.camera_id, sends=tuple(sorted(c.flowing))) for c in self._cameras.values())

    async def tick(self, now: float) -> None:
        """Called about four times a second by the node."""
        for camera in list(self._cameras.values()):
            if camera.over(now):
                await self.end(camera.camera_id, camera.session)
            elif camera.look(now):
                self._changed(camera.camera_id)
        _connected.set(sum(bool(c.flowing) for c in self._cameras.values()))

    async def close(self) -> None:
        """End all; may be called again."""
        cameras, self._cameras = list(self._cameras.values()), {}
        await asyncio.gather(*(c.connection.close() for c in cameras), return_exceptions=True)


async def _accept(camera_id: str, sdp: str) -> tuple[Camera, str]:
    kinds = [kind for kind, _ in sections(sdp)]
    if not kinds or len(set(kinds)) < len(kinds) or not set(kinds) <= {"audio", "video"}:
        raise OfferUnusable
    connection = ForwardingConnection()
    modeless = _modeless(sdp)
    try:
        await connection.setRemoteDescription(RTCSessionDescription(_with_mode(sdp, modeless), "offer"))
        tracks: Tracks = {}
        for transceiver in connection.getTransceivers():
            transceiver.direction = "recvonly"
            tracks[TrackKind(transceiver.kind)] = transceiver.receiver  # type: ignore[assignment]
        await connection.setLocalDescription(_passive(sdp, await connection.createAnswer()))
    except NoPort:
        await connection.close()
        raise
    except Exception as error:
        # aiortc's parser answers strange SDP with every kind of exception.
        log.info("encoder's offer not usable", error=type(error).__name__)
        await connection.close()
        raise OfferUnusable from error
    camera = Camera(camera_id, secrets.token_urlsafe(16), connection, tracks, time.monotonic())
    return camera, _without_mode(connection.localDescription.sdp, modeless)


def _modeless(sdp: str) -> list[str]:
    """Payload types of H.264 that name no packetization mode, which is mode 0 (RFC 6184 section 8.1).

    GStreamer makes such an offer where its encoder has not begun yet.  What mode 0 sends, mode 1 allows, too, so it is
    received as mode 1, the only one that aiortc knows; the answer has to name the offer's own.
    """
    named = re.findall(r"(?m)^a=fmtp:(\d+) .*packetization-mode=", sdp)
    return [number for number in re.findall(r"(?mi)^a=rtpmap:(\d+) H264/90000", sdp) if number not in named]


def _with_mode(sdp: str, numbers: Sequence[str]) -> str:
    for number in numbers:
        sdp, found = re.subn(rf"(?m)^a=fmtp:{number} ", rf"a=fmtp:{number} packetization-mode=1;", sdp)
        if not found:
            sdp = re.sub(rf"(?m)^(a=rtpmap:{number} \S+)", rf"\1\r\na=fmtp:{number} packetization-mode=1", sdp)
    return sdp


def _without_mode(sdp: str, numbers: Sequence[str]) -> str:
    for number in numbers:
        sdp = re.sub(rf"(?m)^(a=fmtp:{number} .*?)packetization-mode=1;?", r"\1", sdp)
    return sdp


def _passive(offer: str, answer: RTCSessionDescription) -> RTCSessionDescription:
    """Let the encoder open DTLS, as RFC 9725 recommends: GStreamer 1.22 cannot do it the other way round."""
    if "a=setup:actpass" not in offer:
        return answer
    return RTCSessionDescription(answer.sdp.replace("a=setup:active", "a=setup:passive"), answer.type)
