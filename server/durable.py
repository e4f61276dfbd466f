"""Files that are there, whole, after a power loss: synced, and their names synced too (POSIX fsync(2))."""

import contextlib
import os
import secrets
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: a file that was synced may otherwise be without one.  Raises OSError."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sync_file(path: Path) -> None:
    """Put a file's content on the disk.  Raises OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, so that they last; raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync_folder(made.parent)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, whole, whatever happens.  Raises OSError."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    with temporary.open("wb") as file:
        _write(file.fileno(), data)
    temporary.replace(path)
    sync_folder(path.parent)


def write_once(path: Path, data: bytes) -> None:
    """Write a new file for its owner only; of several programs that do so at once one wins, and none ever reads
    half of it.  Raises OSError."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb"):
            _write(number, data)
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink()
    sync_folder(path.parent)


def _write(number: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(number, rest) :]
    os.fsync(number)
