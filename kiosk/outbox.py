"""What waits on the kiosk's own disk until the office has it: copies of talks, and sittings alone (server/protocol/copies.md).

Everything is sealed for the office (server/protocol/sealed.py): this program cannot read what it wrote, once the page's
run is over.  Every chunk is synced before it counts: a killed program or a power cut costs what was not written yet.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

import structlog
from pydantic import ValidationError

from server.protocol import sealed
from server.protocol.base import Identifier, Message, Moment, Seconds
from server.protocol.copies import LARGEST_CHUNK, Open, OpenAlone

log = structlog.get_logger(__name__)

KEY_BYTES = 32
NONCE_BYTES = 12
LAST_ROOM = 4_000_000
"""Beyond the limit for the few words that end a sitting: whoever filled the disk can still say what is missing, and sign."""


class OutboxFull(Exception):
    """There is no room for more."""


class OutboxInUse(Exception):
    """Another copy program works on this folder."""

    message = "备份程序已经在运行了。"


class NoOfficeKey(Exception):
    """The office has not told yet whom to seal for."""


class WrongOrder(Exception):
    """The chunk does not follow what is there."""


class About(Message):
    """What is known of a file without opening it: nothing of a person; copy.json."""

    copy_id: Identifier
    kind: Literal["talk", "alone"] = "talk"
    reception_id: Identifier | None = None
    """Of a talk; a sitting alone has none before it arrives."""
    participant_id: Identifier | None = None
    begun_at: Moment
    position: Seconds | None = None
    mime: str = ""
    number: str = ""
    """Of a sitting alone: what stands on its slip."""
    ended: bool = False


def make_key(path: Path) -> bytes:
    """This computer's own key for what it reads again itself, made at the first start, readable by its owner only."""
    if not path.exists():
        write_private(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Write a small file for our own user only, synced; it is there whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class Outbox:
    """All that this kiosk holds.  Not for several threads at once, except for different copies."""

    def __init__(self, folder: Path, office_key: bytes | None, *, limit: int, reserve: int) -> None:
        """`office_key`: whom to seal for (32 bytes), None: not known yet; `limit`: most bytes of all copies; `reserve`:
        bytes of the disk that stay free.  Raises OutboxInUse."""
        self.folder = folder
        self.office_key = office_key
        self.limit, self.reserve = limit, reserve
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self._copies = {copy.id: copy for copy in self._found()}

    def _found(self) -> Iterator["KeptCopy"]:
        for folder in sorted(self.folder.iterdir()):
            try:
                about = About.model_validate_json((folder / "copy.json").read_bytes())
                yield KeptCopy(self, folder, about)
            except (OSError, ValidationError):
                log.warning("folder in the outbox is no copy", folder=folder.name)

    def copies(self) -> list["KeptCopy"]:
        """Those that are held, oldest first."""
        return sorted(self._copies.values(), key=lambda copy: (copy.about.begun_at, copy.id))

    def get(self, copy_id: str) -> "KeptCopy | None":
        return self._copies.get(copy_id)

    def open(self, asked: Open) -> "KeptCopy":
        """The copy of this name, begun if it is not there; raises OutboxFull, NoOfficeKey."""
        known = self._copies.get(asked.copy_id)
        return known or self._begin(About.model_validate(asked.model_dump(exclude={"type", "secret"})))

    def open_alone(self, asked: OpenAlone, number: str) -> "KeptCopy":
        """The sitting of this name, begun under `number` if it is not there; raises OutboxFull, NoOfficeKey."""
        known = self._copies.get(asked.sitting_id)
        return known or self._begin(About(copy_id=asked.sitting_id, kind="alone", begun_at=asked.begun_at, number=number))

    def _begin(self, about: About) -> "KeptCopy":
        if self.office_key is None:
            raise NoOfficeKey
        self.check_room(0)
        folder = self.folder / about.copy_id
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            write_private(folder / "copy.json", about.model_dump_json().encode())
            copy = KeptCopy(self, folder, about)
        except OSError as error:
            raise OutboxFull from error
        self._copies[copy.id] = copy
        return copy

    def delete(self, copy_id: str) -> None:
        """The office has it, or nobody needs it."""
        copy = self._copies.pop(copy_id, None)
        if copy is not None:
            copy.close()
            shutil.rmtree(copy.folder)
            _sync_folder(self.folder)

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(copy.size for copy in list(self._copies.values()))  # another thread may begin or delete one meanwhile

    @property
    def room(self) -> int:
        """So many bytes more are taken; 0 or less: none.  OSError: the disk cannot be asked."""
        return min(self.limit - self.size, shutil.disk_usage(self.folder).free - self.reserve)

    @property
    def full(self) -> bool:
        """Whether the next second would not be taken."""
        try:
            self.check_room(1 << 20)
        except OutboxFull:
            return True
        return False

    def check_room(self, count: int, *, last: bool = False) -> None:
        """Raises OutboxFull where `count` more bytes are too many; `last`: they may take the last room."""
        if self.room + (LAST_ROOM if last else 0) < count:
            raise OutboxFull

    def close(self) -> None:
        for copy in self._copies.values():
            copy.close()
        self._lock.close()


class KeptCopy:
    """One copy: a sealed file that only grows."""

    def __init__(self, outbox: Outbox, folder: Path, about: About) -> None:
        self.id = about.copy_id
        self.folder = folder
        self.about = about
        self._outbox = outbox
        self._sealer: sealed.Sealer | None = None
        self._file: BinaryIO = _open_private(folder / "sealed")
        self.next, self.size = self._scan()
        """Number of the chunk that is wanted; bytes of the file."""

    def add(self, number: int, data: bytes, *, last: bool = False) -> None:
        """Keep a chunk, synced; one that is there already changes nothing.  `last`: it may take the last room.

        Raises WrongOrder, or OutboxFull: then nothing of it is kept.
        """
        if number < self.next:
            return
        if number > self.next or not 0 < len(data) <= LARGEST_CHUNK:
            raise WrongOrder
        sealer = self._sealer or sealed.Sealer(self.id, self._outbox.office_key or b"")
        record = (b"" if self._sealer else sealer.key_record) + sealer.piece(number, data)
        self._outbox.check_room(len(record), last=last)
        self._append(record)
        self._sealer = sealer
        self.next += 1

    def _append(self, record: bytes) -> None:
        """All of it, or nothing: then OutboxFull."""
        try:
            self._file.seek(self.size)
            left = memoryview(record)
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self.size)
            raise OutboxFull from error
        self.size += len(record)

    def end(self) -> None:
        """No more chunks come: from here on nothing on this computer can read it."""
        self._sealer = None
        if self.about.ended:
            return
        self.about = self.about.model_copy(update={"ended": True})
        try:
            write_private(self.folder / "copy.json", self.about.model_dump_json().encode())
        except OSError as error:  # a full disk: what is there is sent all the same
            log.warning("the end of a copy was not written", copy=self.id, kind=type(error).__name__)

    def read(self, offset: int, count: int) -> bytes:
        """At most `count` bytes of the sealed file from `offset` on; empty at its end."""
        return os.pread(self._file.fileno(), count, offset)

    def sha256(self) -> str:
        """Hash of the sealed file, hex."""
        whole = hashlib.sha256()
        for offset in range(0, self.size, 1 << 20):
            whole.update(self.read(offset, min(1 << 20, self.size - offset)))
        return whole.hexdigest()

    def close(self) -> None:
        self._file.close()

    def _scan(self) -> tuple[int, int]:
        """Whole pieces and their bytes; whatever a power cut left behind them is cut off."""
        pieces, place = 0, 0
        number = self._file.fileno()
        whole = os.fstat(number).st_size
        while place + sealed.HEAD.size < whole:
            kind, length = sealed.HEAD.unpack(os.pread(number, sealed.HEAD.size, place))
            end = place + sealed.HEAD.size + length
            if not sealed.usable(kind, length) or end > whole:
                break
            pieces += kind == sealed.PIECE
            place = end
        self._file.truncate(place)
        return pieces, place


def _locked(folder: Path) -> BinaryIO:
    """Two programs would cut off each other's last second."""
    lock = _open_private(folder.with_name(folder.name + ".lock"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise OutboxInUse from None
    return lock


def _open_private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
