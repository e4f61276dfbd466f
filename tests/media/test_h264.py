"""H.264 in RTP: where key frames begin, frames put together from packets, what is written of them, change of codec."""

import itertools
from pathlib import Path

import av
import pytest
from aiortc.codecs.h264 import H264Encoder
from hypothesis import given
from hypothesis import strategies as st

from server.media import codecs, history, rtp, webm
from server.media.codecs.base import Frame
from server.media.codecs.h264 import H264, Sequence, h264_header
from server.media.codecs.vp8 import vp8_header
from server.media.forwarding import SlotStream
from server.media.ordering import Reorder
from server.protocol.base import TrackKind
from server.protocol.recording import MATROSKA
from tests.media import encoded
from tests.media.test_power import Talk

SPS, PPS, IDR, SLICE, AUD = b"\x67sps", b"\x68pps", b"\x65\x88idr", b"\x41\x9aslice", b"\x09\xf0"


def payloads(annex_b: bytes) -> list[bytes]:
    """One picture as aiortc sends it: small units together, large ones in pieces (RFC 6184 sections 5.7.1, 5.8)."""
    return H264Encoder._packetize(H264Encoder._split_bitstream(annex_b))


def packets(blocks: tuple[webm.Block, ...], first: int = 0) -> list[rtp.Packet]:
    """A whole stream; `first`: number of the first picture."""
    found = [
        (number, payload, payload is parts[-1])
        for number, block in enumerate(blocks)
        for parts in [payloads(block.data)]
        for payload in parts
    ]
    return [
        rtp.Packet(first * 100 + seq, 9000 * (first + number), marker, payload, (first + number) / 10, h264_header(payload))
        for seq, (number, payload, marker) in enumerate(found)
    ]


