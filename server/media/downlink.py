"""What one viewer's line can carry, and how much of each picture it gets.  Sound always goes; pictures give way.

Pure policy, no I/O.  Rates are bits per second of pictures alone: Chromium's estimate counts no sound (it takes only
packets with abs-send-time, and of those no audio).  What is known of a line:

- the viewer's own estimate (REMB, draft-alvestrand-rmcat-remb).  It falls when queues grow, to a little less than
  what came through then; afterwards it rises by 8 % a second whatever the line is like, and to 1.5 times of what
  comes in at most.  So its falling says much, and its height little;
- the share of packets lost (RFC 3550 section 6.4.1), less what was missing already when it came to the node.  Loss is
  a weak sign: a line that loses some of everything loses no less when less is sent (measured: cutting at 10 % more
  loss stopped all pictures for 10 s on a line that lost 10 % at random).  Only much more than before counts.

So the room for pictures is cut when either says that too much is sent, and raised in steps that are taken back when
they fail; each failure doubles the wait for the next try.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.protocol.signalling import Shown

EVERY = 0.5
"""Seconds between two decisions."""
MOVED = 0.03
"""By which share an estimate has to change to have fallen or risen."""
STALLED = 2.0
"""Seconds without rising after which an estimate below what is sent is believed, as if it had fallen."""
TOO_MUCH = 0.95
"""An estimate that is not below this share of what is sent complains of nothing."""
LOSS_STEP = 0.25
"""Loss beyond the line's own, the least of LOSS_WINDOW seconds, that means a full line."""
LOSS_WINDOW = 10.0
LOSS_STEADY = 2.0
"""Seconds over which reports of loss are averaged."""
SETTLE = 1.5
"""Seconds until a cut shows in the estimate and in the reports."""
PATIENCE_LEAST, PATIENCE_MOST = 3.0, 15.0
PATIENCE_MEASURED = 30.0
"""Seconds to the next try without a picture while the viewer measures its line: it will say when there is room."""
MEASURING = 8.0
"""Seconds after a viewer's last probe in which it counts as measuring its line."""
STEP, BLIND_STEP = 1.2, 2.0
"""By how much room is raised; the second while no picture goes out that could prove it wrong."""
ASK_FOR = 0.9
"""Share of the room that publishers may fill: rates swing."""
UNLIMITED = 3_000_000
LEAST_ROOM = 20_000
WIDE = 400_000
"""Room for pictures on a line that the viewer found wide enough for pictures again: a small one, from which it grows."""
STOP_AFTER = 1.5
"""Seconds that a picture is kept although it does not fit: its publisher may be sending less soon."""
LEAST_PICTURE = 45_000
"""With less a line is full of sound."""
KEEP, GRANT = 0.8, 1.05
"""What is shown may cost a little more than there is room for, what is new a little less: no flapping."""
GOOD_ENOUGH = 800_000
"""Nobody's picture is made worse than this (720p, talking heads) so that a weaker line can have one, too."""


Picture = tuple[int, ...]
"""Rate of a picture's base layer, of base and first layer together, and so on; empty: nothing comes."""


@dataclass(frozen=True, slots=True)
class Decision:
    """For each picture how many layers are sent, and what its publisher may send for this viewer (None: no limit)."""

    layers: tuple[int, ...]
    limits: tuple[int | None, ...]


