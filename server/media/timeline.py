"""Where the moments of all tracks lie on the node's one clock, for hours.

The earliest arrivals say where a track lies: no packet comes before it was sent.  What is late (a burst, a thin line)
moves nothing; a sound device that runs fast or slow (commonly up to 200 ppm: 0.72 s an hour) is followed.  How far one
track of a sender lags behind another, because a picture takes longer to encode, arrivals cannot say; sender reports
(RFC 3550 section 6.4.1) do.  They also tell a queue that filled on the way, and stays full, from a source that stood
still.  A report that contradicts the others is not believed.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from server.media import rtp

JUMP = 0.2
"""Seconds; less is jitter or drift and is followed smoothly, more is a source that stood still or was changed."""
SLEW = 0.02
"""How fast positions move at most, in seconds a second: 0.4 ms from one sound packet to the next."""


class _Strange:
    """Offsets that are far from what they were, for as long as they are judged."""

    LASTS = 0.5
    LASTS_PATIENTLY = 1.0
    """After a short silence: a weak computer or line may take so long to catch up, and then nothing is missing."""
    STEADY = 0.1

    def __init__(self, since: float, *, patient: bool, queued: bool) -> None:
        """`patient`: the silence before was short; `queued`: packets were lost in it, as a full queue loses them."""
        self._since, self.patient, self.queued = since, patient, queued
        self._lasts = self.LASTS_PATIENTLY if patient else self.LASTS
        self._early = self._late = float("inf")

    def add(self, offset: float, arrival: float) -> None:
        if arrival - self._since < self._lasts / 2:
            self._early = min(self._early, offset)
        else:
            self._late = min(self._late, offset)

    def complete(self, now: float) -> bool:
        return now - self._since >= self._lasts and self._early < float("inf")

    @property
    def falling(self) -> bool:
        return abs(self._early - self._late) > self.STEADY

    @property
    def least(self) -> float:
        return min(self._early, self._late)


class Reports:
    """What sender reports say of one track: the sender's NTP time minus media time, in seconds."""

    WEIGHT = 0.5
    AGREE = 0.1
    SLIP = 0.5
    """Seconds that a source may stand still, a little at a time, between two reports that agree."""
    FRESH = 15.0

    def __init__(self) -> None:
        self.offset: float | None = None
        self.confirmed = False
        self._at = float("-inf")
        self._doubtful: list[float] = []

    def add(self, offset: float, now: float) -> bool:
        """Take one report; True if the sender's clock or the source turned out to have jumped."""
        self._at = now
        if self.offset is None:
            self.offset = offset
        elif abs(offset - self.offset) <= self.AGREE:
            self.offset += self.WEIGHT * (offset - self.offset)
            self.confirmed, self._doubtful = True, []
        else:
            return self._doubt(offset)
        return False

    def _doubt(self, offset: float) -> bool:
        """Three reports in a row that agree with each other are believed against the ones before."""
        if self._doubtful and not -self.AGREE <= offset - self._doubtful[-1] <= self.SLIP:
            self._doubtful = []
        self._doubtful.append(offset)
        if len(self._doubtful) < 3:
            return False
        self.offset, self._doubtful = offset, []
        return True

    def forget(self) -> None:
        """What was learnt is true no longer."""
        self.offset, self.confirmed, self._doubtful = None, False, []

    def fresh(self, now: float) -> bool:
        return self.offset is not None and now - self._at < self.FRESH

    def later_by(self, offset: float, seconds: float) -> bool:
        """Whether this report says that the source stood still for so long."""
        return self.offset is not None and abs(offset - self.offset - seconds) <= self.AGREE


