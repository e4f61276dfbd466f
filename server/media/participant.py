"""A participant's seat: its socket, its peer connection, its tracks up and the slots down."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog
from aiortc import RTCRtpTransceiver, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from server.errors import JietanError
from server.media import rtp
from server.media.addresses import NoPort
from server.media.aiortc_internals import DOCUMENT, ForwardingConnection, ForwardingReceiver, ForwardingSender
from server.protocol.base import Message, TrackKind
from server.protocol.signalling import (
    ALIVE_EVERY,
    SLOTS,
    Alive,
    Candidate,
    CloseCode,
    Seat,
    SeatClaims,
    Shown,
)

log = structlog.get_logger(__name__)
OUTBOX = 256
MAX_CANDIDATES = 64
SLOW_CLIENT = 4408
TRAILING = 3.0
"""Seconds after which nothing comes any more of a picture that was given up, and none counts as flowing."""


class Input(Protocol):
    """What takes a connection's packets: recording and recognition."""

    def __call__(self, packet: rtp.Packet) -> None: ...

    def tick(self, now: float) -> None: ...

    def flush(self) -> None: ...


class OfferUnusable(JietanError):
    code = "offer_unusable"
    message = "这台设备的音视频接不上。请换用新版的 Chrome、Edge 或 Firefox 浏览器再试。"


class Outbox:
    """What one socket is still to be sent; a client that does not keep up is closed and comes back."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[str | tuple[int, str]] = asyncio.Queue(OUTBOX)
        self._closing = False
        self._last = time.monotonic()
        self._task = asyncio.ensure_future(self._run())

    def send(self, message: Message) -> None:
        """Queue a message."""
        self.send_text(message.model_dump_json())

    def send_text(self, text: str) -> None:
        """Queue a message that is written already, for many."""
        if self._closing:
            return
        self._last = time.monotonic()
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            log.warning("client too slow")
            self._queue = asyncio.Queue(OUTBOX)
            self._task.cancel()
            self._closing = True
            self._task = asyncio.ensure_future(self._close(SLOW_CLIENT, "slow"))

    def tick(self, now: float) -> None:
        """Show that the socket is alive if nothing was sent for a while."""
        if now - self._last >= ALIVE_EVERY:
            self.send(Alive())

    def close(self, code: int, reason: str = "") -> None:
        """Close the socket after everything queued; later calls do nothing."""
        if not self._closing:
            self._closing = True
            try:
                self._queue.put_nowait((code, reason))
            except asyncio.QueueFull:
                self._task.cancel()
                self._task = asyncio.ensure_future(self._close(code, reason))

    async def _run(self) -> None:
        try:
            while True:
                item = await self._queue.get()
                if isinstance(item, tuple):
                    await self._close(*item)
                    return
                await self._socket.send(item)
        except ConnectionClosed:
            self._closing = True

    async def _close(self, code: int, reason: str) -> None:
        await self._socket.close(code, reason)

    async def done(self) -> None:
        """Wait until the writer has ended; the socket is closed or broken by then."""
        await asyncio.gather(self._task, return_exceptions=True)

    def stop(self) -> None:
        """The socket is gone: nothing more is sent."""
        self._closing = True
        self._task.cancel()


@dataclass
class Slot:
    """One pair of sections through which a client sees another participant."""

    audio: ForwardingSender
    video: ForwardingSender
    shows: str | None = None

    def show(self, participant_id: str | None, link: "MediaLink | None") -> None:
        """Point at a participant's tracks, or at nothing; without a link the slot is only kept for them."""
        self.shows = participant_id
        self.audio.attach(link.audio if link else None)
        self.video.attach(link.video if link else None)