class Line:
    """Follows one viewer's line and says how much room there is for pictures; None: no limit is known."""

    def __init__(self) -> None:
        self.room: float | None = None
        self._estimate = 0
        self._risen_at = -1e9
        self._fallen = False
        self._losses: deque[tuple[float, float]] = deque()
        self._loss = 0.0
        self._loss_at: float | None = None
        self._cut_at = -1e9
        self._raised_at = -1e9
        self._patience = PATIENCE_LEAST
        self._probed_at = -1e9
        self._wide_at = -1e9
        self._doubt = SETTLE
        """So long after a cut no measurement is believed: longer after each that proved wrong."""

    def note_estimate(self, bits: int, now: float) -> None:
        """The viewer estimates that it can receive this much."""
        if self._estimate and bits < (1 - MOVED) * self._estimate:
            self._estimate, self._fallen = bits, True
        elif bits > (1 + MOVED) * self._estimate:
            self._estimate, self._risen_at = bits, now

    def note_loss(self, fraction: float, now: float) -> None:
        """This share of packets was lost on the way to the viewer, by its last report."""
        if self._loss_at is None:
            self._loss_at = now
            self._losses.append((now, 0.0))
        weight = min(0.4, (now - self._loss_at) / LOSS_STEADY)
        self._loss, self._loss_at = self._loss + (fraction - self._loss) * weight, now
        self._losses.append((now, self._loss))
        while self._losses[0][0] < now - LOSS_WINDOW:
            self._losses.popleft()

    def note_probe(self, now: float) -> None:
        """The viewer is measuring its line."""
        self._probed_at = now

    def note_wide(self, now: float) -> None:
        """The viewer found that there is room again.  What was tried blindly before, and failed, says nothing against it."""
        if self.room is None or self.room >= WIDE or now - self._cut_at < self._doubt:
            return
        self.room, self._raised_at, self._wide_at = WIDE, now, now

    def update(self, now: float, sent: int, next_step: int | None) -> None:
        """Follow what was learnt: `sent` is the rate of pictures now, `next_step` what the next better ones need."""
        fallen, self._fallen = self._fallen, False
        if now - self._cut_at < SETTLE:
            return
        stalled = now - max(self._risen_at, self._raised_at, self._cut_at + SETTLE) > STALLED
        carried = self._carried(sent, believe=fallen or stalled)
        if carried is not None:
            self._cut(carried, now)
        elif self.room is not None and now - max(self._cut_at, self._raised_at) > self._patience_now(sent, now):
            self._raise(sent, next_step, now)

    def _patience_now(self, sent: int, now: float) -> float:
        measuring = sent < LEAST_ROOM and now - self._probed_at < MEASURING
        return PATIENCE_MEASURED if measuring else self._patience

    def _carried(self, sent: int, *, believe: bool) -> float | None:
        """What the line seems to carry, if that is less than what is sent."""
        if believe and 0 < self._estimate < TOO_MUCH * sent:
            return float(self._estimate)
        own = min((loss for _, loss in self._losses), default=0.0)
        if sent and self._loss - own > LOSS_STEP:
            return sent * (1 - self._loss)
        return None

    def _cut(self, carried: float, now: float) -> None:
        if self._raised_at > self._cut_at:
            self._learn(failed=now - self._raised_at < max(self._patience, 2 * SETTLE))
        known = carried if self.room is None else min(self.room, carried)
        self.room, self._cut_at = max(known, LEAST_ROOM), now

    def _learn(self, *, failed: bool) -> None:
        """How the last try went, be one cut enough after it or not."""
        self._patience = min(2 * self._patience, PATIENCE_MOST) if failed else PATIENCE_LEAST
        if self._raised_at == self._wide_at:
            self._doubt = min(2 * max(self._doubt, PATIENCE_LEAST), PATIENCE_MOST) if failed else SETTLE

    def _raise(self, sent: int, next_step: int | None, now: float) -> None:
        known = self.room or 0.0
        if next_step is None and sent < known / 2:
            # So little is sent that more room would prove nothing.
            return
        room = known * STEP if sent else known * BLIND_STEP
        if sent and next_step is not None:
            room = max(room, next_step * GRANT)
        self.room = room if room < UNLIMITED else None
        if now - self._raised_at < 3 * self._patience and self._cut_at < self._raised_at:
            self._patience = max(self._patience / 2, PATIENCE_LEAST)
        self._raised_at = now


