"""Sends copies to the office, piece by piece, and tells how many wait (server/protocol/copies.md)."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from kiosk.health import Doing
from kiosk.office import Office, OfficeRefused
from kiosk.outbox import KeptCopy, Outbox
from server.protocol.alone import FinishSitting
from server.protocol.copies import (
    MOST_HELD,
    PIECE_BYTES,
    PIECE_HASH_HEADER,
    AgentReport,
    CopyOffset,
    FinishCopy,
    HeldCopy,
    ReportAnswer,
    ToldOffice,
)

log = structlog.get_logger(__name__)

REPORT_EVERY_S = 20.0
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
MOST_RESTARTS = 3
"""So often a copy is begun again in one go before the others get their turn."""
WRONG_OFFSET, COPY_DAMAGED, PIECE_DAMAGED = "wrong_offset", "copy_damaged", "piece_damaged"


class Uploader:
    """Works through the outbox; what does not get through stays there and is tried again."""

    def __init__(
        self, office: Office, outbox: Outbox, secret: str, is_open: Callable[[str], bool], doing: Doing,
        told: Callable[[ToldOffice], None],
    ) -> None:  # fmt: skip
        """`is_open`: whether a copy may still grow; while any does, somebody talks and nothing is sent; `told`: takes
        what the office says of itself."""
        self._told = told
        self._doing = doing
        self._office = office
        self._outbox = outbox
        self._secret = secret
        self._is_open = is_open
        self.reported: Callable[[ReportAnswer | OfficeRefused | ConnectionError], None] = lambda _: None
        """Is told how every report went."""
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """A copy was begun or ended: look now."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                await self.work()
                pause, wait = FIRST_PAUSE_S, REPORT_EVERY_S
            except (ConnectionError, OfficeRefused, OSError) as error:
                log.warning("the office cannot be told of copies", kind=getattr(error, "code", type(error).__name__))
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE_S)
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                continue

    async def work(self) -> None:
        """Report, delete what nobody needs, send what is whole.  Raises ConnectionError, OfficeRefused."""
        await self._report()
        sent = [await self._send_or_pass(copy) for copy in self._ready()]
        if any(sent):
            await self._report()

    async def _report(self) -> None:
        try:
            answer = await self._office.get_as(ReportAnswer, "POST", "/api/agent/report", self._state())
        except (OfficeRefused, ConnectionError) as error:
            self.reported(error)
            raise
        self.reported(answer)
        self._doing.ordered(answer.restart)
        self._doing.events.sent(answer.events_to)
        await asyncio.to_thread(self._told, answer.office)
        for copy_id in answer.unwanted:
            if not self._is_open(copy_id):
                await asyncio.to_thread(self._outbox.delete, copy_id)

    def _state(self) -> AgentReport:
        copies = self._outbox.copies()
        return AgentReport(
            secret=self._secret,
            held=tuple(HeldCopy(id=copy.id, bytes=copy.size, reception_id=copy.about.reception_id) for copy in copies[:MOST_HELD]),
            oldest=copies[0].about.begun_at if copies else None,
            full=self._outbox.full,
            health=self._doing.told(),
            log=self._doing.events.name,
            events=self._doing.events.unsent(),
        )

    def _ready(self) -> list[KeptCopy]:
        copies = self._outbox.copies()
        return [] if any(self._is_open(copy.id) for copy in copies) else copies

    async def _send_or_pass(self, copy: KeptCopy) -> bool:
        """Whether the copy is gone; one that the office does not take, or this disk does not give, stays, and the others get
        their turn."""
        try:
            await self.send(copy)
        except ConnectionError:
            raise
        except OSError as error:
            log.error("a copy cannot be read", copy=copy.id, kind=type(error).__name__)
            return False
        except OfficeRefused as refused:
            if refused.status in (401, 507):
                raise
            log.warning("the office does not take a copy", copy=copy.id, code=refused.code)
            return False
        return True

    async def send(self, copy: KeptCopy) -> None:
        """Send one copy and delete it once the office has all of it; gives way when a talk begins."""
        if copy.size == 0:
            await asyncio.to_thread(self._outbox.delete, copy.id)
            return
        await asyncio.to_thread(copy.end)  # from here on it does not grow
        for _ in range(MOST_RESTARTS):
            if not await self._send_pieces(copy) or await self._finish(copy):
                return

    async def _send_pieces(self, copy: KeptCopy) -> bool:
        """Whether all of it is there."""
        path = _path(copy)
        place = await self._office.get_as(CopyOffset, "GET", path)
        while not place.stored and place.received < copy.size:
            if not self._ready():
                return False
            piece = await asyncio.to_thread(copy.read, place.received, PIECE_BYTES)
            headers = {PIECE_HASH_HEADER: hashlib.sha256(piece).hexdigest()}
            try:
                place = await self._office.put(CopyOffset, "PATCH", f"{path}?offset={place.received}", piece, headers)
            except OfficeRefused as refused:
                if refused.code not in (WRONG_OFFSET, PIECE_DAMAGED):
                    raise
                place = await self._office.get_as(CopyOffset, "GET", path)
        return True

    async def _finish(self, copy: KeptCopy) -> bool:
        """Whether the office confirmed the hash of the whole; False: it begins again."""
        told = _finish(copy, await asyncio.to_thread(copy.sha256))
        try:
            answer = await self._office.get_as(CopyOffset, "POST", f"{_path(copy)}/finish", told)
        except OfficeRefused as refused:
            if refused.code not in (WRONG_OFFSET, COPY_DAMAGED):
                raise
            return False
        if answer.stored:
            await asyncio.to_thread(self._outbox.delete, copy.id)
            log.info("copy sent", copy=copy.id)
        return answer.stored


def _path(copy: KeptCopy) -> str:
    return f"/api/agent/{'sittings' if copy.about.kind == 'alone' else 'copies'}/{copy.id}"


def _finish(copy: KeptCopy, sha256: str) -> FinishCopy | FinishSitting:
    about = copy.about
    if about.kind == "alone":
        now = datetime.now(UTC)
        return FinishSitting(size=copy.size, sha256=sha256, begun_at=about.begun_at, now=now, number=about.number)
    return FinishCopy(size=copy.size, sha256=sha256, begun_at=about.begun_at, position=about.position)
