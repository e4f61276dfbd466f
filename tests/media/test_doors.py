"""Who is let in, how long a seat lasts, and what becomes of a room that everybody is gone from."""

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator, Iterator
from errno import EMFILE
from socket import IPPROTO_TCP

import jwt
import pytest
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from server.media import doors, tokens, tools
from server.media.node import Node
from server.media.room import CLOCKS_DIFFER
from server.protocol.media_control import Follow, Kick, Status
from server.protocol.signalling import Ended, HangUp, Joined, Leave, Trouble
from server.settings import Settings
from tests.granted import Granted
from tests.media.client import Client, token, until
from tests.media.conftest import Make
from tests.media.office import Office
from tests.patience import PATIENCE_S

# --- doors ------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def silent(node: Node, count: int) -> AsyncIterator[list[ClientConnection]]:
    """Sockets that open and say nothing."""
    url = f"ws://127.0.0.1:{node.port}/signal"
    sockets = [await connect(url, proxy=None) for _ in range(count)]
    yield sockets
    for socket in sockets:
        await socket.close()


async def test_sockets_that_do_not_join_are_few(
    node: Node, settings: Settings, seat: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "MOST_WAITING", 3)
    petitioner = await seat("p1", "petitioner", publish=False)
    await until(lambda: petitioner.last(Joined), "joined")
    async with silent(node, 3):
        with pytest.raises(InvalidStatus, match="503"):
            await connect(f"ws://127.0.0.1:{node.port}/signal", proxy=None)
        async with Office(node.port, settings) as office:
            assert (await office.ask(Status(id=1))).result["participants"] == 1, "the office is let in all the same"
    await until(lambda: not node._doors.waiting, "places free again")
    leader = await seat("l1", "leader", publish=False)
    await until(lambda: leader.last(Joined), "joined after the others had gone")


async def test_connections_without_a_request_count_too(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "MOST_WAITING", 2)
    monkeypatch.setattr(doors, "MOST_REFUSED", 1)
    opened = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(3)]
    await until(lambda: node._doors.waiting == 2, "two wait")
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b"", "cut without a word"
    for _, each in [*opened, (reader, writer)]:
        each.close()


async def test_words_go_on_as_soon_as_a_bad_line_does(node: Node, seat: Make) -> None:
    await seat("p1", "petitioner")
    own = next(iter(node._server.connections)).transport.get_extra_info("socket")
    assert own.getsockopt(IPPROTO_TCP, doors.THIN_LINEAR_TIMEOUTS) == 1


def test_one_address_cannot_take_all_places() -> None:
    counted = doors.Doors()
    sockets = [object() for _ in range(doors.MOST_PER_ADDRESS + 1)]
    assert all(counted.arrived(socket, "192.0.2.7") for socket in sockets)
    assert [counted.may_join(socket) for socket in sockets] == [True] * doors.MOST_PER_ADDRESS + [False]
    other = object()
    assert counted.arrived(other, "192.0.2.8")
    assert counted.may_join(other)
    for socket in sockets:
        counted.settled(socket)
        counted.settled(socket)
    assert counted.waiting == 1
    again = object()
    counted.arrived(again, "192.0.2.7")
    assert counted.may_join(again)


