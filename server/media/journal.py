"""The journal of a reception: an append-only file of facts that outlives the node and the web program."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from server import clock
from server.media.writer import Writer
from server.protocol.media_control import Entry, Fact
from server.protocol.recording import JOURNAL_NAME

log = structlog.get_logger(__name__)
OnEntry = Callable[[str, int], None]
"""Called in the event loop with reception id and seq once the entry is on the disk."""


def read(path: Path) -> list[Entry]:
    """All whole entries; a partial last line is left out.  An absent file has none."""
    return _entries(path.read_bytes()) if path.exists() else []


def _entries(data: bytes) -> list[Entry]:
    whole = data[: data.rfind(b"\n") + 1]
    return [Entry.model_validate_json(line) for line in whole.splitlines() if line.strip()]


def cut_partial_line(path: Path) -> None:
    """Remove what a killed writer left of its last line, and lines that are no entries at the end."""
    if not path.exists():
        return
    data = path.read_bytes()
    end = _sound_length(data)
    if end < len(data):
        log.warning("journal cut", bytes=len(data) - end)
        os.truncate(path, end)


def _sound_length(data: bytes) -> int:
    """Length of the part in front of the first line that is no whole entry."""
    at = 0
    while True:
        end = data.find(b"\n", at) + 1
        if not end:
            return at
        try:
            Entry.model_validate_json(data[at:end])
        except ValueError:
            return at
        at = end


@dataclass
class Cursor:
    """Where a reader of one journal stands: the last seq it has, and how much of the file that is."""

    after: int
    offset: int = 0

    def advance(self, path: Path) -> list[Entry]:
        """The entries after the cursor that are in the file by now."""
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        found = [entry for entry in _entries(whole) if entry.seq > self.after]
        if found:
            self.after = found[-1].seq
        return found


class Journal:
    """Appends entries of one reception through the writer thread; nothing is announced before it is synced."""

    def __init__(self, folder: Path, reception_id: str, writer: Writer, on_entry: OnEntry, last_seq: int) -> None:
        self.path = folder / JOURNAL_NAME
        self._reception_id = reception_id
        self._writer = writer
        self._on_entry = on_entry
        self._seq = last_seq
        self._file: BinaryIO | None = None
        self._unwritten = b""

    def append(self, fact: Fact) -> Entry:
        """Write a fact as the next entry."""
        self._seq += 1
        entry = Entry(reception_id=self._reception_id, seq=self._seq, at=clock.now(), fact=fact)
        line = entry.model_dump_json().encode() + b"\n"
        self._writer.submit(lambda: self._write(line, entry.seq))
        return entry

    def _write(self, line: bytes, seq: int) -> None:
        """In the writer thread.  What a full disk refuses is tried again with the next entry."""
        self._unwritten += line
        try:
            file = self._file = self._file or self.path.open("ab", buffering=0)
            size = file.seek(0, os.SEEK_END)
            self._put(file, size)
        except OSError as error:
            log.error("journal not written", error=type(error).__name__)
            return
        self._writer.touched(file, lambda: self._on_entry(self._reception_id, seq))

    def _put(self, file: BinaryIO, size: int) -> None:
        try:
            written = file.write(self._unwritten)
            if written != len(self._unwritten):
                raise OSError("short write")
        except OSError:
            file.truncate(size)
            raise
        self._unwritten = b""

    def retry(self) -> None:
        """Try again what could not be written."""
        if self._unwritten:
            self._writer.submit(lambda: self._write(b"", self._seq))

    def close(self) -> None:
        """Close the file once everything is written."""
        self._writer.submit(self._close)

    def _close(self) -> None:
        if self._file is not None:
            self._writer.closing(self._file)
            self._file.close()
            self._file = None