class Arrivals:
    """The least of arrival minus media time: falls at once, rises no faster than any clock drifts, but for what reports
    say: a sound device of a weak computer drops twenty milliseconds now and then, and minutes in an hour."""

    RISE = 0.0003
    WINDOW = 1.0
    PAUSE = 0.25
    LONG_PAUSE = 2.0
    FEW = 0.1
    """Seconds of media that may be missing across a silence of a source that stood still."""

    def __init__(self, reports: Reports) -> None:
        """While `reports` come, which would tell, nothing is believed that a line's queue explains as well."""
        self._reports = reports
        self.least: float | None = None
        self.late: float | None = None
        """By how much packets are late of which only reports will tell why: a line's queue, or a source that stood still."""
        self.stands_still = False
        """The sender said so: the next packet that is late is not late, and nothing is to be judged."""
        self.fellows: Sequence[Arrivals] = ()
        """Of the same sender, over the same line."""
        self._last = self._since = self._last_offset = 0.0
        self._in_window = float("inf")
        self._told: float | None = None
        """What reports said at the beginning of the window."""
        self._strange: _Strange | None = None

    def add(self, offset: float, arrival: float) -> bool:
        """Take one packet's offset; True if the source turned out to have jumped (or this is the first packet)."""
        if self.least is None:
            self._begin(offset, arrival)
            return True
        if self._strange is None and 0 <= offset - self.least <= JUMP and arrival - self._since < self.WINDOW:
            # Nothing but the usual, for nearly every packet.
            self._in_window = min(self._in_window, offset)
            self._last, self._last_offset = arrival, offset
            return False
        if self.stands_still and offset - self.least > JUMP:
            self.stands_still = False
            self._begin(offset, arrival)
            return True
        jumped = self._judge(offset, arrival, self.least)
        if not jumped:
            self._follow(offset, arrival, self.least)
        self._last, self._last_offset = arrival, offset
        return jumped

    @property
    def judging(self) -> bool:
        """Whether what comes is far from where it was, and it is not known yet why."""
        return self._strange is not None

    def is_late(self, now: float) -> bool:
        """Whether what came in the last seconds took longer than usual."""
        return self.least is not None and now - self._last < self.LONG_PAUSE and self._last_offset - self.least > JUMP / 2

    def believe(self, arrival: float) -> None:
        """What is late is so because the source stood still."""
        self._begin((self.least or 0.0) + (self.late or 0.0), arrival)

    def _begin(self, offset: float, arrival: float) -> None:
        self.least, self.late, self._strange = offset, None, None
        self._last, self._since, self._last_offset = arrival, arrival, offset
        self._in_window = float("inf")

    def _follow(self, offset: float, arrival: float, least: float) -> None:
        if least - JUMP <= offset < least:
            self.least = least = offset
        self._in_window = min(self._in_window, offset)
        passed = arrival - self._since
        if passed >= self.WINDOW:
            most = self.RISE * passed + self._stood_still(arrival)
            self.least = least + max(0.0, min(self._in_window - least, most))
            self._since, self._in_window = arrival, float("inf")

    def _stood_still(self, now: float) -> float:
        """Seconds that the source did so in this window, as far as reports say."""
        before, self._told = self._told, self._reports.offset if self._reports.fresh(now) else None
        return 0.0 if before is None or self._told is None else max(0.0, self._told - before)

    def _judge(self, offset: float, arrival: float, least: float) -> bool:
        """A source jumped if what comes is far off and stays so; a burst after a silence catches up."""
        away = offset - least
        if abs(away) <= JUMP:
            self._strange = self.late = None
        elif self._strange is None and (away < 0 or arrival - self._last > self.PAUSE):
            self._strange = self._begin_strange(offset, arrival, away)
        if self._strange is None:
            return False
        self._strange.add(offset, arrival)
        if not self._strange.complete(arrival):
            return False
        found = self._strange
        self._strange = _Strange(arrival, patient=found.patient, queued=found.queued)
        if found.falling:
            return False
        in_doubt = away > 0 and (found.queued or self.late is not None or self._fellows_are_late(arrival))
        if in_doubt and self._reports.fresh(arrival):
            self.late = found.least - least
            return False
        self._begin(found.least, arrival)
        return True

    def _fellows_are_late(self, now: float) -> bool:
        return any(one.is_late(now) for one in self.fellows)

    def _begin_strange(self, offset: float, arrival: float, away: float) -> _Strange:
        silence = arrival - self._last
        missing = silence - (offset - self._last_offset)
        return _Strange(arrival, patient=away > 0 and silence < self.LONG_PAUSE, queued=away > 0 and missing > self.FEW)


