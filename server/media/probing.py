"""Whether a line on which a picture stands still has room again, measured over the way that media takes.

The node sends a train of small questions at once, and each is answered at once by about as many bytes (RFC 8445 section
7.3: every ICE agent answers binding requests).  Where a line is thin, either way, it spaces them out, so the answers'
spread tells how much fits beside the sound.  Nothing of it waits for TCP, which after a bad time sends again what was
lost only seconds after the line is well (measured: 4 to 7 s).

Pure policy, no I/O.
"""

from collections.abc import Callable

EVERY = 2.5
"""Seconds from one measurement to the next: on a line that carries hardly more than sound each takes some 8000 bytes."""
TRAIN, ENOUGH = 20, 13
"""Questions of a train, some 2500 bytes each way, and the answers that are waited for: a line that loses a tenth of
everything both ways answers 16."""
TRAINS = 7
"""One after the other: lines let a few thousand bytes pass at once, however thin they are.  On one that carries hardly
more than sound the first train that does not pass at once takes half a second, and ends the measurement."""
SPREAD = 0.075
"""With room for a picture, 250 kbit/s, the answers take so many seconds longer than the one to a single question."""
AGAIN, PER_SPREAD = 1.0, 12.0
"""Seconds from a failure to the next measurement at least, and how many times the spread: where little was lacking there
is room to measure sooner, and it may have been a busy machine."""


class Probe:
    """Measures one line again and again while that is wanted."""

    def __init__(self, ask: Callable[[int], None], answers: Callable[[], None], wide: Callable[[], None]) -> None:
        """`ask` sends so many questions of one kind, and answers to earlier ones count no more; `answers` is told that the
        other end can be measured, `wide` that there is room."""
        self._ask, self._answers, self._wide = ask, answers, wide
        self._due_at = 0.0
        self._asked_at = 0.0
        self._trip: float | None = None
        """Seconds that a question and its answer took that were not held up, by the quickest so far: a single one may have
        met a queue that was gone by the time of the next.  None: it is on its way."""
        self._came = 0
        self._passed = 0
        self._measuring = False

    def tick(self, now: float, *, wanted: bool) -> None:
        """Call every few hundredths of a second."""
        if not wanted:
            self._measuring = False
        elif now >= self._due_at:
            self._due_at = now + EVERY
            self._measuring, self._trip, self._passed = True, None, 0
            self._send(1, now)

    def answered(self, now: float) -> None:
        """One answer to the last questions came."""
        if not self._measuring:
            return
        if self._trip is None:
            self._trip = now - self._asked_at
            self._answers()
            self._send(TRAIN, now)
            return
        self._came += 1
        if self._came == 1:
            self._trip = min(self._trip, now - self._asked_at)
        if self._came == ENOUGH:
            self._judge(now - self._asked_at - self._trip, now)

    def _send(self, count: int, now: float) -> None:
        self._asked_at, self._came = now, 0
        self._ask(count)

    def _judge(self, spread: float, now: float) -> None:
        self._passed += 1
        if spread > SPREAD:
            self._measuring = False
            self._due_at = min(self._due_at, now + max(AGAIN, PER_SPREAD * spread))
        elif self._passed < TRAINS:
            self._send(TRAIN, now)
        else:
            self._measuring = False
            self._wide()
