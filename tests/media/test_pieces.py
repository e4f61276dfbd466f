"""The small parts: counters, order, time, what to ask for again, feedback, descriptors, sound decoding, journal."""

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media import forwarding, journal, opus, rtp, twcc
from server.media.codecs.vp8 import vp8_header, vp8_size
from server.media.ordering import Reorder
from server.media.retained import RETAIN_SECONDS, Retained
from tests.media import encoded


def packet(seq: int, arrival: float = 0.0, payload: bytes = b"x") -> rtp.Packet:
    return rtp.Packet(seq, seq * 960, False, payload, arrival)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parsers(data: bytes) -> None:
    parsed = rtp.parse(data)
    if parsed is not None:
        rtp.extension(parsed.extension, 5)
    rtp.starts_keyframe(rtp.Packet(1, 1, False, data, 0.0, vp8_header(data)))
    vp8_size(data)
    rtp.opus_has_fec(data)
    assert 0 <= rtp.opus_seconds(data) <= 0.12


@given(st.lists(st.integers(-200, 200), max_size=50), st.integers(0, 65535))
def test_unwrapped_counters_keep_their_steps(steps: list[int], start: int) -> None:
    unwrap, number = rtp.Unwrapper(16), start
    base = unwrap(start % 65536) - start
    highest = start
    for step in steps:
        number = highest + step
        highest = max(highest, number)
        assert unwrap(number % 65536) - base == number


def test_opus_durations() -> None:
    assert rtp.opus_seconds(b"\xf8\xff\xfe") == 0.02
    assert rtp.opus_seconds(bytes([3 << 3, 0])) == 0.06
    assert rtp.opus_seconds(bytes([(31 << 3) | 3, 3])) == pytest.approx(0.06)
    assert rtp.opus_seconds(bytes([(31 << 3) | 3, 63])) == 0.0


@given(st.permutations(range(8)))
def test_reorder_gives_each_packet_once_and_in_order(order: list[int]) -> None:
    got: list[tuple[int, int]] = []
    reorder = Reorder(lambda p, lost: got.append((p.seq, lost)), depth=50, wait=9)
    reorder(packet(99))
    for n in order:
        reorder(packet(100 + n))
        reorder(packet(100 + n))
    assert got == [(99 + n, 0) for n in range(9)]


def test_reorder_gives_up_after_its_wait_and_says_how_many() -> None:
    got: list[tuple[int, int]] = []
    reorder = Reorder(lambda p, lost: got.append((p.seq, lost)), depth=50, wait=0.5)
    for seq, arrival in ((1, 0.0), (4, 0.1), (5, 0.2)):
        reorder(packet(seq, arrival))
    assert got == [(1, 0)]
    reorder.tick(0.7)
    assert got == [(1, 0), (4, 2), (5, 0)]


def test_losses_are_asked_for_again_but_an_outage_is_not() -> None:
    losses = forwarding.LossTracker()
    losses.add(65534, 0.0)
    number, ask, new = losses.add(2, 0.0)
    assert [n & 0xFFFF for n in ask] == [65535, 0, 1]
    assert new
    assert losses.add(2, 0.0)[2] is False
    assert losses.add(65535, 0.01)[2] is True
    assert len(losses.retry(0.1)[0]) == 2
    assert losses.retry(2.0) == ([], True)
    assert losses.add((number + 500) & 0xFFFF, 2.1)[1] == []
    assert losses.retry(2.2) == ([], True)


def test_keyframe_requests_are_throttled_but_not_lost() -> None:
    throttle = forwarding.KeyframeThrottle()
    assert throttle.request(10.0)
    assert not throttle.request(10.1)
    assert not throttle.due(10.2)
    assert throttle.due(10.5)
    assert not throttle.due(11.0)


def test_who_sees_nothing_yet_is_not_held_up_by_what_the_recording_asked_for() -> None:
    throttle = forwarding.KeyframeThrottle()
    assert throttle.request(10.0)
    assert not throttle.request(10.05, begins=True)
    assert throttle.request(10.2, begins=True)
    assert not throttle.request(10.4)
    throttle.interval = forwarding.KEYFRAME_INTERVAL_MANY
    assert not throttle.request(10.9, begins=True), "of many everybody waits"


def test_transport_feedback_says_what_came_when() -> None:
    arrivals = twcc.Arrivals()
    for seq, at in ((65534, 1.000), (65535, 1.010), (1, 1.020), (2, 2.000)):
        arrivals.add(seq, at)
    data = arrivals.feedback(1, 2)
    assert data is not None
    assert len(data) % 4 == 0
    assert struct.unpack_from("!H", data, 2)[0] == len(data) // 4 - 1
    base, count = struct.unpack_from("!HH", data, 12)
    assert (base, count) == (65534, 5)
    chunk = struct.unpack_from("!H", data, 20)[0]
    assert [(chunk >> (12 - 2 * n)) & 3 for n in range(5)] == [1, 1, 0, 1, 2]
    assert arrivals.feedback(1, 2) is None


