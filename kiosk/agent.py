"""`jietan kiosk agent`: keeps the kiosk page's own copy of every talk and every sitting alone, and sends them to the office;
has the fingerprint pad.

Listens on 127.0.0.1 for the page of the configured office (server/protocol/copies.md).
"""

import asyncio
import base64
import contextlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import structlog
from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from kiosk.alarm import Alarm
from kiosk.checking import Checks, Unusable
from kiosk.devices.all import WORDS as DEVICE_WORDS
from kiosk.devices.all import Devices, Refusal
from kiosk.fingerprint import CommandPad, FingerprintPad, NoPrint
from kiosk.health import Doing
from kiosk.holding import Holding, LastSitting
from kiosk.memory import give_back_what_is_freed
from kiosk.numbers import next_number
from kiosk.office import Office
from kiosk.outbox import KeptCopy, NoOfficeKey, Outbox, OutboxFull, WrongOrder, write_private
from kiosk.papers import NotKept, Papers, PapersSender
from kiosk.recogniser import NoRecogniser, understand
from kiosk.settings import KioskSettings
from kiosk.uploader import Uploader
from server.protocol import alone
from server.protocol.base import Message
from server.protocol.checks import Check, DiskAsked, Listen, Look, LoopAsked, PageIs, Photographed
from server.protocol.copies import (
    LARGEST_CHUNK,
    AgentKey,
    End,
    EnrolAgent,
    Kept,
    Open,
    OpenAlone,
    PadAsked,
    PadIs,
    Press,
    Print,
    Refused,
    ToldOffice,
    Understand,
    Understood,
    page_message,
)
from server.protocol.devices import DeviceMessage, Held, Hold, InHand, KeepSitting
from server.protocol.papers import PapersMessage

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
NUMBER_BYTES = 4
QUIET_S = 60.0
"""A page that lost its connection comes back within so long, or its copy is over."""
MB = 1_000_000
LEAST_ROOM = 40 * MB
"""A sitting alone is not begun with less: about an hour of sound, or five minutes with pictures."""
WORDS = DEVICE_WORDS | {
    "secret_wrong": "这个页面不是这台接谈机的。",
    "bad_message": "备份程序看不懂页面发来的内容。",
    "over": "这一份备份已经结束了。",
    "wrong_order": "备份的次序不对，请重新开始这一份。",
    "no_pad": "这台机器没有接手印板。",
    "no_print": "没有按上手印，请擦干手指，再按一次，按住不动。",
    "pad_busy": "手印板正在用，请等一等再按。",
    "too_many": "一次最多给领导看这么多张，请先把拍好的给领导，再接着拍。",
    "no_pages": "还没有拍下材料。",
    "no_office": "备份程序还没有连上过办公室，暂时不能留备份。",
    "no_recogniser": "这台机器上没有装识别程序。",
    "unusable": "页面发来的画面或者声音没法看、没法听。",
    "full": "接谈机的硬盘满了，这次谈话不留备份了。谈话和办公室的录音不受影响。",
    "full_alone": "这台机器存满了，后面的话存不下了；前面说的都存好了。",
    "no_room": "这台机器存满了，现在不能自己登记。请按“叫工作人员”，一样能办。",
}


class AgentNotEnrolled(Exception):
    """This program has no key yet."""

    message = "备份程序还没有登记，请用 --code 给出管理页面上的一次性接入码。"


async def enrol(settings: KioskSettings, code: str) -> str:
    """Exchange a one-time code for this program's key; returns the kiosk's name.

    Raises OfficeRefused, ConnectionError.
    """
    async with Office(settings.server) as office:
        key = await office.get_as(AgentKey, "POST", "/api/agent/enrol", EnrolAgent(code=code))
    keep_key(settings, key)
    return key.kiosk


def keep_key(settings: KioskSettings, key: AgentKey) -> None:
    """Be this kiosk from now on, with a new secret for its page.  Raises OSError."""
    write_private(settings.agent_key_file, f"{key.token}\n{secrets.token_urlsafe(32)}\n".encode())
    enrolled = Enrolled(kiosk=key.kiosk, screens_key=key.screens_key)
    write_private(settings.enrolled_file, enrolled.model_dump_json().encode())
    write_private(settings.office_file, key.office.model_dump_json().encode())


def read_key(settings: KioskSettings) -> tuple[str, str]:
    """This program's key, and the secret that the kiosk's page shows; raises AgentNotEnrolled."""
    try:
        token, secret = settings.agent_key_file.read_text().split()
    except (OSError, ValueError):
        raise AgentNotEnrolled from None
    return token, secret