class Downlink:
    """Decides how much of each picture one viewer gets."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._granted: tuple[int, ...] = ()
        self._sent = 0.0
        self._short_since: dict[int, float] = {}

    def decide(self, now: float, sent: int, pictures: Sequence[Picture]) -> Decision:
        """Call every EVERY seconds; earlier pictures come first.  `sent`: rate of pictures sent to the viewer."""
        if len(self._granted) != len(pictures):
            self._granted = tuple(len(p) for p in pictures)
        self._granted = tuple(min(g, len(p)) for g, p in zip(self._granted, pictures, strict=True))
        # A key frame alone is no flood.
        self._sent += (sent - self._sent) * 0.4
        self.line.update(now, int(self._sent), self._next_step(pictures))
        room = self.line.room
        wanted = tuple(len(p) for p in pictures) if room is None else self._share(room, pictures)
        self._granted = tuple(self._patient(n, w, p, now) for n, (w, p) in enumerate(zip(wanted, pictures, strict=True)))
        return Decision(self._granted, self._limits(room, pictures))

    def _next_step(self, pictures: Sequence[Picture]) -> int | None:
        """Rate of what is shown with one more layer of the first picture that is not whole; None: all are."""
        shown = sum(p[g - 1] for p, g in zip(pictures, self._granted, strict=True) if p and g)
        for picture, granted in zip(pictures, self._granted, strict=True):
            if granted < len(picture):
                return shown + picture[granted] - (picture[granted - 1] if granted else 0)
        return None

    def _share(self, room: float, pictures: Sequence[Picture]) -> tuple[int, ...]:
        """First every picture's base layer, then layer by layer the rest, as far as the room goes."""
        layers = [0] * len(pictures)
        for layer in range(max((len(p) for p in pictures), default=0)):
            for number, picture in enumerate(pictures):
                if layers[number] < layer or layer >= len(picture):
                    continue
                cost = picture[layer] - (picture[layer - 1] if layer else 0)
                if cost * (KEEP if layer < self._granted[number] else GRANT) <= room:
                    layers[number], room = layer + 1, room - cost
        return tuple(layers)

    def _patient(self, number: int, wanted: int, picture: Picture, now: float) -> int:
        """A picture stops only if it stays too much for a while, or is far too much."""
        if wanted or not picture or not self._granted[number]:
            self._short_since.pop(number, None)
            return wanted
        since = self._short_since.setdefault(number, now)
        hopeless = self.line.room is not None and 3 * self.line.room < picture[0]
        return 0 if hopeless or now - since > STOP_AFTER else 1

    def _limits(self, room: float | None, pictures: Sequence[Picture]) -> tuple[int | None, ...]:
        """The room, less a little, in parts as large as the whole pictures are."""
        whole = sum(p[-1] for p in pictures if p)
        if room is None or not whole:
            return (None,) * len(pictures)
        return tuple(int(ASK_FOR * room * p[-1] / whole) if p else None for p in pictures)


def shown(layers: int, picture: Picture) -> Shown:
    """How much of a picture that many layers are."""
    if layers >= len(picture):
        return Shown.FULL
    return Shown.REDUCED if layers else Shown.STOPPED


def publisher_limit(limits: Iterable[int | None], picture: Picture) -> int | None:
    """What a publisher should send at most for all who watch; None: as much as its own line carries.

    Only when all need less, they all get less: as much as the best of them can take.  One exception: where the
    weakest can have a picture at all only if the base layer shrinks, it does, but not below GOOD_ENOUGH in all.
    """
    known = list(limits)
    limited = [limit for limit in known if limit is not None]
    if not limited or not picture or not picture[0]:
        return None
    most = max(limited) if len(limited) == len(known) else None
    weakest, base_share = min(limited), picture[0] / picture[-1]
    if weakest < GOOD_ENOUGH * base_share:
        return most
    fits = max(int(weakest / base_share), GOOD_ENOUGH)
    return fits if most is None else min(most, fits)
