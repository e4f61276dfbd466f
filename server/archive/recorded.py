"""Recorded files as the film needs them: frames in order of media time, whatever the files' state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
from av.error import FFmpegError

from server.archive.plan import Source

STILL_S = 2.0
"""A person's picture that is older is not shown any more: it would look as if they sat still."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decoded frame and its media time in seconds."""

    at: float
    frame: Any
    source: Source


Broken = Callable[[Source], None]
"""Called with a file that cannot be read (to its end)."""


def frames(sources: "list[Source]", start: float, broken: Broken) -> Iterator[Recorded]:
    """Frames of one track from `start` on (pictures: from the key frame before it), file after file."""
    for source in sources:
        if source.end > start:
            yield from _frames_of(source, start, broken)


def _frames_of(source: Source, start: float, broken: Broken) -> Iterator[Recorded]:
    try:
        with av.open(str(source.file)) as container:
            stream = next(one for one in container.streams if one.type == source.kind)
            stream.codec_context.thread_count = 1  # parts are made side by side instead
            if start > source.start:
                container.seek(round((start - source.start) * 1_000_000), backward=True, any_frame=False)
            decoded: Iterator[Any] = container.decode(stream)
            for frame in decoded:
                at = source.start + float(frame.time or 0)
                if frame.time is not None and source.has(at):
                    yield Recorded(at, frame, source)
    except (FFmpegError, OSError, StopIteration):
        broken(source)


@dataclass
class Pictures:
    """The pictures of one track for a film that goes forward from `start`."""

    sources: "list[Source]"
    start: float
    broken: Broken
    _shown: Recorded | None = field(default=None, init=False)
    _next: Recorded | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._frames = frames(self.sources, self.start, self.broken)
        self._next = next(self._frames, None)

    def at(self, moment: float) -> Any:
        """The picture that was seen at this media time; None: there was none.  Moments never go back."""
        while self._next is not None and self._next.at <= moment:
            self._shown = self._next
            self._next = next(self._frames, None)
        if self._shown is None or moment > self._shown.at + self._lasts(self._shown):
            return None
        return self._shown.frame

    @staticmethod
    def _lasts(shown: Recorded) -> float:
        """A paper stays until its file ends: a screen that does not change sends no pictures."""
        return max(STILL_S, shown.source.end - shown.at) if shown.source.document else STILL_S
