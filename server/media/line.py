"""How each seat's line does: measured by both ends, told to the room as a word, kept in the journal.

The node knows what comes in and what receivers report of what goes out (RFC 3550 section 6.4); the client knows what it
shows.  What a client says of itself is shown and kept, and decides nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import Histogram

from server.media.participant import MediaLink, Participant
from server.media.recording import Recording
from server.protocol.base import Role
from server.protocol.media_control import LineMeasured
from server.protocol.signalling import LineNumbers, Lines, LineWord, SeatLine, Stats

EVERY = 2.0
"""Seconds between two measurements."""
KEPT_EVERY = 30.0
"""Seconds that one entry in the journal tells of: a talk of two hours has 240 for each seat."""
BOUNDS = {
    "loss": (0.03, 0.10),
    "round_trip_ms": (300.0, 700.0),
    "jitter_ms": (50.0, 120.0),
    "frozen_s": (0.3, 1.0),
}
"""From where on a line is fair, and from where on poor.  Round trip: twice the 150 and 400 ms one way of ITU-T G.114
less what coding and playing take; loss: Opus with FEC stays clear to some 3 %, and NACK is late beyond 10 % (measured
here); jitter: what Chromium's buffer takes up without a pause; frozen: seconds of a still picture in EVERY."""
UNANSWERED_S = 8.0
"""Who only receives and reports nothing for so long, though something is sent, is not there: browsers report sound every
5 s or so, pictures every second."""
SEE_NUMBERS = (Role.LEADER, Role.CLERK)
EASE = 0.7
"""A word gets better only when a value has fallen to this share of the bound: no flapping."""
_ORDER = (LineWord.GOOD, LineWord.FAIR, LineWord.POOR, LineWord.LOST)

_losses = Histogram("jietan_media_line_loss", "Share of packets lost", ["role", "way"], buckets=(0.01, 0.03, 0.1, 0.2, 0.5))
_trips = Histogram("jietan_media_line_round_trip_seconds", "Round trip", ["role"], buckets=(0.05, 0.15, 0.3, 0.7, 2))
_jitters = Histogram("jietan_media_line_jitter_seconds", "Jitter of what comes", ["role"], buckets=(0.01, 0.03, 0.05, 0.12, 0.5))
_frozen = Histogram("jietan_media_line_frozen_seconds", "Still picture in two seconds", ["role"], buckets=(0.1, 0.3, 1, 2))
_rates = Histogram("jietan_media_line_kbps", "Bitrate", ["role", "way"], buckets=(30, 100, 300, 800, 1500, 3000))
_levels = Histogram("jietan_media_line_level", "How loud the own microphone is, linear", ["role"], buckets=(0.001, 0.01, 0.1, 0.5, 1))


def word_of(numbers: LineNumbers, before: LineWord) -> LineWord:
    """The plain word for these numbers; `before`: the word until now, which it takes more to leave upwards."""
    worst = 0
    values = {
        "loss": max(numbers.loss_up or 0.0, numbers.loss_down or 0.0),
        "round_trip_ms": numbers.round_trip_ms or 0.0,
        "jitter_ms": numbers.jitter_ms or 0.0,
        "frozen_s": numbers.frozen_s or 0.0,
    }
    for name, value in values.items():
        for level, bound in enumerate(BOUNDS[name], start=1):
            eased = bound * EASE if _ORDER.index(before) >= level else bound
            if value >= eased:
                worst = max(worst, level)
    return _ORDER[worst]


@dataclass
class _Count:
    """A counter's growth since it was asked last."""

    before: int = 0

    def grown(self, now: int) -> int:
        """How much it grew; a new connection counts from 0 again."""
        grown, self.before = now - self.before, now
        return grown if grown >= 0 else now


@dataclass
class _Kept:
    """What one entry of the journal will tell."""

    start: float
    word: LineWord = LineWord.GOOD
    numbers: list[LineNumbers] = field(default_factory=list)

    def add(self, word: LineWord, numbers: LineNumbers) -> None:
        self.word = max(self.word, word, key=_ORDER.index)
        self.numbers.append(numbers)

    def summary(self) -> LineNumbers:
        """The worst of loss, delay and jitter, the mean of rates, the sum of frozen time, the loudest moment."""
        return LineNumbers(
            **{name: self._of(name, max) for name in ("round_trip_ms", "loss_up", "loss_down", "jitter_ms", "level")},
            **{name: self._of(name, _mean) for name in ("up_kbps", "down_kbps")},
            frozen_s=self._of("frozen_s", sum),
        )

    def _of(self, name: str, fold) -> float | None:  # type: ignore[no-untyped-def]
        known = [value for one in self.numbers if (value := getattr(one, name)) is not None]
        return round(fold(known), 3) if known else None


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


