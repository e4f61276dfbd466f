"""How a slot's stream is made of its sources: numbers without holes, fewer layers, late packets."""

import itertools
import random
import struct
from collections.abc import Sequence

import pytest

from server.media import forwarding, rtp
from server.media.codecs.vp8 import vp8_header
from server.media.forwarding import Outgoing, SlotStream

CYCLE = ((0, False), (2, True), (1, True), (2, False))
"""Layers of L1T3, and which frames need the base alone."""


def vp8(picture: int, tl0: int, *, key: bool, layer: int = 0, sync: bool = False, first: bool = True) -> bytes:
    """A VP8 payload: descriptor with all fields, and one byte of frame."""
    head = b"\x90\xe0" if first else b"\x80\xe0"
    counters = struct.pack("!HB", 0x8000 | picture & 0x7FFF, tl0 & 0xFF)
    return head + counters + bytes((layer << 6 | sync << 5,)) + (b"\x00" if key else b"\x01") + b"data"


def packet(seq: int, timestamp: int, payload: bytes, arrival: float, marker: bool = True) -> rtp.Packet:
    return rtp.Packet(seq, timestamp, marker, payload, arrival, vp8_header(payload))


def layered(frames: int, *, start: int = 0, parts: int = 2) -> list[rtp.Packet]:
    """A source with three temporal layers, `parts` packets a frame, the first frame a key frame."""
    made = []
    for number in range(frames):
        layer, sync = CYCLE[number % 4]
        for part in range(parts):
            payload = vp8(
                start + number, number // 4, key=number == 0, layer=layer, sync=sync, first=part == 0
            )
            made.append(packet(1000 + number * parts + part, number * 3000, payload, number / 30, part == parts - 1))
    return made


def picture_of(out: Outgoing) -> int:
    return int(struct.unpack_from("!H", out.payload, 2)[0]) & 0x7FFF


def layer_of(out: Outgoing) -> int:
    header = vp8_header(out.payload)
    assert header is not None
    return header.layer


def sent(stream: SlotStream, packets: Sequence[rtp.Packet]) -> list[Outgoing]:
    return [out for out in map(stream.rewrite, packets) if out is not None]


def without_holes(numbers: Sequence[int], size: int) -> bool:
    return all((b - a) % size == 1 for a, b in itertools.pairwise(numbers))


def test_slot_stream_goes_on_over_a_change_of_source() -> None:
    stream = SlotStream(90000)
    one = sent(stream, [packet(100 + n, 9000 * n, vp8(50 + n, 7 + n, key=not n), n / 10) for n in range(3)])
    stream.switch()
    two = sent(stream, [packet(9 + n, 5 + 9000 * n, vp8(3000 + n, 99 + n, key=not n), 1 + n / 10) for n in range(3)])
    assert without_holes([out.seq for out in one + two], 1 << 16)
    assert [picture_of(out) for out in one + two] == list(range(50, 56))
    assert [out.payload[4] for out in one + two] == [7, 8, 9, 10, 11, 12]
    assert (two[0].timestamp - one[-1].timestamp) & 0xFFFFFFFF == pytest.approx(0.8 * 90000, abs=2)
    assert stream.sent(one[1].seq) == one[1]


@pytest.mark.parametrize(("wanted", "per_cycle"), [(0, 1), (1, 2), (2, 4), (forwarding.Layers.ALL, 4)])
def test_fewer_layers_leave_no_holes(wanted: int, per_cycle: int) -> None:
    stream = SlotStream(90000)
    stream.layers = forwarding.Layers(wanted)
    out = sent(stream, layered(40, start=0x7FF0))
    assert len(out) == 10 * per_cycle * 2
    assert {layer_of(o) for o in out} <= set(range(wanted + 1))
    assert without_holes([o.seq for o in out], 1 << 16)
    assert without_holes([picture_of(o) for o in out[::2]], 1 << 15)
    assert [picture_of(o) for o in out[::2]] == [picture_of(o) for o in out[1::2]], "a frame has one picture id"


def test_layers_change_between_frames_and_rise_where_nothing_is_missing() -> None:
    stream, source = SlotStream(90000), layered(48)
    first = sent(stream, source[:41])
    stream.layers.wanted = 0
    middle = sent(stream, source[41:64])
    stream.layers.wanted = forwarding.Layers.ALL
    last = sent(stream, source[64:])
    assert layer_of(middle[0]) == layer_of(first[-1]), "a frame that has begun is sent whole"
    assert {layer_of(o) for o in middle[1:]} == {0}
    shown = [layer_of(o) for o in last[::2]]
    assert shown[:4] == [0, 1, 0, 2], "each layer begins at a frame that needs the base alone"
    assert without_holes([o.seq for o in first + middle + last], 1 << 16)