@dataclass
class MediaLink:
    """One peer connection and what runs over it.

    `audio`, `video` and `document` are None where nothing may be sent; the document's section has no packets while
    nothing is shown.  `document_slot` is where a document of others is seen, None for a client without that section.
    """

    connection: ForwardingConnection
    audio: ForwardingReceiver | None
    video: ForwardingReceiver | None
    document: ForwardingReceiver | None
    slots: list[Slot]
    document_slot: ForwardingSender | None
    id: str = field(default_factory=partial(secrets.token_hex, 8))
    feeds: list[tuple[ForwardingReceiver, Input]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._own: dict[TrackKind, ForwardingReceiver | None] = {TrackKind.AUDIO: self.audio, TrackKind.VIDEO: self.video}

    @property
    def inputs(self) -> list[Input]:
        """What takes this participant's packets."""
        return [sink for _, sink in self.feeds]

    def track(self, kind: TrackKind) -> ForwardingReceiver | None:
        """The track that counts as this participant's voice or picture."""
        return self.audio if kind is TrackKind.AUDIO else self.video

    @property
    def unfed(self) -> tuple[TrackKind, ...]:
        """Voice or picture that nothing takes yet."""
        fed = [receiver for receiver, _ in self.feeds]
        return tuple(kind for kind in TrackKind if self.track(kind) is not None and self.track(kind) not in fed)

    @property
    def supplied(self) -> tuple[TrackKind, ...]:
        """What does not come over this connection but from an encoder in the same room."""
        return tuple(kind for kind, own in self._own.items() if self.track(kind) is not own)

    def may_send(self, kind: TrackKind) -> bool:
        """Whether this participant may send this at all."""
        return self._own.get(kind) is not None

    def supply(self, kind: TrackKind, track: ForwardingReceiver | None) -> None:
        """Let another connection's track stand for the own one; None: the own again.  The old one's inputs end."""
        self.stop_inputs(self.track(kind))
        chosen = track or self._own.get(kind)
        if kind is TrackKind.AUDIO:
            self.audio = chosen
        else:
            self.video = chosen
        for one in (self.audio, self.video):
            if one is not None:
                one.clock.on_our_clock = bool(self.supplied)

    @property
    def receivers(self) -> list[ForwardingReceiver]:
        """Everything that this participant may send."""
        return [r for r in (self.audio, self.video, self.document) if r is not None]

    @property
    def standing(self) -> bool:
        """Whether the connection is not given up: what comes over it, now or later, is taken."""
        return self.connection.connectionState not in ("failed", "closed")

    @property
    def alive(self) -> bool:
        """Whether media flows over this connection or, for who sends none, the connection stands."""
        sent = [own for kind, own in self._own.items() if own is not None and kind not in self.supplied]
        if not sent:
            return self.connection.connectionState == "connected"
        return any(r.flowing for r in (*sent, self.document) if r is not None)

    def feed(self, receiver: ForwardingReceiver, sink: Input) -> None:
        """Let an input take this receiver's packets."""
        receiver.sinks.append(sink)
        self.feeds.append((receiver, sink))

    def stop_inputs(self, *receivers: ForwardingReceiver | None) -> None:
        """End the inputs of these receivers (of all if none is named); what they hold is handed on first."""
        ended = [feed for feed in self.feeds if not receivers or feed[0] in receivers]
        self.feeds = [feed for feed in self.feeds if feed not in ended]
        for receiver, sink in ended:
            if sink in receiver.sinks:
                receiver.sinks.remove(sink)
            sink.flush()

    def withdraw(self) -> None:
        """This participant may send nothing any more; what still comes is for nobody."""
        self.stop_inputs()
        self.audio = self.video = self.document = None
        self._own = {}

    def silence(self) -> None:
        """Nothing that comes is taken any more, and nothing of the others is sent."""
        self.stop_inputs()
        for slot in self.slots:
            slot.show(None, None)
        self.show_document(None)

    def show_document(self, document: ForwardingReceiver | None) -> None:
        """Point the document's slot at what somebody shows, or at nothing."""
        if self.document_slot is not None:
            self.document_slot.attach(document)

    async def close(self) -> None:
        """Close the connection; may be called again."""
        self.silence()
        await self.connection.close()


async def add_candidate(connection: ForwardingConnection, message: Candidate) -> None:
    """Take a trickled candidate; one that makes no sense is passed over, others may do.

    "No more candidates" is not passed on: aioice would give up at once where every address is hidden
    (draft-ietf-mmusic-mdns-ice-candidates) or unreachable, while the client's own check shows the way in.
    """
    if message.candidate is None or not message.candidate.strip():
        return
    try:
        found = candidate_from_sdp(message.candidate.removeprefix("candidate:"))
        found.sdpMid, found.sdpMLineIndex = message.sdp_mid, message.sdp_m_line_index
        if not found.ip.endswith(".local"):
            await connection.addIceCandidate(found)
    except (ValueError, IndexError, AssertionError, AttributeError) as error:
        log.info("candidate passed over", error=type(error).__name__)


def sections(sdp: str) -> list[tuple[str, str]]:
    """Kind and direction of each section of an SDP."""
    found = []
    for part in re.split(r"(?m)^m=", sdp)[1:]:
        direction = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)\s*$", part)
        found.append((part.split(" ", 1)[0], direction.group(1) if direction else "sendrecv"))
    return found


