"""Encoders that stand in for a kiosk's camera: before, during and after a talk, through the real node."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import av
import pylibsrtp
import pytest

from server.media.aiortc_internals import SenderClock
from server.media.node import Node
from server.media.wire import Cipher
from server.protocol.base import TrackKind
from server.protocol.media_control import CameraEnd, CameraOffer, NodeStatus, Status
from server.protocol.signalling import Mute, Room, Seat, Shown
from server.settings import Settings
from tests.media.client import Client, until
from tests.media.conftest import Make
from tests.media.encoder import SIZE, Encoder
from tests.media.office import Office

OWN = (160, 120)
CAMERA = "kiosk-1"
Connect = Callable[..., Awaitable[tuple[Encoder, str]]]


@pytest.fixture
async def office(node: Node, settings: Settings) -> AsyncIterator[Office]:
    async with Office(node.port, settings) as connected:
        yield connected


@pytest.fixture
async def connect(office: Office, node: Node) -> AsyncIterator[Connect]:
    """Connects an encoder and waits until it sends; returns it and its session."""
    made: list[Encoder] = []

    async def one(**options: Any) -> tuple[Encoder, str]:
        encoder = Encoder(**options)
        made.append(encoder)
        reply = await office.ask(CameraOffer(id=len(made), camera_id=CAMERA, sdp=await encoder.offer()))
        assert reply.ok, reply.error
        await encoder.answered(reply.result["sdp"])
        wanted = {TrackKind(t.kind) for t in encoder.peer.getTransceivers()}
        await until(lambda: set(node.hub.cameras.tracks(CAMERA)) == wanted, "the encoder sends")
        return encoder, reply.result["session"]

    yield one
    for encoder in made:
        await encoder.close()


def own_seat(client: Client) -> Seat:
    return next(s for s in client.last(Room).seats if s.participant_id == client.id)


def petitioner_for(viewer: Client) -> Seat:
    """The petitioner's seat."""
    return next(s for s in viewer.last(Room).seats if s.participant_id == "p1")


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
async def test_an_encoder_is_the_kiosks_camera_while_it_sends(
    node: Node, office: Office, connect: Connect, seat: Make, codec: str
) -> None:
    _, session = await connect(codec=codec)
    status = NodeStatus.model_validate((await office.ask(Status(id=90))).result)
    assert [(c.camera_id, set(c.sends)) for c in status.cameras] == [(CAMERA, {"audio", "video"})]
    assert not node.hub.rooms, "an encoder alone opens no room"
    petitioner = await seat("p1", "petitioner", camera=CAMERA)
    leader = await seat("l1", "leader", camera=None)
    await until(lambda: leader.sees == SIZE, "the leader sees the encoder's picture")
    await until(lambda: own_seat(petitioner).supplied == (TrackKind.VIDEO,), "the kiosk keeps its own microphone")

    assert (await office.ask(CameraEnd(id=91, camera_id=CAMERA, session=session))).ok
    await until(lambda: leader.sees == OWN and own_seat(petitioner).supplied == (), "the own camera again")
    await connect(codec=codec)
    await until(lambda: leader.sees == SIZE, "the encoder again, in the middle of the talk")
    await petitioner.send(Mute(kind=TrackKind.VIDEO, muted=True))
    await until(lambda: own_seat(petitioner).supplied == (), "what the petitioner switched off is not sent")

    manifest = await node.hub.close_room("r1", "office")
    mine = [s for s in manifest.segments if s.participant_id == "p1"]
    assert len([s for s in mine if s.kind is TrackKind.AUDIO]) == 1, "the sound goes on through every change"
    pictures = {(s.codec, _size(node, s.file)) for s in mine if s.kind is TrackKind.VIDEO}
    assert pictures == {(codec, SIZE), ("video/VP8", OWN)}
    tracks = node.hub.cameras.tracks(CAMERA).values()
    assert tracks, "the encoder stays for the next sitting"
    assert [sink for track in tracks for sink in track.sinks] == [], "nothing is taken from it without a talk"


def _size(node: Node, file: str) -> tuple[int, int]:
    with av.open(str(node.hub.folder("r1") / file)) as container:
        frame = next(container.decode(video=0))
        return frame.width, frame.height