@pytest.fixture
def descriptor_limit() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_descriptor_limit_is_raised(descriptor_limit: tuple[int, int]) -> None:
    hard = descriptor_limit[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard // 2, hard))
    assert doors.raise_descriptor_limit() == hard


async def test_descriptors_are_kept_for_recordings(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    url = f"ws://127.0.0.1:{node.port}/signal"
    monkeypatch.setattr(doors.os, "listdir", lambda _: range(limit - 10))
    with pytest.raises(InvalidStatus, match="503"):
        await connect(url, proxy=None)
    monkeypatch.setattr(doors.os, "listdir", lambda _: range(10))
    await (await connect(url, proxy=None)).close()


async def test_failing_accepts_are_told_once_a_second() -> None:
    now = [100.0]
    handler = doors.QuietExhaustion(lambda: now[0])
    loop = asyncio.get_running_loop()
    context = {"message": "socket.accept() out of system resource", "exception": OSError(EMFILE, "too many")}
    with structlog.testing.capture_logs() as logged:
        for _ in range(50):
            handler(loop, context)
        now[0] += 1.0
        handler(loop, context)
    assert [line["times"] for line in logged] == [1, 50]


# --- seats ------------------------------------------------------------------------------------------------------


async def _come_back(node: Node, given: str) -> Client:
    client = Client(f"ws://127.0.0.1:{node.port}/signal", "k" * 32, "p1", "petitioner")
    await client.join(given)
    await until(lambda: client.last(Joined) or client.close_code is not None, "an answer")
    return client


async def test_a_seat_ends_however_often_somebody_comes_back(
    node: Node, settings: Settings, seat: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, now = settings.key("seat"), time.time()
    first = await seat("p1", "petitioner", publish=False)
    await until(lambda: first.last(Joined), "joined")
    seen = jwt.decode(first.last(Joined).resume, key, ["HS256"])
    assert abs(seen["until"] - now - tokens.SEAT_SECONDS) < 60
    short = await _come_back(node, token(key, "p1", "petitioner", until=now + 60, jti="short"))
    resumed = jwt.decode(short.last(Joined).resume, key, ["HS256"])
    assert (resumed["until"], resumed["exp"]) == (pytest.approx(now + 60), pytest.approx(now + 60))
    again = await _come_back(node, short.last(Joined).resume)
    assert jwt.decode(again.last(Joined).resume, key, ["HS256"])["until"] == pytest.approx(now + 60)
    monkeypatch.setattr(tokens, "_now", lambda: now + 61)
    late = await _come_back(node, again.last(Joined).resume)
    assert (late.close_code, late.last(Trouble).code) == (4401, "token_expired")
    for client in (short, again, late):
        await client.close()


async def test_who_left_needs_a_new_ticket(node: Node, settings: Settings, seat: Make) -> None:
    first = await seat("p1", "petitioner", publish=False)
    await until(lambda: first.last(Joined), "joined")
    await first.send(Leave())
    await until(lambda: first.close_code == 4410, "left")
    refused = await _come_back(node, first.last(Joined).resume)
    assert (refused.close_code, refused.last(Trouble).code) == (4401, "token_expired")
    welcome = await _come_back(node, token(settings.key("seat"), "p1", "petitioner"))
    assert welcome.last(Joined)
    await refused.close()
    await welcome.close()


async def test_who_was_sent_out_stays_out_even_if_not_seated(node: Node, settings: Settings, seat: Make) -> None:
    leader = await seat("l1", "leader", publish=False)
    first = await seat("p1", "petitioner", publish=False)
    await until(lambda: first.last(Joined) and leader.last(Joined), "joined")
    unused = token(settings.key("seat"), "c1", "clerk")
    async with Office(node.port, settings) as office:
        assert (await office.ask(Kick(id=1, reception_id="r1", participant_id="p1"))).ok
        assert (await office.ask(Kick(id=2, reception_id="r1", participant_id="c1"))).error == "not_found"
    for given in (first.last(Joined).resume, unused):
        refused = await _come_back(node, given)
        assert (refused.close_code, refused.last(Trouble).code) == (4401, "token_expired")
        await refused.close()
    assert leader.close_code is None


async def test_after_a_restart_whoever_sat_is_back_without_the_office(node: Node, settings: Settings, seat: Make) -> None:
    first = await seat("p1", "petitioner", publish=False)
    gone = await seat("l1", "leader", publish=False)
    ticket = token(settings.key("seat"), "c1", "clerk")
    await until(lambda: first.last(Joined) and gone.last(Joined), "joined")
    await gone.send(Leave())
    await until(lambda: gone.close_code == 4410, "left")
    await asyncio.sleep(2 * CLOCKS_DIFFER)
    again = await _come_back(node, first.last(Joined).resume)
    given = again.last(Joined).resume
    await node.stop()
    following = Node(settings)
    await following.start()
    for stale in (first.last(Joined).resume, gone.last(Joined).resume, ticket):
        refused = await _come_back(following, stale)
        assert (refused.close_code, refused.last(Trouble).code) == (4401, "token_expired"), "used, left, or not seated"
        await refused.close()
    back = await _come_back(following, given)
    assert back.last(Joined)
    once = await _come_back(following, given)
    assert (once.close_code, once.last(Trouble).code) == (4401, "token_used")
    for client in (again, back, once):
        await client.close()
    await following.stop()


async def test_who_is_sent_out_while_the_node_is_away_stays_out(node: Node, settings: Settings, seat: Make) -> None:
    first = await seat("p1", "petitioner", publish=False)
    await until(lambda: first.last(Joined), "joined")
    await node.stop()
    for _ in range(2):
        following = Node(settings.model_copy(update={"media_port": 0}))
        await following.start()
        async with Office(following.port, settings) as office:
            await office.ask(Follow(id=1, after={"r1": 0}))
            await office.ask(Kick(id=2, reception_id="r1", participant_id="p1"))
        refused = await _come_back(following, first.last(Joined).resume)
        assert (refused.close_code, refused.last(Trouble).code) == (4401, "token_expired")
        await refused.close()
        await following.stop()


# --- the end ----------------------------------------------------------------------------------------------------


async def test_the_farewell_comes_before_the_line_goes(
    node: Node, seat: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "FAREWELL_SECONDS", 2.0)
    petitioner = await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await asyncio.sleep(0.8)
    link = node.hub.rooms["r1"].participants["p1"].link
    assert link is not None
    await leader.send(HangUp())
    await until(lambda: petitioner.last(Ended), "ended")
    assert petitioner.peer is not None
    assert petitioner.peer.connectionState == "connected"
    assert not link.inputs, "what is said after the end is not recorded"
    assert all(slot.shows is None for slot in link.slots), "nor heard"
    with Granted() as granted:
        manifest = await node.hub.close_room("r1", "office")
        assert manifest.segments
        await until(lambda: link.connection.connectionState == "closed", "line closed in the end")
    assert granted.seconds < 4.0


@pytest.mark.slow
async def test_a_talk_that_everybody_is_gone_from_is_hung_up(
    node: Node, settings: Settings, seat: Make
) -> None:
    node.hub.tools.empty_seconds = 1.0
    async with Office(node.port, settings) as office:
        await office.ask(Follow(id=1))
        petitioner = await seat("p1", "petitioner", publish=False)
        await until(lambda: petitioner.last(Joined), "joined")
        await petitioner.send(Leave())
        await asyncio.sleep(1.6)
        assert "hung_up" not in office.kinds, "nobody received them yet: they are still in the queue"
        leader = await seat("l1", "leader", publish=False)
        await until(lambda: leader.last(Joined), "joined")
        await asyncio.sleep(1.6)
        assert "hung_up" not in office.kinds, "somebody is there"
        await leader.send(Leave())
        await until(lambda: "hung_up" in office.kinds, "hung up by the node")
        hung_up = next(e.entry.fact for e in office.entries if e.entry.fact.kind == "hung_up")
        left = [e.entry.at for e in office.entries if e.entry.fact.kind == "seat_left"][-1]
    assert hung_up.participant_id is None
    assert hung_up.at == left, "the empty time is no part of the talk"
    late = await seat("c1", "clerk", publish=False)
    await until(lambda: late.close_code == 4410, "it is over")


async def test_minutes_of_emptiness_come_from_the_settings(settings: Settings) -> None:
    node = Node(settings.model_copy(update={"empty_room_minutes": 0.5}))
    await node.start()
    assert node.hub.tools.empty_seconds == 30.0
    await node.stop()
