"""A client whose signalling breaks while media flows: it calls again, and nothing happens to the talk."""

import pytest

from server.media.node import Node
from server.protocol.signalling import Alive, Answer, Departed, Joined
from tests.granted import Granted
from tests.media.client import Client, until
from tests.media.conftest import Make


async def _call_again(client: Client, line: str) -> Joined:
    """A new socket under the same seat, as web/static/js/seat.js makes it."""
    token, before = client.last(Joined).resume, len(client.got)
    await client.join(token, line=line)
    await until(lambda: any(isinstance(m, Joined) for m in client.got[before:]), "joined again")
    return client.last(Joined)


async def test_media_goes_on_while_the_socket_is_made_anew(node: Node, seat: Make) -> None:
    petitioner, leader = await seat("p1", "petitioner"), await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    line = petitioner.last(Answer).line
    await petitioner.socket.close()
    await until(lambda: node.hub.rooms["r1"].participants["p1"].outbox is None, "the node misses the socket")
    captions = len(petitioner.captions)
    await until(lambda: len(leader.captions) >= captions + 2, "what is said meanwhile")
    assert (await _call_again(petitioner, line)).line_stands
    await until(lambda: len(petitioner.captions) >= captions + 2, "captions of the break are told again")
    assert not any(isinstance(m, Departed) for m in leader.got), "nobody was gone"
    manifest = await node.hub.close_room("r1", "office")
    assert not manifest.gaps
    assert {(s.participant_id, s.kind.value) for s in manifest.segments} == {(p, k) for p in ("p1", "l1") for k in ("audio", "video")}
    assert len(manifest.segments) == 4, "no file was ended"


async def test_a_line_of_before_or_of_somebody_else_does_not_stand(node: Node, seat: Make) -> None:
    petitioner, leader = await seat("p1", "petitioner"), await seat("l1", "leader")
    old, other = petitioner.last(Answer).line, leader.last(Answer).line
    assert not (await _call_again(petitioner, other)).line_stands
    assert not (await _call_again(petitioner, "")).line_stands
    await petitioner.publish()
    await until(lambda: petitioner.last(Answer).line != old, "another line")
    assert not (await _call_again(petitioner, old)).line_stands
    assert (await _call_again(petitioner, petitioner.last(Answer).line)).line_stands
    link = node.hub.rooms["r1"].participants["p1"].link
    await link.connection.close()
    assert not (await _call_again(petitioner, link.id)).line_stands


@pytest.mark.slow
async def test_the_node_is_never_silent_for_long(seat: Make) -> None:
    petitioner = await seat("p1", "petitioner", publish=False)
    alive = lambda: len([m for m in petitioner.got if isinstance(m, Alive)])  # noqa: E731
    await until(alive, "a sign of life")
    before = alive()
    with Granted() as granted:
        await until(lambda: alive() > before, "another")
    assert granted.seconds < 4