def test_lost_sound_is_concealed_and_keeps_its_length() -> None:
    decoder, samples, hole = opus.Decoder(), b"", 0.0
    blocks = encoded.opus(4)
    for n, block in enumerate(blocks):
        if n % 10 == 5 or 100 <= n < 130:
            hole += 0.02
            continue
        samples += decoder.decode(block.data, hole, lost=bool(hole)).samples
        hole = 0.0
    decoder.close()
    assert abs(len(samples) / 2 / opus.RATE - 4.0) < 0.03
    tone = np.frombuffer(samples, np.int16)[8000:24000].astype(float)
    peak = np.argmax(np.abs(np.fft.rfft(tone))) * opus.RATE / len(tone)
    assert abs(peak - 440) < 3


def test_damaged_opus_gives_nothing_and_breaks_nothing() -> None:
    decoder, rng = opus.Decoder(), random.Random(3)
    for _ in range(200):
        data = rng.randbytes(rng.randrange(1, 60))
        assert len(decoder.decode(data, rng.choice((0.0, 0.02, 0.5, 9.0)), lost=True).samples) <= 2 * opus.RATE * 3
    decoder.close()


def test_retained_sound_is_sent_again_from_what_is_decided() -> None:
    kept, second = Retained(), bytes(32000)
    for n in range(5):
        kept.add(float(n), second)
    assert sum(len(p.data) for p in kept.unsent()) == 5 * 32000
    kept.decided(2.5)
    assert kept.unsent() == []
    kept.restart()
    again = kept.unsent()
    assert again[0].start == 2.5
    assert sum(len(p.data) for p in again) == round(2.5 * 32000)
    kept.add(9.0, second)
    assert kept.unsent()[0].start == 9.0
    assert kept.lag == pytest.approx(7.5)


@pytest.mark.parametrize("ppm", [200, -200])
def test_retained_sound_keeps_the_time_of_words_though_the_device_drifts(ppm: int) -> None:
    kept, frame = Retained(), bytes(640)
    for n in range(10_000):
        at = n * 0.02 * (1 + ppm / 1e6)
        kept.add(at, frame)
        assert abs(kept.pieces[-1].start - at) < 0.001
        kept.decided(at)


def test_retained_sound_keeps_a_short_hole_as_silence() -> None:
    kept, second = Retained(), b"\1\0" * 16_000
    kept.add(0.0, second)
    kept.add(1.3, second)
    (whole,) = kept.unsent()
    assert len(whole.data) / 32_000 == pytest.approx(2.3)
    assert whole.data[32_000:41_600] == bytes(9_600)


def test_retained_sound_is_bounded() -> None:
    kept = Retained()
    for n in range(int(RETAIN_SECONDS) + 5):
        kept.add(float(n), bytes(32000))
    assert kept.overflowed
    assert not kept.pieces
    assert kept.until == 0.0


def test_partial_last_line_of_a_journal_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = '{"reception_id":"r1","seq":%d,"at":"2026-01-01T00:00:00+00:00","fact":{"kind":"opened","generation":1}}\n'
    path.write_text(line % 1 + line % 2 + (line % 3)[:40])
    journal.cut_partial_line(path)
    assert path.read_text() == line % 1 + line % 2
    entries, last_seq = journal.read(path)
    assert ([e.seq for e in entries], last_seq) == ([1, 2], 2)
    path.write_text(line % 1 + line % 2 + "\0\0\0\0")
    journal.cut_partial_line(path)
    assert path.read_text() == line % 1 + line % 2


def test_cursor_reads_each_entry_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = '{"reception_id":"r1","seq":%d,"at":"2026-01-01T00:00:00+00:00","fact":{"kind":"opened","generation":1}}\n'
    cursor = journal.Cursor(1)
    assert cursor.advance(path) == []
    path.write_text(line % 1 + line % 2 + (line % 3)[:10])
    assert [e.seq for e in cursor.advance(path)] == [2]
    path.write_text(line % 1 + line % 2 + line % 3)
    assert [e.seq for e in cursor.advance(path)] == [3]
    assert cursor.advance(path) == []


def test_cursor_holds_back_what_a_power_loss_could_take(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = '{"reception_id":"r1","seq":%d,"at":"2026-01-01T00:00:00+00:00","fact":{"kind":"opened","generation":1}}\n'
    cursor = journal.Cursor(0)
    path.write_text("".join(line % n for n in range(1, 6)))
    assert [e.seq for e in cursor.advance(path, 2)] == [1, 2]
    assert cursor.advance(path, 2) == []
    assert [e.seq for e in cursor.advance(path, 4)] == [3, 4]
    assert [e.seq for e in cursor.advance(path)] == [5]
