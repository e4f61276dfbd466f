"""A participant's sound until it is decided what was said in it: a break of the transcriber's connection loses none.

No I/O in here: this module can be compiled (compiled.py).
"""

from collections import deque

from server.media import opus
from server.protocol.transcript import LiveRepaired

SEEK_OVER = 0.5
"""A jump of the sound's time that is smaller is not worth breaking an utterance for."""
SILENT_OVER = 0.04
UNEVEN = 0.0005
RETAIN_SECONDS = 600.0


class _Sound:
    __slots__ = ("data", "start")

    def __init__(self, start: float, data: bytes) -> None:
        self.start = start
        self.data = data

    @property
    def end(self) -> float:
        return self.start + len(self.data) / 2 / opus.RATE


class Retained:
    """Sound that is not decided yet, in order; the first `sent` pieces went over the present connection."""

    def __init__(self) -> None:
        self.pieces: deque[_Sound] = deque()
        self.sent = 0
        self.until = 0.0
        self.sent_until = 0.0
        """End of what really went over the present connection."""
        self.end: float | None = None
        self.overflowed = False
        self.repairs: deque[LiveRepaired] = deque()
        """Stretches of it that were made up or recovered; the first `_repairs_told` were told over this connection."""
        self._repairs_told = 0

    def add(self, at: float, data: bytes) -> None:
        """Take samples that begin at media time `at`; small differences are evened out without a break."""
        start = self.end if self.end is not None and at - self.end < SEEK_OVER else at
        piece = _Sound(start, _fitted(data, at - start))
        self.end = piece.end
        if self.overflowed:
            return
        self.pieces.append(piece)
        if piece.end - self.pieces[0].start > RETAIN_SECONDS:
            self.overflowed = True
            self.pieces.clear()
            self.repairs.clear()
            self.sent = self._repairs_told = 0

    def decided(self, until: float) -> None:
        """Forget what lies before `until`."""
        self.until = max(self.until, until)
        while self.pieces and self.pieces[0].end <= self.until + 1e-6:
            self.pieces.popleft()
            self.sent = max(0, self.sent - 1)
        while self.repairs and self.repairs[0].end <= self.until:
            self.repairs.popleft()
            self._repairs_told = max(0, self._repairs_told - 1)

    def restart(self) -> None:
        """Everything retained has to be sent again; a piece that is partly decided is cut."""
        self.sent, self.sent_until, self._repairs_told = 0, self.until, 0
        if self.pieces and self.pieces[0].start < self.until:
            first = self.pieces[0]
            skip = round((self.until - first.start) * opus.RATE)
            self.pieces[0] = _Sound(first.start + skip / opus.RATE, first.data[2 * skip :])

    @property
    def waiting(self) -> bool:
        """Whether anything is still to be sent."""
        return self.sent < len(self.pieces)

    def unsent(self) -> list[_Sound]:
        """What is still to be sent, joined where it hangs together; it counts as sent then."""
        found: list[_Sound] = []
        for index in range(self.sent, len(self.pieces)):
            piece = self.pieces[index]
            if found and abs(piece.start - found[-1].end) < 1e-4 and len(found[-1].data) < 320_000:
                found[-1] = _Sound(found[-1].start, found[-1].data + piece.data)
            else:
                found.append(piece)
        self.sent = len(self.pieces)
        return found

    def untold(self) -> list[LiveRepaired]:
        """Repairs that are still to be told; they count as told then."""
        found = list(self.repairs)[self._repairs_told :]
        self._repairs_told = len(self.repairs)
        return found

    @property
    def lag(self) -> float:
        """Seconds of sound that are not decided."""
        return 0.0 if self.end is None else max(0.0, self.end - max(self.until, self._first))

    @property
    def _first(self) -> float:
        return self.pieces[0].start if self.pieces else self.end or 0.0


def _fitted(data: bytes, late: float) -> bytes:
    """Samples that belong `late` seconds behind where they are put: a short silence in front, or one sample more or
    less, so that words keep their time though the sender's sound device runs fast or slow (up to 3 ms a second)."""
    if late > SILENT_OVER:
        return bytes(2 * round(late * opus.RATE)) + data
    if late > UNEVEN:
        return data + data[-2:]
    return data[:-2] if late < -UNEVEN else data
