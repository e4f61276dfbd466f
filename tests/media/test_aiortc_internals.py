"""What the media node rests on inside aiortc: every private name, and one loopback through our hooks."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import aioice.ice
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription, rtcrtpreceiver
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters

from server.media import aiortc_internals as internals
from server.media import rtp
from server.media.addresses import MediaAddresses
from tests.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def loopback() -> Iterator[None]:
    before = aioice.ice.get_host_addresses
    internals.bind_media_to(MediaAddresses(("127.0.0.1",)))
    yield
    aioice.ice.get_host_addresses = before


@pytest.mark.parametrize(("owner", "names"), internals.PRIVATE_NAMES + internals.WIRE_NAMES)
def test_private_names_are_there(owner: object, names: tuple[str, ...]) -> None:
    missing = [n for n in names if not hasattr(owner, n)]
    assert not missing, f"aiortc changed: {owner} has no {missing}; see server/media/aiortc_internals.py"


async def test_private_attributes_are_there() -> None:
    peer = RTCPeerConnection()
    transceiver = peer.addTransceiver("audio")
    dtls = transceiver.sender.transport
    gatherer = dtls.transport.iceGatherer
    there = {"peer": peer, "transceiver": transceiver, "sender": transceiver.sender, "dtls": dtls, "ice": dtls.transport,
             "gatherer": gatherer, "connection": gatherer._connection}  # fmt: skip
    assert [(owner, name) for owner, names in internals.ATTRIBUTES.items() for name in names if not hasattr(there[owner], name)] == []
    await peer.close()


def test_nobody_else_reaches_into_the_libraries() -> None:
    names = {name for names in internals.ATTRIBUTES.values() for name in names if name not in ("_state", "_connection")}
    names |= {name for _, names in internals.PRIVATE_NAMES + internals.WIRE_NAMES for name in names if name.startswith("_")}
    modules = [one for one in Path(internals.__file__).parents[1].rglob("*.py") if one.name not in ("aiortc_internals.py", "wire.py")]
    assert [one.name for one in modules if names & set(re.findall(r"\b_\w+", one.read_text()))] == []


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
    await _wait(lambda: sections[0].receiver.ready and sections[2].sender.ready and ear.receiver.ready)
    for i, payload in enumerate(sent):
        packet = rtp.Packet(65520 + i, i * 960, False, payload, i * 0.02)
        microphone.sender.forward(packet)
        await asyncio.sleep(0)
    await _wait(lambda: len(got) >= len(sent))
    assert got == sent, "packets are not forwarded whole and in order any more"
    await here.close()
    await there.close()


async def _wait(condition: object, seconds: float = PATIENCE_S) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not condition():  # type: ignore[operator]
        assert asyncio.get_running_loop().time() < end, "the hooks were never called: aiortc starts tracks otherwise"
        await asyncio.sleep(0.01)


FIREFOX = """v=0
o=mozilla...THIS_IS_SDPARTA-99.0 4858251974351650128 0 IN IP4 0.0.0.0
s=-
t=0 0
a=fingerprint:sha-256 {fingerprint}
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=video 9 UDP/TLS/RTP/SAVPF {types}
c=IN IP4 0.0.0.0
a=recvonly
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:5 urn:ietf:params:rtp-hdrext:toffset
a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1
a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1
a=fmtp:105 profile-level-id=42001f;level-asymmetry-allowed=1;packetization-mode=1
a=fmtp:120 max-fs=12288;max-fr=60
a=fmtp:124 apt=120
a=fmtp:127 apt=126
a=fmtp:98 apt=97
a=fmtp:106 apt=105
a=ice-pwd:29cdd51d3a3e2b1a2f28ac7a5a0a6a86
a=ice-ufrag:6c1ee3d5
a=mid:0
a=rtcp-fb:120 nack
a=rtcp-fb:120 nack pli
a=rtcp-fb:120 ccm fir
a=rtcp-fb:120 goog-remb
a=rtcp-fb:120 transport-cc
a=rtcp-fb:126 nack
a=rtcp-fb:126 nack pli
a=rtcp-fb:126 ccm fir
a=rtcp-fb:126 goog-remb
a=rtcp-fb:126 transport-cc
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:120 VP8/90000
a=rtpmap:124 rtx/90000
a=rtpmap:126 H264/90000
a=rtpmap:127 rtx/90000
a=rtpmap:97 H264/90000
a=rtpmap:98 rtx/90000
a=rtpmap:105 H264/90000
a=rtpmap:106 rtx/90000
a=setup:actpass
a=ssrc:1876501763 cname:{{e0e30d2e-6fce-4f9c-a4a1-7b1a1f3f5ad1}}
"""


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        ("120 124 126 127 97 98 105 106", {"video/VP8": (120, 124), "video/H264": (126, 127)}),
        ("120 124 105 106", {"video/VP8": (120, 124), "video/H264": (105, 106)}),
        ("120 124 97 98", {"video/VP8": (120, 124)}),
        ("120 124", {"video/VP8": (120, 124)}),
    ],
)
async def test_firefox_is_sent_h264_only_where_it_has_its_plug_in(
    offered: str, wanted: dict[str, tuple[int, int]]
) -> None:
    left_out = [number for number in (97, 98, 105, 106, 126, 127) if str(number) not in offered.split()]
    sdp = FIREFOX.format(types=offered, fingerprint=":".join(["AB"] * 32))
    for number in left_out:
        sdp = re.sub(rf"a=[a-z-]+:{number} .*\n", "", sdp)
    node = internals.ForwardingConnection()
    await node.setRemoteDescription(RTCSessionDescription(sdp.replace("\n", "\r\n"), "offer"))
    (section,) = node.getTransceivers()
    node.group([section], "slot0")
    await node.setLocalDescription(await node.createAnswer())
    assert internals._types(section._codecs) == wanted
    answered = re.findall(r"m=video \d+ \S+ (.*)", node.localDescription.sdp)[0].split()
    assert answered[:2] == ["120", "124"], "VP8 is preferred"
    assert "97" not in answered, "packetization-mode 0 has no room for large pictures"
    await node.close()


class Sent:
    """What goes out to a viewer, in place of its line."""

    def __init__(self) -> None:
        self.packets: list[rtp.Parsed] = []

    def send(self, data: bytes) -> None:
        parsed = rtp.parse(data)
        assert parsed is not None
        self.packets.append(parsed)

    def taken(self) -> list[tuple[int, bytes]]:
        """Payload types and payloads since the last call."""
        self.packets, found = [], self.packets
        return [(one.payload_type, one.payload) for one in found]


async def test_the_payload_type_follows_a_sender_that_changes_its_codec() -> None:
    node = internals.ForwardingConnection()
    section = node.addTransceiver("video")
    receiver, viewer, line = section.receiver, section.sender, Sent()
    assert isinstance(receiver, internals.ForwardingReceiver)
    assert isinstance(viewer, internals.ForwardingSender)
    h264 = {"packetization-mode": "1"}
    receiver._configure(RTCRtpReceiveParameters(codecs=[
        RTCRtpCodecParameters("video/VP8", 90_000, payloadType=96),
        RTCRtpCodecParameters("video/rtx", 90_000, payloadType=97, parameters={"apt": 96}),
        RTCRtpCodecParameters("video/H264", 90_000, payloadType=98, parameters=h264),
    ]))  # fmt: skip
    receiver._in.receiving = viewer._out.active = True
    viewer._types = {"video/VP8": (120, 124), "video/H264": (126, None)}
    viewer._out.put = line.send
    viewer.attach(receiver)
    numbers = iter(range(100))

    def comes(payload_type: int, payload: bytes) -> list[tuple[int, bytes]]:
        number = next(numbers)
        receiver._in.take(rtp.Parsed(payload_type, True, number, 3000 * number, 7, b"", payload), float(number))
        return line.taken()

    vp8_key, vp8, sps, idr = b"\x10\x00key", b"\x10\x01other", b"\x67sps", b"\x65idr"
    assert comes(96, vp8) == [], "a picture begins with a key frame"
    assert comes(96, vp8_key) == [(120, vp8_key)]
    assert comes(96, vp8) == [(120, vp8)]
    before = viewer._out.stream._seq
    assert comes(98, idr) == [], "the new decoder needs parameters first"
    assert comes(98, sps) == [(126, sps)]
    assert comes(98, idr) == [(126, idr)]
    viewer._answer([before], 0.0)
    assert line.taken() == [], "what was sent before the change is not sent again as something else"
    viewer._answer([before + 2], 0.0)
    assert line.taken() == [(126, idr)], "without RTX for this codec it is sent again as it was"
    assert comes(45, b"\x10\x00unknown") == [], "nobody agreed on that"
    assert comes(98, idr) == [(126, idr)]
    assert comes(96, vp8) == []
    assert comes(96, vp8_key) == [(120, vp8_key)]
    viewer._types = {"video/VP8": (120, 124)}
    assert comes(98, sps) == []
    assert not viewer.playable
    assert comes(96, vp8_key) == [(120, vp8_key)]
    await node.close()


def test_an_estimate_made_late_is_the_library_s_own() -> None:
    """Packets of 1,000 bytes, one every 10 ms: 800 kbit/s."""
    ours, stock = rtcrtpreceiver.RemoteBitrateEstimator(), RemoteBitrateEstimator()
    arrivals = [{"arrival_time_ms": at, "abs_send_time": at * 262, "payload_size": 1000, "ssrc": 7} for at in range(1000, 12_000, 10)]
    told = [ours.add(**arrival) for arrival in arrivals]
    assert told == [stock.add(**arrival) for arrival in arrivals]
    assert any(told)
