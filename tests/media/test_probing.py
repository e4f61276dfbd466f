"""How a line is measured while a picture stands still on it."""

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from server.media import probing
from server.media.aiortc_internals import ForwardingConnection
from server.media.node import Node
from server.media.probing import Probe
from server.protocol.signalling import Mute, Room, Shown, Wide
from tests.media.client import Client, until
from tests.media.conftest import Make

QUESTION = 130 * 8
"""Bits of a question on the wire, and about those of an answer."""
STEP = 0.001


@dataclass
class Line:
    """A line with `capacity` bits per second besides its sound, of which a bucket lets 6000 bytes pass at once."""

    capacity: float
    loss: float = 0.0
    trip: float = 0.05
    wide: list[float] = field(default_factory=list)
    measured: int = 0
    asked: int = 0

    def __post_init__(self) -> None:
        self.now = 0.0
        self._random = random.Random(1)
        self._credit, self._free_at = 48_000.0, 0.0
        self._coming: list[tuple[float, int]] = []
        self._kind = 0
        self.probe = Probe(self._ask, self._measured, lambda: self.wide.append(self.now))

    def _measured(self) -> None:
        self.measured += 1

    def _ask(self, count: int) -> None:
        self._kind += 1
        for _ in range(count):
            self.asked += 1
            if self._credit >= QUESTION:
                self._credit -= QUESTION
            else:
                self._free_at = max(self._free_at, self.now) + QUESTION / self.capacity
            if self._random.random() >= self.loss and self._random.random() >= self.loss:
                self._coming.append((max(self.now, self._free_at) + self.trip, self._kind))

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += STEP
            if self._free_at <= self.now:
                self._credit = min(48_000.0, self._credit + self.capacity * STEP)
            due = [kind for at, kind in self._coming if at <= self.now]
            self._coming = [one for one in self._coming if one[0] > self.now]
            for kind in due:
                if kind == self._kind:
                    self.probe.answered(self.now)
            if round(self.now / STEP) % 50 == 0:
                self.probe.tick(self.now, wanted=True)


def test_a_line_that_has_room_again_is_found_at_the_next_measurement() -> None:
    line = Line(35_000)
    line.pass_time(20)
    assert line.wide == []
    assert line.measured >= 7
    healed = line.now
    line.capacity, line._free_at = 5e6, line.now
    line.pass_time(5)
    assert line.wide[0] - healed < probing.EVERY + 0.6


@pytest.mark.parametrize("capacity", [30_000, 60_000, 100_000])
def test_what_a_line_lets_pass_at_once_is_not_taken_for_room(capacity: float) -> None:
    line = Line(capacity)
    line.pass_time(60)
    assert line.wide == []
    assert line.asked * QUESTION / 60 < max(29_000, 0.6 * capacity), "measuring takes no more than small sound does"


def test_a_first_question_that_was_held_up_does_not_make_a_thin_line_wide() -> None:
    """Behind the last of a picture it waits longer than a train needs, and next to that nothing seems to take long."""
    line = Line(120_000)
    line._free_at, line._credit = 0.6, 0.0
    line.pass_time(2.4)
    assert line.measured == 1
    assert line.wide == []


def test_what_a_busy_machine_spoils_is_measured_again_soon() -> None:
    line = Line(5e6)
    line.pass_time(0.02)
    line._free_at = line.now + 0.1  # nothing is answered for a moment
    line._credit = 0.0
    line.pass_time(0.2)
    line.pass_time(2.0)
    assert line.wide
    assert line.wide[0] < 1.6


def test_a_line_that_loses_a_tenth_both_ways_can_be_measured() -> None:
    line = Line(5e6, loss=0.1)
    line.pass_time(30)
    assert len(line.wide) >= 5


def test_a_line_that_answers_nothing_is_not_measured() -> None:
    line = Line(5e6, loss=1.0)
    line.pass_time(10)
    assert (line.measured, line.wide, line.asked) == (0, [], 4)


def connection_of(node: Node, client: Client) -> ForwardingConnection:
    link = node.hub.rooms["r1"].participants[client.id].link
    assert link is not None
    return link.connection


async def test_who_sends_sound_only_is_told_that_there_is_room(
    seat: Make, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "SPREAD", 1.0)  # this process also encodes two pictures
    petitioner, leader = await seat("p1", "petitioner", video=False), await seat("l1", "leader")
    await until(lambda: connection_of(node, petitioner).connectionState == "connected", "media flows")
    await petitioner.send(Mute(kind="video", muted=True, reason="line"))
    await until(lambda: petitioner.last(Wide), "the node measured the line and says so")
    assert leader.last(Wide) is None, "nobody measures a line on which nothing stands still"


async def test_a_picture_that_comes_is_taken_for_the_word_that_it_comes(
    seat: Make, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word may be late on a line that was bad; that the picture was given up is believed as long as none comes."""
    petitioner, leader = await seat("p1", "petitioner"), await seat("l1", "leader")
    connection = connection_of(node, petitioner)

    def shown() -> list[Shown]:
        """How the leader was told that the picture is, one after the other."""
        return [one.picture for message in leader.got if isinstance(message, Room) for one in message.seats if one.participant_id == "p1"]

    await until(lambda: connection.connectionState == "connected", "media flows")
    seated, measured = node.hub.rooms["r1"].participants["p1"], []
    tell = seated.sends_sound_only
    monkeypatch.setattr(seated, "sends_sound_only", lambda since: (tell(since), measured.append(connection.sound_only)))
    await petitioner.send(Mute(kind="video", muted=True, reason="line"))
    await until(lambda: Shown.STOPPED in shown(), "the leader is told")
    await until(lambda: shown()[-1] is Shown.FULL, "its picture comes all the same")
    assert measured == [True, False], "and then nothing is measured any more"


async def test_answers_that_come_one_after_the_other_say_that_there_is_no_room(
    seat: Make, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    petitioner, _ = await seat("p1", "petitioner"), await seat("l1", "leader")
    connection = connection_of(node, petitioner)
    await until(lambda: connection.connectionState == "connected", "media flows")
    came, at_once, loop = [], connection._probe.answered, asyncio.get_running_loop()

    def late(now: float) -> None:
        came.append(now)
        after = 0.01 * (len(came) % (probing.TRAIN + 1))
        loop.call_later(after, at_once, now + after)

    monkeypatch.setattr(connection._probe, "answered", late)
    await petitioner.send(Mute(kind="video", muted=True, reason="line"))
    await until(lambda: len(came) > 2 * probing.TRAIN, "it is measured twice")
    await asyncio.sleep(0.5)  # the last train's answers
    assert petitioner.last(Wide) is None