async def test_who_knows_no_h264_is_told_so_and_gets_none(
    node: Node, office: Office, connect: Connect, seat: Make
) -> None:
    await connect(codec="video/H264")
    await seat("p1", "petitioner", camera=CAMERA)
    leader, clerk = await seat("l1", "leader", publish=False), await seat("c1", "clerk")
    await leader.publish(only="video/VP8")
    await until(lambda: clerk.sees == SIZE, "the clerk sees the encoder's picture")
    await until(lambda: petitioner_for(leader).picture is Shown.UNPLAYABLE, "the leader is told")
    assert petitioner_for(clerk).picture is Shown.FULL
    assert leader.sees == (0, 0)
    assert (await office.ask(CameraEnd(id=91, camera_id=CAMERA))).ok
    await until(lambda: leader.sees == OWN, "the kiosk's own camera can be shown to everybody")
    await until(lambda: petitioner_for(leader).picture is Shown.FULL, "nothing more to be told")


async def test_who_agreed_to_sound_only_is_not_filmed_by_the_encoder_either(connect: Connect, seat: Make) -> None:
    await connect()
    petitioner = await seat("p1", "petitioner", camera=CAMERA, video=False)
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "the talk runs")
    assert own_seat(petitioner).supplied == ()
    assert leader.sees == (0, 0)


async def test_the_encoders_sound_starts_the_talk_and_is_recorded(
    node: Node, connect: Connect, seat: Make
) -> None:
    await connect()
    petitioner = await seat("p1", "petitioner", camera=CAMERA, camera_sound=True)
    petitioner.tone.paused = True
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "the talk runs")
    await until(lambda: own_seat(petitioner).supplied == (TrackKind.AUDIO, TrackKind.VIDEO), "by the encoder")
    await until(lambda: own_seat(petitioner).connected, "a kiosk that sends nothing is there while its connection stands")
    await until(lambda: leader.captions, "the encoder's sound is recognised")


async def test_a_new_connection_of_the_same_encoder_takes_the_place_of_the_old(
    node: Node, connect: Connect, office: Office
) -> None:
    old, session = await connect(sound=False)
    await connect()
    await until(lambda: old.peer.connectionState == "closed", "the old connection ends")
    gone = await office.ask(CameraEnd(id=92, camera_id=CAMERA, session=session))
    assert (gone.ok, gone.error) == (False, "not_found")
    assert (await office.ask(CameraEnd(id=93, camera_id=CAMERA))).ok
    assert node.hub.cameras.states() == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda sdp: "v=0\r\nnonsense",
        lambda sdp: sdp + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n" * 2,
        lambda sdp: sdp.replace("VP8", "AV1"),
        lambda sdp: sdp.replace("a=ice-pwd:", "a=no-pwd:"),
        lambda sdp: sdp[: len(sdp) // 2],
    ],
)
async def test_an_offer_that_cannot_be_used_is_refused_and_leaves_nothing(
    node: Node, office: Office, change: Callable[[str], str]
) -> None:
    encoder = Encoder()
    sdp = change(await encoder.offer())
    reply = await office.ask(CameraOffer(id=1, camera_id=CAMERA, sdp=sdp))
    await encoder.close()
    assert (reply.ok, reply.error) == (False, "offer_unusable")
    assert node.hub.cameras.states() == ()


def test_the_largest_packet_of_an_encoder_can_be_sent_on() -> None:
    policy = pylibsrtp.Policy(key=bytes(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    packet = b"\x80\x60" + bytes(1450)
    sent = Cipher(pylibsrtp.Session(policy)).run(pylibsrtp.lib.srtp_protect, packet)
    assert sent is not None
    assert len(sent) > len(packet)


def test_sound_and_picture_of_two_machines_are_placed_on_one_clock() -> None:
    one, other = SenderClock(48_000), SenderClock(90_000)
    one.note(1 << 32, 0)
    other.note(500 << 32, 0)
    one.on_our_clock = other.on_our_clock = True
    moments = [clock.at(1e9) for clock in (one, other)]
    assert moments[0]
    assert moments[1]
    assert abs(moments[0][0] - moments[1][0]) < 1 << 30, "within a quarter of a second of each other"
    assert one.last(0.0)[0] == 1 << 16, "what the sender is told of its own report stays its own time"


async def test_h264_without_a_packetization_mode_is_answered_without_one(office: Office) -> None:
    encoder = Encoder("video/H264", sound=False)
    offer = await encoder.offer()
    numbers = re.findall(r"a=rtpmap:(\d+) H264", offer)
    bare = re.sub(r"a=fmtp:(\d+) .*profile-level-id.*\r\n", "", offer)
    assert "packetization-mode" not in bare
    for sent in (bare, offer):
        reply = await office.ask(CameraOffer(id=1, camera_id=CAMERA, sdp=sent))
        assert reply.ok, reply.error
        taken = re.search(r"a=rtpmap:(\d+) H264", reply.result["sdp"])
        assert taken is not None
        assert taken[1] in numbers
        assert ("packetization-mode" in reply.result["sdp"]) == (sent is offer)
    await encoder.close()
