"""Encoded frames for tests: a tone as Opus, a grey ramp as VP8, moving noise as H.264."""

import fractions
from functools import cache

import av
import numpy as np

from server.media.webm import Block


@cache
def opus(seconds: float) -> tuple[Block, ...]:
    """A 440 Hz tone as 20 ms Opus packets."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48000, "stereo", "s16"
    packets: list[bytes] = []
    for number in range(round(seconds * 50)):
        times = (np.arange(960) + number * 960) / 48000
        tone = (np.sin(2 * np.pi * 440 * times) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48000, number * 960
        packets += [bytes(p) for p in codec.encode(frame)]
    return tuple(Block(n * 0.02, data) for n, data in enumerate(packets))


@cache
def vp8(seconds: float) -> tuple[Block, ...]:
    """160x120 pictures, ten a second, a key frame every 2 s."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = 160, 120, "yuv420p"
    codec.time_base, codec.gop_size = fractions.Fraction(1, 10), 20
    codec.options = {"deadline": "realtime", "lag-in-frames": "0"}
    blocks: list[Block] = []
    for number in range(round(seconds * 10)):
        image = np.full((120, 160, 3), number % 256, np.uint8)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        blocks += [Block(number / 10, bytes(p), p.is_keyframe) for p in codec.encode(frame)]
    return tuple(blocks)


@cache
def h264(
    seconds: float, size: tuple[int, int] = (160, 120), profile: str = "baseline", options: tuple[str, ...] = ()
) -> tuple[Block, ...]:
    """Pictures in Annex B, ten a second, a key frame with its parameters every 2 s; `options`: of x264."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = *size, "yuv420p"
    codec.time_base, codec.gop_size = fractions.Fraction(1, 10), 20
    codec.options = {
        "tune": "zerolatency", "preset": "ultrafast", "profile": profile, "x264-params": ":".join(("threads=1", *options)),
    }  # fmt: skip
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    blocks: list[Block] = []
    for number in range(round(seconds * 10)):
        frame = av.VideoFrame.from_ndarray(np.roll(noise, 4 * number, 1), format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        blocks += [Block(number / 10, bytes(p), p.is_keyframe) for p in codec.encode(frame)]
    return tuple(blocks)
