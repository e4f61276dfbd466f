"""What the media node rests on inside aiortc: every private name, and one loopback through our hooks."""

import asyncio
import re
from collections.abc import Iterator

import aioice.ice
import pytest
from aiortc import RTCSessionDescription
from aiortc.codecs.vpx import Vp8Encoder

from server.media import aiortc_internals as internals
from server.media import rtp
from server.media.addresses import MediaAddresses


@pytest.fixture(autouse=True)
def loopback() -> Iterator[None]:
    before = aioice.ice.get_host_addresses
    internals.bind_media_to(MediaAddresses(("127.0.0.1",)))
    yield
    aioice.ice.get_host_addresses = before


@pytest.mark.parametrize(("owner", "names"), internals.PRIVATE_NAMES)
def test_private_names_are_there(owner: object, names: tuple[str, ...]) -> None:
    missing = [n for n in names if not hasattr(owner, n)]
    assert not missing, f"aiortc changed: {owner} has no {missing}; see server/media/aiortc_internals.py"


def test_check_names_the_package_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internals, "version", lambda package: "2.0.0")
    with pytest.raises(internals.Incompatible, match=r"aiortc 2\.0\.0"):
        internals.check()


def test_every_video_codec_is_counted() -> None:
    before = internals.video_codecs_created()
    Vp8Encoder()
    assert internals.video_codecs_created() == before + 1


async def test_loopback_through_the_hooks() -> None:
    here, there = internals.ForwardingConnection(), internals.ForwardingConnection()
    microphone = here.addTransceiver("audio", direction="sendonly")
    here.addTransceiver("video", direction="sendonly")
    ear = here.addTransceiver("audio", direction="recvonly")
    await here.setLocalDescription(await here.createOffer())
    await there.setRemoteDescription(RTCSessionDescription(here.localDescription.sdp, "offer"))
    sections = there.getTransceivers()
    there.group([sections[2]], "slot0")
    sections[2].sender.attach(sections[0].receiver)
    await there.setLocalDescription(await there.createAnswer())
    sdp = there.localDescription.sdp
    assert "useinbandfec=1" in sdp, "Opus in-band FEC is not negotiated any more"
    assert "transport-cc" in sdp, "transport-wide feedback is not negotiated any more"
    assert "127.0.0.1" in sdp, "the bind address is not honoured any more"
    assert "PCMU" not in sdp, "codec preferences are not honoured any more"
    video = re.findall(r"a=rtpmap:\d+ ([A-Z]\w+)/90000", sdp.split("m=video")[1])
    assert video[0] == "VP8", "VP8 is not preferred any more"
    assert re.findall(r"profile-level-id=(\w+)", sdp.split("m=video")[1]) == list(internals.H264_PROFILES)
    await here.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
    got: list[bytes] = []
    ear.receiver.sinks.append(lambda packet: got.append(packet.payload))
    sent = [b"opus%d" % i for i in range(50)]
    await _wait(lambda: sections[0].receiver._receiving and sections[2].sender._sending and ear.receiver._receiving)
    for i, payload in enumerate(sent):
        packet = rtp.Packet(65520 + i, i * 960, False, payload, i * 0.02)
        microphone.sender._forward(packet)
        await asyncio.sleep(0)
    await _wait(lambda: len(got) >= len(sent))
    assert got == sent, "packets are not forwarded whole and in order any more"
    await here.close()
    await there.close()


async def _wait(condition: object, seconds: float = 5) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not condition():  # type: ignore[operator]
        assert asyncio.get_running_loop().time() < end, "the hooks were never called: aiortc starts tracks otherwise"
        await asyncio.sleep(0.01)
