"""Copies of talks on the kiosk's own disk, encrypted, until the office has them (server/protocol/copies.md).

Every chunk is synced before it counts: a killed program or a power cut costs what was not written yet.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from server.protocol.base import Identifier, Message, Moment, Seconds
from server.protocol.copies import LARGEST_CHUNK, Open

log = structlog.get_logger(__name__)

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
LENGTH = struct.Struct(">I")
HEAD_BYTES = LENGTH.size + NONCE_BYTES


class OutboxFull(Exception):
    """There is no room for more."""


class OutboxInUse(Exception):
    """Another copy program works on this folder."""

    message = "备份程序已经在运行了。"


class WrongOrder(Exception):
    """The chunk does not follow what is there."""


class About(Message):
    """What is known of a copy; copy.json."""

    copy_id: Identifier
    reception_id: Identifier
    participant_id: Identifier
    begun_at: Moment
    position: Seconds
    mime: str
    ended: bool = False


def make_key(path: Path) -> bytes:
    """The key of all copies, made at the first start, readable by its owner only."""
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
    """All copies of this kiosk.  Not for several threads at once, except for different copies."""

    def __init__(self, folder: Path, key: bytes, *, limit: int, reserve: int) -> None:
        """`limit`: most bytes of all copies; `reserve`: bytes of the disk that stay free.  Raises OutboxInUse."""
        self.folder = folder
        self.limit, self.reserve = limit, reserve
        self._cipher = AESGCM(key)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self._copies = {copy.id: copy for copy in self._found()}

    def _found(self) -> Iterator["KeptCopy"]:
        for folder in sorted(self.folder.iterdir()):
            try:
                about = About.model_validate_json((folder / "copy.json").read_bytes())
                yield KeptCopy(self, folder, about, self._cipher)
            except (OSError, ValidationError):
                log.warning("folder in the outbox is no copy", folder=folder.name)

    def copies(self) -> list["KeptCopy"]:
        """Those that are held, oldest first."""
        return sorted(self._copies.values(), key=lambda copy: (copy.about.begun_at, copy.id))

    def get(self, copy_id: str) -> "KeptCopy | None":
        return self._copies.get(copy_id)

    def open(self, asked: Open) -> "KeptCopy":
        """The copy of this name, begun if it is not there; raises OutboxFull."""
        known = self._copies.get(asked.copy_id)
        if known is not None:
            return known
        self.check_room(0)
        about = About.model_validate(asked.model_dump(exclude={"type", "secret"}))
        folder = self.folder / about.copy_id
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            write_private(folder / "copy.json", about.model_dump_json().encode())
            copy = KeptCopy(self, folder, about, self._cipher)
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
        return sum(copy.disk_bytes for copy in self._copies.values())

    @property
    def full(self) -> bool:
        """Whether the next second would not be taken."""
        try:
            self.check_room(1 << 20)
        except OutboxFull:
            return True
        return False

    def check_room(self, count: int) -> None:
        """Raises OutboxFull where `count` more bytes are too many."""
        if self.size + count > self.limit or shutil.disk_usage(self.folder).free < self.reserve + count:
            raise OutboxFull

    def close(self) -> None:
        for copy in self._copies.values():
            copy.close()
        self._lock.close()


class KeptCopy:
    """One copy: a file of encrypted chunks that only grows, and the places of the chunks in it."""

    def __init__(self, outbox: Outbox, folder: Path, about: About, cipher: AESGCM) -> None:
        self.id = about.copy_id
        self.folder = folder
        self.about = about
        self._outbox = outbox
        self._cipher = cipher
        self._file: BinaryIO = _open_private(folder / "chunks")
        self._lengths = self._scan()
        self._starts = [0]
        for length in self._lengths:
            self._starts.append(self._starts[-1] + length)

    @property
    def next(self) -> int:
        """Number of the chunk that is wanted."""
        return len(self._lengths)

    @property
    def size(self) -> int:
        """Bytes of the copy itself."""
        return self._starts[-1]

    @property
    def disk_bytes(self) -> int:
        return self.size + len(self._lengths) * (HEAD_BYTES + TAG_BYTES)

    def add(self, number: int, data: bytes) -> None:
        """Keep a chunk, synced; one that is there already changes nothing.

        Raises WrongOrder, or OutboxFull: then nothing of it is kept.
        """
        if number < self.next:
            return
        if number > self.next or not 0 < len(data) <= LARGEST_CHUNK:
            raise WrongOrder
        self._outbox.check_room(len(data))
        nonce = secrets.token_bytes(NONCE_BYTES)
        record = LENGTH.pack(len(data)) + nonce + self._cipher.encrypt(nonce, data, self._name(number))
        end = self.disk_bytes
        try:
            self._file.seek(end)
            self._file.write(record)
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise OutboxFull from error
        self._lengths.append(len(data))
        self._starts.append(self._starts[-1] + len(data))

    def end(self) -> None:
        """No more chunks come."""
        if not self.about.ended:
            about = self.about.model_copy(update={"ended": True})
            write_private(self.folder / "copy.json", about.model_dump_json().encode())
            self.about = about

    def read(self, offset: int, count: int) -> bytes:
        """At most `count` bytes of the copy from `offset` on; empty at its end."""
        found = bytearray()
        for number, data in self._chunks(self._chunk_at(offset)):
            found += data[max(0, offset - self._starts[number]) :]
            if len(found) >= count:
                break
        return bytes(found[:count])

    def sha256(self) -> str:
        """Hash of the whole copy, hex."""
        whole = hashlib.sha256()
        for _, data in self._chunks(0):
            whole.update(data)
        return whole.hexdigest()

    def close(self) -> None:
        self._file.close()

    def _chunk_at(self, offset: int) -> int:
        low, high = 0, len(self._lengths)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._starts[middle + 1] <= offset else (low, middle)
        return low

    def _chunks(self, first: int) -> Iterator[tuple[int, bytes]]:
        for number in range(first, self.next):
            yield number, self._chunk(number)

    def _chunk(self, number: int) -> bytes:
        """A chunk; one that the disk spoilt is as many zero bytes: players pass over it, and the rest stays."""
        data = self._decrypted(number)
        if data is None:
            log.error("a second of a copy cannot be read", copy=self.id, number=number)
            return bytes(self._lengths[number])
        return data

    def _decrypted(self, number: int) -> bytes | None:
        length = self._lengths[number]
        place = self._starts[number] + number * (HEAD_BYTES + TAG_BYTES) + LENGTH.size
        record = os.pread(self._file.fileno(), NONCE_BYTES + length + TAG_BYTES, place)
        try:
            return self._cipher.decrypt(record[:NONCE_BYTES], record[NONCE_BYTES:], self._name(number))
        except (InvalidTag, ValueError):
            return None

    def _name(self, number: int) -> bytes:
        return f"{self.id}:{number}".encode()

    def _scan(self) -> list[int]:
        """Lengths of the whole records; whatever a power cut left behind them is cut off."""
        lengths, place = [], 0
        whole = os.fstat(self._file.fileno()).st_size
        while place + HEAD_BYTES + TAG_BYTES < whole:
            (length,) = LENGTH.unpack(os.pread(self._file.fileno(), LENGTH.size, place))
            end = place + HEAD_BYTES + length + TAG_BYTES
            if not 0 < length <= LARGEST_CHUNK or end > whole:
                break
            lengths.append(length)
            place = end
        self._file.truncate(place)
        return lengths


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
