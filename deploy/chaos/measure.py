"""What a case cost: seconds without recording, seconds without picture, words that are not in the record."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from server.domain import linewords
from server.protocol.base import TrackKind
from server.protocol.recording import Manifest
from transcription.evaluate import Character, align, counts

Span = tuple[float, float]
EDGE_S = 0.5
"""What is said in the first and last moments of the talk, or across an edge of the fault, is not counted."""
CHARACTER_S = 0.35
GAP_EDGE_S = 2.0
"""How far a gap's times may be from the fault's: the file's end is found, and the way back takes its time."""
HOLE_S = 0.25


@dataclass(frozen=True)
class Fault:
    """When something was broken, in seconds since 1970."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def within(self, started: datetime) -> Span:
        """The same in media time."""
        zero = started.timestamp()
        return self.start - zero, self.end - zero


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same stretches in order, without overlaps."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return found


def without(whole: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a stretch."""
    left, at = [], whole[0]
    for start, end in merged(taken):
        if start > at:
            left.append((at, min(start, whole[1])))
        at = max(at, end)
    if at < whole[1]:
        left.append((at, whole[1]))
    return [(start, end) for start, end in left if end > start]


def seconds(spans: Iterable[Span]) -> float:
    """Their length together."""
    return sum(end - start for start, end in spans)


def holes(manifest: Manifest, participant_id: str, kind: TrackKind) -> list[Span]:
    """Stretches of the talk that no file of this track holds."""
    segments = [s for s in manifest.segments if s.participant_id == participant_id and s.kind is kind]
    held = [part for s in segments for part in without((s.start, s.start + s.seconds), [(g.start, g.end) for g in s.gaps])]
    return without((0.0, manifest.seconds), held)


def lost(found: Sequence[Span], fault: Span) -> tuple[float, float]:
    """Seconds missing besides the fault, and with it."""
    everything = seconds(found)
    besides = sum(seconds(without(hole, [fault])) for hole in found)
    return besides, everything


def missing_within(manifest: Manifest, participant_id: str, span: Span) -> float:
    """Seconds of the fault of which no sound of this person was recorded."""
    besides, everything = lost(holes(manifest, participant_id, TrackKind.AUDIO), span)
    return everything - besides


def untold(manifest: Manifest, participant_id: str, kind: TrackKind) -> float:
    """Seconds of holes that no gap of the manifest tells of; holes that cost no word are passed over."""
    told = [
        (g.start - 0.05, g.end + 0.05)
        for g in (*manifest.gaps, *(g for s in manifest.segments for g in s.gaps))
        if g.participant_id in (None, participant_id) and g.kind in (None, kind)
    ]
    found = holes(manifest, participant_id, kind)
    return sum(left for hole in found if (left := seconds(without(hole, told))) > HOLE_S)


def gap_told(gaps: Sequence[dict[str, Any]], participant_id: str, causes: Sequence[str], fault: Span) -> bool:
    """Whether the record has a gap of this person with the fault's cause and times."""
    own = [g for g in gaps if g["participant_id"] in (None, participant_id) and g["cause"] in causes]
    told = merged((g["start"] - HOLE_S / 2, g["end"] + HOLE_S / 2) for g in own)
    return any(abs(start - fault[0]) < GAP_EDGE_S and abs(end - fault[1]) < GAP_EDGE_S for start, end in told)


@dataclass(frozen=True)
class Words:
    """Characters of the reference, against those of the record."""

    spoken: int
    missing: int
    wrong: int
    invented: int
    shift: float
    """Seconds by which the record's times are behind the microphone's."""


def heard(record: dict[str, Any], participant_id: str) -> list[Character]:
    """What was recognised of somebody, as it was heard (the record has numbers in figures), with times."""
    lines = [line for line in record["body"] if line["participant_id"] == participant_id and not line["deleted"]]
    found = []
    for line in sorted(lines, key=lambda line: line["start"]):
        words = [linewords.TimedWord(w["start"], w["end"], w["text"], w["probability"]) for w in line["words"]]
        for word in linewords.retime(words, line["recognised"], line["start"], line["end"]):
            spelled = [c for c in word.text if counts(c)]
            step = (word.end - word.start) / max(1, len(spelled))
            found += [Character(c, word.start + i * step) for i, c in enumerate(spelled)]
    return found


def compare(said: Sequence[Character], recorded: Sequence[Character], talk: Span, fault: Span) -> Words:
    """What was said in the talk and outside of the fault, against the record; all in media time."""
    shift = _shift(said, recorded)
    spoken = [Character(c.text, c.at + shift) for c in said]
    _, pairs = align(recorded, spoken)
    partner = {j: recorded[i].text for i, j in enumerate(pairs) if j is not None}
    counted = [j for j, c in enumerate(spoken) if _counts_at(c.at, talk, fault)]
    return Words(
        spoken=len(counted),
        missing=sum(j not in partner for j in counted),
        wrong=sum(j in partner and partner[j] != spoken[j].text for j in counted),
        invented=sum(pair is None for pair in pairs),
        shift=round(shift, 3),
    )


def _shift(said: Sequence[Character], recorded: Sequence[Character]) -> float:
    _, pairs = align(recorded, said)
    same = [recorded[i].at - said[j].at for i, j in enumerate(pairs) if j is not None and recorded[i].text == said[j].text]
    return float(np.median(same)) if same else 0.0


def _counts_at(at: float, talk: Span, fault: Span) -> bool:
    inside_talk = talk[0] + EDGE_S <= at < talk[1] - EDGE_S - CHARACTER_S
    return inside_talk and not fault[0] - CHARACTER_S - EDGE_S <= at < fault[1] + EDGE_S


def back_after(frames: Sequence[float], end: float) -> float | None:
    """Seconds from the fault's end to the next frame; None: it did not come."""
    return next((round(at - end, 2) for at in sorted(frames) if at >= end), None)


def longest_still(frames: Sequence[float], start: float, end: float) -> float:
    """The longest time without a new frame between two moments."""
    moments = [start, *(at for at in sorted(frames) if start < at < end), end]
    return round(max(b - a for a, b in itertools.pairwise(moments)), 2)
