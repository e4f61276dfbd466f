"""Pages that the person at the kiosk shows: kept encrypted until the office has them, then gone (server/protocol/papers.md).

Pages lie one by one while they may still be taken out or put in another order, under a key that is in memory only where the
computer has a place for it, and another one after each person.  Handed over they are a set, sealed for the office, which is sent at once, also while somebody
talks, and again and again until the office confirms the hash of every page.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import json
import secrets
import shutil
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from kiosk.office import Office, OfficeRefused
from kiosk.outbox import KEY_BYTES, NONCE_BYTES, OutboxFull, make_key, write_private
from server.protocol import sealed
from server.protocol.copies import PIECE_BYTES, PIECE_HASH_HEADER, CopyOffset
from server.protocol.papers import (
    LARGEST_PAGE,
    LARGEST_SET,
    MOST_PAGES,
    AnnouncePapers,
    ForgetPapers,
    KeepPaper,
    KeptPage,
    OrderPapers,
    PaperPage,
    PapersAre,
    PapersMessage,
    SendPapers,
)

log = structlog.get_logger(__name__)

LEFT_S = 2 * 3600.0
"""Pages that nobody handed over are deleted after so long without a touch, at the latest."""
SMALL = 240
"""Longer side of the small picture."""
ABOUT, SEALED = "about.json", "sealed"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
MOST_RESTARTS = 3
UNWANTED = ("papers_unwanted", "no_page", "foreign_reception")
"""Refusals that do not change: the set is deleted."""
AGAIN = ("wrong_offset", "piece_damaged", "copy_damaged")


class NotKept(Exception):
    """A page or set that cannot be taken; `code` says why: `too_many`, `no_pages`, `unusable`, `full`, `no_office`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Papers:
    """Pages and sets on this computer's disk.  Not for several threads at once."""

    def __init__(self, folder: Path, key_file: Path, office_key: bytes | None, reserve: int) -> None:
        """`key_file`: of pages that were not handed over; `office_key`: whom to seal for (32 bytes), None: not known yet;
        `reserve`: bytes of the disk that stay free."""
        self.office_key = office_key
        self._loose, self._sets = folder / "loose", folder / "sets"
        self._key_file, self._reserve = key_file, reserve
        self._cipher = AESGCM(make_key(key_file))
        for one in (folder, self._loose, self._sets):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._arrived: Counter[str] = Counter()
        self._forget_left()

    def answer(self, asked: PapersMessage) -> PapersAre:
        """Do what the page asks; what was not handed over of another sitting is deleted first.  Raises NotKept."""
        if isinstance(asked, ForgetPapers):
            self._forget(except_of="")
            return PapersAre()
        self._forget(except_of=asked.reception_id)
        match asked:
            case KeepPaper():
                self._keep(asked)
            case OrderPapers():
                self._order(asked)
            case SendPapers():
                self._send(asked)
        return self._state(asked.reception_id)

    def _state(self, reception_id: str) -> PapersAre:
        pages = tuple(KeptPage(id=page, small=base64.b64encode(self._read(self._page(reception_id, page, ".small"))).decode()) for page in self._ids(reception_id))
        waiting = sum(len(one.pages) for one in self.waiting() if one.reception_id == reception_id)
        return PapersAre(pages=pages, waiting=waiting, arrived=self._arrived[reception_id])

    # --- single pages ---

    def _page(self, reception_id: str, page: str, end: str = "") -> Path:
        return self._loose / reception_id / (page + end)

    def _ids(self, reception_id: str) -> list[str]:
        try:
            return list(json.loads((self._loose / reception_id / ABOUT).read_bytes()))
        except (OSError, ValueError):
            return []

    def _keep(self, asked: KeepPaper) -> None:
        known = self._ids(asked.reception_id)
        if len(known) >= MOST_PAGES:
            raise NotKept("too_many")
        page = _jpeg(asked.jpeg)
        if sum(self._page(asked.reception_id, one).stat().st_size for one in known) + len(page) > LARGEST_SET:
            raise NotKept("too_many")
        name = secrets.token_hex(8)
        self._write(self._page(asked.reception_id, name), page)
        self._write(self._page(asked.reception_id, name, ".small"), _small(page))
        self._keep_order(asked.reception_id, [*known, name])

    def _order(self, asked: OrderPapers) -> None:
        known = self._ids(asked.reception_id)
        wanted = [page for page in dict.fromkeys(asked.pages) if page in known]
        self._keep_order(asked.reception_id, wanted)
        for page in set(known) - set(wanted):
            self._delete_page(asked.reception_id, page)

    def _keep_order(self, reception_id: str, pages: list[str]) -> None:
        self._write_plain(self._loose / reception_id / ABOUT, json.dumps(pages).encode())

    def _delete_page(self, reception_id: str, page: str) -> None:
        for end in ("", ".small"):
            self._page(reception_id, page, end).unlink(missing_ok=True)

    def _forget(self, *, except_of: str) -> None:
        self._delete([folder for folder in self._loose.iterdir() if folder.name != except_of])

    def _forget_left(self) -> None:
        left = [folder for folder in self._loose.iterdir() if time.time() - folder.stat().st_mtime > LEFT_S or not self._opens(folder.name)]
        self._delete(left)

    def _delete(self, folders: list[Path]) -> None:
        """Their key goes with the last of them: whatever a disk still holds of what was deleted, nobody opens it."""
        for folder in folders:
            shutil.rmtree(folder)
        if folders and not any(self._loose.iterdir()):
            self._change_key()

    def _change_key(self) -> None:
        key = secrets.token_bytes(KEY_BYTES)
        try:
            write_private(self._key_file, key)
        except OSError as error:
            log.warning("pages keep the key that they had", kind=type(error).__name__)
            return
        self._cipher = AESGCM(key)

    def _opens(self, reception_id: str) -> bool:
        """A key that was in memory only is gone with a power cut, and with it what it opened."""
        try:
            return all(self._read(self._page(reception_id, page, ".small")) for page in self._ids(reception_id))
        except NotKept:
            return False

    # --- sets ---

    def _send(self, asked: SendPapers) -> None:
        """From now on one set.  It is written whole before the pages go: a power cut leaves one or the other."""
        if self.office_key is None:
            raise NotKept("no_office")
        ids = self._ids(asked.reception_id)
        if not ids:
            raise NotKept("no_pages")
        contents = [self._read(self._page(asked.reception_id, page)) for page in ids]
        name = f"m{hashlib.sha256(''.join(ids).encode()).hexdigest()[:24]}"  # the same pages are the same set
        about = AnnouncePapers(
            id=name,
            reception_id=asked.reception_id,
            pages=tuple(PaperPage(size=len(one), sha256=hashlib.sha256(one).hexdigest()) for one in contents),
            sent_at=datetime.now(UTC),
            position=asked.position,
        )
        sealer = sealed.Sealer(name, self.office_key)
        pieces = b"".join(sealer.piece(number, one) for number, one in enumerate(contents))
        self._write_plain(self._sets / name / SEALED, sealer.key_record + pieces)
        self._write_plain(self._sets / name / ABOUT, about.model_dump_json().encode())
        self._delete([self._loose / asked.reception_id])

    def waiting(self) -> list[AnnouncePapers]:
        """Sets that the office does not have, oldest first."""
        found = []
        for folder in self._sets.iterdir():
            with contextlib.suppress(OSError, ValidationError):  # a power cut while it was written: its pages are still there
                found.append(AnnouncePapers.model_validate_json((folder / ABOUT).read_bytes()))
        return sorted(found, key=lambda one: (one.sent_at, one.id))

    def content(self, papers_id: str) -> bytes:
        """What is sent: the pages of a set, sealed for the office, a piece each.  Raises NotKept where it cannot be read."""
        try:
            return (self._sets / papers_id / SEALED).read_bytes()
        except OSError as error:
            raise NotKept("unusable") from error

    def delete(self, about: AnnouncePapers, *, arrived: bool) -> None:
        """The office has it, or does not want it."""
        if arrived:
            self._arrived[about.reception_id] += len(about.pages)
        shutil.rmtree(self._sets / about.id, ignore_errors=True)

    # --- the disk ---

    def _write(self, path: Path, content: bytes) -> None:
        nonce = secrets.token_bytes(NONCE_BYTES)
        self._write_plain(path, nonce + self._cipher.encrypt(nonce, content, path.name.encode()))

    def _write_plain(self, path: Path, content: bytes) -> None:
        try:
            if shutil.disk_usage(self._sets).free < self._reserve + len(content):
                raise OutboxFull
            write_private(path, content)
        except (OSError, OutboxFull) as error:
            raise NotKept("full") from error

    def _read(self, path: Path) -> bytes:
        try:
            content = path.read_bytes()
            return self._cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], path.name.encode())
        except (OSError, InvalidTag, ValueError) as error:
            raise NotKept("unusable") from error


