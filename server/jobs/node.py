"""The office's end of a media node's control connection: follows its journals and asks it to close rooms.

One task keeps the connection up and reads it, another takes entries into the store in batches; both end with
`stop()`.  Whatever breaks, following starts again after the last entry that was taken in.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, StatementError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from server import clock
from server.errors import ODD, Unavailable
from server.protocol import media_control as control
from server.protocol.media_control import Entry, NodeStatus, Reply
from server.protocol.signalling import Candidate
from server.protocol.transcript import SeatLanguage
from server.reception.record import hotwords, ingest
from server.settings import Settings
from server.store import lectures, receptions
from server.store.engine import Store

log = structlog.get_logger()

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
QUEUE = 1000
BATCH = 200
LARGEST_MESSAGE = 16 << 20
NOT_THE_ENTRY = (ingest.JournalHole, OperationalError, InterfaceError)
"""What has nothing to do with what an entry says: the store is away, or one before it is missing."""
THE_ENTRY = (StatementError, *ODD)
"""What can come of what an entry says."""
AWAY = "录音录像的程序现在连不上，正在重连，内容都在，请过一会儿再试。"

connected_gauge = Gauge("jietan_media_connected", "Whether the control connection to the media node is up", ["node"])
entries_total = Counter("jietan_journal_entries_total", "Journal entries taken in")
refused_total = Counter("jietan_journal_refused_total", "Journal entries that the store did not take")
unreadable_total = Counter("jietan_journal_unreadable_total", "Messages of the media node that could not be read")


class NodeLink:
    """The control connection to one node; implements server.reception.office.MediaNode for its receptions."""

    def __init__(self, settings: Settings, store: Store, closing: Callable[[str], None], number: int = 0) -> None:
        """`closing` is called in a thread with each reception that has just been hung up."""
        self._settings = settings
        self._number = number
        self._store = store
        self._closing = closing
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        return self._socket is not None

    def start(self) -> None:
        """Begin to keep the connection up."""
        self._tasks.append(self._loop.create_task(self._keep_connected()))

    async def stop(self) -> None:
        """End all tasks and the connection; idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    # --- from any thread ---------------------------------------------------------------------------------

    def close_room(self, reception_id: str, *, timeout: float) -> Reply:
        return self._ask(lambda number: control.CloseRoom(id=number, reception_id=reception_id), timeout)

    def set_language(self, reception_id: str, participant_id: str, language: SeatLanguage, *, timeout: float) -> Reply:
        return self._ask(
            lambda number: control.SetLanguage(
                id=number, reception_id=reception_id, participant_id=participant_id, language=language
            ),
            timeout,
        )

    def kick(self, reception_id: str, participant_id: str, *, timeout: float) -> Reply:
        return self._ask(
            lambda number: control.Kick(id=number, reception_id=reception_id, participant_id=participant_id), timeout
        )

    def camera_offer(self, camera_id: str, sdp: str, *, timeout: float) -> Reply:
        return self._ask(lambda number: control.CameraOffer(id=number, camera_id=camera_id, sdp=sdp), timeout)

    def camera_trickle(
        self, camera_id: str, session: str, candidates: tuple[Candidate, ...], *, timeout: float
    ) -> Reply:
        return self._ask(
            lambda number: control.CameraTrickle(
                id=number, camera_id=camera_id, session=session, candidates=candidates
            ),
            timeout,
        )

    def camera_end(self, camera_id: str, session: str | None, *, timeout: float) -> Reply:
        return self._ask(lambda number: control.CameraEnd(id=number, camera_id=camera_id, session=session), timeout)

    def status(self, *, timeout: float) -> NodeStatus:
        reply = self._ask(lambda number: control.Status(id=number), timeout)
        try:
            return NodeStatus.model_validate(reply.result)
        except ValidationError:
            raise Unavailable(AWAY, code="media_away") from None

    def _ask(self, make: Callable[[int], control.ControlRequest], timeout: float) -> Reply:
        asked: Future[Reply] = asyncio.run_coroutine_threadsafe(self._request(make, timeout), self._loop)
        try:
            return asked.result(timeout + 1)
        except (TimeoutError, WebSocketException, OSError):
            asked.cancel()
            raise Unavailable(AWAY, code="media_away") from None

    # --- in the loop ---------------------------------------------------------------------------------------

    async def _request(self, make: Callable[[int], control.ControlRequest], timeout: float) -> Reply:
        if self._socket is None:
            raise Unavailable(AWAY, code="media_away")
        number = next(self._numbers)
        self._waiting[number] = self._loop.create_future()
        try:
            await self._socket.send(make(number).model_dump_json())
            return await asyncio.wait_for(self._waiting[number], timeout)
        finally:
            del self._waiting[number]

    async def _keep_connected(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                if await self._connect_once():
                    pause = FIRST_PAUSE_S
            except (OSError, TimeoutError, WebSocketException, ingest.JournalHole) as error:
                log.warning("media node lost", kind=type(error).__name__, again_in_s=pause)
            except Exception as error:
                log.error("media node: unexpected", kind=type(error).__name__, again_in_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _connect_once(self) -> bool:
        key = {"Authorization": f"Bearer {self._settings.key('control')}"}
        async with connect(
            self._settings.media_control_url(self._number),
            additional_headers=key,
            max_size=LARGEST_MESSAGE,
            open_timeout=5,
            proxy=None,
        ) as socket:
            queue: asyncio.Queue[Entry] = asyncio.Queue(QUEUE)
            self._set_socket(socket)
            try:
                async with asyncio.TaskGroup() as group:
                    taking = group.create_task(self._take_in_all(queue))
                    await self._follow(socket)
                    await self._read(socket, queue)
                    taking.cancel()
            except* ingest.JournalHole:
                log.warning("journal has a hole, following again")
            except* (OSError, WebSocketException) as group_error:
                log.warning("media node lost", kinds=[type(e).__name__ for e in group_error.exceptions])
            finally:
                self._set_socket(None)
        return True

    def _set_socket(self, socket: ClientConnection | None) -> None:
        self._socket = socket
        connected_gauge.labels(str(self._number)).set(socket is not None)
        if socket is None:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(Unavailable(AWAY, code="media_away"))

    async def _follow(self, socket: ClientConnection) -> None:
        after = await asyncio.to_thread(self._positions)
        await socket.send(control.Follow(id=next(self._numbers), after=after).model_dump_json())

    def _positions(self) -> dict[str, int]:
        with self._store.read() as session:
            which = (self._number, self._settings.media_nodes)
            return receptions.journal_positions(session, *which) | lectures.journal_positions(session, *which)

    async def _read(self, socket: ClientConnection, queue: asyncio.Queue[Entry]) -> None:
        async for text in socket:
            try:
                message = control.control_event.validate_json(text)
            except ValidationError:
                unreadable_total.inc()
                log.error("unreadable message of the media node", length=len(text))
                if (lost := _unread(text)) is not None:
                    await queue.put(lost)
                continue
            if isinstance(message, Reply):
                self._answered(message)
            else:
                await queue.put(message.entry)

    def _answered(self, reply: Reply) -> None:
        waiting = self._waiting.get(reply.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def _take_in_all(self, queue: asyncio.Queue[Entry]) -> None:
        while True:
            batch = [await queue.get()]
            while not queue.empty() and len(batch) < BATCH:
                batch.append(queue.get_nowait())
            await asyncio.to_thread(self._take_in, batch)
            seated = {entry.reception_id for entry in batch if isinstance(entry.fact, control.SeatTaken)}
            for reception_id in seated:
                await self._expect_words(reception_id)

    async def _expect_words(self, reception_id: str) -> None:
        """Tell the node what may be said; the answer matters to nobody."""
        words = await asyncio.to_thread(self._words_of, reception_id)
        if words and self._socket is not None:
            request = control.ExpectWords(id=next(self._numbers), reception_id=reception_id, words=words)
            await self._socket.send(request.model_dump_json())

    def _words_of(self, reception_id: str) -> tuple[str, ...]:
        with self._store.read() as session:
            return hotwords.of_reception(session, reception_id)

    def _take_in(self, batch: Sequence[Entry]) -> None:
        try:
            self._keep(batch)
        except NOT_THE_ENTRY:
            raise
        except THE_ENTRY as error:
            log.warning("a batch of the journal was refused, its entries are taken in one by one", kind=type(error).__name__)
            for entry in batch:
                self._keep_or_lose(entry)

    def _keep(self, batch: Sequence[Entry]) -> None:
        with self._store.write() as session:
            taken = [entry for entry in batch if ingest.take_in(session, entry)]
        entries_total.inc(len(taken))
        for entry in taken:
            if isinstance(entry.fact, control.HungUp):
                self._closing(entry.reception_id)

    def _keep_or_lose(self, entry: Entry) -> None:
        """An entry that the store does not take counts as a line that nobody can read: asked for again and again, it would keep
        back everything that its node ever tells after it."""
        try:
            self._keep([entry])
        except NOT_THE_ENTRY:
            raise
        except THE_ENTRY as error:
            refused_total.inc()
            where = {"reception": entry.reception_id, "seq": entry.seq, "fact": entry.fact.kind}
            log.error("journal entry cannot be kept", kind=type(error).__name__, **where)
            self._keep([_lost(entry.reception_id, entry.seq)])


def _lost(reception_id: str, seq: int) -> Entry:
    return Entry(reception_id=reception_id, seq=seq, at=clock.now(), fact=control.LineLost())


def _unread(text: str | bytes) -> Entry | None:
    """What stands for an entry that cannot be read, of a node that is newer than this program; None: it is no entry."""
    try:
        told = json.loads(text)["entry"]
        return _lost(told["reception_id"], told["seq"])
    except (ValueError, KeyError, TypeError):
        return None


def manifest_in(reply: Reply) -> dict[str, Any] | None:
    """The manifest in the answer to close_room, whether it is the result or a member of it."""
    found = reply.result.get("manifest", reply.result)
    return found if isinstance(found, dict) and "reception_id" in found else None