class LineMeter:
    """The line of one seat over all of its connections."""

    def __init__(self, participant_id: str, role: Role) -> None:
        self.word = LineWord.GOOD
        self.numbers = LineNumbers()
        self._participant_id, self._role = participant_id, role
        self._silent = False
        self._stats: Stats | None = None
        self._link: MediaLink | None = None
        self._expected, self._received = _Count(), _Count()
        self._up, self._down = _Count(), _Count()
        self._kept: _Kept | None = None

    def client_says(self, stats: Stats) -> None:
        """What the client measured since it last said so."""
        self._stats = stats

    def measure(self, seated: Participant, seconds: float, media_time: float | None) -> LineMeasured | None:
        """Take the last `seconds`; returns what is to be kept, now and then.  `media_time` is None while nothing is
        recorded."""
        self.numbers = self._read(seated, seconds)
        there = seated.shown_connected and not self._silent
        self.word = word_of(self.numbers, self.word) if there else LineWord.LOST
        self._stats = None
        self._observe()
        return self._keep(media_time)

    def _read(self, seated: Participant, seconds: float) -> LineNumbers:
        link = seated.link
        if link is not self._link:
            self._link = link
            self._expected, self._received, self._up, self._down = _Count(), _Count(), _Count(), _Count()
        stats = self._stats or Stats()
        self._silent = False
        if link is None:
            return LineNumbers()
        line, sends = link.connection.measures(), seated.claims.may_publish
        expected, received = self._expected.grown(line.expected), self._received.grown(line.received)
        octets_down = self._down.grown(line.octets_down)
        self._silent = not sends and octets_down > 0 and line.unanswered_s > UNANSWERED_S
        return LineNumbers(
            round_trip_ms=line.round_trip_ms if line.round_trip_ms is not None else stats.round_trip_ms,
            loss_up=max(0.0, round(1 - received / expected, 3)) if expected > 0 else None,
            loss_down=line.loss_down,
            jitter_ms=round(line.jitter_ms, 1) if sends else line.jitter_down_ms,
            up_kbps=round(self._up.grown(line.octets_up) * 8 / 1000 / seconds),
            down_kbps=round(octets_down * 8 / 1000 / seconds),
            frozen_s=stats.frozen_s,
            level=stats.level,
        )

    def _observe(self) -> None:
        numbers, role = self.numbers, self._role.value
        for way, loss in (("up", numbers.loss_up), ("down", numbers.loss_down)):
            if loss is not None:
                _losses.labels(role, way).observe(loss)
        if numbers.round_trip_ms is not None:
            _trips.labels(role).observe(numbers.round_trip_ms / 1000)
        if numbers.jitter_ms is not None:
            _jitters.labels(role).observe(numbers.jitter_ms / 1000)
        if numbers.frozen_s is not None:
            _frozen.labels(role).observe(numbers.frozen_s)
        for way, rate in (("up", numbers.up_kbps), ("down", numbers.down_kbps)):
            if rate is not None:
                _rates.labels(role, way).observe(rate)
        if numbers.level is not None:
            _levels.labels(role).observe(numbers.level)

    def _keep(self, media_time: float | None) -> LineMeasured | None:
        if media_time is None:
            return None
        kept = self._kept = self._kept or _Kept(media_time)
        kept.add(self.word, self.numbers)
        return self.close(media_time) if media_time - kept.start >= KEPT_EVERY else None

    def close(self, media_time: float) -> LineMeasured | None:
        """What was measured and not kept yet; None if that is nothing."""
        kept, self._kept = self._kept, None
        if kept is None or not kept.numbers:
            return None
        return LineMeasured(
            participant_id=self._participant_id, start=kept.start, end=max(kept.start, media_time), word=kept.word,
            numbers=kept.summary(),
        )  # fmt: skip


class RoomLines:
    """The lines of everybody in a room."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._meters: dict[str, LineMeter] = {}
        self._measured_at: float | None = None

    def client_says(self, seated: Participant, stats: Stats) -> None:
        """A client measured its own line."""
        if seated.id in self._meters:
            self._meters[seated.id].client_says(stats)

    def tick(self, now: float, participants: Mapping[str, Participant]) -> None:
        """Measure every EVERY seconds, tell everybody, and keep what is to be kept."""
        passed = EVERY if self._measured_at is None else now - self._measured_at
        if passed < EVERY:
            return
        self._measured_at = now
        for gone in self._meters.keys() - participants.keys():
            self._keep(self._meters.pop(gone).close(self._recording.now))
        for seated in participants.values():
            meter = self._meter(seated)
            if meter is not None:
                self._keep(meter.measure(seated, passed, self._recording.now if self._recording.running else None))
        for viewer in participants.values():
            viewer.send(self._lines_for(viewer))

    def _meter(self, seated: Participant) -> LineMeter | None:
        """None until media came for the first time, or for observers could: somebody who is just coming in is not gone."""
        known = self._meters.get(seated.id)
        if known is None and seated.shown_connected:
            known = self._meters[seated.id] = LineMeter(seated.id, seated.claims.role)
        return known

    def _keep(self, measured: LineMeasured | None) -> None:
        if measured is not None and self._recording.begun:
            self._recording.append(measured)

    def _lines_for(self, viewer: Participant) -> Lines:
        staff = viewer.claims.role in SEE_NUMBERS
        return Lines(
            seats=tuple(
                SeatLine(participant_id=known, word=meter.word, numbers=meter.numbers if staff else None)
                for known, meter in self._meters.items()
            )
        )

    def close(self) -> None:
        """The talk is over: keep what was measured last."""
        for meter in self._meters.values():
            self._keep(meter.close(self._recording.now))
        self._meters.clear()
