"""A native client's seat in a room: signalling (server/protocol/signalling.md) and one aiortc peer connection.

A connection that breaks is made anew under the same seat, with the resume token of the last one or, where that
is no longer good, with a fresh ticket from the office (aiortc has no ICE restart, aiortc #1367).
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidStateError
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, WebSocketException

from kiosk.publisher import drain
from kiosk.turn import ice_server, usable
from server.protocol.base import Message, TrackKind
from server.protocol.kiosks import JoinTicket
from server.protocol.signalling import (
    SLOTS,
    Alive,
    Answer,
    Candidate,
    Ended,
    HangUp,
    Hold,
    Join,
    Joined,
    Leave,
    Mark,
    Mute,
    NodeMessage,
    Offer,
    Room,
    Share,
    ShareEnded,
    ShareSource,
    Trouble,
    node_message,
)

log = structlog.get_logger()
M = TypeVar("M", bound=Message)

FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 2.0
OPEN_S = 4.0
"""How long a socket may take to open: who waits longer on a line that was cut does better to ask again."""
SILENT_S = 6.0
"""The node speaks at least every `signalling.ALIVE_EVERY`; one that is silent for so long is not there."""
ANSWER_S = 15.0
"""How long a node may take to answer an offer."""
FAREWELL_S = 0.5
"""A node that ends the reception closes the media too: its last word may come a moment later."""
EVENTS_KEPT = 1000


class _Broken(Exception):
    """This connection is of no more use; another one may be."""


@dataclass(frozen=True)
class Event:
    """A message from the node and when it came (seconds since 1970)."""

    at: float
    message: NodeMessage


Ticket = Callable[[], Awaitable[JoinTicket]]
Tracks = Callable[[], tuple[MediaStreamTrack | None, MediaStreamTrack | None]]
"""Makes a microphone and a camera track for a new connection; None: not sent."""
Paper = Callable[[], MediaStreamTrack]
"""Makes a track of a document or a screen for a new connection."""


class Seat:
    """One participant.  `run` keeps the seat until the reception ends; `events` tells what happens meanwhile."""

    def __init__(self, ticket: Ticket, tracks: Tracks, *, watch: bool = False) -> None:
        """`watch`: also receive (and decode) the others' pictures; sound is always received."""
        self._ticket = ticket
        self._tracks = tracks
        self._watch = watch
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(EVENTS_KEPT)
        self._socket: ClientConnection | None = None
        self._address = ""
        self._resume = ""
        self._over = False
        self._joined = asyncio.Event()
        self._line: _Line | None = None
        self._shared: tuple[ShareSource, Paper] | None = None
        self.participant_id = ""
        self.room: Room | None = None
        self.joins = 0
        self.dropped_events = 0
        self.received: dict[str, int] = {}

    @property
    def over(self) -> bool:
        """The reception ended, or the seat was given up: there is no coming back."""
        return self._over

    async def run(self) -> None:
        """Sit until the reception ends, coming back after every break.  Raises SeatRefused."""
        pause = FIRST_PAUSE_S
        try:
            while not self._over:
                joins = self.joins
                await self._sit_once()
                pause = FIRST_PAUSE_S if self.joins > joins else min(pause * 2, LONGEST_PAUSE_S)
                if not self._over:
                    await asyncio.sleep(pause)
        finally:
            self._over = True
            self._joined.set()
            self._put(None)

    async def events(self) -> AsyncIterator[Event]:
        """Everything the node says, in order, until the seat is over."""
        while (event := await self._events.get()) is not None:
            yield event

    async def hang_up(self) -> None:
        """End the reception for everyone, as soon as the line is there; does nothing once it is over."""
        while not self._over and not await self._send(HangUp()):
            self._joined.clear()
            await self._joined.wait()

    async def leave(self) -> bool:
        """Give the seat up; the others stay."""
        self._over = True
        return await self._send(Leave())

    async def mark(self, note: str = "") -> bool:
        """Remember this moment."""
        return await self._send(Mark(note=note))

    async def mute(self, kind: TrackKind, muted: bool) -> bool:
        """Tell the others that a track is switched off or on; the caller silences the track itself."""
        return await self._send(Mute(kind=kind, muted=muted))

    async def share(self, source: ShareSource, paper: Paper) -> bool:
        """Show everybody a document or a screen until `unshare`, over all connections."""
        self._shared = (source, paper)
        return await self._share_again()

    async def unshare(self) -> bool:
        """Show it no more."""
        self._stop_sharing()
        return await self._send(Share(source=None))

    async def hold(self, participant_id: str, *, held: bool) -> bool:
        """Put somebody on hold or take them back (needs the right to end the reception)."""
        return await self._send(Hold(participant_id=participant_id, held=held))

    async def _share_again(self) -> bool:
        if self._line is None or self._shared is None:
            return False
        source, paper = self._shared
        self._line.show(paper())
        return await self._send(Share(source=source))

    def _stop_sharing(self) -> None:
        self._shared = None
        if self._line is not None:
            self._line.show(None)

    async def close(self) -> None:
        """Go away without a word, as when the power fails; `run` returns."""
        self._over = True
        await self.drop()

    async def drop(self) -> None:
        """Break the connection; `run` makes a new one."""
        if self._socket is not None:
            await self._socket.close()

    async def _sit_once(self) -> None:
        try:
            token = await self._token()
            async with connect(self._address, max_size=2**20, open_timeout=OPEN_S, ping_interval=10) as socket:
                await self._talk(socket, token)
        except (OSError, TimeoutError, WebSocketException, _Broken) as error:
            if not self._over:
                log.info("seat_broken", cause=type(error).__name__)
        finally:
            self._socket = None
            self._joined.clear()

    async def _token(self) -> str:
        """The node's token for coming back; it is good until a join with it went out."""
        if self._resume:
            return self._resume
        ticket = await self._ticket()
        self._address = ticket.signalling_url
        self.participant_id = ticket.participant_id
        return ticket.token

    async def _talk(self, socket: ClientConnection, token: str) -> None:
        self._socket = socket
        self._resume = ""
        await self._send(Join(token=token))
        joined = await self._expect(socket, Joined)
        self._resume = joined.resume
        self._joined.set()
        servers = await usable([ice_server(server) for server in joined.ice_servers])
        async with _Line(servers, self._tracks(), self._watch, self.received) as line:
            await self._send(Offer(sdp=await line.offer()))
            answer = await self._expect(socket, Answer)
            await line.answered(answer.sdp)
            await self._send(Candidate(candidate=None))
            self.joins += 1
            self._line = line
            try:
                await self._share_again()
                await self._read_while(socket, line)
            finally:
                self._line = None

    async def _read_while(self, socket: ClientConnection, line: "_Line") -> None:
        """Pass messages on until the socket or the media breaks."""
        reading = asyncio.create_task(self._read(socket))
        failing = asyncio.create_task(line.failed.wait())
        try:
            await asyncio.wait({reading, failing}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({reading}, timeout=FAREWELL_S)
            if reading.done():
                reading.result()
        finally:
            for task in (reading, failing):
                task.cancel()
            await asyncio.gather(reading, failing, return_exceptions=True)

    async def _read(self, socket: ClientConnection) -> None:
        """Until the socket closes; raises TimeoutError when the node, which is never silent for long, is."""
        with contextlib.suppress(ConnectionClosedOK):
            while True:
                self._took(await asyncio.wait_for(socket.recv(), SILENT_S))

    async def _expect(self, socket: ClientConnection, kind: type[M]) -> M:
        async with asyncio.timeout(ANSWER_S):
            async for text in socket:
                message = self._took(text)
                if isinstance(message, Trouble):
                    raise _Broken
                if isinstance(message, kind):
                    return message
        raise _Broken

    def _took(self, text: str | bytes) -> NodeMessage | None:
        try:
            message = node_message.validate_json(text)
        except ValidationError:
            log.warning("message_not_understood", size=len(text))
            return None
        if isinstance(message, Alive):
            return None
        self._note(message)
        self._put(Event(time.time(), message))
        return message

    def _note(self, message: NodeMessage) -> None:
        if isinstance(message, Room):
            self.room = message
        elif isinstance(message, Ended):
            self._over = True
        elif isinstance(message, ShareEnded):
            self._stop_sharing()
        elif isinstance(message, Trouble) and message.fatal:
            self._resume = ""
            raise _Broken

    def _put(self, event: Event | None) -> None:
        if self._events.full():
            self._events.get_nowait()
            self.dropped_events += 1
        self._events.put_nowait(event)

    async def _send(self, message: Message) -> bool:
        if self._socket is None:
            return False
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(message.model_dump_json())
            return True
        return False


class _Line:
    """One peer connection with the contract's fixed sections; leaving the context closes it."""

    def __init__(
        self,
        servers: list[RTCIceServer],
        tracks: tuple[MediaStreamTrack | None, MediaStreamTrack | None],
        watch: bool,
        received: dict[str, int],
    ) -> None:
        self._connection = RTCPeerConnection(
            RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._received = received
        self._drains: set[asyncio.Task[None]] = set()
        self.failed = asyncio.Event()
        self._connection.on("connectionstatechange", self._state_changed)
        self._connection.on("track", self._drain)
        self._add_sections(*tracks, watch)

    def _add_sections(self, voice: MediaStreamTrack | None, picture: MediaStreamTrack | None, watch: bool) -> None:
        add = self._connection.addTransceiver
        add(voice or "audio", direction="sendonly" if voice else "inactive")
        _restrict(add(picture or "video", direction="sendonly" if picture else "inactive"))
        document = add("video", direction="sendonly" if voice or picture else "inactive")
        self._document = document.sender
        _restrict(document)
        for _ in range(SLOTS):
            add("audio", direction="recvonly")
            _restrict(add("video", direction="recvonly" if watch else "inactive"), *SHOWN)
        _restrict(add("video", direction="recvonly" if watch else "inactive"), *SHOWN)

    def show(self, document: MediaStreamTrack | None) -> None:
        """Send this track in the document's section, or nothing."""
        # The track before is only let go of: one that is stopped while it is read ends the sender for good.
        self._document.replaceTrack(document)

    async def __aenter__(self) -> "_Line":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()
        for task in self._drains:
            task.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)

    async def offer(self) -> str:
        """The offer's SDP with all candidates in it."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        # aiortc guesses how much it can receive far too low: the node shall not go by it.
        return re.sub(r"a=rtcp-fb:\d+ goog-remb\r\n", "", self._connection.localDescription.sdp)

    async def answered(self, sdp: str) -> None:
        """Take the node's answer; an unusable one breaks the line."""
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        except (ValueError, InvalidStateError) as error:
            raise _Broken from error

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self.failed.set()

    def _drain(self, track: MediaStreamTrack) -> None:
        task = asyncio.create_task(drain(track, self._received))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)


SHOWN = ("video/VP8", "video/H264")
"""What can be shown here: encoders in an interview room send H.264."""


def _restrict(transceiver: RTCRtpTransceiver, *wanted: str) -> None:
    """Agree on these codecs only; on VP8, what is sent from here, if none is named."""
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([c for c in codecs if c.mimeType in (*(wanted or SHOWN[:1]), "video/rtx")])
