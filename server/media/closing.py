"""Files that recording is done with: each becomes a segment or, if that cannot be, a gap that is told."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from server.media import webm
from server.media.writer import Overloaded, Writer
from server.protocol.base import Source
from server.protocol.recording import SUFFIXES, Gap, Segment

log = structlog.get_logger(__name__)
AGAIN_AFTER = 30.0
"""Seconds between attempts to close a file that the disk refused to have closed."""
NOTEWORTHY = 0.25
"""A hole that is shorter is not worth telling."""
LOST = "disk_error"
FILE_PART = {
    Source.MICROPHONE: "audio", Source.CAMERA: "video", Source.DOCUMENT: "document", Source.SCREEN: "screen",
}  # fmt: skip
"""How a file's name tells its source."""
Result = Segment | Gap


class NotClosed(RuntimeError):
    """A file is neither a segment nor told as a gap; closing may be tried again."""


@dataclass(frozen=True)
class Ended:
    """A file that takes nothing more."""

    path: Path
    written: Gap
    """The stretch that was written to it, as the gap that it becomes if the file is lost."""
    gaps: tuple[Gap, ...]
    tell: Callable[[Result], None]
    """Called in the event loop."""


@dataclass
class Store:
    """Where recordings of one reception go."""

    folder: Path
    writer: Writer
    closer: ThreadPoolExecutor
    """Closes files (reads and hashes them whole), so that the writer thread stays free."""
    segment_seconds: float
    numbers: dict[str, int] = field(default_factory=dict)
    pending: set[asyncio.Future[None]] = field(default_factory=set)
    """Files that are being closed."""
    refused: list[Ended] = field(default_factory=list)
    """Files that could not be closed yet."""
    again_at: float = 0.0

    def next_id(self, stem: str) -> str:
        """An id for the next file of this participant and kind that no earlier process used."""
        number = self.numbers.get(stem, 0) + 1
        while any((self.folder / f"{stem}-{number:03d}{suffix}").exists() for suffix in SUFFIXES):
            number += 1
        self.numbers[stem] = number
        return f"{stem}-{number:03d}"

    def expect(self) -> "asyncio.Future[None]":
        """A file is on its way to `close`, which resolves this."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pending.add(done)
        return done

    def close(self, ended: Ended, done: "asyncio.Future[None]", *, last: bool = False) -> None:
        """Close a file in the closing thread (from any thread); after the `last` attempt it is told in any case."""
        self.closer.submit(self._close, ended, done, last)

    def _close(self, ended: Ended, done: "asyncio.Future[None]", last: bool) -> None:
        results: list[Result] | None = [ended.written] if last else None
        try:
            results = attempt(ended, last=last)
        except Exception:
            log.exception("segment not closed")
        self.writer.tell(lambda: self._settle(ended, results, done))

    def _settle(self, ended: Ended, results: list[Result] | None, done: "asyncio.Future[None]") -> None:
        """In the event loop: tell what became of the file, or keep it for another attempt."""
        self.pending.discard(done)
        try:
            if results is None:
                self.refused.append(ended)
            for result in results or ():
                ended.tell(result)
        except Overloaded:
            self.refused.append(ended)
        finally:
            done.set_result(None)

    def retry(self, now: float) -> None:
        """Try again, now and then, to close what could not be closed; `now` is monotonic."""
        if self.refused and now >= self.again_at:
            self.again_at = now + AGAIN_AFTER
            self._close_refused(last=False)

    def _close_refused(self, *, last: bool) -> None:
        refused, self.refused = self.refused, []
        for ended in refused:
            self.close(ended, self.expect(), last=last)

    async def closed(self, *, for_good: bool = True) -> None:
        """Wait until every file that was ended is closed and told about; raises NotClosed.

        Not `for_good`: files that the disk refuses to have closed are left to the next process.
        """
        await self._settled()
        if for_good:
            self._close_refused(last=True)
            await self._settled()
            if self.refused:
                raise NotClosed

    async def _settled(self) -> None:
        while self.pending:
            await asyncio.wait(self.pending)


def attempt(ended: Ended, *, last: bool) -> list[Result] | None:
    """Close a file: what is to be told of it, or None if the disk refused and it is to be tried again.  Blocks."""
    if ended.written.end <= ended.written.start:
        _remove_empty(ended.path)
        return []
    try:
        return _whole(ended, webm.finalise(ended.path), "clean")
    except webm.BadFile:
        log.error("recorded file is damaged")
        return [ended.written]
    except OSError as error:
        log.error("segment not closed", error=error.errno, last=last)
        return _salvaged(ended) if last else None


def _salvaged(ended: Ended) -> list[Result]:
    try:
        return _whole(ended, webm.salvage(ended.path), "repaired")
    except (OSError, webm.BadFile) as error:
        log.error("segment lost", error=type(error).__name__)
        return [ended.written]


def _whole(ended: Ended, closed: webm.ClosedFile, how: str) -> list[Result]:
    """The segment, and what was written but is not in the file any more."""
    segment = segment_of(webm.describe(ended.path), closed, ended.path.name, how, ended.gaps)
    end = segment.start + segment.seconds
    if ended.written.end - end <= NOTEWORTHY:
        return [segment]
    return [segment, ended.written.model_copy(update={"start": end})]


def _remove_empty(path: Path) -> None:
    if path.exists() and not path.stat().st_size:
        path.unlink()


def segment_of(
    description: dict[str, Any], closed: webm.ClosedFile, name: str, how: Any, gaps: tuple[Gap, ...]
) -> Segment:
    """The manifest's entry for a closed file; raises BadFile if its description is not ours."""
    try:
        return Segment(
            **{**description, "source": source_of(description)},
            file=name,
            seconds=closed.seconds,
            size=closed.size,
            sha256=closed.sha256,
            closed=how,
            gaps=gaps,
        )
    except (TypeError, ValueError, KeyError) as error:
        raise webm.BadFile("description is not ours") from error


def source_of(description: dict[str, Any]) -> Source:
    """What a file was recorded from; the first files did not say it.  Raises ValueError, KeyError."""
    return Source(description.get("source") or Source.of(description["kind"]))


def repair(path: Path) -> Segment | None:
    """Close a file whose writer died; None, and the file is left as it is, if not one cluster is whole."""
    try:
        description = webm.describe(path)
        closed = _finalise_somehow(path)
        gaps = tuple(_filled_gap(description, a, b) for a, b in closed.filled)
        return segment_of(description, closed, path.name, "repaired", gaps)
    except (webm.BadFile, OSError, KeyError, ValueError) as error:
        log.warning("file cannot be repaired", error=type(error).__name__)
        return None


def _finalise_somehow(path: Path) -> webm.ClosedFile:
    try:
        return webm.finalise(path)
    except OSError as error:
        log.warning("file closed without cues", error=error.errno)
        return webm.salvage(path)


def _filled_gap(description: dict[str, Any], start: float, end: float) -> Gap:
    offset = float(description["start"])
    source = source_of(description)
    return Gap(
        participant_id=description["participant_id"],
        kind=description["kind"],
        source=source if source.shared else None,
        start=offset + start,
        end=offset + end,
        cause="packet_loss",
    )