class Enrolled(Message):
    """What enrolling told; enrolled.json."""

    kiosk: str = ""
    screens_key: str = ""
    """Hexadecimal; pinned: screens signed by anybody else are not shown."""


def read_enrolled(settings: KioskSettings) -> Enrolled:
    """Nothing of a program that was enrolled before screens were signed: it has to be enrolled again to show any."""
    with contextlib.suppress(OSError, ValidationError):
        return Enrolled.model_validate_json(settings.enrolled_file.read_bytes())
    return Enrolled()


def read_office(settings: KioskSettings) -> ToldOffice | None:
    """What is known of the office; None: nothing yet."""
    try:
        return ToldOffice.model_validate_json(settings.office_file.read_bytes())
    except (OSError, ValidationError):
        return None


def origin_of(url: str) -> str:
    """The origin that a browser names for pages of this address (RFC 6454: no default port)."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


class _NotTaken(Exception):
    """What a page sent is refused; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Agent:
    """The program: pages come in, copies go out."""

    def __init__(self, settings: KioskSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Raises AgentNotEnrolled, outbox.OutboxInUse."""
        self._settings = settings
        self.token, self.secret = read_key(settings)
        self._told_office = read_office(settings)
        self.outbox = Outbox(
            settings.data_dir / "outbox",
            bytes.fromhex(self._told_office.key) if self._told_office else None,
            limit=settings.copies_max_mb * MB,
            reserve=settings.disk_reserve_mb * MB,
        )
        self.office = Office(settings.server, transport, key=self.token)
        self.papers = Papers(
            settings.data_dir / "papers", settings.papers_key_file, self.outbox.office_key, settings.disk_reserve_mb * MB
        )
        self._papers_lock = asyncio.Lock()
        self.papers_sender = PapersSender(self.office, self.papers, self._papers_lock)
        self.checks = Checks(settings.data_dir, settings.disk_reserve_mb * MB)
        self.doing = Doing(settings.data_dir, self.checks)
        self.uploader = Uploader(self.office, self.outbox, self.secret, self.is_open, self.doing, self._take_office)
        command = settings.fingerprint_command
        self.pad: FingerprintPad | None = CommandPad(command, settings.fingerprint_name) if command else None
        self.alarm = Alarm(self.office)
        self.devices = Devices(settings, self.alarm.press)
        self.doing.devices = lambda: self.devices.seen
        self._holding = Holding()
        self._last_sitting = LastSitting(settings.data_dir / "sitting.json")
        self.screens_port = settings.screens_port
        self._pressing = asyncio.Lock()
        self._checking = asyncio.Lock()
        self._connected: dict[str, ServerConnection] = {}
        now = time.monotonic()
        self._left = {copy.id: now for copy in self.outbox.copies() if not copy.about.ended}

    def is_open(self, copy_id: str) -> bool:
        """Whether a page records it now, or lost its connection a moment ago."""
        left = self._left.get(copy_id)
        return copy_id in self._connected or (left is not None and time.monotonic() - left < QUIET_S)

    def _take_office(self, told: ToldOffice) -> None:
        """What the office says of itself: what is begun from now on is sealed for it.  Raises OSError."""
        if told != self._told_office:
            write_private(self._settings.office_file, told.model_dump_json().encode())
            self._told_office = told
            self.outbox.office_key = self.papers.office_key = bytes.fromhex(told.key)

    async def run(self) -> None:
        """Until cancelled."""
        with contextlib.closing(self.outbox):
            async with self.listening() as port, self.office:
                log.info("keeping copies", port=port, held=len(self.outbox.copies()))
                await self.sending()

    async def sending(self) -> None:
        """What waits goes to the office, until cancelled."""
        give_back_what_is_freed()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.uploader.run())
            tasks.create_task(self.papers_sender.run())
            tasks.create_task(self.devices.run())
            tasks.create_task(self.alarm.run())

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """The local door is open; gives its port."""
        async with serve(
            self._page,
            HOST,
            self._settings.agent_port,
            origins=[Origin(origin_of(self._settings.server)), Origin(f"http://{HOST}:{self.screens_port}")],
            max_size=LARGEST_CHUNK + NUMBER_BYTES,
            max_queue=4,
            compression=None,
        ) as server:
            yield int(next(iter(server.sockets)).getsockname()[1])

    async def _page(self, socket: ServerConnection) -> None:
        copy: KeptCopy | None = None
        try:
            copy = await self._opened(socket)
            if copy is not None:
                await self._take_chunks(socket, copy)
        except ConnectionClosed:
            pass  # the page went; it may come back
        finally:
            self._leave(socket, copy)

    async def _opened(self, socket: ServerConnection) -> KeptCopy | None:
        """The copy that the page's first message opens; None: it was refused, or about the fingerprint pad."""
        try:
            asked = _read(await socket.recv())
            if isinstance(asked, PadAsked | Press):
                await self._about_pad(socket, asked)
                return None
            if isinstance(asked, InHand):
                await self._about_what_is_in_hand(socket, asked)
                return None
            if isinstance(asked, PageIs):
                await self._page_asks(socket, asked)
                return None
            if isinstance(asked, Look | Listen | LoopAsked | Photographed | DiskAsked):
                await self._check_device(socket, asked)
                return None
            if isinstance(asked, DeviceMessage):
                await self._about_device(socket, asked)
                return None
            if isinstance(asked, PapersMessage):
                await self._about_papers(socket, asked)
                return None
            if isinstance(asked, Understand):
                await self._understand(socket, asked)
                return None
            copy = await self._find(asked)
        except _NotTaken as refused:
            await _refuse(socket, refused.code)
            return None
        before = self._connected.get(copy.id)
        self._connected[copy.id] = socket
        if before is not None:
            # The page has given it up, and may have left in it what nobody will read: a close would wait for that.
            before.transport.abort()
        self.uploader.changed()
        await _send(socket, self._kept(copy))
        return copy

    def _kept(self, copy: KeptCopy) -> Kept:
        if copy.about.kind == "talk":
            return Kept(next=copy.next)
        return Kept(next=copy.next, number=copy.about.number, room=max(0, self.outbox.room))

    async def _find(self, asked: Message | None) -> KeptCopy:
        """Raises _NotTaken."""
        if not isinstance(asked, Open | OpenAlone):
            raise _NotTaken("bad_message")
        self._check(asked.secret)
        try:
            open_it = self._open_alone if isinstance(asked, OpenAlone) else self.outbox.open
            copy = await asyncio.to_thread(open_it, asked)  # type: ignore[arg-type]
        except OutboxFull:
            self.uploader.changed()
            raise _NotTaken("full" if isinstance(asked, Open) else "no_room") from None
        except NoOfficeKey:
            self.uploader.changed()
            raise _NotTaken("no_office") from None
        if copy.about.ended:
            raise _NotTaken("over")
        return copy

    def _open_alone(self, asked: OpenAlone) -> KeptCopy:
        """Raises OutboxFull where a sitting could not come to its end, NoOfficeKey."""
        known = self.outbox.get(asked.sitting_id)
        if known is not None:
            return known
        if self._told_office is None:
            raise NoOfficeKey
        self.outbox.check_room(LEAST_ROOM)
        try:
            number = next_number(self._settings.data_dir / "alone-number.json", self._told_office.kiosk_id)
        except OSError as error:
            raise OutboxFull from error
        return self.outbox.open_alone(asked, number)

    async def _understand(self, socket: ServerConnection, asked: Understand) -> None:
        """What is said in a sound, where a recogniser is installed here; nothing of it is kept.  Raises _NotTaken."""
        self._check(asked.secret)
        try:
            words = await understand(self._settings.recogniser_url, self._settings.recogniser_key, asked.sound)
        except NoRecogniser:
            raise _NotTaken("no_recogniser") from None
        await _send(socket, Understood(words=words))

    def _check(self, secret: str) -> None:
        if not hmac.compare_digest(secret.encode(), self.secret.encode()):
            raise _NotTaken("secret_wrong")

    async def _about_pad(self, socket: ServerConnection, asked: PadAsked | Press) -> None:
        """Whether there is one, or a finger on it; the picture is not kept here.  Raises _NotTaken."""
        self._check(asked.secret)
        if self.pad is None:
            raise _NotTaken("no_pad")
        if isinstance(asked, PadAsked):
            await _send(socket, PadIs(device=self.pad.name))
            return
        if self._pressing.locked():
            raise _NotTaken("pad_busy")
        async with self._pressing:
            try:
                picture = await self.pad.press()
            except NoPrint:
                raise _NotTaken("no_print") from None
        await _send(socket, Print(image=base64.b64encode(picture).decode(), device=self.pad.name))

    async def _about_what_is_in_hand(self, socket: ServerConnection, asked: InHand) -> None:
        """Raises _NotTaken."""
        self._check(asked.secret)
        if isinstance(asked, Hold):
            await _send(socket, Held(text=self._holding.hold(asked.text)))
            return
        if isinstance(asked, KeepSitting):
            await asyncio.to_thread(self._last_sitting.keep, asked.sitting)
        await _send(socket, await asyncio.to_thread(self._last_sitting.told))

    async def _check_device(self, socket: ServerConnection, asked: Check) -> None:
        """Look at a picture or listen to a sound, one at a time and beside everything else.  Raises _NotTaken."""
        self._check(asked.secret)
        async with self._checking:
            try:
                answer = await asyncio.to_thread(self.checks.answer, asked)
            except Unusable:
                raise _NotTaken("unusable") from None
        await _send(socket, answer)

    async def _about_device(self, socket: ServerConnection, asked: DeviceMessage) -> None:
        """Raises _NotTaken."""
        self._check(asked.secret)
        try:
            answer = await self.devices.answer(asked)
        except Refusal as refused:
            raise _NotTaken(refused.code) from None
        await _send(socket, answer)

    async def _about_papers(self, socket: ServerConnection, asked: PapersMessage) -> None:
        """Pages to be kept, put in order, handed over or forgotten.  Raises _NotTaken."""
        self._check(asked.secret)
        async with self._papers_lock:
            try:
                answer = await asyncio.to_thread(self.papers.answer, asked)
            except NotKept as refused:
                raise _NotTaken(refused.code) from None
        self.papers_sender.changed()
        await _send(socket, answer)

    async def _page_asks(self, socket: ServerConnection, asked: PageIs) -> None:
        """Raises _NotTaken."""
        self._check(asked.secret)
        await _send(socket, self.doing.page_asks(asked))
        if asked.restarted:
            self.uploader.changed()

    async def _take_chunks(self, socket: ServerConnection, copy: KeptCopy) -> None:
        async for message in socket:
            if isinstance(message, str):
                if isinstance(_read(message), End):
                    await asyncio.to_thread(copy.end)
                    await _send(socket, self._kept(copy))
                    return
                await _refuse(socket, "bad_message")
                return
            if not await self._take_chunk(socket, copy, message):
                return

    async def _take_chunk(self, socket: ServerConnection, copy: KeptCopy, message: bytes) -> bool:
        number = int.from_bytes(message[:NUMBER_BYTES])
        data = message[NUMBER_BYTES:]
        try:
            await asyncio.to_thread(copy.add, number, data, last=_may_take_last_room(copy, data))
        except OutboxFull:
            if copy.about.kind == "alone":
                self.uploader.changed()
                await _send(socket, Refused(code="full", message=WORDS["full_alone"]))
                return True  # the page says what is missing, and ends the sitting
            await _refuse(socket, "full")
            return False
        except WrongOrder:
            await _refuse(socket, "wrong_order")
            return False
        await _send(socket, self._kept(copy))
        return True

    def _leave(self, socket: ServerConnection, copy: KeptCopy | None) -> None:
        if copy is None or self._connected.get(copy.id) is not socket:
            return
        del self._connected[copy.id]
        now = time.monotonic()
        self._left = {name: left for name, left in self._left.items() if now - left < QUIET_S and name != copy.id}
        if not copy.about.ended:
            self._left[copy.id] = now
        self.uploader.changed()


def _may_take_last_room(copy: KeptCopy, data: bytes) -> bool:
    """Words may, sound and photographs may not.

    What is no piece that this program knows, e.g. of screens that are newer, is kept like any other: the office looks at it
    again and says what it cannot read.  Refused, it would be sent for ever, and what follows it would never be kept.
    """
    if copy.about.kind == "talk":
        return False
    try:
        message, _ = alone.unpack(data)
    except alone.NoPiece:
        log.warning("a piece is not understood", copy=copy.id)
        return False
    return not isinstance(message, alone.CARRIES_BYTES)


def _read(message: str | bytes) -> Message | None:
    """A page's message; None for one that is none."""
    with contextlib.suppress(ValidationError):
        return page_message.validate_json(message)
    return None


async def _send(socket: ServerConnection, message: Message) -> None:
    await socket.send(message.model_dump_json())


async def _refuse(socket: ServerConnection, code: str) -> None:
    log.warning("page refused", code=code)
    await _send(socket, Refused(code=code, message=WORDS[code]))

