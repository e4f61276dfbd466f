"""How much of each picture a viewer gets: simulated lines, minutes in no time."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from server.media import downlink
from server.media.downlink import Downlink, Line, publisher_limit
from server.protocol.signalling import Shown

SHARES = (0.4, 0.6, 1.0)
"""Parts of the rate that a layered picture's layers take together; Chromium's L1T3 with its fake camera: 0.31, 0.55, 1."""
STEP = downlink.EVERY


@dataclass
class Viewer:
    """A line of `capacity(now)` bits per second that loses `loss` of everything, and a browser at its end."""

    capacity: Callable[[float], float]
    loss: float = 0.0
    estimate: float = 3e6
    layers: int = 3
    limit: int | None = None
    probes: bool = False
    """While its picture stands still it measures its line every 3 s, and tells when there is room."""
    shown: list[Shown] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.decider = Downlink(Line())
        self.random = random.Random(1)

    def watch(self, now: float, picture: tuple[int, ...]) -> None:
        """Half a second: what is sent, what comes through, what the browser tells, what is decided."""
        sent = picture[self.layers - 1] if self.layers else 0
        capacity = self.capacity(now)
        through = min(sent, capacity)
        if sent:
            if sent > capacity:
                self.estimate = 0.85 * through
            else:
                self.estimate = max(self.estimate, min(self.estimate * 1.04, 1.5 * through + 10_000))
            self.decider.line.note_estimate(int(self.estimate), now)
        lost = self.loss + self.random.uniform(-0.1, 0.1) * bool(self.loss)
        self.decider.line.note_loss(max(0.0, lost), now)
        if self.probes and not self.layers and now % 3 < STEP:
            self.decider.line.note_probe(now)
            if capacity > 300_000:
                self.decider.line.note_wide(now)
        decision = self.decider.decide(now, sent, [picture])
        self.layers, self.limit = decision.layers[0], decision.limits[0]
        self.shown.append(downlink.shown(self.layers, picture))

    def changes(self) -> int:
        return sum(a != b for a, b in zip(self.shown, self.shown[1:], strict=False))


def talk(viewers: list[Viewer], seconds: float, *, most: float = 1_500_000, shares: tuple[float, ...] = SHARES) -> list[int]:
    """The publisher's rate at every step; it follows what it is told, as Chromium does: down at once, up slowly."""
    rate, rates = most, []
    for number in range(round(seconds / STEP)):
        picture = tuple(int(rate * share) for share in shares)
        for viewer in viewers:
            viewer.watch(number * STEP, picture)
        limit = publisher_limit([v.limit for v in viewers], picture)
        rate = min(most, rate * 1.04, max(150_000, limit if limit is not None else most))
        rates.append(int(rate))
    return rates


def steady(bits: float) -> Callable[[float], float]:
    return lambda now: bits


def test_a_good_line_is_left_alone() -> None:
    viewer = Viewer(steady(5e6))
    rates = talk([viewer], 60)
    assert set(viewer.shown) == {Shown.FULL}
    assert set(rates) == {1_500_000}


def test_a_single_viewer_gets_a_whole_picture_that_fits() -> None:
    viewer = Viewer(steady(400_000))
    rates = talk([viewer], 120)
    later = viewer.shown[20:]
    assert later.count(Shown.FULL) > 0.8 * len(later)
    assert Shown.STOPPED not in later
    assert max(rates[20:]) < 560_000
    assert viewer.changes() < 20, "the picture flaps"


def test_the_weakest_gets_fewer_frames_and_the_others_keep_theirs() -> None:
    weak, strong = Viewer(steady(500_000)), Viewer(steady(5e6))
    rates = talk([weak, strong], 120)
    assert set(strong.shown) == {Shown.FULL}
    assert min(rates) >= downlink.GOOD_ENOUGH
    assert weak.shown[20:].count(Shown.REDUCED) > 0.8 * len(weak.shown[20:])
    assert Shown.STOPPED not in weak.shown[20:]
    assert weak.changes() < 15, "the picture flaps"


def test_who_can_have_no_picture_hears_on_and_costs_nobody_anything() -> None:
    weak, strong = Viewer(steady(60_000)), Viewer(steady(5e6))
    rates = talk([weak, strong], 300)
    assert set(strong.shown) == {Shown.FULL}
    assert min(rates) >= downlink.GOOD_ENOUGH
    assert sum(rates) > 1_200_000 * len(rates)
    assert weak.shown[20:].count(Shown.STOPPED) > 0.9 * len(weak.shown[20:])
    assert weak.changes() < 30, "tries go on as often as at first"


def test_a_picture_comes_back_with_the_line() -> None:
    viewer, strong = Viewer(lambda now: 50_000 if now < 60 else 5e6), Viewer(steady(5e6))
    talk([viewer, strong], 180)
    at = {state: [n * STEP for n, s in enumerate(viewer.shown) if s is state] for state in Shown}
    assert at[Shown.STOPPED], "a line of 50 kbit/s has no room for a picture"
    assert next(t for t in at[Shown.FULL] if t > 60) < 130
    assert max(at[Shown.STOPPED]) < 125
    assert set(viewer.shown[-60:]) == {Shown.FULL}


