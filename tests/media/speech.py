"""A voice as browsers send it where packets are lost."""

import av

from transcription.voice import RATE, Samples

FRAME = 320
"""Samples of a packet: 20 ms."""


def encoded(samples: Samples, *, expected_loss: int) -> list[bytes]:
    """Opus packets of 20 ms, mono, 24 kbit/s, with a copy of the last one in each (in-band FEC for a loss in per cent)."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE, "mono", "s16", 24_000
    codec.options = {"application": "voip", "fec": "1", "packet_loss": str(expected_loss)}
    packets = []
    for first in range(0, len(samples) - FRAME + 1, FRAME):
        frame = av.AudioFrame.from_ndarray(samples[None, first : first + FRAME], format="s16", layout="mono")
        frame.sample_rate = RATE
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets
