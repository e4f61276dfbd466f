"""Reading and writing whole files in blocks; what is written is for its owner only and on the disk."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BLOCK = 1 << 20


def blocks(path: Path) -> Iterator[bytes]:
    """A file's content; raises OSError."""
    with path.open("rb") as source:
        while block := source.read(BLOCK):
            yield block


def whole_lines(path: Path) -> Iterator[bytes]:
    """The content of a file that grows by lines, without the one that is being written."""
    held = b""
    for block in blocks(path):
        whole, end, held = (held + block).rpartition(b"\n")
        yield whole + end


def make_folders(folder: Path) -> None:
    """A folder and those above it, each for its owner only whatever the umask is."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700)


def write_new(target: Path, content: Iterable[bytes]) -> None:
    """Write a file that is not there yet, and sync it; raises OSError."""
    make_folders(target.parent)
    number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as file:
        for block in content:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


class Taken(Exception):
    """Another program works in the folder."""


@contextmanager
def own_folder(folder: Path) -> Iterator[Path]:
    """A folder for this program alone, gone at the end unless it was renamed; what a killed one left goes first.

    Raises Taken, OSError.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken from None
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(number)
