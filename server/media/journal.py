"""The journal of a reception: an append-only file of facts that outlives the node and the web program."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import structlog
from prometheus_client import Counter

from server import clock
from server.media.writer import Writer
from server.protocol.media_control import Entry, Fact, LineLost
from server.protocol.recording import JOURNAL_NAME

log = structlog.get_logger(__name__)
MOST_LOST = 100
"""A seq that leaves out more than this beyond the damaged lines is itself damage."""
_damaged = Counter("jietan_media_journal_damaged_lines_total", "Journal lines that could not be read")
OnEntry = Callable[[str, int], None]
"""Called in the event loop with reception id and seq once the entry is on the disk."""


@dataclass
class Lines:
    """Takes a journal's lines in order; damaged ones are left out, and what follows them is read."""

    readable: int = 0
    """Seq of the last entry that could be read."""
    damaged: int = 0
    """Damaged lines since then; each had a seq of its own."""

    @property
    def last_seq(self) -> int:
        """The highest seq that was given away so far."""
        return self.readable + self.damaged

    def take(self, data: bytes) -> list[Entry]:
        """The entries in the next whole lines; a partial last line is left out."""
        lines = data[: data.rfind(b"\n") + 1].split(b"\n")
        return [entry for line in lines if line.strip() for entry in self._take_line(line)]

    def _take_line(self, line: bytes) -> list[Entry]:
        try:
            entry = Entry.model_validate_json(line)
        except ValueError:
            return self._skip()
        if not self.readable < entry.seq <= self.last_seq + MOST_LOST:
            return self._skip()
        self.readable, self.damaged = entry.seq, 0
        return [entry]

    def _skip(self) -> list[Entry]:
        self.damaged += 1
        _damaged.inc()
        log.error("journal line damaged", after=self.readable)
        return []


def read(path: Path) -> tuple[list[Entry], int]:
    """All entries that can be read, and the highest seq that was given away.  An absent file has none."""
    lines = Lines()
    return lines.take(path.read_bytes()) if path.exists() else [], lines.last_seq


def cut_partial_line(path: Path) -> None:
    """Remove what a killed writer left of its last line; whole lines stay, whatever is in them."""
    if not path.exists():
        return
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end < len(data):
        log.warning("journal cut", bytes=len(data) - end)
        os.truncate(path, end)


@dataclass
class Cursor:
    """Where a reader of one journal stands: the last seq it has, and how much of the file was read."""

    after: int
    offset: int = 0
    lines: Lines = field(default_factory=Lines)
    held: list[Entry] = field(default_factory=list)
    """Read, but perhaps not on the disk yet."""

    def advance(self, path: Path, until: int | None = None) -> list[Entry]:
        """The entries after the cursor that are in the file by now, without a hole in their seq.

        `until`: the last seq that is on the disk.  What follows might be gone after a power loss, and its seq be given
        to something else that then would never be taken in."""
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        self.offset += data.rfind(b"\n") + 1
        read = [*self.held, *self.lines.take(data)]
        self.held = [entry for entry in read if until is not None and entry.seq > until]
        found: list[Entry] = []
        for entry in read[: len(read) - len(self.held)]:
            if entry.seq > self.after:
                found += [*self._lost_before(entry), entry]
                self.after = entry.seq
        return found

    def _lost_before(self, entry: Entry) -> list[Entry]:
        """Stand-ins for lines that cannot be read: the office takes entries in strictly by seq."""
        numbers = range(self.after + 1, entry.seq)
        return [entry.model_copy(update={"seq": number, "fact": LineLost()}) for number in numbers]


class Journal:
    """Appends entries of one reception through the writer thread; nothing is announced before it is synced."""

    def __init__(self, folder: Path, reception_id: str, writer: Writer, on_entry: OnEntry, last_seq: int) -> None:
        self.path = folder / JOURNAL_NAME
        self._reception_id = reception_id
        self._writer = writer
        self._on_entry = on_entry
        self._seq = last_seq
        self.synced = last_seq
        """The last seq that is on the disk."""
        self._file: BinaryIO | None = None
        self._unwritten = b""
        self._newest = 0
        """The last seq that was to be written."""

    def append(self, fact: Fact, at: datetime | None = None) -> Entry:
        """Write a fact as the next entry; `at`: when it was, if not by the wall clock now."""
        self._seq += 1
        entry = Entry(reception_id=self._reception_id, seq=self._seq, at=at or clock.now(), fact=fact)
        line = entry.model_dump_json().encode() + b"\n"
        self._writer.submit(lambda: self._write(line, entry.seq))
        return entry

    def _write(self, line: bytes, seq: int) -> None:
        """In the writer thread.  What a full disk refuses is tried again with the next entry."""
        self._unwritten += line
        self._newest = max(seq, self._newest)
        try:
            file = self._file = self._file or self._opened()
            size = file.seek(0, os.SEEK_END)
            self._put(file, size)
        except OSError as error:
            log.error("journal not written", error=type(error).__name__)
            return
        newest = self._newest
        self._writer.touched(file, lambda: self._announce(newest))

    def _announce(self, seq: int) -> None:
        self.synced = seq
        self._on_entry(self._reception_id, seq)

    def _opened(self) -> BinaryIO:
        self._writer.named(self.path.parent)
        return self.path.open("ab", buffering=0)

    def _put(self, file: BinaryIO, size: int) -> None:
        try:
            written = file.write(self._unwritten)
            if written != len(self._unwritten):
                raise OSError("short write")
        except OSError:
            file.truncate(size)
            raise
        self._unwritten = b""

    @property
    def behind(self) -> bool:
        """Whether something could not be written yet."""
        return bool(self._unwritten)

    def retry(self) -> None:
        """Try again what could not be written."""
        if self._unwritten:
            self._writer.submit(lambda: self._write(b"", self._newest))

    def close(self) -> None:
        """Close the file once everything is written."""
        self._writer.submit(self._close)

    def _close(self) -> None:
        if self._file is not None:
            self._writer.closing(self._file)
            self._file.close()
            self._file = None
