"""How a seat's line is measured, told and kept."""

import pytest
from aiortc.rtp import RtcpReceiverInfo

from server.media import line
from server.media.aiortc_internals import Reports
from server.media.line import word_of
from server.media.node import Node
from server.metrics import exposition
from server.protocol.media_control import Follow, LineMeasured
from server.protocol.signalling import LineNumbers, Lines, LineWord, SeatLine, Stats, Trouble
from server.settings import Settings
from tests.media.client import Client, until
from tests.media.conftest import Make
from tests.media.lossy import LossyLine
from tests.media.office import Office

GOOD, FAIR, POOR = LineWord.GOOD, LineWord.FAIR, LineWord.POOR


@pytest.mark.parametrize(
    ("numbers", "before", "word"),
    [
        ({}, GOOD, GOOD),
        ({"loss_up": 0.029, "round_trip_ms": 299, "jitter_ms": 49, "frozen_s": 0.29}, GOOD, GOOD),
        ({"loss_up": 0.03}, GOOD, FAIR),
        ({"loss_down": 0.1}, GOOD, POOR),
        ({"round_trip_ms": 300}, GOOD, FAIR),
        ({"round_trip_ms": 700}, FAIR, POOR),
        ({"jitter_ms": 120}, GOOD, POOR),
        ({"frozen_s": 1.0}, GOOD, POOR),
        ({"loss_up": 0.08}, POOR, POOR),
        ({"loss_up": 0.069}, POOR, FAIR),
        ({"loss_up": 0.022}, FAIR, FAIR),
        ({"loss_up": 0.02}, FAIR, GOOD),
        ({"loss_up": 0.05}, LineWord.LOST, FAIR),
    ],
)
def test_the_word_for_numbers(numbers: dict[str, float], before: LineWord, word: LineWord) -> None:
    assert word_of(LineNumbers(**numbers), before) is word


def word_at(viewer: Client, participant_id: str) -> LineWord | None:
    told = viewer.last(Lines)
    return next((seat.word for seat in told.seats if seat.participant_id == participant_id), None) if told else None


async def test_a_bad_line_is_told_to_everybody_in_a_word_and_kept(
    seat: Make, node: Node, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "EVERY", 0.5)
    petitioner, leader = await seat("p1", "petitioner"), await seat("l1", "leader")
    await until(lambda: word_at(leader, "p1") is GOOD and word_at(petitioner, "l1") is GOOD, "both lines are good")
    assert petitioner.peer is not None
    await petitioner.send(Stats(level=0.4))
    bad = LossyLine(petitioner.peer, up=0.3)
    await until(lambda: word_at(leader, "p1") is POOR and word_at(petitioner, "p1") is POOR, "it is told")
    bad.set_loss(0)
    await until(lambda: word_at(leader, "p1") is GOOD, "it has recovered")
    bad.set_loss(1)
    await until(lambda: word_at(leader, "p1") is LineWord.LOST, "it is gone")
    await node.hub.close_room("r1", "office")
    async with Office(node.port, settings) as office:
        await office.ask(Follow(id=1, after={"r1": 0}))
        await until(lambda: "closed" in office.kinds, "the whole journal")
        facts = [entry.entry.fact for entry in office.entries]
    kept = [fact for fact in facts if isinstance(fact, LineMeasured) and fact.participant_id == "p1"]
    assert kept
    assert kept[0].word is LineWord.LOST, "the worst of the stretch"
    assert (kept[0].numbers.loss_up or 0) > 0.02, "over the whole stretch, most of which may have been good"
    assert (kept[0].numbers.up_kbps or 0) > 1
    assert kept[0].numbers.level == 0.4, "how loud the microphone was"
    shown = exposition()[0].decode()
    assert 'jietan_media_line_level_count{role="petitioner"}' in shown
    assert 'jietan_media_line_kbps_count{role="petitioner",way="up"}' in shown


async def test_numbers_are_for_the_office(seat: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "EVERY", 0.3)
    petitioner, leader = await seat("p1", "petitioner"), await seat("l1", "leader")
    observer = await seat("o1", "observer")
    assert observer.peer is not None
    LossyLine(observer.peer, down=0.4)
    await petitioner.send(Stats(round_trip_ms=31.0, frozen_s=0.0, level=0.5))
    await until(lambda: word_at(leader, "l1") and word_at(leader, "p1"), "the leader has both words")
    await until(lambda: leader.last(Lines).seats[0].numbers.up_kbps, "the leader has numbers")
    assert all(told.numbers is None for told in petitioner.last(Lines).seats)
    assert LineWord.LOST not in {one.word for one in told_to(leader)}, "whoever is coming in is not gone"
    await until(lambda: word_at(leader, "o1") in (FAIR, POOR), "what the observer does not get is measured, too")
    await until(lambda: any(one.jitter_ms is not None for one in numbers_of(leader, "o1")), "jitter, as the observer reports it")
    observed = numbers_of(leader, "o1")
    assert max(one.loss_down or 0 for one in observed) >= 0.03
    assert {(one.up_kbps, one.loss_up) for one in observed} == {(0, None)}, "it sends nothing"


def told_to(client: Client) -> list[SeatLine]:
    """What somebody's screen was told of all seats' lines until now."""
    return [seat for message in client.got if isinstance(message, Lines) for seat in message.seats]


def numbers_of(client: Client, participant_id: str) -> list[LineNumbers]:
    """The numbers of one seat among it."""
    return [seat.numbers for seat in told_to(client) if seat.participant_id == participant_id and seat.numbers]


def test_who_reports_nothing_of_what_is_sent_is_silent_for_so_long() -> None:
    reports = Reports()
    assert reports.unanswered == 0.0, "nothing was sent"
    for second in range(4):
        reports.sent(second << 32, 100.0 + second)
    assert reports.unanswered == 3.0
    block = RtcpReceiverInfo(ssrc=1, fraction_lost=64, packets_lost=0, highest_sequence=0, jitter=480, lsr=2 << 16, dlsr=32768)
    reports.note(block, 103.6, 48_000)
    assert reports.unanswered == 0.0
    loss, trip, jitter = reports.take()
    assert (loss, round(trip or 0, 3), jitter) == (0.25, 1.1, 0.01)
    assert reports.take() == (None, None, None)


@pytest.mark.parametrize("wrong", ['{"frozen_s": -1}', '{"round_trip_ms": 1e9}', '{"level": "loud"}', '{"extra": 1}'])
async def test_senseless_numbers_of_a_client_are_refused(seat: Make, wrong: str) -> None:
    client = await seat("p1", "petitioner", publish=False)
    await client.socket.send('{"type": "stats", ' + wrong[1:])
    await until(lambda: client.last(Trouble), "refused")
    assert client.last(Trouble).code == "message_malformed"