class Receiver:
    """Puts frames together the way the recorder does."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.damaged = 0
        self.others: list[rtp.Packet] = []
        self._frames = H264.frames(self.frames.append, self._damage, lambda packet, lost: self.others.append(packet))
        self._reorder = Reorder(self._frames, depth=400, wait=0.5)

    def _damage(self) -> None:
        self.damaged += 1

    def __call__(self, *given: rtp.Packet) -> "Receiver":
        for packet in given:
            self._reorder(packet)
        self._reorder.flush()
        return self


def recorded(seconds: float, profile: str = "baseline") -> tuple[tuple[webm.Block, ...], bytes]:
    """What is written of a stream, and its track entry."""
    frames = Receiver()(*packets(encoded.h264(seconds, profile=profile))).frames
    opening = frames[0].opening
    assert opening is not None
    return tuple(webm.Block(f.timestamp / 90_000, f.data, f.key) for f in frames), opening.track


def one(seq: int, timestamp: int, payload: bytes, *, marker: bool = False) -> rtp.Packet:
    return rtp.Packet(seq, timestamp, marker, payload, seq / 10, h264_header(payload))


def units(frame: Frame) -> list[bytes]:
    """The NAL units of a frame as files hold it."""
    found, at = [], 0
    while at < len(frame.data):
        length = int.from_bytes(frame.data[at : at + 4], "big")
        found.append(frame.data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parsers(data: bytes) -> None:
    header = h264_header(data)
    if header is not None:
        header.starts_keyframe(data)
    Receiver()(rtp.Packet(1, 1, True, data, 0.0, header))
    Receiver()(one(1, 0, b"\x67" + data), one(2, 0, PPS), one(3, 0, IDR, marker=True))


@pytest.mark.parametrize(
    ("payload", "begins"),
    [
        (SPS, True),
        (b"\x18\0\4" + SPS + b"\0\4" + PPS, True),
        (b"\x18\0\2" + AUD + b"\0\4" + SPS, True),
        (b"\x7c\x87piece", True),
        (b"\x7c\x07later piece", False),
        (b"\x7c\x85idr", False),
        (PPS, False),
        (IDR, False),
        (SLICE, False),
        (b"\x18\0\4" + PPS, False),
        (b"\x18\0\x7f" + SPS, False),
    ],
)
def test_a_decoder_can_begin_where_the_parameters_are(payload: bytes, begins: bool) -> None:
    assert rtp.starts_keyframe(one(1, 0, payload)) is begins


@pytest.mark.parametrize("payload", [b"", b"\x7c", b"\x7c\x85", b"\x1d\x85x", b"\x19\0\0", b"\x00x"])
def test_what_was_not_agreed_on_has_no_header(payload: bytes) -> None:
    assert h264_header(payload) is None


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
def test_a_stream_is_recorded_as_it_came(tmp_path: Path, profile: str) -> None:
    blocks = encoded.h264(3, profile=profile)
    sent = packets(blocks)
    assert len(sent) > 2 * len(blocks), "pictures go in pieces"
    got, track = recorded(3, profile)
    assert [block.key for block in got] == [block.key for block in blocks]
    path = tmp_path / "v.mkv"
    path.write_bytes(webm.head(track, {}, "matroska") + webm.cluster(got[:15]) + webm.cluster(got[15:]))
    closed = webm.finalise(path)
    assert closed.seconds == pytest.approx(3.0, abs=0.02)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        pictures = [(p.width, p.height, p.key_frame) for p in container.decode(video=0)]
    assert pictures == [(160, 120, block.key) for block in blocks]


@pytest.mark.parametrize("size", [(16, 16), (176, 144), (322, 242), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("profile", ["baseline", "high"])
def test_the_size_is_read_from_the_parameters(size: tuple[int, int], profile: str) -> None:
    (first,) = encoded.h264(0.1, size, profile, ("cqm=jvt",) if profile == "high" else ())
    (frame,) = Receiver()(*packets((first,))).frames
    sequence = next(unit for unit in units(frame) if unit[0] & 31 == 7)
    assert Sequence(sequence).size == size
    for cut in range(1, 5):
        with pytest.raises(ValueError, match="cut"):
            Sequence(sequence[:cut])


def test_interlaced_pictures_have_their_whole_height() -> None:
    (first,) = encoded.h264(0.1, (320, 240), "main", ("interlaced=1",))
    (frame,) = Receiver()(*packets((first,))).frames
    assert Sequence(next(unit for unit in units(frame) if unit[0] & 31 == 7)).size == (320, 240)


def test_after_a_loss_frames_go_on_at_the_next_key_frame() -> None:
    sent = packets(encoded.h264(5))
    at = next(n for n, packet in enumerate(sent) if packet.timestamp == 5 * 9000)
    receiver = Receiver()(*sent[:at], *sent[at + 1 :])
    assert receiver.damaged == 1
    assert [frame.timestamp // 9000 for frame in receiver.frames] == [*range(5), *range(20, 50)]


@pytest.mark.parametrize("missing", [0, 1, 2, -1])
def test_a_key_frame_of_which_a_packet_is_missing_is_none(missing: int) -> None:
    first, second = (packets(encoded.h264(4)[n : n + 1], n) for n in (0, 20))
    lost = second.pop(missing)
    numbered = itertools.count(10_000)
    for packet in second:
        packet.seq = next(numbered) + (packet.seq > lost.seq)
    assert [frame.timestamp for frame in Receiver()(*first, *second).frames] == [0]


def test_parameters_that_are_not_repeated_are_remembered() -> None:
    blocks = encoded.h264(4)
    first = packets(blocks[:20])
    second = packets(blocks[20:], 20)
    bare = [packet for packet in second if not rtp.starts_keyframe(packet)]
    for seq, packet in enumerate(bare, first[-1].seq + 1):
        packet.seq = seq
    frames = Receiver()(*first, *bare).frames
    assert [frame.key for frame in frames] == [block.key for block in blocks]
    assert frames[20].opening == frames[0].opening
    assert Receiver()(*bare).frames == [], "without any parameters nobody could play it"


def test_a_frame_without_a_marker_ends_where_the_next_begins() -> None:
    sent = packets(encoded.h264(2))
    for packet in sent:
        packet.marker = False
    assert len(Receiver()(*sent).frames) == 19


def test_a_frame_that_never_ends_is_given_up() -> None:
    receiver = Receiver()
    receiver(*(one(n, 0, (b"\x7c\x85" if not n else b"\x7c\x05") + bytes(60_000)) for n in range(100)))
    assert receiver.frames == []
    assert sum(map(len, receiver._frames._open or [])) < 4_000_000


def test_a_slot_goes_on_over_a_change_of_codec_and_back() -> None:
    stream = SlotStream(90_000)
    vp8 = b"\x90\xe0\x80\x10\x05\x20\x10"
    shown = [rtp.Packet(5 + n, 9000 * n, True, vp8, n / 10, vp8_header(vp8)) for n in range(2)]
    before = [stream.rewrite(packet) for packet in shown]
    stream.switch()
    other = [stream.rewrite(packet) for packet in packets(encoded.h264(0.2))]
    stream.switch()
    after = stream.rewrite(rtp.Packet(900, 77, True, vp8, 1.0, vp8_header(vp8)))
    sent = [out for out in (*before, *other, after) if out is not None]
    assert len(sent) == 3 + len(other), "everything is sent on"
    assert {(b.seq - a.seq) & 0xFFFF for a, b in itertools.pairwise(sent)} == {1}
    assert [out.payload for out in other if out] == [p.payload for p in packets(encoded.h264(0.2))]
    assert after is not None
    assert after.payload[2:4] == b"\x80\x11", "picture numbers of VP8 go on where they stopped"


def test_frames_of_another_codec_are_told_apart() -> None:
    vp8 = rtp.Packet(2, 0, True, b"\x10x", 0.0, vp8_header(b"\x10x"))
    receiver = Receiver()(one(1, 0, SPS), vp8)
    assert receiver.others == [vp8]
    assert codecs.of(vp8.header) is codecs.VIDEO[0]  # type: ignore[arg-type]


async def recorded_by_a_talk(folder: Path, *streams: list[rtp.Packet]) -> Talk:
    talk = Talk(folder)
    for packet in itertools.chain(*streams):
        talk.times[TrackKind.VIDEO].arrived(packet.timestamp, packet.arrival)
        talk.video(packet)
    await talk.end()
    await talk.writer.close()
    talk.closer.shutdown()
    return talk


def turned(stream: list[rtp.Packet], after: list[rtp.Packet]) -> list[rtp.Packet]:
    """The stream as it follows another one of the same sender."""
    for seq, packet in enumerate(stream, after[-1].seq + 1):
        packet.seq = seq
    return stream


def grey(first: int, count: int) -> list[rtp.Packet]:
    """VP8, one packet a picture."""
    pictures = [(n, b"\x10" + block.data) for n, block in enumerate(encoded.vp8(4)[:count], first)]
    return [rtp.Packet(n * 100, 9000 * n, True, data, n / 10, vp8_header(data)) for n, data in pictures]


async def test_other_parameters_and_another_codec_begin_a_new_file(tmp_path: Path) -> None:
    small = packets(encoded.h264(2))
    again = turned(packets(encoded.h264(2), 20), small)
    large = turned(packets(encoded.h264(2, (320, 240)), 40), again)
    vp8 = turned(grey(60, 20), large)
    talk = await recorded_by_a_talk(tmp_path, small, again, large, vp8)
    shapes = []
    for segment in sorted(talk.segments, key=lambda one: one.start):
        with av.open(str(tmp_path / segment.file)) as container:
            pictures = [(frame.width, frame.height) for frame in container.decode(video=0)]
        shapes.append((segment.codec, segment.file, {*pictures}, len(pictures)))
    assert shapes == [
        ("video/H264", "p1-video-001.mkv", {(160, 120)}, 40),
        ("video/H264", "p1-video-002.mkv", {(320, 240)}, 20),
        ("video/VP8", "p1-video-003.webm", {(160, 120)}, 20),
    ]
    assert talk.gaps == []


def test_a_file_whose_writer_died_is_found_and_mended(tmp_path: Path) -> None:
    blocks, track = recorded(4)
    name = "p1-video-001"
    description = {
        "id": name, "participant_id": "p1", "role": "petitioner", "kind": "video", "source": "camera",
        "codec": "video/H264", "start": 1.5,
    }  # fmt: skip
    whole = webm.head(track, description, MATROSKA.document) + webm.cluster(blocks[:20])
    (tmp_path / f"{name}.mkv").write_bytes(whole + webm.cluster(blocks[20:])[:-1])
    (tmp_path / "journal.jsonl").write_text("")
    _, (segment,) = history.load(tmp_path)
    assert (segment.file, segment.codec, segment.closed) == (f"{name}.mkv", "video/H264", "repaired")
    assert segment.seconds == pytest.approx(2.0, abs=0.02)
    with av.open(str(tmp_path / segment.file)) as container:
        assert len(list(container.decode(video=0))) == 20