def test_a_layer_that_nobody_can_enter_asks_for_a_key_frame_in_the_end() -> None:
    layers = forwarding.Layers(0)
    layers.wanted = 1
    stuck = packet(1, 0, vp8(1, 1, key=False, layer=1), 10.0)
    assert stuck.header is not None
    assert not layers.take(stuck, stuck.header)
    assert not layers.needs_keyframe(11.0)
    assert layers.needs_keyframe(12.1)
    assert not layers.needs_keyframe(12.2)
    key = packet(2, 0, vp8(2, 2, key=True), 12.3)
    assert key.header is not None
    assert layers.take(key, key.header)
    assert layers.take(stuck, stuck.header)


@pytest.mark.parametrize("seed", range(20))
def test_late_packets_find_their_places(seed: int) -> None:
    """Whatever comes late, and whatever is left out: no number twice, and all of a frame under one picture id."""
    rng = random.Random(seed)
    source = layered(120)
    order = sorted(source, key=lambda p: p.seq + (rng.randrange(1, 30) if rng.random() < 0.1 else 0))
    order = [source[0]] + [p for p in order if p is not source[0]]
    stream, out = SlotStream(90000), []
    for number, one in enumerate(order):
        if number % 50 == 25:
            stream.layers.wanted = rng.choice((0, 1, forwarding.Layers.ALL))
        made = stream.rewrite(one)
        if made is not None:
            out.append((one, made))
    numbers = [made.seq for _, made in out]
    assert len(numbers) == len(set(numbers))
    assert without_holes(sorted((n - out[0][1].seq) % (1 << 16) for n in numbers), 1 << 16)
    real = sorted(((one, made) for one, made in out if made.payload), key=lambda pair: pair[0].seq)
    assert without_holes_or_more([made.seq for _, made in real])
    pictures: dict[int, set[int]] = {}
    for one, made in real:
        pictures.setdefault(one.timestamp, set()).add(picture_of(made))
    assert all(len(found) == 1 for found in pictures.values())
    assert len(set.union(*pictures.values())) == len(pictures), "a picture id is used twice"


def without_holes_or_more(numbers: Sequence[int]) -> bool:
    return all(0 < (b - a) % (1 << 16) < 1000 for a, b in itertools.pairwise(numbers))


def test_late_packet_that_is_not_wanted_leaves_padding() -> None:
    stream, source = SlotStream(90000), layered(8)
    stream.layers = forwarding.Layers(0)
    sent(stream, [source[0], source[1], source[3], *source[4:]])
    late = stream.rewrite(source[2])
    assert late is not None
    assert late.payload == b""
    assert stream.rewrite(source[2]) is None, "a double is sent on"


def test_pause_keeps_the_clock_of_the_source() -> None:
    stream, source = SlotStream(90000), layered(40)
    before = sent(stream, source[:20])
    offset = stream.timestamp_offset
    stream.pause()
    assert stream.timestamp_offset == offset
    after = sent(stream, source[40:])
    assert stream.timestamp_offset == offset
    assert without_holes([o.seq for o in before + after], 1 << 16)
    assert without_holes([picture_of(o) for o in (before + after)[::2]], 1 << 15)


def test_an_answer_that_takes_long_is_not_asked_for_twice() -> None:
    losses, now = forwarding.LossTracker(), 0.0
    losses.add(0, now)
    asked = 0
    for number in range(2, 200, 2):
        losses.add(number, now)
        for _ in range(6):
            now += 0.05
            asked += len(losses.retry(now)[0])
        losses.add(number - 1, now)
    assert losses.retry_after == pytest.approx(0.08, abs=0.01), "repeated requests tell nothing about the time"
    slow = forwarding.LossTracker()
    slow.retry_after = 0.5
    for number in range(2, 200, 2):
        slow.add(number, float(number))
        slow.add(number - 1, number + 0.3)
    assert slow.retry_after == pytest.approx(0.41, abs=0.01)


def test_sound_is_asked_for_over_a_longer_hole_than_pictures() -> None:
    for asking, asked in ((forwarding.ASK_PICTURE, 0), (forwarding.ASK_SOUND, 200)):
        losses = forwarding.LossTracker(asking)
        losses.add(0, 0.0)
        assert len(losses.add(201, 4.0)[1]) == asked


def test_sound_is_asked_for_longer_than_pictures() -> None:
    for asking, taken in ((forwarding.ASK_PICTURE, False), (forwarding.ASK_SOUND, True)):
        losses = forwarding.LossTracker(asking)
        losses.add(0, 0.0)
        losses.add(2, 0.0)
        asked = [now for now in (step / 20 for step in range(1, 41)) if losses.retry(now)[0]]
        assert (asked[-1] > 1.8) is taken
        assert losses.add(1, 2.0)[2] is taken, "what is not asked for any more is not taken"