def test_a_picture_is_back_soon_on_a_line_that_is_measured() -> None:
    viewer, strong = Viewer(lambda now: 50_000 if now < 60 else 5e6, probes=True), Viewer(steady(5e6))
    rates = talk([viewer, strong], 120)
    meanwhile = viewer.shown[round(20 / STEP) : round(60 / STEP)]
    assert set(meanwhile) == {Shown.STOPPED}, "nothing is tried while measuring finds no room"
    assert Shown.STOPPED not in viewer.shown[round(65 / STEP) :]
    assert min(rates) >= downlink.GOOD_ENOUGH


def test_blind_tries_that_failed_say_nothing_against_a_measurement() -> None:
    line, now, estimate = Line(), 0.0, 100_000
    line.note_estimate(estimate, now)

    def flood() -> None:
        """What is sent is too much, and the browser's estimate falls in steps."""
        nonlocal now, estimate
        for _ in range(3):
            now, estimate = now + 2, int(0.9 * estimate)
            line.note_estimate(estimate, now)
            line.update(now, 200_000, None)

    def until_raised() -> float:
        nonlocal now
        since, room = now, line.room
        while line.room == room:
            now += STEP
            line.update(now, 0, 50_000)
        return now - since

    waits = []
    flood()
    for _ in range(4):
        waits.append(until_raised())
        flood()
    assert waits == [3.5, 6.5, 12.5, 15.5], "one try that fails counts once, however deep the estimate falls"
    room = line.room
    line.note_wide(now + 1)
    assert line.room == room, "what was sent last is still on its way"
    line.note_wide(now + 2)
    assert line.room == downlink.WIDE
    now += 2
    flood()
    for after, believed in ((2, False), (5, False), (6.5, True)):
        line.note_wide(now + after)
        assert (line.room == downlink.WIDE) is believed, "a measurement that proved wrong makes the next one wait"


def test_a_line_of_which_is_said_too_much_is_believed_ever_more_rarely() -> None:
    viewer, strong = Viewer(lambda now: 310_000 if now % 3 < STEP else 40_000, probes=True), Viewer(steady(5e6))
    talk([viewer, strong], 300)
    assert viewer.changes() < 60


@pytest.mark.parametrize("loss", [0.1, 0.2])
def test_a_line_that_always_loses_some_keeps_its_pictures(loss: float) -> None:
    viewer = Viewer(steady(5e6), loss=loss)
    talk([viewer], 120)
    assert set(viewer.shown) == {Shown.FULL}


def test_a_line_that_drops_what_is_too_much_is_noticed_without_any_estimate() -> None:
    """A policer has no queue: nothing is late, and half of it is lost."""
    line = Line()
    for number in range(40):
        line.note_loss(0.02 if number < 20 else 0.5, number * STEP)
        line.update(number * STEP, 1_000_000, None)
        if number == 20:
            assert line.room is None
    assert line.room == pytest.approx(550_000, rel=0.4)


def test_pictures_without_layers_stop_or_go() -> None:
    weak, strong = Viewer(steady(300_000), layers=1), Viewer(steady(5e6), layers=1)
    rates = talk([weak, strong], 60, shares=(1.0,))
    assert set(strong.shown) == {Shown.FULL}
    assert set(weak.shown) == {Shown.FULL, Shown.STOPPED}
    assert rates[-1] > 1_400_000


def test_first_pictures_come_first() -> None:
    decider = Downlink(Line())
    pictures = [(200_000, 300_000, 500_000)] * 3
    decider.line.note_estimate(1_500_000, 0.0)
    for now in (0.0, 0.5, 1.0):
        assert decider.decide(now, 1_500_000, pictures).layers == (3, 3, 3)
    decider.line.note_estimate(750_000, 1.4)
    assert decider.decide(1.5, 1_500_000, pictures).layers == (2, 1, 1)
    decider.line.note_estimate(450_000, 3.4)
    for now in (3.5, 4.5, 5.5):
        layers = decider.decide(now, 700_000, pictures).layers
    assert layers == (1, 1, 0)
    assert decider.decide(6.0, 400_000, [(), *pictures[1:]]).layers == (0, 1, 1), "what does not come takes no room"


def test_publisher_is_limited_only_when_all_need_less() -> None:
    picture = (600_000, 900_000, 1_500_000)
    assert publisher_limit([], picture) is None
    assert publisher_limit([None, None], picture) is None
    assert publisher_limit([700_000, 900_000], picture) == 900_000
    assert publisher_limit([400_000, None], picture) == 1_000_000, "the weakest's base layer fits"
    assert publisher_limit([100_000, None], picture) is None, "nothing that helps the weakest is good enough for all"
    assert publisher_limit([400_000, None], ()) is None
