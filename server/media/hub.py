"""All rooms of a node: opened when somebody asks for them, closed when the office says so."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from prometheus_client import Counter, Gauge

from server import clock, signing_key
from server.durable import make_folder
from server.errors import NotFound
from server.media import aiortc_internals, compiled, history
from server.media.cameras import Cameras
from server.media.disk import Space
from server.media.lecture import Lecture
from server.media.room import Room
from server.media.tools import Tools
from server.media.transcribers import Access, Transcribers
from server.media.writer import Writer
from server.protocol.media_control import NodeStatus
from server.protocol.recording import JOURNAL_NAME, Manifest
from server.protocol.signalling import LECTURE
from server.settings import Settings

log = structlog.get_logger(__name__)
TICK = 0.25
DISK_EVERY = 5.0
_rooms = Gauge("jietan_media_rooms", "Rooms held by this node")
_seats = Gauge("jietan_media_participants", "Participants seated")
_packets = Gauge("jietan_media_packets_received", "Media packets received from those seated now")
_codecs = Gauge("jietan_media_video_codecs_created", "Video encoders and decoders made since start (must stay 0)")
_compiled = Gauge("jietan_media_compiled", "Whether the packet path runs compiled (make compile)")
_faults = Counter("jietan_media_room_faults_total", "Room ticks that failed")

EntryListener = Callable[[str, int], None]


def transcriber_accesses(settings: Settings) -> list[Access]:
    """Where live recognition is."""
    key = settings.key("transcriber")
    return [Access(f"ws{base.removeprefix('http')}/live", key) for base in settings.transcriber_bases]


class Hub:
    """Owns the rooms, the writer thread and the clock tick."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started_at = clock.now()
        self.listeners: set[EntryListener] = set()
        self.rooms: dict[str, Room] = {}
        self._root = settings.recordings_dir
        make_folder(self._root)
        self._writer = Writer()
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="media-closer")
        self._space = Space(
            self._root, settings.disk_reserve_mb * 1_000_000, settings.disk_warn_minutes, lambda: self._writer.written
        )  # fmt: skip
        self.cameras = Cameras(self._camera_changed)
        self._locks: dict[str, asyncio.Lock] = {}
        self._transcribers = Transcribers(transcriber_accesses(settings))
        self._transcribers.start()
        self.tools = Tools(
            self._writer, self._closer, self._transcribers, signing_key.load(settings),
            settings.segment_seconds, self._on_entry, self._space, self.cameras,
            empty_seconds=settings.empty_room_minutes * 60, viewers_left=self._viewers_left,
        )  # fmt: skip
        self._ticker = asyncio.ensure_future(self._tick())
        self._closed = False

    def _on_entry(self, reception_id: str, seq: int) -> None:
        for listener in tuple(self.listeners):
            listener(reception_id, seq)

    def _camera_changed(self, camera_id: str) -> None:
        for room in self.rooms.values():
            room.camera_changed(camera_id)

    def _viewers_left(self) -> int:
        there = sum(room.viewers for room in self.rooms.values() if isinstance(room, Lecture))
        return self.settings.lecture_viewers - there

    def folder(self, reception_id: str) -> Path:
        """The recording folder of a reception (its id is safe as a path component)."""
        return self._root / reception_id

    def known(self, reception_id: str) -> bool:
        """Whether the reception has a journal on this node."""
        return (self.folder(reception_id) / JOURNAL_NAME).exists()

    def synced(self, reception_id: str) -> int | None:
        """The last entry of a reception's journal that is on the disk; None if nothing writes to it any more."""
        room = self.rooms.get(reception_id)
        return None if room is None else room.synced

    # -- rooms -------------------------------------------------------------------------------------------------

    async def room(self, reception_id: str) -> Room:
        """The room, opened (and its folder mended) if this process does not hold it yet."""
        async with self._locks.setdefault(reception_id, asyncio.Lock()):
            found = self.rooms.get(reception_id)
            if found is None:
                found = await self._open(reception_id)
            return found

    async def _open(self, reception_id: str) -> Room:
        folder = self.folder(reception_id)
        await asyncio.to_thread(make_folder, folder)
        past, repaired = await asyncio.to_thread(history.load, folder)
        kind = Lecture if reception_id.startswith(LECTURE) else Room
        room = kind(reception_id, folder, self.tools, past)
        if past.closed is None:
            room.begin(repaired)
            self.rooms[reception_id] = room
        return room

    async def resume(self, reception_id: str) -> None:
        """Take over a reception that an earlier process left open; nothing otherwise."""
        if reception_id not in self.rooms and self.known(reception_id):
            await self.room(reception_id)

    async def close_room(self, reception_id: str, reason: str) -> Manifest:
        """End and complete a reception; raises NotFound if the node never had it."""
        if reception_id not in self.rooms and not self.known(reception_id):
            raise NotFound
        room = await self.room(reception_id)
        manifest = await room.close(reason)
        self.rooms.pop(reception_id, None)
        self._locks.pop(reception_id, None)
        return manifest

    def set_language(self, reception_id: str, participant_id: str, language: str) -> None:
        """What is spoken on a seat from now on; raises NotFound."""
        room = self.rooms.get(reception_id)
        if room is None or not room.set_language(participant_id, language):
            raise NotFound

    def expect_words(self, reception_id: str, words: tuple[str, ...]) -> None:
        """What may be said in a reception; raises NotFound."""
        if reception_id not in self.rooms:
            raise NotFound
        self.rooms[reception_id].expect_words(words)

    async def kick(self, reception_id: str, participant_id: str) -> None:
        """Remove a participant; raises NotFound."""
        room = self.rooms.get(reception_id)
        if room is None or not await room.kick(participant_id):
            raise NotFound

    # -- state -------------------------------------------------------------------------------------------------

    def status(self) -> NodeStatus:
        """What the node says about itself."""
        return NodeStatus(
            node=f"{self.settings.media_host}:{self.settings.media_port_of(self.settings.media_node)}",
            started_at=self.started_at,
            rooms=tuple(self.rooms),
            participants=sum(len(room.participants) for room in self.rooms.values()),
            video_codecs_created=aiortc_internals.video_codecs_created(),
            disk_free_bytes=self._space.free,
            disk_minutes=self._space.minutes,
            disk_low=self._space.low,
            cameras=self.cameras.states(),
        )

    def measure(self) -> None:
        """Bring the metrics up to date."""
        status = self.status()
        _rooms.set(len(status.rooms))
        _seats.set(status.participants)
        _compiled.set(compiled.active())
        _codecs.set(status.video_codecs_created)
        links = [p.link for room in self.rooms.values() for p in room.participants.values() if p.link]
        _packets.set(sum(r.statistics.packets for link in links for r in link.receivers))

    async def _tick(self) -> None:
        disk_at = 0.0
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            if now >= disk_at:
                disk_at = now + DISK_EVERY
                await asyncio.to_thread(self._space.look, now)
            await self.cameras.tick(now)
            for room in list(self.rooms.values()):
                await self._tick_room(room, now)

    async def _tick_room(self, room: Room, now: float) -> None:
        try:
            await room.tick(now)
        except Exception:
            # One room's fault must not stop the clock of the others.
            _faults.inc()
            log.exception("room tick failed", reception=room.reception_id)

    async def close(self) -> None:
        """Stop: files closed cleanly, clients sent back to come again; may be called again."""
        if self._closed:
            return
        self._closed = True
        self._ticker.cancel()
        await asyncio.gather(*(room.suspend() for room in self.rooms.values()), return_exceptions=True)
        await self._transcribers.close()
        await self.cameras.close()
        await asyncio.gather(*self.tools.farewells, return_exceptions=True)
        await self._writer.close()
        self._closer.shutdown()