PAIR = ["audio", "video"]


def check_offer(sdp: str, *, publishes: bool) -> bool:
    """Whether the offer has sections for documents; raises OfferUnusable unless its sections are microphone, camera,
    perhaps the own document, pairs for the others, and with an own document one for that of the others."""
    found = sections(sdp)
    kinds = [kind for kind, _ in found]
    document = ["video"] if kinds[2:3] == ["video"] else []
    pairs = (len(kinds) - len(PAIR) - 2 * len(document)) // 2
    if not 0 <= pairs <= SLOTS or kinds != PAIR + document + PAIR * pairs + document:
        raise OfferUnusable
    if publishes and found[0][1] not in ("sendonly", "sendrecv"):
        raise OfferUnusable
    return bool(document)


async def accept(claims: SeatClaims, sdp: str, prepare: Callable[[MediaLink], None]) -> tuple[MediaLink, str]:
    """Answer an offer; `prepare` is called before the answer is made.  Raises OfferUnusable, NoPort."""
    documents = check_offer(sdp, publishes=claims.may_publish)
    connection = ForwardingConnection()
    try:
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        link = _link(connection, claims, documents=documents)
        prepare(link)
        await connection.setLocalDescription(await connection.createAnswer())
    except NoPort:
        await connection.close()
        raise
    except Exception as error:
        # aiortc's parser answers strange SDP with every kind of exception.
        log.info("offer not usable", error=type(error).__name__)
        await connection.close()
        raise OfferUnusable from error
    return link, connection.localDescription.sdp


def _link(connection: ForwardingConnection, claims: SeatClaims, *, documents: bool) -> MediaLink:
    transceivers = connection.getTransceivers()
    pictures = claims.may_publish and claims.video
    audio = _receiver(transceivers[0], allowed=claims.may_publish)
    video = _receiver(transceivers[1], allowed=pictures)
    if not documents:
        return MediaLink(connection, audio, video, None, _slots(connection, transceivers[2:]), None)
    document = _receiver(transceivers[2], allowed=pictures)
    connection.group(transceivers[-1:], DOCUMENT)
    shown: ForwardingSender = transceivers[-1].sender  # type: ignore[assignment]
    return MediaLink(connection, audio, video, document, _slots(connection, transceivers[3:-1]), shown)


def _slots(connection: ForwardingConnection, transceivers: list[RTCRtpTransceiver]) -> list[Slot]:
    slots = []
    for number, at in enumerate(range(0, len(transceivers), 2)):
        pair = transceivers[at : at + 2]
        connection.group(pair, f"slot{number}")
        slots.append(Slot(pair[0].sender, pair[1].sender))  # type: ignore[arg-type]
    return slots


def _receiver(transceiver: RTCRtpTransceiver, *, allowed: bool) -> ForwardingReceiver | None:
    """The section's receiver; where this participant may not send, the section is answered inactive."""
    if not allowed:
        transceiver.direction = "inactive"
        return None
    return transceiver.receiver  # type: ignore[return-value]


