"""Subtitles: lines of a record cut into pieces that can be read while they are said, and WebVTT.

Source of the format: WebVTT, https://www.w3.org/TR/webvtt1/ (cue text is escaped, no blank line inside a cue).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from server.domain.linewords import TimedWord, part, spelled

LONGEST = 36
"""Characters of one cue: two rows in a picture 1280 pixels wide."""
SHORTEST_S = 0.8
"""A cue that was said faster stays this long, so that it can be read."""
PAUSE = re.compile(r"[^。！？；，、：\n]+[。！？；，、：\n”’」]*|[。！？；，、：\n]+")


@dataclass(frozen=True, slots=True)
class Cue:
    """What one speaker says; seconds of media time."""

    start: float
    end: float
    speaker: str
    text: str

    @property
    def spoken(self) -> str:
        """The text with who says it."""
        return f"{self.speaker}：{self.text}" if self.speaker else self.text


def cues(line: Cue, words: Sequence[TimedWord] = ()) -> Iterator[Cue]:
    """A line cut at its punctuation into cues of at most 36 characters; together they spell the line.

    Times come from the words where these spell the text, else the line's time is shared out evenly.
    """
    timed = words if spelled(words) == line.text else _evenly(line)
    at = 0
    for piece in _pieces(line.text):
        inside = part(timed, at, at + len(piece))
        at += len(piece)
        text = " ".join(piece.split())
        if text and inside:
            yield replace(line, start=inside[0].start, end=max(inside[-1].end, inside[0].start + SHORTEST_S), text=text)


def _evenly(line: Cue) -> Sequence[TimedWord]:
    return [TimedWord(line.start, max(line.end, line.start), line.text, 1.0)]


def _pieces(text: str) -> Iterator[str]:
    """The text in stretches of at most LONGEST characters, cut after punctuation where there is some."""
    held = ""
    for found in PAUSE.findall(text):
        if held and len(held) + len(found) > LONGEST:
            yield held
            held = ""
        held += found
        while len(held) > LONGEST:
            yield held[:LONGEST]
            held = held[LONGEST:]
    if held:
        yield held


def one_at_a_time(found: Iterable[Cue]) -> Iterator[tuple[float, float, str]]:
    """(start, end, text) without overlap, as MP4's timed text needs it: who speaks at once shares a cue."""
    ordered = sorted(found, key=lambda cue: (cue.start, cue.end))
    moments = sorted({moment for cue in ordered for moment in (cue.start, cue.end)})
    running: list[Cue] = []
    waiting = iter(ordered)
    upcoming = next(waiting, None)
    for start, end in pairwise(moments):
        running = [cue for cue in running if cue.end > start]
        while upcoming is not None and upcoming.start <= start:
            running.append(upcoming)
            upcoming = next(waiting, None)
        if running:
            yield start, end, "\n".join(cue.spoken for cue in running)


def vtt(found: Iterable[Cue]) -> str:
    """A WebVTT file; cues may overlap."""
    blocks = ["WEBVTT", *(_block(cue) for cue in sorted(found, key=lambda cue: (cue.start, cue.end)))]
    return "\n\n".join(blocks) + "\n"


def _block(cue: Cue) -> str:
    voice = f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""
    return f"{_clock(cue.start)} --> {_clock(cue.end)}\n{voice}{_escaped(' '.join(cue.spoken.split()))}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float) -> str:
    whole = round(max(0.0, seconds) * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