def _jpeg(coded: str) -> bytes:
    """Raises NotKept."""
    try:
        page = base64.b64decode(coded, validate=True)
    except binascii.Error:
        raise NotKept("unusable") from None
    if not page.startswith(b"\xff\xd8\xff") or len(page) > LARGEST_PAGE:
        raise NotKept("unusable")
    return page


def _small(page: bytes) -> bytes:
    picture = cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_REDUCED_COLOR_2)
    if picture is None:
        raise NotKept("unusable")
    scale = SMALL / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes())


class PapersSender:
    """Sends sets as soon as they are handed over; what does not get through stays and is tried again."""

    def __init__(self, office: Office, papers: Papers, lock: asyncio.Lock) -> None:
        """`lock`: held by whoever works on `papers`."""
        self._office, self._papers, self._lock = office, papers, lock
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something was handed over: look now."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        pause = FIRST_PAUSE_S
        while True:
            done = await self.work()
            pause = FIRST_PAUSE_S if done else min(pause * 2, LONGEST_PAUSE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LONGEST_PAUSE_S if done else pause)
            self._changed.clear()

    async def work(self) -> bool:
        """Send what waits; whether nothing waits any more."""
        async with self._lock:
            waiting = await asyncio.to_thread(self._papers.waiting)
        for about in waiting:
            try:
                await self.send(about)
            except (ConnectionError, OSError) as error:
                log.warning("papers cannot be sent now", kind=type(error).__name__)
                return False
            except (OfficeRefused, NotKept) as refused:
                log.warning("the office does not take papers", papers=about.id, code=refused.code)
                if refused.code in UNWANTED:
                    await self._delete(about, arrived=False)
        async with self._lock:
            return not await asyncio.to_thread(self._papers.waiting)

    async def send(self, about: AnnouncePapers) -> None:
        """Send one set and delete it once the office has confirmed every page."""
        for _ in range(MOST_RESTARTS):
            try:
                if await self._send_once(about):
                    await self._delete(about, arrived=True)
                    return
            except OfficeRefused as refused:
                if refused.code not in AGAIN:
                    raise

    async def _send_once(self, about: AnnouncePapers) -> bool:
        path = f"/api/agent/papers/{about.id}"
        place = await self._office.get_as(CopyOffset, "POST", "/api/agent/papers", about)
        async with self._lock:
            content = await asyncio.to_thread(self._papers.content, about.id) if not place.stored else b""
        while not place.stored and place.received < len(content):
            piece = content[place.received : place.received + PIECE_BYTES]
            headers = {PIECE_HASH_HEADER: hashlib.sha256(piece).hexdigest()}
            place = await self._office.put(CopyOffset, "PATCH", f"{path}?offset={place.received}", piece, headers)
        if not place.stored:
            place = await self._office.get_as(CopyOffset, "POST", f"{path}/finish")
        return place.stored

    async def _delete(self, about: AnnouncePapers, *, arrived: bool) -> None:
        async with self._lock:
            await asyncio.to_thread(self._papers.delete, about, arrived=arrived)
        log.info("papers sent" if arrived else "papers not wanted", papers=about.id)
