"""One stream for many viewers: the same packets for all, who begins when, and who goes on alone."""

from server.media import rtp
from server.media.fan import BEFORE_WRAP, Fan
from server.media.outgoing import Sending
from tests.media.test_forwarding import layered, packet, vp8


class Viewer:
    """Somebody who gets the stream; begins with a key frame."""

    def __init__(self, fan: Fan, payload_type: int = 96) -> None:
        self.got: list[bytes] = []
        self.sending = Sending(rtp.VIDEO_CLOCK, fan.ssrc, fan.rtx_ssrc, self._begins)
        self.sending.stream = fan.stream
        self.sending.active, self.sending.needs_keyframe = True, True
        self.sending.payload_type, self.sending.put = payload_type, self.got.append
        fan.join(self.sending)

    def _begins(self, one: rtp.Packet) -> bool:
        self.sending.needs_keyframe = not rtp.starts_keyframe(one)
        return not self.sending.needs_keyframe

    @property
    def numbers(self) -> list[int]:
        return [data[2] << 8 | data[3] for data in self.got]


def test_all_get_the_same_packets_and_each_begins_with_a_key_frame() -> None:
    fan = Fan(rtp.VIDEO_CLOCK)
    early, other = Viewer(fan), Viewer(fan, payload_type=120)
    packets = layered(6)
    for one in packets[:8]:
        fan.forward(one)
    late = Viewer(fan)
    for one in packets[8:]:
        fan.forward(one)
    assert len(early.got) == len(packets)
    assert early.got[0] is not other.got[0]
    assert [data[2:] for data in other.got] == [data[2:] for data in early.got], "all but the payload type"
    assert not late.got
    fan.forward(packet(1012, 18000, vp8(6, 2, key=True), 0.2))
    assert late.got == early.got[-1:]
    assert late.got[0] is early.got[-1], "written once"
    fan.leave(late.sending)
    fan.forward(packet(1013, 21000, vp8(7, 2, key=False), 0.23))
    assert len(late.got) == 1
    assert 0 < late.sending.bits < early.sending.bits + fan.bits, "what went out while it was there"


def test_nobody_begins_right_before_the_numbers_start_again() -> None:
    fan = Fan(rtp.VIDEO_CLOCK)
    fan.stream._seq = 0x10000 - BEFORE_WRAP - 1
    viewer = Viewer(fan)
    for number in range(BEFORE_WRAP + 3):
        fan.forward(packet(number, number * 3000, vp8(number, 0, key=True), number / 30))
    assert viewer.numbers == [0, 1, 2]


def test_who_cannot_have_all_layers_goes_on_from_the_same_numbers() -> None:
    fan = Fan(rtp.VIDEO_CLOCK)
    viewer, all_of_it = Viewer(fan), Viewer(fan)
    packets = layered(12, parts=1)
    for one in packets[:4]:
        fan.forward(one)
    fan.leave(viewer.sending)
    alone = fan.stream.branch()
    alone.layers.wanted = 0
    viewer.sending.stream = alone
    for one in packets[4:]:
        fan.forward(one)
        viewer.sending.forward(one)
    assert len(all_of_it.got) == 12
    assert len(viewer.got) < 12
    assert viewer.numbers == list(range(viewer.numbers[0], viewer.numbers[0] + len(viewer.got))), "no holes"
    assert viewer.sending.stream.sent(viewer.numbers[0]) is not None, "what was sent with the others is sent again"
