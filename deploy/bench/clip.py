"""What every participant of a bench sends: 1280x720 VP8 at 1.2 Mbit/s and Opus, encoded once, cut into packets."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from kiosk.publisher import read_voice

WIDTH, HEIGHT, RATE = 1280, 720, 30
BITRATE = 1_200_000
SECONDS = 9.0
KEYFRAME_EVERY = 90
LARGEST = 1180
"""Bytes of a frame in one packet; a browser cuts a frame into pieces of about one size."""
PACING = 0.003
"""Seconds between two packets of one frame: a browser's pacer sends 2.5 times as fast as the stream is."""
VIDEO_CLOCK, AUDIO_CLOCK = 90_000, 48_000
@dataclass(frozen=True, slots=True)
class Part:
    """One packet of the clip, due `at` seconds after its start; `frame` counts pictures, `first` begins one."""

    at: float
    video: bool
    first: bool
    marker: bool
    timestamp: int
    frame: int
    payload: bytes
    """Without the VP8 payload descriptor, whose picture id goes on over all rounds of the clip."""


def encode_picture(path: Path, bitrate: int = BITRATE) -> None:
    """Write a moving texture as VP8 at a constant bitrate (takes a few seconds)."""
    generator = np.random.default_rng(1)
    coarse = generator.integers(0, 256, (HEIGHT // 8, WIDTH // 4, 3), np.uint8)
    texture = cv2.resize(coarse, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=RATE)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", bitrate
        stream.options = {
            "deadline": "good", "cpu-used": "5", "lag-in-frames": "0", "error-resilient": "default",
            "minrate": str(bitrate), "maxrate": str(bitrate), "bufsize": str(bitrate), "g": str(KEYFRAME_EVERY),
        }  # fmt: skip
        for number in range(int(SECONDS * RATE)):
            shift = 2 * number
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(texture[:, shift : shift + WIDTH]), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read_clip(picture: Path, voice: Path) -> list[Part]:
    """The packets of picture and voice in the order in which they are due."""
    parts = [*_video(picture), *_audio(voice)]
    return sorted((p for p in parts if p.at < SECONDS), key=lambda p: p.at)


def _video(path: Path) -> list[Part]:
    parts: list[Part] = []
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    at = 0.0
    for number, data in enumerate(packets):
        count = -(-len(data) // LARGEST)
        size = -(-len(data) // count)
        for index in range(count):
            at = max(number / RATE, at + PACING)  # a large frame holds up the next one: they never mix
            parts.append(
                Part(
                    at=at, video=True, first=index == 0, marker=index == count - 1,
                    timestamp=number * VIDEO_CLOCK // RATE, frame=number, payload=data[index * size : (index + 1) * size],
                )
            )  # fmt: skip
    return parts


def _audio(path: Path) -> list[Part]:
    frames = read_voice(path).frames[: round(SECONDS * 50)]
    return [Part(n * 0.02, False, True, n == 0, n * 960, n, frame) for n, frame in enumerate(frames)]
