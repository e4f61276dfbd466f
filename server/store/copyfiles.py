"""What kiosks send, on the office's disk: pieces are appended and synced, a whole file is hashed, then unsealed, and what
came of it never changes."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from server.durable import sync_folder
from server.errors import Conflict, InvalidInput, JietanError
from server.store.files import RecordingMissing
from server.store.models import GapFill, KioskCopy

BLOCK = 1 << 20


class DiskFull(JietanError):
    """Nothing of the piece was kept, everything before it is."""

    status = 507
    code = "disk_full"
    message = "办公室的磁盘满了，备份先留在接谈机上，腾出地方以后会自己接着传。"


class WrongOffset(Conflict):
    """The piece does not follow what is there; details say how much that is."""

    code = "wrong_offset"
    message = "这一段接不上，会从对的地方接着传。"


class CopyDamaged(InvalidInput):
    """The whole file is not what the kiosk sent: it begins again."""

    code = "copy_damaged"
    message = "传来的备份和接谈机上的不一样，会从头再传一次。"


def path_of(folder: Path, copy: KioskCopy) -> Path:
    """Where a whole copy lies."""
    return folder / copy.reception_id / f"{copy.id}.webm"


def part_of(path: Path) -> Path:
    """Where it lies while pieces are missing."""
    return path.with_suffix(".part")


def sealed_of(path: Path) -> Path:
    """Where it lies when all is there, before it is unsealed."""
    return path.with_suffix(".sealed")


def received(path: Path) -> int:
    """Bytes of a sealed file that are there, whole or in part."""
    found = sealed_of(path) if sealed_of(path).exists() else part_of(path)
    return found.stat().st_size if found.exists() else 0


def piece_of(folder: Path, fill: GapFill) -> Path:
    """The piece that was cut for a gap; raises RecordingMissing."""
    path = folder / fill.reception_id / fill.file
    if not path.is_file():
        raise RecordingMissing
    return path


def append(path: Path, offset: int, data: bytes, reserve: int) -> int:
    """Add a piece at `offset` and sync it; returns the new length.

    Raises WrongOffset, or DiskFull where less than `reserve` bytes would stay free; then nothing is kept of it.
    """
    part = part_of(path)
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(part.parent).free < reserve + len(data):
        raise DiskFull
    with part.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the same piece may come twice at once
        there = os.fstat(file.fileno()).st_size
        if there != offset:
            raise WrongOffset(received=there)
        try:
            _write_all(file.fileno(), data)
        except OSError as error:
            os.ftruncate(file.fileno(), offset)
            raise DiskFull from error
    return offset + len(data)


def _write_all(number: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(number, left) :]
    os.fsync(number)


def complete(path: Path, size: int, sha256: str) -> None:
    """Check the whole sealed file and give it its name (`sealed_of`); may be called again.

    Raises WrongOffset while pieces are missing, CopyDamaged when it has another hash: then it is begun again.
    """
    found = sealed_of(path) if sealed_of(path).exists() else part_of(path)
    there = received(path)
    if there < size:
        raise WrongOffset(received=there)
    if there > size or hash_of(found) != sha256:
        found.unlink()
        raise CopyDamaged
    found.replace(sealed_of(path))
    sync_folder(path.parent)


@contextlib.contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Nobody else works on this file meanwhile: what was told twice at once is done one after the other."""
    lock = path.with_suffix(".lock")
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hash_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Delete what there is of a copy."""
    for one in (path, part_of(path), sealed_of(path)):
        one.unlink(missing_ok=True)