class Participant:
    """A seat in the room; it outlives its sockets and peer connections."""

    def __init__(self, claims: SeatClaims, outbox: Outbox) -> None:
        self.claims = claims
        self.outbox: Outbox | None = outbox
        self.link: MediaLink | None = None
        self.lost: set[TrackKind] = set()
        """Devices that were pulled out or failed."""
        self.audio_muted = False
        self.video_muted = False
        self.held = False
        self.sound_alone_at: float | None = None
        """Since when it sends no picture, because its line has no room for one; None: it does."""
        self.last_alive = time.monotonic()
        self.ends_at = float("inf")
        """Monotonic time at which the seat itself ends."""
        self.shown_connected = False
        self._pictures: tuple[Shown, ...] = ()

    @property
    def id(self) -> str:
        return self.claims.participant_id

    def muted(self, kind: TrackKind) -> bool:
        """Whether this participant switched this track off."""
        return self.audio_muted if kind is TrackKind.AUDIO else self.video_muted

    def send(self, message: Message) -> None:
        """To this participant's socket, if there is one."""
        if self.outbox is not None:
            self.outbox.send(message)

    def call_back(self, claims: SeatClaims, outbox: Outbox, seconds: float) -> "Participant":
        """The same client on a new socket, its media undisturbed."""
        if self.outbox is not None:
            self.outbox.close(CloseCode.REPLACED, "replaced")
        self.outbox, self.claims = outbox, claims
        self.last_alive = time.monotonic()
        self.ends_at = self.last_alive + seconds
        return self

    def holds(self, line: str) -> bool:
        """Whether this is the seat's media line, and it stands."""
        return self.link is not None and self.link.id == line and self.link.standing

    def arrange(self, others: list["Participant"], sharer: "Participant | None") -> None:
        """Let each slot show one of the others, who has a slot keeps it, and the document's slot what is shared."""
        if self.link is None:
            return
        wanted = {p.id: p for p in others if p.claims.may_publish}
        for slot in self.link.slots:
            if slot.shows is not None:
                self._point(slot, wanted.pop(slot.shows, None))
        free = (slot for slot in self.link.slots if slot.shows is None)
        for slot, participant in zip(free, wanted.values(), strict=False):
            self._point(slot, participant)
        shared = sharer.link if sharer and sharer is not self and not self.held else None
        self.link.show_document(shared.document if shared else None)

    def _point(self, slot: Slot, shown: "Participant | None") -> None:
        """Who is on hold sees nobody and is seen by nobody, and keeps the slot."""
        apart = self.held or shown is None or shown.held
        slot.show(shown.id if shown else None, None if apart or shown is None else shown.link)

    def slot_of(self, participant_id: str) -> int | None:
        """Number of the slot that shows this participant."""
        slots = self.link.slots if self.link else []
        return next((n for n, slot in enumerate(slots) if slot.shows == participant_id), None)

    def seat_for(self, viewer: "Participant") -> Seat:
        """This seat as the viewer should show it."""
        return Seat(
            participant_id=self.id,
            role=self.claims.role,
            name=self.claims.name,
            connected=self.shown_connected,
            audio_muted=self.audio_muted,
            video_muted=self.video_muted,
            lost=tuple(kind for kind in TrackKind if kind in self.lost),
            held=self.held,
            supplied=self.link.supplied if self.link else (),
            picture=self._picture_for(viewer),
            small_sound=viewer is self and self._starves_somebody,
            slot=None if viewer is self else viewer.slot_of(self.id),
        )

    @property
    def _starves_somebody(self) -> bool:
        """Whether there is somebody whose line has no room for this participant's picture."""
        return self.link is not None and self.link.video is not None and self.link.video.starves

    def _picture_for(self, viewer: "Participant") -> Shown:
        if self.sound_alone_at is not None and not self.video_muted:
            return Shown.STOPPED
        slot = None if viewer is self else viewer.slot_of(self.id)
        return Shown.FULL if slot is None or viewer.link is None else viewer.link.slots[slot].video.shown

    def sends_sound_only(self, since: float | None) -> None:
        """It sends no picture for want of room since this moment; None: it does again."""
        self.sound_alone_at = since
        if self.link is not None:
            self.link.connection.sound_only = since is not None

    def picture_came_back(self, now: float) -> bool:
        """Take it from the picture itself that it is sent again: the word about it may be late on a line that was bad."""
        since, link = self.sound_alone_at, self.link
        back = since is not None and now - since > TRAILING and link is not None and link.video is not None and link.video.flowing
        if back:
            self.sends_sound_only(None)
        return back

    def pictures_changed(self) -> bool:
        """Whether more or less of a picture is shown to this participant than at the last call."""
        before, self._pictures = self._pictures, tuple(s.video.shown for s in self.link.slots) if self.link else ()
        return before != self._pictures
