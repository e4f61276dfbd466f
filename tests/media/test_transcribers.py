"""Several transcribers: the least busy one gets a stream, a dead one's streams move on, nothing is lost or doubled."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.media.hub import transcriber_accesses
from server.media.node import Node
from server.media.recognition import Recognition as Rooms
from server.media.tap import Events, State, Tap
from server.media.transcribers import Access, Transcribers
from server.protocol.media_control import Recognised
from server.protocol.signalling import Caption, Recognition
from server.protocol.transcript import STUCK, LiveTrouble, LiveUtterance, Utterance
from server.settings import Settings
from tests.granted import Granted
from tests.media.client import until
from tests.media.conftest import Make, ScriptedTranscriber
from tests.media.test_talk import one_after_another
from tests.patience import PATIENCE_S

WITHIN_S = 3.0
"""How soon the streams of a dead transcriber are to be at another."""


class Stream:
    """One participant's tap, fed with sound; keeps what it tells."""

    def __init__(self, transcribers: Transcribers, name: str = "p1", reception: str = "r1") -> None:
        self.utterances: list[Utterance] = []
        self.heard_at: list[float] = []
        self.states: list[State] = []
        self.broken_off: list[float] = []

        def heard(utterance: Utterance) -> None:
            self.utterances.append(utterance)
            self.heard_at.append(time.monotonic())

        events = Events(
            heard, lambda partial: None, self.states.append, lambda at, reason: self.broken_off.append(at),
            lambda start, end: None,
        )  # fmt: skip
        self.tap = Tap(transcribers, reception, name, events)
        self._feeding: asyncio.Task[None] | None = None

    def feed(self, sound: bytes, speed: float) -> None:
        """Push the sound at so many times real time."""
        self._feeding = asyncio.ensure_future(self._feed(sound, speed))

    async def _feed(self, sound: bytes, speed: float) -> None:
        started = time.monotonic()
        for first in range(0, len(sound), 3200):
            self.tap.push(first / 32_000, sound[first : first + 3200])
            await asyncio.sleep(max(0.0, started + first / 32_000 / speed - time.monotonic()))

    async def fed(self) -> None:
        assert self._feeding is not None
        await self._feeding

    @property
    def starts(self) -> list[float]:
        return [round(u.start, 1) for u in self.utterances]


def access(scripted: ScriptedTranscriber) -> Access:
    return Access(f"ws://127.0.0.1:{scripted.port}/live", "key")


@pytest.fixture
async def pair() -> AsyncIterator[tuple[ScriptedTranscriber, ScriptedTranscriber]]:
    one, two = ScriptedTranscriber(), ScriptedTranscriber()
    await one.start()
    await two.start()
    yield one, two
    for scripted in (one, two):
        scripted.silent = False
        await scripted.stop()


@contextlib.asynccontextmanager
async def used(*accesses: Access) -> AsyncIterator[Transcribers]:
    transcribers = Transcribers(accesses)
    transcribers.start()
    yield transcribers
    await transcribers.close()


Pair = tuple[ScriptedTranscriber, ScriptedTranscriber]


async def test_receptions_go_to_the_least_busy_one_and_stay_together(pair: Pair) -> None:
    async with used(*map(access, pair)) as transcribers:
        streams = [Stream(transcribers, f"p{n}", f"r{n // 2}") for n in range(6)]
        for stream in streams:
            stream.feed(bytes(40_000), 10)
            await stream.fed()
        await until(lambda: all(s.utterances for s in streams), "heard")
        places = [{start.reception_id for start in one.starts} for one in pair]
        assert sorted(map(len, places)) == [1, 2]
        assert not places[0] & places[1]
        assert sorted(len(one.starts) for one in pair) == [2, 4]
        await until(lambda: all(one.looks for one in pair), "both asked")
        for stream in streams:
            await stream.tap.cancel()


@pytest.mark.parametrize("dies", ["closes", "falls silent", pytest.param("gets stuck", marks=pytest.mark.nightly)])
async def test_streams_of_a_dead_one_move_and_nothing_is_lost_or_doubled(pair: Pair, dies: str) -> None:
    one, two = pair
    async with used(*map(access, pair)) as transcribers:
        stream = Stream(transcribers)
        stream.feed(bytes(260_000), 10)
        await until(lambda: len(stream.utterances) >= 2, "heard by the first")
        if dies == "closes":
            await one.stop()
        elif dies == "gets stuck":
            one.state = STUCK
        else:
            one.silent = True
        with Granted() as granted:
            await until(lambda: two.starts, "moved")
        assert granted.seconds < WITHIN_S
        await stream.fed()
        assert await stream.tap.finish(PATIENCE_S) == pytest.approx(8.125)
    assert stream.starts == [float(n) for n in range(8)]
    assert stream.broken_off == [], "nobody had to be told"
    assert {state.state for state in stream.states} == {"on"}


async def test_one_that_says_it_cannot_is_left_at_once(pair: Pair) -> None:
    one, two = pair
    one.trouble = LiveTrouble(reason="overloaded", message="太多了。", retry_s=30)
    async with used(*map(access, pair)) as transcribers:
        stream = Stream(transcribers)
        stream.feed(bytes(100_000), 10)
        await until(lambda: len(stream.utterances) == 3, "heard by the other")
        assert (len(one.starts), len(two.starts)) == (1, 1)
        second = Stream(transcribers, "p2")
        second.feed(bytes(100_000), 10)
        await until(lambda: second.utterances, "heard by the other")
        assert len(one.starts) == 1, "not asked again before its time"
        await stream.tap.cancel()
        await second.tap.cancel()


