"""The control endpoint: the web program's requests, and the journals it follows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from server import clock
from server.errors import JietanError
from server.media.hub import Hub
from server.media.journal import Cursor
from server.media.turn import ice_servers
from server.protocol.media_control import (
    CameraAnswer,
    CameraEnd,
    CameraOffer,
    CameraTrickle,
    Closed,
    CloseRoom,
    ControlRequest,
    ExpectWords,
    Follow,
    JournalEntry,
    Kick,
    Reply,
    SetLanguage,
    Status,
    control_request,
)
from server.protocol.recording import JOURNAL_NAME
from server.protocol.signalling import CloseCode

log = structlog.get_logger(__name__)
MAX_WAITING = 64
AGAIN_AFTER = 5.0
"""Seconds until a journal that could not be read is tried again."""


class Follower:
    """Sends journal entries strictly by seq: what is announced is read from the file, from where it left off."""

    def __init__(self, hub: Hub, socket: ServerConnection) -> None:
        self._hub, self._socket = hub, socket
        self._cursors: dict[str, Cursor] = {}
        self._pending: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._following = False

    def follow(self, after: dict[str, int]) -> None:
        """Start, or start again, from these entries."""
        self._cursors = {reception_id: Cursor(seq) for reception_id, seq in after.items()}
        self._pending = dict.fromkeys(after)
        self._following = True
        self._wake.set()

    def announced(self, reception_id: str, seq: int) -> None:
        """An entry is on the disk."""
        if self._following:
            self._cursors.setdefault(reception_id, Cursor(seq - 1))
            self._pending[reception_id] = None
            self._wake.set()

    async def run(self) -> None:
        """Send what is announced; ends with the socket."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                reception_id = next(iter(self._pending))
                del self._pending[reception_id]
                await self._try(reception_id)

    async def _try(self, reception_id: str) -> None:
        """One journal that cannot be read must not keep the others from the office."""
        try:
            await self._send(reception_id)
        except (OSError, ValueError):
            log.exception("journal not read", reception=reception_id)
            asyncio.get_running_loop().call_later(AGAIN_AFTER, self._again, reception_id)

    def _again(self, reception_id: str) -> None:
        self._pending[reception_id] = None
        self._wake.set()

    async def _send(self, reception_id: str) -> None:
        cursor = self._cursors.get(reception_id)
        if cursor is None:
            return
        path = self._hub.folder(reception_id) / JOURNAL_NAME
        for entry in await asyncio.to_thread(cursor.advance, path, self._hub.synced(reception_id)):
            await self._socket.send(JournalEntry(entry=entry).model_dump_json())
            if isinstance(entry.fact, Closed):
                self._cursors.pop(reception_id, None)


class Control:
    """One connection of the web program."""

    def __init__(self, hub: Hub, socket: ServerConnection) -> None:
        self._hub, self._socket = hub, socket
        self._follower = Follower(hub, socket)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the connection until it closes."""
        following = asyncio.ensure_future(self._follower.run())
        self._hub.listeners.add(self._follower.announced)
        try:
            async for text in self._socket:
                self._start(control_request.validate_json(text))
        except ConnectionClosed:
            pass
        except ValidationError:
            await self._socket.close(CloseCode.PROTOCOL, "malformed")
        finally:
            self._hub.listeners.discard(self._follower.announced)
            following.cancel()
            await asyncio.gather(following, *self._tasks, return_exceptions=True)

    def _start(self, request: ControlRequest) -> None:
        """Each request runs by itself: closing a room must not hold up the others."""
        if len(self._tasks) >= MAX_WAITING:
            log.warning("too many requests at once")
            return
        task = asyncio.ensure_future(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: ControlRequest) -> None:
        try:
            result = await _HANDLERS[type(request)](self, request)
            reply = Reply(id=request.id, ok=True, result=result)
        except JietanError as error:
            reply = Reply(id=request.id, ok=False, error=error.code)
        except Exception:
            log.exception("control request failed", request=request.type)
            reply = Reply(id=request.id, ok=False, error="failed")
        try:
            await self._socket.send(reply.model_dump_json())
        except ConnectionClosed:
            log.info("control connection gone before its reply")

    async def _follow(self, request: Follow) -> dict[str, Any]:
        for reception_id in request.after:
            await self._resume(reception_id)
        self._follower.follow(request.after)
        return {}

    async def _resume(self, reception_id: str) -> None:
        """One folder that cannot be read must not keep the others from being followed."""
        try:
            await self._hub.resume(reception_id)
        except (OSError, ValueError):
            log.exception("reception not resumed", reception=reception_id)

    async def _close_room(self, request: CloseRoom) -> dict[str, Any]:
        manifest = await self._hub.close_room(request.reception_id, request.reason)
        return manifest.model_dump(mode="json")

    async def _set_language(self, request: SetLanguage) -> dict[str, Any]:
        self._hub.set_language(request.reception_id, request.participant_id, request.language)
        return {}

    async def _expect_words(self, request: ExpectWords) -> dict[str, Any]:
        self._hub.expect_words(request.reception_id, request.words)
        return {}

    async def _kick(self, request: Kick) -> dict[str, Any]:
        await self._hub.kick(request.reception_id, request.participant_id)
        return {}

    async def _status(self, request: Status) -> dict[str, Any]:
        return self._hub.status().model_dump(mode="json")


    async def _camera_offer(self, request: CameraOffer) -> dict[str, Any]:
        session, sdp = await self._hub.cameras.offer(request.camera_id, request.sdp)
        servers = ice_servers(self._hub.settings, request.camera_id, clock.now())
        return CameraAnswer(session=session, sdp=sdp, ice_servers=servers).model_dump(mode="json")

    async def _camera_trickle(self, request: CameraTrickle) -> dict[str, Any]:
        await self._hub.cameras.trickle(request.camera_id, request.session, request.candidates)
        return {}

    async def _camera_end(self, request: CameraEnd) -> dict[str, Any]:
        await self._hub.cameras.end(request.camera_id, request.session)
        return {}


_HANDLERS: dict[type, Callable[[Control, Any], Awaitable[dict[str, Any]]]] = {
    Follow: Control._follow,
    CloseRoom: Control._close_room,
    SetLanguage: Control._set_language,
    ExpectWords: Control._expect_words,
    Kick: Control._kick,
    Status: Control._status,
    CameraOffer: Control._camera_offer,
    CameraTrickle: Control._camera_trickle,
    CameraEnd: Control._camera_end,
}