class Timeline:
    """One track's moments on the node's monotonic clock; every reader of the track uses the same one."""

    SETTLES: ClassVar[float] = 1.0
    """Seconds during which the first arrivals may still move everything at once."""
    MOST_LAG: ClassVar[float] = 0.5
    MOST_UNCONFIRMED_LAG: ClassVar[float] = 0.2

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self.reports = Reports()
        self.arrivals = Arrivals(self.reports)
        self.lag = 0.0
        """Seconds that this track's fastest packets come later than those of the sender's fastest track."""
        self._fellows: Sequence[Timeline] = (self,)
        self._offset = 0.0
        self._begun = 0.0
        self._last = 0.0
        self._newest = 0

    def arrived(self, timestamp: int, arrival: float) -> None:
        """A packet with this unwrapped RTP timestamp came; to be called in the order of arrival."""
        first = self.arrivals.least is None
        jumped = self.arrivals.add(arrival - timestamp / self._rate, arrival)
        if first:
            self._begun = self._last = arrival
        elif jumped:
            self.reports.forget()
        self._move(arrival, at_once=jumped or arrival - self._begun < self.SETTLES)
        self._last = arrival
        self._newest = max(self._newest, timestamp)

    def _move(self, now: float, *, at_once: bool) -> None:
        target = (self.arrivals.least or 0.0) - self.lag
        step = target - self._offset
        if not at_once and abs(step) <= JUMP:
            most = SLEW * min(now - self._last, 1.0)
            step = max(-most, min(most, step))
        self._offset += step

    def __call__(self, timestamp: int) -> float:
        """Monotonic time in seconds at which this was captured, plus the path's least delay."""
        return min(timestamp / self._rate + self._offset, self._last)

    def report(self, ntp: int, timestamp: int, now: float) -> None:
        """A sender report: the 64 bit NTP time and the 32 bit RTP timestamp of one moment at the sender."""
        if self.arrivals.least is None:
            return
        ahead = (timestamp - self._newest + (1 << 31)) % (1 << 32) - (1 << 31)
        media = (self._newest + ahead) / self._rate
        offset = ntp / (1 << 32) - media
        late = self.arrivals.late
        if late is not None and self.reports.later_by(offset, late):
            self.arrivals.believe(now)
            self.reports.forget()
        if self.reports.add(offset, now):
            # A clock that was set was set for all tracks.
            for fellow in self._fellows:
                if fellow is not self:
                    fellow.reports.forget()
        _compare(self._fellows, now)


def placed(packet: rtp.Packet, timeline: Timeline, media_time: Callable[[float], float]) -> float:
    """Media time of a packet in seconds, negative before the recording.

    A microphone that stood still while the recording began, and speaks again, seems to speak of before it for as long
    as it is judged (`Arrivals`), half a second or one: until then what comes now counts as of now.
    """
    at = media_time(timeline(packet.timestamp))
    return media_time(packet.arrival) if at < 0 and timeline.arrivals.judging else at


def together(timelines: Sequence[Timeline]) -> None:
    """These tracks come from one sender, whose reports put them in step."""
    for timeline in timelines:
        timeline._fellows = timelines
        timeline.arrivals.fellows = [one.arrivals for one in timelines if one is not timeline]


def _compare(timelines: Sequence[Timeline], now: float) -> None:
    """Set how far each track lags behind the fastest one, where reports say so believably."""
    told = [t for t in timelines if t.reports.fresh(now)]
    delays = {t: (t.arrivals.least or 0.0) - (t.reports.offset or 0.0) for t in told}
    most = Timeline.MOST_LAG if all(t.reports.confirmed for t in told) else Timeline.MOST_UNCONFIRMED_LAG
    first, agreeing = 0.0, 1
    for delay in delays.values():
        together_with = sum(delay <= other <= delay + most for other in delays.values())
        if together_with > agreeing:
            first, agreeing = delay, together_with
    if agreeing < 2:
        return
    for timeline, delay in delays.items():
        if first <= delay <= first + most:
            timeline.lag = delay - first