async def test_where_none_is_well_people_are_told_and_the_first_that_comes_back_is_taken(pair: Pair) -> None:
    one, two = pair
    port = two.port
    await one.stop()
    await two.stop()
    async with used(*map(access, pair)) as transcribers:
        stream = Stream(transcribers)
        stream.feed(bytes(100_000), 10)
        await until(lambda: stream.states, "told")
        assert stream.states[-1].reason == "transcriber_down"
        await two.start(port)
        await until(lambda: len(stream.utterances) == 3, "heard")
        await stream.tap.cancel()


async def test_another_language_holds_from_what_is_not_decided_yet(pair: Pair) -> None:
    one = pair[0]
    async with used(access(one)) as transcribers:
        stream = Stream(transcribers)
        stream.feed(bytes(170_000), 3)
        await until(lambda: len(stream.utterances) >= 2, "heard")
        stream.tap.speaks("bo")
        stream.tap.speaks("bo")
        await stream.fed()
        assert await stream.tap.finish(PATIENCE_S) == pytest.approx(170_000 / 32_000)
    assert [start.language for start in one.starts] == ["zh", "bo"]
    assert stream.starts == [float(n) for n in range(5)]
    assert stream.broken_off == [], "nobody had to be told"


async def test_words_to_expect_are_told_and_the_first_let_what_is_undecided_be_heard_again(pair: Pair) -> None:
    one = pair[0]
    async with used(access(one)) as transcribers:
        stream = Stream(transcribers)
        stream.feed(bytes(170_000), 3)
        await until(lambda: len(stream.utterances) >= 2, "heard")
        stream.tap.expect(("何德顺", "柳林镇"))
        await until(lambda: len(one.starts) == 2, "heard again")
        stream.tap.expect(("何德顺", "柳林镇", "徐局长"))
        await stream.fed()
        assert await stream.tap.finish(PATIENCE_S) == pytest.approx(170_000 / 32_000)
    assert [start.hotwords for start in one.starts] == [(), ("何德顺", "柳林镇")], "later words break nothing off"
    assert stream.starts == [float(n) for n in range(5)]
    assert stream.broken_off == [], "nobody had to be told"


async def test_a_single_one_is_used_and_never_asked(pair: Pair) -> None:
    async with used(access(pair[0])) as transcribers:
        stream = Stream(transcribers)
        stream.feed(bytes(70_000), 2)
        await until(lambda: len(stream.utterances) == 2, "heard")
        await stream.tap.cancel()
    assert pair[0].looks == 0


@pytest.fixture
def settings(tmp_path: Path, pair: Pair) -> Settings:
    """A node that has the choice."""
    return Settings(
        data_dir=tmp_path, secret="a secret of the tests, and a long one", media_port=0, media_bind=["127.0.0.1"],
        transcriber_urls=[f"http://127.0.0.1:{one.port}" for one in pair], disk_reserve_mb=0,
    )  # fmt: skip


@pytest.mark.slow
async def test_a_room_goes_on_when_its_transcriber_dies(seat: Make, node: Node, pair: Pair) -> None:
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: len(leader.captions) >= 4, "captions")
    dies, stays = sorted(pair, key=lambda one: -len(one.starts))
    assert (len(dies.starts), len(stays.starts)) == (2, 0), "one reception is at one transcriber"
    with Granted() as granted:
        await dies.stop()
        await until(lambda: len(stays.starts) == 2, "moved")
    assert granted.seconds < WITHIN_S
    before = len(leader.captions)
    await until(lambda: len(leader.captions) >= before + 4, "captions again")
    await node.hub.close_room("r1", "office")
    for participant in ("p1", "l1"):
        starts = [c.utterance.start for c in leader.captions if c.utterance.participant_id == participant]
        assert one_after_another(starts, *pair), starts
    assert {m.state for m in leader.got if isinstance(m, Recognition)} <= {"on"}, "nobody is told of a trouble"


def test_the_setting_names_one_or_several(tmp_path: Path) -> None:
    given = {"data_dir": tmp_path, "secret": "a secret of the tests, and a long one"}
    assert [a.url for a in transcriber_accesses(Settings(**given))] == ["ws://127.0.0.1:8602/live"]  # type: ignore[arg-type]
    several = Settings(transcriber_urls=["https://a.example/", "http://[::1]:8602"], **given)  # type: ignore[arg-type]
    found = transcriber_accesses(several)
    assert [a.url for a in found] == ["wss://a.example/live", "ws://[::1]:8602/live"]
    assert [a.health_url for a in found] == ["https://a.example/healthz", "http://[::1]:8602/healthz"]


async def test_an_echo_that_was_shown_is_taken_off_the_screens_and_stays_in_the_journal_as_it_was() -> None:
    told: list[Caption] = []
    journal: list[Recognised] = []
    recording = SimpleNamespace(append=journal.append, history=SimpleNamespace(tracks=set, decided={}))
    tools = SimpleNamespace(transcribers=Transcribers([]))
    room = Rooms("r1", tools, recording, told.append)  # type: ignore[arg-type]
    leader, petitioner = (room._tap(who, "zh") for who in ("l", "p"))
    back = Utterance(id="u1", participant_id="p", start=1.3, end=3.0, text="您反映的是哪一年的")
    asked = Utterance(id="u2", participant_id="l", start=1.0, end=4.0, text="您反映的是哪一年的事情")
    petitioner._take(LiveUtterance(utterance=back, until=3.2))
    leader._take(LiveUtterance(utterance=asked, until=4.2, echoes=("u1",)))
    assert [(one.utterance.id, one.utterance.doubt) for one in told] == [("u1", ()), ("u2", ()), ("u1", ("echo",))]
    assert [fact.utterance for fact in journal] == [back, asked]
