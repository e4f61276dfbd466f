"""A lecture through the node with real peers: one speaks, others watch, one of them is given the floor."""

import pytest

from server.media.node import Node
from server.protocol.base import Source
from server.protocol.signalling import Ended, Floor, Hand, HangUp, Hold, Joined, Lecture, Share, Trouble
from server.settings import Settings
from tests.media.client import Client, until
from tests.media.conftest import Make

ROOM = {"reception_id": "lecture-1"}


def state(client: Client) -> Lecture | None:
    return client.last(Lecture)


@pytest.mark.slow
async def test_a_lecture_is_seen_by_all_and_the_floor_given_and_taken_back(node: Node, seat: Make) -> None:
    viewer = await seat("v1", "observer", publish=False, office="河东街道办", **ROOM)
    screen = await seat("h1", "observer", publish=False, office="大青镇政府", publishes=False, **ROOM)
    for client in (viewer, screen):
        await client.watch()
    await viewer.send(Hand(raised=True))
    await until(lambda: state(viewer) and state(viewer).hands, "the hand is seen")
    assert (state(viewer).state, state(viewer).viewers, state(viewer).speaker) == ("waiting", 2, None)
    speaker = await seat("s1", "leader", office="临溪县信访局", **ROOM)
    await until(lambda: state(viewer).state == "running" and state(viewer).recording, "running and recorded")
    await until(lambda: viewer.received.get(1) and screen.received.get(1) and screen.received.get(0), "picture and sound")
    assert {one.name: one.seats for one in state(screen).offices} == {"大青镇政府": 1, "河东街道办": 1}

    await viewer.send(Floor(participant_id="v1"))
    await until(lambda: viewer.last(Trouble), "only the speaker gives the floor")
    await screen.send(Hand(raised=True))
    await until(lambda: screen.last(Trouble), "a screen has no hand")
    await speaker.send(Floor(participant_id="h1"))
    await until(lambda: speaker.last(Trouble), "nor does it get the floor")
    assert (viewer.last(Trouble).code, screen.last(Trouble).code, speaker.last(Trouble).code) == ("not_allowed", "not_allowed", "nobody_there")

    await speaker.send(Floor(participant_id="v1"))
    await until(lambda: state(viewer).floor, "the floor is given")
    assert (state(viewer).floor.office, state(viewer).hands) == ("河东街道办", ())
    await viewer.again()
    await until(lambda: speaker.received.get(3) and screen.received.get(3), "the question is seen by speaker and screen")
    assert node.hub.rooms["lecture-1"].participants["v1"].link.audio is not None
    await speaker.send(Share(source=Source.SCREEN))
    await until(lambda: state(screen).document, "the screen is shown")
    await speaker.send(Floor(participant_id=None))
    await until(lambda: state(viewer).floor is None, "the floor is taken back")
    assert node.hub.rooms["lecture-1"].participants["v1"].link.audio is None, "what still comes is taken"
    await viewer.watch()
    before = viewer.received[1]
    await until(lambda: viewer.received[1] > before + 5, "the viewer sees the speaker again")
    seen = speaker.received[3]
    await until(lambda: viewer.received[1] > before + 20, "and goes on seeing them")
    assert speaker.received[3] <= seen + 2, "the speaker sees the viewer still"
    await speaker.send(Hold(participant_id="v1", held=True))
    await speaker.send(HangUp())
    await until(lambda: screen.last(Ended) and viewer.last(Ended), "the end")
    manifest = await node.hub.close_room("lecture-1", "office")
    assert {(one.participant_id, one.kind.value) for one in manifest.segments} == {("s1", "audio"), ("s1", "video"), ("v1", "audio"), ("v1", "video")}
    assert manifest.signature


async def test_who_comes_when_all_places_are_taken_is_told_so(settings: Settings, node: Node, seat: Make) -> None:
    settings.lecture_viewers = 1
    first = await seat("v1", "observer", publish=False, office="甲", **ROOM)
    await until(lambda: first.last(Joined), "the only place is taken")
    refused = Client(f"ws://127.0.0.1:{node.port}/signal", settings.key("seat"), "v2", "observer", reception_id="lecture-2")
    await refused.join()
    await until(lambda: refused.last(Trouble), "refused")
    assert refused.last(Trouble).code == "lecture_full"
    assert "满了" in refused.last(Trouble).message
    await refused.close()
    await seat("s1", "leader", publish=False, **ROOM)
